/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * UpdateDiskSet and CancelUpdateDiskSet. The set changes here by one plan; where the collection replicates, a
 * cycle follows that tells the peer and sends new disks whole. A cycle that fails leaves the new set,
 * critical: the next one tries again.
 */
#include "core/disk_set.h"
#include "core/failpoint.h"
#include "core/plans.h"
#include "worker/adapt.h"
#include "worker/cycle.h"
#include "worker/define.h"
#include "worker/heads.h"
#include "worker/machines.h"
#include "worker/operations.h"

typedef struct Update {
        CrWorker *worker;
        const CrEngine *engine;
        const CrCollection *before;
        CrPlan *plan;
        CrFence *fence; /* on the layers of disks that leave; NULL: none */
} Update;

static void update_clear(Update *update)
{
        if (update->fence)
                update->engine->unfence(g_steal_pointer(&update->fence));
        g_clear_pointer(&update->plan, cr_plan_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Update, update_clear)

/* A side that took over, or is to be prepared, only gets rid of what is in the way of that. */
static gboolean check_kind(const CrCollection *collection, const CrDisk *disk, GError **error)
{
        gboolean has_taken_over =
                collection->state == CR_STATE_FAILED_OVER || collection->state == CR_STATE_COMMITTED;

        if (!has_taken_over || !cr_collection_head(collection, &disk->id))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "disk '%s' of collection '%s' is in the point that this site failed over to: reverse the "
                "replication first (ReverseReplicationRelationship)",
                disk->name, collection->name);
        return FALSE;
}

static gboolean remove_disk(Update *update, const char *name, GPtrArray *layers, GError **error)
{
        const CrCollection *before = update->before;
        const CrDisk *disk = cr_collection_disk_by_name(update->plan->after, name);

        if (!disk) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "collection '%s' has no disk '%s'",
                        before->name, name);
                return FALSE;
        }
        CrId id = disk->id;
        /* The head is the last: it is the one to be named when somebody has it open. */
        for (guint i = before->layers->len; i-- > 0;) {
                CrLayer *layer = g_ptr_array_index(before->layers, i);

                if (cr_id_equal(&layer->disk, &id))
                        g_ptr_array_add(layers, layer);
        }
        return check_kind(before, disk, error) && cr_plan_remove_disk(update->plan, &id, error);
}

static gboolean remove_disks(Update *update, GVariant *names, GError **error)
{
        g_autoptr(GPtrArray) layers = g_ptr_array_new();
        GVariantIter iter;
        const char *name;

        g_variant_iter_init(&iter, names);
        while (g_variant_iter_next(&iter, "&s", &name))
                if (!remove_disk(update, name, layers, error))
                        return FALSE;
        if (layers->len == 0)
                return TRUE;
        update->fence = update->engine->fence(update->worker->config, layers, CR_FENCE_EVERYONE, error);
        return update->fence != NULL;
}

static gboolean add_disks(Update *update, GVariant *disks, GError **error)
{
        CrCollection *after = update->plan->after;
        guint former = after->disks->len;

        if (g_variant_n_children(disks) == 0)
                return TRUE;
        if (!cr_define_add_disks(update->worker, after, disks, error))
                return FALSE;
        for (guint i = former; i < after->disks->len; i++)
                cr_disk_set_include(after, ((CrDisk *)g_ptr_array_index(after->disks, i))->name);
        return TRUE;
}

/* What proves that the two sites belong together is a point that both hold: something of it must stay. */
static gboolean check_rest(const CrCollection *before, const CrCollection *after, GError **error)
{
        const CrPoint *confirmed = cr_collection_point(before, &before->peer.confirmed_point);
        const CrPoint *rest = cr_collection_point(after, &before->peer.confirmed_point);
        g_autoptr(GPtrArray) disks = cr_disk_set_included(after);

        if (disks->len == 0)
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "no disk of collection '%s' would be left to replicate", before->name);
        else if (confirmed && confirmed->held && !rest->held)
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "no disk of collection '%s' would be left that the other site has: take the old ones "
                        "out when the new ones have been sent",
                        before->name);
        else
                return TRUE;
        return FALSE;
}

static gboolean check_not_empty(const CrCollection *collection, GVariant *add, GVariant *remove,
        gboolean has_machines, GError **error)
{
        gboolean is_restricted = collection->state == CR_STATE_CRITICAL ||
                                 collection->state == CR_STATE_FAILED_OVER ||
                                 collection->state == CR_STATE_COMMITTED;

        if (g_variant_n_children(add) + g_variant_n_children(remove) == 0 && !has_machines)
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "no disk of collection '%s' is to be added or removed, and no machine named",
                        collection->name);
        else if (is_restricted && g_variant_n_children(add) > 0)
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "collection '%s' is %s: a disk can only be taken out now; add disks when it "
                        "replicates "
                        "again",
                        collection->name, cr_state_word(collection->state));
        else
                return TRUE;
        return FALSE;
}

/* The plan of what the caller asks for, with the images that it is about fenced. */
static gboolean plan_update(Update *update, GError **error)
{
        CrWorker *worker = update->worker;
        g_autoptr(GVariant) add = cr_worker_get(worker, "Add", "a(ss)", error);
        g_autoptr(GVariant) remove = add ? cr_worker_get(worker, "Remove", "as", error) : NULL;

        if (!remove || !check_not_empty(update->before, add, remove, cr_machines_are_named(worker), error))
                return FALSE;
        update->plan = cr_plan_new(update->before, worker->operation);
        return cr_machines_take(worker, update->plan->after, error) && remove_disks(update, remove, error) &&
               add_disks(update, add, error) && check_rest(update->before, update->plan->after, error);
}

/* No peer is needed: there is none, nothing was sent to it yet, or it is not a replica any more. */
static gboolean update_here(CrWorker *worker, const CrCollection *collection, GError **error)
{
        const CrEngine *engine = cr_worker_engine(collection, error);
        g_auto(Update) update = {.worker = worker, .engine = engine, .before = collection};

        return engine && plan_update(&update, error) && cr_worker_ready(worker, NULL, error) &&
               cr_worker_run_plan(worker, engine, update.plan, error);
}

static gboolean carry_out(CrCycle *cycle, Update *update, GError **error)
{
        CrId id = cycle->collection->id;

        cr_worker_phase("changing the set of disks");
        update->plan->after->state = CR_STATE_DISK_UPDATE;
        if (!cr_worker_run_plan(cycle->worker, cycle->engine, update->plan, error))
                return FALSE;
        cr_worker_final(FALSE);
        CR_FAILPOINT("update-disks.changed");
        update_clear(update);
        cr_collection_free(cycle->collection);
        cycle->collection = cr_store_load(cycle->worker->store, &id, CR_LOAD_ALL, error);
        return cycle->collection && cr_cycle_cut(cycle, error) && cr_cycle_send(cycle, error);
}

static gboolean update_and_send(CrWorker *worker, GError **error)
{
        g_auto(CrCycle) cycle = {0};

        if (!cr_cycle_open(&cycle, worker, error) ||
                !cr_send_check_shared(cycle.collection, cycle.site, error))
                return FALSE;
        g_auto(Update) update = {.worker = worker, .engine = cycle.engine, .before = cycle.collection};
        if (!plan_update(&update, error))
                return FALSE;
        cycle.fence = cr_heads_fence_closed(worker, cycle.engine, update.plan->after, error);
        return cycle.fence && cr_worker_ready(worker, NULL, error) && carry_out(&cycle, &update, error);
}

/* FALSE: it is about machines alone, which are this site's own affair. */
static gboolean changes_disks(CrWorker *worker)
{
        g_autoptr(GVariant) add = cr_worker_get(worker, "Add", "a(ss)", NULL);
        g_autoptr(GVariant) remove = cr_worker_get(worker, "Remove", "as", NULL);

        return !add || !remove || g_variant_n_children(add) + g_variant_n_children(remove) > 0;
}

gboolean cr_operation_update_disks(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);

        if (!collection)
                return FALSE;
        if (collection->state == CR_STATE_REPLICATING && changes_disks(worker))
                return update_and_send(worker, error);
        return update_here(worker, collection, error);
}

/* ---- cancelling it ---- */

/* New are the disks that the peer has not confirmed to have. */
static gboolean plan_cancel(Update *update, GError **error)
{
        const CrCollection *before = update->before;
        g_autoptr(GPtrArray) disks = cr_disk_set_cut(before), layers = g_ptr_array_new();

        update->plan = cr_plan_new(before, update->worker->operation);
        for (guint i = 0; i < disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(disks, i);

                if (!cr_collection_layer_at(before, &disk->id, &before->peer.confirmed_point) &&
                        !remove_disk(update, disk->name, layers, error))
                        return FALSE;
        }
        update->plan->after->state = CR_STATE_REPLICATING;
        cr_collection_set_last_error(update->plan->after, 0, NULL);
        if (layers->len == 0)
                return TRUE;
        update->fence = update->engine->fence(update->worker->config, layers, CR_FENCE_EVERYONE, error);
        return update->fence != NULL;
}

/* The peer hears of it at once when it can be reached, else in the next cycle. */
static void tell_peer(CrWorker *worker, const CrCollection *collection)
{
        g_autoptr(GError) failure = NULL;
        const char *address = cr_peer_address(collection, &failure);
        g_autoptr(CrPeer) peer = address ? cr_peer_open(worker, collection, address, &failure) : NULL;
        g_autoptr(CrPeerSite) site = peer ? cr_peer_describe(peer, &failure) : NULL;
        g_autoptr(GPtrArray) disks = cr_disk_set_cut(collection);

        if (!site || !cr_adapt_peer(peer, collection, site, disks, &failure))
                g_info("collection '%s': the other site hears of the set of disks later: %s",
                        collection->name, failure->message);
}

gboolean cr_operation_cancel_update_disks(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        const CrEngine *engine = collection ? cr_worker_engine(collection, error) : NULL;
        g_auto(Update) update = {.worker = worker, .engine = engine, .before = collection};

        if (!engine || !plan_cancel(&update, error) || !cr_worker_ready(worker, NULL, error) ||
                !cr_worker_run_plan(worker, engine, update.plan, error))
                return FALSE;
        CR_FAILPOINT("cancel-update-disks.changed");
        tell_peer(worker, update.plan->after);
        return TRUE;
}
