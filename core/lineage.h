/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions about the order of points (by parent, never by clock) and of layers (by the site's own tree).
 * Pure. */
#pragma once

#include "core/model.h"

/* What a peer told of a point. */
typedef struct CrPeerPoint {
        CrId id;
        CrId parent;
        gboolean held; /* that site still has it as a recovery point */
} CrPeerPoint;

/* The layers from @top (included) down to the lowest that is ours, topmost first. Elements borrowed. An
 * unknown or circular parent ends it: NULL with Failed. */
GPtrArray *cr_lineage_chain(const CrCollection *collection, const CrId *top, GError **error);

/* The newest point, going down from @disk's head (or, without one, from base_point), that is held here and
 * held by the peer (@peer_points: CrPeerPoint). None: none shared. A disk that came later may lack it. */
CrId cr_lineage_common_point(const CrCollection *collection, GPtrArray *peer_points);

/* For a sender: the point to send above. The common point if there is one; else (the receiver stands on a
 * branch that this side abandoned when it failed over to an older point) the newest point that both hold on
 * any branch. None: nothing is shared. */
CrId cr_lineage_shared_point(const CrCollection *collection, GPtrArray *peer_points);

/* TRUE when @ancestor is @point or comes before it. */
gboolean cr_lineage_is_ancestor(GPtrArray *points, const CrId *ancestor, const CrId *point);

/* The held points from the heads' base (or base_point) downwards, newest first, by this site's layer tree:
 * all the disks that have a layer at such a point stand on it. CrPoint, borrowed. */
GPtrArray *cr_lineage_held(const CrCollection *collection);

/* The layer of @disk at @point; at none: the topmost frozen one that is part of no point, as a seed is. NULL:
 * there is none. */
CrLayer *cr_lineage_base_layer(const CrCollection *collection, const CrId *disk, const CrId *point);

/* How far two layer chains of a disk (as cr_lineage_chain gives) share: *@ret_above_a and *@ret_above_b are
 * the numbers of layers above their fork (all, when they share none). */
void cr_lineage_fork(GPtrArray *chain_a, GPtrArray *chain_b, guint *ret_above_a, guint *ret_above_b);

/* TRUE when the layer is needed whatever retention says (design, first invariant). @reason (may be NULL) is a
 * static word for messages. */
gboolean cr_lineage_is_pinned(const CrCollection *collection, const CrLayer *layer, const char **reason);

/* The points that retention would drop now: held, not pinned, beyond settings->recovery_history beside the
 * latest; oldest first. On a primary: everything before the newest confirmed point beyond the same number.
 * CrPoint, borrowed. */
GPtrArray *cr_lineage_expired(const CrCollection *collection);

/* Points that are lineage only are forgotten, the oldest first, beyond this many: a lineage would grow for
 * ever otherwise. What two sites must share to recognize one another is held by both. Source: ours; a week of
 * cycles every 10 minutes. */
#define CR_LINEAGE_KEPT 1000u

/* Forgets the oldest points that no layer is left of and that nothing names, beyond @kept. */
void cr_lineage_forget(CrCollection *collection, guint kept);
