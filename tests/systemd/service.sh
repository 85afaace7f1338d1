#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the container: the installed service, as systemd, the bus and polkit of a machine see it.
set -euo pipefail
trap 'echo "line $LINENO: $BASH_COMMAND"' ERR

name=org.example.CollectionReplication
path=/org/example/CollectionReplication
unit=collection-replicationd.service
images=/var/lib/libvirt/images
hypervisor=64055

fail() {
    echo "$*"
    journalctl --no-pager -q -o cat -u "$unit" -n 50 || true
    exit 1
}
property() {
    systemctl show --value --property "$1" "$unit"
}
as_nobody() {
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
manager() {
    busctl --timeout=20 call "$name" "$path" "$name" "$@"
}
# await WORD...: the command comes true within half a minute.
await() {
    for _ in $(seq 300); do
        ! "$@" 2>/dev/null || return 0
        sleep 0.1
    done
    fail "in vain: $*"
}
restarted() {
    [ "$(property NRestarts)" = "$1" ] && [ "$(property ActiveState)" = active ]
}

systemd-sysusers
systemd-tmpfiles --create collection-replication.conf
mkdir -p "$images" "/etc/systemd/system/$unit.d"
for disk in root data; do
    qemu-img create -q -f qcow2 "$images/$disk.qcow2" 64M
    chmod 600 "$images/$disk.qcow2"
    chown "$hypervisor:$hypervisor" "$images/$disk.qcow2"
done
# A hang shall not take half a minute to show here. And the leak detector wants to trace, which the sandbox refuses.
cat >"/etc/systemd/system/$unit.d/test.conf" <<'END'
[Service]
WatchdogSec=3s
Environment=ASAN_OPTIONS=detect_leaks=0
END
systemctl daemon-reload

# It starts before anything of libvirt's, once that is there.
[[ " $(property Before) " = *" libvirtd.service "* && " $(property Before) " = *" virtqemud.service "* ]]

# The first call starts it, also anybody's.
[ "$(property ActiveState)" = inactive ]
as_nobody busctl --timeout=20 get-property "$name" "$path" "$name" Version || fail "the first call is not answered"
[ "$(property ActiveState)" = active ]
pid=$(property MainPID)
[ "$pid" != 0 ]
grep -qx 'Seccomp:	2' "/proc/$pid/status"
grep -qx 'CapEff:	000000001000000b' "/proc/$pid/status"

# polkit decides, and a worker looks at images of another owner.
disks=(2 root "$images/root.qcow2" data "$images/data.qcow2")
said=$(as_nobody busctl --timeout=20 call "$name" "$path" "$name" DefineCollection 'sa(ss)a{sv}' shop "${disks[@]}" 0 2>&1) &&
    fail "nobody may define a collection"
[[ $said = *"(32769 AccessDenied)"* ]] || fail "nobody is not refused by polkit: $said"
manager DefineCollection 'sa(ss)a{sv}' shop "${disks[@]}" 0 || fail "root may not define a collection"
manager DefineCollection 'sa(ss)a{sv}' stray 1 root /var/tmp/stray.qcow2 0 && fail "an image may lie anywhere"

# A daemon that hangs is ended and started again, and so is one that is killed; both know what was there before.
kill -STOP "$pid"
await restarted 1
manager GetCollection s shop || fail "the collection is gone after a hang"
kill -KILL "$(property MainPID)"
await restarted 2
manager GetCollection s shop || fail "the collection is gone after a kill"

systemctl stop "$unit"
[ "$(property Result)" = success ] || fail "it stopped with $(property Result)"
[ -z "$(property ControlGroup)" ] || ! grep -q . "/sys/fs/cgroup$(property ControlGroup)/cgroup.procs"
