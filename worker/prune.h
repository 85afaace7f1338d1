/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeping chains short: points that retention no longer wants are merged away. */
#pragma once

#include "worker/worker.h"

/* Best effort, after a seal: a layer that is in use (a machine, an export) is left for the next time. Fails
 * only when an intent stays behind. */
gboolean cr_prune(CrWorker *worker, const CrId *collection, GError **error);
