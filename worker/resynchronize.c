/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resynchronize: cut a point, compare all of its contents with the peer's newest, send what differs. */
#include "worker/resynchronize.h"

#include "core/failpoint.h"
#include "worker/cycle.h"
#include "worker/later.h"
#include "worker/operations.h"

static gboolean is_suspended(const CrCollection *collection)
{
        return collection->state == CR_STATE_SUSPENDED ||
               collection->state == CR_STATE_RESYNCHRONIZATION_SUSPENDED;
}

/* A suspended one is resumed by this, but only when asked to. */
static gboolean check_suspended(CrWorker *worker, GError **error)
{
        g_autoptr(GVariant) include = cr_worker_get(worker, "IncludeSuspended", "b", error);
        g_autoptr(CrCollection) collection = include ? cr_worker_load(worker, error) : NULL;

        if (!collection)
                return FALSE;
        if (g_variant_get_boolean(include) || !is_suspended(collection))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "collection '%s' is suspended (%s): resume it first (ResumeReplication), or include what is "
                "suspended",
                collection->name, cr_state_word(collection->state));
        return FALSE;
}

/* Its direction was checked: it is a replica of this collection, and has no head. */
static gboolean check_target(const CrCycle *cycle, GError **error)
{
        if (!cr_id_is_none(&cycle->site->newest_point))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "the peer of collection '%s' has no point to compare with: start the replication "
                "(StartReplication; with images that are there already, type 3)",
                cycle->collection->name);
        return FALSE;
}

static gboolean begin(CrCycle *cycle, GError **error)
{
        cycle->collection->state = CR_STATE_RESYNCHRONIZING;
        CR_FAILPOINT("resynchronize.beginning");
        if (!cr_cycle_save(cycle, error))
                return FALSE;
        CR_FAILPOINT("resynchronize.begun");
        return TRUE;
}

gboolean cr_resynchronize_settle(CrWorker *worker, const CrId *id, GError **error)
{
        g_autoptr(GError) failure = NULL;
        g_autoptr(CrCollection) collection = cr_store_load(worker->store, id, CR_LOAD_ALL, &failure);

        if (!collection && !g_error_matches(failure, CR_ERROR, CR_ERROR_FILE_NOT_FOUND)) {
                g_propagate_error(error, g_steal_pointer(&failure));
                return FALSE;
        }
        /* What was carried out before may have been its destruction. */
        if (!collection || collection->state != CR_STATE_RESYNCHRONIZING)
                return TRUE;
        collection->state =
                collection->needs_resynchronize ? CR_STATE_WAITING_TO_RESYNCHRONIZE : CR_STATE_REPLICATING;
        CR_FAILPOINT("resynchronize.settling");
        if (!cr_store_save(worker->store, collection, error))
                return FALSE;
        CR_FAILPOINT("resynchronize.settled");
        cr_worker_changed();
        return TRUE;
}

/* With an intent left behind the recovery does it. */
static void settle(CrWorker *worker, const CrId *id)
{
        g_autoptr(CrPlan) intent = cr_store_intent(worker->store, id, NULL);
        g_autoptr(GError) failure = NULL;

        if (!intent && !cr_resynchronize_settle(worker, id, &failure))
                g_info("collection %s: %s", id->text, failure->message);
}

static gboolean resynchronize(CrCycle *cycle, GError **error)
{
        CrId id = cycle->collection->id;

        if (begin(cycle, error) && cr_cycle_cut(cycle, error) && cr_cycle_send_compared(cycle, error))
                return TRUE;
        settle(cycle->worker, &id);
        return FALSE;
}

gboolean cr_operation_resynchronize(CrWorker *worker, GError **error)
{
        static const char *const keys[] = {"IncludeSuspended", NULL};
        g_auto(CrCycle) cycle = {0};
        gboolean later;

        if (!check_suspended(worker, error) || !cr_later_store(worker, keys, &later, error))
                return FALSE;
        return later || (cr_cycle_open(&cycle, worker, error) && check_target(&cycle, error) &&
                                cr_cycle_fence(&cycle, error) && cr_worker_ready(worker, NULL, error) &&
                                resynchronize(&cycle, error));
}
