/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The option Machines: which virtual machines use a collection's disks. */
#pragma once

#include "worker/worker.h"

/* How many sockets a collection may name: as many as disks. */
#define CR_MACHINES_MAX CR_MAX_DISKS

/* Whether the request has that option. */
gboolean cr_machines_are_named(CrWorker *worker);

/* Takes the request's Options into @collection. InvalidParameter for a socket that may not lie where it does,
 * is no socket, is named twice, or for one too many; one that is not there belongs to a machine that is off.
 */
gboolean cr_machines_take(CrWorker *worker, CrCollection *collection, GError **error);
