/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Served views of one disk, and what changed between two of them. */
#pragma once

#include "core/lineage.h"
#include "transfer/copy.h"
#include "worker/worker.h"

/* Where the blocks of one disk come from: the view that is sent, and, when the receiver's point lies on
 * another branch, the view of that. */
typedef struct CrSource {
        const CrEngine *engine;
        CrExport *view_export, *other_export;
        CrNbd *view, *other;
        CrChangesSpec spec;
        gboolean unchanged; /* nothing was written on either branch: nothing is served, nothing else is set */
} CrSource;

/* Begins to serve what @top (a layer of @disk) shows, compared with what @base shows (NULL: nothing, a whole
 * copy). */
CrSource *cr_source_open(CrWorker *worker, const CrEngine *engine, const CrCollection *collection,
        const CrLayer *top, const CrLayer *base, GError **error);
/* Waits for the servers and connects to them: @spec can be used then. Open all sources before the first is
 * connected: their servers start side by side. */
gboolean cr_source_connect(CrSource *source, GError **error);
void cr_source_close(CrSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrSource, cr_source_close)
