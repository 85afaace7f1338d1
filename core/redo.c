/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/redo.h"

#include <errno.h>
#include <unistd.h>

#include "core/error.h"
#include "core/failpoint.h"
#include "core/path_policy.h"

/* What an operation's failpoints are called, so that tests end each operation on its way by itself. The place
 * after the first step is between two disks. */
#define OPERATIONS_WITH_STEPS(X)                                                                             \
        X(CR_OP_DESTROY, "destroy")                                                                          \
        X(CR_OP_REMOVE_RELATIONSHIP, "remove")                                                               \
        X(CR_OP_START, "start")                                                                              \
        X(CR_OP_REPLICATE, "replicate")                                                                      \
        X(CR_OP_FAILOVER, "failover")                                                                        \
        X(CR_OP_REVERT_FAILOVER, "revert-failover")                                                          \
        X(CR_OP_PREPARE, "prepare")                                                                          \
        X(CR_OP_UNDO_PREPARE, "undo-prepare")                                                                \
        X(CR_OP_REVERSE, "reverse")                                                                          \
        X(CR_OP_PLANNED_FAILOVER, "planned-failover")                                                        \
        X(CR_OP_REVERT_PLANNED_FAILOVER, "revert-planned-failover")                                          \
        X(CR_OP_UPDATE_DISKS, "update-disks")                                                                \
        X(CR_OP_CANCEL_UPDATE_DISKS, "cancel-update-disks")                                                  \
        X(CR_OP_ADAPT_DISKS, "adapt-disks")                                                                  \
        X(CR_OP_TEST_FAILOVER, "test-failover")                                                              \
        X(CR_OP_REVERT_TEST_FAILOVER, "revert-test-failover")                                                \
        X(CR_OP_DISCARD, "discard")                                                                          \
        X(CR_OP_RECOVER, "recover")

#define REACH_STEP(operation, name)                                                                          \
        case operation:                                                                                      \
                CR_FAILPOINT(name ".step");                                                                  \
                break;

#define REACH_STEP_DONE(operation, name)                                                                     \
        case operation:                                                                                      \
                CR_FAILPOINT(name ".step-done");                                                             \
                break;

/* Retention goes by the name of the cycle that it belongs to; its failpoints are its own. */
static gboolean is_retention(const CrPlan *plan, const CrStep *step)
{
        return plan->operation == CR_OP_REPLICATE &&
               (step->kind == CR_STEP_MERGE || step->kind == CR_STEP_DELETE);
}

static void reach_step(const CrPlan *plan, const CrStep *step)
{
        if (is_retention(plan, step)) {
                CR_FAILPOINT("retention.step");
                return;
        }
        switch (plan->operation) {
                OPERATIONS_WITH_STEPS(REACH_STEP)
        default:
                break;
        }
}

static void reach_step_done(const CrPlan *plan, const CrStep *step)
{
        if (is_retention(plan, step)) {
                CR_FAILPOINT("retention.step-done");
                return;
        }
        switch (plan->operation) {
                OPERATIONS_WITH_STEPS(REACH_STEP_DONE)
        default:
                break;
        }
}

/* From the committed intent to its end; as often as needed, since every step is idempotent. */
static gboolean carry_out(
        CrStore *store, const CrEngine *engine, const CrConfig *config, const CrPlan *plan, GError **error)
{
        for (guint i = 0; i < plan->steps->len; i++) {
                const CrStep *step = g_ptr_array_index(plan->steps, i);

                reach_step(plan, step);
                if (!engine->apply(config, plan, step, error))
                        return FALSE;
                reach_step_done(plan, step);
        }
        CR_FAILPOINT("redo.steps-done");
        if (!cr_store_finish_intent(store, plan, error))
                return FALSE;
        CR_FAILPOINT("redo.committed");
        return TRUE;
}

gboolean cr_redo_run(CrStore *store, const CrEngine *engine, const CrConfig *config, CrPlan *plan,
        void (*point_of_no_return)(void *), void *userdata, gboolean *ret_pending, GError **error)
{
        gboolean done;

        if (ret_pending)
                *ret_pending = FALSE;
        if (point_of_no_return)
                point_of_no_return(userdata);
        CR_FAILPOINT("redo.staged");
        if (!cr_store_put_intent(store, plan, error))
                return FALSE;
        CR_FAILPOINT("redo.intent");
        done = carry_out(store, engine, config, plan, error);
        if (ret_pending)
                *ret_pending = !done;
        return done;
}

static gboolean recover_intent(CrStore *store, const CrEngine *engine, const CrConfig *config,
        const CrId *collection, CrPlan **ret_plan, GError **error)
{
        g_autoptr(GError) problem = NULL;
        g_autoptr(CrPlan) plan = cr_store_intent(store, collection, &problem);

        if (problem) {
                g_propagate_error(error, g_steal_pointer(&problem));
                return FALSE;
        }
        if (!plan)
                return TRUE;
        /* Time has passed between the first disk's cut and the last one's: no longer one instant. */
        if (!cr_id_is_none(&plan->dropped_point))
                cr_plan_drop_point(plan);
        if (!carry_out(store, engine, config, plan, error))
                return FALSE;
        *ret_plan = g_steal_pointer(&plan);
        return TRUE;
}

/* Layers are staged among the images, an export's partial files in its folder. */
static char *const *staging_directories(const CrConfig *config, const char *path)
{
        return cr_path_is_inside(config->export_directories, path) ? config->export_directories
                                                                   : config->image_directories;
}

/* Unlinks a staged file and flushes its folder, before the store forgets it. Absent is fine: it was noted
 * before it was made. */
static gboolean unlink_staged(const CrConfig *config, const char *path, GError **error)
{
        g_autofree char *directory = g_path_get_dirname(path), *name = g_path_get_basename(path);
        g_autoptr(GError) problem = NULL;
        int folder = cr_path_open_directory(staging_directories(config, path), directory, &problem),
            errnum = 0;

        if (folder < 0 && g_error_matches(problem, CR_ERROR, CR_ERROR_FILE_NOT_FOUND))
                return TRUE;
        if (folder < 0) {
                g_propagate_error(error, g_steal_pointer(&problem));
                return FALSE;
        }
        if ((unlinkat(folder, name, 0) < 0 && errno != ENOENT) || fsync(folder) < 0)
                errnum = errno;
        close(folder);
        return errnum == 0 || cr_error_set_errno(error, errnum, "staged file '%s'", path);
}

static gboolean recover_staged(CrStore *store, const CrConfig *config, const CrId *collection, GError **error)
{
        g_auto(GStrv) paths = cr_store_staged(store, collection, error);

        if (!paths)
                return FALSE;
        if (!paths[0])
                return TRUE;
        for (char **path = paths; *path; path++) {
                CR_FAILPOINT("recover.staged");
                if (!unlink_staged(config, *path, error))
                        return FALSE;
        }
        CR_FAILPOINT("recover.unlinked");
        return cr_store_unstage(store, collection, error);
}

/* The layers of an unfinished receive go away, by a plan of their own: its steps are as idempotent as any. */
static CrPlan *plan_abandon(const CrCollection *before)
{
        CrPlan *plan = cr_plan_new(before, CR_OP_RECOVER);
        GPtrArray *layers = plan->after->layers;

        for (guint i = layers->len; i > 0; i--) {
                const CrLayer *layer = g_ptr_array_index(layers, i - 1);
                CrStep *step;

                if (layer->kind != CR_LAYER_RECEIVING)
                        continue;
                step = cr_plan_add_step(plan, CR_STEP_DELETE, &layer->disk);
                step->path = g_strdup(layer->path);
                step->inode = layer->inode;
                g_ptr_array_remove_index(layers, i - 1);
        }
        plan->after->receive = (CrReceive){0};
        if (plan->after->state == CR_STATE_INITIAL_REPLICATION)
                plan->after->state = CR_STATE_READY;
        return plan;
}

static gboolean recover_receive(
        CrStore *store, const CrEngine *engine, const CrConfig *config, const CrId *id, GError **error)
{
        g_autoptr(GError) problem = NULL;
        g_autoptr(CrCollection) collection = cr_store_load(store, id, CR_LOAD_ALL, &problem);
        g_autoptr(CrPlan) plan = NULL;

        /* A definition that was never completed, or a destruction that just was. */
        if (!collection && g_error_matches(problem, CR_ERROR, CR_ERROR_FILE_NOT_FOUND))
                return TRUE;
        if (!collection) {
                g_propagate_error(error, g_steal_pointer(&problem));
                return FALSE;
        }
        if (cr_id_is_none(&collection->receive.transfer))
                return TRUE;
        plan = plan_abandon(collection);
        return cr_redo_run(store, engine, config, plan, NULL, NULL, NULL, error);
}

gboolean cr_redo_recover(CrStore *store, const CrEngine *engine, const CrConfig *config,
        const CrId *collection, CrPlan **ret_plan, GError **error)
{
        g_autoptr(CrPlan) plan = NULL;

        if (ret_plan)
                *ret_plan = NULL;
        if (!recover_intent(store, engine, config, collection, &plan, error) ||
                !recover_staged(store, config, collection, error) ||
                !recover_receive(store, engine, config, collection, error))
                return FALSE;
        if (ret_plan)
                *ret_plan = g_steal_pointer(&plan);
        return TRUE;
}
