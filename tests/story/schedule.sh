#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the service does by itself: a cycle when its interval is over, also after a restart; starts that were put off; suspensions, which stop all of
# it; what it counts and says of its health; divergences that expire. One cycle waits for a real interval, the shortest there is, and everything that
# needs no time happens meanwhile. For the rest a second of the schedule is made shorter.
set -eu
here=$(dirname "$(readlink -f "$0")")
WORK=$PRIVATE_BUS_DIR
. "$here/sites.sh"
. "$here/lib.sh"
. "$here/shop.sh"
manager="org.example.CollectionReplication /org/example/CollectionReplication org.example.CollectionReplication"

# next, last: of the cycles of $shop at site a, microseconds.
next()
{
        property a "$shop" NextReplicationTime
}

last()
{
        property a "$shop" LastReplicationTime
}

has_cycled_since()
{
        [ "$(last)" -gt "$1" ]
}

# start_at SECONDS: a start of $shop, that many seconds from now; prints the answer.
start_at()
{
        # shellcheck disable=SC2086
        bus a call $manager StartReplication oqst "$(collection_path "$shop")" 1 "" $((($(date +%s) + $1) * 1000000)) | cut -d '"' -f 2
}

# statistic NAME: of $shop at site a.
statistic()
{
        # shellcheck disable=SC2086
        bus a --json=short call $manager GetReplicationStatistics o "$(collection_path "$shop")" | grep -o "\"$1\":{[^}]*}" | grep -o '[0-9]*}' | tr -d '}'
}

is_at_least()
{
        [ "$(statistic "$1")" -ge "$2" ]
}

has_issue()
{
        [[ $(property a "$shop" HealthIssues) == *"$1"* ]]
}

has_health()
{
        [ "$(property a "$shop" ReplicationHealth)" = "$1" ]
}

is_stopped()
{
        ps -eo stat=,comm= | grep -q '^T.*collection-repl'
}

let_go_on()
{
        ps -eo pid=,stat=,comm= | awk '$2 ~ /^T/ && $3 ~ /^collection-repl/ {print $1}' | xargs -r kill -CONT
}

is_state()
{
        [ "$(state "$1")" = "$2" ]
}

# execute SITE SQL: in its store.
execute()
{
        python3 -c 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()' "$WORK/$1/state/store.sqlite" "$2"
}

site_make a
site_make b
site_start a
site_start b

echo "--- a cycle is due an interval after the last, earlier by a part of it, also after a restart"
shop_open shop
ctl a settings shop ReplicationInterval=30
begun=$(last)
due=$(next)
[ "$due" -ge $((begun + 27000000)) ] && [ "$due" -le $((begun + 30000000)) ] || fail "the cycle after $begun is due at $due"
site_stop a
site_start a
same "$(next)" "$due" "when the cycle is due after a restart"
write_all a 1M 3

echo "--- meanwhile: a start that was put off, and withdrawn"
shop=later
shop_define
ctl a create-relationship later --peer="$BUS2" --primary-address="$BUS1" ReplicationInterval=86400
same "$(start_at 3600)" / "the answer to a start in the future"
[ "$(property a later ScheduledTime)" -gt $(($(date +%s) * 1000000)) ] || fail "no start is shown"
same "$(state a)" ready "the state of a collection whose start was put off"
ctl a cancel-initial later
same "$(property a later ScheduledTime)" 0 "the start that was withdrawn"
ctl a cancel-initial later
# shellcheck disable=SC2086
expect_error 32773 InvalidParameter bus a call $manager StartReplication oqst "$(collection_path later)" 1 "" 18446744073709551615

echo "--- a start that was put off comes, also after a restart"
same "$(start_at 3)" / "the answer to a start in the future"
site_stop a
site_start a
[ "$(property a later ScheduledTime)" -gt 0 ] || fail "the restart forgot a start"
wait_for 60 is_state a replicating
same "$(property a later ScheduledTime)" 0 "the start that has come"

echo "--- suspended: no cycle here, nothing is received there; a restart changes nothing of it"
ctl a suspend later
expect a suspended
same "$(next)" 0 "the next cycle of a suspended collection"
ctl a suspend later
site_stop a
site_start a
expect a suspended
expect_error 32775 InvalidState ctl a replicate later
has_health 2 && has_issue suspended || fail "the health of a suspended collection"
ctl a resume later
expect a replicating
[ "$(next)" -gt 0 ] || fail "a resumed collection has no next cycle"
ctl b suspend later
expect b suspended
before=$(points a)
expect_error 32775 InvalidState ctl a replicate later
same "$(points a)" "$before" "the points after a cycle that the suspended replica refused"
ctl b resume later
ctl a replicate later

echo "--- a suspension ends what replicates"
write_all a 2M 4
touch "$WORK/a/failpoints/send.begun.stop"
path=$(job a ReplicateNow)
wait_for 30 is_stopped
rm -f "$WORK/a/failpoints/send.begun.stop"
ctl a suspend later
same "$(job_value a "$path")" 32768 "the end of the transfer"
[[ $(job_property a "$path" ErrorName) == *.Cancelled ]] || fail "the transfer was not cancelled"
expect a suspended

echo "--- prepared while suspended; the undo goes back to that"
before=$(digests a)
ctl b failover later
ctl a prepare later
expect a prepared-for-reverse-replication
ctl a undo-prepare later
expect a suspended
same "$(digests a)" "$before" "what was put back"
ctl b revert-failover later
ctl a resume later
ctl a replicate later

echo "--- the cycle has come"
shop=shop
wait_for 90 has_cycled_since "$begun"
is_at_least ReplicationSuccessCount 1 || fail "no cycle was counted"
[ "$(next)" -gt "$due" ] || fail "no further cycle is due"
path=$(ctl a --json jobs | grep -o '/org[^"]*job/_[0-9]*' | tail -n 1)
same "$(job_property a "$path" Operation) $(job_property a "$path" Owner)" "ReplicateNow 0" "the last job"
before=$(digests a)
ctl a settings shop ReplicationInterval=86400
replica_shows b "$before" "what the cycle brought over"
ctl a replicate shop

echo "--- cycles do not pile up: those that are due while one runs were missed"
site_stop a
export COLLECTION_REPLICATION_SECOND=50000
site_start a
ctl a reset-statistics shop
same "$(statistic ReplicationSuccessCount) $(statistic ReplicationMissCount)" "0 0" "statistics that were reset"
touch "$WORK/a/failpoints/send.begun.stop"
write_all a 3M 5
ctl a settings shop ReplicationInterval=30
wait_for 60 is_stopped
rm -f "$WORK/a/failpoints/send.begun.stop"
wait_for 60 is_at_least ReplicationMissCount 3
wait_for 10 has_issue missed-cycles
has_health 3 || fail "missed cycles are not critical"
let_go_on
wait_for 60 is_at_least ReplicationSuccessCount 1
wait_for 60 has_health 1

echo "--- a cycle that fails is tried again when the next is due, and is told of"
site_stop b
wait_for 60 is_at_least NetworkFailureCount 2
wait_for 60 has_issue nothing-replicated
has_issue last-error || fail "the failed cycle is not told of"
failures=$(statistic NetworkFailureCount)
site_stop a
site_start a
is_at_least NetworkFailureCount "$failures" || fail "the restart forgot statistics"
site_start b
wait_for 60 has_health 1

echo "--- a divergence expires"
ctl a suspend shop
ctl b failover shop
ctl b revert-failover shop
is_expired()
{
        [ -z "$(divergences b)" ]
}
! is_expired || fail "no divergence was kept"
site_stop b
execute b "UPDATE divergences SET expires = $((($(date +%s) + 1) * 1000000)) WHERE collection = (SELECT id FROM collections WHERE name = 'shop')"
site_start b
wait_for 60 is_expired

echo "--- a resynchronization begins by itself within its time of the day, a suspended one when it is resumed"
ctl a settings shop AutoResynchronizeIntervalStart=00:00 AutoResynchronizeIntervalEnd=00:00
site_stop a
execute a "UPDATE collections SET state = 'waiting-to-resynchronize', needs_resynchronize = 1 WHERE name = 'shop'"
site_start a
wait_for 60 is_state a replicating
ctl a suspend shop
site_stop a
execute a "UPDATE collections SET state = 'resynchronization-suspended', needs_resynchronize = 1 WHERE name = 'shop'"
site_start a
ctl a settings shop AutoResynchronizeEnabled=false
has_issue resynchronize || fail "nobody is told to resynchronize"
ctl a resume shop
wait_for 60 is_state a replicating
! has_issue resynchronize || fail "the resynchronization left something to resynchronize"
ctl a settings shop ReplicationInterval=86400
shop=later
! is_expired || fail "a divergence that never expires is gone"

echo "--- told of a higher generation, a site ends its sending itself and becomes critical"
write_all a 4M 6
touch "$WORK/a/failpoints/send.begun.stop"
path=$(job a ReplicateNow)
wait_for 30 is_stopped
rm -f "$WORK/a/failpoints/send.begun.stop"
ctl b failover later
ctl b commit-failover later
expect_error 32775 InvalidState ctl b reverse later
same "$(job_value a "$path")" 32768 "the end of the transfer"
[[ $(job_property a "$path" ErrorName) == *.Cancelled ]] || fail "the transfer was not ended by this site"
wait_for 60 is_state a critical
has_issue peer-took-over || fail "the other site's failover is not told of"
site_stop a
site_stop b
