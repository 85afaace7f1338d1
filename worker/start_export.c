/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "worker/start_export.h"
#include "core/disk_set.h"
#include "core/failpoint.h"
#include "core/manifest.h"
#include "core/redo.h"
#include "worker/export_folder.h"
#include "worker/source.h"

typedef struct StartExport {
        CrCycle *cycle;
        CrExportFolder *folder;
        CrManifest *manifest;
        guint64 done, total; /* bytes, as a guest sees them */
} StartExport;

/* Beside a point that is there, a second first one would only be in the way. */
static gboolean check_needed(const CrCycle *cycle, GError **error)
{
        CrId shared = cr_lineage_shared_point(cycle->collection, cycle->site->points);

        if (cr_id_is_none(&shared))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "the peer of collection '%s' holds its point %s already: nothing has to be exported, "
                "ReplicateNow goes on from there",
                cycle->collection->name, shared.text);
        return FALSE;
}

/* The manifest comes last: what has one is complete. */
static gboolean add_files(const StartExport *export, GError **error)
{
        g_autoptr(GPtrArray) disks = cr_disk_set_cut(export->cycle->collection);

        for (guint i = 0; i < disks->len; i++) {
                g_autofree char *name =
                        cr_manifest_image_name(((const CrDisk *)g_ptr_array_index(disks, i))->name);

                if (!cr_export_folder_add(export->folder, name, error))
                        return FALSE;
        }
        return cr_export_folder_add(export->folder, CR_MANIFEST_NAME, error);
}

static gboolean begin(CrCycle *cycle, GError **error)
{
        cycle->collection->state = CR_STATE_INITIAL_REPLICATION;
        cycle->collection->initial_type = CR_INITIAL_BY_EXPORT;
        return cr_cycle_save(cycle, error) && cr_cycle_cut(cycle, error);
}

static void describe_point(StartExport *export)
{
        const CrCollection *collection = export->cycle->collection;
        const CrPoint *point = cr_collection_point(collection, &export->cycle->point);

        export->manifest = cr_manifest_new();
        export->manifest->collection = collection->id;
        export->manifest->name = g_strdup(collection->name);
        export->manifest->point = point->id;
        export->manifest->parent = point->parent;
        export->manifest->origin = point->origin;
        export->manifest->created = point->created;
        export->manifest->consistency = point->consistency;
        for (guint i = 0; i < collection->disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(collection->disks, i);
                const CrLayer *layer = cr_collection_layer_at(collection, &disk->id, &point->id);

                if (!layer)
                        continue;
                cr_manifest_add_disk(export->manifest, &disk->id, disk->name, layer->virtual_size);
                export->total += layer->virtual_size;
        }
}

static void show_progress(guint64 done, guint64 total, void *userdata)
{
        const StartExport *export = userdata;

        cr_worker_progress(MIN(export->done + done, export->total), export->total);
}

/* Of what was cut, not of what was written: a medium that changes what it was given is found out. */
static gboolean digest_disk(
        const StartExport *export, CrManifestDisk *disk, const CrLayer *layer, GError **error)
{
        const CrCycle *cycle = export->cycle;
        g_autoptr(CrSource) source =
                cr_source_open(cycle->worker, cycle->engine, cycle->collection, layer, NULL, error);
        char digest[CR_DIGEST_LENGTH + 1];

        if (!source || !cr_source_connect(source, error) ||
                !cr_copy_digest(source->view, TRUE, NULL, NULL, digest, error))
                return FALSE;
        return cr_id_parse(digest, &disk->digest);
}

static gboolean export_disk(StartExport *export, CrManifestDisk *disk, GError **error)
{
        const CrCycle *cycle = export->cycle;
        const CrLayer *layer = cr_collection_layer_at(cycle->collection, &disk->id, &cycle->point);
        g_autoptr(GPtrArray) chain = cr_lineage_chain(cycle->collection, &layer->id, error);
        g_autofree char *name = cr_manifest_image_name(disk->name);
        g_autofree char *phase = g_strdup_printf("exporting disk '%s'", disk->name);

        cr_worker_phase(phase);
        if (!chain || !cr_export_folder_write_image(
                              export->folder, cycle->engine, name, chain, show_progress, export, error))
                return FALSE;
        export->done += disk->size;
        return digest_disk(export, disk, layer, error);
}

static gboolean write_files(StartExport *export, GError **error)
{
        for (guint i = 0; i < export->manifest->disks->len; i++)
                if (!export_disk(export, g_ptr_array_index(export->manifest->disks, i), error))
                        return FALSE;
        g_autofree char *text = cr_manifest_to_json(export->manifest);
        return cr_export_folder_write_text(export->folder, CR_MANIFEST_NAME, text, error);
}

static void tell_result(const StartExport *export)
{
        GVariantBuilder paths;

        g_variant_builder_init(&paths, G_VARIANT_TYPE("a(ss)"));
        for (guint i = 0; i < export->manifest->disks->len; i++) {
                const CrManifestDisk *disk = g_ptr_array_index(export->manifest->disks, i);
                g_autofree char *name = cr_manifest_image_name(disk->name);
                g_autofree char *path = cr_export_folder_path(export->folder, name);

                g_variant_builder_add(&paths, "(ss)", disk->name, path);
        }
        cr_worker_result(g_variant_new_parsed("{'BytesSent': <@t 0>, 'Point': <%s>, 'Paths': <%@a(ss)>}",
                export->cycle->point.text, g_variant_builder_end(&paths)));
}

static gboolean export_point(StartExport *export, GError **error)
{
        CrWorker *worker = export->cycle->worker;

        if (!cr_export_folder_note(export->folder, error))
                return FALSE;
        CR_FAILPOINT("start-export.noted");
        if (!write_files(export, error))
                return FALSE;
        CR_FAILPOINT("start-export.written");
        if (!cr_export_folder_publish(export->folder, error))
                return FALSE;
        CR_FAILPOINT("start-export.published");
        cr_collection_set_last_error(export->cycle->collection, 0, NULL);
        if (!cr_store_unstage(worker->store, &export->cycle->collection->id, error) ||
                !cr_cycle_save(export->cycle, error))
                return FALSE;
        tell_result(export);
        return TRUE;
}

static gboolean run(StartExport *export, GError **error)
{
        CrCycle *cycle = export->cycle;

        if (!add_files(export, error) || !cr_cycle_fence(cycle, error) ||
                !cr_worker_ready(cycle->worker, NULL, error) || !begin(cycle, error))
                return FALSE;
        describe_point(export);
        if (export_point(export, error))
                return TRUE;
        (void)cr_redo_recover(cycle->worker->store, cycle->engine, cycle->worker->config,
                &cycle->collection->id, NULL, NULL);
        return FALSE;
}

gboolean cr_start_export(CrCycle *cycle, const char *location, GError **error)
{
        StartExport export = {.cycle = cycle};
        g_autoptr(CrExportFolder) folder =
                cr_export_folder_open(cycle->worker, &cycle->collection->id, location, error);

        export.folder = folder;
        gboolean ok = folder && check_needed(cycle, error) && run(&export, error);
        g_clear_pointer(&export.manifest, cr_manifest_free);
        return ok;
}
