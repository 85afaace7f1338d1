/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AdaptDisks, on the replica: the primary's disks and settings are others from now on. */
#include "core/disk_set.h"
#include "core/failpoint.h"
#include "core/plans.h"
#include "worker/operations.h"
#include "worker/replica.h"

static gboolean check_sender(CrWorker *worker, const CrCollection *collection, GError **error)
{
        g_autoptr(GVariant) caller = cr_worker_get(worker, "Caller", "a{sv}", error);
        CrGeneration generation = {0};
        const char *text = "";
        CrId preparation;

        if (!caller || !cr_worker_get_id(worker, "Preparation", TRUE, &preparation, error))
                return FALSE;
        if (g_variant_lookup(caller, "GenerationId", "&s", &text) && cr_id_parse(text, &generation.id) &&
                g_variant_lookup(caller, "Generation", "t", &generation.number))
                return cr_replica_check_sender(collection, &preparation, &generation, error);
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "the caller's dictionary is not complete");
        return FALSE;
}

static gboolean check_removable(const CrCollection *collection, const CrDisk *disk, GError **error)
{
        if (cr_id_is_none(&collection->test_collection))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "a test copy stands on disk '%s' of collection '%s': end the test over there first "
                "(RevertTestReplicaCollection)",
                disk->name, collection->name);
        return FALSE;
}

/* The layers of a disk that left over there are deleted here; points of the other disks stay. */
static gboolean remove_disks(CrPlan *plan, GVariant *removed, GError **error)
{
        GVariantIter iter;
        const char *text;
        CrId id;

        g_variant_iter_init(&iter, removed);
        while (g_variant_iter_next(&iter, "&s", &text)) {
                const CrDisk *disk = cr_id_parse(text, &id) ? cr_collection_disk(plan->after, &id) : NULL;

                /* Gone already: an earlier answer was lost. */
                if (!disk)
                        continue;
                if (!check_removable(plan->after, disk, error) || !cr_plan_remove_disk(plan, &id, error))
                        return FALSE;
        }
        return TRUE;
}

static gboolean add_disks(CrWorker *worker, CrCollection *collection, GVariant *disks, GError **error)
{
        guint before = collection->disks->len;

        if (g_variant_n_children(disks) == 0)
                return TRUE;
        if (!cr_replica_add_disks(worker, collection, disks, error))
                return FALSE;
        for (guint i = before; i < collection->disks->len; i++)
                cr_disk_set_include(collection, ((CrDisk *)g_ptr_array_index(collection->disks, i))->name);
        return TRUE;
}

static CrPlan *plan(CrWorker *worker, const CrCollection *collection, GError **error)
{
        g_autoptr(GVariant) disks = cr_worker_get(worker, "Disks", "a(sst)", error);
        g_autoptr(GVariant) removed = disks ? cr_worker_get(worker, "Removed", "as", error) : NULL;
        g_autoptr(GVariant) settings = removed ? cr_worker_get(worker, "Settings", "a{sv}", error) : NULL;
        g_autoptr(CrPlan) plan = cr_plan_new(collection, CR_OP_ADAPT_DISKS);

        if (!settings || !remove_disks(plan, removed, error) ||
                !add_disks(worker, plan->after, disks, error) ||
                !cr_settings_apply(plan->after->settings, settings, error))
                return NULL;
        return g_steal_pointer(&plan);
}

gboolean cr_operation_adapt_disks(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        const CrEngine *engine = collection ? cr_worker_engine(collection, error) : NULL;

        if (!engine || !check_sender(worker, collection, error))
                return FALSE;
        g_autoptr(CrPlan) changes = plan(worker, collection, error);
        return changes && cr_worker_ready(worker, NULL, error) &&
               cr_replica_make_folder(worker, collection, error) &&
               cr_worker_run_plan(worker, engine, changes, error);
}
