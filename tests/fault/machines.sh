#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Ends the worker at each step of the cut of two running machines, once with the machines running on and once with one of them dying
# with it (a host that loses power takes both). Recovery has to carry on from there: no write is lost, nothing writes into a frozen
# layer, no machine stands still for ever, and it finds all of its disks when it is started again.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/../story/sites.sh"
. "$here/../story/lib.sh"
. "$here/../story/machines.sh"

image()
{
        case $1 in
        a) echo "$WORK/a/images/$2.qcow2" ;;
        b) echo "$WORK/b/replicas/shop/$2.qcow2" ;;
        esac
}

start_machine()
{
        machine_start "$1" "$1=$(image a "$1")"
}

stopped_worker()
{
        ps --ppid "${site_pid[a]}" -o pid=,stat= | awk '$2 ~ /^T/ {print $1}'
}

is_struck()
{
        [ -n "$(stopped_worker)" ]
}

is_quiet()
{
        local job
        job=$(property a shop CurrentJob 2> /dev/null) || return 1
        [ "$job" = / ] && ! recovers a shop
}

goes_on()
{
        [ "$(machine_events "$1" STOP)" = "$(machine_events "$1" RESUME)" ]
}

shows()
{
        ! qemu-io -r -U -f qcow2 -c "read -P $3 $2 64k" "$1" | grep -q 'failed\|error' || fail "$1 does not show $3 at $2 ($4)"
}

# What both machines wrote, in this round and in all before it.
check_disks()
{
        local disk n
        for disk in one two; do
                if [ ! -f "$(image a "$disk")" ] || [ -L "$(image a "$disk")" ]; then
                        fail "disk $disk has no head ($1)"
                fi
                for ((n = 1; n <= round; n++)); do
                        shows "$(image a "$disk")" $((n * 64))k "$n" "$1"
                done
        done
}

# strike POINT DIES: the worker stops there, DIES (a machine, or nothing) dies with it.
strike()
{
        local caller
        round=$((round + 1))
        machine_write one one $((round * 64))k "$round"
        machine_write two two $((round * 64))k "$round"
        touch "$WORK/a/failpoints/$1.stop"
        ctl a replicate shop > "$WORK/strike.log" 2>&1 &
        caller=$!
        wait_for 60 is_struck
        [ -z "$2" ] || machine_kill "$2"
        kill -9 "$(stopped_worker)"
        ! wait "$caller" || fail "a cycle whose worker died at $1 went well"
        wait_for 90 is_quiet
        wait_for 30 goes_on two
        check_disks "$1, $2"
        if [ -n "$2" ]; then
                start_machine "$2"
        else
                wait_for 30 goes_on one
        fi
        ctl a replicate shop > "$WORK/strike.log" 2>&1 || fail "no cycle after $1: $(cat "$WORK/strike.log")"
        check_disks "$1, $2, after another cycle"
}

# Layers are merged while the machines are off: chains stay short.
merge()
{
        machine_stop one
        machine_stop two
        ctl a replicate shop > "$WORK/strike.log" 2>&1 || fail "no cycle with the machines off: $(cat "$WORK/strike.log")"
        start_machine one
        start_machine two
}

round=0
site_make a
site_make b
site_start a
site_start b
for disk in one two; do
        disk_new "$(image a "$disk")" 16M
        start_machine "$disk"
done
ctl a define shop "one=$(image a one)" "two=$(image a two)" --machine="$machines/one.qmp" --machine="$machines/two.qmp"
ctl a create-relationship shop --peer="$BUS2" --primary-address="$BUS1" ReplicationInterval=86400 RecoveryHistory=0
ctl a start shop

mapfile -t points < <("$BUILD/worker/collection-replication-worker" --list-failpoints | grep -E '^qcow2\.(snapshot\.|machine\.|cut\.presented)')
[ ${#points[@]} -ge 7 ] || fail "only ${#points[@]} failpoints: is this a build with failpoints?"
for point in redo.intent "${points[@]}"; do
        echo "$point ($SECONDS s)"
        strike "$point" ""
        # With the head's path absent, and with the overlay in use.
        case $point in
        qcow2.snapshot.withdrawn | qcow2.snapshot.done | qcow2.cut.presented)
                strike "$point" one
                merge
                ;;
        esac
done

ctl b failover shop > /dev/null
for ((n = 1; n <= round; n++)); do
        shows "$(image b one)" $((n * 64))k "$n" "at the replica"
        shows "$(image b two)" $((n * 64))k "$n" "at the replica"
done
machine_stop one
machine_stop two
for disk in one two; do
        qemu-img check -q -f qcow2 "$(image a "$disk")" || fail "disk $disk is damaged"
done
site_stop a
site_stop b
echo "$round deaths"
