#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Test copies of a replica: beside the replication that goes on, at any point, through a failover and whatever follows it, and through
# deaths of those that make and delete them. Needs a build with failpoints.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/sites.sh"
. "$here/lib.sh"
. "$here/shop.sh"

# copy SITE DISK: where the test copy has it.
copy()
{
        echo "$WORK/$1/replicas/$shop-test/$2.qcow2"
}

copy_digests()
{
        local disk
        for disk in $disks; do
                disk_digest "$(copy "$1" "$disk")"
        done
}

# The copy is neither on the bus nor on the disk.
no_copy()
{
        ! ctl "$1" list | grep -q "^$shop-test " || fail "the test copy is still listed"
        [ ! -e "$WORK/$1/replicas/$shop-test" ] || fail "the test copy left $(find "$WORK/$1/replicas/$shop-test")"
}

# copy_property SITE NAME
copy_property()
{
        bus "$1" get-property org.example.CollectionReplication "$(collection_path "${shop}_2dtest")" \
                org.example.CollectionReplication.Collection "$2" | cut -d ' ' -f 2- | tr -d '"'
}

# What the guests of a test write is seen nowhere else, and what is replicated meanwhile is not seen by them.
beside_replication()
{
        local before byte answer
        shop_open tested RecoveryHistory=1
        before=$(digests a)
        answer=$(bus b call org.example.CollectionReplication /org/example/CollectionReplication org.example.CollectionReplication \
                TestReplicaCollection oo "$(collection_path "$shop")" /)
        [[ $answer == "oo \"$(collection_path "${shop}_2dtest")\" \"/org/example/CollectionReplication/job/"* ]] || fail "the answer: $answer"
        same "$(job_value b "$(cut -d '"' -f 4 <<< "$answer")")" 0 "the test failover"
        same "$(copy_property b State) $(copy_property b Role) $(copy_property b ReplicationMode) $(copy_property b ReplicationState)" \
                "test-failover test-replica 3 21" "state and role of the copy"
        expect b replicating
        [[ $(ctl b show "$shop-test") == *$(copy b one)* ]] || fail "the copy's disks are not shown"
        same "$(copy_digests b)" "$before" "the copy"
        expect_error 32775 InvalidState ctl b test "$shop"
        expect_message RevertTestReplicaCollection ctl b destroy "$shop"
        expect_error 32775 InvalidState ctl b destroy "$shop"
        expect_error 32775 InvalidState ctl b remove-relationship "$shop"
        expect_message RevertTestReplicaCollection ctl b destroy "$shop-test"
        expect_message RevertTestReplicaCollection ctl b failover "$shop-test"
        for disk in $disks; do
                disk_write "$(copy b "$disk")" 3M 64k 77
        done
        before=$(copy_digests b)
        for byte in 2 3 4 5; do
                write_all a ${byte}M $byte
                ctl a replicate "$shop"
        done
        same "$(points b | wc -l)" 3 "points: the latest, one before it, and the one that is tested"
        same "$(copy_digests b)" "$before" "the copy, four points later"
        replica_shows b "$(digests a)" "the replica beside its test"
        site_stop b
        site_start b
        same "$(copy_property b Role)" test-replica "the role of the copy after a restart"
        hold "$(copy b two)"
        expect_error 32774 InUse ctl b end-test "$shop"
        let_go
        ctl b end-test "$shop"
        no_copy b
        expect_error 32775 InvalidState ctl b end-test "$shop"
        write_all a 6M 6
        ctl a replicate "$shop"
        ctl b discard "$shop" "$(divergences b)"
        write_all a 7M 7
        ctl a replicate "$shop"
        same "$(points b | wc -l)" 2 "points when nothing holds the tested one any more"
        replica_shows b "$(digests a)" "the replica after its test"
}

# The copy stays on its point through a failover, its commit, a preparation and a reverse, and ends on the primary that its replica became.
through_a_failover()
{
        local before point
        shop_open through
        before=$(digests a)
        point=$(points b)
        write_all a 1M 2
        ctl a replicate "$shop"
        ctl b test "$shop" --point="$point"
        same "$(copy_digests b)" "$before" "the copy of the older point"
        ctl b failover "$shop"
        same "$(digests b)" "$(digests a)" "what was taken over"
        write_all b 2M 3
        ctl b commit-failover "$shop"
        ctl a prepare "$shop"
        ctl b reverse "$shop"
        write_all b 3M 4
        ctl b replicate "$shop"
        same "$(copy_digests b)" "$before" "the copy after the reverse"
        ctl a test "$shop"
        same "$(copy_digests a)" "$(digests b)" "a copy at the other side"
        expect_error 32775 InvalidState ctl b test "$shop"
        rm "$(copy b one)"
        ctl b end-test "$shop"
        no_copy b
        ctl a end-test "$shop"
        no_copy a
        replica_shows a "$(digests b)" "the replica"
}

# A tested point that a divergence holds outlives the divergence's end.
on_a_divergence()
{
        local before newest kept
        shop_open aside
        write_all a 1M 2
        kept=$(digests a)
        touch "$WORK/a/failpoints/send.begun.kill"
        ! ctl a replicate "$shop" || fail "a cycle whose worker died"
        newest=$(comm -23 <(points a | sort) <(points b | sort))
        wait_for 30 is_idle b
        ctl b failover "$shop"
        write_all b 2M 3
        ctl b commit-failover "$shop"
        ctl a prepare "$shop"
        before=$(digests b)
        ctl a test "$shop" --point="$newest"
        ctl b reverse "$shop"
        ctl a discard "$shop" "$(divergences a)"
        same "$(copy_digests a)" "$kept" "the copy of a point of a divergence that was discarded"
        ctl a end-test "$shop"
        replica_shows a "$before" "the replica"
}

is_idle()
{
        [ "$(property "$1" "$shop" CurrentJob)" = / ]
}

refusals()
{
        local point
        shop_open refused
        point=$(points b)
        expect_error 32775 InvalidState ctl a test "$shop"
        expect_error 32775 InvalidState ctl b end-test "$shop"
        disk_new "$WORK/b/images/taken.qcow2" 1M
        ctl b define "$shop-test" "one=$WORK/b/images/taken.qcow2"
        expect_error 32773 InvalidParameter ctl b test "$shop"
        ctl b destroy "$shop-test"
        mkdir "$WORK/b/replicas/$shop-test"
        touch "$(copy b two)"
        expect_error 32775 InvalidState ctl b test "$shop"
        rm "$(copy b two)"
        expect_error 32779 FileNotFound bus b call org.example.CollectionReplication /org/example/CollectionReplication \
                org.example.CollectionReplication TestReplicaCollection oo "$(collection_path "$shop")" "$(collection_path "$shop")/point/0123456789abcdef0123456789abcdef"
        ctl b test "$shop" --point="$point"
        ctl b end-test "$shop"
        no_copy b
}

# Whoever makes or deletes a copy may die at any step: afterwards there is a copy or none, and both ends well.
deaths()
{
        local point
        shop_open deaths
        for point in test-failover.noted test-failover.created redo.intent test-failover.step-done redo.steps-done; do
                touch "$WORK/b/failpoints/$point.kill"
                ctl b test "$shop" || true # a recovery may have ended it well
                [ ! -e "$WORK/b/failpoints/$point.kill" ] || fail "nobody came to $point"
                wait_for 30 is_settled
                if ctl b list | grep -q "^$shop-test "; then
                        same "$(copy_digests b)" "$(digests a)" "the copy whose maker died at $point"
                        ctl b end-test "$shop"
                fi
                [ -z "$(find "$WORK/b/replicas/$shop-test" -type f 2> /dev/null)" ] || fail "a death at $point left files"
        done
        for point in redo.intent revert-test-failover.step-done redo.steps-done; do
                ctl b test "$shop"
                touch "$WORK/b/failpoints/$point.kill"
                ctl b end-test "$shop" || true
                [ ! -e "$WORK/b/failpoints/$point.kill" ] || fail "nobody came to $point"
                wait_for 30 is_settled
                [ -z "$(find "$WORK/b/replicas/$shop-test" -type f 2> /dev/null)" ] || fail "a death at $point left files"
        done
        ctl b test "$shop"
        ctl b end-test "$shop"
        no_copy b
}

is_settled()
{
        [ "$(property b "$shop" CurrentJob)" = / ] && [[ $(property b "$shop" HealthIssues) != *interrupted* ]]
}

site_make a
site_make b
site_start a
site_start b
for story in ${STORIES:-beside_replication through_a_failover on_a_divergence refusals deaths}; do
        echo "$story ($SECONDS s)"
        $story
done
site_stop a
site_stop b
