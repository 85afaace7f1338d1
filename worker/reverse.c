/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ReverseReplicationRelationship, on the side that took over: cut, send the difference to the common point,
 * and be the primary from then on. */
#include "core/disk_set.h"
#include "core/failpoint.h"
#include "worker/heads.h"
#include "worker/operations.h"
#include "worker/prune.h"
#include "worker/send.h"

/* Prepared by the id that this side was handed, or fed already, when an earlier answer was lost. A replica
 * that never had a head, or reverted its own failover, needs no preparation; what it had once was voided. */
static gboolean check_prepared(CrCollection *collection, const CrPeerSite *site, GError **error)
{
        gboolean is_replica = site->role == CR_ROLE_REPLICA && site->has_relationship;
        gboolean is_plain =
                cr_id_is_none(&site->preparation) && site->generation.number < collection->generation.number;
        gboolean is_ours = cr_id_equal(&site->preparation, &collection->peer.preparation) &&
                           cr_generation_equal(&site->generation, &collection->generation);

        if (is_replica && is_plain)
                collection->peer.preparation = CR_ID_NONE;
        if (is_replica && (is_plain || is_ours))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "the peer of collection '%s' is not prepared for reverse replication from here (%s, %s): "
                "call PrepareForReverseReplication over there",
                collection->name, cr_role_word(site->role), cr_state_word(site->state));
        return FALSE;
}

/* This side's settings are still those of a replica: the directions change places, then the caller's settings
 * apply. */
static CrSettings *reversed_settings(CrWorker *worker, const CrCollection *collection, GError **error)
{
        g_autoptr(GVariant) changes = cr_worker_get(worker, "Settings", "a{sv}", error);
        g_autoptr(CrSettings) settings = cr_settings_copy(collection->settings);

        cr_settings_swap_direction(settings);
        if (!changes || !cr_settings_apply(settings, changes, error) ||
                !cr_disk_set_check_unchanged(collection, settings, error))
                return NULL;
        if (*settings->recovery_connection_point != '\0')
                return g_steal_pointer(&settings);
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                "collection '%s' has no address of the former primary: give the setting "
                "RecoveryConnectionPoint",
                collection->name);
        return NULL;
}

static gboolean finish(CrWorker *worker, CrCollection *collection, const CrSettings *settings,
        const CrId *point, guint64 bytes, GError **error)
{
        CrPoint *sent = cr_collection_point(collection, point);

        if (sent)
                sent->size = bytes;
        collection->state = CR_STATE_REPLICATING;
        collection->failover_point = CR_ID_NONE;
        collection->failed_over_type = 0;
        collection->peer.confirmed_point = *point;
        collection->last_replication = g_get_real_time();
        cr_settings_free(collection->settings);
        collection->settings = cr_settings_copy(settings);
        cr_collection_set_last_error(collection, 0, NULL);
        CR_FAILPOINT("reverse.sealed");
        if (!cr_store_save(worker->store, collection, error))
                return FALSE;
        CR_FAILPOINT("reverse.saved");
        cr_worker_changed();
        cr_worker_result(g_variant_new_parsed("{'BytesSent': <%t>, 'Point': <%s>}", bytes, point->text));
        return cr_prune(worker, &collection->id, error);
}

static gboolean cut_and_send(CrWorker *worker, CrCollection **collection, CrPeer *peer,
        const CrPeerSite *site, const CrSettings *settings, GError **error)
{
        const CrEngine *engine = cr_worker_engine(*collection, error);
        CrFence *fence = engine ? cr_heads_fence_closed(worker, engine, *collection, error) : NULL;
        guint64 bytes = 0;
        CrId point;

        if (!fence)
                return FALSE;
        gboolean ok = cr_worker_ready(worker, NULL, error) &&
                      cr_heads_cut(worker, engine, collection, &point, error);
        engine->unfence(fence);
        CR_FAILPOINT("reverse.cut");
        return ok && cr_send_point(worker, peer, *collection, site, &point, &bytes, error) &&
               finish(worker, *collection, settings, &point, bytes, error);
}

gboolean cr_operation_reverse(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        g_autoptr(CrSettings) settings = collection ? reversed_settings(worker, collection, error) : NULL;

        if (!settings)
                return FALSE;
        g_autoptr(CrCollection) identity = cr_collection_copy(collection);
        g_autoptr(CrPeer) peer = cr_peer_open(worker, identity, settings->recovery_connection_point, error);
        g_autoptr(CrPeerSite) site = peer ? cr_peer_describe(peer, error) : NULL;
        return site && check_prepared(collection, site, error) &&
               cr_send_check_shared(collection, site, error) &&
               cut_and_send(worker, &collection, peer, site, settings, error);
}
