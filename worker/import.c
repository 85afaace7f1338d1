/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ImportInitialReplication: a replica takes in the first point from a medium that a start by export wrote. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/disk_set.h"
#include "core/failpoint.h"
#include "core/manifest.h"
#include "core/path_policy.h"
#include "worker/medium.h"
#include "worker/operations.h"
#include "worker/prune.h"

typedef struct Import {
        CrWorker *worker;
        CrCollection *collection;
        const char *directory;
        CrManifest *manifest;
        CrArrival arrival;
        GPtrArray *media; /* CrMedium, one for each of the manifest's disks */
        guint64 done, total, bytes;
} Import;

/* A replica that has points of this relationship stands on newer ones than any medium has. */
static gboolean check_waiting(const CrCollection *collection, GError **error)
{
        if (collection->state != CR_STATE_REPLICATING || collection->initial_type == 0)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "the initial replication of collection '%s' is complete: nothing has to be imported",
                collection->name);
        return FALSE;
}

/* At most so much as a manifest can be. */
static char *read_text(int fd, const char *path, GError **error)
{
        g_autofree char *text = g_malloc(CR_MANIFEST_MAX + 2);
        gsize length = 0;
        ssize_t got = 1;

        while (got > 0 && length <= CR_MANIFEST_MAX) {
                got = read(fd, text + length, CR_MANIFEST_MAX + 1 - length);
                if (got < 0 && errno != EINTR) {
                        cr_error_set_errno(error, errno, "%s", path);
                        return NULL;
                }
                length += (gsize)MAX(got, 0);
        }
        text[length] = '\0';
        if (length <= CR_MANIFEST_MAX)
                return g_steal_pointer(&text);
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                "%s is larger than %u bytes: it is not a manifest of an export", path, CR_MANIFEST_MAX);
        return NULL;
}

static gboolean read_manifest(Import *import, GError **error)
{
        g_autofree char *path = g_build_filename(import->directory, CR_MANIFEST_NAME, NULL);
        int fd = cr_path_open_file(import->worker->config->export_directories, path, O_RDONLY, error);

        if (fd < 0)
                return FALSE;
        g_autofree char *text = read_text(fd, path, error);
        close(fd);
        import->manifest = text ? cr_manifest_from_json(text, error) : NULL;
        if (import->manifest && cr_manifest_match(import->manifest, import->collection, error))
                return TRUE;
        if (text)
                g_prefix_error(error, "%s: ", path);
        return FALSE;
}

static gboolean open_images(Import *import, GError **error)
{
        for (guint i = 0; i < import->manifest->disks->len; i++) {
                const CrManifestDisk *disk = g_ptr_array_index(import->manifest->disks, i);
                g_autofree char *name = cr_manifest_image_name(disk->name);
                g_autofree char *path = g_build_filename(import->directory, name, NULL);
                CrMedium *medium =
                        cr_medium_open(import->worker, import->arrival.engine, path, "qcow2", error);

                if (!medium)
                        return FALSE;
                g_ptr_array_add(import->media, medium);
        }
        return TRUE;
}

static gboolean check_image(Import *import, CrMedium *medium, const CrManifestDisk *disk, GError **error)
{
        guint64 size;

        if (!cr_medium_connect(medium, &size, error))
                return FALSE;
        import->total += size;
        if (size == disk->size)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                "image '%s' holds a disk of %" G_GUINT64_FORMAT " bytes, not of %" G_GUINT64_FORMAT
                " as the manifest says: export it anew",
                medium->path, size, disk->size);
        return FALSE;
}

static gboolean check_images(Import *import, GError **error)
{
        if (!open_images(import, error))
                return FALSE;
        for (guint i = 0; i < import->media->len; i++)
                if (!check_image(import, g_ptr_array_index(import->media, i),
                            g_ptr_array_index(import->manifest->disks, i), error))
                        return FALSE;
        return TRUE;
}

static void expect_point(Import *import)
{
        const CrManifest *manifest = import->manifest;

        import->arrival.point = (CrReceive){.transfer = cr_id_new(),
                .point = manifest->point,
                .parent = manifest->parent,
                .origin = manifest->origin,
                .created = manifest->created,
                .consistency = manifest->consistency};
        import->arrival.generation = import->collection->generation;
        import->arrival.initial_type = CR_INITIAL_BY_EXPORT;
        for (guint i = 0; i < manifest->disks->len; i++) {
                const CrManifestDisk *disk = g_ptr_array_index(manifest->disks, i);

                cr_arrival_add_layer(&import->arrival, cr_collection_disk(import->collection, &disk->id),
                        NULL, disk->size);
        }
}

static gboolean begin(Import *import, GError **error)
{
        expect_point(import);
        if (!cr_arrival_note(&import->arrival, error))
                return FALSE;
        cr_worker_changed();
        CR_FAILPOINT("import.noted");
        if (!cr_arrival_create(&import->arrival, error))
                return FALSE;
        CR_FAILPOINT("import.created");
        return cr_arrival_save(&import->arrival, error);
}

static gboolean copy_image(Import *import, guint index, GError **error)
{
        const CrManifestDisk *disk = g_ptr_array_index(import->manifest->disks, index);
        CrMedium *medium = g_ptr_array_index(import->media, index);
        const CrLayer *layer = g_ptr_array_index(import->arrival.layers, index);
        g_autofree char *phase = g_strdup_printf("importing disk '%s'", disk->name);
        CrCopyResult result;

        cr_worker_phase(phase);
        if (!cr_medium_copy(medium, &import->arrival, layer, import->done, import->total, &result, error))
                return FALSE;
        import->done += disk->size;
        import->bytes += result.bytes_sent;
        return TRUE;
}

static gboolean verify(Import *import, GError **error)
{
        g_autoptr(GPtrArray) expected = g_ptr_array_new();

        cr_worker_phase("verifying what was imported");
        for (guint i = 0; i < import->manifest->disks->len; i++)
                g_ptr_array_add(expected,
                        ((CrManifestDisk *)g_ptr_array_index(import->manifest->disks, i))->digest.text);
        return cr_arrival_verify(&import->arrival, (const char *const *)expected->pdata, error);
}

static gboolean import_point(Import *import, GError **error)
{
        if (!begin(import, error))
                return FALSE;
        for (guint i = 0; i < import->media->len; i++) {
                if (!copy_image(import, i, error))
                        return FALSE;
                CR_FAILPOINT("import.disk-copied");
        }
        if (!verify(import, error) || !cr_arrival_seal(&import->arrival, import->bytes, error))
                return FALSE;
        CR_FAILPOINT("import.sealed");
        cr_worker_changed();
        cr_worker_result(g_variant_new_parsed("{'BytesSent': <@t 0>, 'BytesReceived': <%t>, 'Point': <%s>}",
                import->bytes, import->manifest->point.text));
        return cr_prune(import->worker, &import->collection->id, error);
}

static gboolean is_listed(const Import *import)
{
        const CrPoint *point = cr_collection_point(import->collection, &import->manifest->point);

        return point && point->held;
}

static gboolean run(Import *import, GError **error)
{
        if (!read_manifest(import, error))
                return FALSE;
        if (is_listed(import)) {
                cr_worker_done(import->worker);
                return TRUE;
        }
        if (!check_waiting(import->collection, error) || !check_images(import, error) ||
                !cr_worker_ready(import->worker, NULL, error))
                return FALSE;
        if (import_point(import, error))
                return TRUE;
        cr_arrival_abandon(&import->arrival);
        return FALSE;
}

gboolean cr_operation_import_initial(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        g_autoptr(GVariant) directory = collection ? cr_worker_get(worker, "Directory", "s", error) : NULL;
        Import import = {.worker = worker, .collection = collection};

        if (!directory || !cr_worker_refuse_options(worker, error))
                return FALSE;
        cr_arrival_init(&import.arrival, worker, collection, cr_worker_engine(collection, error));
        import.directory = g_variant_get_string(directory, NULL);
        import.media = g_ptr_array_new_with_free_func((GDestroyNotify)cr_medium_close);
        gboolean ok = import.arrival.engine && run(&import, error);
        g_ptr_array_unref(import.media);
        g_clear_pointer(&import.manifest, cr_manifest_free);
        cr_arrival_clear(&import.arrival);
        return ok;
}
