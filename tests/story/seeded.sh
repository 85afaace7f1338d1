#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A replication starts from images that lie at the recovery side: only what differs crosses. Among them are the disks of a side that lost,
# the way out of two primaries that share nothing. A start that is cancelled leaves both sides ready; points of an earlier relationship
# are kept by the next.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/sites.sh"
. "$here/lib.sh"
. "$here/shop.sh"

seeds=$WORK/b/exports/seeds

relate()
{
        ctl a create-relationship "$shop" --peer="$BUS2" --primary-address="$BUS1" ReplicationInterval=86400 "$@"
}

# What replica_shows left at site b.
discard_all()
{
        local id
        for id in $(divergences b); do
                ctl b discard "$shop" "$id"
        done
}

# sent COMMAND...: bytes that the job says it sent.
sent()
{
        "$@" --json | sed -n 's/.*"BytesSent" *: *"\{0,1\}\([0-9]*\).*/\1/p' | tail -n 1
}

# started_with LIMIT: by seeds, and fewer bytes than that crossed.
started_with()
{
        local bytes
        bytes=$(sent ctl a start "$shop" --type=seeded)
        [ "${bytes:-$1}" -lt "$1" ] || fail "a seeded start sent '$bytes' bytes, not less than $1"
        expect a replicating
        expect b replicating
        [ "$(find "$WORK/b/replicas/$shop" -name '*.qcow2' | wc -l)" = 2 ] || fail "the seeds were not merged away"
        absent b
}

site_make a
site_make b
mkdir "$seeds"
site_start a
site_start b
shop=seeded
shop_define
write_all a 2M 5
cp "$(image a one)" "$seeds/one.qcow2"
qemu-img convert -f qcow2 -O raw "$(image a two)" "$seeds/two.img"
write_all a 4M 6

# Seeds that are none are refused before anything is sent.
relate
expect_message SeedDirectory ctl a start "$shop" --type=seeded
expect_error 32773 InvalidParameter ctl a start "$shop" --type=seeded
expect a ready
ctl a remove-relationship "$shop"
ctl b destroy "$shop"
relate SeedDirectory="$seeds"
mv "$seeds" "$seeds.away"
expect_error 32779 FileNotFound ctl a start "$shop" --type=seeded
mkdir "$seeds"
expect_error 32779 FileNotFound ctl a start "$shop" --type=seeded
qemu-img create -q -f qcow2 -b /etc/passwd -F raw "$seeds/one.qcow2" 8M
expect_error 32770 NotSupported ctl a start "$shop" --type=seeded
rm "$seeds/one.qcow2" && ln -s "$seeds.away/one.qcow2" "$seeds/one.qcow2"
expect_error 32773 InvalidParameter ctl a start "$shop" --type=seeded
rm -r "$seeds" && mv "$seeds.away" "$seeds"
expect a ready
expect b ready
[ -z "$(find "$WORK/b/replicas" -type f)" ] || fail "refused seeds left files"

started_with 200000
replica_shows b "$(digests a)" "the replica of a seeded start"
write_all a 6M 7
ctl a replicate "$shop"
replica_shows b "$(digests a)" "the cycle after a seeded start"

# Removed on one side only, then on both, and related again: the old points are kept.
ctl a replicate "$shop" # with a number above that of the failover, which was reverted
old=$(points b)
ctl a remove-relationship "$shop"
relate
write_all a 5M 8
ctl a start "$shop"
for point in $old; do
        points b | grep -q "$point" || fail "the point $point of the earlier relationship is gone"
done
replica_shows b "$(digests a)" "the replica of a second relationship"

# Two primaries that share nothing: the primary goes away unheard, the replica takes over, and both write. Site a shall win.
ctl a replicate "$shop"
site_stop b
ctl a remove-relationship "$shop"
site_start b
ctl b failover "$shop"
ctl b commit-failover "$shop"
write_all b 3M 9
write_all a 1M 10
discard_all
ctl b remove-relationship "$shop"
rm -r "$seeds" && mkdir "$seeds"
for disk in $disks; do
        mv "$(image b "$disk")" "$seeds/$disk.qcow2"
done
ctl b destroy "$shop"
relate SeedDirectory="$seeds"
started_with 800000
replica_shows b "$(digests a)" "the side that lost"

# What waits for an import, or was put off, is cancelled: ready on both sides, and any other start goes on.
ctl a remove-relationship "$shop"
discard_all
ctl b destroy "$shop"
relate SeedDirectory="$seeds"
mkdir "$WORK/a/exports/medium"
ctl a start "$shop" --type=export --directory="$WORK/a/exports/medium"
expect a initial-replication
ctl a cancel-initial "$shop"
expect a ready
expect b ready
ctl a cancel-initial "$shop"
ctl b cancel-initial "$shop"
rm "$seeds/two.qcow2" # goes whole
ctl a start "$shop" --type=seeded
replica_shows b "$(digests a)" "the replica of which one disk had no seed"
expect_error 32775 InvalidState ctl a cancel-initial "$shop"
site_stop a
site_stop b
