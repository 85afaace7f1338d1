/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* StartReplication: the replica's first point, over the network. */
#include "worker/cycle.h"
#include "worker/operations.h"

static gboolean check_start(CrWorker *worker, GError **error)
{
        g_autoptr(GVariant) type = cr_worker_get(worker, "Type", "q", error);
        g_autoptr(GVariant) location = type ? cr_worker_get(worker, "Location", "s", error) : NULL;

        if (!location)
                return FALSE;
        if (g_variant_get_uint16(type) != 1) {
                g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED,
                        "an initial replication of type %u is not supported by this version: use 1, over the "
                        "network",
                        g_variant_get_uint16(type));
                return FALSE;
        }
        if (*g_variant_get_string(location, NULL) == '\0')
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                "an initial replication over the network (type 1) takes no export location");
        return FALSE;
}

static gboolean begin(CrCycle *cycle, GError **error)
{
        cycle->collection->state = CR_STATE_INITIAL_REPLICATION;
        return cr_cycle_save(cycle, error);
}

gboolean cr_operation_start(CrWorker *worker, GError **error)
{
        g_auto(CrCycle) cycle = {0};

        return check_start(worker, error) && cr_cycle_open(&cycle, worker, error) &&
               cr_cycle_fence(&cycle, error) && cr_worker_ready(worker, NULL, error) &&
               begin(&cycle, error) && cr_cycle_cut(&cycle, error) && cr_cycle_send(&cycle, error);
}
