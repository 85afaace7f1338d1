/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/story/random/contents.h"

#include <check.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/bus/contract/disk.h"

#define RUN_BLOCKS_MAX 24
#define CHANGES_MAX 6
#define AT_ONCE 4 /* programs that read images: more only take memory */

/* A file of one number, which qemu-io repeats as often as needed. */
static char *number_file(const char *folder, guint32 number, guint i)
{
        char *path = g_strdup_printf("%s/number-%u", folder, i);

        ck_assert(g_file_set_contents(path, (const char *)&number, sizeof(number), NULL));
        return path;
}

typedef struct Run {
        guint first, n;
} Run;

static Run random_run(const Contents *contents, GRand *random)
{
        Run run = {.first = (guint)g_rand_int_range(random, 0, (gint32)contents->n)};
        guint most = MIN(contents->n - run.first, RUN_BLOCKS_MAX);

        run.n = (guint)g_rand_int_range(random, 1, (gint32)most + 1);
        return run;
}

static void fill(Contents *contents, Run run, guint32 number)
{
        for (guint i = 0; i < run.n; i++)
                contents->block[run.first + i] = number;
}

static char *change(Contents *contents, Run run, GRand *random, guint32 *next, const char *folder, guint i)
{
        guint64 offset = (guint64)run.first * BLOCK_BYTES, length = (guint64)run.n * BLOCK_BYTES;
        g_autofree char *file = NULL;

        if (g_rand_int_range(random, 0, 5) == 0) {
                fill(contents, run, 0);
                return g_strdup_printf(
                        "write -q -z %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, offset, length);
        }
        file = number_file(folder, *next, i);
        fill(contents, run, (*next)++);
        return g_strdup_printf(
                "write -q -s %s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, file, offset, length);
}

static void run_commands(GPtrArray *commands, const char *path)
{
        g_autoptr(GPtrArray) arguments = g_ptr_array_new();
        g_autoptr(GError) error = NULL;
        int status = -1;

        g_ptr_array_add(arguments, (gpointer) "qemu-io");
        g_ptr_array_add(arguments, (gpointer) "-f");
        g_ptr_array_add(arguments, (gpointer) "qcow2");
        g_ptr_array_add(arguments, (gpointer) "-d");
        g_ptr_array_add(arguments, (gpointer) "unmap");
        for (guint i = 0; i < commands->len; i++) {
                g_ptr_array_add(arguments, (gpointer) "-c");
                g_ptr_array_add(arguments, commands->pdata[i]);
        }
        g_ptr_array_add(arguments, (gpointer)path);
        g_ptr_array_add(arguments, NULL);
        ck_assert_msg(g_spawn_sync(NULL, (char **)arguments->pdata, NULL,
                              G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                              &status, &error),
                "%s", error ? error->message : "");
        ck_assert_msg(status == 0, "qemu-io could not write to %s", path);
}

/* A discarded block shows what it did or zeroes: a promise to nobody. */
static void discard(Contents *contents, const char *path, Run run)
{
        g_autoptr(GPtrArray) commands = g_ptr_array_new_with_free_func(g_free);
        gsize length;

        g_ptr_array_add(
                commands, g_strdup_printf("discard -q %u %u", run.first * BLOCK_BYTES, run.n * BLOCK_BYTES));
        run_commands(commands, path);
        g_autofree char *view = disk_view(path, &length);
        ck_assert_uint_eq(length, (gsize)contents->n * BLOCK_BYTES);
        for (guint i = run.first; i < run.first + run.n; i++) {
                guint32 found;

                memcpy(&found, view + (gsize)i * BLOCK_BYTES, sizeof(found));
                ck_assert_msg(found == 0 || found == contents->block[i],
                        "%s: block %u was discarded and shows %u instead of %u", path, i, found,
                        contents->block[i]);
                contents->block[i] = found;
        }
}

void contents_change(Contents *contents, const char *path, GRand *random, guint32 *next, const char *folder)
{
        g_autoptr(GPtrArray) commands = g_ptr_array_new_with_free_func(g_free);
        guint n = (guint)g_rand_int_range(random, 1, CHANGES_MAX + 1);

        for (guint i = 0; i < n; i++)
                g_ptr_array_add(
                        commands, change(contents, random_run(contents, random), random, next, folder, i));
        run_commands(commands, path);
        if (g_rand_int_range(random, 0, 8) == 0)
                discard(contents, path, random_run(contents, random));
}

void contents_resize(Contents *contents, const char *path, guint n)
{
        g_autofree char *size = g_strdup_printf("%u", n * BLOCK_BYTES);

        must_run("qemu-img", "resize", "-q", "--shrink", "-f", "qcow2", path, size, NULL);
        for (guint i = contents->n; i < n; i++)
                contents->block[i] = 0;
        contents->n = n;
}

/* ---- views ---- */

void view_clear(View *view)
{
        g_free(view->path);
}

static GPid start_reading(const char *image, const char *raw)
{
        const char *const arguments[] = {
                "qemu-img", "convert", "-U", "-f", "qcow2", "-O", "raw", image, raw, NULL};
        g_autoptr(GError) error = NULL;
        GPid pid;

        ck_assert_msg(g_spawn_async(NULL, (char **)arguments, NULL,
                              G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, &error),
                "%s", error ? error->message : "");
        return pid;
}

static gboolean shows(const char *block, guint32 number)
{
        for (gsize i = 0; i < BLOCK_BYTES; i += sizeof(number))
                if (memcmp(block + i, &number, sizeof(number)) != 0)
                        return FALSE;
        return TRUE;
}

static char *compare(const View *view, const char *raw)
{
        g_autofree char *data = NULL;
        gsize length;

        ck_assert(g_file_get_contents(raw, &data, &length, NULL));
        ck_assert_int_eq(g_unlink(raw), 0);
        if (length != (gsize)view->wanted->n * BLOCK_BYTES)
                return g_strdup_printf("%s has %" G_GSIZE_FORMAT " bytes instead of %u blocks", view->path,
                        length, view->wanted->n);
        for (guint i = 0; i < view->wanted->n; i++) {
                const char *block = data + (gsize)i * BLOCK_BYTES;
                guint32 found;

                memcpy(&found, block, sizeof(found));
                if (!shows(block, view->wanted->block[i]))
                        return g_strdup_printf("%s shows %u in block %u instead of %u", view->path, found, i,
                                view->wanted->block[i]);
        }
        return NULL;
}

/* Up to AT_ONCE of them, from @first. */
static char *check_some(GArray *views, guint first, const char *folder)
{
        guint n = MIN(AT_ONCE, views->len - first);
        GPid pids[AT_ONCE];
        char *wrong = NULL;

        for (guint i = 0; i < n; i++) {
                g_autofree char *raw = g_strdup_printf("%s/view-%u", folder, i);

                pids[i] = start_reading(g_array_index(views, View, first + i).path, raw);
        }
        for (guint i = 0; i < n; i++) {
                g_autofree char *raw = g_strdup_printf("%s/view-%u", folder, i);
                const View *view = &g_array_index(views, View, first + i);
                int status;

                ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
                if (!wrong)
                        wrong = status == 0 ? compare(view, raw)
                                            : g_strdup_printf("%s could not be read", view->path);
        }
        return wrong;
}

char *views_check(GArray *views, const char *folder)
{
        char *wrong = NULL;

        for (guint i = 0; i < views->len && !wrong; i += AT_ONCE)
                wrong = check_some(views, i, folder);
        return wrong;
}
