/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/disk_set.h"

#include "core/error.h"

static gboolean is_list_empty(char *const *names)
{
        return !names || !names[0];
}

gboolean cr_disk_set_includes(const CrCollection *collection, const CrDisk *disk)
{
        char *const *names = collection->settings->included_disks;

        return is_list_empty(names) || g_strv_contains((const char *const *)names, disk->name);
}

GPtrArray *cr_disk_set_included(const CrCollection *collection)
{
        GPtrArray *disks = g_ptr_array_new();

        for (guint i = 0; i < collection->disks->len; i++) {
                CrDisk *disk = g_ptr_array_index(collection->disks, i);

                if (cr_disk_set_includes(collection, disk))
                        g_ptr_array_add(disks, disk);
        }
        return disks;
}

GPtrArray *cr_disk_set_cut(const CrCollection *collection)
{
        GPtrArray *disks = cr_disk_set_included(collection);

        for (guint i = disks->len; i-- > 0;)
                if (!cr_collection_head(collection, &((CrDisk *)g_ptr_array_index(disks, i))->id))
                        g_ptr_array_remove_index(disks, i);
        return disks;
}

/* @names without @name, which comes last when it is to be @added. */
static char **change_list(char *const *names, const char *name, gboolean added)
{
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

        for (; *names; names++)
                if (g_strcmp0(*names, name) != 0)
                        g_strv_builder_add(builder, *names);
        if (added)
                g_strv_builder_add(builder, name);
        return g_strv_builder_end(builder);
}

static void change(CrCollection *collection, const char *name, gboolean added)
{
        char **names = collection->settings->included_disks;

        if (is_list_empty(names))
                return;
        collection->settings->included_disks = change_list(names, name, added);
        g_strfreev(names);
}

void cr_disk_set_include(CrCollection *collection, const char *name)
{
        change(collection, name, TRUE);
}

void cr_disk_set_exclude(CrCollection *collection, const char *name)
{
        change(collection, name, FALSE);
}

gboolean cr_disk_set_check_unchanged(
        const CrCollection *collection, const CrSettings *settings, GError **error)
{
        static char *none[] = {NULL};
        char **now = settings->included_disks, **then = collection->settings->included_disks;

        if (g_strv_equal((const char *const *)(now ? now : none), (const char *const *)(then ? then : none)))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "IncludedDisks of collection '%s' is given when the relationship is created: add a disk or "
                "take it out with UpdateDiskSet, or remove the relationship and create it again",
                collection->name);
        return FALSE;
}

gboolean cr_disk_set_is_divergent(const CrCollection *collection, const CrId *disk)
{
        for (guint i = 0; i < collection->divergences->len; i++) {
                const CrDivergence *divergence = g_ptr_array_index(collection->divergences, i);

                for (guint j = 0; j < divergence->disks->len; j++)
                        if (cr_id_equal(disk,
                                    &((CrDivergentDisk *)g_ptr_array_index(divergence->disks, j))->disk))
                                return TRUE;
        }
        return FALSE;
}
