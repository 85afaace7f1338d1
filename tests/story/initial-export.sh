#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A replica gets its first point by a medium: exported at the primary, carried over, imported; then cycles go on from there. A medium that
# is damaged, of something else, or hostile is refused and leaves nothing; an import and a start that are cancelled leave nothing either.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/sites.sh"
. "$here/lib.sh"
. "$here/shop.sh"

medium=$WORK/a/exports/medium
arrived=$WORK/b/exports/medium

# carry [NAME]: brings the medium to the recovery site, as it was exported.
carry()
{
        rm -rf "$arrived"
        cp -r "$medium" "$arrived"
}

import()
{
        ctl b import "$shop" "$arrived"
}

# refused VALUE WORD: the import is, and leaves nothing.
refused()
{
        expect_error "$1" "$2" import
        same "$(points b)" "" "the replica's points after a refused import"
        [ -z "$(find "$WORK/b/replicas" -type f)" ] || fail "a refused import left files"
        carry
}

# manifest SCRIPT: changes what the carried manifest says.
manifest()
{
        sed -i "$1" "$arrived/collection-replication.json"
}

site_make a
site_make b
site_start a
site_start b
shop=medium
shop_define
ctl a create-relationship "$shop" --peer="$BUS2" --primary-address="$BUS1" ReplicationInterval=86400

# Where to: a folder that is there, inside the configured ones, with nothing of these names in it.
expect_error 32773 InvalidParameter ctl a start "$shop" --type=export
expect_error 32773 InvalidParameter ctl a start "$shop" --directory="$medium"
expect_error 32773 InvalidParameter ctl a start "$shop" --type=export --directory="$WORK/a/images"
expect_error 32779 FileNotFound ctl a start "$shop" --type=export --directory="$medium"
mkdir "$medium"
touch "$medium/two.qcow2"
expect_error 32773 InvalidParameter ctl a start "$shop" --type=export --directory="$medium"
[ ! -s "$medium/two.qcow2" ] || fail "an export overwrote a file"
rm "$medium/two.qcow2"
expect a ready
expect_error 32775 InvalidState ctl a import "$shop" "$medium"

ctl a start "$shop" --type=export --directory="$medium"
expect a initial-replication
expect b ready
same "$(find "$medium" -type f -printf '%f\n' | sort | tr '\n' ' ')" "collection-replication.json one.qcow2 two.qcow2 " "what was exported"
exported=$(digests a)
write_all a 1M 2
expect_message ImportInitialReplication ctl a replicate "$shop"
expect_error 32775 InvalidState ctl a replicate "$shop"

# Media that are not what they should be.
carry
expect_error 32779 FileNotFound ctl b import "$shop" "$WORK/b/exports/nothing"
expect_error 32773 InvalidParameter ctl b import "$shop" "$WORK/b/images"
rm "$arrived/collection-replication.json"
refused 32779 FileNotFound
rm "$arrived/one.qcow2"
refused 32779 FileNotFound
rm "$arrived/one.qcow2" && ln -s two.qcow2 "$arrived/one.qcow2"
refused 32773 InvalidParameter
rm "$arrived/one.qcow2" && mkfifo "$arrived/one.qcow2"
refused 32773 InvalidParameter
head -c 1M /dev/zero > "$arrived/collection-replication.json"
refused 32773 InvalidParameter
head -c 100k /dev/zero | tr '\0' '[' > "$arrived/collection-replication.json"
refused 32773 InvalidParameter
manifest 's/"format" : 1/"format" : 2/'
refused 32770 NotSupported
manifest 's/"collection" : "./"collection" : "f/; s/"collection" : "f\(.\)/"collection" : "\1f/'
refused 32773 InvalidParameter
manifest 's/"name" : "two"/"name" : "..\/two"/'
refused 32773 InvalidParameter
manifest 's/"size" : "8388608"/"size" : "16777216"/'
refused 32773 InvalidParameter
manifest 's/"digest" : "\(.*\)"/"digest" : "00000000000000000000000000000001"/'
refused 32768 Failed
disk_write "$arrived/two.qcow2" 2M 64k 66
refused 32768 Failed
qemu-img rebase -q -u -b /etc/passwd -F raw "$arrived/two.qcow2"
refused 32770 NotSupported
qemu-img convert -f qcow2 -O raw "$medium/two.qcow2" "$arrived/two.qcow2"
refused 32770 NotSupported

# The real one.
import
expect b replicating
same "$(points b)" "$(points a)" "the imported point"
absent b
replica_shows b "$exported" "what was imported"
import # listed already: completed with no error
expect_message "holds its point" ctl a start "$shop" --type=export --directory="$medium"
ctl a replicate "$shop"
expect a replicating
replica_shows b "$(digests a)" "the cycle after the import"
expect_error 32775 InvalidState ctl a start "$shop" --type=export --directory="$medium"

# A medium of former times is no way back.
write_all a 2M 3
ctl a replicate "$shop"
expect_error 32775 InvalidState ctl a import "$shop" "$medium"
site_stop a
site_stop b
