#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The second act, which ./demo --all tells: what else there is to a life. Runs inside tests/bus/private-bus.sh --buses=2.
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
WORK=$PRIVATE_BUS_DIR
. "$top/tests/story/sites.sh"
. "$top/tools/demo-lib.sh"

# same WHAT EXPECTED FOUND
same()
{
        echo "  $1: $2"
        [ "$2" = "$3" ] || { echo "  but found: $3" && exit 1; }
}

contents()
{
        echo "$(digest "$(image "$1" system)") $(digest "$(image "$1" orders)")"
}

points()
{
        ctl "$1" --json points shop | sed -n 's/.*"Id" *: *"\([0-9a-f]*\)".*/\1/p'
}

divergence()
{
        ctl "$1" --json divergences shop | result Id
}

chapter "Second act. The same shop, replicated from site A to site B."
site_make a
site_make b
site_start a
site_start b
mkdir "$WORK/files"
cp -r "$top/core" "$top/README.md" "$WORK/files/"
make_disk system 64M
make_disk orders 128M
on a orders put_orders orders 1 5 "site A"
ctl a define shop "system=$(image a system)" "orders=$(image a orders)" > /dev/null
ctl a create-relationship shop --peer="$BUS2" --primary-address="$BUS1" RecoveryHistory=12 > /dev/null
run collectionctl --address="$BUS1" start shop
morning=$(points b)
morning_contents=$(contents a)
on a orders put_orders orders 6 10 "site A"
run collectionctl --address="$BUS1" replicate shop

chapter "10. Maintenance at site A: a planned failover. The machines are off; the last writes travel first, and nothing is lost."
on a orders put_orders orders 11 12 "site A, just before the maintenance"
expected=$(contents a)
run collectionctl --address="$BUS1" failover --planned shop
run collectionctl --address="$BUS2" failover shop
run collectionctl --address="$BUS2" commit-failover shop
same "site B has what site A had, bit for bit" "$expected" "$(contents b)"
run collectionctl --address="$BUS1" prepare shop
run collectionctl --address="$BUS2" reverse shop
echo "  divergences at site A: $(divergence a | wc -w)"

chapter "11. And back, the same way."
on b orders put_orders orders 13 14 "site B"
expected=$(contents b)
run collectionctl --address="$BUS2" failover --planned shop
run collectionctl --address="$BUS1" failover shop
run collectionctl --address="$BUS1" commit-failover shop
run collectionctl --address="$BUS2" prepare shop
run collectionctl --address="$BUS1" reverse shop
same "site A has what site B had" "$expected" "$(contents a)"

chapter "12. Would site B come up? A test failover: a copy beside the replica, for machines on a network of their own."
run collectionctl --address="$BUS2" test shop
echo "  orders in the test copy: $(orders "$WORK/b/replicas/shop-test/orders.qcow2")"
qemu-io -f qcow2 -c "write -q -P 9 0 64k" "$WORK/b/replicas/shop-test/system.qcow2"
echo "  (the test wrote over the beginning of its system disk; replication goes on beside it)"
on a orders put_orders orders 15 15 "site A, during the test"
run collectionctl --address="$BUS1" replicate shop
run collectionctl --address="$BUS2" end-test shop

chapter "13. Somebody deleted orders, and that was replicated. Site B still has this morning."
on a orders debugfs -w -R "rm order-1" "$WORK/machine-orders" > /dev/null 2>&1
ctl a replicate shop > /dev/null
run collectionctl --address="$BUS2" points shop
run collectionctl --address="$BUS2" failover shop --point="$morning"
same "site B shows this morning" "$morning_contents" "$(contents b)"
echo "  order-1 there: $(with_image "$(image b orders)" cat order-1)"
echo "  It was only a look: back to where we were."
run collectionctl --address="$BUS2" revert-failover shop
run collectionctl --address="$BUS2" discard shop "$(divergence b)"
run collectionctl --address="$BUS1" replicate shop

chapter "14. Do both sites really agree? Seven bytes rot on site B's disk: found by digests, mended by sending what differs."
layer=$(find "$WORK/b/replicas/shop/.collection-replication" -name 'system-*.qcow2' -printf '%s %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2)
qemu-io -f qcow2 -c "write -q -P 99 1048707 7" "$layer"
run collectionctl --address="$BUS1" verify shop
run collectionctl --address="$BUS1" resync shop
run collectionctl --address="$BUS1" verify shop

chapter "15. A big disk and a thin line: an old backup of it lies at site B already. Only what differs crosses."
qemu-img create -q -f qcow2 "$WORK/a/images/archive.qcow2" 256M
qemu-io -f qcow2 -c "write -q -P 5 0 128M" "$WORK/a/images/archive.qcow2"
mkdir "$WORK/b/exports/backup"
cp "$WORK/a/images/archive.qcow2" "$WORK/b/exports/backup/"
qemu-io -f qcow2 -c "write -q -P 6 64M 1M" "$WORK/a/images/archive.qcow2"
ctl a define archive "archive=$WORK/a/images/archive.qcow2" > /dev/null
run collectionctl --address="$BUS1" create-relationship archive --peer="$BUS2" --primary-address="$BUS1" \
        SeedDirectory="$WORK/b/exports/backup"
run collectionctl --address="$BUS1" start archive --type=seeded

chapter "16. At the end: the contents of both sites, by a failover."
expected=$(contents a)
run collectionctl --address="$BUS2" failover shop
same "both sites have" "$expected" "$(contents b)"
run collectionctl --address="$BUS2" revert-failover shop
run collectionctl --address="$BUS1" replicate shop
run collectionctl --address="$BUS1" list
site_stop a
site_stop b
printf '\n%sDone.%s Everything was made in a temporary folder and is gone.\n' "$bold" "$plain"
