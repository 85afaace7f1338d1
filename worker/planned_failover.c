/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * InitiatePlannedFailover and RevertPlannedFailover, on the primary. The heads themselves are frozen as the
 * last point and sent: nothing can be written here any more, so that nothing is lost when the other side
 * takes over.
 */
#include "core/disk_set.h"
#include "core/failpoint.h"
#include "worker/heads.h"
#include "worker/operations.h"
#include "worker/send.h"

static gboolean load_again(CrWorker *worker, CrCollection **collection, GError **error)
{
        CrId id = (*collection)->id;

        cr_collection_free(*collection);
        *collection = cr_store_load(worker->store, &id, CR_LOAD_ALL, error);
        return *collection != NULL;
}

/* The sizes of the heads as their files say: a machine's owner may have resized them since the last cut. */
static guint64 *measure_heads(
        CrWorker *worker, const CrEngine *engine, const CrCollection *collection, GError **error)
{
        g_autoptr(GPtrArray) disks = cr_disk_set_cut(collection);
        g_autofree guint64 *sizes = g_new0(guint64, disks->len + 1);

        for (guint i = 0; i < disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(disks, i);
                const CrLayer *head = cr_collection_head(collection, &disk->id);

                if (!engine->normalize(worker->config, head, error) ||
                        !engine->measure(worker->config, head, &sizes[i], error))
                        return NULL;
        }
        return g_steal_pointer(&sizes);
}

/* The heads must be fenced. Replaces *@collection by what the store holds afterwards. */
static gboolean freeze_heads(
        CrWorker *worker, const CrEngine *engine, CrCollection **collection, GError **error)
{
        g_autofree guint64 *sizes = measure_heads(worker, engine, *collection, error);
        CrCutSpec spec = {
                .point = cr_id_new(), .host = cr_store_host_id(worker->store), .now = g_get_real_time()};
        g_autoptr(CrPlan) plan =
                sizes ? cr_plan_planned_failover(*collection, engine, &spec, sizes, error) : NULL;

        if (!plan || !cr_worker_run_part(worker, engine, plan, error))
                return FALSE;
        cr_worker_final(FALSE); /* sending it may be cancelled: it is asked for again, or reverted */
        return load_again(worker, collection, error);
}

static CrPlan *plan_revert(
        CrWorker *worker, const CrEngine *engine, const CrCollection *collection, GError **error)
{
        g_autoptr(GPtrArray) staged =
                cr_heads_stage(worker, engine, collection, &collection->base_point, error);

        return staged ? cr_plan_revert_planned_failover(collection, staged, error) : NULL;
}

/* What can't be sent shall not keep the machines off: @error says what became of the heads. */
static void compensate(
        CrWorker *worker, const CrEngine *engine, const CrCollection *collection, GError **error)
{
        g_autoptr(GError) failure = NULL;

        cr_worker_phase("putting the heads back");
        CR_FAILPOINT("planned-failover.failed");
        g_autoptr(CrPlan) plan = plan_revert(worker, engine, collection, &failure);
        if (plan && cr_worker_run_part(worker, engine, plan, &failure))
                g_prefix_error(error, "the planned failover was taken back, replication goes on: ");
        else
                g_prefix_error(error, "the planned failover is incomplete (call RevertPlannedFailover; %s): ",
                        failure->message);
}

static gboolean note_sent(CrWorker *worker, CrCollection *collection, guint64 bytes, GError **error)
{
        CrPoint *last = cr_collection_point(collection, &collection->base_point);

        last->size = bytes;
        collection->peer.confirmed_point = last->id;
        collection->last_replication = g_get_real_time();
        cr_collection_set_last_error(collection, 0, NULL);
        CR_FAILPOINT("planned-failover.sent");
        if (!cr_store_save(worker->store, collection, error))
                return FALSE;
        CR_FAILPOINT("planned-failover.noted");
        cr_worker_changed();
        cr_worker_result(g_variant_new_parsed("{'BytesSent': <%t>, 'Point': <%s>}", bytes, last->id.text));
        return TRUE;
}

static gboolean send_last(
        CrWorker *worker, CrPeer *peer, const CrPeerSite *site, CrCollection *collection, GError **error)
{
        guint64 bytes = 0;

        return cr_send_point(worker, peer, collection, site, &collection->base_point, &bytes, error) &&
               note_sent(worker, collection, bytes, error);
}

static gboolean freeze_and_send(
        CrWorker *worker, CrPeer *peer, const CrPeerSite *site, CrCollection **collection, GError **error)
{
        const CrEngine *engine = cr_worker_engine(*collection, error);
        CrFence *fence = engine ? cr_heads_fence(worker, engine, *collection, error) : NULL;
        gboolean ok;

        if (!fence)
                return FALSE;
        ok = cr_worker_ready(worker, NULL, error);
        if (ok) {
                cr_worker_phase("closing the disks");
                ok = freeze_heads(worker, engine, collection, error);
        }
        engine->unfence(fence);
        CR_FAILPOINT("planned-failover.frozen");
        if (!ok || send_last(worker, peer, site, *collection, error))
                return ok;
        compensate(worker, engine, *collection, error);
        return FALSE;
}

static gboolean holds(const CrPeerSite *site, const CrId *id)
{
        for (guint i = 0; i < site->points->len; i++) {
                const CrPeerPoint *point = g_ptr_array_index(site->points, i);

                if (point->held && cr_id_equal(&point->id, id))
                        return TRUE;
        }
        return FALSE;
}

/* Prepared already: its last point is sent, unless the peer has it. */
static gboolean complete(
        CrWorker *worker, CrPeer *peer, const CrPeerSite *site, CrCollection *collection, GError **error)
{
        gboolean is_confirmed = cr_id_equal(&collection->peer.confirmed_point, &collection->base_point);

        if (is_confirmed && holds(site, &collection->base_point)) {
                cr_worker_done(worker);
                return TRUE;
        }
        return cr_worker_ready(worker, NULL, error) && send_last(worker, peer, site, collection, error);
}

gboolean cr_operation_planned_failover(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        const char *address = collection && cr_worker_refuse_options(worker, error)
                                      ? cr_peer_address(collection, error)
                                      : NULL;

        if (!address)
                return FALSE;
        /* The peer object keeps this copy: the collection is loaded anew. */
        g_autoptr(CrCollection) identity = cr_collection_copy(collection);
        g_autofree char *copy = g_strdup(address);
        g_autoptr(CrPeer) peer = cr_peer_open(worker, identity, copy, error);
        g_autoptr(CrPeerSite) site = peer ? cr_peer_describe(peer, error) : NULL;
        if (!site || !cr_send_check_direction(worker, collection, site, error) ||
                !cr_send_check_shared(collection, site, error))
                return FALSE;
        identity->generation = collection->generation;
        if (collection->state == CR_STATE_PREPARED_FOR_FAILOVER)
                return complete(worker, peer, site, collection, error);
        return freeze_and_send(worker, peer, site, &collection, error);
}

/* A peer that took over must give that up first; one that can't be asked does not count: generations decide
 * later. */
static gboolean check_not_taken_over(CrWorker *worker, const CrCollection *collection, GError **error)
{
        g_autoptr(GError) failure = NULL;
        const char *address = cr_peer_address(collection, &failure);
        g_autoptr(CrPeer) peer = address ? cr_peer_open(worker, collection, address, &failure) : NULL;
        g_autoptr(CrPeerSite) site = peer ? cr_peer_describe(peer, &failure) : NULL;

        if (!site)
                g_info("reverting the planned failover of collection '%s' without its peer: %s",
                        collection->name, failure->message);
        if (!site || site->role != CR_ROLE_PRIMARY)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "the peer of collection '%s' has taken over (%s): revert that over there first "
                "(RevertFailover), or prepare this side (PrepareForReverseReplication)",
                collection->name, cr_state_word(site->state));
        return FALSE;
}

gboolean cr_operation_revert_planned_failover(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        const CrEngine *engine = collection ? cr_worker_engine(collection, error) : NULL;

        if (!engine || !cr_heads_check_point(collection, &collection->base_point, error) ||
                !cr_heads_check_absent(collection, error) ||
                !check_not_taken_over(worker, collection, error) || !cr_worker_ready(worker, NULL, error))
                return FALSE;
        cr_worker_phase("putting the heads back");
        g_autoptr(CrPlan) plan = plan_revert(worker, engine, collection, error);
        return plan && cr_worker_run_plan(worker, engine, plan, error);
}
