/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* StartReplication: the replica's first point, over the network, by an export, or from seeds. */
#include "core/failpoint.h"
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

static gboolean cut(CrCycle *cycle, guint type, GError **error)
{
        return cr_worker_ready(cycle->worker, NULL, error) && begin(cycle, type, error) &&
               cr_cycle_cut(cycle, error);
}

/* A replica that has points of an earlier relationship only keeps them: the new one goes above the newest. */
static gboolean shares_nothing(const CrCycle *cycle)
{
        CrId shared = cr_lineage_shared_point(cycle->collection, cycle->site->points);

        return cr_id_is_none(&shared) && !cr_id_is_none(&cycle->site->newest_point);
}

static gboolean start_over_network(CrCycle *cycle, guint type, GError **error)
{
        gboolean compares = shares_nothing(cycle);

        return cr_cycle_fence(cycle, error) && cut(cycle, type, error) &&
               (compares ? cr_cycle_send_compared(cycle, error) : cr_cycle_send(cycle, error));
}

/* The peer's checks of its seeds are among those before READY. A peer that has a point needs no seeds. */
static gboolean start_seeded(CrCycle *cycle, GError **error)
{
        if (!cr_id_is_none(&cycle->site->newest_point))
                return start_over_network(cycle, CR_INITIAL_SEEDED, error);
        if (!cr_cycle_fence(cycle, error))
                return FALSE;
        g_autofree char *job = cr_peer_seed(cycle->peer, error);
        if (!job || !cut(cycle, CR_INITIAL_SEEDED, error))
                return FALSE;
        CR_FAILPOINT("start.seeding");
        cr_worker_phase("waiting for the seeds over there");
        return cr_peer_await(cycle->peer, job, error) && cr_cycle_send_compared(cycle, error);
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
        case CR_INITIAL_SEEDED:
                return start_seeded(&cycle, error);
        default:
                return start_over_network(&cycle, CR_INITIAL_OVER_NETWORK, error);
        }
}
