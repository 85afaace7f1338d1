#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Disks that come and leave: before a relationship, while it replicates, when a cycle fails, and when the other side took over from a point
# that lacks one of them. Points keep the disks that they have.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/sites.sh"
. "$here/lib.sh"
. "$here/shop.sh"

# new_disk NAME BYTE
new_disk()
{
        disk_new "$(image a "$1")" 8M
        disk_write "$(image a "$1")" 1M 64k "$2"
}

update()
{
        local site=$1
        shift
        ctl "$site" update-disks "$shop" "$@"
}

# disk_names SITE: of the collection, in order.
disk_names()
{
        property "$1" "$shop" Disks | tr ' ' '\n' | sed -n '3~3p' | xargs
}

is_plain()
{
        [ -z "$(qemu-img info "$1" | grep backing)" ] || fail "$1 still has layers"
}

# The point that the replica has and did not have before.
newest=
seen=
note_newest()
{
        newest=$(comm -13 <(sort <<< "$seen") <(points b | sort))
        seen=$(points b)
}

before_a_relationship()
{
        shop=lone
        shop_define
        new_disk three 3
        expect_error 32773 InvalidParameter update a --add "two=$(image a three)"
        expect_error 32773 InvalidParameter update a --remove one --remove two
        expect_error 32773 InvalidParameter update a --remove four
        expect_error 32773 InvalidParameter bus a call org.example.CollectionReplication /org/example/CollectionReplication \
                org.example.CollectionReplication UpdateDiskSet "oa(ss)asa{sv}" "$(collection_path "$shop")" 0 0 0
        update a --add "three=$(image a three)" --remove one
        same "$(property a "$shop" Disks | cut -d ' ' -f 1)" 2 "the number of disks"
        is_plain "$(image a one)"
        expect_error 32773 InvalidParameter ctl a define other "x=$(image a three)"
        ctl a define other "x=$(image a one)"
}

while_it_replicates()
{
        local expected plain older
        shop_open live
        note_newest
        older=$newest
        new_disk three 3
        expected=$(digests a)
        update a --add "three=$(image a three)"
        expect a replicating
        expect b replicating
        note_newest
        disks="one two three"
        write_all a 2M 4
        ctl a replicate "$shop"
        note_newest
        replica_shows b "$(digests a)" "all three disks"

        # The older point has no third disk: the other side takes over without it, and says so.
        disks="one two"
        ctl b failover "$shop" --point="$older"
        same "$(digests b)" "$expected" "the older point"
        disks=three
        absent b
        [[ $(property b "$shop" LastError) == *three*UpdateDiskSet* ]] || fail "nothing tells of the disk that stayed behind"
        disks="one two"
        ctl b revert-failover "$shop"

        # A disk leaves: a plain image here, nothing of it over there; the points of the others stay.
        plain=$(disk_digest "$(image a two)")
        expect_error 32775 InvalidState update b --remove two
        hold "$(image a two)"
        expect_error 32774 InUse update a --remove two
        let_go
        for id in $(divergences b); do
                ctl b discard "$shop" "$id"
        done
        disk_write "$(image a two)" 4M 64k 0
        plain=$(disk_digest "$(image a two)")
        update a --remove two
        is_plain "$(image a two)"
        same "$(disk_digest "$(image a two)")" "$plain" "the disk that left"
        expect a replicating
        same "$(property b "$shop" Disks | cut -d ' ' -f 1)" 2 "the number of disks over there"
        disks="one three"
        write_all a 3M 5
        ctl a replicate "$shop"
        replica_shows b "$(digests a)" "the disks that stayed"
        disks=one
        replica_shows_point "$older" "$(head -n 1 <<< "$expected")"
        disks="one three"
        take_over_and_back
        disks="one two"
}

# replica_shows_point POINT DIGESTS
replica_shows_point()
{
        ctl b failover "$shop" --point="$1"
        same "$(digests b)" "$2" "point $1"
        ctl b revert-failover "$shop"
}

discard_all()
{
        local id
        for id in $(divergences "$1"); do
                ctl "$1" discard "$shop" "$id"
        done
}

# With another disk while the other side is the primary.
take_over_and_back()
{
        local expected
        discard_all b
        ctl a replicate "$shop"
        ctl b failover "$shop"
        ctl b commit-failover "$shop"
        write_all b 5M 6
        ctl a prepare "$shop"
        ctl b reverse "$shop"
        discard_all a
        disk_new "$WORK/b/images/four.qcow2" 8M
        disk_write "$WORK/b/images/four.qcow2" 1M 64k 7
        update b --add "four=$WORK/b/images/four.qcow2"
        expected=$(digests b)
        ctl a failover "$shop"
        same "$(digests a)" "$expected" "the former primary"
        same "$(disk_digest "$WORK/a/replicas/$shop/four.qcow2")" "$(disk_digest "$WORK/b/images/four.qcow2")" "the new disk at the former primary"
        ctl a revert-failover "$shop"
}

# add_in_vain NAME: the other side's part of the work dies when the new disk is about to cross.
add_in_vain()
{
        touch "$WORK/b/failpoints/receive.noted.kill"
        expect_failure update a --add "$1=$(image a "$1")"
        [ ! -e "$WORK/b/failpoints/receive.noted.kill" ] || fail "the update did not get to the transfer"
        expect a disk-update-critical
        wait_for 30 has_no_job b
}

has_no_job()
{
        [ "$(property "$1" "$shop" CurrentJob)" = / ] && [[ $(property "$1" "$shop" HealthIssues) != *recover* ]]
}

# A cycle that fails is tried again by the next one, or the update is called off.
a_failure()
{
        shop_open stuck
        new_disk three 3
        add_in_vain three
        expect_error 32775 InvalidState update a --remove two
        ctl a replicate "$shop"
        expect a replicating
        same "$(property b "$shop" Disks | cut -d ' ' -f 1)" 3 "the number of disks over there"
        expect_error 32775 InvalidState ctl a cancel-update "$shop"

        new_disk four 4
        add_in_vain four
        site_stop b
        ctl a cancel-update "$shop"
        expect a replicating
        is_plain "$(image a four)"
        site_start b
        ctl a replicate "$shop"
        same "$(property b "$shop" Disks | cut -d ' ' -f 1)" 3 "the number of disks over there"
        ctl a define four "four=$(image a four)"
}

expect_failure()
{
        ! "$@" > /dev/null 2>&1 || fail "expected a failure of: $*"
}

# The other side took over from before a disk came: it has to be taken out before the preparation.
a_disk_in_the_way()
{
        local lost
        shop_open late
        new_disk three 3
        add_in_vain three
        ctl b failover "$shop"
        expect_message "UpdateDiskSet" ctl a prepare "$shop"
        expect_failure ctl a replicate "$shop"
        expect a critical
        expect_error 32775 InvalidState update a --add "five=$(image a three)"
        lost=$(disk_digest "$(image a three)")
        update a --remove three
        same "$(disk_digest "$(image a three)")" "$lost" "the disk that left"
        is_plain "$(image a three)"
        ctl a prepare "$shop"
        ctl b commit-failover "$shop"
        ctl b reverse "$shop"
        expect b replicating
}

# Only some disks of a collection replicate.
some_disks()
{
        local left_out
        shop=some
        shop_define
        expect_error 32773 InvalidParameter ctl a create-relationship "$shop" --peer="$BUS2" IncludedDisks=one,three
        ctl a create-relationship "$shop" --peer="$BUS2" --primary-address="$BUS1" ReplicationInterval=86400 IncludedDisks=one
        left_out=$(disk_digest "$(image a two)")
        ctl a start "$shop"
        same "$(property b "$shop" Disks | cut -d ' ' -f 1)" 1 "the number of disks over there"
        expect_error 32775 InvalidState ctl a settings "$shop" IncludedDisks=one,two
        new_disk three 3
        update a --add "three=$(image a three)"
        same "$(property b "$shop" Disks | cut -d ' ' -f 1)" 2 "the number of disks over there"
        disks="one three"
        ctl b failover "$shop"
        same "$(digests b)" "$(digests a)" "what replicates"
        ctl b commit-failover "$shop"
        ctl a prepare "$shop"
        absent a
        same "$(disk_digest "$(image a two)")" "$left_out" "the disk that does not replicate"
        ctl b reverse "$shop"
        # shellcheck disable=SC2034 # shop.sh uses it
        disks="one two"
}

site_make a
site_make b
site_start a
site_start b
for story in ${STORIES:-before_a_relationship while_it_replicates a_failure a_disk_in_the_way some_disks}; do
        echo "$story ($SECONDS s)"
        $story
done
site_stop a
site_stop b
