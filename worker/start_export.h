/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A start of the replication by an export: the first point goes to a medium, ImportInitialReplication takes
 * it in on the recovery side, and the next cycle goes on from there. */
#pragma once

#include "worker/cycle.h"

/* Checks, says READY, cuts the point and exports it to the folder @location, inside ExportDirectories. An
 * export that fails or is interrupted leaves nothing there. InvalidState when the peer holds a point already.
 */
gboolean cr_start_export(CrCycle *cycle, const char *location, GError **error);
