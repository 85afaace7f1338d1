# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the stories and the fault tests share: disks with known contents, and assertions. Sourced after sites.sh.

fail()
{
        echo "FAILED: $*" >&2
        for site in a b; do
                echo "--- site $site" >&2
                tail -n 15 "$WORK/$site/daemon.log" >&2 || true
                ctl "$site" list >&2 || true
        done
        exit 1
}

# disk_new PATH SIZE [OPTION...]: an empty qcow2 image.
disk_new()
{
        local path=$1 size=$2
        shift 2
        qemu-img create -q -f qcow2 "$@" "$path" "$size"
}

# disk_write PATH OFFSET LENGTH BYTE: as a guest would.
disk_write()
{
        qemu-io -f qcow2 -c "write -q -P $4 $2 $3" "$1" > /dev/null || fail "writing to $1"
}

# disk_digest PATH [FORMAT]: of what a guest sees.
disk_digest()
{
        local raw
        raw=$(mktemp "$WORK/view.XXXXXX")
        qemu-img convert -U -f "${2:-qcow2}" -O raw "$1" "$raw" || fail "reading $1"
        sha256sum < "$raw" | cut -d ' ' -f 1
        rm -f "$raw"
}

same()
{
        [ "$1" = "$2" ] || fail "$3: '$1' is not '$2'"
}

# expect_error VALUE WORD COMMAND...: fails with exactly this documented error.
expect_error()
{
        local value=$1 word=$2 output
        shift 2
        if output=$("$@" 2>&1); then
                fail "expected $word of: $*"
        fi
        [[ $output == *"($value $word)"* ]] || fail "expected ($value $word) of: $*; got: $output"
}

# recovers SITE COLLECTION: an interrupted operation is still to be completed there, or nobody answers. By the issue's id: words may
# tell of recoveries.
recovers()
{
        local issues
        issues=$(bus "$1" get-property org.example.CollectionReplication "$(collection_path "$2")" \
                org.example.CollectionReplication.Collection HealthIssues 2> /dev/null) || return 0
        [[ $issues == *'"recovery" "'* ]]
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for()
{
        local deadline=$((SECONDS + $1))
        shift
        until "$@"; do
                [ "$SECONDS" -lt "$deadline" ] || fail "waited in vain for: $*"
                sleep 0.1
        done
}
