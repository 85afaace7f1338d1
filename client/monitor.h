/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What happens at the service, a line each.
 */
#pragma once

#include "client/client.h"

/* Prints jobs that begin and end, and properties that change, until interrupted (SIGINT, SIGTERM), which is
 * no error; a lost connection is one. As JSON: one object a line. */
gboolean cr_monitor(CrClient *client, GError **error);
