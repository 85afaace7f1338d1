/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "core/plans.h"

#define FAILED_OVER_REGULAR 1 /* the class's FailedOverReplicationType */

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

CrPlan *cr_plan_failover(const CrCollection *before, const CrId *point, const CrGeneration *generation,
        GPtrArray *staged, GError **error)
{
        g_autoptr(CrPlan) plan = cr_plan_new(before, CR_OP_FAILOVER);
        CrCollection *after = plan->after;

        for (guint i = 0; i < staged->len; i++)
                if (!place_head(plan, point, g_ptr_array_index(staged, i), error))
                        return NULL;
        after->role = CR_ROLE_PRIMARY;
        after->state = CR_STATE_FAILED_OVER;
        after->failover_point = *point;
        after->failed_over_type = FAILED_OVER_REGULAR;
        after->generation = *generation;
        after->preparation = CR_ID_NONE;
        after->peer.preparation = CR_ID_NONE;
        for (guint i = 0; i < after->divergences->len; i++)
                ((CrDivergence *)g_ptr_array_index(after->divergences, i))->undoable = FALSE;
        cr_collection_set_last_error(after, 0, NULL);
        return g_steal_pointer(&plan);
}
