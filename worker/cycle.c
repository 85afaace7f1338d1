/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/failpoint.h"
#include "worker/cycle.h"
#include "worker/heads.h"
#include "worker/later.h"
#include "worker/prune.h"

gboolean cr_cycle_open(CrCycle *cycle, CrWorker *worker, GError **error)
{
        *cycle = (CrCycle){.worker = worker, .collection = cr_worker_load(worker, error)};
        cycle->engine = cycle->collection ? cr_worker_engine(cycle->collection, error) : NULL;
        const char *address = cycle->engine ? cr_peer_address(cycle->collection, error) : NULL;

        if (!address)
                return FALSE;
        cycle->identity = cr_collection_copy(cycle->collection);
        cycle->peer = cr_peer_open(worker, cycle->identity, address, error);
        cycle->site = cycle->peer ? cr_peer_describe(cycle->peer, error) : NULL;
        if (!cycle->site || !cr_send_check_direction(worker, cycle->collection, cycle->site, error))
                return FALSE;
        cycle->identity->generation = cycle->collection->generation;
        cr_later_begin(worker, cycle->collection);
        return TRUE;
}

static void unfence(CrCycle *cycle)
{
        if (cycle->fence)
                cycle->engine->unfence(g_steal_pointer(&cycle->fence));
}

void cr_cycle_close(CrCycle *cycle)
{
        unfence(cycle);
        g_clear_pointer(&cycle->site, cr_peer_site_free);
        g_clear_pointer(&cycle->peer, cr_peer_close);
        g_clear_pointer(&cycle->identity, cr_collection_free);
        g_clear_pointer(&cycle->collection, cr_collection_free);
}

gboolean cr_cycle_fence(CrCycle *cycle, GError **error)
{
        cycle->fence = cr_heads_fence_closed(cycle->worker, cycle->engine, cycle->collection, error);
        return cycle->fence != NULL;
}

gboolean cr_cycle_save(CrCycle *cycle, GError **error)
{
        if (!cr_store_save(cycle->worker->store, cycle->collection, error))
                return FALSE;
        cr_worker_changed();
        return TRUE;
}

gboolean cr_cycle_cut(CrCycle *cycle, GError **error)
{
        gboolean ok = cr_heads_cut(cycle->worker, cycle->engine, &cycle->collection, &cycle->point, error);

        unfence(cycle);
        CR_FAILPOINT("replicate.cut");
        return ok;
}

static gboolean note_success(CrCycle *cycle, guint64 bytes, GError **error)
{
        CrCollection *collection = cycle->collection;
        CrPoint *sent = cr_collection_point(collection, &cycle->point);

        if (sent)
                sent->size = bytes;
        collection->state = CR_STATE_REPLICATING;
        collection->peer.confirmed_point = cycle->point;
        collection->last_replication = g_get_real_time();
        cr_collection_set_last_error(collection, 0, NULL);
        cr_lineage_forget(collection, CR_LINEAGE_KEPT);
        if (!cr_cycle_save(cycle, error))
                return FALSE;
        cr_worker_result(
                g_variant_new_parsed("{'BytesSent': <%t>, 'Point': <%s>}", bytes, cycle->point.text));
        return cr_prune(cycle->worker, &collection->id, error);
}

gboolean cr_cycle_send(CrCycle *cycle, GError **error)
{
        guint64 bytes = 0;

        return cr_send_point(cycle->worker, cycle->peer, cycle->collection, cycle->site, &cycle->point,
                       &bytes, error) &&
               note_success(cycle, bytes, error);
}

gboolean cr_cycle_send_compared(CrCycle *cycle, GError **error)
{
        guint64 bytes = 0;

        if (!cr_send_point_compared(
                    cycle->worker, cycle->peer, cycle->collection, cycle->site, &cycle->point, &bytes, error))
                return FALSE;
        cycle->collection->needs_resynchronize = FALSE;
        return note_success(cycle, bytes, error);
}
