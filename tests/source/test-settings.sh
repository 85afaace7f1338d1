#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test-settings.sh DATA: systemd-sysusers and systemd-tmpfiles make the account and the folders, in a root of their own.
set -euo pipefail
trap 'echo "line $LINENO: $BASH_COMMAND"' ERR

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 1' INT TERM
mkdir "$root/etc"
echo 'root:x:0:0::/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"

said=$(systemd-sysusers --root="$root" "$1/collection-replication.sysusers.conf" 2>&1) || { echo "$said" && exit 1; }
peer=$(grep '^collection-replication-peer:' "$root/etc/passwd") || { echo "no account was made: $said" && exit 1; }
[ "$(cut -d: -f6 <<<"$peer")" = /var/lib/collection-replication-peer ]

systemd-tmpfiles --root="$root" --create "$1/collection-replication.tmpfiles.conf"
mode() { stat -c '%a %u' "$root/var/lib/$1"; }
[ "$(mode collection-replication)" = '711 0' ]
[ "$(mode collection-replication/replicas)" = '711 0' ]
[ "$(mode collection-replication/exports)" = '700 0' ]
[ "$(mode collection-replication-peer/.ssh)" = '750 0' ]
