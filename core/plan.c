/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/plan.h"

#include "core/record.h"

static void step_free(CrStep *step)
{
        g_free(step->path);
        g_free(step->target);
        g_free(step->staged);
        g_free(step);
}

CrPlan *cr_plan_create(void)
{
        CrPlan *plan = g_new0(CrPlan, 1);

        plan->steps = g_ptr_array_new_with_free_func((GDestroyNotify)step_free);
        return plan;
}

CrPlan *cr_plan_new(const CrCollection *before, CrOperation operation)
{
        CrPlan *plan = cr_plan_create();

        plan->collection = before->id;
        plan->operation = operation;
        plan->after = cr_collection_copy(before);
        return plan;
}

void cr_plan_free(CrPlan *plan)
{
        if (!plan)
                return;
        g_ptr_array_unref(plan->steps);
        cr_collection_free(plan->after);
        cr_collection_free(plan->test_after);
        g_free(plan);
}

CrStep *cr_plan_add_step(CrPlan *plan, CrStepKind kind, const CrId *disk)
{
        CrStep *step = g_new0(CrStep, 1);

        step->kind = kind;
        step->disk = *disk;
        g_ptr_array_add(plan->steps, step);
        return step;
}

/* Whatever named the point names the one before it from now on, as if it had never been cut. */
static void rename_point(CrCollection *collection, const CrId *point, const CrId *parent)
{
        for (guint i = 0; i < collection->points->len; i++) {
                CrPoint *other = g_ptr_array_index(collection->points, i);

                if (cr_id_equal(&other->parent, point))
                        other->parent = *parent;
        }
        if (cr_id_equal(&collection->base_point, point))
                collection->base_point = *parent;
}

void cr_plan_drop_point(CrPlan *plan)
{
        CrId dropped = plan->dropped_point;
        CrPoint *point = NULL;

        if (plan->after && !cr_id_is_none(&dropped))
                point = cr_collection_point(plan->after, &dropped);
        if (!point)
                return;
        for (guint i = 0; i < plan->after->layers->len; i++) {
                CrLayer *layer = g_ptr_array_index(plan->after->layers, i);

                if (cr_id_equal(&layer->point, &dropped))
                        layer->point = CR_ID_NONE;
        }
        rename_point(plan->after, &dropped, &point->parent);
        g_ptr_array_remove(plan->after->points, point);
}
