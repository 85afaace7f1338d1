/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lineage's answers on random histories of two sites, compared with a plain model after every event.
 * CR_TEST_SEED repeats one. */
#include "core/lineage.h"
#include "history.h"
#include "unit.h"

#include <stdio.h>

#define N_HISTORIES 12
#define N_STEPS 50

static guint32 first_seed;
static guint32 seed; /* of the history that runs */

static void check_common(const HistorySite *site, const HistorySite *other)
{
        g_autoptr(GPtrArray) points = history_peer_points(other);
        CrId found = cr_lineage_common_point(site->collection, points);
        CrId wanted = tree_point_id(history_common(site, other));

        ck_assert_msg(cr_id_equal(&found, &wanted), "seed %u: %s, not %s", seed, found.text, wanted.text);
        found = cr_lineage_shared_point(site->collection, points);
        wanted = tree_point_id(history_shared(site, other));
        ck_assert_msg(cr_id_equal(&found, &wanted), "seed %u: %s, not %s", seed, found.text, wanted.text);
}

static void check_held(const HistorySite *site)
{
        g_autoptr(GPtrArray) held = cr_lineage_held(site->collection);
        guint count = 0;

        for (guint number = site->top; number; number = site->lower[number]) {
                CrId id = tree_point_id(number);

                if (!site->held[number])
                        continue;
                ck_assert_msg(count < held->len, "seed %u: %u is missing", seed, number);
                ck_assert_str_eq(((CrPoint *)held->pdata[count++])->id.text, id.text);
        }
        ck_assert_msg(count == held->len, "seed %u: %u, not %u", seed, held->len, count);
}

static void check_ancestors(const History *history, const HistorySite *site)
{
        for (guint i = 0; i < 10; i++) {
                guint a = (guint)g_rand_int_range(history->random, 1, (gint32)history->next + 1);
                guint b = (guint)g_rand_int_range(history->random, 1, (gint32)history->next + 1);
                CrId ancestor = tree_point_id(a), point = tree_point_id(b);

                ck_assert_msg(cr_lineage_is_ancestor(site->collection->points, &ancestor, &point) ==
                                      history_is_ancestor(history, site, a, b),
                        "seed %u: %u before %u", seed, a, b);
        }
}

static guint any_layer(const History *history, const HistorySite *site)
{
        guint number;

        do
                number = (guint)g_rand_int_range(history->random, 1, (gint32)history->next);
        while (!site->present[number]);
        return number;
}

/* How many layers from @from down are not below @other. */
static guint count_above(const HistorySite *site, guint from, guint other)
{
        guint count = 0;

        for (guint number = from; number; number = site->lower[number], count++)
                for (guint below = other; below; below = site->lower[below])
                        if (below == number)
                                return count;
        return count;
}

static void check_chains_fork(const History *history, const HistorySite *site)
{
        guint a = any_layer(history, site), b = any_layer(history, site), above_a, above_b;
        CrId top_a = tree_layer_id(site->n_disks - 1, a), top_b = tree_layer_id(site->n_disks - 1, b);
        g_autoptr(GPtrArray) chain_a = cr_lineage_chain(site->collection, &top_a, NULL);
        g_autoptr(GPtrArray) chain_b = cr_lineage_chain(site->collection, &top_b, NULL);

        cr_lineage_fork(chain_a, chain_b, &above_a, &above_b);
        ck_assert_msg(above_a == count_above(site, a, b) && above_b == count_above(site, b, a),
                "seed %u: %u %u", seed, a, b);
}

static void check_pinned(const History *history, const HistorySite *site)
{
        for (guint number = 1; number < history->next; number++)
                if (site->present[number])
                        ck_assert_msg(cr_lineage_is_pinned(site->collection,
                                              tree_layer(site->collection, 0, number),
                                              NULL) == history_is_pinned(history, site, number),
                                "seed %u: layer %u", seed, number);
}

static gboolean contains(GPtrArray *points, guint number)
{
        CrId id = tree_point_id(number);

        for (guint i = 0; i < points->len; i++)
                if (cr_id_equal(&((CrPoint *)points->pdata[i])->id, &id))
                        return TRUE;
        return FALSE;
}

static void check_order(const CrCollection *collection, GPtrArray *points)
{
        for (guint i = 0; i < points->len; i++)
                for (guint j = i + 1; j < points->len; j++)
                        ck_assert_msg(!cr_lineage_is_ancestor(collection->points,
                                              &((CrPoint *)points->pdata[j])->id,
                                              &((CrPoint *)points->pdata[i])->id),
                                "seed %u", seed);
}

static void check_expired(const History *history, const HistorySite *site)
{
        g_autoptr(GPtrArray) expired = cr_lineage_expired(site->collection);

        for (guint number = 1; number < history->next; number++)
                ck_assert_msg(contains(expired, number) == history_is_expired(history, site, number),
                        "seed %u: point %u", seed, number);
        check_order(site->collection, expired);
}

static void check_all(const History *history)
{
        for (guint i = 0; i < 2; i++) {
                const HistorySite *site = &history->sites[i];

                check_common(site, &history->sites[1 - i]);
                check_held(site);
                check_ancestors(history, site);
                check_pinned(history, site);
                check_expired(history, site);
        }
        if (history->next > 1)
                check_chains_fork(history, &history->sites[0]);
}

/* Retention, on any site at any time, never takes away what the next transfer or a reverse stands on. */
static void run_retention(History *history)
{
        guint i = (guint)g_rand_int_range(history->random, 0, 2);
        HistorySite *site = &history->sites[i], *other = &history->sites[1 - i];
        g_autoptr(GPtrArray) expired = cr_lineage_expired(site->collection);
        guint common = history_common(site, other);

        for (guint number = 1; number < history->next; number++)
                if (contains(expired, number))
                        history_drop(site, number);
        ck_assert_msg(history_common(site, other) == common, "seed %u: %u", seed, common);
}

static guint count_events;

static void run_history(void)
{
        History *history = history_new(seed);

        for (guint i = 0; i < N_STEPS; i++) {
                guint sender = history->sender;

                history_step(history);
                check_all(history);
                if (g_rand_int_range(history->random, 0, 3) == 0) {
                        run_retention(history);
                        check_all(history);
                }
                count_events += history->sender != sender;
        }
        history_free(history);
}

START_TEST(random_histories_agree_with_the_model)
{
        for (guint i = 0; i < N_HISTORIES; i++) {
                seed = first_seed + i;
                run_history();
        }
        /* Histories in which nothing fails over would prove nothing. */
        ck_assert_uint_gt(count_events, N_HISTORIES);
}
END_TEST

int main(void)
{
        const char *repeated = g_getenv("CR_TEST_SEED");
        const TTest *const tests[] = {random_histories_agree_with_the_model, NULL};

        first_seed = repeated ? (guint32)g_ascii_strtoull(repeated, NULL, 10) : g_random_int();
        printf("CR_TEST_SEED=%u\n", first_seed);
        fflush(stdout);
        return run_tests("lineage-random", tests);
}
