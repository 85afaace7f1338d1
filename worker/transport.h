/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How this site reaches another: the one place that knows of connection points. A transport gives a bus
 * connection for control and connections to the peer's NBD sockets for data.
 */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

#include "transfer/nbd.h"
#include "worker/worker.h"

typedef struct CrTransport CrTransport;

/* @connection_point: "unix:path=..." (the address of the peer's system bus) or "ssh://[user@]host[:port]".
 * NotAvailable when nobody listens there, Timeout when it does not answer within the worker's time. */
CrTransport *cr_transport_open(CrWorker *worker, const char *connection_point, GError **error);
void cr_transport_close(CrTransport *transport);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrTransport, cr_transport_close)

sd_bus *cr_transport_bus(CrTransport *transport); /* borrowed */

/* Opens a connection for data to the socket that the peer named. */
CrNbd *cr_transport_connect(CrTransport *transport, const char *socket_path, GError **error);
