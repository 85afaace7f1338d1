/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PrepareForReverseReplication: 32771 StatusUnknown, where lineage and generation prove nothing. Each comes
 * about as it would: by what two sites go through. */
#include "tests/bus/contract/pair.h"

#include <string.h>

static void set_up(void)
{
        pair_live(STAGE_REPLICATING, NULL);
}

static void set_history(Site *site, guint points)
{
        pair_step(site, "ModifyReplicationSettings", "oa{sv}", SHOP, 1, "RecoveryHistory", "q", points);
}

static void fail_over(void)
{
        pair_step(&pair_b, "InitiateFailover", "ooa{sv}", SHOP, "/", 0);
}

/* A outranks a failover that B reverted, and is stopped by a machine's image before B is told; B fails over
 * again. */
START_TEST(a_tie_of_generations_is_resolved_by_the_side_that_shall_win)
{
        g_autofree char *root = pair_head(&pair_a, "root");
        g_auto(Answer) replication = {0};
        Holder *holder;

        fail_over();
        pair_step(&pair_b, "RevertFailover", "o", SHOP);
        holder = disk_hold("qemu-io", root);
        replication = ask_manager(pair_a.bus, "ReplicateNow", "o", SHOP);
        check_refused(pair_a.bus, &replication, 32774, root);
        holder_end(holder);
        fail_over();

        check_prepare_blocked(32771, "InitiateFailover");
        fail_over();
        pair_step(&pair_a, "PrepareForReverseReplication", "o", SHOP);
}
END_TEST

static void put_back(const char *folder, const char *backup)
{
        must_run("rm", "-r", folder, NULL);
        must_run("mv", backup, folder, NULL);
}

/* B is set back to a backup that knows one point only, which A has merged away since. Its layers keep their
 * inodes, as in a file system that is set back. */
static void restore_peer(void)
{
        g_autofree char *state = g_strdup_printf("%s/state", pair_b.directory);
        g_autofree char *state_backup = g_strdup_printf("%s/state-backup", pair_b.directory);
        g_autofree char *replicas = g_strdup_printf("%s/replicas", pair_b.directory);
        g_autofree char *replicas_backup = g_strdup_printf("%s/replicas-backup", pair_b.directory);

        set_history(&pair_a, 0);
        site_stop(&pair_b);
        must_run("cp", "-a", state, state_backup, NULL);
        must_run("cp", "-al", replicas, replicas_backup, NULL);
        site_run(&pair_b);
        for (guint i = 0; i < 3; i++)
                pair_step(&pair_a, "ReplicateNow", "o", SHOP);
        site_stop(&pair_b);
        put_back(state, state_backup);
        put_back(replicas, replicas_backup);
        site_run(&pair_b);
}

static gboolean shows_older_store(void)
{
        g_auto(Answer) answer = ask_manager(pair_a.bus, "PrepareForReverseReplication", "o", SHOP);

        ck_assert_ptr_nonnull(answer.error);
        return strstr(answer.message, "lower sequence") != NULL;
}

START_TEST(a_peer_that_was_set_back_shares_no_point)
{
        restore_peer();
        fail_over();
        ck_assert(shows_older_store());
        check_prepare_blocked(32771, "'shop'");
        /* It goes on, until its store has seen as much as it had. */
        for (guint i = 0; shows_older_store(); i++) {
                ck_assert_uint_lt(i, 200);
                set_history(&pair_b, 15 + i % 2);
        }
        check_prepare_blocked(32771, "share no point");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_tie_of_generations_is_resolved_by_the_side_that_shall_win,
                a_peer_that_was_set_back_shares_no_point, NULL};

        return run_bus_tests("results: lineage", tests, set_up, pair_end);
}
