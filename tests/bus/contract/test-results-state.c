/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PrepareForReverseReplication: 32775 InvalidState in every stage of a life that does not allow it, 32776
 * IncorrectDataType, 32778 OutOfMemory, 32779 FileNotFound, and 32774 InUse by another operation. */
#include "tests/bus/contract/pair.h"

#include <signal.h>

static Answer prepare(Site *site, const char *path)
{
        return ask_manager(site->bus, "PrepareForReverseReplication", "o", path);
}

static void check_path_refused(const char *path, guint value)
{
        g_auto(Answer) answer = prepare(&pair_a, path);

        check_refused(pair_a.bus, &answer, value, path);
}

START_TEST(only_a_former_primary_is_prepared)
{
        g_auto(Answer) replica = {0}, taken_over = {0}, committed = {0};

        pair_live(STAGE_DEFINED, NULL);
        check_prepare_refused(32775, "'shop'");
        pair_relate();
        check_prepare_blocked(32775, "'shop'");
        pair_step(&pair_a, "StartReplication", "oqst", SHOP, 1, "", UINT64_C(0));
        check_prepare_blocked(32775, "the peer of collection 'shop'");
        replica = prepare(&pair_b, SHOP);
        check_refused(pair_b.bus, &replica, 32775, "'shop'");
        pair_step(&pair_b, "InitiateFailover", "ooa{sv}", SHOP, "/", 0);
        taken_over = prepare(&pair_b, SHOP);
        check_refused(pair_b.bus, &taken_over, 32775, "'shop'");
        pair_step(&pair_b, "CommitFailover", "o", SHOP);
        committed = prepare(&pair_b, SHOP);
        check_refused(pair_b.bus, &committed, 32775, "'shop'");
}
END_TEST

START_TEST(a_relationship_that_the_peer_removed_allows_nothing)
{
        pair_live(STAGE_REPLICATING, NULL);
        pair_step(&pair_b, "RemoveReplicationRelationship", "oa{sv}", SHOP, 0);
        check_prepare_blocked(32775, "removed its half");
}
END_TEST

START_TEST(what_is_fed_by_the_other_side_is_not_prepared_again)
{
        pair_live(STAGE_PREPARED, NULL);
        pair_step(&pair_b, "CommitFailover", "o", SHOP);
        pair_step(&pair_b, "ReverseReplicationRelationship", "oa{sv}", SHOP, 0);
        check_prepare_refused(32775, "'shop'");
}
END_TEST

START_TEST(a_path_of_another_kind_or_of_nothing)
{
        g_autofree char *point = NULL, *divergence = NULL;
        g_auto(Answer) job = {0};

        pair_live(STAGE_PREPARED, NULL);
        point = pair_only(&pair_a, "point");
        divergence = pair_only(&pair_a, "divergence");
        job = ask_manager(pair_a.bus, "RevertPrepareForReverseReplication", "o", SHOP);
        check_started(&job);
        check_completes(pair_a.bus, &job);

        check_path_refused("/", 32776);
        check_path_refused(MANAGER, 32776);
        check_path_refused(job.path, 32776);
        check_path_refused(point, 32776);
        check_path_refused(divergence, 32776);
        check_path_refused(MANAGER "/collection", 32776);
        check_path_refused(MANAGER "/collection/none", 32779);
        check_path_refused(MANAGER "/collection/sho_70", 32779); /* not the canonical path of 'shop' */
}
END_TEST

static char *spare_image(guint i)
{
        g_autofree char *name = g_strdup_printf("spare%u", i);

        return site_image(&pair_a, name);
}

/* Other collections take room until there is none for one more of them. The smallest limit is 100, and a
 * collection takes 1 and its history of 4 points and 2 more: with 'shop', 98 are taken. */
static void take_room(void)
{
        g_auto(Answer) full = {0};

        for (guint i = 0; !full.error; i++) {
                g_autofree char *name = g_strdup_printf("spare%u", i), *image = spare_image(i);

                ck_assert_uint_lt(i, 100);
                answer_clear(&full);
                full = ask_manager(pair_a.bus, "DefineCollection", "sa(ss)a{sv}", name, 1, "root", image, 0);
        }
        check_refused(pair_a.bus, &full, 32778, "MaxObjects=");
}

static void set_history(guint points)
{
        pair_step(&pair_a, "ModifyReplicationSettings", "oa{sv}", SHOP, 1, "RecoveryHistory", "q", points);
}

START_TEST(no_room_for_the_divergence)
{
        pair_live(STAGE_TAKEN_OVER, "MaxObjects=100");
        take_room();
        set_history(6);
        check_prepare_blocked(32778, "MaxObjects=");
        set_history(4);
        pair_step(&pair_a, "PrepareForReverseReplication", "o", SHOP);
}
END_TEST

/* What was set aside has its room, so that there is nothing to ask for again. */
START_TEST(what_is_prepared_already_needs_no_room)
{
        g_auto(Answer) full = {0}, again = {0};

        pair_live(STAGE_TAKEN_OVER, "MaxObjects=100");
        take_room();
        set_history(5);
        pair_step(&pair_a, "PrepareForReverseReplication", "o", SHOP);
        full = ask_manager(
                pair_a.bus, "ModifyReplicationSettings", "oa{sv}", SHOP, 1, "RecoveryHistory", "q", 6);
        check_refused(pair_a.bus, &full, 32778, "MaxObjects=");
        again = ask_manager(pair_a.bus, "PrepareForReverseReplication", "o", SHOP);
        check_done(pair_a.bus, &again);
}
END_TEST

static Pending *replicate_later(void)
{
        sd_bus_message *m = NULL;

        ck_assert_int_ge(sd_bus_message_new_method_call(
                                 pair_a.bus, &m, CR_BUS_NAME, MANAGER, CR_MANAGER_INTERFACE, "ReplicateNow"),
                0);
        ck_assert_int_ge(sd_bus_message_append(m, "o", SHOP), 0);
        return ask_later(pair_a.bus, m);
}

START_TEST(another_operation_holds_the_collection)
{
        g_auto(Answer) replication = {0}, refused = {0};
        Pending *pending;

        pair_live(STAGE_REPLICATING, NULL);
        ck_assert_int_eq(kill(pair_b.pid, SIGSTOP), 0);
        pending = replicate_later(); /* it asks the peer, which does not answer yet */
        refused = ask_manager(pair_a.bus, "PrepareForReverseReplication", "o", SHOP);
        ck_assert(!pending_has_ended(pending));
        ck_assert_int_eq(kill(pair_b.pid, SIGCONT), 0);
        replication = pending_answer(pending);
        check_refused(pair_a.bus, &refused, 32774, "'shop'");
        check_completes(pair_a.bus, &replication);
}
END_TEST

static void signal_workers(const Site *site, int signal)
{
        g_autoptr(GArray) workers = site_workers(site);

        ck_assert_uint_gt(workers->len, 0);
        for (guint i = 0; i < workers->len; i++)
                ck_assert_int_eq(kill(g_array_index(workers, pid_t, i), signal), 0);
}

START_TEST(another_job_holds_the_collection)
{
        g_auto(Answer) replication = {0};

        pair_live(STAGE_REPLICATING, NULL);
        replication = ask_manager(pair_a.bus, "ReplicateNow", "o", SHOP);
        /* It still has a point to cut and to send. */
        signal_workers(&pair_a, SIGSTOP);
        check_started(&replication);
        check_prepare_blocked(32774, replication.path);
        signal_workers(&pair_a, SIGCONT);
        check_completes(pair_a.bus, &replication);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {only_a_former_primary_is_prepared,
                a_relationship_that_the_peer_removed_allows_nothing,
                what_is_fed_by_the_other_side_is_not_prepared_again, a_path_of_another_kind_or_of_nothing,
                no_room_for_the_divergence, what_is_prepared_already_needs_no_room,
                another_operation_holds_the_collection, another_job_holds_the_collection, NULL};

        return run_bus_tests("results: state", tests, NULL, pair_end);
}
