/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "core/error.h"
#include "worker/transport.h"

struct CrTransport {
        sd_bus *bus;
};

static gboolean fail(const char *connection_point, int r, GError **error)
{
        CrError code = r == -ETIMEDOUT ? CR_ERROR_TIMEOUT : CR_ERROR_NOT_AVAILABLE;

        g_set_error(error, CR_ERROR, code, "the peer at %s %s: %s", connection_point,
                code == CR_ERROR_TIMEOUT ? "does not answer" : "can't be reached", g_strerror(-r));
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

CrTransport *cr_transport_open(const char *connection_point, guint timeout_ms, GError **error)
{
        if (!g_str_has_prefix(connection_point, "unix:")) {
                g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED,
                        "the peer address '%s' is not supported by this version: give a D-Bus address, "
                        "unix:path=...",
                        connection_point);
                return NULL;
        }
        g_autoptr(CrTransport) transport = g_new0(CrTransport, 1);
        int r = sd_bus_new(&transport->bus);
        if (r >= 0)
                r = start(transport->bus, connection_point, timeout_ms);
        if (r < 0) {
                fail(connection_point, r, error);
                return NULL;
        }
        return g_steal_pointer(&transport);
}

void cr_transport_close(CrTransport *transport)
{
        sd_bus_close_unref(transport->bus);
        g_free(transport);
}

sd_bus *cr_transport_bus(CrTransport *transport)
{
        return transport->bus;
}

CrNbd *cr_transport_connect(CrTransport *transport, const char *socket_path, GError **error)
{
        return cr_nbd_open(socket_path, FALSE, error);
}
