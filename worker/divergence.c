/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Divergence.Export and Divergence.Discard. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/failpoint.h"
#include "core/lineage.h"
#include "core/path_policy.h"
#include "core/plans.h"
#include "core/redo.h"
#include "worker/operations.h"

typedef struct Export {
        CrWorker *worker;
        const CrCollection *collection;
        const CrEngine *engine;
        const CrDivergence *divergence;
        char *directory;
        int directory_fd;
        CrId token;
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

/* With a random part: what a killed export left is deleted by this name, so nobody else's file may have it.
 */
static char *partial_name(const Export *export, const CrDisk *disk)
{
        return g_strdup_printf(".%s-%s.part", export->token.text, disk->name);
}

static gboolean check_free(const Export *export, const char *name, GError **error)
{
        struct stat st;

        if (fstatat(export->directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                "%s/%s exists already: choose an empty folder", export->directory, name);
        return FALSE;
}

static gboolean check_names(const Export *export, GError **error)
{
        for (guint i = 0; i < export->collection->disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(export->collection->disks, i);
                g_autofree char *name = file_name(disk);

                if (!check_free(export, name, error))
                        return FALSE;
        }
        return TRUE;
}

/* The partial files are noted, so that a killed export leaves none. */
static gboolean note_partial_files(const Export *export, GError **error)
{
        g_auto(GStrv) paths = g_new0(char *, export->collection->disks->len + 1);

        for (guint i = 0; i < export->collection->disks->len; i++) {
                g_autofree char *name = partial_name(export, g_ptr_array_index(export->collection->disks, i));
                paths[i] = g_build_filename(export->directory, name, NULL);
        }
        return cr_store_stage(export->worker->store, &export->collection->id, paths, error);
}

static void show_progress(guint64 done, guint64 total, void *userdata)
{
        cr_worker_progress(done, total);
}

static gboolean export_disk(const Export *export, const CrDivergentDisk *divergent, GError **error)
{
        const CrDisk *disk = cr_collection_disk(export->collection, &divergent->disk);
        g_autoptr(GPtrArray) chain =
                disk ? cr_lineage_chain(export->collection, &divergent->layer, error) : NULL;

        if (!chain)
                return FALSE;
        g_autofree char *part = partial_name(export, disk);
        g_autofree char *phase = g_strdup_printf("exporting disk '%s'", disk->name);
        cr_worker_phase(phase);
        return export->engine->export_image(
                export->worker->config, chain, export->directory_fd, part, show_progress, NULL, error);
}

/* All disks are complete: now they take their names, none over a file that came meanwhile. */
static gboolean publish(const Export *export, GVariantBuilder *paths, GError **error)
{
        for (guint i = 0; i < export->divergence->disks->len; i++) {
                const CrDivergentDisk *divergent = g_ptr_array_index(export->divergence->disks, i);
                const CrDisk *disk = cr_collection_disk(export->collection, &divergent->disk);
                g_autofree char *part = partial_name(export, disk);
                g_autofree char *name = file_name(disk);

                if (renameat2(export->directory_fd, part, export->directory_fd, name, RENAME_NOREPLACE) < 0)
                        return cr_error_set_errno(error, errno, "%s/%s", export->directory, name);
                g_autofree char *path = g_build_filename(export->directory, name, NULL);
                g_variant_builder_add(paths, "(ss)", disk->name, path);
        }
        if (fsync(export->directory_fd) < 0)
                return cr_error_set_errno(error, errno, "%s", export->directory);
        return TRUE;
}

static gboolean export_disks(Export *export, GError **error)
{
        GVariantBuilder paths;
        GVariantDict result;

        if (!note_partial_files(export, error))
                return FALSE;
        CR_FAILPOINT("export.noted");
        for (guint i = 0; i < export->divergence->disks->len; i++)
                if (!export_disk(export, g_ptr_array_index(export->divergence->disks, i), error))
                        return FALSE;
        CR_FAILPOINT("export.written");
        g_variant_builder_init(&paths, G_VARIANT_TYPE("a(ss)"));
        if (!publish(export, &paths, error)) {
                g_variant_builder_clear(&paths);
                return FALSE;
        }
        g_variant_dict_init(&result, NULL);
        g_variant_dict_insert_value(&result, "Paths", g_variant_builder_end(&paths));
        g_variant_dict_insert(&result, "BytesSent", "t", G_GUINT64_CONSTANT(0));
        cr_worker_result(g_variant_dict_end(&result));
        return cr_store_unstage(export->worker->store, &export->collection->id, error);
}

static gboolean run_export(Export *export, GError **error)
{
        if (!check_names(export, error) || !cr_worker_ready(export->worker, NULL, error))
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
        Export export = {
                .worker = worker, .collection = collection, .directory_fd = -1, .token = cr_id_new()};

        if (!directory || !cr_worker_refuse_options(worker, error))
                return FALSE;
        export.engine = cr_worker_engine(collection, error);
        export.divergence = export.engine ? find_divergence(worker, collection, error) : NULL;
        if (!export.divergence)
                return FALSE;
        export.directory = g_variant_dup_string(directory, NULL);
        export.directory_fd =
                cr_path_open_directory(worker->config->export_directories, export.directory, error);
        gboolean ok = export.directory_fd >= 0 && run_export(&export, error);
        if (export.directory_fd >= 0)
                close(export.directory_fd);
        g_free(export.directory);
        return ok;
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
