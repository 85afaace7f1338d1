/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Carries out what a dead worker left: its intent, its staged files, its half-received layers. */
#include "core/redo.h"
#include "worker/operations.h"
#include "worker/resynchronize.h"

gboolean cr_operation_recover(CrWorker *worker, GError **error)
{
        g_autoptr(CrPlan) plan = NULL;
        CrId id;

        if (!cr_worker_get_id(worker, CR_REQUEST_COLLECTION, FALSE, &id, error))
                return FALSE;
        g_autoptr(CrCollection) collection = cr_store_load(worker->store, &id, CR_LOAD_ALL, error);
        const CrEngine *engine = collection ? cr_worker_engine(collection, error) : NULL;
        if (!engine || !cr_worker_ready(worker, NULL, error))
                return FALSE;
        cr_worker_final(TRUE);
        if (!cr_redo_recover(worker->store, engine, worker->config, &id, &plan, error) ||
                !cr_resynchronize_settle(worker, &id, error))
                return FALSE;
        cr_worker_changed();
        cr_worker_result(g_variant_new_parsed("{'Operation': <%s>, 'Job': <%t>, 'Completed': <%b>}",
                plan ? cr_operation_word(plan->operation) : "", plan ? plan->job : G_GUINT64_CONSTANT(0),
                plan ? cr_id_is_none(&plan->dropped_point) : FALSE));
        return TRUE;
}
