/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ReplicateNow: cut a point, send what changed since the common one. */
#include "worker/cycle.h"
#include "worker/operations.h"

/* While the initial replication is not complete, a cycle goes on from the point that came by a medium, or
 * whose arrival was not heard of. */
static gboolean check_first_point(const CrCycle *cycle, GError **error)
{
        const CrCollection *collection = cycle->collection;
        CrId shared = cr_lineage_shared_point(collection, cycle->site->points);

        if (collection->state != CR_STATE_INITIAL_REPLICATION || !cr_id_is_none(&shared))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "the initial replication of collection '%s' is not complete: %s", collection->name,
                collection->initial_type == CR_INITIAL_BY_EXPORT
                        ? "import on the recovery side what was exported (ImportInitialReplication)"
                        : "call StartReplication again if it failed");
        return FALSE;
}

/* What a cycle can't mend: only a resynchronization brings the two together. */
static gboolean check_shared(CrCycle *cycle, GError **error)
{
        g_autoptr(GError) unsaved = NULL;

        if (cr_send_check_shared(cycle->collection, cycle->site, error))
                return TRUE;
        cycle->collection->needs_resynchronize = TRUE;
        cycle->collection->state = CR_STATE_WAITING_TO_RESYNCHRONIZE;
        if (!cr_cycle_save(cycle, &unsaved))
                g_info("collection '%s': %s", cycle->collection->name, unsaved->message);
        return FALSE;
}

gboolean cr_operation_replicate(CrWorker *worker, GError **error)
{
        g_auto(CrCycle) cycle = {0};

        return cr_cycle_open(&cycle, worker, error) && check_first_point(&cycle, error) &&
               check_shared(&cycle, error) && cr_cycle_fence(&cycle, error) &&
               cr_worker_ready(worker, NULL, error) && cr_cycle_cut(&cycle, error) &&
               cr_cycle_send(&cycle, error);
}
