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

/* Each staged overlay (CrStagedLayer) becomes its disk's head above the layer at @point. FileNotFound when a
 * disk has none. */
gboolean cr_plan_place_heads(CrPlan *plan, const CrId *point, GPtrArray *staged, GError **error);

/* What a cut is told. */
typedef struct CrCutSpec {
        CrId point; /* the new point's id */
        CrId host;  /* that cuts it */
        gint64 now;
        GPtrArray *staged;   /* CrStagedLayer, one a disk that has a head and is included */
        GPtrArray *machines; /* CrMachine: that have heads open now; NULL: none is open */
} CrCutSpec;

/* Each head becomes the new point's frozen layer, with a staged overlay above it as the new head. Heads that
 * a machine has open are cut in the machine, all in one transaction; several machines stand still meanwhile.
 * Closed heads are fenced, so that any instant is the same one for them. InUse when two machines write to one
 * head. */
CrPlan *cr_plan_cut(const CrCollection *before, CrOperation operation, const CrEngine *engine,
        const CrCutSpec *spec, GError **error);

/* A cut without new heads, since the other side is to take over: each head is moved to where frozen layers
 * lie and is the last point's layer, of the size that its file has now (@sizes: in the order of
 * cr_disk_set_cut).
 * @spec->staged is not used. A recovery need not drop this point: nothing is written after a disk's step, so
 * that all disks are of one instant when the last one is done. */
CrPlan *cr_plan_planned_failover(const CrCollection *before, const CrEngine *engine, const CrCutSpec *spec,
        const guint64 *sizes, GError **error);

/* The reverse of that: a staged overlay above the last point becomes each disk's head; the primary replicates
 * again. */
CrPlan *cr_plan_revert_planned_failover(const CrCollection *before, GPtrArray *staged, GError **error);

/* A replica takes over at @point: a staged overlay above it becomes each disk's head; @generation is this
 * side's from then on. A disk that came after the point gets none: there is no staged layer of it. */
CrPlan *cr_plan_failover(const CrCollection *before, const CrId *point, const CrGeneration *generation,
        GPtrArray *staged, GError **error);

/* The reverse of that: heads are set aside as a divergence above the point that was failed over to; replica
 * again. */
CrPlan *cr_plan_revert_failover(
        const CrCollection *before, const CrEngine *engine, gint64 now, GError **error);

/* A test copy of @replica at @point, without heads yet: a collection of its own, @name, whose disks' heads
 * lie in @folder. It has the disks that have a layer at @point. */
CrCollection *cr_plan_test_copy(
        const CrCollection *replica, const CrId *point, const char *name, const char *folder);

/* A head of a test copy: a staged overlay that is a clone of a layer of the replica. */
typedef struct CrTestHead {
        const CrStagedLayer *staged;
        const CrLayer *base; /* the replica's */
        guint64 base_size;   /* of its file */
        gint64 base_mtime;   /* microseconds */
} CrTestHead;

/* Makes the copy (as cr_plan_test_copy gives it, with @heads in the order of its disks) beside the replica.
 */
CrPlan *cr_plan_test_failover(
        const CrCollection *before, const CrCollection *copy, const CrId *point, const CrTestHead *heads);

/* Destroys it, with what was written to it. */
CrPlan *cr_plan_revert_test_failover(const CrCollection *before, const CrCollection *copy);

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

/* Takes @disk out of the set: with a head it ends as one plain image at the head's path, without one its
 * layers are deleted. Points that only it was in are no longer held. InvalidState when a divergence has
 * something of it. */
gboolean cr_plan_remove_disk(CrPlan *plan, const CrId *disk, GError **error);

/* Parts of plans. The file of @layer is deleted (its row stays). */
void cr_plan_delete_layer(CrPlan *plan, const CrLayer *layer);
/* The whole chain of a disk is merged into its lowest layer, which ends at the head's path (the other rows
 * stay). InvalidState when it has no head. */
gboolean cr_plan_flatten_disk(CrPlan *plan, const CrDisk *disk, GError **error);

/* Destroys a replica: every received layer is deleted, then the collection. */
CrPlan *cr_plan_destroy_replica(const CrCollection *before);

/* Files that the layers of @divergent_head above @common_point occupy, in bytes. */
guint64 cr_divergent_bytes(const CrCollection *collection, const CrEngine *engine, const CrLayer *head,
        const CrId *common_point);

/* The swap of directions: recovery and primary connection points change places. */
void cr_settings_swap_direction(CrSettings *settings);
