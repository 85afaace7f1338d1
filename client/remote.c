/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/remote.h"

#include "client/error.h"

GDBusConnection *cr_remote_connect(const char *host, GError **error)
{
        if (*host == '\0' || *host == '-') {
                g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE, "'%s' is not [USER@]HOST", host);
                return NULL;
        }
        g_autoptr(GSubprocess) ssh =
                g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, error, "ssh",
                        "-xT", "--", host, "systemd-stdio-bridge", NULL);
        if (ssh == NULL)
                return NULL;

        /* GDBus knows no unixexec: addresses; the bridge speaks the bus protocol over its own standard
         * streams. */
        g_autoptr(GIOStream) stream =
                g_simple_io_stream_new(g_subprocess_get_stdout_pipe(ssh), g_subprocess_get_stdin_pipe(ssh));
        GDBusConnection *bus = g_dbus_connection_new_sync(stream, NULL,
                G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                        G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                NULL, NULL, error);
        if (bus == NULL)
                g_prefix_error(error, "no bus at '%s' through ssh and systemd-stdio-bridge: ", host);
        return bus;
}
