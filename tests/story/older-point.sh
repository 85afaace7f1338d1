#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Failing over to an older point, and feeding the former primary from there: also when that one merged the point away, and with disks that
# grew and shrank in between.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/sites.sh"
. "$here/lib.sh"
. "$here/shop.sh"

history=4
declare -A shown

# cycle BYTE: writes all over the disks, replicates, and remembers what the newest point shows.
cycle()
{
        write_all a $((($1 % 7) * 512))k "$1"
        write_all a 6M "$1"
        ctl a replicate "$shop"
        remember
}

remember()
{
        newest=$(comm -13 <(printf '%s\n' "${!shown[@]}" | sort) <(points b | sort))
        [ "$(wc -w <<< "$newest")" = 1 ] || fail "not one new point: $newest"
        shown[$newest]=$(digests a)
}

# chain FILE: how many layers it stands on, itself included.
chain()
{
        qemu-img info -U --backing-chain "$1" | grep -c '^image:'
}

# The longest chain below any file of the collection is within the bound.
check_chains()
{
        local site file length
        for site in a b; do
                while read -r file; do
                        length=$(chain "$file")
                        [ "$length" -le $((history + 4)) ] || fail "$file stands on $length layers"
                done < <(find "$WORK/$site/images/$shop" "$WORK/$site/replicas/$shop" -name '*.qcow2' 2> /dev/null)
        done
}

# try_all_points SITE: each of this replica shows what the primary showed when it was cut.
try_all_points()
{
        local point
        for point in $(points "$1"); do
                ctl "$1" failover "$shop" --point="$point"
                same "$(digests "$1")" "${shown[$point]}" "point $point at $1"
                ctl "$1" revert-failover "$shop"
                ctl "$1" discard "$shop" "$(divergences "$1" | tail -n 1)"
        done
}

layers()
{
        find "$WORK/$1" -path "*.collection-replication*" -name '*.qcow2' | sort
}

# Down to an older point, with what was abandoned kept until the reverse is sealed, and chains short all the while.
abandoned_layers_stay()
{
        local older kept byte
        shop_open older RecoveryHistory=$history
        shown=()
        remember
        for byte in 2 3 4 5; do
                cycle $byte
                [ $byte != 3 ] || older=$newest
        done
        same "$(points b | wc -l)" 5 "the number of points"
        try_all_points b
        check_chains

        write_all a 7M 90
        ctl b failover "$shop" --point="$older"
        same "$(digests b)" "${shown[$older]}" "what was failed over to"
        kept=$(layers b)
        write_all b 5M 50
        ctl b commit-failover "$shop"
        ctl a prepare "$shop"
        same "$(points b | wc -l)" 5 "the number of points before the reverse is sealed"
        same "$(comm -23 <(echo "$kept") <(layers b))" "" "the layers that went before the reverse was sealed"
        kept=$(digests b)
        ctl b reverse "$shop"
        same "$(digests b)" "$kept" "the side that took over"
        ctl b replicate "$shop"
        [ "$(layers b | wc -l)" -le $((2 * (history + 4))) ] || fail "abandoned layers stay after the reverse: $(layers b)"
        replica_shows a "$kept" "the former primary"
        ctl a discard "$shop" "$(divergences a | head -n 1)"
        ctl a discard "$shop" "$(divergences a)"
        for byte in 1 2 3 4 5 6 7; do
                write_all b 1M 6$byte
                ctl b replicate "$shop"
                check_chains
        done
        replica_shows a "$(digests b)" "the former primary, seven points later"
}

# The point is held only where it was failed over to: what the other side merged away comes back as the union of the two branches.
merged_away_on_the_primary()
{
        local older byte kept lost
        shop_open union RecoveryHistory=1
        shown=()
        remember
        cycle 2
        older=$newest
        ctl b failover "$shop" --point="$older"
        write_all b 3M 33
        ctl b revert-failover "$shop" # its divergence keeps the point
        for byte in 3 4 5 6; do
                cycle $byte
        done
        [[ $(points b) == *$older* ]] || fail "the point that a divergence stands on went"
        [[ $(points a) != *$older* ]] || fail "the primary still holds the older point: nothing is tested here"
        write_all a 7M 90
        lost=$(digests a)
        ctl b failover "$shop" --point="$older"
        same "$(digests b)" "${shown[$older]}" "what was failed over to"
        write_all b 5M 50
        ctl b commit-failover "$shop"
        kept=$(digests b)
        ctl a prepare "$shop"
        ctl b reverse "$shop"
        same "$(digests b)" "$kept" "the side that took over"
        same "$(exported a "$(divergences a)")" "$lost" "what the former primary had"
        replica_shows a "$kept" "the former primary"
        ctl b discard "$shop" "$(divergences b)"
        write_all b 1M 51
        ctl b replicate "$shop"
        replica_shows a "$(digests b)" "the former primary, a point later"
}

# Points, writes and the point that is failed over to are random: that one and what comes before it is listed after the reverse as it was
# before, on both sides, and shows what it did. What came after it was abandoned, and retention may take it.
random_branches()
{
        local byte point older kept before lost listed
        RANDOM=$1
        echo "seed $1"
        shop_open "random$1" RecoveryHistory=16
        shown=()
        remember
        for byte in $(seq 2 $((3 + RANDOM % 3))); do
                write_all a $((RANDOM % 100 * 64))k $((RANDOM % 250 + 1))
                cycle "$byte"
        done
        mapfile -t listed < <(points b)
        older=${listed[$((RANDOM % ${#listed[@]}))]}
        before=$(points b | sed "/$older/q" | sort)
        write_all a $((RANDOM % 100 * 64))k 251
        lost=$(digests a)
        ctl b failover "$shop" --point="$older"
        same "$(digests b)" "${shown[$older]}" "what was failed over to"
        write_all b $((RANDOM % 100 * 64))k 252
        ctl b commit-failover "$shop"
        kept=$(digests b)
        ctl a prepare "$shop"
        ctl b reverse "$shop"
        same "$(comm -23 <(echo "$before") <(points a | sort))" "" "the points that a lost"
        same "$(comm -23 <(echo "$before") <(points b | sort))" "" "the points that b lost"
        same "$(exported a "$(divergences a)")" "$lost" "what the former primary had"
        for point in $(points b); do
                [ -n "${shown[$point]:-}" ] || shown[$point]=$kept
        done
        try_all_points a
}

resize()
{
        qemu-img resize -q ${3:+"$3"} -f qcow2 "$(image a "$1")" "$2"
}

# Disks that grow and shrink while they are closed: each point has its own size, and what was cut off never shows again.
sizes_change()
{
        local older kept
        shop_open sizes RecoveryHistory=$history
        shown=()
        remember
        cycle 2
        resize one 12M
        disk_write "$(image a one)" 11M 64k 3
        resize two 4M --shrink
        remember_cycle
        older=$newest
        resize one 6M --shrink
        resize two 16M
        disk_write "$(image a two)" 15M 64k 4
        remember_cycle
        resize one 14M
        resize two 8M --shrink
        remember_cycle
        same "$(points b | wc -l)" 5 "the number of points"
        try_all_points b

        ctl b failover "$shop" --point="$older"
        same "$(size b one) $(size b two)" "$((12 << 20)) $((4 << 20))" "the sizes at the older point"
        disk_write "$(image b one)" 9M 64k 5
        ctl b commit-failover "$shop"
        kept=$(digests b)
        ctl a prepare "$shop"
        ctl b reverse "$shop"
        same "$(digests b)" "$kept" "the side that took over"
        ctl a failover "$shop"
        same "$(digests a)" "$kept" "the former primary"
        same "$(size a one) $(size a two)" "$((12 << 20)) $((4 << 20))" "the sizes at the former primary"
}

remember_cycle()
{
        ctl a replicate "$shop"
        remember
}

size()
{
        qemu-img info -f qcow2 --output=json "$(image "$1" "$2")" | sed -n 's/.*"virtual-size": \([0-9]*\).*/\1/p'
}

site_make a
site_make b
site_start a
site_start b
for story in ${STORIES:-abandoned_layers_stay merged_away_on_the_primary sizes_change}; do
        echo "$story ($SECONDS s)"
        $story
done
for seed in ${SEEDS:-$RANDOM $RANDOM}; do
        random_branches "$seed"
done
site_stop a
site_stop b
