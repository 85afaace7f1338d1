#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# An initial replication is cancelled in the middle, by CancelInitialReplication and by its job's Cancel: over the network, and while a
# medium is imported. The job says so, nothing is left over there, and the next try does it.
# Needs a build with failpoints: they hold the worker in the middle.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/sites.sh"
. "$here/lib.sh"
. "$here/shop.sh"

medium=$WORK/a/exports/medium
arrived=$WORK/b/exports/medium

# call SITE METHOD SIGNATURE ARGUMENT...: on the collection; $path is the job's.
call()
{
        local site=$1 method=$2 signature=$3
        shift 3
        path=$(bus "$site" call org.example.CollectionReplication /org/example/CollectionReplication org.example.CollectionReplication \
                "$method" "o$signature" "$(collection_path "$shop")" "$@" | cut -d '"' -f 2)
        [[ $path == */job/* ]] || fail "no job of $method: $path"
}

# hold_at SITE FAILPOINT METHOD SIGNATURE ARGUMENT...: calls it; $worker is the process that stands still there.
hold_at()
{
        local site=$1 failpoint=$2
        shift 2
        touch "$WORK/$site/failpoints/$failpoint.stop"
        call "$site" "$@"
        wait_for 120 is_held "$site"
        [ ! -e "$WORK/$site/failpoints/$failpoint.stop" ] || fail "something else than $failpoint stands still"
}

is_held()
{
        for worker in $(pgrep -P "${site_pid[$1]}"); do
                ! grep -q '^State:.T' "/proc/$worker/status" || return 0
        done
        return 1
}

# SIGTERM waits for it; or it has waited too long and was killed.
is_told_to_end()
{
        [ ! -e "/proc/$worker" ] || grep -q '^ShdPnd:.0000000000004000' "/proc/$worker/status"
}

# cancel SITE WAY: what is held there ends, and its job is cancelled.
cancel()
{
        "cancel_by_$2" "$1" > "$WORK/cancel.log" 2>&1 &
        local caller=$!
        wait_for 60 is_told_to_end
        kill -CONT "$worker" 2> /dev/null || true
        wait "$caller" || fail "cancelling by $2: $(cat "$WORK/cancel.log")"
        same "$(job_value "$1" "$path")" 32768 "the value of a job that is cancelled by $2"
        same "$(job_property "$1" "$path" State)" cancelled "its state"
        same "$(job_property "$1" "$path" ErrorName)" org.example.CollectionReplication.Error.Cancelled "its error"
        wait_for 60 is_idle "$1"
}

cancel_by_method()
{
        ctl "$1" cancel-initial "$shop"
}

cancel_by_job()
{
        bus "$1" call org.example.CollectionReplication "$path" org.example.CollectionReplication.Job Cancel
}

is_idle()
{
        [ "$(property "$1" "$shop" CurrentJob)" = / ]
}

is_ready()
{
        is_idle "$1" && [ "$(state "$1")" = ready ]
}

# The receiver of what was cancelled over there finds out by itself.
nothing_is_left()
{
        wait_for 120 is_ready b
        same "$(find "$WORK/b/replicas" -path "*/replicas/$shop/*" -type f)" "" "what is left of $shop by a cancelled $1"
        same "$(points b)" "" "points after it"
}

over_the_network()
{
        local way
        shop=network
        shop_define
        relate
        for way in method job; do
                hold_at a send.copied StartReplication qst 1 "" 0
                expect a initial-replication
                expect b initial-replication
                cancel a "$way"
                # A job's end is not the initial replication's, which may be started once more or cancelled itself.
                [ "$way" = job ] || expect a ready
                nothing_is_left "start, by $way"
                write_all a 1M 2
        done
        ctl a start "$shop"
        expect a replicating
        replica_shows b "$(digests a)" "the start after cancelled ones"
}

of_a_medium()
{
        local way exported
        shop=medium
        shop_define
        relate
        mkdir "$medium"
        ctl a start "$shop" --type=export --directory="$medium"
        exported=$(digests a)
        cp -r "$medium" "$arrived"
        for way in method job; do
                hold_at b import.disk-copied ImportInitialReplication 'sa{sv}' "$arrived" 0
                expect b initial-replication
                cancel b "$way"
                nothing_is_left "import, by $way"
                expect a initial-replication # the medium is still on its way
        done
        ctl b import "$shop" "$arrived"
        expect b replicating
        replica_shows b "$exported" "the import after cancelled ones"
}

relate()
{
        ctl a create-relationship "$shop" --peer="$BUS2" --primary-address="$BUS1" ReplicationInterval=86400
}

site_make a
site_make b
site_start a
site_start b
for story in ${STORIES:-of_a_medium over_the_network}; do
        echo "$story ($SECONDS s)"
        $story
done
site_stop a
site_stop b
