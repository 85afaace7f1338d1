/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A point that arrives at a replica: new layers, one a disk, that are part of no point until all of them are
 * complete and verified. What everything that receives has in common, wherever the contents come from.
 */
#pragma once

#include "worker/worker.h"

typedef struct CrArrival {
        CrWorker *worker;
        CrCollection *collection; /* borrowed */
        const CrEngine *engine;
        CrReceive point;         /* that its end will list; id of the transfer and the rest of it */
        CrGeneration generation; /* the sender's */
        gboolean planned;        /* nothing is written after it: a planned failover follows */
        guint initial_type;      /* CrInitialType, should this be the first point of a relationship */
        GPtrArray *layers;       /* CrLayer, borrowed from the collection, in the order they were added */
} CrArrival;

void cr_arrival_init(CrArrival *arrival, CrWorker *worker, CrCollection *collection, const CrEngine *engine);
void cr_arrival_clear(CrArrival *arrival); /* only its memory */

/* Adds the row of @disk's new layer, above @below (NULL: nothing). Borrowed. */
CrLayer *cr_arrival_add_layer(
        CrArrival *arrival, const CrDisk *disk, const CrLayer *below, guint64 virtual_size);

/* Notes the transfer and its layers in the store, before any of their files exists: from here on whoever
 * finds it unfinished abandons it. */
gboolean cr_arrival_note(CrArrival *arrival, GError **error);
/* Creates the layers' files. Their inodes are saved with cr_arrival_save. */
gboolean cr_arrival_create(CrArrival *arrival, GError **error);
gboolean cr_arrival_save(CrArrival *arrival, GError **error);

/* Serves what @layer shows, or @layer for writing. */
CrExport *cr_arrival_serve(CrArrival *arrival, const CrLayer *layer, gboolean writable, GError **error);

/* Reads the layers, which nothing writes any more, from their disks: Failed when the digest of one is not
 * what is @expected of it (one a layer, in their order; NULL: nothing is right). */
gboolean cr_arrival_verify(CrArrival *arrival, const char *const *expected, GError **error);

/* Adds a point as lineage only, unless it is known. */
void cr_arrival_add_lineage(CrArrival *arrival, const CrId *point, const CrId *parent);
/* Lists the point in the store, in one transaction: its layers are frozen, the replica stands on it. @bytes:
 * of data that came. InvalidState when the store no longer expects this transfer. */
gboolean cr_arrival_seal(CrArrival *arrival, guint64 bytes, GError **error);

/* Instead of that: keeps the layers as part of no point, for a point to go above them. */
gboolean cr_arrival_keep(CrArrival *arrival, GError **error);

/* An arrival that failed leaves nothing: its layers were part of no point. */
void cr_arrival_abandon(CrArrival *arrival);
