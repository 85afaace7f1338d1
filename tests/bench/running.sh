#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# How long a machine that writes is held up by the cut of its disks: the longest of its writes while points are cut, beside the
# longest while nothing is.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"
. "$here/../story/machines.sh"

ROUNDS=7
DISKS=4

# watch COMMAND...: the median and the longest write while it runs, in milliseconds.
watch()
{
        local fd watcher
        rm -f "$WORK/watch.in"
        mkfifo "$WORK/watch.in"
        "$BENCH/bench-stall" "$machines" "$machines/shop.watch" disk0 < "$WORK/watch.in" > "$WORK/watch.out" &
        watcher=$!
        exec {fd}> "$WORK/watch.in"
        "$@" > /dev/null
        exec {fd}>&-
        wait "$watcher"
        cat "$WORK/watch.out"
}

both_sites
mapfile -t disks < <(disks_of shop "$DISKS" 64G)
machine_start shop "${disks[@]}"
ctl a define shop "${disks[@]}" --machine="$machines/shop.qmp" > /dev/null
ctl a create-relationship shop --peer="$BUS2" --primary-address="$BUS1" > /dev/null
ctl a start shop > /dev/null
idle=() cut=() usual=()
for ((round = 0; round < ROUNDS; round++)); do
        read -r median longest _ < <(watch sleep 1)
        usual+=("$median") idle+=("$longest")
        read -r _ longest _ < <(watch ctl a replicate shop)
        cut+=("$longest")
done
echo "a write to a running machine's disk: $(median "${usual[@]}") ms; the longest in a second: $(median "${idle[@]}") ms;" \
        "the longest while its $DISKS disks are cut and sent: $(median "${cut[@]}") ms"
machine_stop shop
site_stop a
site_stop b
