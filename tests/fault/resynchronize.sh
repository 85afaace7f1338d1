#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Ends a process at each failpoint of a comparison and of what follows it, on either site (kill -9), and tries again until both sites
# agree: what was lost over there is found, is mended, and every point stays.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/../story/sites.sh"
. "$here/../story/lib.sh"
. "$here/../story/shop.sh"

is_recovering()
{
        bus "$1" get-property org.example.CollectionReplication "$(collection_path "$shop")" \
                org.example.CollectionReplication.Collection HealthIssues | grep -q '"recovery"'
}

is_quiet()
{
        if ! kill -0 "${site_pid[$1]}" 2> /dev/null; then
                wait "${site_pid[$1]}" 2> /dev/null || true
                site_start "$1" || return 1
        fi
        [ "$(property "$1" "$shop" CurrentJob 2> /dev/null)" = / ] || return 1
        [ "$(state "$1")" != resynchronizing ] || return 1
        is_recovering "$1" || return 0
        # A recovery is tried again every minute, and when somebody asks.
        ctl "$1" preview "$shop" > /dev/null 2>&1 || true
        return 1
}

settle()
{
        wait_for 30 is_quiet a
        wait_for 30 is_quiet b
}

# try VERB: at site a, until it succeeds.
try()
{
        local output=
        for _ in 1 2 3 4 5; do
                if output=$(ctl a "$1" "$shop" 2>&1); then
                        settle
                        return
                fi
                settle
        done
        fail "tried in vain: $1 ($output)"
}

needs()
{
        [[ $(property a "$shop" HealthIssues) == *resynchronize* ]]
}

# strike FAILPOINT BYTE: bytes get lost over there; they are found, and mended.
strike()
{
        local point=$1 layer before
        mapfile -t before < <(points b)
        layer=$(newest_layers b "8 MiB" | head -n 1)
        qemu-io -f qcow2 -c "write -q -P $((100 + $2)) $((2048 + $2))k 8k" "$layer"
        touch "$WORK/a/failpoints/$point.kill" "$WORK/b/failpoints/$point.kill"
        try verify
        needs || fail "what was lost is not found after $point"
        write_all a 1M "$2"
        # Only a resynchronization that did not come to its end is settled.
        [[ $point != resynchronize.settl* ]] || touch "$WORK/a/failpoints/send.disk-compared.kill"
        try resync
        expect a replicating
        ! needs || fail "the sites are not in step after $point"
        [ ! -e "$WORK/a/failpoints/$point.kill" ] || [ ! -e "$WORK/b/failpoints/$point.kill" ] || fail "$point was never reached"
        rm -f "$WORK"/{a,b}/failpoints/*
        try verify
        ! needs || fail "the sites differ after $point"
        for point in "${before[@]}"; do
                points b | grep -qx "$point" || fail "the point $point has gone"
        done
}

mapfile -t points < <({
        "$BUILD/worker/collection-replication-worker" --list-failpoints
        "$BUILD/service/collection-replicationd" --list-failpoints
} | sort -u | grep -E '^(resynchronize\.|verify\.|peer\.digest\.|send\.disk-compared)')
[ ${#points[@]} -ge 8 ] || fail "only ${#points[@]} failpoints: ${points[*]}"

site_make a
site_make b
site_start a
site_start b
shop_open shop RecoveryHistory=16 AutoResynchronizeEnabled=false > /dev/null
byte=1
for point in "${points[@]}"; do
        echo "$point ($SECONDS s)"
        strike "$point" "$byte"
        byte=$((byte + 1))
done
replica_shows b "$(digests a)" "the replica"
site_stop a
site_stop b
