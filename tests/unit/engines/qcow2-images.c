/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Machines with qcow2 disks: qemu-io opens an image by its path and locks it as a virtual machine does. */
#include "images.h"

#include <check.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int images_command(const char *const *argv)
{
        int status;
        g_autoptr(GError) error = NULL;

        ck_assert_msg(g_spawn_sync(NULL, (char **)argv, NULL,
                              G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                              NULL, NULL, NULL, NULL, &status, &error),
                "%s", error ? error->message : "");
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void images_must(const char *format, ...)
{
        g_autofree char *text = NULL;
        g_auto(GStrv) argv = NULL;
        va_list arguments;

        va_start(arguments, format);
        text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        ck_assert(g_shell_parse_argv(text, NULL, &argv, NULL));
        ck_assert_msg(images_command((const char *const *)argv) == 0, "failed: %s", text);
}

static void make(const char *path, guint64 size, const char *template)
{
        if (template)
                images_must("qemu-img create -q -f qcow2 -F qcow2 -b '%s' '%s' %" G_GUINT64_FORMAT, template,
                        path, size);
        else
                images_must("qemu-img create -q -f qcow2 '%s' %" G_GUINT64_FORMAT, path, size);
}

static gboolean write_pattern(const char *path, guint8 pattern, guint64 offset, guint64 length)
{
        g_autofree char *command = g_strdup_printf(
                "write -P %u %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, pattern, offset, length);
        const char *const argv[] = {"qemu-io", "-f", "qcow2", "-c", command, path, NULL};

        return images_command(argv) == 0;
}

static void resize(const char *path, guint64 size)
{
        images_must("qemu-img resize -q --shrink -f qcow2 '%s' %" G_GUINT64_FORMAT, path, size);
}

struct Machine {
        GPid pid;
        int input; /* as long as it is open the machine runs */
};

void machine_stop(Machine *machine)
{
        close(machine->input);
        ck_assert_int_eq(waitpid(machine->pid, NULL, 0), machine->pid);
        g_free(machine);
}

/* qemu-io prints a prompt when it has opened the image. */
static gboolean is_running(int output)
{
        char prompt[16];
        gboolean ok = read(output, prompt, sizeof prompt) > 0;

        close(output);
        return ok;
}

static Machine *run(const char *path, gboolean writable)
{
        const char *const argv[] = {"qemu-io", "-f", "qcow2", path, writable ? NULL : "-r", NULL};
        Machine *machine = g_new0(Machine, 1);
        int output;

        ck_assert(g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
                G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CLOEXEC_PIPES |
                        G_SPAWN_STDERR_TO_DEV_NULL,
                NULL, NULL, &machine->pid, &machine->input, &output, NULL, NULL));
        if (is_running(output))
                return machine;
        machine_stop(machine);
        return NULL;
}

static GBytes *read_all(const char *path)
{
        g_autofree char *copy = g_strdup_printf("%s.raw", path);
        char *data;
        gsize size;

        images_must("qemu-img convert -f qcow2 -O raw '%s' '%s'", path, copy);
        ck_assert(g_file_get_contents(copy, &data, &size, NULL));
        unlink(copy);
        return g_bytes_new_take(data, size);
}

const Images qcow2_images = {
        .engine = "qcow2",
        .make = make,
        .write = write_pattern,
        .resize = resize,
        .run = run,
        .read = read_all,
};
