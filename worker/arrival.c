/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/failpoint.h"
#include "core/lineage.h"
#include "core/redo.h"
#include "transfer/copy.h"
#include "worker/arrival.h"

void cr_arrival_init(CrArrival *arrival, CrWorker *worker, CrCollection *collection, const CrEngine *engine)
{
        *arrival = (CrArrival){
                .worker = worker, .collection = collection, .engine = engine, .layers = g_ptr_array_new()};
}

void cr_arrival_clear(CrArrival *arrival)
{
        g_clear_pointer(&arrival->layers, g_ptr_array_unref);
}

CrLayer *cr_arrival_add_layer(
        CrArrival *arrival, const CrDisk *disk, const CrLayer *below, guint64 virtual_size)
{
        CrLayer *layer = cr_layer_new();

        layer->id = cr_id_new();
        layer->disk = disk->id;
        layer->parent = below ? below->id : CR_ID_NONE;
        layer->kind = CR_LAYER_RECEIVING;
        layer->path = arrival->engine->layer_path(arrival->collection, disk, &layer->id);
        layer->virtual_size = virtual_size;
        g_ptr_array_add(arrival->collection->layers, layer);
        g_ptr_array_add(arrival->layers, layer);
        return layer;
}

gboolean cr_arrival_save(CrArrival *arrival, GError **error)
{
        return cr_store_save(arrival->worker->store, arrival->collection, error);
}

gboolean cr_arrival_note(CrArrival *arrival, GError **error)
{
        CrCollection *collection = arrival->collection;

        collection->receive = arrival->point;
        collection->generation = arrival->generation;
        if (collection->state == CR_STATE_READY)
                collection->state = CR_STATE_INITIAL_REPLICATION;
        return cr_arrival_save(arrival, error);
}

gboolean cr_arrival_create(CrArrival *arrival, GError **error)
{
        guint n = arrival->layers->len;
        g_autofree CrNewLayer *made = g_new0(CrNewLayer, n);

        for (guint i = 0; i < n; i++) {
                const CrLayer *layer = g_ptr_array_index(arrival->layers, i);

                made[i] = (CrNewLayer){.below = cr_collection_layer(arrival->collection, &layer->parent),
                        .path = layer->path,
                        .virtual_size = layer->virtual_size};
        }
        if (!arrival->engine->create(arrival->worker->config, made, n, error))
                return FALSE;
        for (guint i = 0; i < n; i++)
                ((CrLayer *)g_ptr_array_index(arrival->layers, i))->inode = made[i].inode;
        return TRUE;
}

CrExport *cr_arrival_serve(CrArrival *arrival, const CrLayer *layer, gboolean writable, GError **error)
{
        CrWorker *worker = arrival->worker;
        g_autoptr(GPtrArray) chain = cr_lineage_chain(arrival->collection, &layer->id, error);

        /* The sender comes to what it writes to. */
        g_autofree char *directory =
                writable ? cr_worker_transfer_directory(worker, error) : g_strdup(worker->runtime_directory);

        if (!chain || !directory)
                return NULL;
        return arrival->engine->serve(worker->config, chain, writable, directory, error);
}

/* What is still as it was made need not be served to be read: NULL. */
static gboolean serve_written(CrArrival *arrival, const CrLayer *layer, CrExport **ret, GError **error)
{
        gboolean is_empty;

        *ret = NULL;
        if (!arrival->engine->is_empty(arrival->worker->config, layer, &is_empty, error))
                return FALSE;
        if (!is_empty)
                *ret = cr_arrival_serve(arrival, layer, FALSE, error);
        return is_empty || *ret;
}

static gboolean read_digest(CrArrival *arrival, const CrLayer *layer, CrExport *export,
        char ret[CR_DIGEST_LENGTH + 1], GError **error)
{
        const char *socket = arrival->engine->export_socket(export, error);
        CrNbd *view = socket ? cr_nbd_open(socket, TRUE, error) : NULL;
        gboolean ok = view && cr_copy_digest(view, cr_id_is_none(&layer->parent), NULL, NULL, ret, error);

        g_clear_pointer(&view, cr_nbd_close);
        return ok;
}

static gboolean verify_layer(
        CrArrival *arrival, const CrLayer *layer, CrExport *export, const char *expected, GError **error)
{
        const CrDisk *disk = cr_collection_disk(arrival->collection, &layer->disk);
        char digest[CR_DIGEST_LENGTH + 1] = "";

        cr_copy_digest_of_nothing(digest);
        if (export && !read_digest(arrival, layer, export, digest, error))
                return FALSE;
        if (g_strcmp0(digest, expected) == 0)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_FAILED,
                "disk '%s' of collection '%s' did not arrive as it was sent (digest %s, not %s): send it "
                "again",
                disk->name, arrival->collection->name, digest, expected ? expected : "none");
        return FALSE;
}

/* All are served before the first is read: their servers start side by side. */
gboolean cr_arrival_verify(CrArrival *arrival, const char *const *expected, GError **error)
{
        guint n = arrival->layers->len;
        g_autofree CrExport **exports = g_new0(CrExport *, n);
        gboolean ok = TRUE;

        for (guint i = 0; i < n && ok; i++)
                ok = serve_written(arrival, g_ptr_array_index(arrival->layers, i), &exports[i], error);
        for (guint i = 0; i < n && ok; i++)
                ok = verify_layer(
                        arrival, g_ptr_array_index(arrival->layers, i), exports[i], expected[i], error);
        (void)arrival->engine->stop(exports, n, NULL); /* read-only: nothing to lose */
        return ok;
}

void cr_arrival_add_lineage(CrArrival *arrival, const CrId *point_id, const CrId *parent)
{
        if (cr_collection_point(arrival->collection, point_id))
                return;
        CrPoint *point = cr_point_new();
        point->id = *point_id;
        point->parent = *parent;
        g_ptr_array_add(arrival->collection->points, point);
}

static void list(CrArrival *arrival, guint64 bytes)
{
        CrCollection *collection = arrival->collection;
        const CrReceive *arrived = &arrival->point;

        cr_arrival_add_lineage(arrival, &arrived->point, &arrived->parent);
        CrPoint *point = cr_collection_point(collection, &arrived->point);
        point->origin = arrived->origin;
        point->created = arrived->created;
        point->consistency = arrived->consistency;
        point->size = bytes;
        point->planned = arrival->planned;
        point->held = TRUE;
        for (guint i = 0; i < arrival->layers->len; i++) {
                CrLayer *layer = g_ptr_array_index(arrival->layers, i);

                layer->kind = CR_LAYER_FROZEN;
                layer->point = arrived->point;
                cr_collection_disk(collection, &layer->disk)->virtual_size = layer->virtual_size;
        }
        if (collection->initial_type == 0)
                collection->initial_type = arrival->initial_type;
        collection->base_point = arrived->point;
        collection->receive = (CrReceive){0};
        collection->state = CR_STATE_REPLICATING;
        collection->last_apply = collection->last_replication = g_get_real_time();
        collection->last_consistency = arrived->consistency;
        for (guint i = 0; i < collection->divergences->len; i++)
                ((CrDivergence *)g_ptr_array_index(collection->divergences, i))->undoable = FALSE;
        collection->needs_resynchronize = FALSE;
        cr_collection_set_last_error(collection, 0, NULL);
        cr_lineage_forget(collection, CR_LINEAGE_KEPT);
}

/* The lock was held since the checks: they still hold, but the store says it itself once more. */
gboolean cr_arrival_seal(CrArrival *arrival, guint64 bytes, GError **error)
{
        g_autoptr(CrCollection) now =
                cr_store_load(arrival->worker->store, &arrival->collection->id, CR_LOAD_ALL, error);

        if (!now)
                return FALSE;
        if (!cr_id_equal(&now->receive.transfer, &arrival->point.transfer) || now->role != CR_ROLE_REPLICA ||
                !cr_generation_equal(&now->generation, &arrival->generation)) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "collection '%s' no longer expects this transfer", arrival->collection->name);
                return FALSE;
        }
        list(arrival, bytes);
        CR_FAILPOINT("arrival.sealing");
        return cr_arrival_save(arrival, error);
}

gboolean cr_arrival_keep(CrArrival *arrival, GError **error)
{
        CrCollection *collection = arrival->collection;

        for (guint i = 0; i < arrival->layers->len; i++)
                ((CrLayer *)g_ptr_array_index(arrival->layers, i))->kind = CR_LAYER_FROZEN;
        collection->receive = (CrReceive){0};
        collection->state = CR_STATE_READY; /* for the point */
        return cr_arrival_save(arrival, error);
}

void cr_arrival_abandon(CrArrival *arrival)
{
        g_autoptr(GError) error = NULL;

        if (!cr_redo_recover(arrival->worker->store, arrival->engine, arrival->worker->config,
                    &arrival->collection->id, NULL, &error))
                g_info("abandoning a transfer of collection '%s': %s", arrival->collection->name,
                        error->message);
}
