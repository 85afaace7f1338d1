#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Installs the Debian 12 packages that the project needs, when one of them is missing; needs root then.
#
#   tools/install-packages.sh run      what building and running it takes (./demo)
#   tools/install-packages.sh check    what all tests take, too (./check)
set -euo pipefail

build_packages=(
    meson ninja-build gcc libc6-dev pkg-config
    check libglib2.0-dev libglib2.0-bin libjson-glib-dev libnbd-dev libsqlite3-dev libsystemd-dev libxxhash-dev
)
run_packages=(dbus dbus-daemon e2fsprogs polkitd qemu-system-common qemu-utils systemd util-linux)
check_packages=(
    acl clang-format-14 git groff-base iproute2 jq libnbd-bin libxml2-utils
    openssh-client openssh-server python3 qemu-system-x86 shellcheck systemd-container valgrind
)

usage() {
    echo "usage: ${0##*/} run|check" >&2
    exit 2
}

[ $# = 1 ] || usage
case $1 in
run) packages=("${build_packages[@]}" "${run_packages[@]}") ;;
check) packages=("${build_packages[@]}" "${run_packages[@]}" "${check_packages[@]}") ;;
*) usage ;;
esac

installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null) || true
missing=()
for package in "${packages[@]}"; do
    grep -qxF "installed $package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "installing: ${missing[*]}"
if [ "$(id -u)" != 0 ]; then
    echo "${0##*/}: only root can install packages" >&2
    exit 1
fi

export DEBIAN_FRONTEND=noninteractive
# Servers among the packages are for the tests to start: none begins to listen by being installed.
export RUNLEVEL=1
apt=(apt-get -y -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
# The lists that are there may do; they are fetched when they do not name a package, or name one that has been replaced.
if ! "${apt[@]}" install --no-install-recommends "${missing[@]}"; then
    "${apt[@]}" update
    "${apt[@]}" install --no-install-recommends "${missing[@]}"
fi
