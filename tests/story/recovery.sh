#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Operations that were cut off and can't be completed yet, because a machine runs on a head or a folder is not mounted: the collection
# is critical, says what it waits for and refuses the rest; the others work; and it is completed when the obstacle is gone.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/sites.sh"
. "$here/lib.sh"
. "$here/shop.sh"

# interrupt SITE METHOD FAILPOINT: starts the method and ends the service and its worker there. $path is the job's.
interrupt()
{
        touch "$WORK/$1/failpoints/$3.stop"
        path=$(job "$1" "$2")
        [[ $path == */job/* ]] || fail "no job of $2: $path"
        wait_for 30 taken "$WORK/$1/failpoints/$3.stop"
        owner=$(job_property "$1" "$path" Owner)
        site_kill "$1"
}

taken()
{
        [ ! -e "$1" ]
}

is_critical()
{
        [ "$(state a)" = critical ] && [[ $(property a "$shop" HealthIssues) == *recovery*"$1"* ]]
}

# waits_for TEXT: the collection says so and refuses everything else, here and to the peer, also after a restart. Others work.
waits_for()
{
        wait_for 30 is_critical "$1"
        refuses "$1"
        site_stop a
        site_start a
        wait_for 30 is_critical "$1"
        refuses "$1"
        (shop=other && write_all a 2M 5 && ctl a replicate other > "$WORK/other.log") || fail "the other collection does not work"
}

refuses()
{
        local verb
        for verb in replicate prepare undo-prepare failover commit-failover destroy remove-relationship; do
                expect_error 32775 InvalidState ctl a "$verb" "$shop"
        done
        expect_message "$1" ctl a replicate "$shop"
}

is_over()
{
        [ "$(state a)" != critical ]
}

# Asks, as somebody would who does not want to wait for the minute.
is_over_when_asked()
{
        ctl a preview "$shop" > "$WORK/preview" 2>&1 || true
        is_over
}

# ended VALUE: the job has its path and owner of before, and this value.
ended()
{
        same "$(job_value a "$path")" "$1" "the value of the job that was carried out by recovery"
        same "$(job_property a "$path" Owner)" "$owner" "its owner"
        same "$(job_property a "$path" Operation)" "$2" "its operation"
}

# goes_on CONTENTS: nothing was lost, and it replicates as before.
goes_on()
{
        same "$(digests a)" "$1" "the disks after the recovery"
        ctl a replicate "$shop"
        expect a replicating
        replica_shows b "$1" "the replica after the recovery"
}

# start_during_cut DISK: a cut ends between the two disks, and a machine starts on one of them before the service is back.
start_during_cut()
{
        shop_open "machine$1"
        write_all a 1M 2
        interrupt a ReplicateNow qcow2.cut.renamed
        hold "$(image a "$1")"
        site_start a
}

# What the machine wrote meanwhile is there, and the collection works as before.
machine_kept_its_writes()
{
        ended 32768 ReplicateNow
        qemu-io -f qcow2 -c "read -P 77 4M 64k" "$(image a "$1")" > "$WORK/read"
        grep -q 'read 65536/65536' "$WORK/read" && ! grep -q failed "$WORK/read" || fail "what the machine wrote is lost"
        goes_on "$(digests a)"
}

# On the disk that is still to be cut.
a_machine_runs()
{
        start_during_cut two
        waits_for "$(image a two)"
        let_go
        wait_for 30 is_over_when_asked
        machine_kept_its_writes two
}

# On the disk that has its new head already: nothing has to wait for it.
a_machine_runs_on_the_other_disk()
{
        start_during_cut one
        wait_for 30 is_over_when_asked
        let_go
        machine_kept_its_writes one
}

# A preparation that ended between two disks, and the folder is not there.
a_folder_is_away()
{
        local lost
        shop_open folder
        write_all a 1M 2
        lost=$(digests a)
        ctl b failover "$shop"
        write_all b 2M 3
        interrupt a PrepareForReverseReplication prepare.step-done
        mv "$WORK/a/images/$shop" "$WORK/a/away"
        site_start a
        waits_for "$WORK/a/images/$shop"
        expect_error 32775 InvalidState ctl b revert-failover "$shop"
        mv "$WORK/a/away" "$WORK/a/images/$shop"
        wait_for 90 is_over # by itself: at the latest after a minute
        ended 0 PrepareForReverseReplication
        expect a prepared-for-reverse-replication 2
        absent a
        same "$(exported a "$(divergences a)")" "$lost" "what was set aside"
        ctl b commit-failover "$shop"
        lost=$(digests b)
        ctl b reverse "$shop"
        replica_shows a "$lost" "the former primary"
}

# The same of a cut: the folder comes back, and the cut is completed.
a_folder_is_away_during_a_cut()
{
        local kept
        shop_open cut
        write_all a 1M 2
        kept=$(digests a)
        interrupt a ReplicateNow qcow2.cut.linked
        mv "$WORK/a/images/$shop" "$WORK/a/away"
        site_start a
        waits_for "$WORK/a/images/$shop"
        mv "$WORK/a/away" "$WORK/a/images/$shop"
        wait_for 30 is_over_when_asked
        ended 32768 ReplicateNow
        goes_on "$kept"
}

# The worker dies, and the one that recovers dies when it has carried the work out, before it can say so: the job ends all the same.
recovery_dies_too()
{
        shop_open twice
        write_all a 1M 2
        touch "$WORK"/a/failpoints/{qcow2.cut.linked,redo.committed}.kill
        path=$(job a ReplicateNow)
        owner=$(job_property a "$path" Owner)
        wait_for 30 taken "$WORK/a/failpoints/redo.committed.kill"
        wait_for 30 is_over_when_asked
        ended 32768 ReplicateNow
        goes_on "$(digests a)"
}

site_make a
site_make b
site_start a
site_start b
shop_open other
for story in ${STORIES:-a_machine_runs a_machine_runs_on_the_other_disk a_folder_is_away a_folder_is_away_during_a_cut \
        recovery_dies_too}; do
        echo "$story ($SECONDS s)"
        $story
done
site_stop a
site_stop b
