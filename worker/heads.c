/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/stat.h>

#include "core/disk_set.h"
#include "core/failpoint.h"
#include "worker/heads.h"

static gboolean is_in(GPtrArray *machines, const CrId *disk)
{
        for (guint i = 0; i < machines->len; i++) {
                const CrMachine *machine = g_ptr_array_index(machines, i);

                for (guint k = 0; k < machine->disks->len; k++)
                        if (cr_id_equal(&g_array_index(machine->disks, CrId, k), disk))
                                return TRUE;
        }
        return FALSE;
}

/* The heads that take part, but for those that @machines (NULL: none) have open. NULL: no disk has any. */
static GPtrArray *heads_outside(const CrCollection *collection, GPtrArray *machines, GError **error)
{
        g_autoptr(GPtrArray) disks = cr_disk_set_cut(collection);
        g_autoptr(GPtrArray) heads = g_ptr_array_new();

        if (disks->len == 0) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "no disk of collection '%s' has a head here", collection->name);
                return NULL;
        }
        for (guint i = 0; i < disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(disks, i);

                if (!machines || !is_in(machines, &disk->id))
                        g_ptr_array_add(heads, cr_collection_head(collection, &disk->id));
        }
        return g_steal_pointer(&heads);
}

CrFence *cr_heads_fence(
        CrWorker *worker, const CrEngine *engine, const CrCollection *collection, GError **error)
{
        g_autoptr(GPtrArray) heads = heads_outside(collection, NULL, error);
        CrFence *fence = heads ? engine->fence(worker->config, heads, CR_FENCE_WRITERS, error) : NULL;

        if (!fence)
                g_prefix_error(error, "collection '%s': ", collection->name);
        return fence;
}

CrFence *cr_heads_fence_closed(
        CrWorker *worker, const CrEngine *engine, const CrCollection *collection, GError **error)
{
        g_autoptr(GPtrArray) machines = engine->machines(worker->config, collection, error);
        g_autoptr(GPtrArray) heads = machines ? heads_outside(collection, machines, error) : NULL;
        g_autoptr(GError) problem = NULL;
        CrFence *fence = heads ? engine->fence(worker->config, heads, CR_FENCE_WRITERS, &problem) : NULL;

        if (fence || !heads) {
                g_prefix_error(error, "collection '%s': ", collection->name);
                return fence;
        }
        g_set_error(error, CR_ERROR, (int)cr_error_code(problem), "collection '%s': %s%s", collection->name,
                problem->message,
                g_error_matches(problem, CR_ERROR, CR_ERROR_IN_USE)
                        ? ", or name its QMP socket in the option Machines of DefineCollection"
                        : "");
        return NULL;
}

static gboolean check_layer(
        const CrCollection *collection, const CrDisk *disk, const CrLayer *layer, GError **error)
{
        struct stat st;

        if (lstat(layer->path, &st) == 0 && st.st_ino == layer->inode)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_FILE_NOT_FOUND,
                "the layer %s of disk '%s' of collection '%s' is missing or another file: put it back, or "
                "restore it from the other site",
                layer->path, disk->name, collection->name);
        return FALSE;
}

/* The disks that are in @point; FileNotFound when none is. */
static GPtrArray *disks_of_point(const CrCollection *collection, const CrId *point, GError **error)
{
        g_autoptr(GPtrArray) disks = cr_disk_set_included(collection);

        for (guint i = disks->len; i-- > 0;)
                if (!cr_collection_layer_at(collection, g_ptr_array_index(disks, i), point))
                        g_ptr_array_remove_index(disks, i);
        if (disks->len > 0)
                return g_steal_pointer(&disks);
        g_set_error(error, CR_ERROR, CR_ERROR_FILE_NOT_FOUND, "collection '%s' holds no point %s",
                collection->name, point->text);
        return NULL;
}

gboolean cr_heads_check_point(const CrCollection *collection, const CrId *point, GError **error)
{
        g_autoptr(GPtrArray) disks = disks_of_point(collection, point, error);

        for (guint i = 0; disks && i < disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(disks, i);

                if (!check_layer(
                            collection, disk, cr_collection_layer_at(collection, &disk->id, point), error))
                        return FALSE;
        }
        return disks != NULL;
}

gboolean cr_heads_choose_point(const CrCollection *collection, CrId *point, GError **error)
{
        if (cr_id_is_none(point))
                *point = collection->base_point;
        const CrPoint *row = cr_collection_point(collection, point);
        if (row && row->held)
                return cr_heads_check_point(collection, point, error);
        g_set_error(error, CR_ERROR, CR_ERROR_FILE_NOT_FOUND, "collection '%s' has no recovery point %s",
                collection->name, point->text);
        return FALSE;
}

gboolean cr_heads_check_absent(const CrCollection *collection, GError **error)
{
        g_autoptr(GPtrArray) disks = cr_disk_set_included(collection);

        for (guint i = 0; i < disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(disks, i);
                struct stat st;

                if (lstat(disk->head_path, &st) < 0 && errno == ENOENT)
                        continue;
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "a file that is not the service's lies at %s, the path of disk '%s' of collection "
                        "'%s': move it away first",
                        disk->head_path, disk->name, collection->name);
                return FALSE;
        }
        return TRUE;
}

/* The layer that a staged overlay of @disk goes above, and the virtual size it shall have. */
static const CrLayer *staging_base(CrWorker *worker, const CrEngine *engine, const CrCollection *collection,
        const CrDisk *disk, const CrId *point, guint64 *ret_size, GError **error)
{
        if (point) {
                const CrLayer *base = cr_collection_layer_at(collection, &disk->id, point);

                *ret_size = base->virtual_size;
                return base;
        }
        /* A machine's owner may have resized the image since the last cut. */
        const CrLayer *head = cr_collection_head(collection, &disk->id);
        return engine->measure(worker->config, head, ret_size, error) ? head : NULL;
}

static CrStagedLayer *prepare_staging(CrWorker *worker, const CrEngine *engine,
        const CrCollection *collection, const CrDisk *disk, const CrId *point, const CrLayer **ret_base,
        GError **error)
{
        guint64 size;

        *ret_base = staging_base(worker, engine, collection, disk, point, &size, error);
        return *ret_base ? cr_staged_layer_new(engine, collection, disk, size) : NULL;
}

/* An overlay has the owner and mode of what it stands on: for a head's that is what its machine needs. In a
 * cut it stands on what the head will be called. */
static gboolean create_staged(CrWorker *worker, const CrEngine *engine, const CrCollection *collection,
        GPtrArray *bases, GPtrArray *staged, gboolean is_cut, GError **error)
{
        g_autofree CrNewLayer *layers = g_new0(CrNewLayer, staged->len);
        g_autoptr(GPtrArray) futures = g_ptr_array_new_with_free_func(g_free);

        for (guint i = 0; i < staged->len; i++) {
                const CrStagedLayer *one = g_ptr_array_index(staged, i);
                const CrLayer *base = g_ptr_array_index(bases, i);
                const CrDisk *disk = cr_collection_disk(collection, &one->disk);

                layers[i] = (CrNewLayer){.below = base,
                        .path = one->path,
                        .virtual_size = one->virtual_size,
                        .like = base->path};
                if (!is_cut)
                        continue;
                g_ptr_array_add(futures, engine->layer_path(collection, disk, &base->id));
                layers[i].backing_path = g_ptr_array_index(futures, i);
        }
        if (!engine->create(worker->config, layers, staged->len, error))
                return FALSE;
        for (guint i = 0; i < staged->len; i++)
                ((CrStagedLayer *)g_ptr_array_index(staged, i))->inode = layers[i].inode;
        return TRUE;
}

gboolean cr_heads_note_staged(
        CrWorker *worker, const CrCollection *collection, GPtrArray *staged, GError **error)
{
        g_autoptr(GPtrArray) paths = g_ptr_array_new();

        for (guint i = 0; i < staged->len; i++)
                g_ptr_array_add(paths, ((CrStagedLayer *)g_ptr_array_index(staged, i))->path);
        g_ptr_array_add(paths, NULL);
        return cr_store_stage(worker->store, &collection->id, (char *const *)paths->pdata, error);
}

GPtrArray *cr_heads_stage(CrWorker *worker, const CrEngine *engine, const CrCollection *collection,
        const CrId *point, GError **error)
{
        g_autoptr(GPtrArray) staged = g_ptr_array_new_with_free_func((GDestroyNotify)cr_staged_layer_free);
        g_autoptr(GPtrArray) bases = g_ptr_array_new();
        g_autoptr(GPtrArray) disks =
                point ? disks_of_point(collection, point, error) : cr_disk_set_cut(collection);

        if (!disks)
                return NULL;
        for (guint i = 0; i < disks->len; i++) {
                const CrLayer *base;
                CrStagedLayer *one = prepare_staging(
                        worker, engine, collection, g_ptr_array_index(disks, i), point, &base, error);

                if (!one)
                        return NULL;
                g_ptr_array_add(staged, one);
                g_ptr_array_add(bases, (gpointer)base);
        }
        if (!cr_heads_note_staged(worker, collection, staged, error))
                return NULL;
        CR_FAILPOINT("stage.noted");
        if (!create_staged(worker, engine, collection, bases, staged, !point, error))
                return NULL;
        CR_FAILPOINT("stage.created");
        return g_steal_pointer(&staged);
}

gboolean cr_heads_cut(
        CrWorker *worker, const CrEngine *engine, CrCollection **collection, CrId *ret_point, GError **error)
{
        g_autoptr(GPtrArray) disks = cr_disk_set_cut(*collection);

        cr_worker_phase("cutting a recovery point");
        for (guint i = 0; i < disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(disks, i);
                if (!engine->normalize(worker->config, cr_collection_head(*collection, &disk->id), error))
                        return FALSE;
        }
        g_autoptr(GPtrArray) machines = engine->machines(worker->config, *collection, error);
        g_autoptr(GPtrArray) staged =
                machines ? cr_heads_stage(worker, engine, *collection, NULL, error) : NULL;
        if (!staged)
                return FALSE;
        CrCutSpec spec = {.point = cr_id_new(),
                .host = cr_store_host_id(worker->store),
                .now = g_get_real_time(),
                .staged = staged,
                .machines = machines};
        g_autoptr(CrPlan) plan = cr_plan_cut(*collection, worker->operation, engine, &spec, error);
        if (!plan || !engine->introduce(worker->config, plan, error) ||
                !cr_worker_run_plan(worker, engine, plan, error))
                return FALSE;
        cr_worker_final(FALSE); /* the point is cut; sending it may still be cancelled */
        *ret_point = spec.point;
        cr_collection_free(*collection);
        *collection = cr_store_load(worker->store, &plan->collection, CR_LOAD_ALL, error);
        return *collection != NULL;
}
