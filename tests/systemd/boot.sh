#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# boot.sh BUILD PREFIX SCRIPT [HELPER...]: boots this machine's own system in a container, over a copy-on-write view of its root
# with the project installed, runs SCRIPT as root in it, and exits as SCRIPT did. Nothing of it reaches the machine:
# the view lies in memory, the container has no network, and its control groups go with it.
set -euo pipefail
umask 022 # what is installed is for everybody

build=$(readlink -f "$1")
prefix=$2
shift 2
scripts=("$@")
timeout_s=120

# In a mount namespace of its own, so that the mounts end with this process.
if [ -z "${CR_BOOT_UNSHARED-}" ]; then
    CR_BOOT_UNSHARED=1 exec unshare --mount --propagation private "$0" "$build" "$prefix" "${scripts[@]}"
fi

temp=$(mktemp -d)
cgroups=$(findmnt -n -o TARGET -t cgroup2 | head -n 1)
own_cgroup=$cgroups$(sed -n 's/^0:://p' /proc/self/cgroup)
cgroup=$own_cgroup/cr-boot-$$
close() {
    echo $$ >"$own_cgroup/cgroup.procs"
    [ ! -d "$cgroup" ] || find "$cgroup" -depth -type d -exec rmdir {} +
    umount -R "$temp"
    rmdir "$temp"
}
trap close EXIT
trap 'exit 1' INT TERM

mount -t tmpfs -o mode=755 boot "$temp"
mkdir "$temp"/{upper,work,root,test}
mount -t overlay -o "lowerdir=/,upperdir=$temp/upper,workdir=$temp/work" boot "$temp/root"
root=$temp/root

meson install -C "$build" --no-rebuild --quiet --destdir "$root"
# The bus and polkit look in /usr only.
[ "$prefix" = /usr ] || cp -a "$root$prefix/share/dbus-1" "$root$prefix/share/polkit-1" "$root/usr/share/"

# What this machine's administrator set up to start is not wanted.
rm -rf "$root/etc/systemd/system" "$root/etc/machine-id" "$root/var/lib/collection-replication"
mkdir -p "$root/etc/systemd/system"
cp "${scripts[@]}" "$temp/test/"
cat >"$root/etc/systemd/system/cr-test.service" <<END
[Unit]
Requires=basic.target
After=basic.target

[Service]
Type=exec
ExecStart=/bin/bash -c '/run/cr-test/${scripts[0]##*/}; systemctl --no-block exit \$\$?'
StandardOutput=append:/run/cr-test/log
StandardError=append:/run/cr-test/log
END

mkdir "$cgroup"
echo $$ >"$cgroup/cgroup.procs"
status=0
SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 timeout --kill-after=10 "$timeout_s" systemd-nspawn --quiet -D "$root" \
    --bind="$temp/test:/run/cr-test" --private-network --register=no --keep-unit --console=read-only --boot \
    systemd.unit=cr-test.service systemd.show_status=no </dev/null >"$temp/console" 2>&1 || status=$?
cat "$temp/test/log" || cat "$temp/console"
[ "$status" != 124 ] || echo "the container had not ended after $timeout_s s"
exit "$status"
