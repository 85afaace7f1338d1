/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * New files in a folder that a caller named, inside ExportDirectories. They are written under partial names
 * that the store knows, so that an export that is killed leaves none of them, and take their own names
 * together at the end, none over a file that is there.
 */
#pragma once

#include "worker/worker.h"

typedef struct CrExportFolder CrExportFolder;

/* @collection: whose staged files they are. InvalidParameter, FileNotFound: as the path policy says. */
CrExportFolder *cr_export_folder_open(
        CrWorker *worker, const CrId *collection, const char *directory, GError **error);
void cr_export_folder_close(CrExportFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrExportFolder, cr_export_folder_close)

/* A file that shall be written. InvalidParameter, naming it, when there is one of this name. */
gboolean cr_export_folder_add(CrExportFolder *folder, const char *name, GError **error);
/* Notes the partial names of all of them in the store. */
gboolean cr_export_folder_note(CrExportFolder *folder, GError **error);

/* Writes one as the view of @chain (CrLayer, topmost first). */
gboolean cr_export_folder_write_image(CrExportFolder *folder, const CrEngine *engine, const char *name,
        GPtrArray *chain, void (*progress)(guint64 done, guint64 total, void *), void *userdata,
        GError **error);
/* Writes one as @text. */
gboolean cr_export_folder_write_text(
        CrExportFolder *folder, const char *name, const char *text, GError **error);

/* All are complete: they take their names, in the order they were added. After an error none of them is left
 * but by its partial name. */
gboolean cr_export_folder_publish(CrExportFolder *folder, GError **error);

/* The absolute path of a file there. */
char *cr_export_folder_path(const CrExportFolder *folder, const char *name);
