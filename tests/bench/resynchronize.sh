#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Comparing a disk of 8 GiB, and sending the 64 MiB in which the two sites differ; beside reading both sites' contents once with nbdcopy.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"

GIBS=${GIBS:-8}
PIECES=32 # so many times 2 MiB differ, at places that no block begins at

# read_all FILE: milliseconds that reading all of it takes. The server ends with its client.
read_all()
{
        local start name=$WORK/nbd-$BASHPID
        qemu-nbd -f qcow2 -r --fork --socket="$name.socket" "$1"
        start=$EPOCHREALTIME
        nbdcopy "nbd+unix:///?socket=$name.socket" null:
        awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.0f\n", (b - a) * 1000 }'
}

# call_job SITE METHOD SIGNATURE ARGUMENT...: calls it on the collection, prints milliseconds and bytes sent.
call_job()
{
        local site=$1 method=$2 start=$EPOCHREALTIME path
        shift 2
        path=$(bus "$site" call org.example.CollectionReplication /org/example/CollectionReplication org.example.CollectionReplication \
                "$method" "o$1" "$(collection_path shop)" "${@:2}" | cut -d '"' -f 2)
        bus "$site" --timeout=infinity call org.example.CollectionReplication "$path" org.example.CollectionReplication.Job Wait > /dev/null
        awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.0f ", (b - a) * 1000 }'
        bus "$site" get-property org.example.CollectionReplication "$path" org.example.CollectionReplication.Job Result |
                sed 's/.*"BytesSent" t \([0-9]*\).*/\1/'
}

fill()
{
        local i
        for ((i = 0; i < GIBS; i++)); do
                echo "write -q -P $((i + 1)) ${i}G 1G"
        done
}

spoil()
{
        local i
        for ((i = 0; i < PIECES; i++)); do
                echo "write -q -P 99 $((i * GIBS * 1048576 / PIECES + 20))k 2M"
        done
}

both_sites
disk_new "$(image_a shop 0)" "${GIBS}G"
fill | qemu-io -f qcow2 "$(image_a shop 0)" > /dev/null
ctl a define shop "disk0=$(image_a shop 0)" > /dev/null
ctl a create-relationship shop --peer="$BUS2" --primary-address="$BUS1" AutoResynchronizeEnabled=false > /dev/null
ctl a start shop > /dev/null
copy=$(find "$WORK/b/replicas/shop" -name '*.qcow2')
primary=$(find "$WORK/a/images/.collection-replication" -name '*.qcow2')
spoil | qemu-io -f qcow2 "$copy" > /dev/null

reads=() verifies=()
for _ in 1 2 3; do
        reads+=("$(($(read_all "$primary") + $(read_all "$copy")))")
        read -r milliseconds _ <<< "$(call_job a Verify 'a{sv}' 0)"
        verifies+=("$milliseconds")
done
read -r resync bytes <<< "$(call_job a Resynchronize tb 0 false)"
both=$(median "${reads[@]}") verify=$(median "${verifies[@]}")
echo "reading $GIBS GiB at both sites, one after the other: $both ms; comparing them (Verify): $verify ms, ratio $(ratio "$verify" "$both");" \
        "comparing and sending what differs (Resynchronize): $resync ms, ratio $(ratio "$resync" "$both") (goal: 1.5)"
echo "$((PIECES * 2)) MiB differ in pieces of 2 MiB: $bytes bytes sent, $(ratio "$bytes" $((PIECES << 21))) of them (goal: 1.05)"
site_stop a
site_stop b
