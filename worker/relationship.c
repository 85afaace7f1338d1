/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Relationships on the side that makes them: create, modify, remove; and the destruction of a collection. */
#include <sys/stat.h>
#include <unistd.h>

#include "core/disk_set.h"
#include "core/failpoint.h"
#include "core/plans.h"
#include "worker/later.h"
#include "worker/operations.h"
#include "worker/peer.h"

static gboolean check_included(const CrCollection *collection, const CrSettings *settings, GError **error)
{
        for (char **name = settings->included_disks; name && *name; name++)
                if (!cr_collection_disk_by_name(collection, *name)) {
                        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                                "IncludedDisks: collection '%s' has no disk '%s'", collection->name, *name);
                        return FALSE;
                }
        return TRUE;
}

static gboolean apply_settings(CrWorker *worker, CrCollection *collection, GError **error)
{
        g_autoptr(GVariant) changes = cr_worker_get(worker, "Settings", "a{sv}", error);

        return changes && cr_settings_apply(collection->settings, changes, error) &&
               check_included(collection, collection->settings, error);
}

static gboolean save(CrWorker *worker, const CrCollection *collection, GError **error)
{
        if (!cr_store_save(worker->store, collection, error))
                return FALSE;
        cr_worker_changed();
        return TRUE;
}

gboolean cr_operation_create_relationship(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);

        if (!collection || !apply_settings(worker, collection, error))
                return FALSE;
        const char *address = collection->settings->recovery_connection_point;
        if (*address == '\0') {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "the setting RecoveryConnectionPoint is required: the address of the other site");
                return FALSE;
        }
        g_autoptr(CrPeer) peer = cr_peer_open(worker, collection, address, error);
        if (!peer || !cr_worker_ready(worker, NULL, error))
                return FALSE;
        cr_worker_phase("creating the replica over there");
        if (!cr_peer_establish(peer, error))
                return FALSE;
        CR_FAILPOINT("create-relationship.established");
        g_autoptr(CrPeerSite) site = cr_peer_describe(peer, error);
        if (!site)
                return FALSE;
        collection->has_relationship = TRUE;
        collection->role = CR_ROLE_PRIMARY;
        collection->state = CR_STATE_READY;
        cr_later_forget(collection);
        collection->initial_type = 0;
        collection->peer = (CrPeerRecord){.host = site->host, .sequence = site->sequence};
        cr_collection_set_last_error(collection, 0, NULL);
        return save(worker, collection, error);
}

gboolean cr_operation_modify_settings(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);

        g_autoptr(CrCollection) before = collection ? cr_collection_copy(collection) : NULL;

        return collection && apply_settings(worker, collection, error) &&
               cr_disk_set_check_unchanged(before, collection->settings, error) &&
               cr_worker_ready(worker, NULL, error) && save(worker, collection, error);
}

static gboolean check_no_divergence(const CrCollection *collection, GError **error)
{
        if (collection->divergences->len == 0)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "collection '%s' keeps %u divergence(s): export and discard them first", collection->name,
                collection->divergences->len);
        return FALSE;
}

/* Its layers are below a test copy's. */
static gboolean check_no_test(const CrCollection *collection, GError **error)
{
        if (cr_id_is_none(&collection->test_collection))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "collection '%s' has a test copy: end the test first (RevertTestReplicaCollection)",
                collection->name);
        return FALSE;
}

/* Tells the other side; that it can't be told stops nothing here. The words say what stays over there. */
static char *dissolve_over_there(CrWorker *worker, const CrCollection *collection)
{
        g_autoptr(GError) error = NULL;
        const char *address = collection->has_relationship ? cr_peer_address(collection, &error) : NULL;
        g_autoptr(CrPeer) peer = address ? cr_peer_open(worker, collection, address, &error) : NULL;

        if (!collection->has_relationship)
                return g_strdup("");
        if (peer && cr_peer_dissolve(peer, &error))
                return g_strdup("the replica over there keeps its points");
        return g_strdup_printf("the other site was not told and keeps its half: %s", error->message);
}

/* One plain image per disk at the head's path; the machine must be off. */
static gboolean end_replication(CrWorker *worker, const CrCollection *collection, GError **error)
{
        const CrEngine *engine = cr_worker_engine(collection, error);
        CrFence *fence =
                engine ? engine->fence(worker->config, collection->layers, CR_FENCE_EVERYONE, error) : NULL;
        gboolean ok = FALSE;

        if (!fence)
                return FALSE;
        if (cr_worker_ready(worker, NULL, error)) {
                cr_worker_phase("merging the layers of each disk");
                g_autofree char *left = dissolve_over_there(worker, collection);
                g_autoptr(CrPlan) plan = cr_plan_flatten(collection, worker->operation, error);

                if (plan && worker->operation == CR_OP_DESTROY)
                        g_clear_pointer(&plan->after, cr_collection_free);
                ok = plan && cr_worker_run_plan(worker, engine, plan, error);
                cr_worker_result(g_variant_new_parsed("{'BytesSent': <@t 0>, 'LeftOverThere': <%s>}", left));
        }
        engine->unfence(fence);
        return ok;
}

static gboolean leave_replica(CrWorker *worker, CrCollection *collection, GError **error)
{
        if (!cr_worker_ready(worker, NULL, error))
                return FALSE;
        collection->has_relationship = FALSE;
        collection->state = CR_STATE_DISABLED;
        collection->peer = (CrPeerRecord){0};
        cr_worker_result(g_variant_new_parsed("{'BytesSent': <@t 0>, 'LeftOverThere': <'the primary keeps "
                                              "its half: remove it there too'>}"));
        return save(worker, collection, error);
}

gboolean cr_operation_remove_relationship(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);

        if (!collection || !cr_worker_refuse_options(worker, error) ||
                !check_no_divergence(collection, error) || !check_no_test(collection, error))
                return FALSE;
        if (collection->role == CR_ROLE_REPLICA)
                return leave_replica(worker, collection, error);
        return end_replication(worker, collection, error);
}

/* The folders that the layers lay in, when nothing else is in them. */
static void remove_empty_folders(const CrCollection *collection)
{
        for (guint i = 0; i < collection->layers->len; i++) {
                const CrLayer *layer = g_ptr_array_index(collection->layers, i);
                g_autofree char *folder =
                        layer->kind == CR_LAYER_HEAD ? NULL : g_path_get_dirname(layer->path);

                if (folder)
                        (void)rmdir(folder); /* not empty: something that is not ours lies there, and stays */
        }
}

static gboolean destroy_replica(CrWorker *worker, const CrCollection *collection, GError **error)
{
        const CrEngine *engine = cr_worker_engine(collection, error);

        if (!engine || !cr_worker_ready(worker, NULL, error))
                return FALSE;
        g_autoptr(CrPlan) plan = cr_plan_destroy_replica(collection);
        if (!cr_worker_run_plan(worker, engine, plan, error))
                return FALSE;
        remove_empty_folders(collection);
        return TRUE;
}

gboolean cr_operation_destroy(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);

        if (!collection || !cr_worker_refuse_options(worker, error) ||
                !check_no_divergence(collection, error) || !check_no_test(collection, error))
                return FALSE;
        if (collection->role == CR_ROLE_REPLICA)
                return destroy_replica(worker, collection, error);
        if (collection->role == CR_ROLE_PRIMARY)
                return end_replication(worker, collection, error);
        /* Never replicated: its disks are the machine's own images and stay as they are. */
        if (!cr_worker_ready(worker, NULL, error) || !cr_store_delete(worker->store, &collection->id, error))
                return FALSE;
        cr_worker_changed();
        return TRUE;
}
