/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fill-store DIRECTORY COLLECTIONS POINTS DIVERGENCES JOBS: a site's store with that many collections, of
 * that many recovery points and divergences each, and no files. */
#include <stdio.h>
#include <stdlib.h>

#include "core/store.h"

#define HISTORY 16

static void add_disk(CrCollection *c, guint n)
{
        CrDisk *disk = cr_disk_new();

        disk->id = cr_id_new();
        disk->name = g_strdup("root");
        disk->head_path = g_strdup_printf("/var/lib/libvirt/images/machine-%04u.qcow2", n);
        disk->virtual_size = (guint64)1 << 30;
        g_ptr_array_add(c->disks, disk);
}

static void add_layer(CrCollection *c, const CrId *point, const CrId *below, CrLayerKind kind)
{
        const CrDisk *disk = c->disks->pdata[0];
        CrLayer *layer = cr_layer_new();

        layer->id = cr_id_new();
        layer->disk = disk->id;
        layer->parent = *below;
        layer->point = *point;
        layer->kind = kind;
        layer->path = kind == CR_LAYER_HEAD ? g_strdup(disk->head_path)
                                            : g_strdup_printf("%s.%s", disk->head_path, layer->id.text);
        layer->virtual_size = disk->virtual_size;
        g_ptr_array_add(c->layers, layer);
}

static void add_points(CrCollection *c, guint n)
{
        CrId parent = CR_ID_NONE, below = CR_ID_NONE, none = CR_ID_NONE;

        for (guint i = 0; i < n; i++) {
                CrPoint *point = cr_point_new();

                point->id = cr_id_new();
                point->parent = parent;
                point->origin = c->id;
                point->created = g_get_real_time();
                point->consistency = 3;
                point->size = 4096;
                point->held = TRUE;
                g_ptr_array_add(c->points, point);
                add_layer(c, &point->id, &below, CR_LAYER_FROZEN);
                below = ((CrLayer *)c->layers->pdata[c->layers->len - 1])->id;
                parent = point->id;
        }
        c->base_point = parent;
        add_layer(c, &none, &below, CR_LAYER_HEAD);
}

static void add_divergence(CrCollection *c)
{
        const CrDisk *disk = c->disks->pdata[0];
        const CrLayer *lowest = c->layers->pdata[0];
        CrDivergentDisk *divergent = g_new0(CrDivergentDisk, 1);
        CrDivergence *divergence = cr_divergence_new();
        CrId none = CR_ID_NONE;

        add_layer(c, &none, &lowest->id, CR_LAYER_SET_ASIDE);
        divergent->disk = disk->id;
        divergent->layer = ((CrLayer *)c->layers->pdata[c->layers->len - 1])->id;
        divergent->bytes = 4096;
        divergence->id = cr_id_new();
        divergence->common_point = lowest->point;
        divergence->created = g_get_real_time();
        g_ptr_array_add(divergence->disks, divergent);
        g_ptr_array_add(c->divergences, divergence);
}

static CrCollection *collection_new(guint n, guint points, guint divergences)
{
        g_autofree char *name = g_strdup_printf("collection-%04u", n);
        CrCollection *c = cr_collection_new(name);

        c->role = CR_ROLE_PRIMARY;
        c->state = CR_STATE_REPLICATING;
        c->has_relationship = TRUE;
        c->settings->recovery_history = HISTORY;
        add_disk(c, n);
        add_points(c, points);
        for (guint i = 0; i < divergences; i++)
                add_divergence(c);
        return c;
}

/* Of user 1000, ended two minutes ago. */
static void add_job(CrStore *store, guint64 id, GError **error)
{
        gint64 ended = g_get_real_time() - 2 * 60 * G_USEC_PER_SEC;
        CrJobRecord job = {
                .id = id,
                .operation = (char *)"ReplicateNow",
                .collection_path = (char *)"/org/example/CollectionReplication/collection/gone",
                .collection = cr_id_new(),
                .owner = 1000,
                .state = (char *)"completed",
                .started = ended,
                .ended = ended,
                .error_name = (char *)"",
                .error_message = (char *)"",
                .result = (char *)"",
        };

        cr_store_save_job(store, &job, error);
}

int main(int argc, char **argv)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(CrStore) store = cr_store_open(argv[1], &error);

        for (guint i = 0; !error && i < (guint)atoi(argv[2]); i++) {
                g_autoptr(CrCollection) c = collection_new(i, (guint)atoi(argv[3]), (guint)atoi(argv[4]));

                cr_store_save(store, c, &error);
        }
        for (guint i = 0; !error && i < (guint)atoi(argv[5]); i++)
                add_job(store, i + 1, &error);
        if (error)
                fprintf(stderr, "fill-store: %s\n", error->message);
        return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
