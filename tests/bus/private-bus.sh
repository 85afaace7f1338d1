#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs a command on a private system bus with the real polkitd, as root, leaving the machine as it was:
#
#   private-bus.sh [OPTION...] DIR -- COMMAND [ARGUMENT...]
#
# DIR keeps everything (made if missing; every user must be able to reach it). "-" stands for a fresh temporary folder
# that is removed at the end. The exit status is the command's; when it is not 0, the logs go to stderr.
#
#   --user-db            also make the test users below
#   --buses=N            N buses with a polkitd each (default 1), at BUS1, BUS2 ...
#   --policy-dir=FOLDER  load every *.conf there that is a bus policy (may be repeated)
#   --rules=FILE         load a polkit rules file from the start (may be repeated)
#
# The command sees
#   DBUS_SYSTEM_BUS_ADDRESS, BUS1, BUS2 ...   addresses (the first is that of BUS1)
#   PRIVATE_BUS_DIR                           DIR
#   $DIR/rules.d                              polkit's rules, of all its instances; changes take effect at once
#   $DIR/actions                              polkit's actions: this tree's
#   $DIR/polkitd.pid, $DIR/polkitd-N.pid      to stop polkit (the former is that of BUS1)
#   $DIR/*.log                                what the daemons wrote
# and the users (--user-db)
#   crtest-operator              in the group collection-operators
#   crtest-denied, crtest-nobody in no group
#   collection-replication-peer  the other site's account
#
# It all happens in a mount and a PID namespace of its own. Whatever the command leaves running ends with them, even if
# this script is killed. (To end it early, signal its process group, or kill it: unshare blocks SIGTERM for itself.)

set -eu

# Who was started without one gets one: what takes its place would be somebody's data.
[ -e /proc/self/fd/0 ] || exec < /dev/null

self=$(readlink -f "$0")
tree=${self%/*}/../..

fail()
{
        echo "private-bus.sh: $*" >&2
        exit 125
}

# Other things end in .conf, too.
find_policies()
{
        local folder file
        folder=$(readlink -e "$1") || fail "no such folder: $1"
        for file in "$folder"/*.conf; do
                ! grep -q "<busconfig>" "$file" || policies+=("$file")
        done
}

parse_arguments()
{
        user_db=no buses=1 policies=() rules=()
        while [ $# -gt 0 ]; do
                case $1 in
                --user-db) user_db=yes ;;
                --buses=*) buses=${1#*=} ;;
                --policy-dir=*) find_policies "${1#*=}" ;;
                --rules=*) rules+=("${1#*=}") ;;
                -[!-]* | --?*) fail "unknown option: $1" ;;
                *) break ;;
                esac
                shift
        done
        if [ $# -lt 3 ] || [ "$2" != -- ]; then
                fail "usage: private-bus.sh [OPTION...] DIR -- COMMAND [ARGUMENT...]"
        fi
        dir=$1
        shift 2
        command=("$@")
}

# The folder, reachable for every user: that is who connects to the sockets in it.
prepare_dir()
{
        umask 022
        [ "$dir" != - ] || dir=$(mktemp -d)
        mkdir -p "$dir"
        dir=$(readlink -e "$dir")
        chmod a+x "$dir"
        setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$dir" ||
                fail "$dir can't be reached by other users"
        mkdir -p "$dir"/{actions,rules.d,no-rules,etc}
        cp "$tree"/polkit/*.policy "$dir/actions/"
        [ ${#rules[@]} -eq 0 ] || cp "${rules[@]}" "$dir/rules.d/"
        chmod -R a+rX "$dir/actions" "$dir/rules.d"
}

add_test_users()
{
        cp /etc/passwd /etc/group "$dir/etc/"
        cat >> "$dir/etc/passwd" <<-EOF
	crtest-operator:x:47001:47001::/nonexistent:/bin/sh
	crtest-denied:x:47002:47002::/nonexistent:/bin/sh
	crtest-nobody:x:47003:47003::/nonexistent:/bin/sh
	collection-replication-peer:x:47004:47004::/nonexistent:/bin/sh
	EOF
        cat >> "$dir/etc/group" <<-EOF
	crtest-operator:x:47001:
	crtest-denied:x:47002:
	crtest-nobody:x:47003:
	collection-replication-peer:x:47004:
	collection-operators:x:47005:crtest-operator
	EOF
        mount --bind "$dir/etc/passwd" /etc/passwd
        mount --bind "$dir/etc/group" /etc/group
}

# A machine that never had a bus. Polkit's setuid helper, which trusts no environment, looks for it there.
make_run()
{
        mount -t tmpfs -o mode=755 run /run
        mkdir /run/dbus
}

# Polkit's folders are compiled in. The mask over /run/dbus keeps whoever forgets the bus's address off the machine's.
mount_folders()
{
        mount --bind "$dir/actions" /usr/share/polkit-1/actions
        mount --bind "$dir/rules.d" /etc/polkit-1/rules.d
        mount --bind "$dir/no-rules" /usr/share/polkit-1/rules.d
        mkdir -p "$dir/bus1"
        [ -d /run/dbus ] || make_run
        mount --bind "$dir/bus1" /run/dbus
}

# What a distribution's system.conf says, without activation.
write_bus_configuration()
{
        local file
        cat <<-EOF
	<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
	  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
	<busconfig>
	  <type>system</type>
	  <listen>unix:path=$1</listen>
	  <auth>EXTERNAL</auth>
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
	    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
	    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Introspectable"/>
	    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Properties"/>
	    <deny send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"
	          send_member="UpdateActivationEnvironment"/>
	    <deny send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Debug.Stats"/>
	    <deny send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.systemd1.Activator"/>
	  </policy>
	  <policy user="root">
	    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Monitoring"/>
	    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Debug.Stats"/>
	  </policy>
	  <include>/usr/share/dbus-1/system.d/org.freedesktop.PolicyKit1.conf</include>
	EOF
        for file in "${policies[@]}"; do
                echo "  <include>$file</include>"
        done
        echo "</busconfig>"
}

# wait_until PID WHAT COMMAND...: until the command succeeds, as long as the process lives.
wait_until()
{
        local pid=$1 what=$2 tries
        shift 2
        for ((tries = 0; tries < 600; tries++)); do
                "$@" > /dev/null 2>&1 && return
                kill -0 "$pid" 2> /dev/null || fail "$what ended while it was starting"
                sleep 0.05
        done
        fail "$what did not start in 30 s"
}

start_bus()
{
        local n=$1 socket pid
        socket=$dir/bus$n/system_bus_socket
        [ ${#socket} -le 107 ] || fail "$dir is too long a path for a socket"
        mkdir -p "$dir/bus$n"
        write_bus_configuration "$socket" > "$dir/bus-$n.conf"
        dbus-daemon --config-file="$dir/bus-$n.conf" --nofork --nopidfile --nosyslog > "$dir/bus-$n.log" 2>&1 &
        pid=$!
        export "BUS$n=unix:path=$socket"
        wait_until "$pid" "dbus-daemon $n" busctl --address="unix:path=$socket" status org.freedesktop.DBus
        DBUS_SYSTEM_BUS_ADDRESS=unix:path=$socket /usr/lib/polkit-1/polkitd > "$dir/polkitd-$n.log" 2>&1 &
        pid=$!
        echo "$pid" > "$dir/polkitd-$n.pid"
        wait_until "$pid" "polkitd $n" busctl --address="unix:path=$socket" status org.freedesktop.PolicyKit1
}

print_logs()
{
        local log
        for log in "$dir"/*.log; do
                [ -s "$log" ] || continue
                echo "--- ${log##*/}"
                cat "$log"
        done >&2
}

finish()
{
        local status=$?
        [ $status -eq 0 ] || print_logs
        [ "$remove" = no ] || rm -rf "$dir"
}

run()
{
        local n
        remove=no
        trap finish EXIT
        trap 'exit 143' TERM
        parse_arguments "$@"
        [ "$dir" != - ] || remove=yes
        prepare_dir
        [ $user_db = no ] || add_test_users
        mount_folders
        for ((n = 1; n <= buses; n++)); do
                start_bus "$n"
        done
        cp "$dir/polkitd-1.pid" "$dir/polkitd.pid"
        export DBUS_SYSTEM_BUS_ADDRESS=$BUS1 PRIVATE_BUS_DIR=$dir
        "${command[@]}"
}

# As the first process of its PID namespace: when it ends, for whatever reason, the kernel ends all others there.
if [ "${1-}" = --inside ]; then
        shift
        run "$@"
else
        parse_arguments "$@"
        [ "$(id -u)" = 0 ] || fail "must run as root"
        exec unshare --mount --propagation private --pid --fork --mount-proc --kill-child -- "$self" --inside "$@"
fi
