/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The plan of each operation that touches files: pure functions from what the site knows to steps and the
 * collection after them. Checks (roles, direction, images) are the caller's; what a plan finds contradictory
 * in the collection itself is an error.
 */
#pragma once

#include "core/engine.h"

/* A new layer for one disk, whose empty overlay was created at @path before the plan. */
typedef struct CrStagedLayer {
        CrId disk;
        CrId layer;
        char *path;
        ino_t inode;
        guint64 virtual_size;
} CrStagedLayer;

CrStagedLayer *cr_staged_layer_new(
        const CrEngine *engine, const CrCollection *collection, const CrDisk *disk, guint64 virtual_size);
void cr_staged_layer_free(CrStagedLayer *staged);

/* Adds the row of a disk's new head, which the staged overlay will be, above the layer @parent. */
void cr_plan_add_head(CrPlan *plan, CrDisk *disk, const CrId *parent, const CrStagedLayer *staged);

/* What a cut is told. */
typedef struct CrCutSpec {
        CrId point; /* the new point's id */
        CrId host;  /* that cuts it */
        gint64 now;
        GPtrArray *staged; /* CrStagedLayer, one a disk */
} CrCutSpec;

/* Each head becomes the new point's frozen layer, with a staged overlay above it as the new head. */
CrPlan *cr_plan_cut(const CrCollection *before, CrOperation operation, const CrEngine *engine,
        const CrCutSpec *spec, GError **error);

/* A replica takes over at @point: a staged overlay above it becomes each disk's head; @generation is this
 * side's from then on. */
CrPlan *cr_plan_failover(const CrCollection *before, const CrId *point, const CrGeneration *generation,
        GPtrArray *staged, GError **error);

/* The reverse of that: heads are set aside as a divergence above the point that was failed over to; replica
 * again. */
CrPlan *cr_plan_revert_failover(
        const CrCollection *before, const CrEngine *engine, gint64 now, GError **error);

/* What a preparation for reverse replication is told. */
typedef struct CrPrepareSpec {
        CrId common_point;
        CrId preparation;
        CrGeneration generation; /* the peer's */
        gint64 now;
} CrPrepareSpec;

/* A former primary becomes a replica that stands on the common point: heads are set aside, nothing is copied.
 */
CrPlan *cr_plan_prepare(
        const CrCollection *before, const CrEngine *engine, const CrPrepareSpec *spec, GError **error);

/* The undo: heads are put back, role, state and generation are the former ones. InvalidState when the
 * divergence is no longer there. */
CrPlan *cr_plan_undo_prepare(const CrCollection *before, GError **error);

/* Deletes what only the divergence refers to. */
CrPlan *cr_plan_discard(const CrCollection *before, const CrId *divergence, GError **error);

/* Drops one point: on every disk its layer is merged with the one above it, or deleted when it is the end of
 * an abandoned branch. NULL when some disk still needs its layer. */
CrPlan *cr_plan_expire_point(const CrCollection *before, const CrId *point);

/* Takes out one layer that is part of no point (a cut that was interrupted left it). NULL when there is none.
 */
CrPlan *cr_plan_merge_pointless(const CrCollection *before);

/* Ends replication on a side that has heads: one plain image per disk at its head's path, everything else
 * deleted. */
CrPlan *cr_plan_flatten(const CrCollection *before, CrOperation operation, GError **error);

/* Destroys a replica: every received layer is deleted, then the collection. */
CrPlan *cr_plan_destroy_replica(const CrCollection *before);

/* Files that the layers of @divergent_head above @common_point occupy, in bytes. */
guint64 cr_divergent_bytes(const CrCollection *collection, const CrEngine *engine, const CrLayer *head,
        const CrId *common_point);

/* The swap of directions: recovery and primary connection points change places. */
void cr_settings_swap_direction(CrSettings *settings);
