#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A collection of four disks of a machine that runs and writes, replicated while it does: every point is one instant through all of
# them. Then the machine is started anew on the same paths, a disk of another machine is refused and then taken in, two machines stand
# still for a cut and go on, and the collection of machines that are off is the ordinary one.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/sites.sh"
. "$here/lib.sh"
. "$here/machines.sh"

disks="w x y z"

image()
{
        case $1 in
        a) echo "$WORK/a/images/$2.qcow2" ;;
        b) echo "$WORK/b/replicas/shop/$2.qcow2" ;;
        esac
}

# define NAME MACHINES DISK=IMAGE...: MACHINES are sockets.
define()
{
        local name=$1 socket options=()
        for socket in $2; do
                options+=("--machine=$socket")
        done
        shift 2
        ctl a define "$name" "$@" "${options[@]}"
}

all_disks()
{
        local disk
        for disk in $disks; do
                echo "$disk=$(image a "$disk")"
        done
}

start_machine()
{
        local args
        mapfile -t args < <(all_disks)
        machine_start shop "${args[@]}"
}

# frozen DISK: the layer below the head.
frozen()
{
        qemu-img info -U -f qcow2 "$(image a "$1")" | sed -n 's/^backing file: //p'
}

# first_byte IMAGE: of what a guest sees; the whole first 64 KiB are that.
first_byte()
{
        local byte raw
        raw=$(mktemp "$WORK/view.XXXXXX")
        qemu-img dd -f qcow2 -O raw bs=64k count=1 "if=$1" "of=$raw" || fail "reading $1"
        byte=$(od -An -tu1 -N1 "$raw" | tr -d ' ')
        tr -d "$(printf '\\%03o' "$byte")" < "$raw" | cmp -s - /dev/null || fail "half a write of $byte in $1"
        rm -f "$raw"
        echo "$byte"
}

has_stopped()
{
        [ "$(machine_events "$1" STOP)" = "$2" ]
}

# What its guest writes, for ever: N to each disk in turn, then N + 1.
writes()
{
        local n disk
        while :; do
                for n in {1..255}; do
                        for disk in $disks; do
                                write_order "$disk" 0 "$n"
                        done
                done
        done
}

writes_begin()
{
        before=$(machine_answers shop)
        writes >&"${machine_in[shop]}" &
        writer=$!
        wait_for 30 machine_answered shop $((before + 8))
}

writes_end()
{
        kill "$writer"
        wait "$writer" 2> /dev/null || true
        # Half an order may be left in the pipe.
        machine_tell shop ''
}

# The instant: no disk has a later write than the one before it, nor is it more than one round behind.
check_instant()
{
        local disk byte last="" first="" seen=""
        for disk in $disks; do
                byte=$(first_byte "$(image b "$disk")")
                seen="$seen $byte"
                first=${first:-$byte}
                [ -z "$last" ] || [ "$byte" = "$last" ] || [ "$last" = "$first" ] || fail "no instant: $seen"
                [ "$byte" = "$first" ] || [ $((byte % 255 + 1)) = "$first" ] || fail "no instant: $seen"
                last=$byte
        done
        echo "an instant of the writes:$seen"
}

# What the replica took over is the last point.
check_replica()
{
        local disk
        ctl b failover shop
        for disk in $disks; do
                qemu-img compare -q -U -f qcow2 -F qcow2 "$(frozen "$disk")" "$(image b "$disk")" || fail "disk $disk differs at the replica"
        done
        check_instant
        ctl b revert-failover shop
}

site_make a
site_make b
site_start a
site_start b
for disk in $disks; do
        disk_new "$(image a "$disk")" 8M
done
socket=$machines/shop.qmp

echo "--- sockets that may not be named"
mapfile -t args < <(all_disks)
expect_error 32773 InvalidParameter define shop /var/tmp/shop.qmp "${args[@]}"
expect_error 32773 InvalidParameter define shop shop.qmp "${args[@]}"
touch "$machines/file"
expect_error 32773 InvalidParameter define shop "$machines/file" "${args[@]}"
ln -s shop.qmp "$machines/link"
expect_error 32773 InvalidParameter define shop "$machines/link" "${args[@]}"
expect_error 32773 InvalidParameter define shop "$socket $socket" "${args[@]}"
expect_error 32773 InvalidParameter define shop "$(printf "$machines/%s " {1..65})" "${args[@]}"

echo "--- a running machine that is not named"
start_machine
ctl a define shop "${args[@]}"
ctl a create-relationship shop --peer="$BUS2" --primary-address="$BUS1" ReplicationInterval=86400
expect_error 32774 InUse ctl a start shop
machine_stop shop
ctl a remove-relationship shop
ctl a destroy shop
ctl b destroy shop

echo "--- replication of a running machine"
start_machine
define shop "$socket" "${args[@]}" > /dev/null
same "$(property a shop Members)" "1 $socket" "the members"
ctl a create-relationship shop --peer="$BUS2" --primary-address="$BUS1" ReplicationInterval=86400 RecoveryHistory=1
writes_begin
ctl a start shop
ctl a replicate shop
ctl a replicate shop
writes_end
check_replica

echo "--- what it reads stays as it is: old points go when it is off"
for n in {1..4}; do
        machine_write shop w "${n}00k" "$n"
        machine_write shop z "${n}00k" "$n"
        ctl a replicate shop > /dev/null
done
check_replica
same "$(machine_events shop STOP)" 0 "how often the only machine stood still"

echo "--- the machine comes back on the same paths"
machine_write shop w 1M 77
machine_kill shop
for disk in $disks; do
        [ -f "$(image a "$disk")" ] || fail "the head of $disk is missing"
        qemu-img check -q -f qcow2 "$(image a "$disk")" || fail "the head of $disk is damaged"
done
start_machine
machine_write shop w 2M 78
writes_begin
ctl a replicate shop
writes_end
check_replica
machine_stop shop
qemu-io -f qcow2 -c "read -q -P 77 1M 64k" -c "read -q -P 78 2M 64k" "$(image a w)" | grep -q failed && fail "writes were lost"

echo "--- it is off"
ctl a replicate shop
for disk in $disks; do
        depth=$(qemu-img info --backing-chain -f qcow2 "$(image a "$disk")" | grep -c '^image:')
        [ "$depth" -le 5 ] || fail "disk $disk has $depth layers"
done
disk_write "$(image a w)" 0 64k 9
ctl a replicate shop

echo "--- a disk is open elsewhere"
hold_log=$WORK/holder
mkfifo "$hold_log.in"
qemu-io -f qcow2 "$(image a z)" < "$hold_log.in" > "$hold_log.log" 2>&1 &
holder=$!
exec 7> "$hold_log.in"
echo "write 0 64k" >&7
wait_for 20 grep -q wrote "$hold_log.log"
machine_start shop "w=$(image a w)" "x=$(image a x)" "y=$(image a y)" 7>&-
expect_error 32774 InUse ctl a replicate shop
echo quit >&7
exec 7>&-
wait "$holder"

echo "--- some disks are open, one is not"
machine_write shop w 0 20
disk_write "$(image a z)" 0 64k 20
ctl a replicate shop
[ -f "$(image a z)" ] || fail "the closed disk lost its head"
machine_stop shop
ctl a remove-relationship shop
for disk in $disks; do
        same "$(find "$(image a "$disk")" -links 1 | wc -l)" 1 "how many names the disk $disk has: a plain one"
done
ctl a destroy shop
[ -z "$(find "$WORK/a/images/.collection-replication" -type f 2> /dev/null)" ] || fail "files are left: $(find "$WORK/a/images/.collection-replication" -type f)"

echo "--- two machines"
machine_start one "w=$(image a w)" "x=$(image a x)"
machine_start two "y=$(image a y)" "z=$(image a z)"
define pair "$machines/one.qmp $machines/two.qmp" "${args[@]}" > /dev/null
ctl a create-relationship pair --peer="$BUS2" --primary-address="$BUS1" ReplicationInterval=86400
machine_write one w 0 31
machine_write two y 0 31
ctl a start pair
same "$(machine_events one STOP) $(machine_events one RESUME)" "1 1" "how often machine one stood still, and went on"
same "$(machine_events two STOP) $(machine_events two RESUME)" "1 1" "how often machine two stood still, and went on"
machine_tell two '{"execute": "stop"}'
wait_for 20 has_stopped two 2
machine_write one w 0 32
ctl a replicate pair
same "$(machine_events one RESUME) $(machine_events two RESUME)" "2 1" "a machine that stood still before is left so"
ctl a update-disks pair --machine="$machines/one.qmp"
same "$(property a pair Members)" "1 $machines/one.qmp" "the members after one of them was taken away"
expect_error 32774 InUse ctl a replicate pair
ctl a update-disks pair --machine="$machines/one.qmp" --machine="$machines/two.qmp"
ctl a replicate pair
ctl b failover pair
same "$(first_byte "$WORK/b/replicas/pair/w.qcow2") $(first_byte "$WORK/b/replicas/pair/y.qcow2")" "32 31" "what both machines wrote"

echo "--- what needs it off says so"
expect_error 32774 InUse ctl a prepare pair
machine_stop one
machine_stop two
site_stop a
site_stop b
