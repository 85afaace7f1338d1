/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system bus of another machine, through ssh and systemd-stdio-bridge.
 */
#pragma once

#include <gio/gio.h>

/* @host: [USER@]HOST. ssh asks for what it needs on the terminal. Errors: of GIO; CR_CLIENT_ERROR_USAGE for a
 * host that could be taken for an option. */
GDBusConnection *cr_remote_connect(const char *host, GError **error);
