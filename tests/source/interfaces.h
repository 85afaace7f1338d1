/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The interfaces of introspection/, parsed. */

#include <gio/gio.h>

/* An array of GDBusInterfaceInfo, owned by it. Errors end the test. */
GPtrArray *interfaces_load(void);
