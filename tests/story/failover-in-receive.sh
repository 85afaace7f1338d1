#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Failover waits for nobody: it ends a receive that is under way, and what was there before is what is taken over. A sender that vanishes ends its receive, too.
# Needs a build with failpoints: they hold the sender in the middle.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/sites.sh"
. "$here/lib.sh"

one=$WORK/a/images/one.qcow2
replica=$WORK/b/replicas/shop/one.qcow2

layers()
{
        find "$WORK/b/replicas/shop" -type f | wc -l
}

has_layers()
{
        [ "$(layers)" = "$1" ]
}

is_receiving()
{
        ctl b --json jobs | grep -q '"Receive"' && [ "$(property b shop CurrentJob)" != / ]
}

is_idle()
{
        [ "$(property "$1" shop CurrentJob)" = / ]
}

# Until what the broken receive left is taken away, the replica is critical.
is_replicating()
{
        [ "$(property "$1" shop State)" = replicating ]
}

# The sender's worker stops after it has copied a disk; the background job is the caller's.
send_and_hold()
{
        touch "$WORK/a/failpoints/send.copied.stop"
        ctl a replicate shop > "$WORK/replicate.log" 2>&1 &
        caller=$!
        wait_for 120 is_receiving
        wait_for 120 test ! -e "$WORK/a/failpoints/send.copied.stop"
}

site_make a
site_make b
disk_new "$one" 16M
disk_write "$one" 0 64k 1
site_start a
site_start b
ctl a define shop "one=$one"
ctl a create-relationship shop --peer="$BUS2" --primary-address="$BUS1"
ctl a start shop
expected=$(disk_digest "$one")
before=$(layers)

# The sender's site dies in the middle: its receive is abandoned, the replica stays as it was.
disk_write "$one" 1M 64k 2
send_and_hold
site_kill a
wait "$caller" || true
wait_for 120 is_idle b
wait_for 120 has_layers "$before"
wait_for 120 is_replicating b

# The same again, and now the other side takes over at once.
site_start a
wait_for 120 is_idle a
send_and_hold
ctl b failover shop
same "$(disk_digest "$replica")" "$expected" "what was taken over"
same "$(layers)" $((before + 1)) "layers: those of before, and the head"
site_kill a
wait "$caller" || true
site_stop b
