/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/failpoint.h"
#include "core/lineage.h"
#include "core/plans.h"
#include "core/redo.h"
#include "worker/prune.h"

/* The layers that the plan's steps touch, for the fence. */
static GPtrArray *touched(const CrCollection *collection, const CrPlan *plan)
{
        GPtrArray *layers = g_ptr_array_new();

        for (guint i = 0; i < plan->steps->len; i++) {
                const CrStep *step = g_ptr_array_index(plan->steps, i);

                for (guint k = 0; k < collection->layers->len; k++) {
                        CrLayer *layer = g_ptr_array_index(collection->layers, k);
                        if (g_str_equal(layer->path, step->path) || g_strcmp0(layer->path, step->target) == 0)
                                g_ptr_array_add(layers, layer);
                }
        }
        return layers;
}

/* FALSE with no error: somebody reads those layers, the next cycle will do. */
static gboolean run_fenced(CrWorker *worker, const CrEngine *engine, const CrCollection *collection,
        CrPlan *plan, GError **error)
{
        g_autoptr(GPtrArray) layers = touched(collection, plan);
        CrFence *fence = engine->fence(worker->config, layers, CR_FENCE_EVERYONE, NULL);

        if (!fence)
                return FALSE;
        CR_FAILPOINT("prune.fenced");
        gboolean ok = cr_worker_run_plan(worker, engine, plan, error);
        cr_worker_final(FALSE);
        engine->unfence(fence);
        return ok;
}

/* One plan after another, the oldest point first, until one was carried out. */
static gboolean prune_one(
        CrWorker *worker, const CrEngine *engine, const CrCollection *collection, GError **error)
{
        g_autoptr(GPtrArray) expired = cr_lineage_expired(collection);
        g_autoptr(CrPlan) pointless = cr_plan_merge_pointless(collection);
        g_autoptr(GError) failure = NULL;
        gboolean done = pointless && run_fenced(worker, engine, collection, pointless, &failure);

        for (guint i = 0; i < expired->len && !done && !failure; i++) {
                const CrPoint *point = g_ptr_array_index(expired, i);
                g_autoptr(CrPlan) plan = cr_plan_expire_point(collection, &point->id);

                done = plan && run_fenced(worker, engine, collection, plan, &failure);
        }
        if (failure)
                g_propagate_error(error, g_steal_pointer(&failure));
        return done;
}

gboolean cr_prune(CrWorker *worker, const CrId *id, GError **error)
{
        cr_worker_phase("merging old points");
        for (;;) {
                g_autoptr(GError) failure = NULL;
                g_autoptr(CrCollection) collection = cr_store_load(worker->store, id, CR_LOAD_ALL, error);
                const CrEngine *engine = collection ? cr_worker_engine(collection, error) : NULL;

                if (!engine)
                        return FALSE;
                if (prune_one(worker, engine, collection, &failure))
                        continue;
                if (!failure)
                        return TRUE;
                g_propagate_error(error, g_steal_pointer(&failure));
                return FALSE;
        }
}
