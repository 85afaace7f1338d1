/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DefineCollection: a name for a group of disks, each checked before it is believed. */
#include <sys/stat.h>

#include "core/failpoint.h"
#include "worker/define.h"
#include "worker/machines.h"
#include "worker/operations.h"
#include "worker/templates.h"

/* The collection that has a disk at @path: another one, or the one that is being defined. NULL: none, or an
 * error. */
static char *disk_owner(CrWorker *worker, const CrCollection *collection, const char *path, GError **error)
{
        for (guint i = 0; i < collection->disks->len; i++)
                if (g_str_equal(((CrDisk *)g_ptr_array_index(collection->disks, i))->head_path, path))
                        return g_strdup(collection->name);
        return cr_store_find_path(worker->store, path, error);
}

/* FALSE when there is an @owner, or @failure told that it can't be known. Consumes both. */
static gboolean is_free(char *owner, GError *failure, const char *path, const char *what, GError **error)
{
        g_autofree char *freed = owner;

        if (failure)
                g_propagate_error(error, failure);
        else if (owner)
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "the image %s is %s of collection '%s'", path, what, owner);
        return !failure && !owner;
}

/* A template never changes; a disk does. */
static gboolean check_templates(CrWorker *worker, const CrCollection *collection,
        const CrTemplates *templates, const char *path, const CrImageInfo *info, GError **error)
{
        GError *failure = NULL;

        if (!is_free(g_strdup(cr_templates_user(templates, path)), NULL, path, "below a disk", error))
                return FALSE;
        for (char **below = info->below; below && *below; below++) {
                char *owner = disk_owner(worker, collection, *below, &failure);

                if (!is_free(owner, failure, path, "a clone of a disk", error))
                        return FALSE;
        }
        return TRUE;
}

static gboolean check_path(CrWorker *worker, const CrCollection *collection, const CrTemplates *templates,
        const char *path, const CrImageInfo *info, GError **error)
{
        GError *failure = NULL;
        char *owner = disk_owner(worker, collection, path, &failure);
        struct stat st;

        if (!is_free(owner, failure, path, "already a disk", error) ||
                !check_templates(worker, collection, templates, path, info, error))
                return FALSE;
        /* A second name of the same file would bypass the checks above. */
        if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink > 1) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "the image %s has another name (a hard link): remove it first", path);
                return FALSE;
        }
        return TRUE;
}

static CrLayer *new_head(const CrDisk *disk, CrImageInfo *info)
{
        CrLayer *head = cr_layer_new();

        head->id = cr_id_new();
        head->disk = disk->id;
        head->kind = CR_LAYER_HEAD;
        head->path = g_strdup(disk->head_path);
        head->inode = info->inode;
        head->virtual_size = info->virtual_size;
        head->template_path = g_steal_pointer(&info->template_path);
        head->template_inode = info->template_inode;
        head->template_size = info->template_size;
        head->template_mtime = info->template_mtime;
        return head;
}

static gboolean add_disk(CrWorker *worker, const CrEngine *engine, CrCollection *collection,
        CrTemplates *templates, const char *name, const char *path, GError **error)
{
        g_auto(CrImageInfo) info = {0};

        if (!cr_name_check_disk(name, error))
                return FALSE;
        if (cr_collection_disk_by_name(collection, name)) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "two disks of collection '%s' have the name '%s'", collection->name, name);
                return FALSE;
        }
        if (!engine->probe(worker->config, path, &info, error) ||
                !check_path(worker, collection, templates, path, &info, error))
                return FALSE;
        CrDisk *disk = cr_disk_new();
        disk->id = cr_id_new();
        disk->name = g_strdup(name);
        disk->head_path = g_strdup(path);
        disk->virtual_size = info.virtual_size;
        g_ptr_array_add(collection->disks, disk);
        g_ptr_array_add(collection->layers, new_head(disk, &info));
        cr_templates_add(templates, info.below, collection->name);
        return TRUE;
}

gboolean cr_define_add_disks(CrWorker *worker, CrCollection *collection, GVariant *disks, GError **error)
{
        const CrEngine *engine = cr_worker_engine(collection, error);
        g_autoptr(CrTemplates) templates = NULL;
        gsize count = collection->disks->len + g_variant_n_children(disks);
        GVariantIter iter;
        const char *name, *path;

        if (!engine)
                return FALSE;
        if (count < 1 || count > CR_MAX_DISKS) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "a collection has 1 to %d disks, not %" G_GSIZE_FORMAT, CR_MAX_DISKS, count);
                return FALSE;
        }
        templates = cr_templates_load(worker, engine, error);
        if (!templates)
                return FALSE;
        g_variant_iter_init(&iter, disks);
        while (g_variant_iter_next(&iter, "(&s&s)", &name, &path))
                if (!add_disk(worker, engine, collection, templates, name, path, error))
                        return FALSE;
        return TRUE;
}

gboolean cr_operation_define(CrWorker *worker, GError **error)
{
        g_autoptr(GVariant) name = cr_worker_get(worker, "Name", "s", error);
        g_autoptr(GVariant) disks = name ? cr_worker_get(worker, "Disks", "a(ss)", error) : NULL;

        if (!disks || !cr_name_check("collection", g_variant_get_string(name, NULL), error))
                return FALSE;
        g_autoptr(CrCollection) collection = cr_collection_new(g_variant_get_string(name, NULL));
        if (!cr_worker_get_id(worker, CR_REQUEST_COLLECTION, FALSE, &collection->id, error))
                return FALSE;
        if (!cr_define_add_disks(worker, collection, disks, error) ||
                !cr_machines_take(worker, collection, error) || !cr_worker_ready(worker, NULL, error))
                return FALSE;
        if (!cr_store_save(worker->store, collection, error))
                return FALSE;
        CR_FAILPOINT("define.saved");
        return TRUE;
}
