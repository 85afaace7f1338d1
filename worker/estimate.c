/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a reverse would send, for the peer that asks before its preparation. Reads metadata only. */
#include "core/disk_set.h"
#include "worker/operations.h"
#include "worker/source.h"

static gboolean check_held(const CrCollection *collection, const CrId *id, GError **error)
{
        const CrPoint *point = cr_collection_point(collection, id);

        if (point && point->held)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_FILE_NOT_FOUND, "collection '%s' holds no point %s",
                collection->name, id->text);
        return FALSE;
}

/* A disk that came after @point is sent whole. */
static gboolean estimate_disk(CrWorker *worker, const CrEngine *engine, const CrCollection *collection,
        const CrDisk *disk, const CrId *point, guint64 *ret, GError **error)
{
        const CrLayer *head = cr_collection_head(collection, &disk->id);
        const CrLayer *base = cr_collection_layer_at(collection, &disk->id, point);

        g_autoptr(CrSource) source = cr_source_open(worker, engine, collection, head, base, error);
        *ret = 0;
        return source && cr_source_connect(source, error) &&
               (source->unchanged || cr_copy_estimate(&source->spec, ret, error));
}

gboolean cr_operation_estimate(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        const CrEngine *engine = collection ? cr_worker_engine(collection, error) : NULL;
        GVariantBuilder builder;
        GVariantDict result;
        CrId point;

        if (!engine || !cr_worker_get_id(worker, "Point", FALSE, &point, error) ||
                !check_held(collection, &point, error) || !cr_worker_ready(worker, NULL, error))
                return FALSE;
        g_autoptr(GPtrArray) disks = cr_disk_set_cut(collection);
        g_variant_builder_init(&builder, G_VARIANT_TYPE("a(st)"));
        for (guint i = 0; i < disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(disks, i);
                guint64 bytes;

                if (!estimate_disk(worker, engine, collection, disk, &point, &bytes, error)) {
                        g_variant_builder_clear(&builder);
                        return FALSE;
                }
                g_variant_builder_add(&builder, "(st)", disk->id.text, bytes);
        }
        g_variant_dict_init(&result, NULL);
        g_variant_dict_insert_value(&result, "Disks", g_variant_builder_end(&builder));
        cr_worker_result(g_variant_dict_end(&result));
        return TRUE;
}
