#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What other tests rely on in private-bus.sh.

set -eu
private_bus=$1
work=$(mktemp -d)
chmod a+x "$work"
trap 'rm -rf "$work"' EXIT

fail()
{
        echo "FAILED: $*" >&2
        exit 1
}

# The command's status is kept, and the logs appear only if it is not 0.
status=0
"$private_bus" "$work/status" -- sh -c 'exit 7' 2> "$work/stderr" || status=$?
[ $status -eq 7 ] || fail "status $status instead of 7"
grep -q "Acquired the name org.freedesktop.PolicyKit1" "$work/stderr" || fail "no logs after a failure"
"$private_bus" "$work/quiet" -- true 2> "$work/stderr"
[ ! -s "$work/stderr" ] || fail "not quiet: $(cat "$work/stderr")"

# Two buses with a polkit each; names on one are not on the other.
# shellcheck disable=SC2016
"$private_bus" --buses=2 "$work/two" -- bash -euc '
        [ "$DBUS_SYSTEM_BUS_ADDRESS" = "$BUS1" ]
        first=$(busctl --address="$BUS1" status org.freedesktop.PolicyKit1 | sed -n s/^PID=//p)
        second=$(busctl --address="$BUS2" status org.freedesktop.PolicyKit1 | sed -n s/^PID=//p)
        [ "$first" = "$(cat "$PRIVATE_BUS_DIR/polkitd.pid")" ]
        [ "$second" = "$(cat "$PRIVATE_BUS_DIR/polkitd-2.pid")" ]
        [ "$first" != "$second" ]' || fail "two buses"

# The test users are there inside only.
"$private_bus" --user-db "$work/users" -- sh -c 'id crtest-operator | grep -q collection-operators' ||
        fail "no test users inside"
! id crtest-operator > /dev/null 2>&1 || fail "the test users got out"

# Nothing outlives the script, even a killed one.
"$private_bus" "$work/killed" -- sh -c "exec 9< '$work'; touch '$work/running'; sleep 1000" &
pid=$!
while [ ! -e "$work/running" ]; do
        kill -0 "$pid" || fail "it did not start"
        sleep 0.05
done
kill -9 "$pid"
wait "$pid" 2> /dev/null || true
for ((tries = 0; ; tries++)); do
        left=$(find /proc/[0-9]*/fd -lname "$work" 2> /dev/null || true)
        [ -n "$left" ] || break
        [ $tries -lt 200 ] || fail "left behind: $left"
        sleep 0.05
done
