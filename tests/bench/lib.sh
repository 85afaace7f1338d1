# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the benchmarks share; sourced inside tests/bus/private-bus.sh --buses=2.
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
WORK=$PRIVATE_BUS_DIR
. "$here/../story/sites.sh"
. "$here/../story/lib.sh"

BENCH=$BUILD/tests/bench

# job SITE METHOD COLLECTION: calls, waits for the job's end; prints the milliseconds and the bytes sent.
job()
{
        "$BENCH/bench-job" "${site_bus[$1]:?}" "$2" "$(collection_path "$3")" || fail "$2 of $3"
}

# milliseconds SITE METHOD COLLECTION
milliseconds()
{
        job "$@" | cut -d ' ' -f 1
}

# Of the numbers given.
median()
{
        printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"
}

# ratio A B
ratio()
{
        awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'
}

# disks_of COLLECTION COUNT SIZE: makes images at site a; prints NAME=PATH of each.
disks_of()
{
        local i path
        for ((i = 0; i < $2; i++)); do
                path=$WORK/a/images/$1-disk$i.qcow2
                disk_new "$path" "$3"
                echo "disk$i=$path"
        done
}

# replicated COLLECTION COUNT SIZE: defines it at site a and replicates it to site b.
replicated()
{
        local disks
        mapfile -t disks < <(disks_of "$@")
        ctl a define "$1" "${disks[@]}" > /dev/null
        ctl a create-relationship "$1" --peer="$BUS2" --primary-address="$BUS1" > /dev/null
        ctl a start "$1" > /dev/null
}

image_a()
{
        echo "$WORK/a/images/$1-disk$2.qcow2"
}

image_b()
{
        echo "$WORK/b/replicas/$1/disk$2.qcow2"
}

both_sites()
{
        site_make a
        site_make b
        site_start a
        site_start b
}
