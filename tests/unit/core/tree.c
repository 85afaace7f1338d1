/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tree.h"

static CrId make_id(char kind, guint disk, guint number)
{
        CrId id;

        g_snprintf(id.text, sizeof id.text, "%c%07x%024x", kind, disk, number);
        return id;
}

CrId tree_disk_id(guint disk)
{
        return make_id('d', disk, 0);
}

CrId tree_point_id(guint number)
{
        return number ? make_id('e', 0, number) : CR_ID_NONE;
}

CrId tree_layer_id(guint disk, guint number)
{
        return number ? make_id('a', disk, number) : CR_ID_NONE;
}

CrCollection *tree_new(guint n_disks)
{
        CrCollection *collection = cr_collection_new("shop");

        collection->role = CR_ROLE_PRIMARY;
        collection->state = CR_STATE_REPLICATING;
        collection->has_relationship = TRUE;
        for (guint i = 0; i < n_disks; i++) {
                CrDisk *disk = cr_disk_new();

                disk->id = tree_disk_id(i);
                g_free(disk->name);
                disk->name = g_strdup_printf("disk%u", i);
                g_free(disk->head_path);
                disk->head_path = g_strdup_printf("/images/disk%u.img", i);
                g_ptr_array_add(collection->disks, disk);
        }
        return collection;
}

CrLayer *tree_add_layer(
        CrCollection *collection, guint disk, guint number, guint parent, CrLayerKind kind, guint point)
{
        CrLayer *layer = cr_layer_new();

        layer->id = tree_layer_id(disk, number);
        layer->disk = tree_disk_id(disk);
        layer->parent = tree_layer_id(disk, parent);
        layer->point = tree_point_id(point);
        layer->kind = kind;
        g_free(layer->path);
        layer->path = g_strdup_printf("/images/layers/%u-%u", disk, number);
        layer->inode = 1000 * (disk + 1) + number;
        g_ptr_array_add(collection->layers, layer);
        return layer;
}

void tree_add_layers(CrCollection *collection, guint number, guint parent, CrLayerKind kind, guint point)
{
        for (guint i = 0; i < collection->disks->len; i++)
                tree_add_layer(collection, i, number, parent, kind, point);
}

CrPoint *tree_add_point(CrCollection *collection, guint number, guint parent, gboolean held)
{
        CrPoint *point = cr_point_new();

        point->id = tree_point_id(number);
        point->parent = tree_point_id(parent);
        point->held = held;
        g_ptr_array_add(collection->points, point);
        return point;
}

void tree_add_chain(CrCollection *collection, guint count)
{
        for (guint i = 1; i <= count; i++) {
                tree_add_point(collection, i, i - 1, TRUE);
                tree_add_layers(collection, i, i - 1, CR_LAYER_FROZEN, i);
        }
        collection->base_point = tree_point_id(count);
}

CrLayer *tree_layer(const CrCollection *collection, guint disk, guint number)
{
        CrId id = tree_layer_id(disk, number);

        return cr_collection_layer(collection, &id);
}

CrDivergence *tree_add_divergence(CrCollection *collection, guint number, guint common)
{
        CrDivergence *divergence = cr_divergence_new();

        divergence->id = make_id('f', 0, number);
        divergence->common_point = tree_point_id(common);
        for (guint i = 0; i < collection->disks->len; i++) {
                CrDivergentDisk *disk = g_new0(CrDivergentDisk, 1);

                disk->disk = tree_disk_id(i);
                disk->layer = tree_layer_id(i, number);
                g_ptr_array_add(divergence->disks, disk);
        }
        g_ptr_array_add(collection->divergences, divergence);
        return divergence;
}
