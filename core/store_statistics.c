/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the daemon alone writes: the statistics, and when it was last alive. */
#include "core/store_private.h"

#define FIELD(member, type)                                                                                  \
        {                                                                                                    \
#member, CR_FIELD_##type, offsetof(CrStatistics, member), FALSE, NULL                        \
        }

static const CrField statistics_fields[] = {
        FIELD(collection, ID),
        FIELD(since, SIGNED),
        FIELD(successes, COUNT),
        FIELD(missed, COUNT),
        FIELD(network_failures, COUNT),
        FIELD(failures, COUNT),
        FIELD(application_failures, COUNT),
        FIELD(max_latency, UNSIGNED),
        FIELD(bytes, UNSIGNED),
        FIELD(max_bytes, UNSIGNED),
        FIELD(pending, UNSIGNED),
        FIELD(last_test, SIGNED),
        FIELD(missed_in_row, COUNT),
        FIELD(failed_value, COUNT),
        FIELD(failed_message, TEXT),
        {NULL},
};

static const CrRecord statistics_record = {"statistics", statistics_fields, NULL, NULL};

static CrStatement *insert_statement(CrStore *store, GError **error)
{
        static const char key[] = "insert statistics";
        g_autofree char *columns = NULL, *places = NULL, *sql = NULL;
        CrStatement *kept = cr_store_kept(store, key);

        if (kept)
                return kept;
        columns = cr_record_columns(&statistics_record);
        places = cr_record_places(&statistics_record);
        sql = g_strdup_printf("INSERT OR REPLACE INTO statistics (%s) VALUES (%s)", columns, places);
        return cr_store_keep(store, key, sql, error);
}

static gboolean has_collection(CrStore *store, const CrId *id, gboolean *ret, GError **error)
{
        g_autoptr(CrStatement) select =
                cr_store_query(store, error, "SELECT 1 FROM collections WHERE id = ?", "t", id->text);

        return select && cr_store_next(store, select, ret, error);
}

gboolean cr_store_save_statistics(CrStore *store, const CrStatistics *statistics, GError **error)
{
        g_autoptr(CrTransaction) transaction = cr_store_write(store, error);
        g_autoptr(CrStatement) insert = transaction ? insert_statement(store, error) : NULL;
        gboolean row;

        if (!insert || !has_collection(store, &statistics->collection, &row, error))
                return FALSE;
        if (!row)
                return TRUE;
        return cr_record_bind(store, insert, 1, &statistics_record, statistics, error) &&
               cr_store_next(store, insert, &row, error) &&
               CR_STORE_COMMIT(transaction, "store.statistics", error);
}

static CrStatement *select_statement(CrStore *store, GError **error)
{
        g_autofree char *columns = cr_record_columns(&statistics_record);
        g_autofree char *sql = g_strdup_printf("SELECT %s FROM statistics", columns);

        return cr_store_query(store, error, sql, "");
}

GPtrArray *cr_store_statistics(CrStore *store, GError **error)
{
        g_autoptr(CrStatement) select = select_statement(store, error);
        g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)cr_statistics_free);
        gboolean row = select != NULL;

        while (row) {
                CrStatistics *statistics;

                if (!cr_store_next(store, select, &row, error))
                        return NULL;
                if (!row)
                        break;
                statistics = g_new0(CrStatistics, 1);
                g_ptr_array_add(all, statistics);
                if (!cr_record_read(store, select, &statistics_record, statistics, error))
                        return NULL;
        }
        return select ? g_steal_pointer(&all) : NULL;
}

gboolean cr_store_stamp_alive(CrStore *store, gint64 now, GError **error)
{
        g_autoptr(CrTransaction) transaction = cr_store_write(store, error);

        return transaction && cr_store_run(store, error, "UPDATE site SET last_alive = ?", "n", now) &&
               CR_STORE_COMMIT(transaction, "store.alive", error);
}

static gboolean read_alive(CrStore *store, gint64 *ret, GError **error)
{
        g_autoptr(CrStatement) select = cr_store_query(store, error, "SELECT last_alive FROM site", "");
        gboolean row;

        if (!select || !cr_store_next(store, select, &row, error))
                return FALSE;
        *ret = sqlite3_column_int64(select, 0);
        return TRUE;
}

gboolean cr_store_put_off_expiries(CrStore *store, gint64 now, GError **error)
{
        g_autoptr(CrTransaction) transaction = cr_store_write(store, error);
        gint64 alive, away;

        if (!transaction || !read_alive(store, &alive, error))
                return FALSE;
        away = alive > 0 ? MAX(now - alive, 0) : 0;
        return cr_store_run(store, error, "UPDATE divergences SET expires = expires + ? WHERE expires > 0",
                       "n", away) &&
               cr_store_run(store, error, "UPDATE site SET last_alive = ?", "n", now) &&
               CR_STORE_COMMIT(transaction, "store.put-off", error);
}
