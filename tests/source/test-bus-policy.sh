#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test-bus-policy.sh POLICY BUS-OWNER: the policy on a real bus: who may be the service, and which calls reach it.
set -euo pipefail

policy=$(readlink -f "$1")
name=org.example.CollectionReplication
temp=$(mktemp -d)
bus=
owner=
close() {
    [ -z "$owner" ] || kill "$owner"
    [ -z "$bus" ] || kill "$bus"
    rm -rf "$temp"
}
trap close EXIT
trap 'exit 1' INT TERM
fail() {
    echo "$*"
    exit 1
}

# What the machine's bus says before the policies of services: nothing can be owned, nothing be called.
cat >"$temp/bus.conf" <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <auth>EXTERNAL</auth>
  <listen>unix:path=$temp/bus</listen>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <include>$policy</include>
</busconfig>
END
chmod 755 "$temp"
# The account nobody may not be able to reach the build folder.
install -m 755 "$2" "$temp/bus-owner"

xmllint --noout --nonet "$policy"
exec {from_bus}< <(exec dbus-daemon --config-file="$temp/bus.conf" --nofork --nopidfile --nosyslog --print-address)
bus=$!
read -r -u "$from_bus" address || fail "dbus-daemon does not take the policy"

as_nobody() {
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# It would hold the name for ever.
said=$(as_nobody timeout 5 "$temp/bus-owner" "$address" "$name") || true
[ "$said" = org.freedesktop.DBus.Error.AccessDenied ] || fail "nobody wants to be the service: $said"

exec {from_owner}< <(exec "$temp/bus-owner" "$address" "$name")
owner=$!
read -r -u "$from_owner" said
[ "$said" = owned ] || fail "root wants to be the service: $said"

# The error that a call as nobody ends in. The service here has no objects: a call that the bus lets pass is answered with
# UnknownMethod or UnknownObject, one that it holds back with AccessDenied.
call() {
    local said
    said=$(as_nobody dbus-send --bus="$address" --print-reply --dest="$name" /org/example/CollectionReplication "$1" 2>&1) ||
        sed -n 's/^Error \([A-Za-z.]*\):.*/\1/p' <<<"$said"
}

for interface in "$name"{,.Collection,.RecoveryPoint,.Divergence,.Job,.Peer} \
    org.freedesktop.DBus.{ObjectManager,Properties,Introspectable,Peer}; do
    error=$(call "$interface.NoSuchMethod")
    [[ $error = org.freedesktop.DBus.Error.Unknown* ]] || fail "a call of $interface: ${error:-no error}"
done
for interface in "$name".Other org.freedesktop.DBus.Debug.Stats org.example.Other; do
    error=$(call "$interface.NoSuchMethod")
    [ "$error" = org.freedesktop.DBus.Error.AccessDenied ] || fail "a call of $interface: ${error:-no error}"
done
