/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "folder.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

Folder *folder_new(void)
{
        Folder *folder = g_new0(Folder, 1);

        folder->path = g_dir_make_tmp("transfer-XXXXXX", NULL);
        g_assert_nonnull(folder->path);
        return folder;
}

void folder_free(Folder *folder)
{
        g_autoptr(GDir) dir = g_dir_open(folder->path, 0, NULL);

        for (const char *name; dir && (name = g_dir_read_name(dir));) {
                g_autofree char *path = folder_file(folder, name);

                g_unlink(path);
        }
        g_rmdir(folder->path);
        g_free(folder->path);
        g_free(folder);
}

char *folder_file(const Folder *folder, const char *name)
{
        return g_build_filename(folder->path, name, NULL);
}

/* A test that crashes must leave no process behind. */
static void die_with_parent(gpointer nothing)
{
        prctl(PR_SET_PDEATHSIG, SIGKILL);
}

int run_command(const char *const *argv, gboolean may_fail)
{
        g_autofree char *out = NULL, *err = NULL;
        int status;

        g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, die_with_parent, NULL,
                &out, &err, &status, NULL));
        g_assert_true(WIFEXITED(status));
        if (!may_fail && WEXITSTATUS(status) != 0)
                g_error("%s: %s%s", argv[0], out, err);
        return WEXITSTATUS(status);
}

void image_create(const char *path, const char *options, const char *below, guint64 size)
{
        g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, size);
        g_autoptr(GPtrArray) argv = g_ptr_array_new();

        for (const char *const *word =
                        (const char *const[]){"qemu-img", "create", "-q", "-f", "qcow2", "-o", options, NULL};
                *word; word++)
                g_ptr_array_add(argv, (char *)*word);
        if (below)
                for (const char *const *word = (const char *const[]){"-F", "qcow2", "-b", below, NULL}; *word;
                        word++)
                        g_ptr_array_add(argv, (char *)*word);
        g_ptr_array_add(argv, (char *)path);
        g_ptr_array_add(argv, text);
        g_ptr_array_add(argv, NULL);
        run_command((const char *const *)argv->pdata, FALSE);
}

Script *script_new(void)
{
        Script *script = g_new0(Script, 1);

        script->argv = g_ptr_array_new_with_free_func(g_free);
        for (const char *const *word = (const char *const[]){"qemu-io", "-f", "qcow2", "-d", "unmap", NULL};
                *word; word++)
                g_ptr_array_add(script->argv, g_strdup(*word));
        return script;
}

void script_add(Script *script, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        g_ptr_array_add(script->argv, g_strdup("-c"));
        g_ptr_array_add(script->argv, g_strdup_vprintf(format, args));
        va_end(args);
}

void script_run(Script *script, const char *path)
{
        g_ptr_array_add(script->argv, g_strdup(path));
        g_ptr_array_add(script->argv, NULL);
        run_command((const char *const *)script->argv->pdata, FALSE);
        g_ptr_array_unref(script->argv);
        g_free(script);
}

void image_do(const char *path, const char *command)
{
        Script *script = script_new();

        script_add(script, "%s", command);
        script_run(script, path);
}

gboolean images_equal(const char *a, const char *b)
{
        int status = run_command(
                (const char *const[]){"qemu-img", "compare", "-f", "qcow2", "-F", "qcow2", a, b, NULL}, TRUE);

        g_assert_cmpint(status, <=, 1);
        return status == 0;
}

/* Waits until the server listens. */
static void await_server(Server *server)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        g_assert_cmpint(g_strlcpy(address.sun_path, server->socket_path, sizeof address.sun_path), <,
                sizeof address.sun_path);
        for (guint tries = 0;; tries++) {
                int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
                int r = connect(fd, (struct sockaddr *)&address, sizeof address);

                close(fd);
                if (r == 0)
                        return;
                g_assert_cmpint(waitpid(server->pid, NULL, WNOHANG), ==, 0); /* did not start */
                g_assert_cmpint(tries, <, 6000);
                g_usleep(5000);
        }
}

static Server *start(Folder *folder, const char *const *options, const char *image)
{
        g_autoptr(GPtrArray) argv = g_ptr_array_new();
        Server *server = g_new0(Server, 1);

        server->socket_path = g_strdup_printf("%s/%u.sock", folder->path, folder->n_servers++);
        for (const char *const *word = (const char *const[]){"qemu-nbd", "--persistent", "--shared=4",
                     "--socket", server->socket_path, NULL};
                *word; word++)
                g_ptr_array_add(argv, (char *)*word);
        for (; *options; options++)
                g_ptr_array_add(argv, (char *)*options);
        g_ptr_array_add(argv, (char *)image);
        g_ptr_array_add(argv, NULL);
        g_assert_true(g_spawn_async(NULL, (char **)argv->pdata, NULL,
                G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, die_with_parent,
                NULL, &server->pid, NULL));
        await_server(server);
        return server;
}

Server *serve(Folder *folder, const char *image, gboolean writable)
{
        if (writable)
                return start(folder, (const char *const[]){"--format=qcow2", NULL}, image);
        return start(folder,
                (const char *const[]){"--format=qcow2", "--read-only", "--allocation-depth", NULL}, image);
}

Server *serve_options(Folder *folder, const char *image_options, const char *extra)
{
        return start(folder, (const char *const[]){"--image-opts", extra, NULL}, image_options);
}

void server_signal(Server *server, int sig)
{
        g_assert_cmpint(kill(server->pid, sig), ==, 0);
}

static void end_by(Server *server, int sig)
{
        if (server->pid == 0)
                return;
        server_signal(server, sig);
        g_assert_cmpint(waitpid(server->pid, NULL, 0), ==, server->pid);
        server->pid = 0;
}

void server_end(Server *server)
{
        end_by(server, SIGTERM);
}

void server_kill(Server *server)
{
        end_by(server, SIGKILL);
}

void server_free(Server *server)
{
        server_kill(server);
        g_unlink(server->socket_path);
        g_free(server->socket_path);
        g_free(server);
}
