/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "core/failpoint.h"
#include "core/redo.h"
#include "tree.h"
#include "unit.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- an engine that notes what it is told ---- */

static GString *applied; /* "cut 0 delete 1 ", by kind and disk */
static int fail_at;      /* the number of the step that fails; -1: none */

static const char *const kind_words[] = {
        [CR_STEP_CUT] = "cut",
        [CR_STEP_PLACE_HEAD] = "place",
        [CR_STEP_SET_ASIDE] = "aside",
        [CR_STEP_PUT_BACK] = "back",
        [CR_STEP_DELETE] = "delete",
        [CR_STEP_MERGE] = "merge",
};

static gboolean apply(const CrConfig *config, const CrPlan *plan, const CrStep *step, GError **error)
{
        struct stat status;

        ck_assert_ptr_nonnull(config);
        if (fail_at-- == 0) {
                g_set_error_literal(error, CR_ERROR, CR_ERROR_IN_USE, "no space left");
                return FALSE;
        }
        g_string_append_printf(applied, "%s %c ", kind_words[step->kind], step->disk.text[7]);
        if (step->kind == CR_STEP_DELETE && lstat(step->path, &status) == 0 && status.st_ino == step->inode)
                g_unlink(step->path);
        return TRUE;
}

static const CrEngine engine = {.name = "test", .apply = apply};

/* ---- a store with one collection ---- */

static char *top, *images, *exports;
static CrStore *store;
static CrConfig config;
static CrCollection *before;

static void setup(void)
{
        static char *image_directories[2], *export_directories[2];

        top = g_dir_make_tmp("cr-redo-XXXXXX", NULL);
        images = g_build_filename(top, "images", NULL);
        ck_assert_int_eq(g_mkdir(images, 0700), 0);
        exports = g_build_filename(top, "exports", NULL);
        ck_assert_int_eq(g_mkdir(exports, 0700), 0);
        image_directories[0] = images;
        export_directories[0] = exports;
        config = (CrConfig){.image_directories = image_directories, .export_directories = export_directories};
        store = cr_store_open(top, NULL);
        ck_assert_ptr_nonnull(store);
        before = tree_new(2);
        tree_add_chain(before, 2);
        tree_add_layers(before, 9, 2, CR_LAYER_HEAD, 0);
        ck_assert(cr_store_save(store, before, NULL));
        applied = g_string_new("");
        fail_at = -1;
}

static void remove_all(const char *path)
{
        g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
        const char *name;

        while (directory && (name = g_dir_read_name(directory))) {
                g_autofree char *child = g_build_filename(path, name, NULL);
                remove_all(child);
        }
        g_remove(path);
}

static void teardown(void)
{
        cr_store_close(store);
        cr_collection_free(before);
        g_string_free(applied, TRUE);
        remove_all(top);
        g_free(images);
        g_free(exports);
        g_free(top);
}

/* A plan of two steps that renames the collection, so that its result is seen. */
static CrPlan *make_plan(CrOperation operation)
{
        CrPlan *plan = cr_plan_new(before, operation);

        for (guint i = 0; i < 2; i++) {
                CrId disk = tree_disk_id(i);
                CrStep *step = cr_plan_add_step(plan, CR_STEP_SET_ASIDE, &disk);

                step->path = g_strdup_printf("/images/disk%u.img", i);
                step->inode = 7;
                step->target = g_strdup_printf("/images/aside/disk%u.img", i);
        }
        g_free(plan->after->name);
        plan->after->name = g_strdup("changed");
        return plan;
}

static gboolean has_intent(void)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(CrPlan) plan = cr_store_intent(store, &before->id, &error);

        ck_assert_ptr_null(error);
        return plan != NULL;
}

static void assert_name(const char *wanted)
{
        g_autoptr(CrCollection) collection = cr_store_load(store, &before->id, CR_LOAD_ALL, NULL);

        ck_assert_ptr_nonnull(collection);
        ck_assert_str_eq(collection->name, wanted);
}

static void assert_recovered(const char *steps)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(CrPlan) plan = NULL;

        g_string_truncate(applied, 0);
        ck_assert_msg(cr_redo_recover(store, &engine, &config, &before->id, &plan, &error), "%s",
                error ? error->message : "");
        ck_assert_str_eq(applied->str, steps);
        ck_assert(!has_intent());
}

static void note_call(void *calls)
{
        ck_assert(!has_intent());
        ck_assert_str_eq(applied->str, "");
        ++*(guint *)calls;
}

START_TEST(a_run_takes_all_steps_and_commits)
{
        g_autoptr(CrPlan) plan = make_plan(CR_OP_PREPARE);
        gboolean pending = TRUE;
        guint calls = 0;

        ck_assert(cr_redo_run(store, &engine, &config, plan, note_call, &calls, &pending, NULL));
        ck_assert_uint_eq(calls, 1);
        ck_assert(!pending);
        ck_assert_str_eq(applied->str, "aside 0 aside 1 ");
        ck_assert(!has_intent());
        assert_name("changed");
        assert_recovered("");
}
END_TEST

START_TEST(an_error_before_the_intent_changes_nothing)
{
        g_autoptr(CrPlan) first = make_plan(CR_OP_PREPARE), second = make_plan(CR_OP_DISCARD);
        g_autoptr(GError) error = NULL;
        gboolean pending = TRUE;

        ck_assert(cr_store_put_intent(store, first, NULL));
        ck_assert(!cr_redo_run(store, &engine, &config, second, NULL, NULL, &pending, &error));
        assert_error(error, CR_ERROR_IN_USE, "'changed'");
        ck_assert(!pending);
        ck_assert_str_eq(applied->str, "");
        assert_name("shop");
}
END_TEST

START_TEST(an_error_after_the_intent_leaves_it_to_a_recovery)
{
        g_autoptr(CrPlan) plan = make_plan(CR_OP_PREPARE), recovered = NULL;
        g_autoptr(GError) error = NULL;
        gboolean pending = FALSE;

        fail_at = 1;
        ck_assert(!cr_redo_run(store, &engine, &config, plan, NULL, NULL, &pending, &error));
        assert_error(error, CR_ERROR_IN_USE, "no space left");
        ck_assert(pending && has_intent());
        assert_name("shop");

        /* A recovery may fail as well, as often as it likes. */
        fail_at = 0;
        ck_assert(!cr_redo_recover(store, &engine, &config, &before->id, &recovered, &error));
        assert_error(error, CR_ERROR_IN_USE, "no space left");
        ck_assert(has_intent() && !recovered);

        g_string_truncate(applied, 0);
        ck_assert(cr_redo_recover(store, &engine, &config, &before->id, &recovered, NULL));
        ck_assert_str_eq(applied->str, "aside 0 aside 1 ");
        ck_assert_int_eq(recovered->operation, CR_OP_PREPARE);
        ck_assert(!has_intent());
        assert_name("changed");
}
END_TEST

START_TEST(with_nothing_to_do_a_recovery_does_nothing)
{
        CrPlan *plan = (CrPlan *)&fail_at;
        CrId stranger = cr_id_new();

        ck_assert(cr_redo_recover(store, &engine, &config, &before->id, &plan, NULL));
        ck_assert_ptr_null(plan);
        ck_assert(cr_redo_recover(store, &engine, &config, &stranger, NULL, NULL));
        ck_assert_str_eq(applied->str, "");
        assert_name("shop");
}
END_TEST

/* Point 3 is cut: layer 9 freezes as it, 10 is the new head. */
static CrPlan *make_cut(void)
{
        CrPlan *plan = cr_plan_new(before, CR_OP_REPLICATE);

        tree_add_point(plan->after, 3, 2, TRUE);
        tree_add_layers(plan->after, 10, 9, CR_LAYER_HEAD, 0);
        for (guint i = 0; i < 2; i++) {
                CrLayer *frozen = tree_layer(plan->after, i, 9);
                CrStep *step = cr_plan_add_step(plan, CR_STEP_CUT, &frozen->disk);

                step->path = g_strdup(frozen->path);
                step->inode = frozen->inode;
                step->target = g_strdup_printf("/images/layers/frozen%u", i);
                step->staged = g_strdup_printf("/images/layers/staged%u", i);
                step->staged_inode = 70 + i;
                frozen->kind = CR_LAYER_FROZEN;
                frozen->point = tree_point_id(3);
        }
        plan->after->base_point = plan->dropped_point = tree_point_id(3);
        return plan;
}

/* The layers are there; the point only when @held. */
static void assert_cut(gboolean held)
{
        g_autoptr(CrCollection) after = cr_store_load(store, &before->id, CR_LOAD_ALL, NULL);
        CrId point = tree_point_id(3), wanted = tree_point_id(held ? 3 : 0);
        CrId base = tree_point_id(held ? 3 : 2);

        ck_assert((cr_collection_point(after, &point) != NULL) == held);
        ck_assert(cr_id_equal(&after->base_point, &base));
        for (guint i = 0; i < 2; i++) {
                ck_assert_int_eq(tree_layer(after, i, 9)->kind, CR_LAYER_FROZEN);
                ck_assert(cr_id_equal(&tree_layer(after, i, 9)->point, &wanted));
                ck_assert_int_eq(tree_layer(after, i, 10)->kind, CR_LAYER_HEAD);
        }
}

START_TEST(a_cut_is_a_point_when_its_worker_completes_it)
{
        g_autoptr(CrPlan) plan = make_cut();

        ck_assert(cr_redo_run(store, &engine, &config, plan, NULL, NULL, NULL, NULL));
        assert_cut(TRUE);
}
END_TEST

START_TEST(a_cut_that_a_recovery_completes_is_no_point)
{
        g_autoptr(CrPlan) plan = make_cut();

        fail_at = 1;
        ck_assert(!cr_redo_run(store, &engine, &config, plan, NULL, NULL, NULL, NULL));
        assert_recovered("cut 0 cut 1 ");
        assert_cut(FALSE);
}
END_TEST

START_TEST(a_destruction_is_completed)
{
        g_autoptr(CrPlan) plan = make_plan(CR_OP_DESTROY);
        g_autoptr(GError) error = NULL;

        g_clear_pointer(&plan->after, cr_collection_free);
        fail_at = 0;
        ck_assert(!cr_redo_run(store, &engine, &config, plan, NULL, NULL, NULL, NULL));
        assert_name("shop");
        assert_recovered("aside 0 aside 1 ");
        ck_assert_ptr_null(cr_store_load(store, &before->id, CR_LOAD_ALL, &error));
        assert_error(error, CR_ERROR_FILE_NOT_FOUND, before->id.text);
}
END_TEST

static char *make_file(const char *name)
{
        char *path = g_build_filename(images, name, NULL);

        ck_assert(g_file_set_contents(path, name, -1, NULL));
        return path;
}

static guint count_staged(void)
{
        g_auto(GStrv) staged = cr_store_staged(store, &before->id, NULL);

        return g_strv_length(staged);
}

START_TEST(staged_files_are_unlinked_and_forgotten)
{
        g_autofree char *file = make_file("staged"), *other = make_file("other");
        g_autofree char *absent = g_build_filename(images, "absent", NULL);
        g_autofree char *no_folder = g_build_filename(images, "no-folder", "absent", NULL);
        char *const paths[] = {absent, file, no_folder, NULL};

        ck_assert(cr_store_stage(store, &before->id, paths, NULL));
        assert_recovered("");
        ck_assert(!g_file_test(file, G_FILE_TEST_EXISTS));
        ck_assert(g_file_test(other, G_FILE_TEST_EXISTS));
        ck_assert_uint_eq(count_staged(), 0);
}
END_TEST

START_TEST(an_exports_partial_file_is_unlinked)
{
        g_autofree char *file = g_build_filename(exports, "root.qcow2.part", NULL);
        char *const paths[] = {file, NULL};

        ck_assert(g_file_set_contents(file, "x", 1, NULL));
        ck_assert(cr_store_stage(store, &before->id, paths, NULL));
        assert_recovered("");
        ck_assert(!g_file_test(file, G_FILE_TEST_EXISTS));
        ck_assert_uint_eq(count_staged(), 0);
}
END_TEST

START_TEST(a_staged_file_behind_a_link_is_not_touched)
{
        g_autofree char *folder = g_build_filename(top, "outside", NULL), *file = NULL;
        g_autofree char *link = g_build_filename(images, "link", NULL);
        g_autofree char *staged = g_build_filename(link, "file", NULL);
        char *const paths[] = {staged, NULL};
        g_autoptr(GError) error = NULL;

        ck_assert_int_eq(g_mkdir(folder, 0700), 0);
        file = g_build_filename(folder, "file", NULL);
        ck_assert(g_file_set_contents(file, "x", 1, NULL));
        ck_assert_int_eq(symlink(folder, link), 0);
        ck_assert(cr_store_stage(store, &before->id, paths, NULL));
        ck_assert(!cr_redo_recover(store, &engine, &config, &before->id, NULL, &error));
        assert_error(error, CR_ERROR_INVALID_PARAMETER, link);
        ck_assert(g_file_test(file, G_FILE_TEST_EXISTS));
        ck_assert_uint_eq(count_staged(), 1);
}
END_TEST

/* Both disks' layers of a receive above point 2, with their files; the second one's was taken by a stranger.
 */
static void begin_receive(char **ret_own, char **ret_strange)
{
        before->receive.transfer = cr_id_new();
        before->receive.point = tree_point_id(5);
        before->receive.base = tree_point_id(2);
        for (guint i = 0; i < 2; i++) {
                g_autofree char *name = g_strdup_printf("receiving%u", i);
                char *path = make_file(name);
                CrLayer *layer = tree_add_layer(before, i, 20, 2, CR_LAYER_RECEIVING, 0);
                struct stat status;

                ck_assert_int_eq(stat(path, &status), 0);
                g_free(layer->path);
                layer->path = g_strdup(path);
                layer->inode = status.st_ino + i;
                *(i == 0 ? ret_own : ret_strange) = path;
        }
        ck_assert(cr_store_save(store, before, NULL));
}

START_TEST(an_unfinished_receive_is_abandoned)
{
        g_autofree char *own = NULL, *strange = NULL;
        g_autoptr(CrCollection) after = NULL;

        begin_receive(&own, &strange);
        assert_recovered("delete 1 delete 0 ");
        ck_assert(!g_file_test(own, G_FILE_TEST_EXISTS));
        ck_assert(g_file_test(strange, G_FILE_TEST_EXISTS));
        after = cr_store_load(store, &before->id, CR_LOAD_ALL, NULL);
        ck_assert(cr_id_is_none(&after->receive.transfer) && cr_id_is_none(&after->receive.point));
        ck_assert_uint_eq(after->layers->len, before->layers->len - 2);
        ck_assert_ptr_null(tree_layer(after, 0, 20));
        ck_assert_ptr_nonnull(tree_layer(after, 0, 2));
        ck_assert_uint_eq(after->points->len, 2);
        assert_recovered("");
}
END_TEST

#if CR_FAILPOINTS

/* Runs @function in a child that is killed at @failpoint. */
static void die_at(const char *failpoint, void (*function)(void))
{
        g_autofree char *order = g_strdup_printf("%s/%s.kill", top, failpoint);
        pid_t child;
        int status;

        ck_assert(g_file_set_contents(order, "", 0, NULL));
        child = fork();
        if (child == 0) {
                g_setenv("COLLECTION_REPLICATION_FAILPOINTS", top, TRUE);
                /* A connection to a database is not carried across a fork. */
                store = cr_store_open(top, NULL);
                function();
                _exit(0);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%s was not reached", failpoint);
}

static void run_preparation(void)
{
        g_autoptr(CrPlan) plan = make_plan(CR_OP_PREPARE);

        cr_redo_run(store, &engine, &config, plan, NULL, NULL, NULL, NULL);
}

START_TEST(killed_anywhere_it_is_done_or_not_begun)
{
        static const struct {
                const char *failpoint;
                const char *recovered; /* the steps */
                const char *name;
        } table[] = {
                {"redo.staged", "", "shop"},
                {"redo.intent", "aside 0 aside 1 ", "changed"},
                {"prepare.step", "aside 0 aside 1 ", "changed"},
                {"prepare.step-done", "aside 0 aside 1 ", "changed"},
                {"redo.steps-done", "aside 0 aside 1 ", "changed"},
                {"redo.committed", "", "changed"},
        };

        for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
                ck_assert(cr_store_save(store, before, NULL));
                die_at(table[i].failpoint, run_preparation);
                assert_recovered(table[i].recovered);
                assert_name(table[i].name);
        }
}
END_TEST

static void run_recovery(void)
{
        cr_redo_recover(store, &engine, &config, &before->id, NULL, NULL);
}

START_TEST(a_recovery_that_is_killed_is_done_again)
{
        static const char *const failpoints[] = {
                "recover.staged", "recover.unlinked", "recover.step", "recover.step-done"};
        g_autofree char *own = NULL, *strange = NULL, *file = NULL;

        for (gsize i = 0; i < G_N_ELEMENTS(failpoints); i++) {
                g_autoptr(CrCollection) after = NULL;

                g_clear_pointer(&file, g_free);
                g_clear_pointer(&own, g_free);
                g_clear_pointer(&strange, g_free);
                g_ptr_array_remove(before->layers, tree_layer(before, 0, 20));
                g_ptr_array_remove(before->layers, tree_layer(before, 1, 20));
                file = make_file("staged");
                begin_receive(&own, &strange);
                ck_assert(cr_store_stage(store, &before->id, (char *const[]){file, NULL}, NULL));
                die_at(failpoints[i], run_recovery);
                assert_recovered("delete 1 delete 0 ");
                ck_assert(!g_file_test(own, G_FILE_TEST_EXISTS) && !g_file_test(file, G_FILE_TEST_EXISTS));
                after = cr_store_load(store, &before->id, CR_LOAD_ALL, NULL);
                ck_assert(cr_id_is_none(&after->receive.transfer) && !tree_layer(after, 0, 20));
        }
}
END_TEST

#endif

int main(void)
{
        const TTest *const tests[] = {
                a_run_takes_all_steps_and_commits,
                an_error_before_the_intent_changes_nothing,
                an_error_after_the_intent_leaves_it_to_a_recovery,
                with_nothing_to_do_a_recovery_does_nothing,
                a_cut_is_a_point_when_its_worker_completes_it,
                a_cut_that_a_recovery_completes_is_no_point,
                a_destruction_is_completed,
                staged_files_are_unlinked_and_forgotten,
                an_exports_partial_file_is_unlinked,
                a_staged_file_behind_a_link_is_not_touched,
                an_unfinished_receive_is_abandoned,
#if CR_FAILPOINTS
                killed_anywhere_it_is_done_or_not_begun,
                a_recovery_that_is_killed_is_done_again,
#endif
                NULL
        };

        return run_tests_with("redo", tests, setup, teardown);
}
