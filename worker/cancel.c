/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CancelInitialReplication and CancelResynchronize: what was put off is withdrawn. */
#include "worker/later.h"
#include "worker/operations.h"

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

gboolean cr_operation_cancel_initial(CrWorker *worker, GError **error)
{
        return withdraw(worker, CR_OP_START, error);
}

gboolean cr_operation_cancel_resynchronize(CrWorker *worker, GError **error)
{
        return withdraw(worker, CR_OP_RESYNCHRONIZE, error);
}
