/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the story expects: a plain record of what each site must show and hold, which knows nothing of layers,
 * transfers or how anything is done. Plain values: a copy of a Model is another Model. */
#pragma once

#include "core/id.h"
#include "core/state.h"
#include "tests/story/random/contents.h"

#define POINTS_MAX 128u
#define DIVERGENCES_MAX 16u

typedef struct ModelPoint {
        CrId id;
        gboolean must; /* retention must not have taken it; else it may be gone */
} ModelPoint;

typedef struct ModelDivergence {
        CrId id; /* none: not seen yet */
        gboolean undoable;
        Cut cut;
} ModelDivergence;

/* One site's half. */
typedef struct Half {
        gboolean exists;
        CrRole role;
        CrState state;
        CrState former_state;   /* what an undo of the preparation goes back to */
        CrState suspended_from; /* what a resume goes back to */
        gboolean has_head;
        Cut head;
        guint history;
        gboolean is_pruned; /* a cycle has kept to that history since it was set */
        CrId newest;        /* what a failover to the latest gives; none: not known */
        gboolean newest_is_fresh;
        guint n_points;
        ModelPoint point[POINTS_MAX]; /* in the order in which they came */
        guint n_divergences;
        ModelDivergence divergence[DIVERGENCES_MAX];
} Half;

typedef struct Model {
        Half half[2];
        gboolean cuts; /* the last operation may have made one new point, of this content */
        Cut cut;
        guint branched; /* cycles for which the points may not be in one line, after a failover to an older
                           one */
} Model;

ModelPoint *half_point(Half *half, const CrId *id);
void half_add_point(Half *half, const CrId *id);
ModelDivergence *half_divergence(Half *half, const CrId *id);
/* A new divergence of what the head shows; the head is absent from then on. */
void half_set_aside(Half *half, gboolean undoable);
/* The head is what the divergence was. */
void half_put_back(Half *half, ModelDivergence *divergence);
void half_remove_divergence(Half *half, ModelDivergence *divergence);
ModelDivergence *half_undoable(Half *half);
/* No relationship, one image for each disk. */
void half_flatten(Half *half);
/* All points but the newest may be gone. */
void half_release_points(Half *half);
