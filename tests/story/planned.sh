#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Planned failovers: there and back without a loss, taken back, with a last point that does not arrive, and with one that the other
# side does not use. Needs a build with failpoints: they end the sender in the middle.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/sites.sh"
. "$here/lib.sh"
. "$here/shop.sh"

failed_over_type()
{
        property "$1" "$shop" FailedOverReplicationType
}

# call SITE METHOD: with an empty dictionary, on the collection; prints the job's path.
call()
{
        bus "$1" call org.example.CollectionReplication /org/example/CollectionReplication org.example.CollectionReplication \
                "$2" 'oa{sv}' "$(collection_path "$shop")" 0 | cut -d '"' -f 2
}

replication_state()
{
        property "$1" "$shop" ReplicationState
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

# points_show SITE: each of its recovery points shows what it showed when its digests were noted. Leaves it a replica.
declare -A shown
points_show()
{
        local point
        for point in $(points "$1"); do
                ctl "$1" failover "$shop" --point="$point"
                same "$(digests "$1")" "${shown[$point]}" "point $point at $1"
                ctl "$1" revert-failover "$shop"
                ctl "$1" discard "$shop" "$(divergences "$1")"
        done
}

note_newest()
{
        local newest
        newest=$(comm -13 <(printf '%s\n' "${!shown[@]}" | sort) <(points "$1" | sort))
        [ "$(wc -w <<< "$newest")" = 1 ] || fail "not one new point: $newest"
        shown[$newest]=$2
}

# over FROM TO BYTE: a planned failover, and the reverse that follows it. What is sent back is only what TO wrote since.
over()
{
        local from=$1 to=$2 before reversed sent preview
        write_all "$from" 1M "$3"
        before=$(digests "$from")
        ctl "$from" failover --planned "$shop"
        note_newest "$to" "$before"
        expect "$from" prepared-for-failover
        same "$(replication_state "$from") $(failed_over_type "$from")" "4 0" "ReplicationState and type at the primary"
        absent "$from"
        same "$(call "$from" InitiatePlannedFailover)" / "a planned failover that is prepared already"
        ctl "$to" failover "$shop"
        same "$(digests "$to")" "$before" "what was taken over"
        same "$(replication_state "$to") $(failed_over_type "$to")" "5 3" "ReplicationState and type at the side that took over"
        expect_error 32775 InvalidState ctl "$from" revert-failover --planned "$shop"
        expect_message RevertFailover ctl "$from" revert-failover --planned "$shop"
        write_all "$to" 3M $(($3 + 1))
        before=$(digests "$to")
        ctl "$to" commit-failover "$shop"
        preview=$(bus "$from" call org.example.CollectionReplication /org/example/CollectionReplication \
                org.example.CollectionReplication PreviewReverseReplication o "$(collection_path "$shop")")
        [[ $preview == *'"Blockers" a(us) 0'* && $preview == *'"DivergentBytes" t 0'* ]] || fail "the preview: $preview"
        ctl "$from" prepare "$shop"
        same "$(divergences "$from")" "" "the divergences after a planned failover"
        ctl "$from" undo-prepare "$shop"
        expect "$from" prepared-for-failover
        absent "$from"
        ctl "$from" prepare "$shop"
        reversed=$(call "$to" ReverseReplicationRelationship)
        same "$(job_value "$to" "$reversed")" 0 "the reverse"
        sent=$(job_property "$to" "$reversed" Result | sed -n 's/.*BytesSent t \([0-9]*\).*/\1/p')
        same "$sent" $((2 * 65536)) "the bytes that the reverse sent: 64 KiB of each disk"
        note_newest "$from" "$before"
        expect "$to" replicating
        expect "$from" replicating
        same "$(failed_over_type "$to")" 0 "the type after the reverse"
        same "$(digests "$to")" "$before" "the new primary"
        points_show "$from"
        ctl "$to" replicate "$shop" # above the generations that the tries left
        note_newest "$from" "$before"
}

there_and_back()
{
        shop_open planned RecoveryHistory=16
        shown=()
        note_newest b "$(digests a)"
        expect_error 32774 InUse with_open a ctl a failover --planned "$shop"
        expect a replicating
        expect_error 32775 InvalidState ctl b failover --planned "$shop"
        over a b 10
        over b a 20
        same "$(points a | sort)" "$(points b | sort)" "the points of both sides"
}

# Taken back before and after the other side failed over; it works also while that one can't be asked.
taken_back()
{
        local before
        shop_open back
        write_all a 1M 2
        before=$(digests a)
        ctl a failover --planned "$shop"
        expect_error 32775 InvalidState ctl a replicate "$shop"
        expect_error 32775 InvalidState ctl a destroy "$shop"
        touch "$(image a one)"
        expect_error 32775 InvalidState ctl a revert-failover --planned "$shop"
        rm "$(image a one)"
        ctl a revert-failover --planned "$shop"
        expect a replicating
        same "$(digests a)" "$before" "the disks that were put back"
        expect_error 32775 InvalidState ctl a revert-failover --planned "$shop"
        write_all a 2M 3
        ctl a replicate "$shop"

        ctl a failover --planned "$shop"
        ctl b failover "$shop"
        write_all b 3M 4
        expect_error 32775 InvalidState ctl a revert-failover --planned "$shop"
        ctl b revert-failover "$shop"
        before=$(points b | sort)
        ctl a revert-failover --planned "$shop"
        expect a replicating
        write_all a 3M 5
        ctl a replicate "$shop"
        replica_shows b "$(digests a)" "the replica after both were taken back"

        ctl a replicate "$shop"
        ctl a failover --planned "$shop"
        site_stop b
        ctl a revert-failover --planned "$shop"
        expect a replicating
        write_all a 4M 6
        site_start b
        ctl a replicate "$shop"
        replica_shows b "$(digests a)" "the replica that was not asked"
}

# Prepared, and the last point does not arrive: it is sent again, or kept when the other side takes over without it.
does_not_arrive()
{
        local lost kept
        shop_open lost
        write_all a 1M 2
        die_in_planned_failover
        expect a prepared-for-failover
        [[ $(property a "$shop" HealthIssues) == *planned-failover-incomplete* ]] || fail "no health issue says that the last point is missing"
        same "$(points b | wc -l)" 1 "the points of the replica"
        kept=$(call a InitiatePlannedFailover)
        same "$(job_value a "$kept")" 0 "the planned failover that is completed"
        [[ $(property a "$shop" HealthIssues) != *planned-failover-incomplete* ]] || fail "the last point is still said to be missing"
        same "$(points b | wc -l)" 2 "the points of the replica, now"
        ctl a revert-failover --planned "$shop"
        ctl a replicate "$shop"

        write_all a 2M 3
        lost=$(digests a)
        die_in_planned_failover
        ctl b failover "$shop"
        same "$(failed_over_type b)" 1 "the type of a failover without the last point"
        write_all b 3M 4
        ctl b commit-failover "$shop"
        ctl a prepare "$shop"
        ctl a undo-prepare "$shop"
        expect a prepared-for-failover
        same "$(divergences a)" "" "the divergences after the undo"
        ctl a prepare "$shop"
        ctl b reverse "$shop"
        same "$(exported a "$(divergences a)")" "$lost" "the last point, which is kept"
        replica_shows a "$(digests b)" "the side whose last point was lost"
}

die_in_planned_failover()
{
        touch "$WORK/a/failpoints/planned-failover.frozen.kill"
        ! ctl a failover --planned "$shop" || fail "a planned failover whose worker died"
        wait_for 30 is_idle
        absent a
}

is_idle()
{
        [ "$(property a "$shop" CurrentJob)" = / ]
}

# The transfer fails: the heads come back, and what was not sent is sent by the next cycle.
fails_to_send()
{
        local before
        shop_open fails
        write_all a 1M 2
        before=$(digests a)
        touch "$WORK/b/failpoints/receive.verified.kill"
        ! ctl a failover --planned "$shop" || fail "a planned failover whose receiver died"
        expect a replicating
        same "$(digests a)" "$before" "the disks that were put back"
        write_all a 2M 3
        wait_for 30 eval '[ "$(property b "$shop" CurrentJob)" = / ]'
        ctl a replicate "$shop"
        replica_shows b "$(digests a)" "the replica"
}

site_make a
site_make b
site_start a
site_start b
for story in ${STORIES:-there_and_back taken_back does_not_arrive fails_to_send}; do
        echo "$story ($SECONDS s)"
        $story
done
site_stop a
site_stop b
