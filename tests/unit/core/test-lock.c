/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "core/lock.h"
#include "unit.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct Fixture {
        char *top, *directory, *path;
        CrId collection;
} Fixture;

static Fixture f;

static void setup(void)
{
        g_autofree char *name = NULL;

        f.top = g_dir_make_tmp("cr-lock-XXXXXX", NULL);
        f.directory = g_build_filename(f.top, "locks", NULL);
        f.collection = cr_id_new();
        name = g_strconcat(f.collection.text, ".lock", NULL);
        f.path = g_build_filename(f.directory, name, NULL);
}

static void teardown(void)
{
        g_unlink(f.path);
        g_rmdir(f.directory);
        g_rmdir(f.top);
        g_free(f.top);
        g_free(f.directory);
        g_free(f.path);
}

static mode_t mode_of(const char *path)
{
        struct stat status;

        ck_assert_int_eq(lstat(path, &status), 0);
        return status.st_mode;
}

START_TEST(only_root_sees_the_file)
{
        mode_t mask = umask(0);
        int lock = cr_lock_take(f.directory, &f.collection, 0, NULL);

        umask(mask);
        ck_assert_int_ge(lock, 0);
        ck_assert_uint_eq(mode_of(f.directory), S_IFDIR | 0700);
        ck_assert_uint_eq(mode_of(f.path), S_IFREG | 0600);
        close(lock);
}
END_TEST

START_TEST(a_held_lock_is_in_use)
{
        int lock = cr_lock_take(f.directory, &f.collection, 0, NULL);
        g_autoptr(GError) error = NULL;

        ck_assert_int_ge(lock, 0);
        ck_assert_int_eq(cr_lock_take(f.directory, &f.collection, 0, &error), -1);
        assert_error(error, CR_ERROR_IN_USE, f.collection.text);
        ck_assert_int_eq(cr_lock_take(f.directory, &f.collection, 30, &error), -1);
        assert_error(error, CR_ERROR_IN_USE, f.collection.text);
        close(lock);
        lock = cr_lock_take(f.directory, &f.collection, 0, &error);
        ck_assert_int_ge(lock, 0);
        close(lock);
}
END_TEST

START_TEST(another_collection_is_free)
{
        int lock = cr_lock_take(f.directory, &f.collection, 0, NULL), other_lock;
        CrId other = cr_id_new();
        g_autofree char *other_path = g_strconcat(f.directory, "/", other.text, ".lock", NULL);

        other_lock = cr_lock_take(f.directory, &other, 0, NULL);
        ck_assert_int_ge(other_lock, 0);
        close(lock);
        close(other_lock);
        g_unlink(other_path);
}
END_TEST

/* A child that outlives its parent, as a qemu-img does, holds the lock until it ends: through fork and exec.
 */
START_TEST(a_child_holds_the_lock_through_exec)
{
        int lock = cr_lock_take(f.directory, &f.collection, 0, NULL), ready[2];
        g_autoptr(GError) error = NULL;
        pid_t child;
        char byte;

        ck_assert_int_eq(pipe(ready), 0);
        child = fork();
        if (child == 0) {
                dup2(ready[1], STDOUT_FILENO);
                execlp("sh", "sh", "-c", "echo; exec sleep 60", NULL);
                _exit(1);
        }
        close(ready[1]);
        ck_assert_int_eq(read(ready[0], &byte, 1), 1);
        close(ready[0]);
        close(lock);
        ck_assert_int_eq(cr_lock_take(f.directory, &f.collection, 0, &error), -1);
        assert_error(error, CR_ERROR_IN_USE, f.collection.text);

        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        lock = cr_lock_take(f.directory, &f.collection, 0, NULL);
        ck_assert_int_ge(lock, 0);
        close(lock);
}
END_TEST

static gpointer release_later(gpointer lock)
{
        g_usleep(50 * 1000);
        close(GPOINTER_TO_INT(lock));
        return NULL;
}

START_TEST(it_waits_for_the_lock)
{
        int lock = cr_lock_take(f.directory, &f.collection, 0, NULL);
        GThread *thread = g_thread_new("release", release_later, GINT_TO_POINTER(lock));

        lock = cr_lock_take(f.directory, &f.collection, 60 * 1000, NULL);
        ck_assert_int_ge(lock, 0);
        g_thread_join(thread);
        close(lock);
}
END_TEST

START_TEST(a_link_in_its_place_is_not_followed)
{
        g_autofree char *target = g_build_filename(f.top, "target", NULL);
        g_autoptr(GError) error = NULL;

        ck_assert_int_eq(g_mkdir(f.directory, 0700), 0);
        ck_assert_int_eq(symlink(target, f.path), 0);
        ck_assert_int_eq(cr_lock_take(f.directory, &f.collection, 0, &error), -1);
        assert_error(error, CR_ERROR_FAILED, f.path);
        ck_assert(!g_file_test(target, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_named)
{
        g_autofree char *below_a_file = NULL, *file = g_build_filename(f.top, "file", NULL);
        g_autoptr(GError) error = NULL;

        ck_assert(g_file_set_contents(file, "", 0, NULL));
        below_a_file = g_build_filename(file, "locks", NULL);
        ck_assert_int_eq(cr_lock_take(below_a_file, &f.collection, 0, &error), -1);
        g_unlink(file);
        assert_error(error, CR_ERROR_FAILED, below_a_file);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {only_root_sees_the_file, a_held_lock_is_in_use,
                another_collection_is_free, a_child_holds_the_lock_through_exec, it_waits_for_the_lock,
                a_link_in_its_place_is_not_followed, a_folder_that_cannot_be_made_is_named, NULL};

        return run_tests_with("lock", tests, setup, teardown);
}
