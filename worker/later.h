/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts that a caller put off: stored with the collection (scheduled_*), begun by the daemon's schedule. */
#pragma once

#include "worker/worker.h"

/* When the request's StartTime (t, microseconds since the epoch; absent or 0: now) is in the future: loads
 * the collection, checks that the operation is allowed, stores the request's @keys (NULL-terminated), says
 * that there is nothing to do now, and *@ret_stored is TRUE. It takes the place of a start that was stored
 * before. */
gboolean cr_later_store(CrWorker *worker, const char *const *keys, gboolean *ret_stored, GError **error);

/* The worker's operation begins: what was stored of it is not begun again. In memory; whoever saves the
 * collection next saves this. */
void cr_later_begin(const CrWorker *worker, CrCollection *collection);

/* Whatever was stored belongs to a relationship that has ended. In memory, too. */
void cr_later_forget(CrCollection *collection);

/* Withdraws a stored start of @operation, if there is one: *@ret_withdrawn tells. Saved. */
gboolean cr_later_withdraw(CrWorker *worker, CrCollection *collection, CrOperation operation,
        gboolean *ret_withdrawn, GError **error);
