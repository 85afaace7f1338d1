/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The collection's lock file: a worker and all its children hold one flock on it (the descriptor is
 * inherited); a job or a recovery starts only with it in hand. */
#pragma once

#include "core/id.h"

/* <directory>/<collection>.lock, created as needed. Tries for @wait_ms; then InUse. The descriptor is not
 * close-on-exec, on purpose. -1 on error. */
int cr_lock_take(const char *directory, const CrId *collection, guint wait_ms, GError **error);
