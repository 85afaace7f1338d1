#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the container: the work of the daemon and its workers, done by a script in their place, in the unit's own sandbox.
set -euo pipefail
trap 'echo "line $LINENO: $BASH_COMMAND"' ERR

images=/var/lib/libvirt/images
hypervisor=64055
mkdir -p "$images/private" /etc/systemd/system/collection-replicationd.service.d
qemu-img create -q -f qcow2 "$images/private/head.qcow2" 64M
chmod 600 "$images/private/head.qcow2"
chmod 700 "$images/private"
chown -R "$hypervisor:$hypervisor" "$images/private"
echo secret >/home/visible

systemd-tmpfiles --create collection-replication.conf
cat >/etc/systemd/system/collection-replicationd.service.d/test.conf <<'END'
[Service]
Type=oneshot
BusName=
ExecStart=
ExecStart=/run/cr-test/sandboxed.sh
Restart=no
WatchdogSec=0
StandardOutput=append:/run/cr-test/log
StandardError=append:/run/cr-test/log
END
systemctl daemon-reload
systemctl start collection-replicationd.service

# What a oneshot leaves behind is killed with it.
[ -s "$images/left" ]
for _ in $(seq 50); do
    kill -0 "$(cat "$images/left")" 2>/dev/null || exit 0
    sleep 0.1
done
echo "a child outlived its service"
exit 1
