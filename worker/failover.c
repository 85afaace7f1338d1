/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* InitiateFailover, RevertFailover, CommitFailover. */
#include "core/failpoint.h"
#include "core/plans.h"
#include "core/redo.h"
#include "worker/heads.h"
#include "worker/operations.h"
#include "worker/peer.h"

static CrGeneration next_generation(const CrCollection *collection)
{
        guint64 highest = MAX(collection->generation.number, collection->peer.generation.number);

        return (CrGeneration){.number = highest + 1, .id = cr_id_new()};
}

static gboolean check_disputed(const CrCollection *collection, const CrId *point, GError **error)
{
        gboolean is_ours = cr_generation_equal(&collection->peer.generation, &collection->generation);

        if (!cr_id_is_none(point)) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "collection '%s' is the primary here: give '/' as the point to raise its generation "
                        "above the other side's",
                        collection->name);
                return FALSE;
        }
        if (collection->peer.generation.number >= collection->generation.number && !is_ours)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "collection '%s' is the primary here and the other side does not dispute it (generation "
                "%" G_GUINT64_FORMAT ", there %" G_GUINT64_FORMAT "): a failover is for the replica",
                collection->name, collection->generation.number, collection->peer.generation.number);
        return FALSE;
}

/* On a primary that the other side disputes: changes no disk, says that this side took over. The other side
 * can then be prepared for reverse replication from here. */
static gboolean break_tie(CrWorker *worker, CrCollection *collection, const CrId *point, GError **error)
{
        if (!check_disputed(collection, point, error))
                return FALSE;
        collection->generation = next_generation(collection);
        if (collection->state != CR_STATE_FAILED_OVER && collection->state != CR_STATE_COMMITTED) {
                collection->state = CR_STATE_COMMITTED; /* there is no head to set aside by a revert */
                collection->failover_point = collection->peer.confirmed_point;
                cr_settings_swap_direction(collection->settings);
        }
        cr_collection_set_last_error(collection, 0, NULL);
        if (!cr_store_save(worker->store, collection, error))
                return FALSE;
        cr_worker_changed();
        cr_worker_done(worker);
        return TRUE;
}

static gboolean take_over(CrWorker *worker, const CrEngine *engine, const CrCollection *collection,
        const CrId *point, GError **error)
{
        CrGeneration generation = next_generation(collection);
        g_autoptr(GPtrArray) staged = NULL;

        cr_worker_phase("making the point writable");
        staged = cr_heads_stage(worker, engine, collection, point, error);
        if (!staged)
                return FALSE;
        g_autoptr(CrPlan) plan = cr_plan_failover(collection, point, &generation, staged, error);
        return plan && cr_worker_run_plan(worker, engine, plan, error);
}

/* A receive that was ended for this failover leaves its layers: they are part of no point. */
static gboolean clear_unfinished(
        CrWorker *worker, const CrEngine *engine, CrCollection **collection, GError **error)
{
        CrId id = (*collection)->id;

        if (!cr_redo_recover(worker->store, engine, worker->config, &id, NULL, error))
                return FALSE;
        cr_collection_free(*collection);
        *collection = cr_store_load(worker->store, &id, CR_LOAD_ALL, error);
        return *collection != NULL;
}

gboolean cr_operation_failover(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        const CrEngine *engine = collection ? cr_worker_engine(collection, error) : NULL;
        CrId point;

        if (!engine || !cr_worker_get_id(worker, "Point", TRUE, &point, error) ||
                !cr_worker_refuse_options(worker, error))
                return FALSE;
        if (collection->role == CR_ROLE_PRIMARY)
                return break_tie(worker, collection, &point, error);
        if (!clear_unfinished(worker, engine, &collection, error) ||
                !cr_heads_choose_point(collection, &point, error) ||
                !cr_heads_check_absent(collection, error) || !cr_worker_ready(worker, NULL, error))
                return FALSE;
        if (!take_over(worker, engine, collection, &point, error))
                return FALSE;
        cr_worker_result(g_variant_new_parsed("{'BytesSent': <@t 0>, 'Point': <%s>}", point.text));
        return TRUE;
}

/* A peer that is prepared to be fed from here must be released first; one that can't be reached does not
 * count. */
static gboolean check_peer_is_free(CrWorker *worker, const CrCollection *collection, GError **error)
{
        g_autoptr(GError) failure = NULL;
        const char *address = cr_peer_address(collection, NULL);
        g_autoptr(CrPeer) peer = address ? cr_peer_open(worker, collection, address, &failure) : NULL;
        g_autoptr(CrPeerSite) site = peer ? cr_peer_describe(peer, &failure) : NULL;

        if (!site) {
                if (failure)
                        g_info("reverting the failover of collection '%s' without its peer: %s",
                                collection->name, failure->message);
                return TRUE;
        }
        gboolean is_prepared = site->role == CR_ROLE_REPLICA && !cr_id_is_none(&site->preparation) &&
                               cr_generation_equal(&site->generation, &collection->generation);
        if (!is_prepared && !site->preparing)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "the peer of collection '%s' is prepared for reverse replication from here: undo that first "
                "(RevertPrepareForReverseReplication over there)",
                collection->name);
        return FALSE;
}

gboolean cr_operation_revert_failover(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        const CrEngine *engine = collection ? cr_worker_engine(collection, error) : NULL;
        CrFence *fence = engine ? cr_heads_fence(worker, engine, collection, error) : NULL;
        gboolean ok = FALSE;

        if (!fence)
                return FALSE;
        if (check_peer_is_free(worker, collection, error) && cr_worker_ready(worker, NULL, error)) {
                g_autoptr(CrPlan) plan =
                        cr_plan_revert_failover(collection, engine, g_get_real_time(), error);

                cr_worker_phase("setting aside what was written since the failover");
                ok = plan && cr_worker_run_plan(worker, engine, plan, error);
        }
        engine->unfence(fence);
        return ok;
}

gboolean cr_operation_commit_failover(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);

        if (!collection || !cr_worker_ready(worker, NULL, error))
                return FALSE;
        collection->state = CR_STATE_COMMITTED;
        if (!cr_store_save(worker->store, collection, error))
                return FALSE;
        CR_FAILPOINT("commit-failover.saved");
        cr_worker_changed();
        return TRUE;
}
