/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk leaves the set: on a side that has its head, and on a replica. */
#include "core/disk_set.h"
#include "core/error.h"
#include "core/lineage.h"
#include "core/plans.h"

static gboolean is_of(const CrLayer *layer, const CrDisk *disk)
{
        return cr_id_equal(&layer->disk, &disk->id);
}

/* A child comes after its parent in the list, so they are deleted from the end. */
static void delete_all_but(CrPlan *plan, const CrDisk *disk, GPtrArray *chain)
{
        for (guint i = plan->after->layers->len; i-- > 0;) {
                CrLayer *layer = g_ptr_array_index(plan->after->layers, i);

                if (!is_of(layer, disk) || (chain && g_ptr_array_find(chain, layer, NULL)))
                        continue;
                cr_plan_delete_layer(plan, layer);
                g_ptr_array_remove_index(plan->after->layers, i);
        }
}

static void forget_layers(CrCollection *after, const CrDisk *disk)
{
        for (guint i = after->layers->len; i-- > 0;)
                if (is_of(g_ptr_array_index(after->layers, i), disk))
                        g_ptr_array_remove_index(after->layers, i);
}

static gboolean has_layer(const CrCollection *collection, const CrId *point)
{
        for (guint i = 0; i < collection->layers->len; i++)
                if (cr_id_equal(&((CrLayer *)g_ptr_array_index(collection->layers, i))->point, point))
                        return TRUE;
        return FALSE;
}

static void release_points(CrCollection *after)
{
        for (guint i = 0; i < after->points->len; i++) {
                CrPoint *point = g_ptr_array_index(after->points, i);

                point->held = point->held && has_layer(after, &point->id);
        }
}

static gboolean merge_head(CrPlan *plan, const CrDisk *disk, const CrLayer *head, GError **error)
{
        g_autoptr(GPtrArray) chain = cr_lineage_chain(plan->after, &head->id, error);

        if (!chain)
                return FALSE;
        delete_all_but(plan, disk, chain);
        return cr_plan_flatten_disk(plan, disk, error);
}

static gboolean check_no_divergence(const CrCollection *collection, const CrDisk *disk, GError **error)
{
        if (!cr_disk_set_is_divergent(collection, &disk->id))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "a divergence of collection '%s' has something of disk '%s': export and discard it first",
                collection->name, disk->name);
        return FALSE;
}

gboolean cr_plan_remove_disk(CrPlan *plan, const CrId *id, GError **error)
{
        CrCollection *after = plan->after;
        CrDisk *disk = cr_collection_disk(after, id);
        const CrLayer *head = cr_collection_head(after, id);

        if (!check_no_divergence(after, disk, error))
                return FALSE;
        if (!head)
                delete_all_but(plan, disk, NULL);
        else if (!merge_head(plan, disk, head, error))
                return FALSE;
        forget_layers(after, disk);
        release_points(after);
        cr_disk_set_exclude(after, disk->name);
        g_ptr_array_remove(after->disks, disk);
        return TRUE;
}
