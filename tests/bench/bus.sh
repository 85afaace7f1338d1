#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the service takes when it only shows things: memory, start, idle wake-ups, latency, the list of all objects.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"

STARTS=7
COLLECTIONS=1000
POINTS=19 # each collection is 20 objects then, 20,000 in all: what MaxObjects allows
IDLE_SECONDS=20
NOBODY=65534

# filled POINTS: site a, with its collections in the store.
filled()
{
        rm -rf "${WORK:?}/a"
        site_make a
        "$BENCH/bench-fill-store" "$WORK/a/state" "$WORK/a/images" "$COLLECTIONS" "$1"
}

# From exec to the name on the bus.
start_time()
{
        local times=()
        for ((i = 0; i < STARTS; i++)); do
                times+=("$("$BENCH/bench-start" "${site_bus[a]}" "$BUILD/service/collection-replicationd" \
                        --config="$WORK/a/site.conf" --state-directory="$WORK/a/state" --runtime-directory="$WORK/a/run" \
                        2>> "$WORK/a/daemon.log")")
        done
        median "${times[@]}"
}

# memory FIELD: of the daemon, in MiB.
memory()
{
        awk -v field="$1:" '$1 == field { printf "%.1f", $2 / 1024 }' "/proc/${site_pid[a]:?}/status"
}

wake_ups()
{
        awk '/ctxt_switches/ { sum += $2 } END { print sum }' "/proc/${site_pid[a]:?}"/task/*/status
}

idle()
{
        local before after
        before=$(wake_ups)
        sleep $IDLE_SECONDS
        after=$(wake_ups)
        echo "idle: $((after - before)) wake-ups in $IDLE_SECONDS s (no watchdog here; goal: none but its own)"
}

# Whom the bus has as the service: another one, when it was thrown off.
owner()
{
        busctl --address="${site_bus[a]}" call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus \
                GetNameOwner s org.example.CollectionReplication
}

as_nobody()
{
        setpriv --reuid=$NOBODY --regid=$NOBODY --clear-groups "$@"
}

# measure POINTS
measure()
{
        filled "$1"
        echo "$COLLECTIONS collections with $1 points each:"
        echo "start: $(start_time) ms (goal: 300)"
        site_start a
        echo "memory: $(memory VmRSS) MiB, of which $(memory RssAnon) MiB its own (goal: 20)"
}

measure 0
idle
"$BENCH/bench-latency" "${site_bus[a]}" "$(collection_path collection_2d0500)" org.example.CollectionReplication.Collection State
site_stop a

measure $POINTS
before=$(owner)
as_nobody "$BENCH/bench-objects" "${site_bus[a]}"
same "$(owner)" "$before" "the service on the bus"
echo "memory after that: $(memory VmRSS) MiB, of which $(memory RssAnon) MiB its own"
site_stop a
