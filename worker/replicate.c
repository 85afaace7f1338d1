/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* StartReplication and ReplicateNow: cut a point, send what changed since the common one. */
#include "core/failpoint.h"
#include "worker/heads.h"
#include "worker/operations.h"
#include "worker/prune.h"
#include "worker/send.h"

static gboolean note_success(
        CrWorker *worker, CrCollection *collection, const CrId *point, guint64 bytes, GError **error)
{
        CrPoint *sent = cr_collection_point(collection, point);

        if (sent)
                sent->size = bytes;
        collection->state = CR_STATE_REPLICATING;
        collection->peer.confirmed_point = *point;
        collection->last_replication = g_get_real_time();
        cr_collection_set_last_error(collection, 0, NULL);
        cr_lineage_forget(collection, CR_LINEAGE_KEPT);
        if (!cr_store_save(worker->store, collection, error))
                return FALSE;
        cr_worker_changed();
        cr_worker_result(g_variant_new_parsed("{'BytesSent': <%t>, 'Point': <%s>}", bytes, point->text));
        return cr_prune(worker, &collection->id, error);
}

static gboolean set_state(CrWorker *worker, CrCollection *collection, CrState state, GError **error)
{
        collection->state = state;
        if (!cr_store_save(worker->store, collection, error))
                return FALSE;
        cr_worker_changed();
        return TRUE;
}

static gboolean cut_and_send(CrWorker *worker, const CrEngine *engine, CrCollection **collection,
        CrPeer *peer, const CrPeerSite *site, GError **error)
{
        CrFence *fence = cr_heads_fence(worker, engine, *collection, error);
        CrId point;
        guint64 bytes = 0;

        if (!fence)
                return FALSE;
        gboolean ok = cr_worker_ready(worker, NULL, error) &&
                      (worker->operation != CR_OP_START ||
                              set_state(worker, *collection, CR_STATE_INITIAL_REPLICATION, error)) &&
                      cr_heads_cut(worker, engine, collection, &point, error);
        engine->unfence(fence);
        CR_FAILPOINT("replicate.cut");
        return ok && cr_send_point(worker, peer, *collection, site, &point, &bytes, error) &&
               note_success(worker, *collection, &point, bytes, error);
}

static gboolean replicate(CrWorker *worker, gboolean is_first, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        const CrEngine *engine = collection ? cr_worker_engine(collection, error) : NULL;
        const char *address = engine ? cr_peer_address(collection, error) : NULL;

        if (!address)
                return FALSE;
        g_autofree char *copy = g_strdup(address);
        /* The peer object keeps this copy: the collection is loaded anew after the cut. */
        g_autoptr(CrCollection) identity = cr_collection_copy(collection);
        g_autoptr(CrPeer) peer = cr_peer_open(worker, identity, copy, error);
        g_autoptr(CrPeerSite) site = peer ? cr_peer_describe(peer, error) : NULL;
        if (!site || !cr_send_check_direction(worker, collection, site, error))
                return FALSE;
        identity->generation = collection->generation;
        if (!is_first && !cr_send_check_shared(collection, site, error))
                return FALSE;
        return cut_and_send(worker, engine, &collection, peer, site, error);
}

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

gboolean cr_operation_start(CrWorker *worker, GError **error)
{
        return check_start(worker, error) && replicate(worker, TRUE, error);
}

gboolean cr_operation_replicate(CrWorker *worker, GError **error)
{
        return replicate(worker, FALSE, error);
}
