#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A cycle in which nothing changed: what it costs to replicate at all; beside the start of one qemu-nbd, the engine's smallest unit.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"

ROUNDS=9
WARM_UP=7 # until retention takes as much away as each cycle adds
DISKS=8

# One server on an empty image, until it greets.
server_start()
{
        local start=$EPOCHREALTIME
        qemu-nbd -f qcow2 -r --fork --pid-file="$WORK/nbd.pid" --socket="$WORK/nbd.socket" "$WORK/empty.qcow2"
        awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f\n", (b - a) * 1000 }'
        kill "$(cat "$WORK/nbd.pid")"
}

both_sites
replicated shop "$DISKS" 64G
disk_new "$WORK/empty.qcow2" 64G
first=$(milliseconds a ReplicateNow shop)
for ((round = 0; round < WARM_UP; round++)); do
        milliseconds a ReplicateNow shop > /dev/null
done
cycles=() servers=()
for ((round = 0; round < ROUNDS; round++)); do
        cycles+=("$(milliseconds a ReplicateNow shop)")
        servers+=("$(server_start)")
done
cycle=$(median "${cycles[@]}") server=$(median "${servers[@]}")
echo "cycle of $DISKS disks with nothing changed: $cycle ms (goal: 500), the first one $first ms;" \
        "one qemu-nbd: $server ms; ratio $(ratio "$cycle" "$server")"
site_stop a
site_stop b
