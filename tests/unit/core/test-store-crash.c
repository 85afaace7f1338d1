/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several processes at once, and processes that are killed. */
#include "test-store-sample.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/failpoint.h"
#include "core/store_private.h"

#define N_PROCESSES 4
#define N_SAVES 20
#define N_KILLS 10

/* In a child: opens the store and does @work. */
static pid_t start(void (*work)(CrStore *store, guint index), guint index)
{
        pid_t child = fork();

        ck_assert_int_ge(child, 0);
        if (child == 0) {
                g_autoptr(CrStore) store = cr_store_open(sample_folder, NULL);

                if (!store)
                        _exit(1);
                work(store, index);
                g_clear_pointer(&store, cr_store_close);
                _exit(0);
        }
        return child;
}

static int ended(pid_t child)
{
        int status;

        ck_assert_int_eq(waitpid(child, &status, 0), child);
        return status;
}

static guint64 sequence(CrStore *store)
{
        guint64 number;

        ck_assert(cr_store_sequence(store, &number, NULL));
        return number;
}

/* ---- at once ---- */

static void run_all(void (*work)(CrStore *store, guint index))
{
        pid_t children[N_PROCESSES];

        for (guint i = 0; i < N_PROCESSES; i++)
                children[i] = start(work, i);
        for (guint i = 0; i < N_PROCESSES; i++)
                ck_assert_int_eq(ended(children[i]), 0);
}

static void write_host(CrStore *store, guint index)
{
        g_autofree char *name = g_strdup_printf("host%u", index),
                        *path = g_build_filename(sample_folder, name, NULL);
        CrId host = cr_store_host_id(store);

        if (!g_file_set_contents(path, host.text, -1, NULL))
                _exit(2);
}

START_TEST(processes_that_make_the_store_at_once_agree_on_the_host)
{
        run_all(write_host);
        for (guint i = 0; i < N_PROCESSES; i++) {
                g_autofree char *name = g_strdup_printf("host%u", i),
                                *path = g_build_filename(sample_folder, name, NULL);
                g_autofree char *text = NULL;
                g_autoptr(CrStore) store = sample_open();
                CrId host = cr_store_host_id(store);

                ck_assert(g_file_get_contents(path, &text, NULL, NULL));
                ck_assert_str_eq(text, host.text);
        }
}
END_TEST

static void save_often(CrStore *store, guint index)
{
        g_autofree char *name = g_strdup_printf("collection%u", index);
        g_autoptr(CrCollection) collection = cr_collection_new(name);

        for (collection->last_apply = 1; collection->last_apply <= N_SAVES; collection->last_apply++) {
                g_autoptr(CrCollection) back = NULL;

                if (!cr_store_save(store, collection, NULL))
                        _exit(2);
                back = cr_store_load(store, &collection->id, CR_LOAD_ALL, NULL);
                if (!back || back->last_apply != collection->last_apply)
                        _exit(3);
        }
}

START_TEST(processes_that_write_at_once_lose_nothing)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(GArray) ids = NULL;
        guint64 before = sequence(store);

        run_all(save_often);
        ck_assert_uint_eq(sequence(store), before + N_PROCESSES * N_SAVES);
        ids = cr_store_list(store, NULL);
        ck_assert_uint_eq(ids->len, N_PROCESSES);
}
END_TEST

static void reserve_often(CrStore *store, guint index)
{
        for (int i = 0; i < N_SAVES; i++) {
                guint64 first;

                if (!cr_store_reserve_job_ids(store, 3, &first, NULL))
                        _exit(2);
                for (guint64 id = first; id < first + 3; id++) {
                        g_autofree char *name = g_strdup_printf("job%" G_GUINT64_FORMAT, id);
                        g_autofree char *path = g_build_filename(sample_folder, name, NULL);

                        /* Only the first may make it. */
                        if (g_file_test(path, G_FILE_TEST_EXISTS) || symlink("job", path) < 0)
                                _exit(3);
                }
        }
}

START_TEST(processes_are_never_given_the_same_job_ids)
{
        run_all(reserve_often);
}
END_TEST

/* ---- killed ---- */

static int acknowledgements[2];

/* Every intent and its result is told only when the store has said that it is there. */
static void change_for_ever(CrStore *store, guint index)
{
        CrId id;
        g_autoptr(CrCollection) collection = NULL;

        if (!cr_store_find_name(store, "shop", &id, NULL))
                _exit(2);
        collection = cr_store_load(store, &id, CR_LOAD_ALL, NULL);
        for (;;) {
                g_autoptr(CrPlan) plan = cr_plan_new(collection, CR_OP_REPLICATE);

                plan->job = (guint64)++collection->last_apply;
                plan->after->last_apply = collection->last_apply;
                if (!cr_store_put_intent(store, plan, NULL) || write(acknowledgements[1], "i", 1) != 1 ||
                        !cr_store_finish_intent(store, plan, NULL) || write(acknowledgements[1], "f", 1) != 1)
                        _exit(3);
        }
}

/* Nothing that was told is lost, and at most one more step was taken. */
static void assert_kept(CrStore *store, const CrId *id, gint64 before, guint n_told)
{
        g_autoptr(CrCollection) collection = sample_load(store, id);
        g_autoptr(GError) error = NULL;
        g_autoptr(CrPlan) plan = cr_store_intent(store, id, &error);
        gint64 steps = 2 * (collection->last_apply - before) + (plan != NULL);

        ck_assert_msg(error == NULL, "%s", error ? error->message : "");
        ck_assert_int_ge(steps, n_told);
        ck_assert_int_le(steps, n_told + 1);
        if (plan) {
                ck_assert_int_eq(plan->job, collection->last_apply + 1);
                ck_assert(cr_store_finish_intent(store, plan, NULL));
        }
}

START_TEST(a_process_may_be_killed_at_any_time)
{
        g_autoptr(GRand) rand = sample_rand();
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) collection = cr_collection_new("shop");
        CrId id = collection->id;

        sample_save(store, collection);
        for (int i = 0; i < N_KILLS; i++) {
                g_autoptr(CrCollection) before = sample_load(store, &id);
                gint n = g_rand_int_range(rand, 1, 30);
                guint n_told = 0;
                pid_t child;
                char told;

                ck_assert_int_eq(pipe(acknowledgements), 0);
                child = start(change_for_ever, 0);
                close(acknowledgements[1]);
                while (n-- > 0 && read(acknowledgements[0], &told, 1) == 1)
                        n_told++;
                kill(child, SIGKILL);
                ck_assert(WIFSIGNALED(ended(child)));
                while (read(acknowledgements[0], &told, 1) == 1)
                        n_told++;
                close(acknowledgements[0]);
                assert_kept(store, &id, before->last_apply, n_told);
        }
}
END_TEST

#if CR_FAILPOINTS
/* ---- killed at each failpoint ---- */

#define FAILPOINTS "COLLECTION_REPLICATION_FAILPOINTS"

static void do_save(CrStore *store, const CrCollection *collection)
{
        cr_store_save(store, collection, NULL);
}

static void do_delete(CrStore *store, const CrCollection *collection)
{
        cr_store_delete(store, &collection->id, NULL);
}

static void do_intent(CrStore *store, const CrCollection *collection)
{
        g_autoptr(CrPlan) plan = cr_plan_new(collection, CR_OP_START);

        cr_store_put_intent(store, plan, NULL);
}

static void do_finish(CrStore *store, const CrCollection *collection)
{
        g_autoptr(CrPlan) plan = cr_plan_new(collection, CR_OP_START);

        cr_store_put_intent(store, plan, NULL);
        cr_store_finish_intent(store, plan, NULL);
}

static void do_stage(CrStore *store, const CrCollection *collection)
{
        char *paths[] = {"/a", "/b", NULL};

        cr_store_stage(store, &collection->id, paths, NULL);
}

static void do_unstage(CrStore *store, const CrCollection *collection)
{
        do_stage(store, collection);
        cr_store_unstage(store, &collection->id, NULL);
}

static void do_note(CrStore *store, const CrCollection *collection)
{
        CrPeerRecord seen = {.host = cr_id_new(), .sequence = 9};

        cr_store_note_peer(store, &collection->id, &seen, NULL);
}

static void do_register(CrStore *store, const CrCollection *collection)
{
        CrId preparation = cr_id_new();

        cr_store_register_preparation(store, &collection->id, &collection->generation, &preparation, NULL);
}

static void do_reserve(CrStore *store, const CrCollection *collection)
{
        guint64 first;

        cr_store_reserve_job_ids(store, 1, &first, NULL);
}

static void do_save_job(CrStore *store, const CrCollection *collection)
{
        char nothing[] = "";
        CrJobRecord job = {.id = 1,
                .operation = nothing,
                .collection_path = nothing,
                .state = nothing,
                .error_name = nothing,
                .error_message = nothing,
                .result = nothing};

        cr_store_save_job(store, &job, NULL);
}

static void do_delete_job(CrStore *store, const CrCollection *collection)
{
        do_save_job(store, collection);
        cr_store_delete_job(store, 1, NULL);
}

/* Before the commit nothing is there, after it everything: what changes is told by a query that gives 0
 * and 1. */
static const struct {
        const char *name;
        void (*work)(CrStore *store, const CrCollection *collection);
        const char *changed;
} operations[] = {
        {"store.save", do_save, "SELECT last_apply FROM collections"},
        {"store.delete", do_delete, "SELECT NOT EXISTS (SELECT 1 FROM collections)"},
        {"store.intent", do_intent, "SELECT count(*) FROM intents"},
        {"store.finish", do_finish,
                "SELECT last_apply = 1 AND NOT EXISTS (SELECT 1 FROM intents) FROM collections"},
        {"store.stage", do_stage, "SELECT count(*) = 2 FROM staged"},
        {"store.unstage", do_unstage, "SELECT count(*) = 0 FROM staged"},
        {"store.peer", do_note, "SELECT peer_sequence = 9 FROM collections"},
        {"store.preparation", do_register, "SELECT peer_preparation IS NOT NULL FROM collections"},
        {"store.reserve", do_reserve, "SELECT next_job = 2 FROM site"},
        {"store.job", do_save_job, "SELECT count(*) FROM jobs"},
        {"store.delete-job", do_delete_job, "SELECT count(*) = 0 FROM jobs"},
};

static void assert_query(const char *sql, int wanted)
{
        g_autofree char *check = g_strdup_printf(
                "CREATE TEMP TABLE answer (answer INTEGER CHECK (answer = %d)); INSERT INTO answer %s",
                wanted, sql);

        sample_execute(check);
}

static void die_at(const char *failpoint, void (*work)(CrStore *store, const CrCollection *collection),
        CrCollection *collection)
{
        g_autofree char *name = g_strconcat(failpoint, ".kill", NULL);
        g_autofree char *order = g_build_filename(sample_folder, name, NULL);
        pid_t child;
        int status;

        ck_assert(g_file_set_contents(order, "", 0, NULL));
        child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
                g_autoptr(CrStore) store = NULL;

                g_setenv(FAILPOINTS, sample_folder, TRUE);
                store = cr_store_open(sample_folder, NULL);
                if (store && work)
                        work(store, collection);
                _exit(0);
        }
        status = ended(child);
        ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%s was not reached", failpoint);
}

START_TEST(a_transaction_happens_whole_or_not_at_all)
{
        for (int after = 0; after < 2; after++) {
                g_autoptr(CrCollection) collection = cr_collection_new("shop");
                g_autofree char *failpoint =
                        g_strconcat(operations[_i].name, after ? ".after" : ".before", NULL);
                CrStore *store = sample_open();

                collection->role = CR_ROLE_PRIMARY;
                collection->state = CR_STATE_COMMITTED;
                sample_save(store, collection);
                cr_store_close(store);
                collection->last_apply = 1;
                die_at(failpoint, operations[_i].work, collection);
                assert_query(operations[_i].changed, after);
                sample_remove_folder();
                sample_make_folder();
        }
}
END_TEST

START_TEST(a_store_may_be_killed_while_it_is_made)
{
        static const char *const failpoints[] = {
                "store.migrate", "store.migrated.before", "store.migrated.after", NULL};

        for (const char *const *failpoint = failpoints; *failpoint; failpoint++) {
                g_autoptr(CrCollection) collection = cr_collection_new("shop");
                g_autoptr(CrStore) store = NULL;

                die_at(*failpoint, NULL, NULL);
                store = sample_open();
                sample_save(store, collection);
                g_clear_pointer(&store, cr_store_close);
                assert_query("SELECT user_version FROM pragma_user_version", sample_newest_version());
                sample_remove_folder();
                sample_make_folder();
        }
}
END_TEST

START_TEST(a_migration_may_be_killed_in_between)
{
        g_autoptr(CrCollection) collection = cr_collection_new("shop"), back = NULL;
        g_autoptr(CrStore) store = NULL;

        sample_execute(cr_store_migration(1));
        sample_execute("PRAGMA journal_mode = WAL; PRAGMA user_version = 1;");
        die_at("store.migrate", NULL, NULL);
        assert_query("SELECT user_version FROM pragma_user_version", 1);
        assert_query("SELECT count(*) FROM sqlite_schema WHERE name = 'points_held'", 0);
        store = sample_open();
        assert_query("SELECT count(*) FROM sqlite_schema WHERE name = 'points_held'", 1);
        sample_save(store, collection);
        back = sample_load(store, &collection->id);
        sample_assert_equal(collection, back);
}
END_TEST
#endif

int main(void)
{
        Suite *suite = suite_create("store crash");
        TCase *all = tcase_create("store crash");
        SRunner *runner = srunner_create(suite);
        int n_failed;

        tcase_set_timeout(all, 60);
        tcase_add_checked_fixture(all, sample_make_folder, sample_remove_folder);
        tcase_add_test(all, processes_that_make_the_store_at_once_agree_on_the_host);
        tcase_add_test(all, processes_that_write_at_once_lose_nothing);
        tcase_add_test(all, processes_are_never_given_the_same_job_ids);
        tcase_add_test(all, a_process_may_be_killed_at_any_time);
#if CR_FAILPOINTS
        tcase_add_loop_test(all, a_transaction_happens_whole_or_not_at_all, 0, G_N_ELEMENTS(operations));
        tcase_add_test(all, a_store_may_be_killed_while_it_is_made);
        tcase_add_test(all, a_migration_may_be_killed_in_between);
#endif
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
