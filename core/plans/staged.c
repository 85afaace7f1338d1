/* SPDX-License-Identifier: LGPL-2.1-or-later */
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
