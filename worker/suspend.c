/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SuspendReplication and ResumeReplication, on either side. The daemon has ended a running transfer of the
 * collection before it starts this worker.
 */
#include "core/failpoint.h"
#include "core/redo.h"
#include "worker/operations.h"

/* Carries out what the transfer that was ended left, so that the state is told of the whole. */
static CrCollection *load_settled(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) before = cr_worker_load(worker, error);
        const CrEngine *engine = before ? cr_worker_engine(before, error) : NULL;

        if (!engine || !cr_redo_recover(worker->store, engine, worker->config, &before->id, NULL, error))
                return NULL;
        return cr_worker_load(worker, error);
}

static gboolean save(CrWorker *worker, const CrCollection *collection, GError **error)
{
        if (!cr_worker_ready(worker, NULL, error))
                return FALSE;
        CR_FAILPOINT("suspend.saving");
        if (!cr_store_save(worker->store, collection, error))
                return FALSE;
        CR_FAILPOINT("suspend.saved");
        cr_worker_changed();
        return TRUE;
}

static gboolean is_suspended(const CrCollection *collection)
{
        return collection->state == CR_STATE_SUSPENDED ||
               collection->state == CR_STATE_RESYNCHRONIZATION_SUSPENDED;
}

static gboolean is_resynchronizing(CrState state)
{
        return state == CR_STATE_RESYNCHRONIZING || state == CR_STATE_WAITING_TO_RESYNCHRONIZE;
}

gboolean cr_operation_suspend(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = load_settled(worker, error);

        if (!collection)
                return FALSE;
        if (is_suspended(collection)) {
                cr_worker_done(worker);
                return TRUE;
        }
        collection->suspended_state = collection->state;
        collection->state = is_resynchronizing(collection->state) ? CR_STATE_RESYNCHRONIZATION_SUSPENDED
                                                                  : CR_STATE_SUSPENDED;
        return save(worker, collection, error);
}

/* A resynchronization begins anew, at once, whatever time of the day its setting names. */
static void resume_resynchronization(CrCollection *collection)
{
        collection->state = CR_STATE_WAITING_TO_RESYNCHRONIZE;
        collection->scheduled_time = g_get_real_time();
        g_free(collection->scheduled_operation);
        collection->scheduled_operation = g_strdup(cr_operation_word(CR_OP_RESYNCHRONIZE));
        g_free(collection->scheduled_request);
        collection->scheduled_request = g_strdup("{'IncludeSuspended': <false>}");
}

gboolean cr_operation_resume(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = load_settled(worker, error);

        if (!collection)
                return FALSE;
        if (!is_suspended(collection)) {
                cr_worker_done(worker);
                return TRUE;
        }
        if (collection->state == CR_STATE_SUSPENDED)
                collection->state = collection->suspended_state;
        else
                resume_resynchronization(collection);
        return save(worker, collection, error);
}
