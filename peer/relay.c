/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/relay.h"

#include <errno.h>
#include <gio/gio.h>
#include <sys/socket.h>
#include <unistd.h>

/* What ssh moves at once is 32 KiB; a few of them keep the calls few. Source: measured, more gains nothing.
 */
#define BUFFER_SIZE ((gsize)256 * 1024)

typedef struct Way {
        int from, to;
} Way;

static gboolean write_all(int fd, const char *data, gsize size)
{
        while (size > 0) {
                gssize n = write(fd, data, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return FALSE;
                data += n;
                size -= (gsize)n;
        }
        return TRUE;
}

/* 0: it ended well; else an errno. */
static int move(const Way *way, char *buffer)
{
        for (;;) {
                gssize n = read(way->from, buffer, BUFFER_SIZE);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno;
                if (n == 0)
                        return 0;
                if (!write_all(way->to, buffer, (gsize)n))
                        return errno;
        }
}

/* Owns @data: nobody waits for it, see cr_relay(). */
static gpointer pass_input(gpointer data)
{
        g_autofree Way *way = data;
        g_autofree char *buffer = g_malloc(BUFFER_SIZE);

        (void)move(way, buffer);
        (void)shutdown(way->to, SHUT_WR);
        return NULL;
}

gboolean cr_relay(int socket, int input, int output, GError **error)
{
        g_autofree char *buffer = g_malloc(BUFFER_SIZE);
        const Way out = {.from = socket, .to = output}, in = {.from = input, .to = socket};
        int errnum;

        /* It may wait for its input for ever, when this way has ended; the process ends without it. */
        g_thread_unref(g_thread_new("input", pass_input, g_memdup2(&in, sizeof in)));
        errnum = move(&out, buffer);
        if (errnum == 0)
                return TRUE;
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errnum), "the connection broke: %s",
                g_strerror(errnum));
        return FALSE;
}
