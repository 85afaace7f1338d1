/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who runs a machine, and who wants to start one, while the engine works on its disk. */
#include "suite.h"
#include "world.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static CrFence *fence_heads(CrFenceMode mode, GError **error)
{
        g_autoptr(GPtrArray) layers = g_ptr_array_new();

        g_ptr_array_add(layers, world_head());
        return world.engine->fence(&world.config, layers, mode, error);
}

START_TEST(a_running_machine_is_in_use)
{
        g_autoptr(GError) error = NULL;
        Machine *machine;
        CrFence *fence;

        world_define(NULL);
        machine = world.images->run(world.disk->head_path, TRUE);
        ck_assert_ptr_nonnull(machine);
        ck_assert_ptr_null(fence_heads(CR_FENCE_WRITERS, &error));
        world_assert_error(&error, CR_ERROR_IN_USE, world.disk->head_path);
        machine_stop(machine);
        fence = fence_heads(CR_FENCE_WRITERS, &error);
        ck_assert_ptr_nonnull(fence);
        world.engine->unfence(fence);
}
END_TEST

START_TEST(behind_a_fence_no_machine_starts)
{
        CrFence *fence;

        world_define(NULL);
        fence = fence_heads(CR_FENCE_WRITERS, NULL);
        ck_assert_ptr_nonnull(fence);
        ck_assert_ptr_null(world.images->run(world.disk->head_path, TRUE));
        world.engine->unfence(fence);
        world_write(1, 0);
}
END_TEST

START_TEST(readers_pass_unless_everyone_is_meant)
{
        g_autoptr(GError) error = NULL;
        Machine *reader;
        CrFence *fence;

        world_define(NULL);
        reader = world.images->run(world.disk->head_path, FALSE);
        fence = fence_heads(CR_FENCE_WRITERS, &error);
        ck_assert_ptr_nonnull(fence);
        ck_assert_ptr_null(fence_heads(CR_FENCE_EVERYONE, &error));
        world_assert_error(&error, CR_ERROR_IN_USE, world.disk->head_path);
        machine_stop(reader);
        world.engine->unfence(fence);
        fence = fence_heads(CR_FENCE_EVERYONE, &error);
        ck_assert_ptr_nonnull(fence);
        ck_assert_ptr_null(world.images->run(world.disk->head_path, FALSE));
        world.engine->unfence(fence);
}
END_TEST

START_TEST(a_fence_is_taken_on_all_or_on_none)
{
        g_autoptr(GPtrArray) layers = g_ptr_array_new();
        g_autoptr(GError) error = NULL;
        g_autofree char *path = world_path("second.qcow2");
        CrLayer *second;
        Machine *machine;

        world_define(NULL);
        world.images->make(path, WORLD_SIZE, NULL);
        second = world_probe(path);
        g_ptr_array_add(layers, world_head());
        g_ptr_array_add(layers, second);
        machine = world.images->run(path, TRUE);
        ck_assert_ptr_null(world.engine->fence(&world.config, layers, CR_FENCE_WRITERS, &error));
        world_assert_error(&error, CR_ERROR_IN_USE, path);
        machine_stop(machine);
        world_write(1, 0); /* the first is free */
        second->inode++;
        ck_assert_ptr_null(world.engine->fence(&world.config, layers, CR_FENCE_WRITERS, &error));
        world_assert_error(&error, CR_ERROR_FILE_NOT_FOUND, path);
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_ptr_null(world.engine->fence(&world.config, layers, CR_FENCE_WRITERS, &error));
        world_assert_error(&error, CR_ERROR_FILE_NOT_FOUND, path);
        cr_layer_free(second);
}
END_TEST

START_TEST(fences_do_not_hinder_the_one_who_holds_them)
{
        CrFence *fence, *another;

        world_define(NULL);
        fence = fence_heads(CR_FENCE_EVERYONE, NULL);
        another = fence_heads(CR_FENCE_EVERYONE, NULL);
        ck_assert_ptr_nonnull(another);
        world_cut(); /* takes its own */
        world.engine->unfence(another);
        world.engine->unfence(fence);
        world_check_all();
}
END_TEST

START_TEST(no_step_takes_a_running_machines_disk_away)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(CrPlan) cut = NULL, prepare = NULL;
        Machine *machine;
        CrId point;
        ino_t inode;

        world_define(NULL);
        point = world_cut();
        cut = world_plan_cut();
        prepare = world_plan_prepare(&point);
        inode = world_inode(world.disk->head_path);
        machine = world.images->run(world.disk->head_path, TRUE);
        ck_assert(!world_apply(cut, &error));
        world_assert_error(&error, CR_ERROR_IN_USE, world.disk->head_path);
        ck_assert(!world_apply(prepare, &error));
        world_assert_error(&error, CR_ERROR_IN_USE, world.disk->head_path);
        ck_assert_uint_eq(world_inode(world.disk->head_path), inode);
        machine_stop(machine);
}
END_TEST

/* Starts the machine again and again, and writes, until it is killed. */
static pid_t start_restless_machine(void)
{
        pid_t pid = fork();

        if (pid != 0)
                return pid;
        setpgid(0, 0);
        for (;;)
                world.images->write(world.disk->head_path, 255, 0, WORLD_BLOCK);
}

START_TEST(a_machine_that_tries_all_the_time_never_writes_into_a_frozen_layer)
{
        pid_t restless;

        world_define(NULL);
        restless = start_restless_machine();
        for (guint i = 0; i < 10; i++) {
                g_autoptr(GBytes) at_once = NULL, later = NULL;
                g_autoptr(GError) error = NULL;
                CrPlan *plan = world_plan_cut();
                CrId point = plan->dropped_point;

                while (!world_apply(plan, &error)) {
                        ck_assert_msg(error->code == CR_ERROR_IN_USE, "%s", error->message);
                        g_clear_error(&error);
                }
                world_adopt(plan);
                at_once = world_view(world_layer_at(&point));
                g_usleep(100000);
                later = world_view(world_layer_at(&point));
                ck_assert(g_bytes_equal(at_once, later));
        }
        kill(-restless, SIGKILL);
        ck_assert_int_eq(waitpid(restless, NULL, 0), restless);
}
END_TEST

/* Opens the file for writing as a machine does that comes to the locks late, tells so by a byte, and closes
 * it after a while. */
static pid_t start_late_machine(const char *path, int *ret_ready)
{
        int ready[2];
        pid_t pid;

        ck_assert_int_eq(pipe(ready), 0);
        pid = fork();
        *ret_ready = ready[0];
        if (pid == 0) {
                int fd = open(path, O_RDWR);

                if (write(ready[1], "", 1) < 1)
                        _exit(1);
                g_usleep(300000);
                close(fd);
                _exit(0);
        }
        close(ready[1]);
        return pid;
}

START_TEST(a_fence_waits_for_who_is_about_to_give_up)
{
        CrFence *fence;
        int ready, status;
        pid_t late;
        char byte;

        world_define(NULL);
        late = start_late_machine(world.disk->head_path, &ready);
        ck_assert_int_eq(read(ready, &byte, 1), 1);
        fence = fence_heads(CR_FENCE_WRITERS, NULL);
        ck_assert_ptr_nonnull(fence);
        /* It is closed already; only the process may live on for a moment. */
        ck_assert_int_eq(waitpid(late, &status, 0), late);
        world.engine->unfence(fence);
        close(ready);
}
END_TEST

TCase *suite_fences(void)
{
        TCase *tcase = tcase_create("fences");

        tcase_add_test(tcase, a_running_machine_is_in_use);
        tcase_add_test(tcase, behind_a_fence_no_machine_starts);
        tcase_add_test(tcase, readers_pass_unless_everyone_is_meant);
        tcase_add_test(tcase, a_fence_is_taken_on_all_or_on_none);
        tcase_add_test(tcase, fences_do_not_hinder_the_one_who_holds_them);
        tcase_add_test(tcase, no_step_takes_a_running_machines_disk_away);
        tcase_add_test(tcase, a_machine_that_tries_all_the_time_never_writes_into_a_frozen_layer);
        tcase_add_test(tcase, a_fence_waits_for_who_is_about_to_give_up);
        return tcase;
}
