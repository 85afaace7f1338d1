/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ReplicateNow: cut a point, send what changed since the common one. */
#include "worker/cycle.h"
#include "worker/operations.h"

gboolean cr_operation_replicate(CrWorker *worker, GError **error)
{
        g_auto(CrCycle) cycle = {0};

        return cr_cycle_open(&cycle, worker, error) &&
               cr_send_check_shared(cycle.collection, cycle.site, error) && cr_cycle_fence(&cycle, error) &&
               cr_worker_ready(worker, NULL, error) && cr_cycle_cut(&cycle, error) &&
               cr_cycle_send(&cycle, error);
}
