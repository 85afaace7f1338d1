/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The disks that a caller names: for a new collection, and for one that gets more. */
#pragma once

#include "worker/worker.h"

/* Adds @disks (a(ss): name, path), each checked before it is believed, and their heads to @collection, which
 * is not saved. InvalidParameter names the rule that a name or path breaks; the engine's own errors name the
 * image. More than CR_MAX_DISKS in all is InvalidParameter. */
gboolean cr_define_add_disks(CrWorker *worker, CrCollection *collection, GVariant *disks, GError **error);
