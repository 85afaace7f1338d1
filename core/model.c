/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/model.h"

#include <string.h>

#include "core/error.h"
#include "core/record.h"

#define DEFAULT_ENGINE "qcow2"  /* a definition may name another */
#define MAX_MESSAGE_LENGTH 4096 /* bytes of last_error */

/* ---- making, copying, freeing ---- */

CrCollection *cr_collection_new(const char *name)
{
        CrCollection *collection = cr_collection_record.create();

        collection->id = cr_id_new();
        collection->name = g_strdup(name);
        collection->engine = g_strdup(DEFAULT_ENGINE);
        collection->generation.number = 1;
        collection->generation.id = cr_id_new();
        collection->settings = cr_settings_new();
        collection->last_error = g_strdup("");
        return collection;
}

static gpointer copy_record(const CrRecord *record, gconstpointer from)
{
        gpointer copy = record->create();

        cr_record_copy(record, copy, from);
        return copy;
}

static void copy_all(const CrRecord *record, GPtrArray *to, const GPtrArray *from)
{
        for (guint i = 0; i < from->len; i++)
                g_ptr_array_add(to, copy_record(record, g_ptr_array_index(from, i)));
}

CrCollection *cr_collection_copy(const CrCollection *collection)
{
        CrCollection *copy = copy_record(&cr_collection_record, collection);

        copy_all(&cr_disk_record, copy->disks, collection->disks);
        copy_all(&cr_layer_record, copy->layers, collection->layers);
        copy_all(&cr_point_record, copy->points, collection->points);
        copy_all(&cr_divergence_record, copy->divergences, collection->divergences);
        for (guint i = 0; i < copy->divergences->len; i++) {
                CrDivergence *to = g_ptr_array_index(copy->divergences, i);
                const CrDivergence *from = g_ptr_array_index(collection->divergences, i);

                copy_all(&cr_divergent_disk_record, to->disks, from->disks);
        }
        return copy;
}

void cr_collection_free(CrCollection *collection)
{
        if (!collection)
                return;
        g_ptr_array_unref(collection->disks);
        g_ptr_array_unref(collection->layers);
        g_ptr_array_unref(collection->points);
        g_ptr_array_unref(collection->divergences);
        cr_record_clear(&cr_collection_record, collection);
        g_free(collection);
}

CrDisk *cr_disk_new(void)
{
        return g_new0(CrDisk, 1);
}

void cr_disk_free(CrDisk *disk)
{
        cr_record_clear(&cr_disk_record, disk);
        g_free(disk);
}

CrLayer *cr_layer_new(void)
{
        return g_new0(CrLayer, 1);
}

void cr_layer_free(CrLayer *layer)
{
        cr_record_clear(&cr_layer_record, layer);
        g_free(layer);
}

CrPoint *cr_point_new(void)
{
        return g_new0(CrPoint, 1);
}

void cr_point_free(CrPoint *point)
{
        g_free(point);
}

CrDivergence *cr_divergence_new(void)
{
        CrDivergence *divergence = g_new0(CrDivergence, 1);

        divergence->disks = g_ptr_array_new_with_free_func(g_free);
        return divergence;
}

void cr_divergence_free(CrDivergence *divergence)
{
        g_ptr_array_unref(divergence->disks);
        g_free(divergence);
}

gboolean cr_generation_equal(const CrGeneration *a, const CrGeneration *b)
{
        return a->number == b->number && cr_id_equal(&a->id, &b->id);
}

/* ---- looking up ---- */

G_STATIC_ASSERT(offsetof(CrDisk, id) == 0 && offsetof(CrLayer, id) == 0 && offsetof(CrPoint, id) == 0 &&
                offsetof(CrDivergence, id) == 0);

/* Of an array whose elements begin with their id. */
static gpointer find_id(const GPtrArray *array, const CrId *id)
{
        for (guint i = 0; i < array->len; i++)
                if (cr_id_equal(g_ptr_array_index(array, i), id))
                        return g_ptr_array_index(array, i);
        return NULL;
}

CrDisk *cr_collection_disk(const CrCollection *collection, const CrId *id)
{
        return find_id(collection->disks, id);
}

CrDisk *cr_collection_disk_by_name(const CrCollection *collection, const char *name)
{
        for (guint i = 0; i < collection->disks->len; i++) {
                CrDisk *disk = g_ptr_array_index(collection->disks, i);

                if (strcmp(disk->name, name) == 0)
                        return disk;
        }
        return NULL;
}

CrLayer *cr_collection_layer(const CrCollection *collection, const CrId *id)
{
        return find_id(collection->layers, id);
}

CrLayer *cr_collection_head(const CrCollection *collection, const CrId *disk)
{
        for (guint i = 0; i < collection->layers->len; i++) {
                CrLayer *layer = g_ptr_array_index(collection->layers, i);

                if (layer->kind == CR_LAYER_HEAD && cr_id_equal(&layer->disk, disk))
                        return layer;
        }
        return NULL;
}

CrLayer *cr_collection_layer_at(const CrCollection *collection, const CrId *disk, const CrId *point)
{
        if (cr_id_is_none(point))
                return NULL;
        for (guint i = 0; i < collection->layers->len; i++) {
                CrLayer *layer = g_ptr_array_index(collection->layers, i);

                if (cr_id_equal(&layer->disk, disk) && cr_id_equal(&layer->point, point))
                        return layer;
        }
        return NULL;
}

CrPoint *cr_collection_point(const CrCollection *collection, const CrId *id)
{
        return find_id(collection->points, id);
}

CrDivergence *cr_collection_divergence(const CrCollection *collection, const CrId *id)
{
        return find_id(collection->divergences, id);
}

void cr_collection_set_last_error(CrCollection *collection, guint32 value, const char *message)
{
        g_autofree char *valid = g_utf8_make_valid(message ? message : "", -1);
        gsize length = strlen(valid);

        if (length > MAX_MESSAGE_LENGTH)
                length = (gsize)(g_utf8_find_prev_char(valid, valid + MAX_MESSAGE_LENGTH) - valid);
        g_free(collection->last_error);
        collection->last_error = g_strndup(valid, length);
        collection->last_error_value = value;
}

/* ---- names ---- */

static gboolean refuse_name(const char *what, const char *name, const char *reason, GError **error)
{
        g_autofree char *shown = g_utf8_make_valid(name, (gssize)strnlen(name, CR_MAX_NAME_LENGTH));

        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "the %s name '%s' %s", what, shown, reason);
        return FALSE;
}

static gboolean has_control_character(const char *name)
{
        for (const char *c = name; *c; c = g_utf8_next_char(c))
                if (g_unichar_iscntrl(g_utf8_get_char(c)))
                        return TRUE;
        return FALSE;
}

gboolean cr_name_check(const char *what, const char *name, GError **error)
{
        if (!name[0])
                return refuse_name(what, name, "is empty", error);
        if (strlen(name) > CR_MAX_NAME_LENGTH)
                return refuse_name(what, name, "is longer than 64 bytes", error);
        if (!g_utf8_validate(name, -1, NULL))
                return refuse_name(what, name, "is not valid UTF-8", error);
        if (has_control_character(name))
                return refuse_name(what, name, "holds a control character", error);
        return TRUE;
}

gboolean cr_name_check_disk(const char *name, GError **error)
{
        if (!cr_name_check("disk", name, error))
                return FALSE;
        if (strchr(name, '/'))
                return refuse_name("disk", name, "holds a '/': it becomes part of a file name", error);
        if (name[0] == '.')
                return refuse_name("disk", name, "begins with a '.': it becomes part of a file name", error);
        return TRUE;
}
