/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/stat.h>

#include "worker/replica.h"

char *cr_replica_folder(const CrWorker *worker, const char *name)
{
        g_autofree char *escaped = g_uri_escape_string(name, NULL, FALSE);

        if (*escaped == '.')
                return g_strdup_printf("%s/%%2E%s", worker->config->replica_directory, escaped + 1);
        return g_build_filename(worker->config->replica_directory, escaped, NULL);
}

static gboolean add_disk(CrCollection *collection, const char *folder, const char *id, const char *name,
        guint64 size, GError **error)
{
        CrDisk *disk = cr_disk_new();

        g_ptr_array_add(collection->disks, disk);
        disk->name = g_strdup(name);
        disk->virtual_size = size;
        disk->head_path = g_strdup_printf("%s/%s.qcow2", folder, name);
        if (!cr_name_check_disk(name, error))
                return FALSE;
        if (cr_id_parse(id, &disk->id))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "disk '%s' has no valid id", name);
        return FALSE;
}

gboolean cr_replica_add_disks(CrWorker *worker, CrCollection *collection, GVariant *disks, GError **error)
{
        g_autofree char *folder = cr_replica_folder(worker, collection->name);
        gsize count = collection->disks->len + g_variant_n_children(disks);
        GVariantIter iter;
        const char *id, *name;
        guint64 size;

        g_variant_iter_init(&iter, disks);
        if (count < 1 || count > CR_MAX_DISKS) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "a collection has 1 to %d disks",
                        CR_MAX_DISKS);
                return FALSE;
        }
        while (g_variant_iter_next(&iter, "(&s&st)", &id, &name, &size)) {
                if (cr_collection_disk_by_name(collection, name)) {
                        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                                "two disks of collection '%s' have the name '%s'", collection->name, name);
                        return FALSE;
                }
                if (!add_disk(collection, folder, id, name, size, error))
                        return FALSE;
        }
        return TRUE;
}

gboolean cr_replica_make_folder(const CrWorker *worker, const CrCollection *collection, GError **error)
{
        g_autofree char *folder = cr_replica_folder(worker, collection->name);

        if (g_mkdir_with_parents(folder, 0711) < 0)
                return cr_error_set_errno(error, errno, "the replica's folder %s could not be made", folder);
        return TRUE;
}

gboolean cr_replica_check_sender(const CrCollection *collection, const CrId *preparation,
        const CrGeneration *generation, GError **error)
{
        const CrGeneration *ours = &collection->generation;

        if (!cr_id_equal(&collection->preparation, preparation)) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "the preparation of collection '%s' is not the one that the sender knows: prepare "
                        "this side again",
                        collection->name);
                return FALSE;
        }
        if (generation->number > ours->number || cr_generation_equal(generation, ours))
                return TRUE;
        g_set_error(error, CR_ERROR,
                generation->number < ours->number ? CR_ERROR_INVALID_STATE : CR_ERROR_STATUS_UNKNOWN,
                "the sender of collection '%s' has generation %" G_GUINT64_FORMAT
                ", this side knows %" G_GUINT64_FORMAT ": it is no longer the primary",
                collection->name, generation->number, ours->number);
        return FALSE;
}
