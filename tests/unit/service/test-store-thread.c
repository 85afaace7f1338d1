/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/core/unit.h"

#include <glib/gstdio.h>

#include "service/store_thread.h"

static char *directory;
static CrStoreThread *thread;
static GMainLoop *loop;
static GArray *completed; /* guint, in the order of delivery */

static void set_up(void)
{
        g_autoptr(GError) error = NULL;
        CrStore *store;

        directory = g_dir_make_tmp("cr-store-thread-XXXXXX", NULL);
        store = cr_store_open(directory, &error);
        ck_assert_msg(store != NULL, "%s", error ? error->message : "");
        thread = cr_store_thread_new(store);
        loop = g_main_loop_new(NULL, FALSE);
        completed = g_array_new(FALSE, FALSE, sizeof(guint));
}

static void tear_down(void)
{
        g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
        const char *name;

        thread = cr_store_thread_free(thread);
        while ((name = g_dir_read_name(dir))) {
                g_autofree char *path = g_build_filename(directory, name, NULL);

                g_unlink(path);
        }
        g_rmdir(directory);
        g_free(directory);
        g_main_loop_unref(loop);
        g_array_unref(completed);
}

typedef struct Job {
        guint n;
        GThread *worked_in;
        CrStore *store;
        guint last;    /* quits the loop */
        gboolean more; /* its completion asks for another */
} Job;

static void work(CrStore *store, gpointer data)
{
        Job *job = data;

        job->worked_in = g_thread_self();
        job->store = store;
}

static void submit(guint n, guint last, gboolean more);

static void done(gpointer data)
{
        g_autofree Job *job = data;

        ck_assert_ptr_nonnull(job->store);
        ck_assert_ptr_ne(job->worked_in, g_thread_self());
        g_array_append_val(completed, job->n);
        if (job->more)
                submit(job->n + 1, job->last, FALSE);
        if (job->n == job->last)
                g_main_loop_quit(loop);
}

static void submit(guint n, guint last, gboolean more)
{
        Job *job = g_new0(Job, 1);

        *job = (Job){.n = n, .last = last, .more = more};
        cr_store_thread_submit(thread, work, done, job);
}

START_TEST(completions_come_in_order_in_the_main_loop)
{
        for (guint i = 0; i < 1000; i++)
                submit(i, 999, FALSE);
        ck_assert_uint_eq(completed->len, 0);
        g_main_loop_run(loop);
        ck_assert_uint_eq(completed->len, 1000);
        for (guint i = 0; i < 1000; i++)
                ck_assert_uint_eq(g_array_index(completed, guint, i), i);
}
END_TEST

START_TEST(draining_delivers_what_completions_ask_for)
{
        submit(0, G_MAXUINT, TRUE);
        cr_store_thread_drain(thread);
        ck_assert_uint_eq(completed->len, 2);
}
END_TEST

START_TEST(it_is_full_until_completions_were_delivered)
{
        ck_assert(!cr_store_thread_is_full(thread));
        for (guint i = 0; i < 1024; i++)
                submit(i, G_MAXUINT, FALSE);
        ck_assert(cr_store_thread_is_full(thread));
        cr_store_thread_drain(thread);
        ck_assert(!cr_store_thread_is_full(thread));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {completions_come_in_order_in_the_main_loop,
                draining_delivers_what_completions_ask_for, it_is_full_until_completions_were_delivered,
                NULL};

        return run_tests_with("store thread", tests, set_up, tear_down);
}
