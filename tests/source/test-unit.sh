#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test-unit.sh UNIT BUILD-DATA: the unit is one that systemd understands, and confines the daemon.
set -euo pipefail
trap 'echo "line $LINENO: $BASH_COMMAND"' ERR

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
trap 'exit 1' INT TERM
unit=$temp/collection-replicationd.service
# The daemon is not installed where this runs, which is all that this may hide.
sed 's,^ExecStart=.*/collection-replicationd$,ExecStart=/bin/true,' "$1" >"$unit"
grep -qx 'ExecStart=/bin/true' "$unit" || { echo "the unit does not start collection-replicationd" && exit 1; }

# Unknown keys and sections are only warned of, so silence is what counts. (Manual pages: test-manual.sh.)
said=$(systemd-analyze verify --man=no "$unit" 2>&1) || { echo "$said" && exit 1; }
[ -z "$said" ] || { echo "systemd-analyze verify: $said" && exit 1; }

# 25 stands for 2.5: above it, the exit status is 1.
systemd-analyze security --offline=true --threshold=25 --no-pager "$unit" >"$temp/exposure" ||
    { cat "$temp/exposure" && exit 1; }
tail -n 1 "$temp/exposure"

# Bus activation and unit have to agree.
grep -qx "Name=$(sed -n 's/^BusName=//p' "$1")" "$2/org.example.CollectionReplication.service"
grep -qx "Exec=$(sed -n 's/^ExecStart=//p' "$1")" "$2/org.example.CollectionReplication.service"
grep -qx "SystemdService=${1##*/}" "$2/org.example.CollectionReplication.service"
