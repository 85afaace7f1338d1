/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PrepareForReverseReplication and its undo: the main job. A former primary becomes a replica that stands on
 * the latest point that both sites hold. What it had written after that point is set aside, not copied: the
 * work is a link and an unlink per disk, whatever the disks' sizes.
 */
#include "core/failpoint.h"
#include "core/redo.h"
#include "worker/direction.h"
#include "worker/heads.h"
#include "worker/operations.h"

static CrPeerSite *ask_peer(
        CrWorker *worker, const CrCollection *collection, CrPeer **ret_peer, GError **error)
{
        const char *address = cr_peer_address(collection, error);

        *ret_peer = address ? cr_peer_open(worker, collection, address, error) : NULL;
        return *ret_peer ? cr_peer_describe(*ret_peer, error) : NULL;
}

/* Hands the id over. Whatever is lost from here to the intent leaves this side as it was: an id that the peer
 * knows and this side does not is worth nothing. */
static gboolean register_preparation(
        CrPeer *peer, const CrPeerSite *site, const CrId *preparation, GError **error)
{
        cr_worker_phase("telling the peer");
        CR_FAILPOINT("prepare.registering");
        if (!cr_peer_register_preparation(peer, preparation, &site->generation, error))
                return FALSE;
        CR_FAILPOINT("prepare.registered");
        return TRUE;
}

static gboolean set_aside(CrWorker *worker, const CrEngine *engine, const CrCollection *collection,
        const CrPeerSite *site, const CrId *common, const CrId *preparation, GError **error)
{
        CrPrepareSpec spec = {.common_point = *common,
                .preparation = *preparation,
                .generation = site->generation,
                .now = g_get_real_time()};

        cr_worker_phase("setting aside what was written here");
        g_autoptr(CrPlan) plan = cr_plan_prepare(collection, engine, &spec, error);
        if (!plan || !cr_worker_run_plan(worker, engine, plan, error))
                return FALSE;
        cr_worker_result(g_variant_new_parsed("{'BytesSent': <@t 0>, 'CommonPoint': <%s>}", common->text));
        return TRUE;
}

/* Nobody has a head open. */
static gboolean prepare_closed(
        CrWorker *worker, const CrEngine *engine, const CrCollection *collection, GError **error)
{
        g_autoptr(CrPeer) peer = NULL;
        g_autoptr(CrPeerSite) site = ask_peer(worker, collection, &peer, error);
        CrId common, preparation = cr_id_new();

        return site && cr_direction_prove(collection, site, &common, error) &&
               cr_heads_check_point(collection, &common, error) && cr_worker_ready(worker, NULL, error) &&
               register_preparation(peer, site, &preparation, error) &&
               set_aside(worker, engine, collection, site, &common, &preparation, error);
}

/* A later failover over there: proven as at first, and recorded. */
static gboolean record_generation(CrWorker *worker, CrCollection *collection, const CrPeerSite *site,
        const CrId *common, GError **error)
{
        collection->generation = site->generation;
        collection->base_point = *common;
        if (!cr_store_save(worker->store, collection, error))
                return FALSE;
        CR_FAILPOINT("prepare.renewed");
        cr_worker_changed();
        return TRUE;
}

/* Prepared already. Nothing to do while the peer is at the recorded generation and knows the id; else a job
 * records what is new. */
static gboolean renew(CrWorker *worker, CrCollection *collection, GError **error)
{
        g_autoptr(CrPeer) peer = NULL;
        g_autoptr(CrPeerSite) site = ask_peer(worker, collection, &peer, error);
        CrId common = collection->base_point;

        if (!site)
                return FALSE;
        /* A peer that reverted its failover still shows the generation of it. */
        gboolean is_recorded = site->role == CR_ROLE_PRIMARY &&
                               cr_generation_equal(&site->generation, &collection->generation);
        if (is_recorded && cr_id_equal(&site->registered_preparation, &collection->preparation)) {
                cr_worker_done(worker);
                return TRUE;
        }
        return (is_recorded || cr_direction_prove(collection, site, &common, error)) &&
               cr_worker_ready(worker, NULL, error) &&
               register_preparation(peer, site, &collection->preparation, error) &&
               record_generation(worker, collection, site, &common, error);
}

gboolean cr_operation_prepare(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        const CrEngine *engine = collection ? cr_worker_engine(collection, error) : NULL;

        if (!engine)
                return FALSE;
        if (collection->state == CR_STATE_PREPARED_FOR_REVERSE_REPLICATION)
                return renew(worker, collection, error);
        /* A planned failover left no head to be open anywhere. */
        if (!cr_state_has_head(collection->role, collection->state))
                return prepare_closed(worker, engine, collection, error);
        CrFence *fence = cr_heads_fence(worker, engine, collection, error);
        if (!fence)
                return FALSE;
        gboolean ok = prepare_closed(worker, engine, collection, error);
        engine->unfence(fence);
        return ok;
}

gboolean cr_operation_undo_prepare(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) before = cr_worker_load(worker, error);
        const CrEngine *engine = before ? cr_worker_engine(before, error) : NULL;

        if (!engine || !cr_redo_recover(worker->store, engine, worker->config, &before->id, NULL, error))
                return FALSE;
        g_autoptr(CrCollection) collection = cr_store_load(worker->store, &before->id, CR_LOAD_ALL, error);
        g_autoptr(CrPlan) plan = collection ? cr_plan_undo_prepare(collection, error) : NULL;
        if (!plan || !cr_heads_check_absent(collection, error) || !cr_worker_ready(worker, NULL, error))
                return FALSE;
        cr_worker_phase("putting back what was set aside");
        return cr_worker_run_plan(worker, engine, plan, error);
}
