#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A cycle in which nothing changed, and one in which a little did on every disk: what it costs to replicate at all; beside the start
# of one qemu-nbd, the engine's smallest unit.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"

ROUNDS=9
WARM_UP=7 # until retention takes as much away as each cycle adds
DISKS=8

# One server on an empty image, until it greets.
server_start()
{
        local start=$EPOCHREALTIME name=$WORK/nbd-$BASHPID
        qemu-nbd -f qcow2 -r --fork --pid-file="$name.pid" --socket="$name.socket" "$WORK/empty.qcow2"
        awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f\n", (b - a) * 1000 }'
        kill "$(cat "$name.pid")"
}

# A block on each disk, another one each time.
change()
{
        local i
        for ((i = 0; i < DISKS; i++)); do
                disk_write "$(image_a shop "$i")" "${1}M" 64k 5
        done
}

both_sites
replicated shop "$DISKS" 64G
disk_new "$WORK/empty.qcow2" 64G
first=$(milliseconds a ReplicateNow shop)
for ((round = 0; round < WARM_UP; round++)); do
        milliseconds a ReplicateNow shop > /dev/null
done
cycles=() changed=() servers=()
for ((round = 0; round < ROUNDS; round++)); do
        cycles+=("$(milliseconds a ReplicateNow shop)")
        servers+=("$(server_start)")
done
for ((round = 0; round < ROUNDS; round++)); do
        change "$round"
        changed+=("$(milliseconds a ReplicateNow shop)")
done
cycle=$(median "${cycles[@]}") change=$(median "${changed[@]}") server=$(median "${servers[@]}")
echo "cycle of $DISKS disks with nothing changed: $cycle ms (goal: 500), the first one $first ms;" \
        "one qemu-nbd: $server ms; ratio $(ratio "$cycle" "$server")"
echo "the same with 64 KiB changed on each disk: $change ms; ratio $(ratio "$change" "$server")"
site_stop a
site_stop b
