/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "core/error.h"
#include "core/id.h"
#include "core/path_policy.h"
#include "engines/qcow2/chain.h"
#include "engines/qcow2/child.h"
#include "engines/qcow2/fd.h"
#include "engines/qcow2/image.h"
#include "engines/qcow2/place.h"

/* Connections that one view takes at once. */
#define CONNECTIONS "16"

#define CONNECT_STEP_MS 2u

/* A server that writes may have much to flush, in ms; then it is killed, which is an error. */
#define FLUSH_TIMEOUT_MS 120000u

#define COMPLAINT_MAX 4096

struct CrExport {
        CrGraph *graph; /* keeps open what was checked */
        char *socket;
        GPid pid;      /* 0: not running */
        int complaint; /* what the server wrote to its error output */
        gboolean writable;
        gboolean answers; /* has been seen at work */
};

static void export_free(CrExport *export)
{
        if (export->pid)
                cr_child_kill(export->pid);
        if (export->socket)
                (void)unlink(export->socket);
        cr_fd_clear(&export->complaint);
        cr_graph_free(export->graph);
        g_free(export->socket);
        g_free(export);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrExport, export_free)

static char *read_complaint(const CrExport *export)
{
        char *text = g_malloc0(COMPLAINT_MAX);

        (void)pread(export->complaint, text, COMPLAINT_MAX - 1, 0);
        return text;
}

static gboolean choose_socket(CrExport *export, const char *directory, GError **error)
{
        CrId id = cr_id_new();

        export->socket = g_strdup_printf("%s/%.12s.nbd", directory, id.text);
        if (strlen(export->socket) < sizeof(((struct sockaddr_un *)0)->sun_path))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "the path '%s' is too long for a socket",
                export->socket);
        return FALSE;
}

/* The server's first words show that it is at work: before that it would miss a SIGTERM. */
static gboolean is_serving(const char *path)
{
        CR_AUTO_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        struct timeval patience = {.tv_sec = CR_CHILD_TIMEOUT_MS / 1000};
        char greeting[8]; /* NBDMAGIC */

        g_strlcpy(address.sun_path, path, sizeof address.sun_path);
        return fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
               setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
               recv(fd, greeting, sizeof greeting, MSG_WAITALL) == sizeof greeting;
}

/* Reaps the server; what it said goes into the error. */
static gboolean check_end(CrExport *export, int status, GError **error)
{
        g_autofree char *complaint = read_complaint(export);

        export->pid = 0;
        if (cr_child_check("qemu-nbd", status, complaint, error))
                return TRUE;
        g_prefix_error(error, "image '%s': ", cr_graph_node(export->graph, 0)->path);
        return FALSE;
}

static gboolean await_answer(CrExport *export, GError **error)
{
        gint64 deadline = g_get_monotonic_time() + CR_CHILD_TIMEOUT_MS * 1000ll;
        int status;

        while (!is_serving(export->socket)) {
                if (cr_child_wait(export->pid, CONNECT_STEP_MS, &status)) {
                        if (check_end(export, status, error))
                                g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "qemu-nbd ended at once");
                        return FALSE;
                }
                if (g_get_monotonic_time() > deadline) {
                        g_set_error(error, CR_ERROR, CR_ERROR_TIMEOUT, "qemu-nbd did not answer within %u ms",
                                CR_CHILD_TIMEOUT_MS);
                        return FALSE;
                }
        }
        return TRUE;
}

/* -A: tells which layer each block is in. -e: several connections at once. -t: goes on when the last one is
 * gone. */
static gboolean start(CrExport *export, CrGraphFlags flags, GError **error)
{
        g_autofree char *text = cr_graph_text(export->graph, 0, G_MAXUINT, flags);
        g_autofree char *socket_option = g_strconcat("--socket=", export->socket, NULL);
        const char *const reading[] = {
                "qemu-nbd", "-t", "-e", CONNECTIONS, "-A", "-r", socket_option, text, NULL};
        const char *const writing[] = {"qemu-nbd", "-t", "-e", CONNECTIONS, "-A", "--cache=writeback",
                "--discard=unmap", "--detect-zeroes=off", socket_option, text, NULL};
        gsize n_fds;
        g_autofree int *fds = cr_graph_fds(export->graph, -1, &n_fds);
        const CrChildSpec spec = {.argv = export->writable ? writing : reading, .fds = fds, .n_fds = n_fds};
        CR_AUTO_FD int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

        export->complaint = memfd_create("qemu-nbd", MFD_CLOEXEC);
        if (nowhere < 0 || export->complaint < 0)
                return cr_error_set_errno(error, errno, "can't start qemu-nbd");
        export->pid = cr_child_start(&spec, nowhere, export->complaint, error);
        return export->pid != 0;
}

CrExport *cr_serve(
        const CrConfig *config, GPtrArray *chain, gboolean writable, const char *directory, GError **error)
{
        g_autoptr(CrExport) export = g_new0(CrExport, 1);
        const CrLayer *top = g_ptr_array_index(chain, 0);
        gboolean shared = top->kind == CR_LAYER_HEAD && !writable;

        export->complaint = -1;
        export->writable = writable;
        export->graph = cr_graph_new();
        if (!cr_chain_add_layers(config, export->graph, chain, 0, error) ||
                !choose_socket(export, directory, error) ||
                !start(export, shared ? CR_GRAPH_SHARED : CR_GRAPH_LOCKED, error))
                return NULL;
        return g_steal_pointer(&export);
}

static gboolean check_alone(int fd, const char *path, GError **error)
{
        g_auto(CrImage) image = {0};

        if (!cr_image_read(fd, path, &image, error))
                return FALSE;
        if (!image.backing)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED,
                "image '%s' stands on another one, '%s': give one that stands alone (qemu-img convert)", path,
                image.backing);
        return FALSE;
}

CrExport *cr_serve_image(
        const CrConfig *config, const char *path, const char *format, const char *directory, GError **error)
{
        g_autoptr(CrExport) export = g_new0(CrExport, 1);
        gboolean raw = g_str_equal(format, "raw");
        CR_AUTO_FD int fd = cr_path_open_file(config->export_directories, path, O_RDONLY, error);

        export->complaint = -1;
        export->graph = cr_graph_new();
        if (fd < 0 || (!raw && !check_alone(fd, path, error)))
                return NULL;
        cr_graph_add(export->graph, cr_fd_steal(&fd), raw ? "raw" : "qcow2", path);
        if (!choose_socket(export, directory, error) || !start(export, CR_GRAPH_LOCKED, error))
                return NULL;
        return g_steal_pointer(&export);
}

const char *cr_serve_socket(CrExport *export, GError **error)
{
        if (!export->answers)
                export->answers = await_answer(export, error);
        return export->answers ? export->socket : NULL;
}

/* The server has written all out when it ended; now down to stable storage. */
static gboolean flush(const CrExport *export, GError **error)
{
        const CrGraphNode *top = cr_graph_node(export->graph, 0);

        return fsync(top->fd) == 0 || cr_error_set_errno(error, errno, "can't flush '%s'", top->path);
}

/* It has work to finish; the others, and one that never came to work, are killed. */
static gboolean has_written(const CrExport *export)
{
        return export->writable && export->answers;
}

static gboolean finish(CrExport *export, GError **error)
{
        int status;

        if (!cr_child_wait(export->pid, FLUSH_TIMEOUT_MS, &status)) {
                g_set_error(error, CR_ERROR, CR_ERROR_TIMEOUT, "qemu-nbd did not end");
                return FALSE;
        }
        return check_end(export, status, error) && flush(export, error);
}

/* All are told before the first is waited for: they write out side by side. */
gboolean cr_serve_stop(CrExport **exports, guint n, GError **error)
{
        gboolean ok = TRUE;

        for (guint i = 0; i < n; i++)
                if (exports[i] && has_written(exports[i]))
                        (void)kill(exports[i]->pid, SIGTERM);
        for (guint i = 0; i < n; i++) {
                if (exports[i] && has_written(exports[i]) && !finish(exports[i], ok ? error : NULL))
                        ok = FALSE;
                g_clear_pointer(&exports[i], export_free);
        }
        return ok;
}
