/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transfer/nbd_io.h"

#include <errno.h>
#include <poll.h>

#include "core/error.h"

#define CONNECT_MS 10000 /* what a peer's or an engine's answer may take in all; source: the contract */

struct CrNbd {
        struct nbd_handle *handle;
        char *socket_path;
        guint64 size;
        guint patience_ms;
};

struct nbd_handle *cr_nbd_handle(CrNbd *nbd)
{
        return nbd->handle;
}

guint64 cr_nbd_size(CrNbd *nbd)
{
        return nbd->size;
}

void cr_nbd_set_patience(CrNbd *nbd, guint ms)
{
        nbd->patience_ms = ms;
}

void cr_nbd_abandon(CrNbd *nbd)
{
        if (nbd)
                g_clear_pointer(&nbd->handle, nbd_close);
}

void cr_nbd_close(CrNbd *nbd)
{
        if (!nbd)
                return;
        cr_nbd_abandon(nbd);
        g_free(nbd->socket_path);
        g_free(nbd);
}

static CrError code_of(int errnum)
{
        switch (errnum) {
        case ENOENT:
        case ECONNREFUSED:
        case ECONNRESET:
        case ENOTCONN:
        case EPIPE:
        case ESHUTDOWN:
                return CR_ERROR_NOT_AVAILABLE;
        case ETIMEDOUT:
                return CR_ERROR_TIMEOUT;
        case ENOMEM:
                return CR_ERROR_OUT_OF_MEMORY;
        default:
                return CR_ERROR_FAILED;
        }
}

static gboolean is_broken(CrNbd *nbd)
{
        return !nbd->handle || nbd_aio_is_dead(nbd->handle) == 1 || nbd_aio_is_closed(nbd->handle) == 1;
}

static gboolean set_broken(CrNbd *nbd, GError **error)
{
        if (error && !*error)
                g_set_error(error, CR_ERROR, CR_ERROR_NOT_AVAILABLE,
                        "The NBD server at the socket %s has gone; look why it ended", nbd->socket_path);
        return FALSE;
}

gboolean cr_nbd_set_error(CrNbd *nbd, int errnum, GError **error, const char *format, ...)
{
        g_autofree char *what = NULL;
        const char *why = NULL;
        va_list args;

        if (!error || *error)
                return FALSE;
        if (errnum == 0 && is_broken(nbd))
                return set_broken(nbd, error);
        if (errnum == 0) {
                errnum = nbd_get_errno();
                why = nbd_get_error();
        }
        va_start(args, format);
        what = g_strdup_vprintf(format, args);
        va_end(args);
        g_set_error(error, CR_ERROR, code_of(errnum), "%s at the NBD socket %s: %s", what, nbd->socket_path,
                why ?: g_strerror(errnum));
        return FALSE;
}

/* All that counts is the end of a read. */
static int on_chunk(
        void *userdata, const void *data, size_t length, uint64_t offset, unsigned status, int *error)
{
        return 0;
}

/* In one fragment: there are no holes in what is read, and qemu-nbd 7.2 answers an error with one only then
 * (else it hangs up). */
static uint32_t read_flags(CrNbd *nbd)
{
        return nbd_can_df(nbd->handle) == 1 ? LIBNBD_CMD_FLAG_DF : 0;
}

gboolean cr_nbd_start_read(CrNbd *nbd, void *buffer, gsize length, guint64 offset,
        int (*done)(void *userdata, int *error), void *userdata, GError **error)
{
        if (nbd->handle && nbd_aio_pread_structured(nbd->handle, buffer, length, offset,
                                   (nbd_chunk_callback){.callback = on_chunk},
                                   (nbd_completion_callback){.callback = done, .user_data = userdata},
                                   read_flags(nbd)) >= 0)
                return TRUE;
        return cr_nbd_set_error(nbd, 0, error, "Reading");
}

static struct pollfd poll_of(CrNbd *nbd)
{
        unsigned direction = nbd_aio_get_direction(nbd->handle);
        short events = 0;

        if (direction & LIBNBD_AIO_DIRECTION_READ)
                events |= POLLIN;
        if (direction & LIBNBD_AIO_DIRECTION_WRITE)
                events |= POLLOUT;
        return (struct pollfd){.fd = nbd_aio_get_fd(nbd->handle), .events = events};
}

/* What was answered is forgotten here. Callbacks leave it to us (they return 0): libnbd 1.14 looks once more
 * at a command that a callback has retired when the connection breaks while it is sent. */
static void retire_commands(CrNbd *nbd)
{
        gint64 cookie;

        while ((cookie = nbd_aio_peek_command_completed(nbd->handle)) > 0)
                nbd_aio_command_completed(nbd->handle, (uint64_t)cookie);
}

/* At most one notification a time: the first may change what libnbd waits for. */
static gboolean notify(CrNbd *nbd, short revents, GError **error)
{
        int r = 0;

        if (revents & (POLLIN | POLLHUP))
                r = nbd_aio_notify_read(nbd->handle);
        else if (revents & POLLOUT)
                r = nbd_aio_notify_write(nbd->handle);
        else if (revents & (POLLERR | POLLNVAL))
                return set_broken(nbd, error);
        retire_commands(nbd);
        return r == 0 && !is_broken(nbd) ? TRUE : set_broken(nbd, error);
}

static gboolean is_owed(CrNbd *nbd)
{
        return nbd_aio_in_flight(nbd->handle) > 0 || nbd_aio_is_connecting(nbd->handle) == 1;
}

static gboolean check_stall(CrNbdWait *wait, GError **error)
{
        gint64 stalled_ms = (g_get_monotonic_time() - wait->moved) / 1000;

        for (guint i = 0; i < G_N_ELEMENTS(wait->nbds); i++) {
                CrNbd *nbd = wait->nbds[i];
                guint patience_ms = nbd ? wait->patience_ms ?: nbd->patience_ms : 0;

                if (nbd && is_owed(nbd) && stalled_ms >= patience_ms) {
                        g_set_error(error, CR_ERROR, CR_ERROR_TIMEOUT,
                                "The NBD server at the socket %s did not answer for %u s", nbd->socket_path,
                                patience_ms / 1000);
                        return FALSE;
                }
        }
        return TRUE;
}

/* Fills @ret_fds with the connections that owe an answer, @ret_nbds with whose they are. FALSE when one is
 * broken. */
static gboolean collect(
        CrNbdWait *wait, struct pollfd *ret_fds, CrNbd **ret_nbds, guint *ret_n, GError **error)
{
        guint n = 0;

        for (guint i = 0; i < G_N_ELEMENTS(wait->nbds); i++) {
                CrNbd *nbd = wait->nbds[i];

                if (!nbd)
                        continue;
                if (is_broken(nbd))
                        return set_broken(nbd, error);
                if (!is_owed(nbd))
                        continue;
                ret_nbds[n] = nbd;
                ret_fds[n++] = poll_of(nbd);
        }
        *ret_n = n;
        return TRUE;
}

gboolean cr_nbd_wait(CrNbdWait *wait, int timeout_ms, GError **error)
{
        struct pollfd fds[G_N_ELEMENTS(wait->nbds)];
        CrNbd *nbds[G_N_ELEMENTS(wait->nbds)];
        guint n;
        int r;

        if (!collect(wait, fds, nbds, &n, error))
                return FALSE;
        if (wait->moved == 0 || n == 0)
                wait->moved = g_get_monotonic_time();
        if (n == 0)
                return TRUE;

        r = poll(fds, n, timeout_ms);
        if (r < 0 && errno != EINTR)
                return cr_error_set_errno(error, errno, "Waiting for NBD servers");
        if (r <= 0)
                return check_stall(wait, error);
        wait->moved = g_get_monotonic_time();
        for (guint i = 0; i < n; i++)
                if (!notify(nbds[i], fds[i].revents, error))
                        return FALSE;
        return TRUE;
}

static gboolean create(CrNbd *nbd, gboolean with_changes, GError **error)
{
        nbd->handle = nbd_create();
        if (!nbd->handle) {
                g_set_error(error, CR_ERROR, CR_ERROR_OUT_OF_MEMORY, "Creating an NBD connection: %s",
                        nbd_get_error());
                return FALSE;
        }
        /* What a failed read left in a buffer is never looked at. */
        nbd_set_pread_initialize(nbd->handle, false);
        if (with_changes && (nbd_add_meta_context(nbd->handle, LIBNBD_CONTEXT_BASE_ALLOCATION) < 0 ||
                                    nbd_add_meta_context(nbd->handle, CR_NBD_DEPTH_CONTEXT) < 0))
                return cr_nbd_set_error(nbd, 0, error, "Preparing to connect");
        return TRUE;
}

/* Whatever a server says that does not let us in, it is not available. */
static gboolean set_unreachable(CrNbd *nbd, GError **error)
{
        const char *why = nbd_get_error();

        g_clear_error(error);
        g_set_error(error, CR_ERROR, CR_ERROR_NOT_AVAILABLE, "Connecting to the NBD socket %s: %s",
                nbd->socket_path, why ?: "the server hung up");
        return FALSE;
}

/* @command: NULL: to the socket. */
static gboolean connect_to(CrNbd *nbd, char **command, guint patience_ms, GError **error)
{
        CrNbdWait wait = {.nbds = {nbd}, .patience_ms = patience_ms};
        int r = command ? nbd_aio_connect_command(nbd->handle, command)
                        : nbd_aio_connect_unix(nbd->handle, nbd->socket_path);

        if (r < 0)
                return set_unreachable(nbd, error);
        while (nbd_aio_is_ready(nbd->handle) != 1) {
                g_autoptr(GError) failure = NULL;

                if (cr_nbd_wait(&wait, (int)patience_ms, &failure))
                        continue;
                if (!g_error_matches(failure, CR_ERROR, CR_ERROR_TIMEOUT))
                        return set_unreachable(nbd, error);
                g_propagate_error(error, g_steal_pointer(&failure));
                return FALSE;
        }
        return TRUE;
}

static gboolean inspect(CrNbd *nbd, gboolean with_changes, GError **error)
{
        gint64 size = nbd_get_size(nbd->handle);

        if (size < 0)
                return cr_nbd_set_error(nbd, 0, error, "Asking for the size");
        nbd->size = (guint64)size;
        if (with_changes && (nbd_can_meta_context(nbd->handle, LIBNBD_CONTEXT_BASE_ALLOCATION) != 1 ||
                                    nbd_can_meta_context(nbd->handle, CR_NBD_DEPTH_CONTEXT) != 1)) {
                g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED,
                        "The NBD server at the socket %s does not tell allocation and its depth (qemu-nbd -A "
                        "does)",
                        nbd->socket_path);
                return FALSE;
        }
        return TRUE;
}

static CrNbd *open_nbd(
        const char *socket_path, char **command, gboolean with_changes, guint patience_ms, GError **error)
{
        g_autoptr(CrNbd) nbd = g_new0(CrNbd, 1);

        nbd->socket_path = g_strdup(socket_path);
        nbd->patience_ms = CR_NBD_STALL_MS;
        if (!create(nbd, with_changes, error) || !connect_to(nbd, command, patience_ms, error) ||
                !inspect(nbd, with_changes, error))
                return NULL;
        return g_steal_pointer(&nbd);
}

CrNbd *cr_nbd_open_within(const char *socket_path, gboolean with_changes, guint patience_ms, GError **error)
{
        return open_nbd(socket_path, NULL, with_changes, patience_ms, error);
}

CrNbd *cr_nbd_open_command(const char *socket_path, char **command, gboolean with_changes, GError **error)
{
        return open_nbd(socket_path, command, with_changes, CONNECT_MS, error);
}

CrNbd *cr_nbd_open(const char *socket_path, gboolean with_changes, GError **error)
{
        return cr_nbd_open_within(socket_path, with_changes, CONNECT_MS, error);
}
