/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CancelInitialReplication and CancelResynchronize: what was put off is withdrawn; what was running the
 * daemon has ended before it started this worker. */
#include "core/redo.h"
#include "worker/later.h"
#include "worker/operations.h"
#include "worker/resynchronize.h"

/* Cancelled already, or never asked for: there is nothing to do either. */
static gboolean withdraw(CrWorker *worker, CrOperation operation, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        gboolean withdrawn;

        if (!collection || !cr_later_withdraw(worker, collection, operation, &withdrawn, error))
                return FALSE;
        if (!withdrawn)
                cr_worker_done(worker);
        return TRUE;
}

/* What a start or an import that was ended left, or waits for. The point that was cut stays a point. */
static gboolean settle_initial(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        const CrEngine *engine = collection ? cr_worker_engine(collection, error) : NULL;

        if (!engine || !cr_redo_recover(worker->store, engine, worker->config, &collection->id, NULL, error))
                return FALSE;
        g_autoptr(CrCollection) now = cr_store_load(worker->store, &collection->id, CR_LOAD_ALL, error);
        if (!now || now->state != CR_STATE_INITIAL_REPLICATION)
                return now != NULL;
        now->state = CR_STATE_READY;
        now->initial_type = 0;
        if (!cr_store_save(worker->store, now, error))
                return FALSE;
        cr_worker_changed();
        return TRUE;
}

gboolean cr_operation_cancel_initial(CrWorker *worker, GError **error)
{
        return settle_initial(worker, error) && withdraw(worker, CR_OP_START, error);
}

/* What a resynchronization that was ended left. */
static gboolean settle(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        const CrEngine *engine = collection ? cr_worker_engine(collection, error) : NULL;

        return engine &&
               cr_redo_recover(worker->store, engine, worker->config, &collection->id, NULL, error) &&
               cr_resynchronize_settle(worker, &collection->id, error);
}

gboolean cr_operation_cancel_resynchronize(CrWorker *worker, GError **error)
{
        return settle(worker, error) && withdraw(worker, CR_OP_RESYNCHRONIZE, error);
}
