/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/store_private.h"

#define FILE_NAME "store.sqlite"
#define BUSY_WAIT_MS 10000 /* for another process that writes */
#define BUSY_RETRY_MS 5
#define MAX_VALUE_LENGTH (64 << 20) /* bytes of one value: a plan of tens of thousands of points */

/*
 * WAL with synchronous=FULL: a commit is one flush of the log. The log is moved into the database by whoever
 * commits after it has grown to 256 pages (1 MiB): the daemon and its workers have it open at once, so that
 * no close is ever the last one that would do it, and a short-lived worker should not have to move four times
 * as much. A reader holds the log back only for one short transaction. The size limit gives its space back
 * after a longer one.
 */
static const char settings_sql[] = "PRAGMA journal_mode = WAL;"
                                   "PRAGMA synchronous = FULL;"
                                   "PRAGMA wal_autocheckpoint = 256;"
                                   "PRAGMA journal_size_limit = 2097152;"
                                   "PRAGMA foreign_keys = ON;"
                                   "PRAGMA trusted_schema = OFF;"
                                   "PRAGMA cell_size_check = ON;"
                                   "PRAGMA cache_size = -1024;"
                                   "PRAGMA temp_store = MEMORY;";

/* ---- errors ---- */

static CrError error_code(int code)
{
        switch (code) {
        case SQLITE_NOMEM:
        case SQLITE_IOERR_NOMEM:
                return CR_ERROR_OUT_OF_MEMORY;
        case SQLITE_CONSTRAINT_UNIQUE:
                return CR_ERROR_INVALID_PARAMETER;
        default:
                return CR_ERROR_FAILED;
        }
}

gboolean cr_store_fail(CrStore *store, GError **error)
{
        int code = sqlite3_extended_errcode(store->database), primary = code & 0xff;
        int errnum = sqlite3_system_errno(store->database);
        gboolean of_the_system =
                primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_FULL;

        g_set_error(error, CR_ERROR, error_code(code), "%s: %s%s%s", store->path,
                sqlite3_errmsg(store->database), of_the_system && errnum ? ": " : "",
                of_the_system && errnum ? g_strerror(errnum) : "");
        return FALSE;
}

/* ---- statements ---- */

void cr_statement_reset(CrStatement *statement)
{
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
}

CrStatement *cr_store_kept(CrStore *store, const char *key)
{
        return g_hash_table_lookup(store->statements, key);
}

CrStatement *cr_store_keep(CrStore *store, const char *key, const char *sql, GError **error)
{
        sqlite3_stmt *statement;

        if (sqlite3_prepare_v3(store->database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
                SQLITE_OK) {
                cr_store_fail(store, error);
                return NULL;
        }
        g_hash_table_insert(store->statements, g_strdup(key), statement);
        return statement;
}

static gboolean bind_values(
        CrStore *store, CrStatement *statement, const char *types, va_list values, GError **error)
{
        for (int i = 1; types[i - 1]; i++) {
                int result = types[i - 1] == 't' ? sqlite3_bind_text(statement, i,
                                                           va_arg(values, const char *), -1, SQLITE_TRANSIENT)
                                                 : sqlite3_bind_int64(statement, i, va_arg(values, gint64));

                if (result != SQLITE_OK)
                        return cr_store_fail(store, error);
        }
        return TRUE;
}

static CrStatement *query(CrStore *store, const char *sql, const char *types, va_list values, GError **error)
{
        g_autoptr(CrStatement) statement = cr_store_kept(store, sql);

        if (!statement)
                statement = cr_store_keep(store, sql, sql, error);
        if (!statement || !bind_values(store, statement, types, values, error))
                return NULL;
        return g_steal_pointer(&statement);
}

CrStatement *cr_store_query(CrStore *store, GError **error, const char *sql, const char *types, ...)
{
        CrStatement *statement;
        va_list values;

        va_start(values, types);
        statement = query(store, sql, types, values, error);
        va_end(values);
        return statement;
}

gboolean cr_store_next(CrStore *store, CrStatement *statement, gboolean *ret_row, GError **error)
{
        int result = sqlite3_step(statement);

        *ret_row = result == SQLITE_ROW;
        return result == SQLITE_ROW || result == SQLITE_DONE || cr_store_fail(store, error);
}

gboolean cr_store_run(CrStore *store, GError **error, const char *sql, const char *types, ...)
{
        g_autoptr(CrStatement) statement = NULL;
        gboolean row;
        va_list values;

        va_start(values, types);
        statement = query(store, sql, types, values, error);
        va_end(values);
        return statement && cr_store_next(store, statement, &row, error);
}

/* ---- transactions ---- */

/* SQLite itself waits for most locks, but gives some up at once (another process that recovers the log, or
 * changes the mode, say). */
static gboolean execute_patiently(CrStore *store, const char *sql, GError **error)
{
        gint64 deadline = g_get_monotonic_time() + BUSY_WAIT_MS * (gint64)G_TIME_SPAN_MILLISECOND;

        while (sqlite3_exec(store->database, sql, NULL, NULL, NULL) != SQLITE_OK) {
                if (sqlite3_errcode(store->database) != SQLITE_BUSY || g_get_monotonic_time() >= deadline)
                        return cr_store_fail(store, error);
                g_usleep(BUSY_RETRY_MS * (gulong)G_TIME_SPAN_MILLISECOND);
        }
        return TRUE;
}

CrTransaction *cr_store_read(CrStore *store, GError **error)
{
        return execute_patiently(store, "BEGIN", error) ? store : NULL;
}

CrTransaction *cr_store_write(CrStore *store, GError **error)
{
        return execute_patiently(store, "BEGIN IMMEDIATE", error) ? store : NULL;
}

gboolean cr_store_commit(CrTransaction *transaction, GError **error)
{
        return cr_store_run(transaction, error, "COMMIT", "");
}

void cr_store_roll_back(CrTransaction *transaction)
{
        if (!sqlite3_get_autocommit(transaction->database))
                cr_store_run(transaction, NULL, "ROLLBACK", "");
}

/* ---- opening and closing ---- */

/* With this mode from its first moment. Not by open: closing a descriptor would drop the locks that another
 * connection of this process holds on the file. */
static gboolean make_file(const char *directory, const char *path, GError **error)
{
        int folder, errnum = 0;

        if (mknod(path, S_IFREG | 0600, 0) < 0 && errno != EEXIST)
                return cr_error_set_errno(error, errno, "%s", path);
        folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0 || fsync(folder) < 0)
                errnum = errno;
        if (folder >= 0)
                close(folder);
        return errnum == 0 || cr_error_set_errno(error, errnum, "%s", directory);
}

static gboolean open_database(CrStore *store, GError **error)
{
        int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;

        if (sqlite3_open_v2(store->path, &store->database, flags, NULL) != SQLITE_OK)
                return cr_store_fail(store, error);
        sqlite3_busy_timeout(store->database, BUSY_WAIT_MS);
        sqlite3_limit(store->database, SQLITE_LIMIT_LENGTH, MAX_VALUE_LENGTH);
        sqlite3_db_config(store->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        return cr_store_check_version(store, error) && execute_patiently(store, settings_sql, error) &&
               cr_store_migrate(store, error);
}

static gboolean load_host(CrStore *store, GError **error)
{
        g_autoptr(CrStatement) select = cr_store_query(store, error, "SELECT host FROM site", "");
        gboolean row;

        return select && cr_store_next(store, select, &row, error) &&
               cr_store_read_id(store, select, &store->host, error);
}

static void finalize(gpointer statement)
{
        sqlite3_finalize(statement);
}

CrStore *cr_store_open(const char *directory, GError **error)
{
        g_autoptr(CrStore) store = g_new0(CrStore, 1);

        store->path = g_build_filename(directory, FILE_NAME, NULL);
        store->statements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, finalize);
        if (!make_file(directory, store->path, error) || !open_database(store, error) ||
                !load_host(store, error))
                return NULL;
        return g_steal_pointer(&store);
}

void cr_store_close(CrStore *store)
{
        if (!store)
                return;
        g_hash_table_unref(store->statements);
        sqlite3_close(store->database);
        cr_settings_free(store->settings);
        g_free(store->settings_text);
        g_free(store->path);
        g_free(store);
}

/* ---- the site ---- */

CrId cr_store_host_id(CrStore *store)
{
        return store->host;
}

/* The one number that a query of the site's row gives. */
static gboolean site_number(CrStore *store, CrStatement *statement, guint64 *ret, GError **error)
{
        g_autoptr(CrStatement) owned = statement;
        gboolean row;

        if (!owned || !cr_store_next(store, owned, &row, error))
                return FALSE;
        *ret = (guint64)sqlite3_column_int64(owned, 0);
        return TRUE;
}

gboolean cr_store_sequence(CrStore *store, guint64 *ret, GError **error)
{
        return site_number(store, cr_store_query(store, error, "SELECT sequence FROM site", ""), ret, error);
}

gboolean cr_store_raise_sequence(CrStore *store, GError **error)
{
        return cr_store_run(store, error, "UPDATE site SET sequence = sequence + 1", "");
}

gboolean cr_store_reserve_job_ids(CrStore *store, guint count, guint64 *ret_first, GError **error)
{
        g_autoptr(CrTransaction) transaction = cr_store_write(store, error);

        if (!transaction ||
                !site_number(store, cr_store_query(store, error, "SELECT next_job FROM site", ""), ret_first,
                        error) ||
                !cr_store_run(store, error, "UPDATE site SET next_job = next_job + ?", "n", (gint64)count))
                return FALSE;
        return CR_STORE_COMMIT(transaction, "store.reserve", error);
}
