#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Ends processes at their failpoints (kill -9), through whole lives of a collection on two sites, and checks after each death what the design promises:
# heads on all disks or on none, nothing lost, contents equal. It asks the daemon and the worker what failpoints they have, so a new one is tried by
# being there; one that was never reached is a failure.
#
#   faults.sh PART PARTS    this part of the failpoints; several of them strike in one life
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/../story/sites.sh"
. "$here/../story/lib.sh"

part=$1 parts=$2
per_life=6
disks="one two"

image()
{
        case $1 in
        a) echo "$WORK/a/images/$2.qcow2" ;;
        b) echo "$WORK/b/replicas/shop/$2.qcow2" ;;
        esac
}

# ---- the model: what each disk of the present primary shows, kept as plain files

model()
{
        echo "$WORK/model/$1.raw"
}

write_all()
{
        local disk
        for disk in $disks; do
                disk_write "$(image "$1" "$disk")" "$2" 64k "$3"
                qemu-io -f raw -c "write -q -P $3 $2 64k" "$(model "$disk")" > /dev/null
        done
}

# A disk that grows and shrinks again between points.
resize_two()
{
        qemu-img resize -q --shrink -f qcow2 "$(image a two)" "$1"
        truncate -s "$1" "$(model two)"
}

# keep NAME: remembers the model as it is; recall NAME: goes back to it.
keep()
{
        rm -rf "$WORK/model-$1"
        cp -r --sparse=always "$WORK/model" "$WORK/model-$1"
}

recall()
{
        rm -rf "$WORK/model"
        cp -r --sparse=always "$WORK/model-$1" "$WORK/model"
}

compare()
{
        qemu-img compare -q -U -f "$3" -F qcow2 "$1" "$2" || fail "$2 does not show $1 ($4)"
}

compare_all()
{
        local disk
        for disk in $disks; do
                compare "$(model "$disk")" "$(image "$1" "$disk")" raw "$2"
        done
}

# ---- deaths

# The daemons are up again and no recovery is under way.
settle()
{
        local site
        for site in a b; do
                if ! kill -0 "${site_pid[$site]}" 2> /dev/null; then
                        wait "${site_pid[$site]}" 2> /dev/null || true
                        site_start "$site" || site_start "$site" || site_start "$site"
                fi
        done
        for site in a b; do
                wait_for 30 is_quiet "$site"
                check_heads "$site"
        done
}

is_quiet()
{
        local job
        kill -0 "${site_pid[$1]}" 2> /dev/null || site_start "$1" || return 1
        ctl "$1" list > "$WORK/list" 2> /dev/null || return 1
        grep -q shop "$WORK/list" || return 0
        job=$(property "$1" shop CurrentJob 2> /dev/null) || return 1
        [ "$job" = / ] || return 1
        recovers "$1" shop || return 0
        # A recovery that was killed, too, is tried again every minute, and when somebody asks.
        ctl "$1" preview shop > /dev/null 2>&1 || true
        return 1
}

# Leaked clusters (3) are no damage; nor is a file that was abandoned meanwhile.
is_sound()
{
        qemu-img check -q -U -f qcow2 "$1" > /dev/null 2>&1 || [ $? = 3 ] || [ ! -e "$1" ]
}

# A side has the heads of all disks or of none, and every file of it is sound.
check_heads()
{
        local disk count=0 total=0 file
        for disk in $disks; do
                total=$((total + 1))
                [ ! -e "$(image "$1" "$disk")" ] || count=$((count + 1))
        done
        [ "$count" = 0 ] || [ "$count" = "$total" ] || fail "site $1 has $count of $total heads"
        while read -r file; do
                is_sound "$file" || { sleep 1 && is_sound "$file"; } || fail "$file is damaged: $(qemu-img check -U -f qcow2 "$file" 2>&1 | tail -n 3)"
        done < <(find "$WORK/$1/images" "$WORK/$1/replicas" -name '*.qcow2' -links 1)
}

# try GOAL SITE VERB...: until it is done. GOAL is a command that tells whether an attempt that was cut short did it all the same.
try()
{
        local goal=$1 output=
        shift
        for _ in 1 2 3 4 5 6 7 8; do
                if output=$(ctl "$@" 2>&1); then
                        return
                fi
                settle
                if $goal; then
                        return
                fi
        done
        fail "tried in vain: $* ($output)"
}

never()
{
        false
}

has_state()
{
        [ "$(property "$1" shop State 2> /dev/null)" = "$2" ]
}

is_primary_committed()
{
        has_state "$1" committed
}

exists()
{
        ctl "$1" list 2> /dev/null | grep -q shop
}

is_gone()
{
        ! exists "$1"
}

goal_defined() { exists a; }
goal_related() { [ "$(property a shop Role)" = primary ]; }
goal_started() { has_state a replicating; }
goal_put_off() { [ "$(property a shop ScheduledTime)" != 0 ]; }
goal_withdrawn() { [ "$(property a shop ScheduledTime)" = 0 ]; }
goal_suspended() { has_state a suspended; }
goal_resumed() { has_state a replicating; }
goal_failed_over() { has_state "$to" failed-over; }
goal_reverted() { has_state "$to" replicating; }
goal_committed() { has_state "$to" committed; }
goal_prepared() { has_state "$from" prepared-for-reverse-replication; }
goal_undone() { [ "$(property "$from" shop Role)" = primary ]; }
goal_reversed() { has_state "$to" replicating; }
goal_exported() { [ -e "$WORK/$from/exports/$life/two.qcow2" ]; }
goal_discarded() { [ -z "$(divergences "$from")" ]; }
goal_removed() { [ "$(property a shop Role)" = none ]; }
goal_destroyed() { is_gone a; }
goal_destroyed_b() { is_gone b; }

divergences()
{
        ctl "$1" --json divergences shop | sed -n 's/.*"Id" *: *"\([0-9a-f]*\)".*/\1/p'
}

discard_all()
{
        local id
        for id in $(divergences "$1"); do
                try goal_discarded "$1" discard shop "$id"
        done
}

# A failover is reverted while its peer, prepared, can't be asked.
revert_alone()
{
        for _ in 1 2 3 4 5 6 7 8; do
                site_kill "$from"
                if ctl "$to" revert-failover shop > /dev/null 2>&1; then
                        settle
                        return
                fi
                settle
                ! goal_reverted || return 0
        done
        fail "tried in vain to revert the failover of $to"
}

# An export breaks in the middle of a transfer: the sender abandons it. Another failpoint may strike first.
break_export()
{
        local caller
        for _ in 1 2 3 4 5 6 7 8; do
                write_all a 3M 5
                touch "$WORK/a/failpoints/send.begun.stop"
                ctl a replicate shop > /dev/null 2>&1 &
                caller=$!
                wait_for 30 stopped_or_over "$caller"
                if is_stopped; then
                        pgrep -f "^qemu-nbd.*$WORK/b/run" | xargs -r kill -9
                        ps -eo pid=,stat=,comm= | awk '$2 ~ /^T/ && $3 ~ /^collection-repl/ {print $1}' | xargs -r kill -CONT
                        ! wait "$caller" || fail "a transfer without its export"
                        rm -f "$WORK/a/failpoints/send.begun.stop"
                        settle
                        return
                fi
                wait "$caller" || true
                settle
        done
        fail "no transfer could be broken"
}

is_stopped()
{
        ps -eo stat=,comm= | grep -q '^T.*collection-repl'
}

stopped_or_over()
{
        is_stopped || ! kill -0 "$1" 2> /dev/null
}

# ---- a life

# The side `from` is lost with writes that never crossed; `to` takes over, and `from` is fed by it.
turn()
{
        local byte=$1 id
        from=$2 to=$3
        try never "$from" replicate shop
        compare_all "$from" "the primary"
        keep replicated
        write_all "$from" 4M "$byte"
        keep lost

        recall replicated
        try goal_failed_over "$to" failover shop
        compare_all "$to" "taken over"
        write_all "$to" 6M $((byte + 1))
        try goal_prepared "$from" prepare shop
        revert_alone
        try goal_failed_over "$to" failover shop
        try never "$from" prepare shop
        try goal_undone "$from" undo-prepare shop
        recall replicated
        compare_all "$to" "taken over again"
        write_all "$to" 8M $((byte + 2))
        try goal_committed "$to" commit-failover shop
        keep taken-over

        recall lost
        compare_all "$from" "the former primary before its preparation"
        try never "$from" preview shop
        try goal_prepared "$from" prepare shop
        try goal_undone "$from" undo-prepare shop
        compare_all "$from" "put back"
        try goal_prepared "$from" prepare shop
        try goal_reversed "$to" reverse shop
        has_state "$from" replicating || fail "the reverse did not reach $from"
        settle

        mkdir -p "$WORK/$from/exports/$life"
        id=$(ctl "$from" --json divergences shop | sed -n 's/.*"Id" *: *"\([0-9a-f]*\)".*/\1/p' | tail -n 1)
        rm -f "$WORK/$from/exports/$life"/*
        try goal_exported "$from" export shop "$id" "$WORK/$from/exports/$life"
        local disk
        for disk in $disks; do
                compare "$(model "$disk")" "$WORK/$from/exports/$life/$disk.qcow2" raw "exported"
        done
        discard_all "$from"
        discard_all "$to"
        recall taken-over
        compare_all "$to" "the new primary"
}

# The points, and what must strike before a recovery has anything to do.
reaching()
{
        echo "$@"
        [[ " $* " != *" recover."* ]] || echo stage.created receive.created
}

live()
{
        local point
        life=$1
        shift
        rm -rf "$WORK"/{a,b,model}
        mkdir -p "$WORK/model"
        site_make a
        site_make b
        disk_new "$WORK/a/images/template.img" 8M
        disk_write "$WORK/a/images/template.img" 0 64k 9
        disk_new "$(image a one)" 16M -b template.img -F qcow2
        disk_new "$(image a two)" 16M
        qemu-img convert -f qcow2 -O raw "$(image a one)" "$(model one)"
        qemu-img convert -f qcow2 -O raw "$(image a two)" "$(model two)"
        write_all a 0 1
        for point in $(reaching "$@"); do
                touch "$WORK/a/failpoints/$point.kill" "$WORK/b/failpoints/$point.kill"
        done
        site_start a || site_start a || site_start a
        site_start b || site_start b || site_start b

        try goal_defined a define shop "one=$(image a one)" "two=$(image a two)"
        try goal_related a create-relationship shop --peer="$BUS2" --primary-address="$BUS1" RecoveryHistory=1 ReplicationInterval=86400
        try goal_put_off a start shop --at=2099-01-01T00:00:00
        try goal_withdrawn a cancel-initial shop
        try goal_started a start shop
        write_all a 1M 2
        try never a replicate shop
        try goal_suspended a suspend shop
        try goal_resumed a resume shop
        resize_two 20M
        disk_write "$(image a two)" 18M 64k 4
        qemu-io -f raw -c "write -q -P 4 18M 64k" "$(model two)" > /dev/null
        try never a replicate shop
        resize_two 16M
        try never a replicate shop
        resize_two 20M
        write_all a 2M 3
        try never a replicate shop
        [[ " $* " != *" peer.abandon."* ]] || break_export
        turn 20 a b
        turn 40 b a
        try never a replicate shop
        compare_all a "at the end"
        try goal_removed a remove-relationship shop
        compare_all a "without its relationship"
        try goal_destroyed a destroy shop
        try goal_destroyed_b b destroy shop
        [ -z "$(find "$WORK/b/replicas" -name '*.qcow2*')" ] || fail "the destroyed replica left files"
        [ -z "$(find "$WORK/a/images/.collection-replication" -type f 2> /dev/null)" ] || fail "the removed relationship left files"
        site_stop a
        site_stop b
        for point; do
                [ ! -e "$WORK/a/failpoints/$point.kill" ] || [ ! -e "$WORK/b/failpoints/$point.kill" ] || fail "$point was never reached"
        done
}

mapfile -t points < <({
        "$BUILD/worker/collection-replication-worker" --list-failpoints
        "$BUILD/service/collection-replicationd" --list-failpoints
} | sort -u)
# Finished jobs are forgotten after a quarter of an hour; the store's own tests end a process there.
mapfile -t points < <(printf '%s\n' "${points[@]}" | grep -v '^store.delete-job')
# The cut of running machines has lives of its own: machines.sh.
mapfile -t points < <(printf '%s\n' "${points[@]}" | grep -Ev '^qcow2\.(snapshot\.|machine\.|cut\.presented)')
# An update of the set of disks, likewise: disk-set.sh.
mapfile -t points < <(printf '%s\n' "${points[@]}" | grep -Ev '^(adapt|adapt-disks|update-disks|cancel-update-disks|peer\.adapt-disks)\.')
# Comparing, likewise: resynchronize.sh.
mapfile -t points < <(printf '%s\n' "${points[@]}" | grep -Ev '^(resynchronize\.|verify\.|peer\.digest\.|send\.disk-compared)')
# Planned failovers and test failovers, likewise: failovers.sh.
mapfile -t points < <(printf '%s\n' "${points[@]}" | grep -Ev '^(revert-)?(planned|test)-failover\.')
# A first point that comes by a medium or from seeds, likewise: initial.sh.
mapfile -t points < <(printf '%s\n' "${points[@]}" | grep -Ev '^(start-export|import|seed|peer\.seed)\.|^start\.seeding')
[ ${#points[@]} -gt 50 ] || fail "only ${#points[@]} failpoints: is this a build with failpoints?"
mine=()
for i in "${!points[@]}"; do
        [ $((i % parts)) != $((part - 1)) ] || mine+=("${points[$i]}")
done
# Those that strike in one life lie far apart in the list: neighbours would hide one another.
lives=$(((${#mine[@]} + per_life - 1) / per_life))
for ((n = ${FIRST_LIFE:-0}; n < lives; n++)); do
        struck=()
        for ((i = n; i < ${#mine[@]}; i += lives)); do
                struck+=("${mine[$i]}")
        done
        echo "life $n: ${struck[*]} ($SECONDS s)"
        live "$n" "${struck[@]}"
done
echo "${#mine[@]} failpoints in $lives lives"
