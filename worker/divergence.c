/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Divergence.Export and Divergence.Discard. */
#include "core/failpoint.h"
#include "core/lineage.h"
#include "core/plans.h"
#include "core/redo.h"
#include "worker/export_folder.h"
#include "worker/operations.h"

typedef struct Export {
        CrWorker *worker;
        const CrCollection *collection;
        const CrEngine *engine;
        const CrDivergence *divergence;
        CrExportFolder *folder;
} Export;

static const CrDivergence *find_divergence(CrWorker *worker, const CrCollection *collection, GError **error)
{
        CrId id;

        if (!cr_worker_get_id(worker, "Divergence", FALSE, &id, error))
                return NULL;
        const CrDivergence *divergence = cr_collection_divergence(collection, &id);
        if (!divergence)
                g_set_error(error, CR_ERROR, CR_ERROR_FILE_NOT_FOUND, "collection '%s' has no divergence %s",
                        collection->name, id.text);
        return divergence;
}

static char *file_name(const CrDisk *disk)
{
        return g_strdup_printf("%s.qcow2", disk->name);
}

static const CrDisk *disk_at(const Export *export, guint index)
{
        const CrDivergentDisk *divergent = g_ptr_array_index(export->divergence->disks, index);

        return cr_collection_disk(export->collection, &divergent->disk);
}

static gboolean add_files(const Export *export, GError **error)
{
        for (guint i = 0; i < export->divergence->disks->len; i++) {
                g_autofree char *name = file_name(disk_at(export, i));

                if (!cr_export_folder_add(export->folder, name, error))
                        return FALSE;
        }
        return TRUE;
}

static void show_progress(guint64 done, guint64 total, void *userdata)
{
        cr_worker_progress(done, total);
}

static gboolean export_disk(const Export *export, guint index, GError **error)
{
        const CrDivergentDisk *divergent = g_ptr_array_index(export->divergence->disks, index);
        const CrDisk *disk = disk_at(export, index);
        g_autoptr(GPtrArray) chain = cr_lineage_chain(export->collection, &divergent->layer, error);

        if (!chain)
                return FALSE;
        g_autofree char *name = file_name(disk);
        g_autofree char *phase = g_strdup_printf("exporting disk '%s'", disk->name);
        cr_worker_phase(phase);
        return cr_export_folder_write_image(
                export->folder, export->engine, name, chain, show_progress, NULL, error);
}

static GVariant *exported_paths(const Export *export)
{
        GVariantBuilder paths;

        g_variant_builder_init(&paths, G_VARIANT_TYPE("a(ss)"));
        for (guint i = 0; i < export->divergence->disks->len; i++) {
                const CrDisk *disk = disk_at(export, i);
                g_autofree char *name = file_name(disk);
                g_autofree char *path = cr_export_folder_path(export->folder, name);

                g_variant_builder_add(&paths, "(ss)", disk->name, path);
        }
        return g_variant_builder_end(&paths);
}

static gboolean export_disks(Export *export, GError **error)
{
        if (!cr_export_folder_note(export->folder, error))
                return FALSE;
        CR_FAILPOINT("export.noted");
        for (guint i = 0; i < export->divergence->disks->len; i++)
                if (!export_disk(export, i, error))
                        return FALSE;
        CR_FAILPOINT("export.written");
        if (!cr_export_folder_publish(export->folder, error))
                return FALSE;
        cr_worker_result(
                g_variant_new_parsed("{'Paths': <%@a(ss)>, 'BytesSent': <@t 0>}", exported_paths(export)));
        return cr_store_unstage(export->worker->store, &export->collection->id, error);
}

static gboolean run_export(Export *export, GError **error)
{
        if (!add_files(export, error) || !cr_worker_ready(export->worker, NULL, error))
                return FALSE;
        if (export_disks(export, error))
                return TRUE;
        (void)cr_redo_recover(export->worker->store, export->engine, export->worker->config,
                &export->collection->id, NULL, NULL);
        return FALSE;
}

gboolean cr_operation_export(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        g_autoptr(GVariant) directory = collection ? cr_worker_get(worker, "Directory", "s", error) : NULL;
        Export export = {.worker = worker, .collection = collection};

        if (!directory || !cr_worker_refuse_options(worker, error))
                return FALSE;
        export.engine = cr_worker_engine(collection, error);
        export.divergence = export.engine ? find_divergence(worker, collection, error) : NULL;
        if (!export.divergence)
                return FALSE;
        g_autoptr(CrExportFolder) folder =
                cr_export_folder_open(worker, &collection->id, g_variant_get_string(directory, NULL), error);
        export.folder = folder;
        return folder && run_export(&export, error);
}

gboolean cr_operation_discard(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        const CrEngine *engine = collection ? cr_worker_engine(collection, error) : NULL;
        const CrDivergence *divergence = engine ? find_divergence(worker, collection, error) : NULL;

        if (!divergence || !cr_worker_ready(worker, NULL, error))
                return FALSE;
        cr_worker_phase("discarding the divergence");
        g_autoptr(CrPlan) plan = cr_plan_discard(collection, &divergence->id, error);
        return plan && cr_worker_run_plan(worker, engine, plan, error);
}
