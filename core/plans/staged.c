/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "core/plans.h"

CrStagedLayer *cr_staged_layer_new(
        const CrEngine *engine, const CrCollection *collection, const CrDisk *disk, guint64 virtual_size)
{
        CrStagedLayer *staged = g_new0(CrStagedLayer, 1);

        staged->disk = disk->id;
        staged->layer = cr_id_new();
        staged->path = engine->layer_path(collection, disk, &staged->layer);
        staged->virtual_size = virtual_size;
        return staged;
}

void cr_staged_layer_free(CrStagedLayer *staged)
{
        g_free(staged->path);
        g_free(staged);
}

void cr_plan_add_head(CrPlan *plan, CrDisk *disk, const CrId *parent, const CrStagedLayer *staged)
{
        CrLayer *head = cr_layer_new();

        head->id = staged->layer;
        head->disk = disk->id;
        head->parent = *parent;
        head->kind = CR_LAYER_HEAD;
        head->path = g_strdup(disk->head_path);
        head->inode = staged->inode;
        head->virtual_size = staged->virtual_size;
        disk->virtual_size = staged->virtual_size;
        g_ptr_array_add(plan->after->layers, head);
}

static gboolean place_head(CrPlan *plan, const CrId *point, const CrStagedLayer *staged, GError **error)
{
        CrDisk *disk = cr_collection_disk(plan->after, &staged->disk);
        const CrLayer *base = cr_collection_layer_at(plan->after, &staged->disk, point);

        if (!disk || !base) {
                g_set_error(error, CR_ERROR, CR_ERROR_FILE_NOT_FOUND,
                        "point %s of collection '%s' has no layer of one of the disks", point->text,
                        plan->after->name);
                return FALSE;
        }
        cr_plan_add_head(plan, disk, &base->id, staged);
        CrStep *step = cr_plan_add_step(plan, CR_STEP_PLACE_HEAD, &disk->id);
        step->path = g_strdup(disk->head_path);
        step->staged = g_strdup(staged->path);
        step->staged_inode = staged->inode;
        return TRUE;
}

gboolean cr_plan_place_heads(CrPlan *plan, const CrId *point, GPtrArray *staged, GError **error)
{
        for (guint i = 0; i < staged->len; i++)
                if (!place_head(plan, point, g_ptr_array_index(staged, i), error))
                        return FALSE;
        return TRUE;
}
