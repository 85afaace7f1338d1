#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Two sites that no longer agree: bytes that a disk over there lost are found and mended, sites that share no point find together again;
# what is there stays. A resynchronization that is cancelled, or whose peer goes, leaves both as they were.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/sites.sh"
. "$here/lib.sh"
. "$here/shop.sh"

manager=org.example.CollectionReplication

# verify SITE: its job's Result, once it succeeded.
verify()
{
        local path
        path=$(bus "$1" call $manager /org/example/CollectionReplication $manager Verify 'oa{sv}' "$(collection_path "$shop")" 0 |
                cut -d '"' -f 2)
        same "$(job_value "$1" "$path")" 0 "the value of Verify"
        job_property "$1" "$path" Result
}

# resync SITE [INCLUDE_SUSPENDED]: the bytes that it sent.
resync()
{
        local path
        path=$(resync_job "$@")
        same "$(job_value "$1" "$path")" 0 "the value of Resynchronize"
        job_property "$1" "$path" Result | sed 's/.*BytesSent t \([0-9]*\).*/\1/'
}

resync_job()
{
        bus "$1" call $manager /org/example/CollectionReplication $manager Resynchronize otb "$(collection_path "$shop")" 0 "${2:-false}" |
                cut -d '"' -f 2
}

has_state()
{
        [ "$(state "$1")" = "$2" ]
}

# keeps POINT...: site b still has them.
keeps()
{
        local point
        for point; do
                has_word "$(points b | tr '\n' ' ')" "$point" || fail "the point $point has gone"
        done
}

# held [INCLUDE_SUSPENDED]: a resynchronization that stops in its middle; its job is in $path.
held()
{
        touch "$WORK/a/failpoints/send.disk-compared.stop"
        path=$(resync_job a "$@")
        wait_for 30 test ! -e "$WORK/a/failpoints/send.disk-compared.stop"
        expect a resynchronizing
}

# The stopped worker goes on.
go_on()
{
        pgrep -P "${site_pid[a]}" | xargs kill -CONT
}

# The stopped worker was told to end: it hears of that when it goes on.
is_ending()
{
        local pending
        pending=$(sed -n 's/^ShdPnd:\s*//p' "/proc/$(pgrep -P "${site_pid[a]}")/status")
        [ $((0x$pending & 0x4000)) != 0 ]
}

# ended_by COMMAND...: it ends the stopped resynchronization.
ended_by()
{
        local caller
        "$@" &
        caller=$!
        wait_for 30 is_ending
        go_on
        wait "$caller" || fail "$*"
        same "$(job_value a "$path")" 32768 "the value of what was ended by: $*"
}

has_word()
{
        [[ " $1 " == *" $2 "* ]]
}

needs()
{
        property a "$shop" HealthIssues | grep -q resynchronize
}

# expect_equal: nothing differs, and the replica shows what the primary does.
expect_equal()
{
        local result expected
        result=$(verify a)
        [[ $result == *"Differences a(st) 0 "* ]] || fail "$1: $result"
        expected=$(digests a)
        replica_shows b "$expected" "$1"
}

site_make a
site_make b
site_start a
site_start b
shop_open pair AutoResynchronizeEnabled=false RecoveryHistory=16
# Disks that can be told apart by their files, too.
qemu-img resize -q "$(image a two)" 9M
write_all a 1M 2
ctl a replicate "$shop"
[[ $(verify a) == *"Differences a(st) 0 "*"Compared t $((17 << 20))"* ]] || fail "equal disks: $(verify a)"
expect a replicating

expect_error 32775 InvalidState ctl b verify "$shop"
expect_error 32775 InvalidState ctl b resync "$shop"
expect_message "no option 'colour'" bus a call $manager /org/example/CollectionReplication $manager Verify 'oa{sv}' \
        "$(collection_path "$shop")" 1 colour s red

# ---- bytes that were lost over there
layer=$(newest_layers b "8 MiB")
[ -f "$layer" ] || fail "which layer is it: $layer"
mapfile -t before < <(points b)
qemu-io -f qcow2 -c "write -q -P 99 1048707 7" "$layer"
result=$(verify a)
[[ $result == *'Differences a(st) 1 one 1048707 '* ]] || fail "what was flipped is not found: $result"
needs || fail "the health does not tell of it"
expect a replicating
ctl a replicate "$shop"
result=$(verify a)
[[ $result == *'Differences a(st) 1 one 1048707 '* ]] || fail "a cycle can't have mended it: $result"
same "$(resync a)" 65536 "the bytes that mended it"
expect a replicating
! needs || fail "the health still tells of it"
keeps "${before[@]}"
expect_equal "mended"

# ---- in the middle: cancelled, by its job and by the method; suspended; the peer gone
write_all a 2M 3
held
ended_by ctl a cancel "$path"
wait_for 30 has_state a replicating
held
ended_by ctl a cancel-resync "$shop"
expect a replicating
held
ended_by ctl a suspend "$shop"
expect a resynchronization-suspended
expect_error 32775 InvalidState ctl a resync "$shop"
held true
site_kill b
go_on
[ "$(job_value a "$path")" != 0 ] || fail "a resynchronization without a peer"
wait_for 30 has_state a replicating
site_start b
same "$(resync a)" $((2 * 65536)) "the bytes that were written meanwhile"
expect_equal "after all that"

# ---- nothing shared
site_stop a
python3 -c '
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("UPDATE points SET held = 0")
database.execute("UPDATE layers SET point = NULL")
database.commit()' "$WORK/a/state/store.sqlite"
site_start a
mapfile -t before < <(points b)
write_all a 3M 4
expect_error 32771 StatusUnknown ctl a replicate "$shop"
expect a waiting-to-resynchronize
needs || fail "the health does not tell that nothing is shared"
expect_message Resynchronize ctl a replicate "$shop"
expect_error 32771 StatusUnknown ctl a verify "$shop"
held
go_on
same "$(job_value a "$path")" 0 "the value of Resynchronize"
[[ $(job_property a "$path" Result) == *"BytesSent t $((2 * 65536))"* ]] || fail "sent: $(job_property a "$path" Result)"
expect a replicating
keeps "${before[@]}"
expect_equal "resynchronized without a shared point"
write_all a 4M 5
ctl a replicate "$shop"
expect_equal "a cycle afterwards"
site_stop a
site_stop b
