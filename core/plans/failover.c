/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "core/plans.h"

/* The class's FailedOverReplicationType. */
#define FAILED_OVER_REGULAR 1
#define FAILED_OVER_PLANNED 3

/* Nothing was written after it, here or there. */
static gboolean is_planned(const CrCollection *replica, const CrId *point)
{
        const CrPoint *row = cr_collection_point(replica, point);

        return row && row->planned && cr_id_equal(point, &replica->base_point) &&
               replica->state != CR_STATE_PREPARED_FOR_REVERSE_REPLICATION;
}

CrPlan *cr_plan_failover(const CrCollection *before, const CrId *point, const CrGeneration *generation,
        GPtrArray *staged, GError **error)
{
        g_autoptr(CrPlan) plan = cr_plan_new(before, CR_OP_FAILOVER);
        CrCollection *after = plan->after;

        if (!cr_plan_place_heads(plan, point, staged, error))
                return NULL;
        after->role = CR_ROLE_PRIMARY;
        after->state = CR_STATE_FAILED_OVER;
        after->failover_point = *point;
        after->failed_over_type = is_planned(before, point) ? FAILED_OVER_PLANNED : FAILED_OVER_REGULAR;
        after->generation = *generation;
        after->preparation = CR_ID_NONE;
        after->peer.preparation = CR_ID_NONE;
        for (guint i = 0; i < after->divergences->len; i++)
                ((CrDivergence *)g_ptr_array_index(after->divergences, i))->undoable = FALSE;
        cr_collection_set_last_error(after, 0, NULL);
        return g_steal_pointer(&plan);
}

CrPlan *cr_plan_revert_planned_failover(const CrCollection *before, GPtrArray *staged, GError **error)
{
        g_autoptr(CrPlan) plan = cr_plan_new(before, CR_OP_REVERT_PLANNED_FAILOVER);
        CrCollection *after = plan->after;
        CrPoint *last = cr_collection_point(after, &before->base_point);

        if (!cr_plan_place_heads(plan, &before->base_point, staged, error))
                return NULL;
        if (last)
                last->planned = FALSE; /* something will be written after it */
        after->state = CR_STATE_REPLICATING;
        cr_collection_set_last_error(after, 0, NULL);
        return g_steal_pointer(&plan);
}
