/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Databases of other versions, damaged ones, and disks that are full. */
#include "core/store_private.h"
#include "test-store-sample.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ID "0123456789abcdef0123456789abcdef"
#define OTHER_ID "00000000000000000000000000000001"
#define N_DAMAGES 100

static char *database_path(void)
{
        return g_build_filename(sample_folder, "store.sqlite", NULL);
}

static gint64 number(CrStore *store, const char *sql)
{
        sqlite3_stmt *statement;
        gint64 value;

        ck_assert_int_eq(sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL), SQLITE_OK);
        ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
        value = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        return value;
}

/* ---- how it is opened ---- */

START_TEST(a_commit_is_durable_and_references_are_enforced)
{
        g_autoptr(CrStore) store = sample_open();

        ck_assert_int_eq(number(store, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
        ck_assert_int_eq(number(store, "PRAGMA synchronous"), 2); /* FULL */
        ck_assert_int_eq(number(store, "PRAGMA foreign_keys"), 1);
        ck_assert_int_eq(number(store, "PRAGMA trusted_schema"), 0);
        ck_assert_int_eq(number(store, "PRAGMA busy_timeout"), 10000);
        ck_assert_int_eq(number(store, "SELECT count(*) FROM pragma_table_list WHERE NOT strict"
                                       " AND schema = 'main' AND name NOT LIKE 'sqlite_%'"),
                0);
}
END_TEST

START_TEST(the_log_does_not_grow_without_end)
{
        g_autoptr(CrStore) store = sample_open(), other = sample_open(); /* a daemon's and a worker's */
        g_autoptr(CrCollection) collection = cr_collection_new("shop");
        g_autofree char *path = g_build_filename(sample_folder, "store.sqlite-wal", NULL), *log = NULL;
        gsize length;

        for (int i = 0; i < 500; i++) {
                g_autoptr(CrCollection) seen = NULL;

                sample_save(store, collection);
                seen = sample_load(other, &collection->id);
        }
        ck_assert(g_file_get_contents(path, &log, &length, NULL));
        ck_assert_uint_le(length, 2 << 20);
}
END_TEST

/* What the bus shows of a collection does not cost more when its lineage is long. */
START_TEST(held_points_are_found_without_reading_the_whole_lineage)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) collection = cr_collection_new("shop"), shown = NULL;
        sqlite3_stmt *select, *explain;
        g_autofree char *sql = NULL;

        sample_save(store, collection);
        shown = cr_store_load(store, &collection->id, CR_LOAD_SHOWN, NULL);
        select = cr_store_kept(store, "shown points");
        ck_assert_ptr_nonnull(select);
        sql = g_strdup_printf("EXPLAIN QUERY PLAN %s", sqlite3_sql(select));
        ck_assert_int_eq(sqlite3_prepare_v2(store->database, sql, -1, &explain, NULL), SQLITE_OK);
        ck_assert_int_eq(sqlite3_step(explain), SQLITE_ROW);
        ck_assert_pstr_eq(strstr((const char *)sqlite3_column_text(explain, 3), "USING INDEX points_held"),
                "USING INDEX points_held (collection=?)");
        sqlite3_finalize(explain);
}
END_TEST

/* ---- versions ---- */

/* As the first version left it, with a collection of two points. */
static void make_version_1(void)
{
        sample_execute(cr_store_migration(1));
        sample_execute(
                "PRAGMA journal_mode = WAL; PRAGMA user_version = 1;"
                "INSERT INTO site VALUES (1, '" OTHER_ID "', 7, 3);"
                "INSERT INTO collections VALUES ('" ID "', 'shop', 'qcow2', 'replicating', 'primary', 1, '" ID
                "', 0,"
                " NULL, 'disabled', NULL, '" ID "', NULL, 0, 1, '{}', NULL, 0, NULL, 0, NULL, NULL,"
                " NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, '');"
                "INSERT INTO points VALUES ('" ID "', 0, '" ID "', NULL, NULL, 5, 3, 6, 0);"
                "INSERT INTO points VALUES ('" ID "', 1, '" OTHER_ID "', '" ID "', NULL, 8, 3, 9, 1);");
}

static void assert_version_1_contents(CrStore *store)
{
        CrId id = {ID}, host = cr_store_host_id(store);
        g_autoptr(CrCollection) collection = sample_load(store, &id);
        g_autoptr(CrCollection) shown = cr_store_load(store, &id, CR_LOAD_SHOWN, NULL);
        guint64 sequence;

        ck_assert_str_eq(host.text, OTHER_ID);
        ck_assert(cr_store_sequence(store, &sequence, NULL));
        ck_assert_uint_eq(sequence, 7);
        ck_assert_str_eq(collection->name, "shop");
        ck_assert_int_eq(collection->role, CR_ROLE_PRIMARY);
        ck_assert_uint_eq(collection->points->len, 2);
        ck_assert_uint_eq(shown->points->len, 1);
        ck_assert_str_eq(((CrPoint *)g_ptr_array_index(shown->points, 0))->id.text, OTHER_ID);
}

START_TEST(a_database_of_version_1_is_migrated)
{
        g_autoptr(CrStore) store = NULL;

        make_version_1();
        store = sample_open();
        ck_assert_int_eq(number(store, "PRAGMA user_version"), sample_newest_version());
        ck_assert_int_eq(number(store, "SELECT count(*) FROM sqlite_schema WHERE name = 'points_held'"), 1);
        assert_version_1_contents(store);
}
END_TEST

START_TEST(a_migration_that_fails_changes_nothing)
{
        GError *error = NULL;

        make_version_1();
        sample_execute("CREATE INDEX points_held ON points (id);"); /* in the way */
        ck_assert_ptr_null(cr_store_open(sample_folder, &error));
        assert_error(error, CR_ERROR_FAILED, "points_held");
        sample_execute("DROP INDEX points_held; CREATE TABLE answer (version INTEGER CHECK (version = 1));"
                       "INSERT INTO answer SELECT user_version FROM pragma_user_version; DROP TABLE answer;");
        g_autoptr(CrStore) store = sample_open();
        assert_version_1_contents(store);
}
END_TEST

START_TEST(a_database_of_a_newer_version_is_refused_and_left_alone)
{
        g_autofree char *path = database_path(), *before = NULL, *after = NULL;
        gsize length_before, length_after;
        g_autofree char *newest = g_strdup_printf("up to %d", sample_newest_version());
        GError *error = NULL;

        cr_store_close(sample_open());
        sample_execute("PRAGMA user_version = 99;");
        ck_assert(g_file_get_contents(path, &before, &length_before, NULL));
        ck_assert_ptr_null(cr_store_open(sample_folder, &error));
        ck_assert_ptr_nonnull(strstr(error->message, "version 99"));
        assert_error(error, CR_ERROR_NOT_SUPPORTED, newest);
        ck_assert(g_file_get_contents(path, &after, &length_after, NULL));
        ck_assert_mem_eq(before, after, MIN(length_before, length_after));
        ck_assert_uint_eq(length_before, length_after);
}
END_TEST

/* ---- damage ---- */

START_TEST(a_file_that_is_no_database_is_named)
{
        g_autofree char *path = database_path(), *text = g_strnfill(10000, 'x');
        GError *error = NULL;

        ck_assert(g_file_set_contents(path, text, -1, NULL));
        ck_assert_ptr_null(cr_store_open(sample_folder, &error));
        assert_error(error, CR_ERROR_FAILED, path);
}
END_TEST

/* Whatever can be asked of a damaged database: an answer or an error that names it. */
static void use(const char *path)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(CrStore) store = cr_store_open(sample_folder, &error);
        g_autoptr(GArray) ids = store ? cr_store_list(store, &error) : NULL;
        g_autoptr(GPtrArray) jobs = ids ? cr_store_jobs(store, &error) : NULL;

        for (guint i = 0; jobs && !error && i < ids->len; i++) {
                const CrId *id = &g_array_index(ids, CrId, i);
                g_autoptr(CrCollection) collection = cr_store_load(store, id, CR_LOAD_ALL, &error);
                g_autoptr(CrPlan) plan = collection ? cr_store_intent(store, id, &error) : NULL;

                if (collection && !error)
                        cr_store_save(store, collection, &error);
        }
        if (error) {
                ck_assert_uint_eq(error->domain, CR_ERROR);
                ck_assert_msg(strstr(error->message, path) || error->code == CR_ERROR_FILE_NOT_FOUND ||
                                      error->code == CR_ERROR_INVALID_PARAMETER,
                        "%s", error->message);
        }
}

static void fill(GRand *rand)
{
        g_autoptr(CrStore) store = sample_open();

        for (int i = 0; i < 5; i++) {
                g_autoptr(CrCollection) collection = sample_collection(rand);
                g_autoptr(CrPlan) plan = cr_plan_new(collection, CR_OP_START);

                sample_save(store, collection);
                ck_assert(cr_store_put_intent(store, plan, NULL));
        }
}

START_TEST(damage_anywhere_is_an_error_at_most)
{
        g_autoptr(GRand) rand = sample_rand();
        g_autofree char *path = database_path(), *wal = g_strconcat(path, "-wal", NULL), *good = NULL;
        gsize length;

        fill(rand);
        ck_assert(g_file_get_contents(path, &good, &length, NULL));
        for (int i = 0; i < N_DAMAGES; i++) {
                g_autofree char *bad = g_memdup2(good, length);

                for (gint n = g_rand_int_range(rand, 1, 200); n > 0; n--)
                        bad[g_rand_int_range(rand, 0, (gint32)length)] = (char)g_rand_int_range(rand, 0, 256);
                if (i % 2) /* a header that is right lets the damage below it be met */
                        memcpy(bad, good, 100);
                unlink(wal);
                ck_assert(g_file_set_contents(path, bad, (gssize)length, NULL));
                use(path);
        }
}
END_TEST

/* ---- rows that are not well formed ---- */

static const struct {
        const char *sql, *what;
} bad_rows[] = {
        {"UPDATE collections SET state = 'asleep'", "state"},
        {"UPDATE collections SET role = 'Primary'", "role"},
        {"UPDATE collections SET name = 'a' || char(10)", "name"},
        {"UPDATE collections SET name = CAST(x'610062' AS TEXT)", "name"},
        {"UPDATE collections SET last_error = CAST(x'ff' AS TEXT)", "last_error"},
        {"UPDATE collections SET generation_id = 'abc'", "generation_id"},
        {"UPDATE collections SET base_point = ''", "base_point"},
        {"UPDATE collections SET settings = '{'", "settings"},
        {"UPDATE collections SET settings = '{''Unknown'': <1>}'", "settings"},
        {"UPDATE collections SET settings = '{''RecoveryHistory'': <uint16 17>}'", "settings"},
        {"UPDATE collections SET has_relationship = 2", "has_relationship"},
        {"UPDATE collections SET last_consistency = -1", "last_consistency"},
        {"UPDATE collections SET last_consistency = 4294967296", "last_consistency"},
        {"UPDATE disks SET id = upper(id) || 'x'", "id"},
        {"UPDATE disks SET name = 'a/b'", "name"},
        {"UPDATE disks SET head_path = 'relative' || position", "head_path"},
        {"UPDATE layers SET kind = 'thawed'", "kind"},
        {"UPDATE layers SET disk = '" OTHER_ID "'", "unknown disk"},
        {"UPDATE layers SET parent = id", "not before layer"},
        {"UPDATE layers SET path = '/' || printf('%.*c', 5000, 'x')", "path"},
        {"UPDATE layers SET id = '" OTHER_ID "'", "twice layer"},
        {"UPDATE points SET held = 7", "held"},
        {"UPDATE points SET parent = 'none'", "parent"},
        {"UPDATE divergent_disks SET layer = '" OTHER_ID "'", "unknown layer"},
};

/* A collection with a row in every table. */
static CrCollection *full_collection(void)
{
        g_autoptr(GRand) rand = g_rand_new_with_seed(1);
        CrCollection *collection = sample_collection(rand);

        while (collection->disks->len < 2 || collection->points->len < 1 || collection->layers->len < 2 ||
                collection->divergences->len < 1 ||
                ((CrDivergence *)g_ptr_array_index(collection->divergences, 0))->disks->len < 1) {
                cr_collection_free(collection);
                collection = sample_collection(rand);
        }
        return collection;
}

START_TEST(a_row_that_is_not_well_formed_is_named)
{
        const char *sql = bad_rows[_i].sql;
        g_autoptr(CrCollection) collection = full_collection(), back = NULL;
        g_autofree char *path = database_path();
        CrStore *store = sample_open();
        GError *error = NULL;

        sample_save(store, collection);
        cr_store_close(store);
        sample_execute(sql);
        store = sample_open();
        back = cr_store_load(store, &collection->id, CR_LOAD_ALL, &error);
        ck_assert_msg(back == NULL, "loaded after %s", sql);
        ck_assert_ptr_nonnull(strstr(error->message, path));
        assert_error(error, CR_ERROR_FAILED, bad_rows[_i].what);
        cr_store_close(store);
}
END_TEST

START_TEST(an_intent_that_is_not_a_plan_is_named)
{
        g_autofree char *path = database_path();
        CrId id = {ID};
        GError *error = NULL;

        cr_store_close(sample_open());
        sample_execute("INSERT INTO intents VALUES ('" ID "', '{\"format\":2}')");
        g_autoptr(CrStore) store = sample_open();
        ck_assert_ptr_null(cr_store_intent(store, &id, &error));
        ck_assert_ptr_nonnull(strstr(error->message, ID));
        assert_error(error, CR_ERROR_FAILED, path);
}
END_TEST

START_TEST(an_id_that_is_none_is_named)
{
        g_autofree char *path = database_path();
        GError *error = NULL;

        cr_store_close(sample_open());
        sample_execute("INSERT INTO staged (collection, path) VALUES ('shop', '/a')");
        g_autoptr(CrStore) store = sample_open();
        ck_assert_ptr_null(cr_store_unfinished(store, &error));
        assert_error(error, CR_ERROR_FAILED, path);
}
END_TEST

/* ---- nothing more can be written ---- */

/* Saves ever more until it fails; then everything that was saved before must still be there. 0 when it is so.
 */
static int fill_up(void)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(CrStore) store = cr_store_open(sample_folder, &error);
        g_autoptr(CrCollection) collection = cr_collection_new("shop"), back = NULL;
        g_autofree char *path = database_path();
        guint64 before, after;

        if (!store || !cr_store_save(store, collection, &error))
                return 1;
        for (guint n = 1; cr_store_sequence(store, &before, NULL); n++) {
                for (guint i = 0; i < 100; i++) {
                        CrPoint *point = cr_point_new();

                        point->id = cr_id_new();
                        g_ptr_array_add(collection->points, point);
                }
                collection->last_apply = n;
                if (!cr_store_save(store, collection, &error))
                        break;
        }
        if (error->code != CR_ERROR_FAILED || !strstr(error->message, path))
                return 2;
        back = cr_store_load(store, &collection->id, CR_LOAD_ALL, NULL);
        if (!back || back->points->len != collection->points->len - 100 ||
                back->last_apply != collection->last_apply - 1)
                return 3;
        return cr_store_sequence(store, &after, NULL) && after == before ? 0 : 4;
}

static int on_a_full_disk(void)
{
        if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
                mount("store", sample_folder, "tmpfs", 0, "size=1m") < 0)
                return 10;
        return fill_up();
}

static int beyond_the_limit(void)
{
        const struct rlimit limit = {512 << 10, 512 << 10};

        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
                return 10;
        return fill_up();
}

/* In a child, since it changes the process. */
static void assert_succeeds(int (*function)(void))
{
        pid_t child = fork();
        int status;

        if (child == 0)
                _exit(function());
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", (unsigned)status);
}

START_TEST(a_full_disk_is_an_error_that_changes_nothing)
{
        assert_succeeds(on_a_full_disk);
}
END_TEST

START_TEST(a_write_that_fails_is_an_error_that_changes_nothing)
{
        assert_succeeds(beyond_the_limit);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_commit_is_durable_and_references_are_enforced,
                the_log_does_not_grow_without_end, held_points_are_found_without_reading_the_whole_lineage,
                a_database_of_version_1_is_migrated, a_migration_that_fails_changes_nothing,
                a_database_of_a_newer_version_is_refused_and_left_alone, a_file_that_is_no_database_is_named,
                damage_anywhere_is_an_error_at_most, an_intent_that_is_not_a_plan_is_named,
                an_id_that_is_none_is_named, a_full_disk_is_an_error_that_changes_nothing,
                a_write_that_fails_is_an_error_that_changes_nothing, NULL};
        Suite *suite = suite_create("store damage");
        TCase *all = tcase_create("store damage");
        SRunner *runner = srunner_create(suite);
        int n_failed;

        tcase_set_timeout(all, 60);
        tcase_add_checked_fixture(all, sample_make_folder, sample_remove_folder);
        for (const TTest *const *test = tests; *test; test++)
                tcase_add_test(all, *test);
        tcase_add_loop_test(all, a_row_that_is_not_well_formed_is_named, 0, G_N_ELEMENTS(bad_rows));
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
