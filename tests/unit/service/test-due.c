/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/core/unit.h"

#include "service/due.h"

#define SECOND ((gint64)G_USEC_PER_SEC)
#define MINUTE (60 * SECOND)
#define NOW (G_GINT64_CONSTANT(1700000000) * SECOND)

static CrCollection *collection;
static CrDueFacts facts;

static void set_up(void)
{
        collection = cr_collection_new("shop");
        collection->role = CR_ROLE_PRIMARY;
        collection->state = CR_STATE_REPLICATING;
        collection->has_relationship = TRUE;
        collection->last_replication = NOW - 10 * SECOND;
        facts = (CrDueFacts){0};
}

static void tear_down(void)
{
        cr_collection_free(collection);
        cr_due_facts_clear(&facts);
}

static void take(void)
{
        cr_due_facts_take(&facts, collection);
}

/* ---- cycles ---- */

START_TEST(the_first_cycle_is_an_interval_after_the_last_or_a_tenth_earlier)
{
        gint64 due, interval = 300 * SECOND, earliest = G_MAXINT64, latest = 0;

        for (guint i = 0; i < 200; i++) {
                collection->id = cr_id_new();
                take();
                due = cr_due_first_cycle(&facts, NOW);
                ck_assert_int_eq(due, cr_due_first_cycle(&facts, NOW + SECOND));
                earliest = MIN(earliest, due);
                latest = MAX(latest, due);
        }
        ck_assert_int_gt(earliest, collection->last_replication + interval - interval / 10);
        ck_assert_int_le(latest, collection->last_replication + interval);
        /* They do not begin together. */
        ck_assert_int_gt(latest - earliest, 25 * SECOND);
}
END_TEST

START_TEST(what_is_overdue_is_spread_over_a_minute)
{
        gint64 due, earliest = G_MAXINT64, latest = 0;

        collection->last_replication = NOW - 3600 * SECOND;
        for (guint i = 0; i < 200; i++) {
                collection->id = cr_id_new();
                take();
                due = cr_due_first_cycle(&facts, NOW);
                earliest = MIN(earliest, due);
                latest = MAX(latest, due);
        }
        ck_assert_int_ge(earliest, NOW);
        ck_assert_int_lt(latest, NOW + MINUTE);
        ck_assert_int_gt(latest - earliest, 50 * SECOND);
}
END_TEST

START_TEST(a_last_time_in_the_future_puts_no_cycle_off)
{
        collection->last_replication = NOW + 1000 * MINUTE;
        take();
        ck_assert_int_le(cr_due_first_cycle(&facts, NOW), NOW + 300 * SECOND);
}
END_TEST

START_TEST(cycles_keep_their_distance_and_skip_what_has_passed)
{
        gint64 interval = 30 * SECOND;

        ck_assert_int_eq(cr_due_next_cycle(NOW, interval, NOW), NOW + interval);
        ck_assert_int_eq(cr_due_next_cycle(NOW, interval, NOW + interval - 1), NOW + interval);
        ck_assert_int_eq(cr_due_next_cycle(NOW, interval, NOW + interval), NOW + 2 * interval);
        ck_assert_int_eq(cr_due_next_cycle(NOW, interval, NOW + 10 * interval + 1), NOW + 11 * interval);
        /* The clock was set back. */
        ck_assert_int_eq(cr_due_next_cycle(NOW + 5 * interval, interval, NOW), NOW + interval);
}
END_TEST

START_TEST(who_has_cycles)
{
        static const struct {
                CrRole role;
                CrState state;
                gboolean cycles;
        } table[] = {
                {CR_ROLE_PRIMARY, CR_STATE_REPLICATING, TRUE},
                {CR_ROLE_PRIMARY, CR_STATE_CRITICAL, TRUE},
                {CR_ROLE_PRIMARY, CR_STATE_DISK_UPDATE_CRITICAL, TRUE},
                {CR_ROLE_PRIMARY, CR_STATE_SUSPENDED, FALSE},
                {CR_ROLE_PRIMARY, CR_STATE_READY, FALSE},
                {CR_ROLE_PRIMARY, CR_STATE_INITIAL_REPLICATION, FALSE},
                {CR_ROLE_PRIMARY, CR_STATE_FAILED_OVER, FALSE},
                {CR_ROLE_PRIMARY, CR_STATE_COMMITTED, FALSE},
                {CR_ROLE_PRIMARY, CR_STATE_WAITING_TO_RESYNCHRONIZE, FALSE},
                {CR_ROLE_REPLICA, CR_STATE_REPLICATING, FALSE},
                {CR_ROLE_REPLICA, CR_STATE_PREPARED_FOR_REVERSE_REPLICATION, FALSE},
                {CR_ROLE_NONE, CR_STATE_DISABLED, FALSE},
        };

        for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
                collection->role = table[i].role;
                collection->state = table[i].state;
                take();
                ck_assert_msg(facts.cycles == table[i].cycles, "%s %s", cr_role_word(table[i].role),
                        cr_state_word(table[i].state));
        }
        /* One that waits for an import over there. */
        collection->role = CR_ROLE_PRIMARY;
        collection->state = CR_STATE_INITIAL_REPLICATION;
        collection->initial_type = 2;
        take();
        ck_assert(facts.cycles);
}
END_TEST

START_TEST(a_stored_start_is_one_while_its_state_allows_it)
{
        collection->scheduled_time = NOW + MINUTE;
        collection->scheduled_operation = g_strdup("StartReplication");
        collection->scheduled_request = g_strdup("{'Type': <uint16 1>}");
        take();
        ck_assert_int_eq(facts.stored_time, 0);
        collection->state = CR_STATE_READY;
        take();
        ck_assert_int_eq(facts.stored_time, NOW + MINUTE);
        ck_assert_uint_eq(facts.stored_operation, CR_OP_START);
        ck_assert_str_eq(facts.stored_request, "{'Type': <uint16 1>}");
}
END_TEST

static void add_divergence(gint64 expires)
{
        CrDivergence *divergence = cr_divergence_new();

        divergence->id = cr_id_new();
        divergence->expires = expires;
        g_ptr_array_add(collection->divergences, divergence);
}

START_TEST(the_divergence_that_expires_first_is_next)
{
        add_divergence(0);
        take();
        ck_assert_int_eq(facts.expires, 0);
        add_divergence(NOW + 5);
        add_divergence(NOW + 3);
        add_divergence(NOW + 4);
        take();
        ck_assert_int_eq(facts.expires, NOW + 3);
        ck_assert(cr_id_equal(
                &facts.divergence, &((CrDivergence *)g_ptr_array_index(collection->divergences, 2))->id));
}
END_TEST

START_TEST(too_long_is_three_intervals)
{
        take();
        ck_assert_int_eq(cr_due_too_long(&facts), collection->last_replication + 900 * SECOND);
        collection->role = CR_ROLE_REPLICA;
        take();
        ck_assert_int_eq(cr_due_too_long(&facts), 0);
        collection->last_apply = NOW;
        take();
        ck_assert_int_eq(cr_due_too_long(&facts), NOW + 900 * SECOND);
}
END_TEST

/* ---- times of the day ---- */

static gint64 at(GTimeZone *zone, int month, int day, int hour, int minute)
{
        g_autoptr(GDateTime) time = g_date_time_new(zone, 2026, month, day, hour, minute, 0);

        return g_date_time_to_unix(time) * G_USEC_PER_SEC;
}

/* From an hour of one day in November to when it begins; the result's day, hour and minute. */
#define assert_begins(from, until, hour, minute, day_wanted, hour_wanted, minute_wanted)                     \
        ck_assert_int_eq(cr_due_in_day(from, until, zone, at(zone, 11, 22, hour, minute)),                   \
                at(zone, 11, day_wanted, hour_wanted, minute_wanted))

START_TEST(a_time_of_the_day_goes_over_midnight)
{
        g_autoptr(GTimeZone) zone = g_time_zone_new_identifier("Europe/Berlin");

        ck_assert(zone != NULL);
        assert_begins("18:30", "06:00", 18, 29, 22, 18, 30);
        assert_begins("18:30", "06:00", 18, 30, 22, 18, 30);
        assert_begins("18:30", "06:00", 23, 59, 22, 23, 59);
        assert_begins("18:30", "06:00", 0, 0, 22, 0, 0);
        assert_begins("18:30", "06:00", 5, 59, 22, 5, 59);
        assert_begins("18:30", "06:00", 6, 0, 22, 18, 30);
        assert_begins("08:00", "10:00", 7, 0, 22, 8, 0);
        assert_begins("08:00", "10:00", 9, 0, 22, 9, 0);
        assert_begins("08:00", "10:00", 10, 0, 23, 8, 0);
        assert_begins("12:00", "12:00", 3, 0, 22, 3, 0);
}
END_TEST

START_TEST(where_the_clock_is_set_a_day_is_not_24_hours)
{
        g_autoptr(GTimeZone) zone = g_time_zone_new_identifier("Europe/Berlin");
        gint64 begins;

        ck_assert(zone != NULL);
        /* 29 March: 02:00 to 03:00 does not exist. */
        begins = cr_due_in_day("02:30", "05:00", zone, at(zone, 3, 29, 1, 0));
        ck_assert_int_ge(begins, at(zone, 3, 29, 1, 59));
        ck_assert_int_le(begins, at(zone, 3, 29, 3, 30));
        ck_assert_int_eq(cr_due_in_day("18:30", "19:00", zone, at(zone, 3, 28, 20, 0)),
                at(zone, 3, 28, 20, 0) + (22 * 60 + 30 - 60) * MINUTE);
        /* 25 October has 25 hours. */
        ck_assert_int_eq(cr_due_in_day("18:30", "19:00", zone, at(zone, 10, 24, 20, 0)),
                at(zone, 10, 24, 20, 0) + (22 * 60 + 30 + 60) * MINUTE);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {the_first_cycle_is_an_interval_after_the_last_or_a_tenth_earlier,
                what_is_overdue_is_spread_over_a_minute, a_last_time_in_the_future_puts_no_cycle_off,
                cycles_keep_their_distance_and_skip_what_has_passed, who_has_cycles,
                a_stored_start_is_one_while_its_state_allows_it, the_divergence_that_expires_first_is_next,
                too_long_is_three_intervals, a_time_of_the_day_goes_over_midnight,
                where_the_clock_is_set_a_day_is_not_24_hours, NULL};

        return run_tests_with("due", tests, set_up, tear_down);
}
