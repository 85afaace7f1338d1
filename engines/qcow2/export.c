/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/export.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/failpoint.h"
#include "engines/qcow2/chain.h"
#include "engines/qcow2/child.h"
#include "engines/qcow2/fd.h"

/* Reads qemu-img's "    (12.50/100%)\r". */
typedef struct Meter {
        void (*progress)(guint64 done, guint64 total, void *);
        void *userdata;
        guint64 total;
        GString *line;
} Meter;

static void meter_show(Meter *meter)
{
        const char *number = strchr(meter->line->str, '(');
        double percent = number ? g_ascii_strtod(number + 1, NULL) : -1;

        if (percent >= 0 && percent <= 100)
                meter->progress(
                        (guint64)((double)meter->total * (percent / 100)), meter->total, meter->userdata);
        g_string_truncate(meter->line, 0);
}

static void meter_take(const char *text, gsize length, void *userdata)
{
        Meter *meter = userdata;

        for (gsize i = 0; i < length; i++) {
                if (text[i] == '\r' || text[i] == '\n')
                        meter_show(meter);
                else
                        g_string_append_c(meter->line, text[i]);
        }
}

static gboolean convert(const CrGraph *graph, int target, CrGraphFlags flags, Meter *meter, GError **error)
{
        g_autofree char *source = cr_graph_text(graph, 0, G_MAXUINT, flags);
        g_autofree char *file = g_strdup_printf("/proc/self/fd/%d", target);
        const char *const argv[] = {
                "qemu-img", "convert", "-p", "-O", "qcow2", "-o", "compat=1.1", source, file, NULL};
        gsize n_fds;
        g_autofree int *fds = cr_graph_fds(graph, target, &n_fds);
        const CrChildSpec spec = {.argv = argv,
                .fds = fds,
                .n_fds = n_fds,
                .output = meter->progress ? meter_take : NULL,
                .userdata = meter};

        return cr_child_run(&spec, NULL, error);
}

static gboolean refuse_existing(const char *name, GError **error)
{
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                "there is a file '%s' already; nothing is overwritten", name);
        return FALSE;
}

static gboolean check_name(int directory_fd, const char *name, GError **error)
{
        struct stat st;

        if (strchr(name, '/') || g_str_equal(name, "") || g_str_equal(name, ".") || g_str_equal(name, "..")) {
                g_set_error(
                        error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "'%s' is not the name of a file", name);
                return FALSE;
        }
        if (fstatat(directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
                return refuse_existing(name, error);
        return errno == ENOENT || cr_error_set_errno(error, errno, "can't look at '%s'", name);
}

/* A file without a name gets it when it is complete. Where the file system has no such files, it has the name
 * from the start. */
static int open_target(int directory_fd, const char *name, gboolean *ret_named, GError **error)
{
        int fd = openat(directory_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        *ret_named = fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR);
        if (*ret_named)
                fd = openat(directory_fd, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, 0600);
        if (fd < 0)
                cr_error_set_errno(error, errno, "can't make '%s'", name);
        return fd;
}

static gboolean give_name(int fd, int directory_fd, const char *name, GError **error)
{
        g_autofree char *opened = g_strdup_printf("/proc/self/fd/%d", fd);

        if (linkat(AT_FDCWD, opened, directory_fd, name, AT_SYMLINK_FOLLOW) == 0)
                return TRUE;
        return errno == EEXIST ? refuse_existing(name, error)
                               : cr_error_set_errno(error, errno, "can't name '%s'", name);
}

static gboolean fill(const CrGraph *graph, int fd, CrGraphFlags flags, Meter *meter, GError **error)
{
        if (!convert(graph, fd, flags, meter, error))
                return FALSE;
        CR_FAILPOINT("qcow2.export.copied");
        return fsync(fd) == 0 || cr_error_set_errno(error, errno, "can't flush the copy");
}

static gboolean write_image(const CrGraph *graph, CrGraphFlags flags, int directory_fd, const char *name,
        Meter *meter, GError **error)
{
        gboolean named;
        CR_AUTO_FD int fd = open_target(directory_fd, name, &named, error);

        if (fd < 0)
                return FALSE;
        if (!fill(graph, fd, flags, meter, error) || (!named && !give_name(fd, directory_fd, name, error))) {
                if (named)
                        (void)unlinkat(directory_fd, name, 0);
                g_prefix_error(error, "export of '%s': ", cr_graph_node(graph, 0)->path);
                return FALSE;
        }
        return fsync(directory_fd) == 0 ||
               cr_error_set_errno(error, errno, "can't flush the folder of '%s'", name);
}

gboolean cr_export_image(const CrConfig *config, GPtrArray *chain, int directory_fd, const char *name,
        void (*progress)(guint64 done, guint64 total, void *), void *userdata, GError **error)
{
        const CrLayer *top = g_ptr_array_index(chain, 0);
        g_autoptr(CrGraph) graph = cr_graph_new();
        g_autoptr(GString) line = g_string_new(NULL);
        Meter meter = {progress, userdata, top->virtual_size, line};

        if (!check_name(directory_fd, name, error) || !cr_chain_add_layers(config, graph, chain, 0, error))
                return FALSE;
        return write_image(graph, top->kind == CR_LAYER_HEAD ? CR_GRAPH_SHARED : CR_GRAPH_LOCKED,
                directory_fd, name, &meter, error);
}
