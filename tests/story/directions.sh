#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Who is right about who is primary: reverts, undos, second failovers, ties of generations and primaries that are out of date, in the
# orders that two sites which can't always hear one another get them into.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/sites.sh"
. "$here/lib.sh"
. "$here/shop.sh"

# The peer reverted while this site was down: the preparation is undone and replication goes on, by a generation above that of the
# reverted failover.
reverted_meanwhile()
{
        local before
        shop_open reverted
        ctl b failover "$shop"
        write_all b 1M 2
        expect_error 32774 InUse with_open a ctl a prepare "$shop"
        ctl a prepare "$shop"
        expect_error 32775 InvalidState ctl b revert-failover "$shop"
        expect_message RevertPrepareForReverseReplication ctl b revert-failover "$shop"
        expect b failed-over
        site_stop a
        before=$(digests b)
        ctl b revert-failover "$shop"
        expect b replicating 2
        same "$(exported b "$(divergences b)")" "$before" "what was written at b"

        site_start a
        expect a prepared-for-reverse-replication 2
        expect_error 32775 InvalidState ctl b reverse "$shop"
        expect_error 32775 InvalidState ctl a prepare "$shop"
        expect_error 32775 InvalidState ctl a prepare --no-wait "$shop" # refused at once, by no job
        ctl a undo-prepare "$shop"
        expect a replicating 1
        write_all a 2M 3
        ctl a replicate "$shop"
        expect a replicating 3
        expect b replicating 3
        replica_shows b "$(digests a)" "the replica after the undo"
}

# with_open SITE COMMAND...: while a machine has a disk open.
with_open()
{
        local image status=0
        image=$(image "$1" two)
        shift
        hold "$image"
        "$@" || status=$?
        let_go
        return $status
}

# A second failover over there gives a higher generation than the prepared side knows.
second_failover()
{
        local kept
        shop_open second
        ctl b failover "$shop"
        ctl a prepare "$shop"
        expect a prepared-for-reverse-replication 2
        site_stop a
        ctl b revert-failover "$shop"
        ctl b failover "$shop"
        write_all b 1M 2
        ctl b commit-failover "$shop"
        expect b committed 3
        site_start a
        expect_error 32775 InvalidState ctl b reverse "$shop"
        kept=$(job a PrepareForReverseReplication)
        [ "$kept" != / ] || fail "the new generation was not recorded by a job"
        same "$(job_value a "$kept")" 0 "the job that records the generation"
        expect a prepared-for-reverse-replication 3
        same "$(job a PrepareForReverseReplication)" / "prepared already"
        kept=$(digests b)
        ctl b reverse "$shop"
        expect a replicating 3
        same "$(digests b)" "$kept" "the primary after the reverse"
        replica_shows a "$kept" "the former primary after the reverse"
}

# Prepared, undone, written to, prepared again: everything that was written is in the one divergence.
prepare_after_undo()
{
        local lost kept
        shop_open undone
        write_all a 1M 2
        ctl b failover "$shop"
        ctl a prepare "$shop"
        ctl a undo-prepare "$shop"
        write_all a 2M 3
        lost=$(digests a)
        write_all b 3M 4
        ctl b commit-failover "$shop"
        kept=$(digests b)
        ctl a prepare "$shop"
        ctl b reverse "$shop"
        same "$(exported a "$(divergences a)")" "$lost" "what the former primary had written"
        replica_shows a "$kept" "the former primary after the reverse"
}

# After an undo both sides are primaries. InitiateFailover "/" decides for this one; the other, committed, is prepared and fed.
tie_won_over_committed()
{
        local kept lost
        shop_open committed
        ctl b failover "$shop"
        write_all b 1M 2
        ctl b commit-failover "$shop"
        ctl a prepare "$shop"
        ctl a undo-prepare "$shop"
        write_all a 2M 3
        expect_error 32775 InvalidState ctl b failover "$shop"
        kept=$(digests a) lost=$(digests b)
        ctl a failover "$shop"
        expect a committed 3
        same "$(digests a)" "$kept" "the disks of the side that won"
        expect_error 32775 InvalidState ctl a reverse "$shop"
        ctl b preview "$shop" > "$WORK/preview"
        ctl b prepare "$shop"
        expect b prepared-for-reverse-replication 3
        ctl a reverse "$shop"
        expect a replicating 3
        expect b replicating 3
        same "$(exported b "$(divergences b)")" "$lost" "what the side that lost had written"
        write_all a 3M 4
        ctl a replicate "$shop"
        replica_shows b "$(digests a)" "the side that lost"
}

# The same, but the other side only failed over: it reverts, and is a plain replica again.
tie_won_over_failed_over()
{
        shop_open uncommitted
        ctl b failover "$shop"
        write_all b 1M 2
        ctl a prepare "$shop"
        ctl a undo-prepare "$shop"
        write_all a 2M 3
        ctl a failover "$shop"
        expect a committed 3
        expect_error 32775 InvalidState ctl b prepare "$shop"
        ctl b revert-failover "$shop"
        ctl a reverse "$shop"
        expect a replicating 3
        expect b replicating 3
        replica_shows b "$(digests a)" "the side that reverted"
}

# Both claim one number: a raises its generation above that of a reverted failover, is stopped before it says so, and b fails over
# once more. Neither proves anything, until somebody decides.
same_number_twice()
{
        local kept
        shop_open twice
        ctl b failover "$shop"
        ctl b revert-failover "$shop"
        expect_error 32774 InUse with_open a ctl a replicate "$shop"
        expect a replicating 3
        ctl b failover "$shop"
        expect b failed-over 3
        write_all b 1M 2
        expect_error 32771 StatusUnknown ctl a replicate "$shop"
        expect_error 32771 StatusUnknown ctl a prepare "$shop"
        ctl b commit-failover "$shop"
        expect_error 32775 InvalidState ctl b reverse "$shop"
        expect_error 32771 StatusUnknown ctl a prepare "$shop"
        kept=$(digests b)
        ctl b failover "$shop"
        expect b committed 4
        ctl a prepare "$shop"
        ctl b reverse "$shop"
        replica_shows a "$kept" "the side that lost"
}

# files SITE: whatever lies there for the collection.
files()
{
        find "$WORK/$1/images" "$WORK/$1/replicas" -path "*$shop*" -type f -exec sha256sum {} + | sort
}

# A primary that did not hear that the other side took over: it stops, says so, and changes nothing over there.
out_of_date()
{
        local there
        shop_open outdated
        site_stop a
        ctl b failover "$shop"
        write_all b 1M 2
        there=$(files b)
        site_start a
        write_all a 2M 3
        expect_error 32775 InvalidState ctl a replicate "$shop"
        expect a critical 1
        [[ $(property a "$shop" HealthIssues) == *peer-took-over*prepare\ for\ reverse\ replication* ]] || fail "no health issue says what to do"
        expect b failed-over 2
        same "$(files b)" "$there" "the files of the side that took over"
        expect_error 32775 InvalidState ctl a replicate "$shop"
        ctl b commit-failover "$shop"
        there=$(digests b)
        ctl a prepare "$shop"
        ctl b reverse "$shop"
        replica_shows a "$there" "the primary that was out of date"
}

# It had heard, and the other side reverted: it sends again, above that generation.
out_of_date_no_more()
{
        shop_open "again"
        ctl b failover "$shop"
        expect_error 32775 InvalidState ctl a replicate "$shop"
        expect a critical 1
        ctl b revert-failover "$shop"
        write_all a 1M 2
        ctl a replicate "$shop"
        expect a replicating 3
        same "$(property a "$shop" HealthIssues)" 0 "the number of health issues"
        replica_shows b "$(digests a)" "the replica of the primary that goes on"
}

# The prepared side takes over again while the other lives; then that one is prepared.
taken_back()
{
        local kept lost
        shop_open back
        write_all a 1M 2
        ctl b failover "$shop"
        write_all b 2M 3
        ctl b commit-failover "$shop"
        lost=$(digests a)
        ctl a prepare "$shop"
        ctl a failover "$shop"
        expect a failed-over 3
        same "$(exported a "$(divergences a)")" "$lost" "the divergence of the side that takes back"
        expect_error 32775 InvalidState ctl a undo-prepare "$shop"
        expect_error 32775 InvalidState ctl b reverse "$shop"
        write_all a 3M 4
        ctl a commit-failover "$shop"
        kept=$(digests a) lost=$(digests b)
        ctl b prepare "$shop"
        expect b prepared-for-reverse-replication 3
        ctl a reverse "$shop"
        same "$(exported b "$(divergences b)")" "$lost" "what the other side had written"
        replica_shows b "$kept" "the other side"
}

# A preparation is void once the prepared side took over, and after the revert of that it is a plain replica: the other side feeds it
# without another preparation, also one that it fed by that preparation before.
reverted_after_preparation()
{
        local kept
        shop_open plain
        ctl b failover "$shop"
        write_all b 1M 2
        ctl b commit-failover "$shop"
        ctl a prepare "$shop"
        ctl a failover "$shop"
        write_all a 2M 3
        ctl a revert-failover "$shop"
        expect a replicating 3
        kept=$(digests b)
        ctl b failover "$shop"
        expect b committed 4
        ctl b reverse "$shop"
        replica_shows a "$kept" "the side that reverted"

        ctl b replicate "$shop"
        expect b replicating 6
        ctl a failover "$shop"
        ctl a commit-failover "$shop"
        ctl b prepare "$shop"
        ctl a reverse "$shop"
        replica_shows b "$(digests a)" "the side that was prepared"
        write_all a 3M 4
        ctl a replicate "$shop"
        replica_shows b "$(digests a)" "the side that was prepared, and took over and reverted since"
}

# lose FROM TO BYTE: FROM had written what TO never got; TO takes over and feeds FROM. Prints what is lost.
lose()
{
        ctl "$1" replicate "$shop" >&2
        write_all "$1" 1M "$3"
        digests "$1"
        ctl "$2" failover "$shop" >&2
        write_all "$2" 2M "$(($3 + 1))"
        ctl "$2" commit-failover "$shop" >&2
        ctl "$1" prepare "$shop" >&2
        ctl "$2" reverse "$shop" >&2
}

# Both sides lost twice, and everything that they lost is still there.
divergences_on_both_sides()
{
        local first second third fourth
        shop_open both
        first=$(lose a b 10)
        second=$(lose b a 20)
        third=$(lose a b 30)
        fourth=$(lose b a 40)
        same "$(all_exported a)" "$(printf '%s\n' "$first" "$third" | sort)" "the divergences at a"
        same "$(all_exported b)" "$(printf '%s\n' "$second" "$fourth" | sort)" "the divergences at b"
        ctl a replicate "$shop"
        replica_shows b "$(digests a)" "the replica at the end"
}

all_exported()
{
        local id
        for id in $(divergences "$1"); do
                exported "$1" "$id"
        done | sort
}

site_make a
site_make b
site_start a
site_start b
for story in ${STORIES:-reverted_meanwhile second_failover prepare_after_undo tie_won_over_committed tie_won_over_failed_over \
        same_number_twice out_of_date out_of_date_no_more taken_back reverted_after_preparation \
        divergences_on_both_sides}; do
        echo "$story ($SECONDS s)"
        $story
done
site_stop a
site_stop b
