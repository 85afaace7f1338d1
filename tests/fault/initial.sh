#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Ends processes at each failpoint of an export, of its import and of a seeded start (kill -9), and tries again until it is done. Whatever
# struck: what is complete is right, and no file is left over.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/../story/sites.sh"
. "$here/../story/lib.sh"
. "$here/../story/shop.sh"

is_quiet()
{
        local job issues
        kill -0 "${site_pid[$1]}" 2> /dev/null || site_start "$1" || return 1
        ctl "$1" list > "$WORK/list" 2> /dev/null || return 1
        grep -q "^$shop " "$WORK/list" || return 0
        job=$(property "$1" "$shop" CurrentJob 2> /dev/null) || return 1
        issues=$(property "$1" "$shop" HealthIssues 2> /dev/null) || return 1
        [ "$job" = / ] && [[ $issues != *recover* ]]
}

settle()
{
        wait_for 30 is_quiet a
        wait_for 30 is_quiet b
}

# try GOAL SITE VERB...: until it is done. GOAL tells whether an attempt that was cut short did it all the same.
try()
{
        local goal=$1 output=
        shift
        for _ in 1 2 3 4; do
                if output=$(ctl "$@" 2>&1); then
                        settle
                        return
                fi
                settle
                ! $goal || return 0
        done
        fail "tried in vain: $* ($output)"
}

never() { false; }
is_exported() { [ -e "$medium/collection-replication.json" ]; }
is_imported() { [ "$(state b)" = replicating ]; }
is_started() { [ "$(state a)" = replicating ]; }

# An export that was ended before its end left nothing.
export_point()
{
        for _ in 1 2 3 4; do
                mkdir -p "$medium"
                if ctl a start "$shop" --type=export --directory="$medium" > /dev/null 2>&1; then
                        return
                fi
                settle
                if is_exported; then
                        return
                fi
                [ -z "$(find "$medium" -type f)" ] || fail "an export that was ended left $(ls -A "$medium")"
        done
        fail "exported in vain"
}

# Ends the relationship and the replica, with what replica_shows left there.
dissolve()
{
        local id
        try never a remove-relationship "$shop"
        for id in $(divergences b); do
                try never b discard "$shop" "$id"
        done
        try never b destroy "$shop"
}

strike()
{
        local expected point
        shop=life$1
        shift
        medium=$WORK/b/exports/$shop
        for point; do
                touch "$WORK/a/failpoints/$point.kill" "$WORK/b/failpoints/$point.kill"
        done
        shop_define > /dev/null
        # The medium is one folder for both sites.
        ctl a create-relationship "$shop" --peer="$BUS2" --primary-address="$BUS1" ReplicationInterval=86400 > /dev/null
        export_point
        expected=$(digests a)
        write_all a 1M 2
        try is_imported b import "$shop" "$medium"
        replica_shows b "$expected" "what was imported at $*"
        try never a replicate "$shop"
        replica_shows b "$(digests a)" "the cycle after the import at $*"

        dissolve
        [ -z "$(find "$WORK/b/replicas" -type f)" ] || fail "the import left files at $*"
        write_all a 2M 3
        ctl a create-relationship "$shop" --peer="$BUS2" --primary-address="$BUS1" ReplicationInterval=86400 SeedDirectory="$medium" > /dev/null
        try is_started a start "$shop" --type=seeded
        try never a replicate "$shop"
        replica_shows b "$(digests a)" "the replica of a seeded start at $*"
        dissolve
        [ -z "$(find "$WORK/b/replicas" -type f)" ] || fail "the seeded start left files at $*"
        for point; do
                [ ! -e "$WORK/a/failpoints/$point.kill" ] || [ ! -e "$WORK/b/failpoints/$point.kill" ] || fail "$point was never reached"
        done
        rm -f "$WORK"/{a,b}/failpoints/*
}

mapfile -t points < <({
        "$BUILD/worker/collection-replication-worker" --list-failpoints
        "$BUILD/service/collection-replicationd" --list-failpoints
} | grep -E '^(start-export|import|seed|peer\.seed)\.|^start\.seeding')
[ ${#points[@]} -ge 12 ] || fail "only ${#points[@]} failpoints: ${points[*]}"

site_make a
site_make b
sed -i "s|^ExportDirectories=.*|ExportDirectories=$WORK/a/exports;$WORK/b/exports|" "$WORK/a/site.conf"
site_start a
site_start b
# Those that strike in one life lie far apart in the list: neighbours would hide one another.
lives=$(((${#points[@]} + 3) / 4))
for ((n = 0; n < lives; n++)); do
        struck=()
        for ((i = n; i < ${#points[@]}; i += lives)); do
                struck+=("${points[$i]}")
        done
        echo "${struck[*]} ($SECONDS s)"
        strike "$n" "${struck[@]}"
done
site_stop a
site_stop b
