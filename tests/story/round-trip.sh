#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A whole life of a collection of three disks, one of them a clone of a template: replicate, crash, fail over, prepare, reverse, and
# the same the other way round, twice; with divergences on both sides, an undo, a tie of generations, and contents compared at each turn.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/sites.sh"
. "$here/lib.sh"

disks="root data clone"

image()
{
        case $1 in
        a) echo "$WORK/a/images/$2.qcow2" ;;
        b) echo "$WORK/b/replicas/shop/$2.qcow2" ;;
        esac
}

digests()
{
        for disk in $disks; do
                disk_digest "$(image "$1" "$disk")"
        done
}

write_all()
{
        local site=$1 offset=$2 byte=$3
        for disk in $disks; do
                disk_write "$(image "$site" "$disk")" "$offset" 256k "$byte"
        done
}

absent()
{
        for disk in $disks; do
                [ ! -e "$(image "$1" "$disk")" ] || fail "site $1 has a head of $disk"
        done
}

# take_over FROM TO BYTE: the side FROM loses its machine with writes that never crossed; TO takes over, and FROM is fed from there.
take_over()
{
        local from=$1 to=$2 byte=$3 lost expected divergence
        ctl "$from" replicate shop
        expected=$(digests "$from")
        write_all "$from" 8M "$byte"
        lost=$(digests "$from")

        ctl "$to" failover shop
        same "$(property "$to" shop State)" failed-over "the state after the failover"
        same "$(digests "$to")" "$expected" "what the other side took over"
        write_all "$to" 16M "$((byte + 1))"
        expect_error 32775 InvalidState ctl "$to" reverse shop
        ctl "$to" commit-failover shop
        expected=$(digests "$to")

        ctl "$from" preview shop
        ctl "$from" prepare shop
        same "$(property "$from" shop State)" prepared-for-reverse-replication "the state after the preparation"
        absent "$from"
        ctl "$from" prepare shop # already prepared: completed with no error
        ctl "$from" undo-prepare shop
        same "$(digests "$from")" "$lost" "what the undo put back"
        ctl "$from" prepare shop
        ctl "$to" reverse shop
        same "$(property "$to" shop State)" replicating "the state after the reverse"
        same "$(property "$from" shop State)" replicating "the state after the reverse, over there"
        same "$(property "$from" shop Role)" replica "the role after the reverse"
        expect_error 32775 InvalidState ctl "$from" undo-prepare shop
        ctl "$to" replicate shop
        same "$(digests "$to")" "$expected" "the new primary"

        divergence=$(ctl "$from" --json divergences shop | sed -n 's/.*"Id" *: *"\([0-9a-f]*\)".*/\1/p' | head -n 1)
        mkdir -p "$WORK/$from/exports/$byte"
        ctl "$from" export shop "$divergence" "$WORK/$from/exports/$byte"
        same "$(for disk in $disks; do disk_digest "$WORK/$from/exports/$byte/$disk.qcow2"; done)" "$lost" "the exported divergence"
        ctl "$from" discard shop "$divergence"
}

site_make a
site_make b
disk_new "$WORK/a/images/template.qcow2" 32M
disk_write "$WORK/a/images/template.qcow2" 0 1M 9
disk_new "$(image a root)" 64M
disk_new "$(image a data)" 48M -o cluster_size=2M
disk_new "$(image a clone)" 32M -b template.qcow2 -F qcow2
write_all a 0 1

site_start a
site_start b
ctl a define shop "root=$(image a root)" "data=$(image a data)" "clone=$(image a clone)"
expect_error 32775 InvalidState ctl a replicate shop
ctl a create-relationship shop --peer="$BUS2" --primary-address="$BUS1"
expect_error 32775 InvalidState ctl a replicate shop
ctl a start shop
same "$(property b shop State)" replicating "the replica's state"
absent b

take_over a b 20
take_over b a 40
take_over a b 60
take_over b a 80

ctl a remove-relationship shop
same "$(property a shop Role)" none "the role after the removal"
for disk in root data; do
        [ -z "$(qemu-img info "$(image a "$disk")" | grep backing)" ] || fail "$disk still has layers"
done
qemu-img info "$(image a clone)" | grep -q template.qcow2 || fail "the clone lost its template"
ctl a destroy shop
ctl b destroy shop
[ -z "$(find "$WORK/b/replicas" -name '*.qcow2')" ] || fail "the destroyed replica left files"
site_stop a
site_stop b
