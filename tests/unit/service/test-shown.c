/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/core/unit.h"

#include <string.h>

#include "service/interfaces.h"
#include "service/objects.h"
#include "service/shown.h"

static CrCollection *collection;

static void set_up(void)
{
        collection = cr_collection_new("shop");
        collection->role = CR_ROLE_PRIMARY;
        collection->state = CR_STATE_REPLICATING;
        collection->has_relationship = TRUE;
        g_free(collection->engine);
        collection->engine = g_strdup("qcow2");
        g_free(collection->settings->recovery_connection_point);
        collection->settings->recovery_connection_point = g_strdup("ssh://other");
}

static void tear_down(void)
{
        cr_collection_free(collection);
}

static char *get_now(const char *property, const CrShownNow *now)
{
        CrObject *object =
                cr_object_new(NULL, "/c", &cr_collection_interface, cr_shown_collection(collection, now));
        g_autoptr(GVariant) value = cr_object_get(object, property);
        char *text = value ? g_variant_print(value, FALSE) : NULL;

        cr_object_free(object);
        return text;
}

static const CrShownNow idle;

#define assert_shown(property, now, expected)                                                                \
        do {                                                                                                 \
                g_autofree char *shown_ = get_now(property, now);                                            \
                ck_assert_str_eq(shown_, expected);                                                          \
        } while (0)

/* The values' types, in the order of the vtable, are what the vtable says. */
static void assert_types(const CrInterface *interface, GVariant *values)
{
        g_autoptr(GVariant) sunk = g_variant_ref_sink(values);
        gsize i = 0;

        for (const sd_bus_vtable *entry = interface->vtable; entry->type != _SD_BUS_VTABLE_END; entry++) {
                if (entry->type != _SD_BUS_VTABLE_PROPERTY)
                        continue;
                g_autoptr(GVariant) value = g_variant_get_child_value(sunk, i++);
                ck_assert_str_eq(g_variant_get_type_string(value), entry->x.property.signature);
        }
        ck_assert_uint_eq(i, g_variant_n_children(sunk));
}

START_TEST(values_fit_their_vtables)
{
        CrPoint *point = cr_point_new();
        CrDivergence *divergence = cr_divergence_new();

        assert_types(&cr_collection_interface, cr_shown_collection(collection, &idle));
        assert_types(&cr_point_interface, cr_shown_point(point, "/c"));
        assert_types(&cr_divergence_interface, cr_shown_divergence(collection, divergence, "/c"));
        cr_point_free(point);
        cr_divergence_free(divergence);
}
END_TEST

START_TEST(words_and_numbers_agree)
{
        assert_shown("Name", &idle, "'shop'");
        assert_shown("State", &idle, "'replicating'");
        assert_shown("ReplicationState", &idle, "3");
        assert_shown("Role", &idle, "'primary'");
        assert_shown("ReplicationMode", &idle, "1");
        assert_shown("ReplicationHealth", &idle, "1");
        assert_shown("HealthIssues", &idle, "[]");
        assert_shown("Peer", &idle, "'ssh://other'");
        assert_shown("CurrentJob", &idle, "'/'");
}
END_TEST

START_TEST(without_a_relationship_health_does_not_apply)
{
        collection->has_relationship = FALSE;
        assert_shown("ReplicationHealth", &idle, "0");
        assert_shown("Peer", &idle, "''");
}
END_TEST

START_TEST(a_recovery_is_critical_and_names_what_it_waits_for)
{
        CrShownNow now = {"/job/_1", "the folder /srv is not mounted"};

        assert_shown("State", &now, "'critical'");
        assert_shown("ReplicationState", &now, "8");
        assert_shown("ReplicationHealth", &now, "3");
        assert_shown("HealthIssues", &now, "[('recovery', 'the folder /srv is not mounted')]");
        assert_shown("CurrentJob", &now, "'/job/_1'");
        assert_shown("Role", &now, "'primary'");
}
END_TEST

START_TEST(an_error_is_a_warning)
{
        cr_collection_set_last_error(collection, 32772, "no answer");
        assert_shown("LastError", &idle, "(32772, 'no answer')");
        assert_shown("ReplicationHealth", &idle, "2");
        assert_shown("HealthIssues", &idle, "[('last-error', 'no answer')]");
}
END_TEST

START_TEST(a_peer_that_took_over_is_critical)
{
        collection->peer.generation.number = collection->generation.number + 1;
        g_autofree char *issues = get_now("HealthIssues", &idle);

        assert_shown("ReplicationHealth", &idle, "3");
        ck_assert_ptr_nonnull(strstr(issues, "peer-took-over"));
}
END_TEST

START_TEST(a_replica_is_not_overtaken)
{
        collection->role = CR_ROLE_REPLICA;
        collection->peer.generation.number = collection->generation.number + 1;
        assert_shown("ReplicationHealth", &idle, "1");
}
END_TEST

START_TEST(what_the_schedule_and_the_counts_tell)
{
        g_autoptr(CrStatistics) statistics = cr_statistics_new(&collection->id, 1);
        CrShownNow now = {.statistics = statistics, .times = {7, 0, 9}};

        statistics->pending = 4096;
        statistics->failed_value = 32777;
        g_free(statistics->failed_message);
        statistics->failed_message = g_strdup("nobody is there");
        assert_shown("NextReplicationTime", &now, "7");
        assert_shown("ScheduledTime", &now, "9");
        assert_shown("PendingBytes", &now, "4096");
        assert_shown("LastError", &now, "(32777, 'nobody is there')");
        cr_collection_set_last_error(collection, 32772, "no answer");
        assert_shown("LastError", &now, "(32772, 'no answer')");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {values_fit_their_vtables, words_and_numbers_agree,
                without_a_relationship_health_does_not_apply,
                a_recovery_is_critical_and_names_what_it_waits_for, an_error_is_a_warning,
                a_peer_that_took_over_is_critical, a_replica_is_not_overtaken,
                what_the_schedule_and_the_counts_tell, NULL};

        return run_tests_with("shown", tests, set_up, tear_down);
}
