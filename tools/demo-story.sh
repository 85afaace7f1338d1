#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The story that ./demo tells. Runs inside tests/bus/private-bus.sh --buses=2.
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
WORK=$PRIVATE_BUS_DIR
. "$top/tests/story/sites.sh"
. "$top/tools/demo-lib.sh"

chapter "Two sites. Site A runs the shop: a disk with the system, a disk with the orders; real ext4 file systems with real files."
site_make a
site_make b
site_start a
site_start b
mkdir "$WORK/files"
cp -r "$top/core" "$top/README.md" "$WORK/files/"
make_disk system 256M
make_disk orders 1G
on a orders put_orders orders 1 20 "site A"
run ls -sh "$WORK/a/images"

chapter "1. Group the disks, point to the other site, replicate."
run collectionctl --address="$BUS1" define shop "system=$(image a system)" "orders=$(image a orders)"
run collectionctl --address="$BUS1" create-relationship shop --peer="$BUS2" --primary-address="$BUS1"
run collectionctl --address="$BUS1" start shop
on a orders put_orders orders 21 25 "site A"
echo "  (five more orders were written)"
run collectionctl --address="$BUS1" replicate shop

chapter "2. Site A crashes while it writes: its machine is killed (kill -9) in the middle. Orders 26... never reached site B."
machine_start a orders
put_orders orders 26 30 "site A, never replicated"
(while put_orders orders 31 1000 "site A, in the crash"; do :; done) 2> /dev/null &
writer=$!
sleep 0.3
kill -9 "$machine"
{ kill "$writer" && wait "$writer" "$machine"; } 2> /dev/null || true
fusermount -u "$WORK/machine-orders" 2> /dev/null || umount -l "$WORK/machine-orders" 2> /dev/null || true
site_kill a
echo "  site A is gone, its daemon too"
lost=$(digest "$(image a orders)")

chapter "3. Site B takes over, and its customers order on."
run collectionctl --address="$BUS2" failover shop
run collectionctl --address="$BUS2" commit-failover shop
on b orders put_orders orders 101 110 "site B"
echo "  orders at site B: $(orders "$(image b orders)")"

chapter "4. Site A comes back, with writes that site B has never seen. What would a preparation for the reverse direction do?"
site_start a
run collectionctl --address="$BUS1" preview shop

chapter "5. Prepare site A for reverse replication, over D-Bus as any program would. No data is copied."
run busctl --address="$BUS1" call org.example.CollectionReplication /org/example/CollectionReplication \
        org.example.CollectionReplication PrepareForReverseReplication o "$(collection_path shop)"
job=$(ctl a --json jobs | sed -n 's/.*"\(\/org[^"]*job[^"]*\)".*/\1/p' | tail -n 1)
run busctl --address="$BUS1" --timeout=infinity call org.example.CollectionReplication "$job" org.example.CollectionReplication.Job Wait
run collectionctl --address="$BUS1" show shop

chapter "6. Reverse: only the blocks that changed travel back to site A."
run collectionctl --address="$BUS2" reverse shop

chapter "7. What site A had written in its last moments was set aside. Here it is."
divergence=$(ctl a --json divergences shop | result Id)
run collectionctl --address="$BUS1" divergences shop
run collectionctl --address="$BUS1" export shop "$divergence" "$WORK/a/exports"
echo "  orders in the exported divergence: $(orders "$WORK/a/exports/orders.qcow2" | cut -c 1-230)..."
echo "  order-26 there: $(with_image "$WORK/a/exports/orders.qcow2" cat order-26)"
[ "$(digest "$WORK/a/exports/orders.qcow2")" = "$lost" ]
echo "  the export is the crashed disk, bit for bit ($lost)"

chapter "8. Fail back: the same the other way round."
on b orders put_orders orders 111 115 "site B"
run collectionctl --address="$BUS2" replicate shop
expected="$(digest "$(image b system)") $(digest "$(image b orders)")"
run collectionctl --address="$BUS1" failover shop
run collectionctl --address="$BUS1" commit-failover shop
run collectionctl --address="$BUS2" prepare shop
run collectionctl --address="$BUS1" reverse shop

chapter "9. At the end: site A runs the shop again, site B follows, and the contents are the same."
found="$(digest "$(image a system)") $(digest "$(image a orders)")"
echo "  site B had $expected"
echo "  site A has $found"
[ "$expected" = "$found" ]
echo "  orders at site A: $(orders "$(image a orders)")"
run collectionctl --address="$BUS1" list
site_stop a
site_stop b
printf '\n%sDone.%s Everything was made in a temporary folder and is gone; the build is in build-demo/.\n' "$bold" "$plain"
