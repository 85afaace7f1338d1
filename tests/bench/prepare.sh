#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# PrepareForReverseReplication of large disks with much that never crossed, beside small ones with little: it should make no
# difference. Then the same after the machine and the service were killed.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"

ROUNDS=7
CRASHES=3
DISKS=8

# diverge COLLECTION LENGTH: each disk at site a gets so much that site b does not have.
diverge()
{
        local i
        for ((i = 0; i < DISKS; i++)); do
                disk_write "$(image_a "$1" "$i")" 0 "$2" 7
        done
}

take_over()
{
        ctl b failover "$1" > /dev/null
        ctl b commit-failover "$1" > /dev/null
}

# prepared COLLECTION: the milliseconds that it takes; then everything is as before.
prepared()
{
        milliseconds a PrepareForReverseReplication "$1"
        ctl a undo-prepare "$1" > /dev/null
}

# Writes without end, at a distance from what is there.
start_writer()
{
        yes 'write -q -P 9 512M 1M' | qemu-io -f qcow2 "$(image_a "$1" 0)" > /dev/null 2>&1 &
        writer=$!
        wait_for 10 in_use "$(image_a "$1" 0)"
}

in_use()
{
        ! qemu-img info "$1" > /dev/null 2>&1
}

# Ends what writes to a disk, and the service, as a power cut would.
crash()
{
        start_writer "$1"
        sleep 0.3
        kill -9 "$writer"
        wait "$writer" 2> /dev/null || true
        site_kill a
        site_start a
}

both_sites
replicated large "$DISKS" 1T
replicated small "$DISKS" 1G
diverge large 256M
diverge small 256k
take_over large
take_over small

large=() small=() large_crashed=() small_crashed=()
for ((round = 0; round < ROUNDS; round++)); do
        large+=("$(prepared large)")
        small+=("$(prepared small)")
done
for ((round = 0; round < CRASHES; round++)); do
        crash large
        large_crashed+=("$(prepared large)")
        crash small
        small_crashed+=("$(prepared small)")
done

report()
{
        echo "$1: $2 ms for $DISKS disks of 1 TiB with 2 GiB to set aside (goal: 1000); $3 ms for $DISKS of 1 GiB with 2 MiB;" \
                "ratio $(ratio "$2" "$3") (goal: 1.3)"
}
report "prepare" "$(median "${large[@]}")" "$(median "${small[@]}")"
report "prepare after kill -9" "$(median "${large_crashed[@]}")" "$(median "${small_crashed[@]}")"
site_stop a
site_stop b
