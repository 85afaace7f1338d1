/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images that somebody laid into a folder inside ExportDirectories, for a replica to take in: an exported
 * initial replication, or seeds. Hostile until they are checked.
 */
#pragma once

#include "transfer/copy.h"
#include "worker/arrival.h"

/* One image, checked and served read-only. */
typedef struct CrMedium {
        const CrEngine *engine;
        char *path;
        CrExport *export;
        CrNbd *view;
} CrMedium;

/* Begins to serve the image @path of @format ("qcow2" or "raw"). Errors as of the engine's serve_image. */
CrMedium *cr_medium_open(
        CrWorker *worker, const CrEngine *engine, const char *path, const char *format, GError **error);
/* Waits for its server. Open all before the first is connected: they start side by side. *@ret_size: what a
 * guest sees. */
gboolean cr_medium_connect(CrMedium *medium, guint64 *ret_size, GError **error);
void cr_medium_close(CrMedium *medium);

/* Copies its whole contents into @layer, which is as large and empty; flushed to stable storage. @total: of
 * all that are copied, of which @before were copied already; shown as the job's progress. */
gboolean cr_medium_copy(CrMedium *medium, CrArrival *arrival, const CrLayer *layer, guint64 before,
        guint64 total, CrCopyResult *ret, GError **error);
