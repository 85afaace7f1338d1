#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Ends the worker at each failpoint of a planned failover, of a test failover and of their reverts (kill -9), and tries again until it is
# done. Whatever struck: heads on all disks or on none, every byte that was written is shown, and no file is left over.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/../story/sites.sh"
. "$here/../story/lib.sh"
. "$here/../story/shop.sh"

is_quiet()
{
        [ "$(property "$1" "$shop" CurrentJob)" = / ] && ! recovers "$1" "$shop"
}

# The primary has a head of each disk exactly when its state says so.
check_heads()
{
        local disk count=0
        for disk in $disks; do
                [ ! -e "$(image a "$disk")" ] || count=$((count + 1))
        done
        case $(state a) in
        prepared-for-failover) same "$count" 0 "heads of a primary that is prepared for failover" ;;
        *) same "$count" 2 "heads of the primary" ;;
        esac
}

settle()
{
        wait_for 30 is_quiet a
        wait_for 30 is_quiet b
        check_heads
}

# try GOAL SITE VERB...: until it is done. GOAL tells whether an attempt that was cut short did it all the same.
try()
{
        local goal=$1 output=
        shift
        for _ in 1 2 3 4; do
                if output=$(ctl "$@" 2>&1); then
                        settle
                        return
                fi
                settle
                ! $goal || return 0
        done
        fail "tried in vain: $* ($output)"
}

never() { false; }
has_test() { ctl b list | grep -q "^$shop-test "; }
has_no_test() { ! has_test; }
is_taken_back() { [ "$(state a)" = replicating ]; }

copy_digests()
{
        local disk
        for disk in $disks; do
                disk_digest "$WORK/b/replicas/$shop-test/$disk.qcow2"
        done
}

test_files()
{
        find "$WORK/b/replicas/$shop-test" -type f 2> /dev/null || true
}

# A planned failover whose transfer fails takes itself back. Another failpoint may strike before that.
fail_to_send()
{
        for _ in 1 2 3 4; do
                touch "$WORK/b/failpoints/receive.noted.kill"
                ! ctl a failover --planned "$shop" > /dev/null 2>&1 || fail "a planned failover whose receiver died"
                rm -f "$WORK/b/failpoints/receive.noted.kill"
                settle
                is_taken_back || try is_taken_back a revert-failover --planned "$shop"
                [ -e "$WORK/a/failpoints/planned-failover.failed.kill" ] || return 0
        done
}

strike()
{
        local byte=$1 point expected
        shift
        for point; do
                touch "$WORK/a/failpoints/$point.kill" "$WORK/b/failpoints/$point.kill"
        done
        write_all a "${byte}00k" "$byte"
        expected=$(digests a)
        fail_to_send
        same "$(digests a)" "$expected" "the disks after a planned failover in vain and $*"
        try never a failover --planned "$shop"
        expect a prepared-for-failover
        try has_test b test "$shop"
        same "$(copy_digests)" "$expected" "the test copy after $*"
        try has_no_test b end-test "$shop"
        [ -z "$(test_files)" ] || fail "the test left files at $*: $(test_files)"
        try is_taken_back a revert-failover --planned "$shop"
        same "$(digests a)" "$expected" "the disks after $*"
        try never a replicate "$shop"
        for point; do
                [ ! -e "$WORK/a/failpoints/$point.kill" ] || [ ! -e "$WORK/b/failpoints/$point.kill" ] || fail "$point was never reached"
        done
        rm -f "$WORK"/{a,b}/failpoints/*
}

mapfile -t points < <("$BUILD/worker/collection-replication-worker" --list-failpoints | grep -E '^(revert-)?(planned|test)-failover\.')
[ ${#points[@]} -ge 12 ] || fail "only ${#points[@]} failpoints: ${points[*]}"

site_make a
site_make b
site_start a
site_start b
shop_open shop RecoveryHistory=1 > /dev/null
# Those that strike in one life lie far apart in the list: neighbours would hide one another.
lives=$(((${#points[@]} + 2) / 3))
for ((n = 0; n < lives; n++)); do
        struck=()
        for ((i = n; i < ${#points[@]}; i += lives)); do
                struck+=("${points[$i]}")
        done
        echo "${struck[*]} ($SECONDS s)"
        strike $((n + 1)) "${struck[@]}"
done
replica_shows b "$(digests a)" "the replica"
ctl a remove-relationship "$shop"
[ -z "$(find "$WORK/a/images" -path '*.collection-replication*' -type f)" ] || fail "the removed relationship left files"
site_stop a
site_stop b
