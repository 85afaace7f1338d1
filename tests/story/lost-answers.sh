#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The other side did it and the caller never heard; and what a site must not believe: an old copy of the other side, its own double, and
# files that are not what they were.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/sites.sh"
. "$here/lib.sh"
. "$here/shop.sh"

# dies_at SITE FAILPOINT COMMAND...: the process of the site that gets there dies there, and the command fails for it.
dies_at()
{
        local site=$1 order=$WORK/$1/failpoints/$2.kill
        shift 2
        touch "$order"
        if "$@" > "$WORK/output" 2>&1; then
                fail "done, although $site died at $order: $*"
        fi
        [ ! -e "$order" ] || fail "$order was never reached: $(cat "$WORK/output")"
}

# service_dies_at SITE FAILPOINT COMMAND...: it is the service that dies; it is started again.
service_dies_at()
{
        dies_at "$@"
        wait_for 20 is_dead "$1"
        site_stop "$1"
        site_start "$1"
        wait_for 30 is_free "$1"
}

is_dead()
{
        ! kill -0 "${site_pid[$1]}" 2> /dev/null
}

# No recovery under way, and no job.
is_free()
{
        ! ctl "$1" list | grep -q "^$shop " || [[ $(property "$1" "$shop" HealthIssues) != *recovery* && $(property "$1" "$shop" CurrentJob) == / ]]
}

# Each answer of a life, lost once.
every_answer()
{
        local lost kept
        shop=answers
        shop_define
        service_dies_at b peer.establish.before-reply \
                ctl a create-relationship "$shop" --peer="$BUS2" --primary-address="$BUS1" ReplicationInterval=86400
        ctl a create-relationship "$shop" --peer="$BUS2" --primary-address="$BUS1" ReplicationInterval=86400
        service_dies_at b peer.begin-receive.before-reply ctl a start "$shop"
        ctl a start "$shop"
        write_all a 1M 2
        service_dies_at b peer.begin-receive.before-reply ctl a replicate "$shop"
        ctl a replicate "$shop"
        write_all a 2M 3
        service_dies_at b peer.seal.before-reply ctl a replicate "$shop"
        ctl a replicate "$shop"
        write_all a 3M 4
        dies_at b receive.sealed ctl a replicate "$shop"
        wait_for 30 is_free b
        ctl a replicate "$shop"
        write_all a 4M 5
        dies_at a send.sealed ctl a replicate "$shop"
        wait_for 30 is_free a
        ctl a replicate "$shop"
        replica_shows b "$(digests a)" "the replica"

        write_all a 5M 6
        lost=$(digests a)
        ctl b failover "$shop"
        write_all b 6M 7
        ctl b commit-failover "$shop"
        service_dies_at b peer.register.before-reply ctl a prepare "$shop"
        expect a replicating
        same "$(digests a)" "$lost" "the disks after a preparation that did not hear the answer"
        expect_error 32775 InvalidState ctl b reverse "$shop"
        dies_at a prepare.registered ctl a prepare "$shop"
        wait_for 30 is_free a
        same "$(digests a)" "$lost" "the disks after a preparation that died"
        ctl a prepare "$shop"
        kept=$(digests b)
        service_dies_at a peer.begin-receive.before-reply ctl b reverse "$shop"
        service_dies_at a peer.seal.before-reply ctl b reverse "$shop"
        expect b committed
        if [ "$(state a)" = prepared-for-reverse-replication ]; then
                dies_at a receive.sealed ctl b reverse "$shop"
                wait_for 30 is_free a
        fi
        expect a replicating
        expect b committed
        dies_at b reverse.sealed ctl b reverse "$shop"
        wait_for 30 is_free b
        ctl b reverse "$shop"
        expect b replicating
        same "$(digests b)" "$kept" "the side that took over"
        same "$(exported a "$(divergences a)")" "$lost" "what the former primary had written"
        replica_shows a "$kept" "the former primary"
        ctl a discard "$shop" "$(divergences a | head -n 1)"
        ctl a discard "$shop" "$(divergences a)"
        ctl b replicate "$shop"
        ctl b discard "$shop" "$(divergences b)"
        service_dies_at_dissolve "$kept"
}

# That the other side can't answer does not stop a removal: it is told to remove its half, too.
service_dies_at_dissolve()
{
        touch "$WORK/a/failpoints/peer.dissolve.before-reply.kill"
        ctl b remove-relationship "$shop"
        site_stop a
        site_start a
        same "$(digests b)" "$1" "the disks without a relationship"
        same "$(property b "$shop" Role)" none "the role without a relationship"
        expect_error 32775 InvalidState ctl a failover "$shop"
        ctl a destroy "$shop"
        ctl b destroy "$shop"
}

# A site that was restored from an old copy of its state contradicts what is known of it.
old_copy()
{
        local kept
        shop_open restored
        site_stop b
        cp -a "$WORK/b/state" "$WORK/b/old"
        site_start b
        write_all a 1M 2
        ctl a replicate "$shop"
        kept=$(digests a)
        site_stop b
        mv "$WORK/b/state" "$WORK/b/new"
        cp -a "$WORK/b/old" "$WORK/b/state"
        site_start b
        expect_error 32771 StatusUnknown ctl a replicate "$shop"
        same "$(digests a)" "$kept" "the primary's disks"
        expect a replicating 1
        site_stop b
        rm -rf "$WORK/b/state" "$WORK/b/old"
        mv "$WORK/b/new" "$WORK/b/state"
        site_start b
        ctl a replicate "$shop"
        replica_shows b "$kept" "the replica"
}

# A site that is a copy of this one has its host id.
double()
{
        shop_open double
        site_stop a
        site_stop b
        mv "$WORK/b/state" "$WORK/b/new"
        cp -a "$WORK/a/state" "$WORK/b/state"
        site_start a
        site_start b
        expect_error 32771 StatusUnknown ctl a replicate "$shop"
        expect_message "host id" ctl a replicate "$shop"
        expect a replicating 1
        site_stop b
        rm -rf "$WORK/b/state"
        mv "$WORK/b/new" "$WORK/b/state"
        site_start b
        ctl a replicate "$shop"
        replica_shows b "$(digests a)" "the replica"
}

# A stranger's file where a head would be placed stays what it is, and nothing is half done.
strangers_file()
{
        local file
        shop_open stranger
        file=$(image b two)
        echo "a stranger's" > "$file"
        expect_error 32775 InvalidState ctl b failover "$shop"
        expect_message "$file" ctl b failover "$shop"
        same "$(cat "$file")" "a stranger's" "the stranger's file"
        [ ! -e "$(image b one)" ] || fail "the other disk has a head"
        expect b replicating 1
        rm "$file"

        ctl b failover "$shop"
        ctl a prepare "$shop"
        file=$(image a two)
        echo "a stranger's" > "$file"
        expect_error 32775 InvalidState ctl a undo-prepare "$shop"
        expect_message "$file" ctl a undo-prepare "$shop"
        same "$(cat "$file")" "a stranger's" "the stranger's file"
        [ ! -e "$(image a one)" ] || fail "the other disk has a head"
        rm "$file"
        ctl a undo-prepare "$shop"
        expect a replicating 1
}

# replace FILE: by another one with the same contents; put_back FILE.
replace()
{
        mv "$1" "$1.kept"
        cp "$1.kept" "$1"
}

put_back()
{
        mv "$1.kept" "$1"
}

# An image that is another file than the one on record is not trusted: neither a head nor a layer.
replaced_files()
{
        local replaced
        shop_open replaced
        replaced=$(image a two)
        replace "$replaced"
        expect_error 32779 FileNotFound ctl a replicate "$shop"
        expect_message "$replaced" ctl a replicate "$shop"
        expect a replicating 1
        put_back "$replaced"
        write_all a 1M 2
        ctl a replicate "$shop"
        mapfile -t layers < <(find "$WORK/b/replicas/$shop" -name '*.qcow2')
        for replaced in "${layers[@]}"; do
                replace "$replaced"
        done
        expect_error 32779 FileNotFound ctl b failover "$shop"
        expect_error 32779 FileNotFound ctl a replicate "$shop"
        absent b
        expect b replicating 1
        for replaced in "${layers[@]}"; do
                put_back "$replaced"
        done
        ctl a replicate "$shop"
        replica_shows b "$(digests a)" "the replica"
}

site_make a
site_make b
site_start a
site_start b
for story in ${STORIES:-every_answer old_copy double strangers_file replaced_files}; do
        echo "$story ($SECONDS s)"
        $story
done
site_stop a
site_stop b
