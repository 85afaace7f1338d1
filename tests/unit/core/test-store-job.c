/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-store-sample.h"

#include <string.h>

static CrJobRecord *job(guint64 id)
{
        CrJobRecord *record = g_new0(CrJobRecord, 1);

        record->id = id;
        record->operation = g_strdup("ReplicateNow");
        record->collection_path = g_strdup("/org/example/CollectionReplication/collection/shop");
        record->collection = cr_id_new();
        record->owner = G_MAXUINT32;
        record->state = g_strdup("completed");
        record->started = 1;
        record->ended = G_MAXINT64;
        record->value = 32768;
        record->error_name = g_strdup("Failed");
        record->error_message = g_strdup("it 'failed'\n€");
        record->result = g_strdup("{'BytesSent': <uint64 1>}");
        record->scheduled = TRUE;
        return record;
}

static void save(CrStore *store, const CrJobRecord *record)
{
        g_autoptr(GError) error = NULL;
        gboolean saved = cr_store_save_job(store, record, &error);

        ck_assert_msg(saved, "%s", error ? error->message : "no error");
}

static void assert_same(const CrJobRecord *a, const CrJobRecord *b)
{
        ck_assert_uint_eq(a->id, b->id);
        ck_assert_str_eq(a->operation, b->operation);
        ck_assert_str_eq(a->collection_path, b->collection_path);
        ck_assert_str_eq(a->collection.text, b->collection.text);
        ck_assert_uint_eq(a->owner, b->owner);
        ck_assert_str_eq(a->state, b->state);
        ck_assert_int_eq(a->started, b->started);
        ck_assert_int_eq(a->ended, b->ended);
        ck_assert_uint_eq(a->value, b->value);
        ck_assert_str_eq(a->error_name, b->error_name);
        ck_assert_str_eq(a->error_message, b->error_message);
        ck_assert_str_eq(a->result, b->result);
        ck_assert_int_eq(a->scheduled, b->scheduled);
}

START_TEST(jobs_come_back_as_they_were_by_id)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrJobRecord) second = job(20), first = job(3);
        g_autoptr(GPtrArray) jobs = NULL;

        first->collection = CR_ID_NONE;
        save(store, second);
        save(store, first);
        cr_store_close(store);
        store = sample_open();
        jobs = cr_store_jobs(store, NULL);
        ck_assert_uint_eq(jobs->len, 2);
        assert_same(first, g_ptr_array_index(jobs, 0));
        assert_same(second, g_ptr_array_index(jobs, 1));
}
END_TEST

START_TEST(saving_a_job_again_replaces_it)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrJobRecord) record = job(1);
        g_autoptr(GPtrArray) jobs = NULL;

        save(store, record);
        g_free(record->state);
        record->state = g_strdup("failed");
        record->value = 32774;
        save(store, record);
        jobs = cr_store_jobs(store, NULL);
        ck_assert_uint_eq(jobs->len, 1);
        assert_same(record, g_ptr_array_index(jobs, 0));
}
END_TEST

START_TEST(a_deleted_job_is_gone)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrJobRecord) first = job(1), second = job(2);
        g_autoptr(GPtrArray) jobs = NULL;

        save(store, first);
        save(store, second);
        ck_assert(cr_store_delete_job(store, 1, NULL));
        ck_assert(cr_store_delete_job(store, 1, NULL));
        jobs = cr_store_jobs(store, NULL);
        ck_assert_uint_eq(jobs->len, 1);
        assert_same(second, g_ptr_array_index(jobs, 0));
}
END_TEST

START_TEST(a_job_outlives_its_collection)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) collection = cr_collection_new("shop");
        g_autoptr(CrJobRecord) record = job(1);
        g_autoptr(GPtrArray) jobs = NULL;

        sample_save(store, collection);
        record->collection = collection->id;
        save(store, record);
        ck_assert(cr_store_delete(store, &collection->id, NULL));
        jobs = cr_store_jobs(store, NULL);
        ck_assert_uint_eq(jobs->len, 1);
}
END_TEST

START_TEST(a_job_with_a_missing_text_is_refused)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrJobRecord) record = job(1);
        GError *error = NULL;

        g_clear_pointer(&record->error_name, g_free);
        ck_assert(!cr_store_save_job(store, record, &error));
        assert_error(error, CR_ERROR_FAILED, "error_name");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {jobs_come_back_as_they_were_by_id, saving_a_job_again_replaces_it,
                a_deleted_job_is_gone, a_job_outlives_its_collection, a_job_with_a_missing_text_is_refused,
                NULL};

        return run_tests_with("store job", tests, sample_make_folder, sample_remove_folder);
}
