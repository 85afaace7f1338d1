/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of a resynchronization that did not come to its end. */
#pragma once

#include "worker/worker.h"

/* Nobody resynchronizes the collection any more: its state says so again, waiting-to-resynchronize when the
 * sites are known to differ, else replicating. Nothing is done in any other state. The collection's lock is
 * held. */
gboolean cr_resynchronize_settle(CrWorker *worker, const CrId *collection, GError **error);
