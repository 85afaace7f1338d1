#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# How much crosses in a reverse when small writes were scattered over a large disk at the side that took over.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"

WRITES=4096
BLOCK=4096

# That many distinct blocks of a disk of 20 GiB, the same ones at each run.
scattered_writes()
{
        awk -v n=$WRITES -v blocks=$((20 << 18)) -v size=$BLOCK 'BEGIN {
                srand(1)
                while (done < n) {
                        block = int(rand() * blocks)
                        if (!(block in seen)) {
                                seen[block] = 1
                                done++
                                printf "write -q -P 5 %.0f %d\n", block * size, size
                        }
                }
        }'
}

both_sites
replicated shop 1 20G
disk_write "$(image_a shop 0)" 10G 64M 3 # never crosses: set aside by the preparation
ctl b failover shop > /dev/null
ctl b commit-failover shop > /dev/null
scattered_writes | qemu-io -f qcow2 "$(image_b shop 0)" > /dev/null
ctl a prepare shop > /dev/null
read -r milliseconds bytes <<< "$(job b ReverseReplicationRelationship shop)"

echo "reverse of $WRITES writes of 4 KiB on 20 GiB: $bytes bytes sent, $(ratio "$bytes" $((WRITES * BLOCK))) of what was written" \
        "(goal: 1.05, under 20 MiB); $milliseconds ms"
site_stop a
site_stop b
