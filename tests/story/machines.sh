# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Running machines for stories, real ones: each has a QMP socket for the service, another one for whoever watches, and a QMP
# conversation over pipes, through which its disks are written as a guest would, and which logs its events. Sourced after lib.sh.

declare -A machine_pid=() machine_in=()

machines=$WORK/a/machines

# machine_start NAME DISK=IMAGE...: a machine of site a. It has nothing to boot from, and waits for ever.
machine_start()
{
        local name=$1 disk fd args=()
        shift
        for disk; do
                args+=(-drive "if=none,id=${disk%%=*},format=qcow2,file=${disk#*=}" -device "virtio-blk-pci,drive=${disk%%=*}")
        done
        rm -f "$machines/$name".*
        mkfifo "$machines/$name.in"
        qemu-system-x86_64 -accel tcg -m 16 -nodefaults -display none "${args[@]}" \
                -qmp "unix:$machines/$name.qmp,server=on,wait=off" -qmp "unix:$machines/$name.watch,server=on,wait=off" -qmp stdio \
                < "$machines/$name.in" > "$machines/$name.log" 2>&1 &
        machine_pid[$name]=$!
        exec {fd}> "$machines/$name.in"
        machine_in[$name]=$fd
        machine_tell "$name" '{"execute": "qmp_capabilities"}'
        wait_for 30 machine_answered "$name" 0
}

# machine_tell NAME LINE...: orders in QMP.
machine_tell()
{
        local fd=${machine_in[$1]}
        shift
        printf '%s\n' "$@" >&"$fd"
}

# How many orders it has carried out.
machine_answers()
{
        grep -c '^{"return"' "$machines/$1.log" || true
}

machine_answered()
{
        [ "$(machine_answers "$1")" -gt "$2" ]
}

# disk_order DISK COMMAND: for its disk, of qemu-io.
disk_order()
{
        printf '{"execute": "human-monitor-command", "arguments": {"command-line": "qemu-io %s \\"%s\\""}}\n' "$1" "$2"
}

# write_order DISK OFFSET BYTE: 64 KiB.
write_order()
{
        disk_order "$1" "write -q -P $3 $2 64k"
}

# machine_write NAME DISK OFFSET BYTE: as its guest would; done, and flushed, when it returns.
machine_write()
{
        local before
        before=$(machine_answers "$1")
        machine_tell "$1" "$(write_order "$2" "$3" "$4")" "$(disk_order "$2" flush)"
        wait_for 30 machine_answered "$1" $((before + 1))
}

# machine_events NAME EVENT: how many there were.
machine_events()
{
        grep -c "\"event\": \"$2\"" "$machines/$1.log" || true
}

# machine_stop NAME: powered off by its host.
machine_stop()
{
        local fd=${machine_in[$1]}
        machine_tell "$1" '{"execute": "quit"}'
        exec {fd}>&-
        wait "${machine_pid[$1]}" || true
}

machine_kill()
{
        local fd=${machine_in[$1]}
        kill -9 "${machine_pid[$1]}"
        exec {fd}>&-
        wait "${machine_pid[$1]}" 2> /dev/null || true
}
