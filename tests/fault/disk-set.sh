#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Ends a process at each failpoint of an update of the set of disks, on either site (kill -9), and tries again until the disk has come,
# left, or was called off. Afterwards both sites have the same disks, what left is a plain image, and nothing was lost.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/../story/sites.sh"
. "$here/../story/lib.sh"
. "$here/../story/shop.sh"

# How many disks the collection has at a site.
count()
{
        property "$1" "$shop" Disks | cut -d ' ' -f 1
}

is_quiet()
{
        if ! kill -0 "${site_pid[$1]}" 2> /dev/null; then
                wait "${site_pid[$1]}" 2> /dev/null || true
                site_start "$1" || return 1
        fi
        [ "$(property "$1" "$shop" CurrentJob 2> /dev/null)" = / ] || return 1
        recovers "$1" "$shop" || return 0
        # A recovery is tried again every minute, and when somebody asks.
        ctl "$1" preview "$shop" > /dev/null 2>&1 || true
        return 1
}

settle()
{
        wait_for 30 is_quiet a
        wait_for 30 is_quiet b
}

# try GOAL VERB...: at site a, until it is done.
try()
{
        local goal=$1 output=
        shift
        for _ in 1 2 3 4 5; do
                if output=$(ctl a "$@" 2>&1); then
                        settle
                        return
                fi
                settle
                ! $goal || return 0
        done
        fail "tried in vain: $* ($output)"
}

never() { false; }
has_three() { [ "$(count a)" = 3 ]; }
has_two() { [ "$(count a)" = 2 ]; }
is_called_off() { has_two && [ "$(state a)" = replicating ]; }

# The other side's part of the work dies when the new disk is about to cross, until that has made the update critical.
add_in_vain()
{
        for _ in 1 2 3 4 5; do
                touch "$WORK/b/failpoints/receive.noted.kill"
                ctl a update-disks "$shop" --add "four=$WORK/a/images/four.qcow2" > /dev/null 2>&1 || true
                settle
                case $(state a) in
                disk-update*) break ;;
                esac
                ! has_three || try has_two update-disks "$shop" --remove four
        done
        rm -f "$WORK/b/failpoints/receive.noted.kill"
        [[ $(state a) == disk-update* ]] || fail "the update does not fail"
}

# strike FAILPOINT: a disk comes and leaves, another comes in vain.
strike()
{
        local byte=$1 point=$2 expected
        touch "$WORK/a/failpoints/$point.kill" "$WORK/b/failpoints/$point.kill"
        expected=$(disk_digest "$WORK/a/images/three.qcow2")
        try has_three update-disks "$shop" --add "three=$WORK/a/images/three.qcow2"
        try never replicate "$shop"
        same "$(count a) $(count b)" "3 3" "the numbers of disks after $point"
        try has_two update-disks "$shop" --remove three
        write_all a "${byte}00k" "$byte"
        try never replicate "$shop"
        same "$(count a) $(count b)" "2 2" "the numbers of disks after $point"
        same "$(disk_digest "$WORK/a/images/three.qcow2")" "$expected" "the disk that left at $point"
        is_plain three
        add_in_vain
        try is_called_off cancel-update "$shop"
        expect a replicating
        is_plain four
        try never replicate "$shop"
        same "$(count a) $(count b)" "2 2" "the numbers of disks after $point"
        [ ! -e "$WORK/a/failpoints/$point.kill" ] || [ ! -e "$WORK/b/failpoints/$point.kill" ] || fail "$point was never reached"
        rm -f "$WORK"/{a,b}/failpoints/*
}

is_plain()
{
        [ -z "$(qemu-img info "$WORK/a/images/$1.qcow2" | grep backing)" ] || fail "$1 still has layers"
}

mapfile -t points < <({
        "$BUILD/worker/collection-replication-worker" --list-failpoints
        "$BUILD/service/collection-replicationd" --list-failpoints
} | sort -u | grep -E '^(adapt|adapt-disks|update-disks|cancel-update-disks|peer\.adapt-disks)\.')
[ ${#points[@]} -ge 10 ] || fail "only ${#points[@]} failpoints: ${points[*]}"

site_make a
site_make b
for disk in three four; do
        disk_new "$WORK/a/images/$disk.qcow2" 8M
        disk_write "$WORK/a/images/$disk.qcow2" 0 64k 8
done
site_start a
site_start b
shop_open shop RecoveryHistory=1 > /dev/null
byte=1
for point in "${points[@]}"; do
        echo "$point ($SECONDS s)"
        strike "$byte" "$point"
        byte=$((byte + 1))
done
replica_shows b "$(digests a)" "the replica"
ctl a remove-relationship "$shop"
[ -z "$(find "$WORK/a/images" -path '*.collection-replication*' -type f)" ] || fail "the removed relationship left files"
site_stop a
site_stop b
