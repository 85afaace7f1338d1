/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What several operations do with a collection's heads: fence them, stage overlays, cut a point. */
#pragma once

#include "core/plans.h"
#include "worker/worker.h"

/* A fence on every head that takes part; InvalidState when there is none, InUse names the disk that is open
 * elsewhere. */
CrFence *cr_heads_fence(
        CrWorker *worker, const CrEngine *engine, const CrCollection *collection, GError **error);

/* The same for a cut: heads that one of the collection's machines has open are left to it. */
CrFence *cr_heads_fence_closed(
        CrWorker *worker, const CrEngine *engine, const CrCollection *collection, GError **error);

/* FileNotFound when a layer of @point is gone from its place. */
gboolean cr_heads_check_point(const CrCollection *collection, const CrId *point, GError **error);

/* None is taken for the latest, base_point. FileNotFound when @point is not a recovery point here, or a layer
 * of it is gone. */
gboolean cr_heads_choose_point(const CrCollection *collection, CrId *point, GError **error);

/* InvalidState, naming it, when something lies at the path of a head that this side does not have. */
gboolean cr_heads_check_absent(const CrCollection *collection, GError **error);

/* Creates one empty overlay per disk above the head (@point NULL; the overlay names the place that the head
 * will be moved to) or above @point; a disk that is not in that point gets none. They are noted in the store
 * first. CrStagedLayer elements. */
GPtrArray *cr_heads_stage(CrWorker *worker, const CrEngine *engine, const CrCollection *collection,
        const CrId *point, GError **error);

/* Notes the paths of @staged (CrStagedLayer), which are about to be created, with @collection: a recovery of
 * that deletes them. */
gboolean cr_heads_note_staged(
        CrWorker *worker, const CrCollection *collection, GPtrArray *staged, GError **error);

/* Cuts a point through all disks that have a head, which must be fenced or open in a machine. Replaces
 * *@collection by what the store holds afterwards. */
gboolean cr_heads_cut(
        CrWorker *worker, const CrEngine *engine, CrCollection **collection, CrId *ret_point, GError **error);
