/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fills a new store with replicated collections of one disk each, as if they had been defined and had cut
 * points; there are no images:
 *
 *   bench-fill-store STATE-DIRECTORY IMAGE-DIRECTORY COLLECTIONS POINTS
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/store.h"

#define DISK_SIZE (G_GUINT64_CONSTANT(100) << 30)
#define FIRST_POINT_TIME G_GINT64_CONSTANT(1700000000000000) /* microseconds */
#define POINT_INTERVAL (300 * G_TIME_SPAN_SECOND)
#define DEFAULT_POINT_SIZE (16u << 20)

static CrLayer *add_layer(CrCollection *collection, const CrDisk *disk, const CrId *parent, char *path)
{
        CrLayer *layer = cr_layer_new();

        layer->id = cr_id_new();
        layer->disk = disk->id;
        layer->parent = *parent;
        layer->path = path;
        layer->virtual_size = DISK_SIZE;
        g_ptr_array_add(collection->layers, layer);
        return layer;
}

static void add_point(CrCollection *collection, const CrId *host, const CrId *layer, guint i)
{
        CrPoint *point = cr_point_new();

        point->id = *layer; /* as random as any */
        point->parent = collection->base_point;
        point->origin = *host;
        point->created = FIRST_POINT_TIME + i * POINT_INTERVAL;
        point->consistency = 3;
        point->size = DEFAULT_POINT_SIZE;
        point->held = TRUE;
        g_ptr_array_add(collection->points, point);
        collection->base_point = point->id;
}

static void add_disk(CrCollection *collection, const char *images, const CrId *host, guint n_points)
{
        CrDisk *disk = cr_disk_new();
        CrId parent = CR_ID_NONE;

        disk->id = cr_id_new();
        disk->name = g_strdup("root");
        disk->head_path = g_strdup_printf("%s/%s.qcow2", images, collection->name);
        disk->virtual_size = DISK_SIZE;
        g_ptr_array_add(collection->disks, disk);
        for (guint i = 0; i < n_points; i++) {
                CrLayer *layer = add_layer(collection, disk, &parent,
                        g_strdup_printf("%s/.collection-replication/%s/root-%u.qcow2", images,
                                collection->id.text, i));

                add_point(collection, host, &layer->id, i);
                layer->kind = CR_LAYER_FROZEN;
                layer->point = layer->id;
                parent = layer->id;
        }
        add_layer(collection, disk, &parent, g_strdup(disk->head_path))->kind = CR_LAYER_HEAD;
}

static CrCollection *make_collection(const char *images, const CrId *host, guint i, guint n_points)
{
        g_autofree char *name = g_strdup_printf("collection-%04u", i);
        CrCollection *collection = cr_collection_new(name);
        CrSettings *settings = collection->settings;

        add_disk(collection, images, host, n_points);
        collection->role = CR_ROLE_PRIMARY;
        collection->state = CR_STATE_SUSPENDED; /* so that no cycle is ever due */
        collection->has_relationship = TRUE;
        g_free(settings->recovery_connection_point);
        settings->recovery_connection_point = g_strdup("ssh://replication@recovery.example.com");
        settings->recovery_history = MIN(n_points, 16);
        return collection;
}

int main(int argc, char **argv)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(CrStore) store = NULL;
        CrId host;

        if (argc != 5) {
                fprintf(stderr,
                        "usage: bench-fill-store STATE-DIRECTORY IMAGE-DIRECTORY COLLECTIONS POINTS\n");
                return 2;
        }
        store = cr_store_open(argv[1], &error);
        if (!store)
                g_error("%s", error->message);
        host = cr_store_host_id(store);
        for (guint i = 0; i < (guint)atoi(argv[3]); i++) {
                g_autoptr(CrCollection) collection = make_collection(argv[2], &host, i, (guint)atoi(argv[4]));

                if (!cr_store_save(store, collection, &error))
                        g_error("%s", error->message);
        }
        return EXIT_SUCCESS;
}
