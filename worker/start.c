/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* StartReplication: the replica's first point, over the network or by an export. */
#include "worker/later.h"
#include "worker/operations.h"
#include "worker/start_export.h"

/* The daemon has checked them together. */
static gboolean read_request(CrWorker *worker, guint *ret_type, char **ret_location, GError **error)
{
        g_autoptr(GVariant) type = cr_worker_get(worker, "Type", "q", error);
        g_autoptr(GVariant) location = type ? cr_worker_get(worker, "Location", "s", error) : NULL;

        if (!location)
                return FALSE;
        *ret_type = g_variant_get_uint16(type);
        *ret_location = g_variant_dup_string(location, NULL);
        return TRUE;
}

static gboolean begin(CrCycle *cycle, guint type, GError **error)
{
        cycle->collection->state = CR_STATE_INITIAL_REPLICATION;
        cycle->collection->initial_type = type;
        return cr_cycle_save(cycle, error);
}

static gboolean start_over_network(CrCycle *cycle, GError **error)
{
        return cr_cycle_fence(cycle, error) && cr_worker_ready(cycle->worker, NULL, error) &&
               begin(cycle, CR_INITIAL_OVER_NETWORK, error) && cr_cycle_cut(cycle, error) &&
               cr_cycle_send(cycle, error);
}

gboolean cr_operation_start(CrWorker *worker, GError **error)
{
        static const char *const keys[] = {"Type", "Location", NULL};
        g_auto(CrCycle) cycle = {0};
        g_autofree char *location = NULL;
        gboolean later;
        guint type;

        if (!read_request(worker, &type, &location, error) || !cr_later_store(worker, keys, &later, error))
                return FALSE;
        if (later)
                return TRUE;
        if (!cr_cycle_open(&cycle, worker, error))
                return FALSE;
        switch (type) {
        case CR_INITIAL_BY_EXPORT:
                return cr_start_export(&cycle, location, error);
        case CR_INITIAL_OVER_NETWORK:
                return start_over_network(&cycle, error);
        default:
                g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED,
                        "an initial replication of type %u is not supported by this version: use 1, over the "
                        "network",
                        type);
                return FALSE;
        }
}
