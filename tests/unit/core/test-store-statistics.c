/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-store-sample.h"

#include <string.h>

#define NOW (G_GINT64_CONSTANT(1700000000) * G_USEC_PER_SEC)

static CrCollection *saved_collection(CrStore *store)
{
        CrCollection *collection = cr_collection_new("shop");

        sample_save(store, collection);
        return collection;
}

static void save(CrStore *store, const CrStatistics *statistics)
{
        g_autoptr(GError) error = NULL;
        gboolean saved = cr_store_save_statistics(store, statistics, &error);

        ck_assert_msg(saved, "%s", error ? error->message : "no error");
}

static void count(CrStatistics *statistics, CrError code, guint64 bytes, guint64 pending, guint64 duration)
{
        g_autoptr(GError) error = code ? g_error_new(CR_ERROR, (gint)code, "no answer") : NULL;
        CrReplicationEnd end = {error, bytes, pending, duration, FALSE};

        cr_statistics_count(statistics, &end);
}

START_TEST(statistics_come_back_as_they_were)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) collection = saved_collection(store);
        g_autoptr(CrStatistics) statistics = cr_statistics_new(&collection->id, NOW);
        g_autoptr(GPtrArray) all = NULL;
        const CrStatistics *loaded;

        count(statistics, 0, 4096, 0, 7);
        count(statistics, CR_ERROR_TIMEOUT, 0, 512, 0);
        cr_statistics_count_missed(statistics);
        statistics->last_test = NOW + 1;
        statistics->application_failures = 3;
        save(store, statistics);
        save(store, statistics);
        cr_store_close(store);
        store = sample_open();
        all = cr_store_statistics(store, NULL);
        ck_assert_uint_eq(all->len, 1);
        loaded = g_ptr_array_index(all, 0);
        ck_assert_str_eq(loaded->collection.text, collection->id.text);
        ck_assert_int_eq(loaded->since, NOW);
        ck_assert_uint_eq(loaded->successes, 1);
        ck_assert_uint_eq(loaded->missed, 1);
        ck_assert_uint_eq(loaded->missed_in_row, 1);
        ck_assert_uint_eq(loaded->network_failures, 1);
        ck_assert_uint_eq(loaded->failures, 0);
        ck_assert_uint_eq(loaded->application_failures, 3);
        ck_assert_uint_eq(loaded->max_latency, 7);
        ck_assert_uint_eq(loaded->bytes, 4096);
        ck_assert_uint_eq(loaded->max_bytes, 4096);
        ck_assert_uint_eq(loaded->pending, 512);
        ck_assert_int_eq(loaded->last_test, NOW + 1);
        ck_assert_uint_eq(loaded->failed_value, cr_error_value(CR_ERROR_TIMEOUT));
        ck_assert_str_eq(loaded->failed_message, "no answer");
}
END_TEST

START_TEST(saving_a_collection_keeps_its_statistics_and_deleting_it_does_not)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) collection = saved_collection(store);
        g_autoptr(CrStatistics) statistics = cr_statistics_new(&collection->id, NOW);
        g_autoptr(GPtrArray) kept = NULL, gone = NULL;

        save(store, statistics);
        sample_save(store, collection);
        kept = cr_store_statistics(store, NULL);
        ck_assert_uint_eq(kept->len, 1);
        ck_assert(cr_store_delete(store, &collection->id, NULL));
        save(store, statistics);
        gone = cr_store_statistics(store, NULL);
        ck_assert_uint_eq(gone->len, 0);
}
END_TEST

START_TEST(ends_are_counted_by_their_kind)
{
        CrId id = cr_id_new();
        g_autoptr(CrStatistics) statistics = cr_statistics_new(&id, NOW);

        cr_statistics_count_missed(statistics);
        count(statistics, CR_ERROR_NOT_AVAILABLE, 0, 10, 0);
        count(statistics, CR_ERROR_IN_USE, 0, 20, 0);
        count(statistics, CR_ERROR_CANCELLED, 0, 99, 0);
        ck_assert_uint_eq(statistics->network_failures, 1);
        ck_assert_uint_eq(statistics->failures, 1);
        ck_assert_uint_eq(statistics->failed_value, cr_error_value(CR_ERROR_IN_USE));
        ck_assert_uint_eq(statistics->pending, 20);
        ck_assert_uint_eq(statistics->missed_in_row, 1);
        count(statistics, 0, 300, 0, 5);
        count(statistics, 0, 100, 0, 9);
        ck_assert_uint_eq(statistics->successes, 2);
        ck_assert_uint_eq(statistics->bytes, 400);
        ck_assert_uint_eq(statistics->max_bytes, 300);
        ck_assert_uint_eq(statistics->max_latency, 9);
        ck_assert_uint_eq(statistics->pending, 0);
        ck_assert_uint_eq(statistics->missed_in_row, 0);
        ck_assert_uint_eq(statistics->missed, 1);
        ck_assert_uint_eq(statistics->failed_value, 0);
        ck_assert_str_eq(statistics->failed_message, "");
}
END_TEST

START_TEST(a_reset_keeps_how_things_stand)
{
        CrId id = cr_id_new();
        g_autoptr(CrStatistics) statistics = cr_statistics_new(&id, NOW);

        count(statistics, 0, 300, 0, 5);
        cr_statistics_count_missed(statistics);
        count(statistics, CR_ERROR_FAILED, 0, 20, 0);
        statistics->last_test = 5;
        cr_statistics_reset(statistics, NOW + 1);
        ck_assert_int_eq(statistics->since, NOW + 1);
        ck_assert_uint_eq(statistics->successes, 0);
        ck_assert_uint_eq(statistics->failures, 0);
        ck_assert_uint_eq(statistics->missed, 0);
        ck_assert_uint_eq(statistics->bytes, 0);
        ck_assert_uint_eq(statistics->max_bytes, 0);
        ck_assert_uint_eq(statistics->max_latency, 0);
        ck_assert_uint_eq(statistics->missed_in_row, 1);
        ck_assert_uint_eq(statistics->pending, 20);
        ck_assert_int_eq(statistics->last_test, 5);
        ck_assert_str_eq(statistics->failed_message, "no answer");
}
END_TEST

static gint64 expiry_of(CrStore *store, const CrId *id)
{
        g_autoptr(CrCollection) loaded = cr_store_load(store, id, CR_LOAD_ALL, NULL);

        return ((CrDivergence *)g_ptr_array_index(loaded->divergences, 0))->expires;
}

static CrCollection *with_divergence(CrStore *store, gint64 expires)
{
        CrCollection *collection = cr_collection_new("shop");
        CrDivergence *divergence = cr_divergence_new();

        divergence->id = cr_id_new();
        divergence->expires = expires;
        g_ptr_array_add(collection->divergences, divergence);
        sample_save(store, collection);
        return collection;
}

START_TEST(an_expiry_is_put_off_by_the_time_that_nothing_ran)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) collection = with_divergence(store, NOW + 100);

        /* A store that was never stamped: nothing is known of a time before. */
        ck_assert(cr_store_put_off_expiries(store, NOW, NULL));
        ck_assert_int_eq(expiry_of(store, &collection->id), NOW + 100);
        ck_assert(cr_store_stamp_alive(store, NOW + 10, NULL));
        ck_assert(cr_store_put_off_expiries(store, NOW + 1010, NULL));
        ck_assert_int_eq(expiry_of(store, &collection->id), NOW + 1100);
        /* The clock was set back. */
        ck_assert(cr_store_put_off_expiries(store, NOW, NULL));
        ck_assert_int_eq(expiry_of(store, &collection->id), NOW + 1100);
}
END_TEST

START_TEST(what_never_expires_still_does_not)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) collection = with_divergence(store, 0);

        ck_assert(cr_store_stamp_alive(store, NOW, NULL));
        ck_assert(cr_store_put_off_expiries(store, NOW + 5, NULL));
        ck_assert_int_eq(expiry_of(store, &collection->id), 0);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {statistics_come_back_as_they_were,
                saving_a_collection_keeps_its_statistics_and_deleting_it_does_not,
                ends_are_counted_by_their_kind, a_reset_keeps_how_things_stand,
                an_expiry_is_put_off_by_the_time_that_nothing_ran, what_never_expires_still_does_not, NULL};

        return run_tests_with("store statistics", tests, sample_make_folder, sample_remove_folder);
}
