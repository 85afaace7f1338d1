/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Planned failovers, test failovers and their reverts: every documented result that they have. */
#include "tests/bus/contract/pair.h"

#include <signal.h>
#include <stdio.h>

#include <glib/gstdio.h>

#define COPY MANAGER "/collection/shop_2dtest"
#define NO_SUCH MANAGER "/collection/none"
#define PLANNED "InitiatePlannedFailover"
#define REVERT_PLANNED "RevertPlannedFailover"
#define TEST "TestReplicaCollection"
#define END_TEST_COPY "RevertTestReplicaCollection"

/* The arguments of each of the methods, about the collection @path. */
static Answer ask_about(sd_bus *bus, const char *member, const char *path)
{
        if (g_str_equal(member, PLANNED))
                return ask_manager(bus, member, "oa{sv}", path, 0);
        if (g_str_equal(member, TEST))
                return ask_manager(bus, member, "oo", path, "/");
        return ask_manager(bus, member, "o", path);
}

static void check_value(Site *site, guint value, const char *object, const char *member)
{
        g_auto(Answer) answer = ask_about(site->bus, member, SHOP);

        check_refused(site->bus, &answer, value, object);
}

static void check_succeeds(Site *site, const char *member)
{
        g_auto(Answer) answer = ask_about(site->bus, member, SHOP);

        check_completes(site->bus, &answer);
}

/* The job is the second result. */
static void make_copy(Site *site)
{
        g_autoptr(sd_bus_message) reply = call_manager(site->bus, TEST, "oo", SHOP, "/");
        const char *copy, *job;

        ck_assert_int_gt(sd_bus_message_read(reply, "oo", &copy, &job), 0);
        ck_assert_str_eq(copy, COPY);
        ck_assert_uint_eq(wait_job(site->bus, job), 0);
        /* Nobody who waited for the job has to wait for the copy. */
        ck_assert(exists(site->bus, COPY, CR_COLLECTION_INTERFACE));
}

static void check_state(const Site *site, const char *wanted)
{
        g_autofree char *state = pair_state(site);

        ck_assert_str_eq(state, wanted);
}

START_TEST(kind_existence_and_authorization)
{
        static const char *const members[] = {PLANNED, REVERT_PLANNED, TEST, END_TEST_COPY};
        sd_bus *denied;

        pair_live(STAGE_REPLICATING, NULL);
        denied = site_connect(&pair_a, "crtest-denied");
        for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
                g_auto(Answer) kind = ask_about(pair_a.bus, members[i], "/");
                g_auto(Answer) existence = ask_about(pair_a.bus, members[i], NO_SUCH);
                g_auto(Answer) right = ask_about(denied, members[i], SHOP);

                check_refused(pair_a.bus, &kind, 32776, "'/'");
                check_refused(pair_a.bus, &existence, 32779, "/collection/none");
                check_refused(denied, &right, 32769, "'shop'");
        }
        sd_bus_flush_close_unref(denied);
        check_state(&pair_a, "replicating");
}
END_TEST

START_TEST(a_planned_failover_and_its_images)
{
        g_autofree char *head = NULL, *away = NULL;
        Holder *holder;

        pair_live(STAGE_REPLICATING, NULL);
        head = pair_head(&pair_a, "root");
        away = g_strdup_printf("%s.away", head);
        holder = disk_hold("qemu-io", head);
        check_value(&pair_a, 32774, head, PLANNED);
        holder_end(holder);
        ck_assert_int_eq(g_rename(head, away), 0);
        check_value(&pair_a, 32779, head, PLANNED);
        must_run("cp", away, head, NULL);
        check_value(&pair_a, 32779, head, PLANNED);
        ck_assert_int_eq(g_rename(away, head), 0);
        check_state(&pair_a, "replicating");
        check_succeeds(&pair_a, PLANNED);
        check_state(&pair_a, "prepared-for-failover");
        ck_assert(!g_file_test(head, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(a_planned_failover_and_its_arguments_and_states)
{
        g_auto(Answer) option = {0}, again = {0};

        pair_live(STAGE_REPLICATING, NULL);
        option = ask_manager(pair_a.bus, PLANNED, "oa{sv}", SHOP, 1, "Fast", "b", TRUE);
        check_refused(pair_a.bus, &option, 32773, "'Fast'");
        check_value(&pair_b, 32775, "'shop'", PLANNED);
        check_value(&pair_a, 32775, "'shop'", REVERT_PLANNED);
        check_value(&pair_b, 32775, "'shop'", REVERT_PLANNED);
        check_succeeds(&pair_a, PLANNED);
        again = ask_about(pair_a.bus, PLANNED, SHOP);
        check_done(pair_a.bus, &again);
        check_value(&pair_a, 32775, "'shop'", "ReplicateNow");
        check_succeeds(&pair_a, REVERT_PLANNED);
        check_state(&pair_a, "replicating");
}
END_TEST

START_TEST(a_planned_failover_and_its_peer)
{
        g_autofree char *own = NULL, *other = NULL;

        pair_live(STAGE_REPLICATING, NULL);
        own = g_strdup_printf("%s/state", pair_a.directory);
        other = g_strdup_printf("%s/state", pair_b.directory);
        ck_assert_int_eq(kill(pair_b.pid, SIGSTOP), 0);
        check_value(&pair_a, 32772, "the peer of collection 'shop'", PLANNED);
        ck_assert_int_eq(kill(pair_b.pid, SIGCONT), 0);
        site_stop(&pair_b);
        check_value(&pair_a, 32777, "the peer of collection 'shop'", PLANNED);
        site_stop(&pair_a);
        must_run("rm", "-r", other, NULL);
        must_run("cp", "-a", own, other, NULL);
        site_run(&pair_a);
        site_run(&pair_b);
        check_value(&pair_a, 32771, "own host id", PLANNED);
        check_state(&pair_a, "replicating");
}
END_TEST

START_TEST(the_revert_of_a_planned_failover)
{
        g_autofree char *head = NULL;

        pair_live(STAGE_REPLICATING, NULL);
        head = pair_head(&pair_a, "root");
        check_succeeds(&pair_a, PLANNED);
        ck_assert(g_file_set_contents(head, "somebody's", -1, NULL));
        check_value(&pair_a, 32775, head, REVERT_PLANNED);
        ck_assert_int_eq(unlink(head), 0);
        pair_step(&pair_b, "InitiateFailover", "ooa{sv}", SHOP, "/", 0);
        check_value(&pair_a, 32775, "RevertFailover", REVERT_PLANNED);
        pair_step(&pair_b, "RevertFailover", "o", SHOP);
        site_stop(&pair_b);
        check_succeeds(&pair_a, REVERT_PLANNED);
        check_state(&pair_a, "replicating");
        ck_assert(g_file_test(head, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(a_test_and_its_end)
{
        g_autofree char *head = NULL;
        g_auto(Answer) copy = {0};
        Holder *holder;

        pair_live(STAGE_REPLICATING, NULL);
        check_value(&pair_a, 32775, "'shop'", TEST);
        check_value(&pair_b, 32775, "'shop'", END_TEST_COPY);
        make_copy(&pair_b);
        check_value(&pair_b, 32775, END_TEST_COPY, TEST);
        check_value(&pair_b, 32775, "'shop'", "CommitFailover");
        copy = ask_about(pair_b.bus, END_TEST_COPY, COPY);
        check_refused(pair_b.bus, &copy, 32775, "'shop-test'");
        head = g_strdup_printf("%s/replicas/shop-test/root.qcow2", pair_b.directory);
        holder = disk_hold("qemu-io", head);
        check_value(&pair_b, 32774, head, END_TEST_COPY);
        holder_end(holder);
        check_succeeds(&pair_b, END_TEST_COPY);
        ck_assert(!exists(pair_b.bus, COPY, CR_COLLECTION_INTERFACE));
        ck_assert(!g_file_test(head, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(a_test_and_its_point)
{
        static const char missing[] = SHOP "/point/0123456789abcdef0123456789abcdef";
        static const char foreign[] = MANAGER "/collection/shop2/point/0123456789abcdef0123456789abcdef";
        g_auto(Answer) none = {0}, other = {0}, kind = {0};

        pair_live(STAGE_REPLICATING, NULL);
        none = ask_manager(pair_b.bus, TEST, "oo", SHOP, missing);
        check_refused(pair_b.bus, &none, 32779, "0123456789abcdef0123456789abcdef");
        other = ask_manager(pair_b.bus, TEST, "oo", SHOP, foreign);
        check_refused(pair_b.bus, &other, 32779, "shop2");
        kind = ask_manager(pair_b.bus, TEST, "oo", SHOP, SHOP);
        check_refused(pair_b.bus, &kind, 32776, SHOP);
}
END_TEST

/* A side that is prepared for reverse replication is a replica: here with no room. */
START_TEST(a_test_needs_room)
{
        pair_live(STAGE_PREPARED, "MaxCollections=1\n");
        check_value(&pair_a, 32778, "MaxCollections=", TEST);
}
END_TEST

START_TEST(a_test_needs_its_name)
{
        g_autofree char *image = NULL, *taken = NULL;

        pair_live(STAGE_REPLICATING, NULL);
        image = site_image(&pair_b, "other");
        taken = manager_path(pair_b.bus, "DefineCollection", "sa(ss)a{sv}", "shop-test", 1, "root", image, 0);
        ck_assert_str_eq(taken, COPY);
        check_value(&pair_b, 32773, "'shop-test'", TEST);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {kind_existence_and_authorization, a_planned_failover_and_its_images,
                a_planned_failover_and_its_arguments_and_states, a_planned_failover_and_its_peer,
                the_revert_of_a_planned_failover, a_test_and_its_end, a_test_and_its_point, a_test_needs_room,
                a_test_needs_its_name, NULL};

        return run_bus_tests("results: failovers", tests, NULL, pair_end);
}
