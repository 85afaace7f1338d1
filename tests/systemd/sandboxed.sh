#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the unit's sandbox: what the daemon needs works, and what it does not need is refused.
set -euo pipefail
trap 'echo "line $LINENO: $BASH_COMMAND"' ERR

fail() {
    echo "sandbox: $*"
    exit 1
}
# The command has to fail, and not for want of the command.
refused() {
    command -v "$1" >/dev/null || fail "there is no $1"
    ! "$@" 2>/dev/null || fail "it may: $*"
}

cd /var/lib/libvirt/images/private
layers=.collection-replication/0123
socket=$RUNTIME_DIRECTORY/nbd.sock

# A cut, in a folder and of a file of the hypervisor's account.
mkdir -p "$layers"
ln head.qcow2 "$layers/1.qcow2"
qemu-img create -q -f qcow2 -o extended_l2=on,cluster_size=128k -F qcow2 -b "$PWD/$layers/1.qcow2" new.qcow2 64M
chown --reference=head.qcow2 new.qcow2
chmod --reference=head.qcow2 new.qcow2
mv new.qcow2 head.qcow2
[ "$(stat -c '%u %a' head.qcow2)" = '64055 600' ]
qemu-io -f qcow2 -c 'write -q -P 7 1M 1M' head.qcow2
flock "$RUNTIME_DIRECTORY/lock" sync -f head.qcow2

# Sending: what has changed is read over NBD, with threads, and copied into a replica.
qemu-nbd -t -r -A -f qcow2 -k "$socket" --fork --pid-file="$RUNTIME_DIRECTORY/pid" head.qcow2
nbdinfo --map=qemu:allocation-depth "nbd+unix:///?socket=$socket" | grep -qE '^ *1048576 +1048576 +1 '
qemu-img convert -f raw -O qcow2 "nbd+unix:///?socket=$socket" "$STATE_DIRECTORY/replicas/copy.qcow2"
kill "$(cat "$RUNTIME_DIRECTORY/pid")"
qemu-img compare -q -f qcow2 -F qcow2 head.qcow2 "$STATE_DIRECTORY/replicas/copy.qcow2"

# A merge.
qemu-img commit -q -f qcow2 head.qcow2
qemu-img check -q "$layers/1.qcow2"

# Whoever writes to another account's image is seen, though he takes no locks.
lease() {
    python3 -c 'import fcntl, sys; fcntl.fcntl(open(sys.argv[1]), fcntl.F_SETLEASE, fcntl.F_RDLCK)' head.qcow2 2>&1
}
said=$(lease) || fail "it can't look for writers: $said"
exec {writer}>>head.qcow2
said=$(lease) && fail "a writer goes unseen"
[[ $said = *BlockingIOError* ]] || fail "it looks for writers in vain: $said"
exec {writer}>&-

# Not the rest of the machine,
refused touch /etc/written /usr/written /var/lib/written
refused cat /home/visible
refused test -e /dev/console
refused cat /proc/meminfo
refused cat /proc/1/status
# and no privileges but those named.
grep -qx 'NoNewPrivs:	1' /proc/self/status || fail "it may gain privileges"
grep -qx 'CapBnd:	000000001000000b' /proc/self/status || fail "it has $(grep CapBnd /proc/self/status)"
grep -qx 'CapEff:	000000001000000b' /proc/self/status || fail "it has $(grep CapEff /proc/self/status)"
refused setpriv --reuid=64055 --clear-groups true
refused mount -t tmpfs none /mnt
refused unshare --mount true
refused unshare --user true
refused mknod "$RUNTIME_DIRECTORY/node" b 7 0
refused chmod u+s head.qcow2
refused python3 -c 'import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)'
refused python3 -c 'import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)'

# To be killed with the service.
sleep 1000 &
echo $! >../left
