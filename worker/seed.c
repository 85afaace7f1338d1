/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Seed: the peer starts a replication from images that lie here already. They are copied into layers that are
 * part of no point; what the peer sends goes above them. */
#include <fcntl.h>
#include <unistd.h>

#include "core/disk_set.h"
#include "core/failpoint.h"
#include "core/path_policy.h"
#include "core/plans.h"
#include "worker/medium.h"
#include "worker/operations.h"

#define SECTOR 512u /* virtual sizes are multiples of it */

typedef struct Seeding {
        CrWorker *worker;
        CrCollection *collection;
        CrArrival arrival;
        GPtrArray *media; /* CrMedium, one for each layer of the arrival */
        guint64 done, total;
} Seeding;

/* How an image is read is told by its name, never by its contents. */
static const struct {
        const char *suffix, *format;
} names[] = {{"qcow2", "qcow2"}, {"raw", "raw"}, {"img", "raw"}};

static gboolean check_folder(const Seeding *seeding, GError **error)
{
        const char *directory = seeding->collection->settings->seed_directory;

        if (*directory == '\0') {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "collection '%s' has no folder of seeds: set SeedDirectory to a folder on the "
                        "recovery "
                        "side",
                        seeding->collection->name);
                return FALSE;
        }
        int fd = cr_path_open_directory(seeding->worker->config->export_directories, directory, error);
        if (fd >= 0)
                close(fd);
        else
                g_prefix_error(error, "SeedDirectory: ");
        return fd >= 0;
}

/* *@ret is NULL when @disk has no seed: it is sent whole. */
static gboolean open_seed(Seeding *seeding, const CrDisk *disk, CrMedium **ret, GError **error)
{
        *ret = NULL;
        for (gsize i = 0; i < G_N_ELEMENTS(names) && !*ret; i++) {
                g_autofree char *path = g_strdup_printf("%s/%s.%s",
                        seeding->collection->settings->seed_directory, disk->name, names[i].suffix);
                g_autoptr(GError) failure = NULL;

                *ret = cr_medium_open(
                        seeding->worker, seeding->arrival.engine, path, names[i].format, &failure);
                if (*ret || g_error_matches(failure, CR_ERROR, CR_ERROR_FILE_NOT_FOUND))
                        continue;
                g_propagate_error(error, g_steal_pointer(&failure));
                return FALSE;
        }
        return TRUE;
}

static gboolean add_layer(Seeding *seeding, const CrDisk *disk, CrMedium *medium, GError **error)
{
        guint64 size;

        if (!cr_medium_connect(medium, &size, error))
                return FALSE;
        if (size == 0 || size % SECTOR != 0) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "image '%s' holds %" G_GUINT64_FORMAT " bytes, which is not the size of a disk",
                        medium->path, size);
                return FALSE;
        }
        cr_arrival_add_layer(&seeding->arrival, disk, NULL, size);
        seeding->total += size;
        return TRUE;
}

static gboolean open_seeds(Seeding *seeding, GError **error)
{
        g_autoptr(GPtrArray) disks = cr_disk_set_included(seeding->collection);

        for (guint i = 0; i < disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(disks, i);
                CrMedium *medium;

                if (!open_seed(seeding, disk, &medium, error))
                        return FALSE;
                if (!medium)
                        continue;
                g_ptr_array_add(seeding->media, medium);
                if (!add_layer(seeding, disk, medium, error))
                        return FALSE;
        }
        if (seeding->media->len > 0)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_FILE_NOT_FOUND,
                "no image of a disk of collection '%s' is in %s: a seed is called <disk>.qcow2, <disk>.raw "
                "or "
                "<disk>.img",
                seeding->collection->name, seeding->collection->settings->seed_directory);
        return FALSE;
}

/* Seeds of an earlier start, which was not completed. */
static gboolean drop_former(Seeding *seeding, GError **error)
{
        const CrId *id = &seeding->collection->id;

        for (;;) {
                g_autoptr(CrCollection) now = cr_store_load(seeding->worker->store, id, CR_LOAD_ALL, error);
                g_autoptr(CrPlan) plan = now ? cr_plan_merge_pointless(now) : NULL;

                if (!plan)
                        return now != NULL;
                if (!cr_worker_run_plan(seeding->worker, seeding->arrival.engine, plan, error))
                        return FALSE;
                cr_worker_final(FALSE);
        }
}

static gboolean copy_seed(Seeding *seeding, guint index, GError **error)
{
        const CrLayer *layer = g_ptr_array_index(seeding->arrival.layers, index);
        CrMedium *medium = g_ptr_array_index(seeding->media, index);
        CrCopyResult result;

        if (!cr_medium_copy(medium, &seeding->arrival, layer, seeding->done, seeding->total, &result, error))
                return FALSE;
        seeding->done += layer->virtual_size;
        return TRUE;
}

static gboolean copy_seeds(Seeding *seeding, GError **error)
{
        CrArrival *arrival = &seeding->arrival;

        cr_worker_phase("copying the seeds");
        if (!cr_arrival_note(arrival, error))
                return FALSE;
        CR_FAILPOINT("seed.noted");
        if (!cr_arrival_create(arrival, error) || !cr_arrival_save(arrival, error))
                return FALSE;
        CR_FAILPOINT("seed.created");
        for (guint i = 0; i < seeding->media->len; i++)
                if (!copy_seed(seeding, i, error))
                        return FALSE;
        CR_FAILPOINT("seed.copied");
        if (!cr_arrival_keep(arrival, error))
                return FALSE;
        CR_FAILPOINT("seed.kept");
        cr_worker_changed();
        cr_worker_result(g_variant_new_parsed("{'BytesSent': <@t 0>}"));
        return TRUE;
}

/* Without its former seeds the collection is another one than was loaded. */
static gboolean reload(Seeding *seeding, GError **error)
{
        CrCollection *now =
                cr_store_load(seeding->worker->store, &seeding->collection->id, CR_LOAD_ALL, error);

        if (!now)
                return FALSE;
        for (guint i = 0; i < seeding->arrival.layers->len; i++) {
                CrLayer *layer = g_ptr_array_index(seeding->arrival.layers, i);
                guint place;

                if (g_ptr_array_find(seeding->collection->layers, layer, &place))
                        g_ptr_array_add(
                                now->layers, g_ptr_array_steal_index(seeding->collection->layers, place));
        }
        cr_collection_free(seeding->collection);
        seeding->collection = seeding->arrival.collection = now;
        return TRUE;
}

static gboolean run(Seeding *seeding, GError **error)
{
        if (!check_folder(seeding, error) || !open_seeds(seeding, error) ||
                !cr_worker_ready(seeding->worker, NULL, error))
                return FALSE;
        if (!drop_former(seeding, error) || !reload(seeding, error))
                return FALSE;
        seeding->arrival.point = (CrReceive){.transfer = cr_id_new(), .point = cr_id_new()};
        seeding->arrival.point.origin = cr_store_host_id(seeding->worker->store);
        seeding->arrival.generation = seeding->collection->generation;
        if (copy_seeds(seeding, error))
                return TRUE;
        cr_arrival_abandon(&seeding->arrival);
        return FALSE;
}

gboolean cr_operation_seed(CrWorker *worker, GError **error)
{
        Seeding seeding = {.worker = worker, .collection = cr_worker_load(worker, error)};

        if (!seeding.collection)
                return FALSE;
        cr_arrival_init(
                &seeding.arrival, worker, seeding.collection, cr_worker_engine(seeding.collection, error));
        seeding.media = g_ptr_array_new_with_free_func((GDestroyNotify)cr_medium_close);
        gboolean ok = seeding.arrival.engine && run(&seeding, error);
        g_ptr_array_unref(seeding.media);
        cr_arrival_clear(&seeding.arrival);
        cr_collection_free(seeding.collection);
        return ok;
}
