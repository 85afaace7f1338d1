/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Collections built by hand: points and layers that are named by small numbers. */
#pragma once

#include "core/model.h"

CrId tree_disk_id(guint disk);
CrId tree_point_id(guint number);             /* none for 0 */
CrId tree_layer_id(guint disk, guint number); /* none for 0 */

/* With @n_disks disks, nothing else; a primary that replicates. */
CrCollection *tree_new(guint n_disks);

/* A layer @number of one disk above @parent (0: none), at @point (0: none). Borrowed. */
CrLayer *tree_add_layer(
        CrCollection *collection, guint disk, guint number, guint parent, CrLayerKind kind, guint point);

/* The same on every disk. */
void tree_add_layers(CrCollection *collection, guint number, guint parent, CrLayerKind kind, guint point);

/* The row of a point. Borrowed. */
CrPoint *tree_add_point(CrCollection *collection, guint number, guint parent, gboolean held);

/* Points 1 to @count, each held, with a layer of the same number on every disk, each above the one before. */
void tree_add_chain(CrCollection *collection, guint count);

CrLayer *tree_layer(const CrCollection *collection, guint disk, guint number);

/* A divergence of every disk's layer @number above @common. Borrowed. */
CrDivergence *tree_add_divergence(CrCollection *collection, guint number, guint common);
