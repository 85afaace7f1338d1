/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/failpoint.h"
#include "core/lineage.h"
#include "core/plans.h"
#include "core/redo.h"
#include "worker/prune.h"

/* The layers that the plan's merges touch, for the fence. */
static GPtrArray *touched(const CrCollection *collection, const CrPlan *plan)
{
        GPtrArray *layers = g_ptr_array_new();

        for (guint i = 0; i < plan->steps->len; i++) {
                const CrStep *step = g_ptr_array_index(plan->steps, i);

                for (guint k = 0; k < collection->layers->len; k++) {
                        CrLayer *layer = g_ptr_array_index(collection->layers, k);
                        if (g_str_equal(layer->path, step->path) || g_str_equal(layer->path, step->target))
                                g_ptr_array_add(layers, layer);
                }
        }
        return layers;
}

/* FALSE with no error: nothing was merged, and nothing more is to be tried now. */
static gboolean merge_point(CrWorker *worker, const CrEngine *engine, const CrCollection *collection,
        const CrId *point, GError **error)
{
        g_autoptr(CrPlan) plan = cr_plan_merge_point(collection, point, error);

        if (!plan)
                return FALSE;
        g_autoptr(GPtrArray) layers = touched(collection, plan);
        CrFence *fence = engine->fence(worker->config, layers, CR_FENCE_EVERYONE, NULL);
        if (!fence)
                return FALSE; /* somebody reads them: the next cycle will do */
        CR_FAILPOINT("prune.fenced");
        gboolean ok = cr_worker_run_plan(worker, engine, plan, error);
        cr_worker_final(FALSE);
        engine->unfence(fence);
        return ok;
}

gboolean cr_prune(CrWorker *worker, const CrId *id, GError **error)
{
        g_autoptr(GError) failure = NULL;

        cr_worker_phase("merging old points");
        for (;;) {
                g_autoptr(CrCollection) collection = cr_store_load(worker->store, id, CR_LOAD_ALL, error);
                const CrEngine *engine = collection ? cr_worker_engine(collection, error) : NULL;
                if (!engine)
                        return FALSE;
                g_autoptr(GPtrArray) expired = cr_lineage_expired(collection);
                gboolean merged = FALSE;

                for (guint i = 0; i < expired->len && !merged && !failure; i++)
                        merged = merge_point(worker, engine, collection,
                                &((CrPoint *)g_ptr_array_index(expired, i))->id, &failure);
                if (failure) {
                        g_propagate_error(error, g_steal_pointer(&failure));
                        return FALSE;
                }
                if (!merged)
                        return TRUE;
        }
}
