/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kill -9 in the middle: at each of the engine's failpoints, and of a tool at each of its writes. What was
 * begun is taken up again, and guests see what they saw.
 */
#include "run.h"
#include "world.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/failpoint.h"

#define VARIABLE "COLLECTION_REPLICATION_FAILPOINTS"

extern const struct cr_failpoint *const __start_cr_failpoints[] __attribute__((visibility("hidden")));
extern const struct cr_failpoint *const __stop_cr_failpoints[] __attribute__((visibility("hidden")));

/* The work that is killed, in a process of its own. FALSE: it failed. */
typedef gboolean (*Work)(const CrPlan *plan);

/* @order: "kill" or "stop". It stands in a folder of the world until it is carried out. */
static void give_order(const char *failpoint, const char *order)
{
        g_autofree char *folder = g_build_filename(world.root, "orders", NULL);
        g_autofree char *path = g_strdup_printf("%s/%s.%s", folder, failpoint, order);

        ck_assert_int_eq(g_mkdir_with_parents(folder, 0755), 0);
        ck_assert(g_file_set_contents(path, "", 0, NULL));
        g_setenv(VARIABLE, folder, TRUE);
}

/* A pipe that all processes of a killed work hold open: its end tells that the last is gone, as the
 * collection's lock does. */
static pid_t start(const char *failpoint, const char *order, Work work, const CrPlan *plan, int *ret_alive)
{
        int alive[2];
        pid_t pid;

        ck_assert_int_eq(pipe(alive), 0);
        give_order(failpoint, order);
        pid = fork();
        if (pid == 0) {
                close(alive[0]);
                _exit(work(plan) ? 0 : 1);
        }
        g_unsetenv(VARIABLE);
        close(alive[1]);
        *ret_alive = alive[0];
        return pid;
}

/* TRUE when it was killed; FALSE when it did not come by the failpoint, and succeeded. */
static gboolean end(pid_t pid, int alive)
{
        int status;
        char byte;

        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(read(alive, &byte, 1), 0);
        close(alive);
        if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
                return TRUE;
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the work ended with %d", status);
        return FALSE;
}

static gboolean apply(const CrPlan *plan)
{
        return world_apply(plan, NULL);
}

/* Scenes: a site and a plan for it. What it is that must be seen afterwards, the world knows. */
static CrPlan *scene_cut(void)
{
        CrPlan *plan;

        world_define(NULL);
        world_write(1, 0);
        world_cut();
        world_write(2, 1);
        plan = world_plan_cut();
        world_note_point(&plan->dropped_point);
        return plan;
}

static CrPlan *scene_prepare(void)
{
        CrId point;

        world_define(NULL);
        world_write(1, 0);
        point = world_cut();
        world_write(2, 1);
        return world_plan_prepare(&point);
}

static CrPlan *scene_undo(void)
{
        world_carry_out(scene_prepare());
        return cr_plan_undo_prepare(world.collection, NULL);
}

static CrPlan *scene_failover(void)
{
        CrPlan *prepare = scene_prepare();
        CrId point = prepare->after->base_point;

        world_carry_out(prepare);
        g_byte_array_unref(world.head);
        world.head = g_byte_array_ref(g_hash_table_lookup(world.points, &point));
        return world_plan_failover(&point);
}

static CrPlan *scene_discard(void)
{
        world_carry_out(scene_prepare());
        return cr_plan_discard(
                world.collection, &((CrDivergence *)world.collection->divergences->pdata[0])->id, NULL);
}

/* Sizes of the merged layers, in eighths of the disk's. */
static CrPlan *scene_merge(guint lower, guint upper)
{
        CrId point;

        world_define(NULL);
        for (guint64 block = 0; block < 128; block += 3)
                world_write(1, block);
        world_cut();
        world_resize(lower * WORLD_SIZE / 8);
        world_write(2, 1);
        point = world_cut();
        world_resize(upper * WORLD_SIZE / 8);
        world_write(3, 2);
        world_cut();
        g_hash_table_remove(world.points, &point);
        return cr_plan_expire_point(world.collection, &point);
}

static CrPlan *scene_merge_even(void)
{
        return scene_merge(8, 8);
}

static CrPlan *scene_merge_shrunk(void)
{
        return scene_merge(8, 4);
}

static CrPlan *scene_merge_regrown(void)
{
        return scene_merge(4, 8);
}

static CrPlan *scene_flatten(void)
{
        cr_plan_free(scene_merge_regrown());
        g_hash_table_remove_all(world.points);
        return cr_plan_flatten(world.collection, CR_OP_REMOVE_RELATIONSHIP, NULL);
}

/* The longer lower ends as the head, which may grow again. What lies high was written first: it is in the
 * middle of the file, not cut off with its end. */
static CrPlan *scene_flatten_shrunk(void)
{
        world_define(NULL);
        for (guint64 block = 127; block > 2; block -= 3)
                world_write(1, block);
        world_cut();
        world_resize(WORLD_SIZE / 2 + 2560); /* in the middle of a cluster that is full */
        world_write(2, 1);
        g_hash_table_remove_all(world.points);
        return cr_plan_flatten(world.collection, CR_OP_REMOVE_RELATIONSHIP, NULL);
}

typedef struct Scene {
        const char *name;
        const char *failpoints; /* how the names of those on its way begin */
        CrPlan *(*set)(void);
} Scene;

static const Scene scenes[] = {
        {"cut", "qcow2.cut.", scene_cut},
        {"prepare", "qcow2.move.", scene_prepare},
        {"undo", "qcow2.move.", scene_undo},
        {"failover", "qcow2.place-head.", scene_failover},
        {"discard", "qcow2.delete.", scene_discard},
        {"merge", "qcow2.merge.", scene_merge_even},
        {"merge of a shrunk disk", "qcow2.merge.", scene_merge_shrunk},
        {"merge of a regrown disk", "qcow2.merge.", scene_merge_regrown},
        {"flatten", "qcow2.merge.", scene_flatten},
        {"flatten of a shrunk disk", "qcow2.merge.", scene_flatten_shrunk},
};

#define FIRST_MERGE 5

/* They take a running machine: tests/fault/machines.sh ends the worker at each. */
static gboolean is_beside_machine(const char *failpoint)
{
        return g_str_has_prefix(failpoint, "qcow2.machine.") ||
               g_str_has_prefix(failpoint, "qcow2.snapshot.") ||
               g_str_equal(failpoint, "qcow2.cut.presented");
}

/* Calls @visit for each failpoint whose name begins with @prefix. */
static guint each_failpoint(
        const char *prefix, void (*visit)(const char *name, const void *), const void *data)
{
        g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
        guint n = 0;

        for (const struct cr_failpoint *const *point = __start_cr_failpoints; point < __stop_cr_failpoints;
                point++) {
                if (!g_str_has_prefix((*point)->name, prefix) || is_beside_machine((*point)->name) ||
                        !g_hash_table_add(seen, (char *)(*point)->name))
                        continue;
                visit((*point)->name, data);
                n++;
        }
        return n;
}

static gboolean killed_at(const char *failpoint, Work work, const CrPlan *plan)
{
        int alive;
        pid_t pid = start(failpoint, "kill", work, plan, &alive);

        return end(pid, alive);
}

/* A world in which the scene's plan is killed, and killed again while it is taken up, and then carried out.
 */
static void play(const char *failpoint, const void *data)
{
        const Scene *scene = data;
        g_autoptr(GError) error = NULL;
        gboolean killed;
        CrPlan *plan;

        world_setup();
        plan = scene->set();
        killed = killed_at(failpoint, apply, plan);
        ck_assert_msg(killed || g_str_equal(failpoint, "qcow2.merge.zeroed"), "%s does not come by %s",
                scene->name, failpoint);
        killed_at(failpoint, apply, plan);
        ck_assert_msg(world_apply(plan, &error), "%s, killed at %s: %s", scene->name, failpoint,
                error ? error->message : "");
        world_carry_out(plan);
        world_check_all();
        world_teardown();
}

START_TEST(a_killed_step_is_taken_up_again)
{
        ck_assert_uint_gt(each_failpoint(scenes[_i].failpoints, play, &scenes[_i]), 0);
}
END_TEST

/* Only where a layer is cut to a smaller size. */
START_TEST(the_zeroing_before_a_cut_to_size_is_among_them)
{
        CrPlan *plan;

        world_setup();
        plan = scene_merge_shrunk();
        ck_assert(killed_at("qcow2.merge.zeroed", apply, plan));
        world_check_all();
        world_carry_out(plan);
        world_check_all();
        world_teardown();
}
END_TEST

static char *layer_path; /* that is made */

static gboolean create(const CrPlan *plan)
{
        ino_t inode;

        return world_create(
                &(CrNewLayer){.path = layer_path, .virtual_size = WORLD_SIZE, .like = world.disk->head_path},
                &inode, NULL);
}

static void kill_create(const char *failpoint, const void *data)
{
        CrId id = cr_id_new();

        world_setup();
        world_define(NULL);
        layer_path = world.engine->layer_path(world.collection, world.disk, &id);
        ck_assert_msg(killed_at(failpoint, create, NULL), "not killed at %s", failpoint);
        unlink(layer_path); /* as a recovery does with what was staged */
        ck_assert(create(NULL));
        ck_assert_int_eq(unlink(layer_path), 0);
        world_cut();
        world_check_all();
        g_free(layer_path);
        world_teardown();
}

START_TEST(a_layer_whose_making_was_killed_can_be_made)
{
        ck_assert_uint_gt(each_failpoint("qcow2.create.", kill_create, NULL), 0);
        ck_assert_uint_gt(each_failpoint("qcow2.folder.", kill_create, NULL), 0);
}
END_TEST

static gboolean normalize(const CrPlan *plan)
{
        return world.engine->normalize(&world.config, world_head(), NULL);
}

static void kill_normalize(const char *failpoint, const void *data)
{
        g_autofree char *template = NULL;

        world_setup();
        template = world_path("template.qcow2");
        world.images->make(template, WORLD_SIZE, NULL);
        world_define(template);
        images_must("qemu-img rebase -q -u -f qcow2 -F qcow2 -b template.qcow2 '%s'", world.disk->head_path);
        ck_assert_msg(killed_at(failpoint, normalize, NULL), "not killed at %s", failpoint);
        world_cut();
        world_check_all();
        world_teardown();
}

START_TEST(a_killed_change_of_names_is_taken_up_again)
{
        ck_assert_uint_gt(each_failpoint("qcow2.normalize.", kill_normalize, NULL), 0);
}
END_TEST

static gboolean export(const CrPlan *plan)
{
        g_autoptr(GPtrArray) chain = world_chain(world_head());
        int folder = open(world.export_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return world.engine->export_image(&world.config, chain, folder, "copy.qcow2", NULL, NULL, NULL);
}

static void kill_export(const char *failpoint, const void *data)
{
        world_setup();
        world_define(NULL);
        ck_assert_msg(killed_at(failpoint, export, NULL), "not killed at %s", failpoint);
        ck_assert_int_eq(rmdir(world.export_folder), 0); /* nothing was left in it */
        world_teardown();
}

START_TEST(a_killed_export_leaves_nothing)
{
        ck_assert_uint_gt(each_failpoint("qcow2.export.", kill_export, NULL), 0);
}
END_TEST

static void is_known(const char *failpoint, const void *data)
{
        static const char *const others[] = {
                "qcow2.create.", "qcow2.folder.", "qcow2.normalize.", "qcow2.export."};

        for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
                if (g_str_has_prefix(failpoint, others[i]))
                        return;
        for (gsize i = 0; i < G_N_ELEMENTS(scenes); i++)
                if (g_str_has_prefix(failpoint, scenes[i].failpoints))
                        return;
        ck_abort_msg("no test kills at %s", failpoint);
}

START_TEST(no_failpoint_is_left_out)
{
        ck_assert_uint_gt(each_failpoint("qcow2.", is_known, NULL), 0);
}
END_TEST

/* At the @nth change to a file that one of QEMU's tools is to do, it is killed; 0: none is. */
static void kill_tools_at(guint nth)
{
        g_autofree char *text = g_strdup_printf("%u", nth);

        if (nth == 0) {
                g_unsetenv("LD_PRELOAD");
                return;
        }
        g_setenv("KILL_AT_WRITE", text, TRUE);
        g_setenv("LD_PRELOAD", KILL_AT_WRITE, TRUE);
}

/* TRUE when the tools did not come that far. */
static gboolean merge_killed_at(const Scene *merge, guint nth)
{
        g_autoptr(GError) error = NULL;
        gboolean done;
        CrPlan *plan;

        world_setup();
        plan = merge->set();
        kill_tools_at(nth);
        done = world_apply(plan, &error);
        kill_tools_at(0);
        if (!done) {
                world_assert_error(&error, CR_ERROR_FAILED, "signal 9");
                world_check_all();
        }
        world_carry_out(plan);
        world_check_all();
        world_resize(WORLD_SIZE * 2); /* nothing old shows */
        world_check_head();
        world_teardown();
        return done;
}

START_TEST(a_merge_whose_tool_is_killed_at_any_write_changes_no_view)
{
        guint nth = 1;

        while (!merge_killed_at(&scenes[_i], nth))
                nth++;
        ck_assert_msg(nth > 5, "%s was killed %u times only", scenes[_i].name, nth - 1);
}
END_TEST

/* The moment that no lock covers: a machine opens the head right before the cut renames it, and comes to the
 * locks afterwards. */
START_TEST(a_cut_waits_for_who_opened_the_head_before_it)
{
        CrPlan *plan;
        int alive, status, late;
        pid_t pid;

        world_setup();
        plan = scene_cut();
        pid = start("qcow2.cut.linked", "stop", apply, plan, &alive);
        ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
        ck_assert(WIFSTOPPED(status));
        late = open(world.disk->head_path, O_RDWR | O_CLOEXEC);
        ck_assert_int_eq(kill(pid, SIGCONT), 0);
        while (world_inode(world.disk->head_path) == ((CrStep *)plan->steps->pdata[0])->inode)
                g_usleep(1000);
        g_usleep(200000);
        ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0); /* it waits */
        close(late);
        ck_assert(!end(pid, alive));
        world_carry_out(plan);
        world_check_all();
        world_teardown();
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {the_zeroing_before_a_cut_to_size_is_among_them,
                a_layer_whose_making_was_killed_can_be_made, a_killed_change_of_names_is_taken_up_again,
                a_killed_export_leaves_nothing, no_failpoint_is_left_out,
                a_cut_waits_for_who_opened_the_head_before_it, NULL};
        Suite *suite = make_suite("kill", tests, NULL, NULL);
        TCase *loops = tcase_create("scenes");

        world_images = &qcow2_images;
        tcase_set_timeout(loops, 600);
        tcase_add_loop_test(loops, a_killed_step_is_taken_up_again, 0, G_N_ELEMENTS(scenes));
        tcase_add_loop_test(loops, a_merge_whose_tool_is_killed_at_any_write_changes_no_view, FIRST_MERGE,
                G_N_ELEMENTS(scenes));
        suite_add_tcase(suite, loops);
        return run_suite(suite);
}
