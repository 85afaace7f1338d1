/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/core/unit.h"

#include <string.h>

#include "service/health.h"

#define NOW (G_GINT64_CONSTANT(1700000000) * G_USEC_PER_SEC)

static CrCollection *collection;
static CrStatistics *statistics;
static CrHealthCase health_case;

static void set_up(void)
{
        collection = cr_collection_new("shop");
        collection->role = CR_ROLE_PRIMARY;
        collection->state = CR_STATE_REPLICATING;
        collection->has_relationship = TRUE;
        statistics = cr_statistics_new(&collection->id, NOW);
        health_case = (CrHealthCase){collection, NULL, statistics, NOW, NOW + 1};
}

static void tear_down(void)
{
        cr_collection_free(collection);
        cr_statistics_free(statistics);
}

/* Its health is @level, and so are its issues: "id id ..." */
static void check_ids(const char *text, GVariant *issues)
{
        g_autoptr(GString) found = g_string_new(NULL);
        GVariantIter iter;
        const char *id, *words;

        g_variant_iter_init(&iter, issues);
        while (g_variant_iter_next(&iter, "(&s&s)", &id, &words)) {
                g_string_append_printf(found, "%s%s", found->len ? " " : "", id);
                ck_assert_uint_gt(strlen(words), 3);
        }
        ck_assert_str_eq(found->str, text);
}

static char *examine(CrHealth level, const char *ids)
{
        GVariant *issues;
        CrHealth health = cr_health_examine(&health_case, &issues);
        g_autoptr(GVariant) sunk = g_variant_ref_sink(issues);

        check_ids(ids, sunk);
        ck_assert_uint_eq(health, level);
        return g_variant_print(sunk, FALSE);
}

static void check(CrHealth level, const char *ids)
{
        g_autofree char *issues = examine(level, ids);

        ck_assert_ptr_nonnull(issues);
}

START_TEST(all_is_well)
{
        check(CR_HEALTH_OK, "");
        health_case.statistics = NULL;
        health_case.too_long = 0;
        check(CR_HEALTH_OK, "");
        collection->has_relationship = FALSE;
        check(CR_HEALTH_NOT_APPLICABLE, "");
}
END_TEST

START_TEST(states_tell)
{
        static const struct {
                CrState state;
                CrHealth level;
                const char *ids;
        } table[] = {
                {CR_STATE_CRITICAL, CR_HEALTH_CRITICAL, "critical"},
                {CR_STATE_SUSPENDED, CR_HEALTH_WARNING, "suspended"},
                {CR_STATE_WAITING_TO_RESYNCHRONIZE, CR_HEALTH_CRITICAL, "resynchronize"},
                {CR_STATE_RESYNCHRONIZATION_SUSPENDED, CR_HEALTH_WARNING, "suspended"},
                {CR_STATE_DISK_UPDATE_CRITICAL, CR_HEALTH_CRITICAL, "disk-update-critical"},
                {CR_STATE_FAILED_OVER, CR_HEALTH_OK, "failed-over"},
                {CR_STATE_PREPARED_FOR_FAILOVER, CR_HEALTH_OK, "prepared-for-failover"},
                {CR_STATE_PREPARED_FOR_REVERSE_REPLICATION, CR_HEALTH_OK, "prepared"},
        };

        for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
                collection->state = table[i].state;
                check(table[i].level, table[i].ids);
        }
        collection->state = CR_STATE_REPLICATING;
        collection->needs_resynchronize = TRUE;
        check(CR_HEALTH_CRITICAL, "resynchronize");
        /* A former primary gets its contents from the other side. */
        collection->role = CR_ROLE_REPLICA;
        check(CR_HEALTH_OK, "");
}
END_TEST

START_TEST(missed_cycles_are_a_warning_and_three_in_a_row_critical)
{
        cr_statistics_count_missed(statistics);
        cr_statistics_count_missed(statistics);
        check(CR_HEALTH_WARNING, "missed-cycles");
        cr_statistics_count_missed(statistics);
        check(CR_HEALTH_CRITICAL, "missed-cycles");
}
END_TEST

START_TEST(a_cycle_that_could_not_begin_is_told_of)
{
        g_autoptr(GError) error = g_error_new(CR_ERROR, CR_ERROR_NOT_AVAILABLE, "nobody is there");
        CrReplicationEnd end = {.error = error};
        g_autofree char *issues = NULL;

        cr_statistics_count(statistics, &end);
        issues = examine(CR_HEALTH_WARNING, "last-error");
        ck_assert_ptr_nonnull(strstr(issues, "nobody is there"));
        /* Once only. */
        cr_collection_set_last_error(collection, 32772, "no answer");
        check(CR_HEALTH_WARNING, "last-error");
}
END_TEST

START_TEST(nothing_replicated_for_too_long_is_a_warning)
{
        health_case.too_long = NOW;
        check(CR_HEALTH_WARNING, "nothing-replicated");
        collection->state = CR_STATE_SUSPENDED;
        check(CR_HEALTH_WARNING, "suspended");
}
END_TEST

static void add_layers(guint n)
{
        CrDisk *disk = cr_disk_new();
        CrId parent = CR_ID_NONE;

        disk->id = cr_id_new();
        disk->name = g_strdup("root");
        g_ptr_array_add(collection->disks, disk);
        for (guint i = 0; i < n; i++) {
                CrLayer *layer = cr_layer_new();
                CrPoint *point = cr_point_new();

                point->id = cr_id_new();
                point->held = TRUE;
                g_ptr_array_add(collection->points, point);
                layer->id = cr_id_new();
                layer->disk = disk->id;
                layer->parent = parent;
                layer->point = point->id;
                layer->kind = i + 1 < n ? CR_LAYER_FROZEN : CR_LAYER_HEAD;
                g_ptr_array_add(collection->layers, layer);
                parent = layer->id;
        }
}

START_TEST(a_long_chain_names_its_pins)
{
        g_autofree char *issues = NULL;

        collection->settings->recovery_history = 16;
        add_layers(CR_HEALTH_LAYERS + 1);
        issues = examine(CR_HEALTH_CRITICAL, "long-chain");
        ck_assert_ptr_nonnull(strstr(issues, "root"));
        ck_assert_ptr_nonnull(strstr(issues, "33 layers"));
        /* Nothing was confirmed: the peer may have any of them. */
        ck_assert_ptr_nonnull(strstr(issues, "the other site needs it"));
        ck_assert(cr_health_needs_layers(collection, CR_HEALTH_LAYERS + 1));
}
END_TEST

START_TEST(as_many_layers_as_are_fine_are_no_issue)
{
        collection->settings->recovery_history = 16;
        add_layers(CR_HEALTH_LAYERS);
        check(CR_HEALTH_OK, "");
}
END_TEST

START_TEST(points_that_should_be_gone_are_a_warning)
{
        const CrPoint *latest;

        collection->settings->recovery_history = 1;
        add_layers(6);
        /* The head is no point's. */
        g_ptr_array_remove_index(collection->points, 5);
        ((CrLayer *)g_ptr_array_index(collection->layers, 5))->point = CR_ID_NONE;
        latest = g_ptr_array_index(collection->points, 4);
        collection->peer.confirmed_point = latest->id;
        ck_assert(cr_health_needs_layers(collection, 6));
        check(CR_HEALTH_WARNING, "history-exceeded");
        /* One more is merged by the cycle that is just at work, also beside those that are pinned. */
        collection->settings->recovery_history = 3;
        check(CR_HEALTH_OK, "");
        collection->settings->recovery_history = 2;
        check(CR_HEALTH_WARNING, "history-exceeded");
        collection->failover_point = ((const CrPoint *)g_ptr_array_index(collection->points, 0))->id;
        check(CR_HEALTH_OK, "");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {all_is_well, states_tell,
                missed_cycles_are_a_warning_and_three_in_a_row_critical,
                a_cycle_that_could_not_begin_is_told_of, nothing_replicated_for_too_long_is_a_warning,
                a_long_chain_names_its_pins, as_many_layers_as_are_fine_are_no_issue,
                points_that_should_be_gone_are_a_warning, NULL};

        return run_tests_with("health", tests, set_up, tear_down);
}
