/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dropping layers that a running machine has open: nothing can be merged into them, but the machine itself
 * can copy what they hold into the layers above. */
#include "core/plans.h"

#include <string.h>

static CrLayer *find_path(const CrCollection *collection, const char *path)
{
        for (guint i = 0; i < collection->layers->len; i++) {
                CrLayer *layer = g_ptr_array_index(collection->layers, i);

                if (strcmp(layer->path, path) == 0)
                        return layer;
        }
        return NULL;
}

/* The layer that @merge would merge into the one below it, when it could take that one in as well. Where
 * sizes differ, what is beyond the end of one would show. */
static CrLayer *find_upper(const CrCollection *before, const CrStep *merge)
{
        CrLayer *upper = find_path(before, merge->path), *lower = find_path(before, merge->target);
        const CrLayer *below = lower ? cr_collection_layer(before, &lower->parent) : NULL;

        if (!upper || !below || upper->virtual_size != lower->virtual_size ||
                lower->virtual_size != below->virtual_size)
                return NULL;
        return upper;
}

static void turn_round(CrPlan *plan, CrStep *merge, const CrLayer *upper)
{
        cr_collection_layer(plan->after, &upper->id)->inode = upper->inode;
        merge->kind = CR_STEP_DELETE;
        g_free(merge->path);
        merge->path = g_steal_pointer(&merge->target);
        merge->inode = merge->target_inode;
        merge->target_inode = 0;
        merge->virtual_size = 0;
}

GPtrArray *cr_plan_absorb(const CrCollection *before, CrPlan *plan)
{
        g_autoptr(GPtrArray) uppers = g_ptr_array_new();

        for (guint i = 0; i < plan->steps->len; i++) {
                const CrStep *step = g_ptr_array_index(plan->steps, i);
                CrLayer *upper = step->kind == CR_STEP_MERGE ? find_upper(before, step) : NULL;

                if (!upper)
                        return NULL;
                g_ptr_array_add(uppers, upper);
        }
        for (guint i = 0; i < uppers->len; i++)
                turn_round(plan, g_ptr_array_index(plan->steps, i), g_ptr_array_index(uppers, i));
        return g_steal_pointer(&uppers);
}
