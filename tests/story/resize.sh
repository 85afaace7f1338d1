#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A history that is made shorter and longer while disks grow and shrink: what is merged away takes nothing from the points that stay, on
# both sites, through a reverse; and the other site hears of the new settings by itself.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/sites.sh"
. "$here/lib.sh"
. "$here/shop.sh"

declare -A shown

# cycle SITE BYTE: a write, a point, and what it shows is remembered.
cycle()
{
        local site=$1 other=b newest
        [ "$site" = a ] || other=a
        disk_write "$(image "$site" one)" $(($2 * 128))k 64k "$2"
        disk_write "$(image "$site" two)" 0 64k "$2"
        ctl "$site" replicate "$shop" > /dev/null
        newest=$(points "$other" | while read -r point; do [ -n "${shown[$point]-}" ] || echo "$point"; done)
        [ "$(wc -w <<< "$newest")" = 1 ] || fail "not one new point: $newest"
        shown[$newest]=$(digests "$site")
}

# resize SITE DISK SIZE
resize()
{
        qemu-img resize -q --shrink -f qcow2 "$(image "$1" "$2")" "$3"
}

# holds SITE COUNT: so many points.
holds()
{
        same "$(points "$1" | wc -l)" "$2" "the number of points at site $1"
}

# all_show SITE: every point there, by failing over to it.
all_show()
{
        local point
        for point in $(points "$1"); do
                ctl "$1" failover "$shop" --point="$point" > /dev/null
                same "$(digests "$1")" "${shown[$point]}" "point $point at site $1"
                ctl "$1" revert-failover "$shop" > /dev/null
                ctl "$1" discard "$shop" "$(divergences "$1")" > /dev/null
        done
}

# The longest chain of either site is within the bound: the history, and 4.
check_chains()
{
        local file length
        while read -r file; do
                length=$(qemu-img info -U --backing-chain "$file" | grep -c '^image:')
                [ "$length" -le $(($1 + 4)) ] || fail "$file stands on $length layers"
        done < <(find "$WORK"/a/images/"$shop" "$WORK"/b/replicas/"$shop" -name '*.qcow2' 2> /dev/null)
}

size()
{
        qemu-img info -f qcow2 --output=json "$(image "$1" "$2")" | sed -n 's/.*"virtual-size": \([0-9]*\).*/\1/p' | tail -n 1
}

site_make a
site_make b
site_start a
site_start b

shop_open resize RecoveryHistory=6 > /dev/null
shown[$(points b)]=$(digests a)
cycle a 1
resize a one 12M
disk_write "$(image a one)" 11M 64k 31
cycle a 2
resize a two 4M
cycle a 3
resize a one 6M
resize a two 10M
cycle a 4
resize a one 14M
cycle a 5
echo "six points ($SECONDS s)"
holds b 6
all_show b
check_chains 6

# Shorter: the next cycle merges on both sites. A shrunk and regrown disk is merged into longer layers.
ctl a settings "$shop" RecoveryHistory=2
holds b 6
cycle a 6
holds b 3
holds a 3
[[ $(property b "$shop" Settings) == *"RecoveryHistory q 2"* ]] || fail "the replica was not told: $(property b "$shop" Settings)"
echo "three points ($SECONDS s)"
all_show b
check_chains 2

# Longer: more stay from now on.
ctl a settings "$shop" RecoveryHistory=4
resize a two 2M
cycle a 7
resize a two 8M
cycle a 8
holds b 5

# None beside the latest, through a reverse: the points that both have stay until it is complete.
ctl b failover "$shop" --point="$(points b | tail -n 2 | head -n 1)" > /dev/null
resize b one 9M
ctl b commit-failover "$shop"
kept=$(digests b)
ctl a prepare "$shop" > /dev/null
ctl b reverse "$shop" > /dev/null
same "$(digests b)" "$kept" "the side that took over"
while read -r point; do
        [ -n "${shown[$point]-}" ] || shown[$point]=$kept
done < <(points a)
ctl a discard "$shop" "$(divergences a)" > /dev/null
echo "reversed ($SECONDS s)"
[ "$(points a | wc -l)" -gt 4 ] || fail "the reverse took points away: $(points a)"
all_show a
same "$(size b one)" $((9 << 20)) "the size of the disk that shrank"
ctl b settings "$shop" RecoveryHistory=0
cycle b 9
holds a 1
all_show a
check_chains 0

# One side ends it while the other one is gone, and is told what stays over there.
site_stop a
kept=$(digests b)
ctl b remove-relationship "$shop" > "$WORK/removed"
grep -q "LeftOverThere: .*the other site was not told and keeps its half: " "$WORK/removed" || fail "$(cat "$WORK/removed")"
same "$(property b "$shop" Role)" none "the role of the side that ended it"
same "$(digests b)" "$kept" "the disks of the side that ended it"
[ -z "$(qemu-img info "$(image b one)" | grep backing)" ] || fail "a disk still has layers"
site_start a
expect_error 32775 InvalidState ctl b replicate "$shop"
ctl a remove-relationship "$shop" > "$WORK/removed"
grep -q "LeftOverThere: 'the primary keeps its half" "$WORK/removed" || fail "$(cat "$WORK/removed")"
expect_error 32775 InvalidState ctl a failover "$shop"
site_stop a
site_stop b
