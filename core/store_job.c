/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/store_private.h"

static const CrField job_fields[] = {
        {"id", CR_FIELD_UNSIGNED, offsetof(CrJobRecord, id), FALSE, NULL},
        {"operation", CR_FIELD_TEXT, offsetof(CrJobRecord, operation), FALSE, NULL},
        {"collection_path", CR_FIELD_TEXT, offsetof(CrJobRecord, collection_path), FALSE, NULL},
        {"collection", CR_FIELD_ID, offsetof(CrJobRecord, collection), TRUE, NULL},
        {"owner", CR_FIELD_COUNT, offsetof(CrJobRecord, owner), FALSE, NULL},
        {"state", CR_FIELD_TEXT, offsetof(CrJobRecord, state), FALSE, NULL},
        {"started", CR_FIELD_SIGNED, offsetof(CrJobRecord, started), FALSE, NULL},
        {"ended", CR_FIELD_SIGNED, offsetof(CrJobRecord, ended), FALSE, NULL},
        {"value", CR_FIELD_COUNT, offsetof(CrJobRecord, value), FALSE, NULL},
        {"error_name", CR_FIELD_TEXT, offsetof(CrJobRecord, error_name), FALSE, NULL},
        {"error_message", CR_FIELD_TEXT, offsetof(CrJobRecord, error_message), FALSE, NULL},
        {"result", CR_FIELD_TEXT, offsetof(CrJobRecord, result), FALSE, NULL},
        {"scheduled", CR_FIELD_BOOLEAN, offsetof(CrJobRecord, scheduled), FALSE, NULL},
        {NULL},
};

static const CrRecord job_record = {"job", job_fields, NULL, NULL};

void cr_job_record_free(CrJobRecord *job)
{
        if (!job)
                return;
        cr_record_clear(&job_record, job);
        g_free(job);
}

static CrStatement *insert_statement(CrStore *store, GError **error)
{
        static const char key[] = "insert job";
        g_autofree char *columns = NULL, *places = NULL, *sql = NULL;
        CrStatement *kept = cr_store_kept(store, key);

        if (kept)
                return kept;
        columns = cr_record_columns(&job_record);
        places = cr_record_places(&job_record);
        sql = g_strdup_printf("INSERT OR REPLACE INTO jobs (%s) VALUES (%s)", columns, places);
        return cr_store_keep(store, key, sql, error);
}

gboolean cr_store_save_job(CrStore *store, const CrJobRecord *job, GError **error)
{
        g_autoptr(CrTransaction) transaction = cr_store_write(store, error);
        g_autoptr(CrStatement) insert = transaction ? insert_statement(store, error) : NULL;
        gboolean row;

        return insert && cr_record_bind(store, insert, 1, &job_record, job, error) &&
               cr_store_next(store, insert, &row, error) && CR_STORE_COMMIT(transaction, "store.job", error);
}

gboolean cr_store_delete_job(CrStore *store, guint64 id, GError **error)
{
        g_autoptr(CrTransaction) transaction = cr_store_write(store, error);

        return transaction && cr_store_run(store, error, "DELETE FROM jobs WHERE id = ?", "n", (gint64)id) &&
               CR_STORE_COMMIT(transaction, "store.delete-job", error);
}

static CrStatement *select_statement(CrStore *store, GError **error)
{
        static const char key[] = "select jobs";
        g_autofree char *columns = NULL, *sql = NULL;
        CrStatement *kept = cr_store_kept(store, key);

        if (kept)
                return kept;
        columns = cr_record_columns(&job_record);
        sql = g_strdup_printf("SELECT %s FROM jobs ORDER BY id", columns);
        return cr_store_keep(store, key, sql, error);
}

GPtrArray *cr_store_jobs(CrStore *store, GError **error)
{
        g_autoptr(CrStatement) select = select_statement(store, error);
        g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func((GDestroyNotify)cr_job_record_free);
        gboolean row = select != NULL;

        while (row) {
                CrJobRecord *job;

                if (!cr_store_next(store, select, &row, error))
                        return NULL;
                if (!row)
                        break;
                job = g_new0(CrJobRecord, 1);
                g_ptr_array_add(jobs, job);
                if (!cr_record_read(store, select, &job_record, job, error))
                        return NULL;
        }
        return select ? g_steal_pointer(&jobs) : NULL;
}
