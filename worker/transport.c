/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "core/error.h"
#include "worker/ssh.h"
#include "worker/transport.h"

struct CrTransport {
        sd_bus *bus;
        CrSsh *ssh; /* NULL: the peer is on this machine */
        char *connection_point;
};

static gboolean fail(const CrTransport *transport, int r, GError **error)
{
        CrError code = r == -ETIMEDOUT ? CR_ERROR_TIMEOUT : CR_ERROR_NOT_AVAILABLE;
        g_autofree char *complaint = transport->ssh ? cr_ssh_complaint(transport->ssh) : NULL;

        g_set_error(error, CR_ERROR, code, "the peer at %s %s: %s", transport->connection_point,
                code == CR_ERROR_TIMEOUT ? "does not answer" : "can't be reached",
                complaint ? complaint : g_strerror(-r));
        return FALSE;
}

/* Waits for the authentication and the bus's Hello: sd_bus_start() does not, and a stopped bus would hold the
 * first call for long. */
static int wait_until_ready(sd_bus *bus, guint timeout_ms)
{
        gint64 deadline = g_get_monotonic_time() + timeout_ms * (gint64)1000;

        for (;;) {
                int r = sd_bus_process(bus, NULL);
                if (r < 0)
                        return r;
                if (sd_bus_is_ready(bus) > 0)
                        return 0;
                if (r > 0)
                        continue;
                gint64 left = deadline - g_get_monotonic_time();
                if (left <= 0)
                        return -ETIMEDOUT;
                r = sd_bus_wait(bus, (uint64_t)left);
                if (r < 0 && r != -EINTR)
                        return r;
        }
}

static int start(sd_bus *bus, const char *address, guint timeout_ms)
{
        int r = sd_bus_set_address(bus, address);

        if (r >= 0)
                r = sd_bus_set_bus_client(bus, true);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r >= 0)
                r = wait_until_ready(bus, timeout_ms);
        return r;
}

/* The address for sd-bus. */
static char *bus_address(CrTransport *transport, CrWorker *worker, GError **error)
{
        const char *point = transport->connection_point;

        if (g_str_has_prefix(point, "unix:"))
                return g_strdup(point);
        transport->ssh = cr_ssh_new(point, worker->config->ssh_config_file, worker->runtime_directory, error);
        return transport->ssh ? cr_ssh_bus_address(transport->ssh) : NULL;
}

CrTransport *cr_transport_open(CrWorker *worker, const char *connection_point, GError **error)
{
        g_autoptr(CrTransport) transport = g_new0(CrTransport, 1);

        transport->connection_point = g_strdup(connection_point);
        g_autofree char *address = bus_address(transport, worker, error);
        if (!address)
                return NULL;
        int r = sd_bus_new(&transport->bus);
        if (r >= 0)
                r = start(transport->bus, address, cr_worker_time_left(worker));
        if (r < 0) {
                fail(transport, r, error);
                return NULL;
        }
        return g_steal_pointer(&transport);
}

void cr_transport_close(CrTransport *transport)
{
        sd_bus_close_unref(transport->bus);
        g_clear_pointer(&transport->ssh, cr_ssh_free);
        g_free(transport->connection_point);
        g_free(transport);
}

sd_bus *cr_transport_bus(CrTransport *transport)
{
        return transport->bus;
}

CrNbd *cr_transport_connect(CrTransport *transport, const char *socket_path, GError **error)
{
        if (!transport->ssh)
                return cr_nbd_open(socket_path, FALSE, error);
        g_autofree char *name = g_path_get_basename(socket_path);
        g_auto(GStrv) command = cr_ssh_transfer_command(transport->ssh, name);
        return cr_nbd_open_command(socket_path, command, FALSE, error);
}
