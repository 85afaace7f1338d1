/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bus/contract/disk.h"

#include <check.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_USEC (30 * G_USEC_PER_SEC)

struct Holder {
        GPid pid;
        int input; /* its standard input; ended when this is closed */
};

static gboolean run_array(const char *const *arguments, char **ret_output)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *output = NULL, *complaint = NULL;
        int status = -1;

        ck_assert_msg(g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output,
                              &complaint, &status, &error),
                "%s", error ? error->message : "");
        if (ret_output)
                *ret_output = g_steal_pointer(&output);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static GPtrArray *collect(const char *program, va_list more)
{
        GPtrArray *arguments = g_ptr_array_new();

        for (const char *argument = program; argument; argument = va_arg(more, const char *))
                g_ptr_array_add(arguments, (gpointer)argument);
        g_ptr_array_add(arguments, NULL);
        return arguments;
}

gboolean run(const char *program, ...)
{
        g_autoptr(GPtrArray) arguments = NULL;
        va_list more;

        va_start(more, program);
        arguments = collect(program, more);
        va_end(more);
        return run_array((const char *const *)arguments->pdata, NULL);
}

void must_run(const char *program, ...)
{
        g_autoptr(GPtrArray) arguments = NULL;
        va_list more;

        va_start(more, program);
        arguments = collect(program, more);
        va_end(more);
        ck_assert_msg(run_array((const char *const *)arguments->pdata, NULL), "%s failed", program);
}

const char *disk_make(const char *path, const char *size)
{
        must_run("qemu-img", "create", "-q", "-f", "qcow2", path, size, NULL);
        return path;
}

gboolean disk_write(const char *path, guint64 offset, guint64 length, guint8 byte)
{
        g_autofree char *command = g_strdup_printf(
                "write -q -P %u %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, byte, offset, length);

        return run("qemu-io", "-f", "qcow2", "-c", command, path, NULL);
}

gboolean disk_shows(const char *path, guint64 offset, guint64 length, guint8 byte)
{
        g_autofree char *command = g_strdup_printf(
                "read -q -P %u %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, byte, offset, length);

        return run("qemu-io", "-r", "-U", "-f", "qcow2", "-c", command, path, NULL);
}

char *disk_view(const char *path, gsize *ret_length)
{
        g_autofree char *raw = g_strdup_printf("%s.raw", path);
        char *view;

        must_run("qemu-img", "convert", "-U", "-f", "qcow2", "-O", "raw", path, raw, NULL);
        ck_assert(g_file_get_contents(raw, &view, ret_length, NULL));
        ck_assert_int_eq(g_unlink(raw), 0);
        return view;
}

/* ---- holders ---- */

static void die_with_test(gpointer data)
{
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* QEMU's lock on the byte that tells others of a writer (block/file-posix.c: RAW_LOCK_PERM_BASE + 1). */
static gboolean has_writer(const char *path)
{
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 101, .l_len = 1};
        int fd = open(path, O_RDWR | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(fcntl(fd, F_OFD_GETLK, &lock), 0);
        close(fd);
        return lock.l_type != F_UNLCK;
}

static const char *const *command_of(const char *program, const char *path, char **ret_drive)
{
        static const char *arguments[16];
        g_autofree char *drive =
                g_strdup_printf("driver=qcow2,node-name=d,file.driver=file,file.filename=%s", path);
        g_autofree char *socket = g_strdup_printf("%s.socket", path);
        gsize n = 0;

        arguments[n++] = program;
        if (strcmp(program, "qemu-system-x86_64") == 0) {
                const char *const machine[] = {"-accel", "tcg", "-m", "16", "-nodefaults", "-display", "none",
                        "-S", "-blockdev", *ret_drive = g_steal_pointer(&drive), "-device",
                        "virtio-blk-pci,drive=d"};

                for (gsize i = 0; i < G_N_ELEMENTS(machine); i++)
                        arguments[n++] = machine[i];
        } else {
                arguments[n++] = "-f";
                arguments[n++] = "qcow2";
                if (strcmp(program, "qemu-nbd") == 0) {
                        arguments[n++] = "-t";
                        arguments[n++] = "-k";
                        arguments[n++] = *ret_drive = g_steal_pointer(&socket);
                }
                arguments[n++] = path;
        }
        arguments[n] = NULL;
        return arguments;
}

Holder *disk_hold(const char *program, const char *path)
{
        gint64 end = g_get_monotonic_time() + PATIENCE_USEC;
        g_autoptr(GError) error = NULL;
        g_autofree char *drive = NULL;
        Holder *holder = g_new0(Holder, 1);

        ck_assert_msg(g_spawn_async_with_pipes(NULL, (char **)command_of(program, path, &drive), NULL,
                              G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL,
                              die_with_test, NULL, &holder->pid, &holder->input, NULL, NULL, &error),
                "%s", error ? error->message : "");
        while (!has_writer(path)) {
                ck_assert_msg(g_get_monotonic_time() < end, "%s does not open %s", program, path);
                ck_assert_int_eq(waitpid(holder->pid, NULL, WNOHANG), 0);
                g_usleep(10000);
        }
        return holder;
}

void holder_end(Holder *holder)
{
        ck_assert_int_eq(kill(holder->pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(holder->pid, NULL, 0), holder->pid);
        close(holder->input);
        g_free(holder);
}
