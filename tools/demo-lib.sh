# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the acts of the demo share: showing commands with what they cost, machines, orders in real file systems. Sourced after
# tests/story/sites.sh, inside tests/bus/private-bus.sh --buses=2.

bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
[ -t 1 ] || bold='' dim='' plain=''
PATH=$BUILD/client:$PATH

chapter()
{
        printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

# run COMMAND...: shows the command, runs it, shows what it took.
run()
{
        local begin shown=$*
        shown=${shown//$BUS1/\$SITE_A}
        shown=${shown//$BUS2/\$SITE_B}
        shown=${shown//$WORK\//}
        printf '  $ %s\n' "$shown"
        begin=$(date +%s%N)
        "$@" 2>&1 | sed 's/^/    /'
        printf '    %s(%d ms)%s\n' "$dim" $((($(date +%s%N) - begin) / 1000000)) "$plain"
}

image()
{
        case $1 in
        a) echo "$WORK/a/images/$2.qcow2" ;;
        b) echo "$WORK/b/replicas/shop/$2.qcow2" ;;
        esac
}

# The "machine": QEMU's own block layer holds the disk open, as a running machine would, and shows it as a file.
machine_start()
{
        : > "$WORK/machine-$2"
        qemu-storage-daemon --blockdev "driver=qcow2,node-name=disk,file.driver=file,file.filename=$(image "$1" "$2")" \
                --export "type=fuse,id=disk,node-name=disk,mountpoint=$WORK/machine-$2,writable=on" --pidfile "$WORK/machine-$2.pid" \
                > "$WORK/machine.log" 2>&1 &
        machine=$!
        for _ in $(seq 100); do
                [ -s "$WORK/machine-$2" ] && return
                sleep 0.05
        done
        cat "$WORK/machine.log" >&2
        return 1
}

machine_stop()
{
        kill "$machine"
        wait "$machine" || true
}

# put DISK FILE NAME: writes a file into the disk's file system.
put()
{
        debugfs -w -R "write $2 $3" "$WORK/machine-$1" > /dev/null 2>&1
}

# on SITE DISK COMMAND...: with that disk's machine running.
on()
{
        local site=$1 disk=$2
        shift 2
        machine_start "$site" "$disk"
        "$@"
        machine_stop
}

make_disk()
{
        qemu-img create -q -f qcow2 "$(image a "$1")" "$2"
        on a "$1" mke2fs -q -t ext4 -L "$1" -d "$WORK/files" "$WORK/machine-$1"
}

put_orders()
{
        local disk=$1 from=$2 to=$3 i
        for i in $(seq "$from" "$to"); do
                echo "order $i, written at $4" > "$WORK/order"
                put "$disk" "$WORK/order" "order-$i"
        done
}

# names IMAGE: the orders in a disk's file system; show IMAGE NAME: one of them.
with_image()
{
        local format_image=$1 raw
        shift
        raw=$(mktemp "$WORK/raw.XXXX")
        qemu-img convert -U -f qcow2 -O raw "$format_image" "$raw"
        debugfs -R "$*" "$raw" 2> /dev/null
        rm "$raw"
}

orders()
{
        with_image "$1" "ls -p /" | grep -o 'order-[0-9]*' | sort -t - -k 2 -n | tr '\n' ' '
}

digest()
{
        local raw
        raw=$(mktemp "$WORK/raw.XXXX")
        qemu-img convert -U -f qcow2 -O raw "$1" "$raw"
        sha256sum < "$raw" | cut -c 1-16
        rm "$raw"
}

result()
{
        sed -n "s/.*\"$1\" *: *\"\{0,1\}\([0-9a-f]*\).*/\1/p" | head -n 1
}
