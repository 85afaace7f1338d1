/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the peer makes and changes of a replica here. */
#pragma once

#include "worker/worker.h"

/* The folder of the heads of a collection on this site: its name, escaped so that any name is one harmless
 * component. */
char *cr_replica_folder(const CrWorker *worker, const char *name);

/* Adds the rows of @disks (a(sst): id, name, virtual size) with their paths under the replica's folder, which
 * is made when there is something to add. InvalidParameter for a name that is not one or is taken, and beyond
 * CR_MAX_DISKS. */
gboolean cr_replica_add_disks(CrWorker *worker, CrCollection *collection, GVariant *disks, GError **error);
gboolean cr_replica_make_folder(const CrWorker *worker, const CrCollection *collection, GError **error);

/* Whether the sender, of @generation, may change this replica by @preparation (none: it is not prepared).
 * InvalidState when it knows another preparation or is no longer the primary; StatusUnknown for a tie. */
gboolean cr_replica_check_sender(const CrCollection *collection, const CrId *preparation,
        const CrGeneration *generation, GError **error);
