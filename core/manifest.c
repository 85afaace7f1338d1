/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/manifest.h"

#include "core/disk_set.h"
#include "core/error.h"
#include "core/json_text.h"
#include "core/record_json.h"

#define FORMAT 1      /* of the text; raised when an older reader could not make use of it */
#define MAX_NESTING 4 /* a manifest has three levels */
#define SECTOR 512u   /* virtual sizes are multiples of it */

static const CrField manifest_fields[] = {
        {"collection", CR_FIELD_ID, offsetof(CrManifest, collection), FALSE, NULL},
        {"name", CR_FIELD_NAME, offsetof(CrManifest, name), FALSE, NULL},
        {"point", CR_FIELD_ID, offsetof(CrManifest, point), FALSE, NULL},
        {"parent", CR_FIELD_ID, offsetof(CrManifest, parent), TRUE, NULL},
        {"origin", CR_FIELD_ID, offsetof(CrManifest, origin), FALSE, NULL},
        {"created", CR_FIELD_SIGNED, offsetof(CrManifest, created), FALSE, NULL},
        {"consistency", CR_FIELD_COUNT, offsetof(CrManifest, consistency), FALSE, NULL},
        {NULL},
};

static const CrField disk_fields[] = {
        {"id", CR_FIELD_ID, offsetof(CrManifestDisk, id), FALSE, NULL},
        {"name", CR_FIELD_FILE_NAME, offsetof(CrManifestDisk, name), FALSE, NULL},
        {"size", CR_FIELD_UNSIGNED, offsetof(CrManifestDisk, size), FALSE, NULL},
        {"digest", CR_FIELD_ID, offsetof(CrManifestDisk, digest), FALSE, NULL},
        {NULL},
};

static gpointer disk_create(void)
{
        return g_new0(CrManifestDisk, 1);
}

static void disk_free(gpointer data)
{
        CrManifestDisk *disk = data;

        g_free(disk->name);
        g_free(disk);
}

static const CrRecord disk_record = {"disk", disk_fields, disk_create, disk_free};

CrManifest *cr_manifest_new(void)
{
        CrManifest *manifest = g_new0(CrManifest, 1);

        manifest->disks = g_ptr_array_new_with_free_func(disk_free);
        return manifest;
}

void cr_manifest_free(CrManifest *manifest)
{
        g_ptr_array_unref(manifest->disks);
        g_free(manifest->name);
        g_free(manifest);
}

CrManifestDisk *cr_manifest_add_disk(CrManifest *manifest, const CrId *id, const char *name, guint64 size)
{
        CrManifestDisk *disk = disk_create();

        disk->id = *id;
        disk->name = g_strdup(name);
        disk->size = size;
        g_ptr_array_add(manifest->disks, disk);
        return disk;
}

char *cr_manifest_image_name(const char *disk)
{
        return g_strdup_printf("%s.qcow2", disk);
}

char *cr_manifest_to_json(const CrManifest *manifest)
{
        g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
        JsonObject *object = cr_json_from_fields(manifest_fields, manifest);

        json_object_set_int_member(object, "format", FORMAT);
        cr_json_add_records(object, "disks", disk_fields, manifest->disks);
        json_node_take_object(root, object);
        return json_to_string(root, TRUE);
}

static gboolean refuse(GError **error, const char *reason)
{
        g_set_error(
                error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "it is not a manifest of an export: %s", reason);
        return FALSE;
}

static gboolean check_disks(const CrManifest *manifest, GError **error)
{
        for (guint i = 0; i < manifest->disks->len; i++) {
                const CrManifestDisk *disk = g_ptr_array_index(manifest->disks, i);

                if (disk->size == 0 || disk->size > G_MAXINT64 || disk->size % SECTOR != 0)
                        return refuse(error, "a disk's size is none");
                if (cr_manifest_disk(manifest, &disk->id) != disk)
                        return refuse(error, "two disks have the same id");
        }
        return TRUE;
}

static gboolean read_manifest(JsonObject *object, CrManifest *manifest, GError **error)
{
        g_autoptr(GError) problem = NULL;

        if (!cr_json_read_fields(object, manifest_fields, 2, manifest, &problem) ||
                !cr_json_read_records(object, "disks", &disk_record, manifest->disks, &problem))
                return refuse(error, problem->message);
        return check_disks(manifest, error);
}

CrManifest *cr_manifest_from_json(const char *text, GError **error)
{
        g_autoptr(JsonParser) parser = json_parser_new_immutable();
        g_autoptr(CrManifest) manifest = cr_manifest_new();
        g_autoptr(GError) problem = NULL;

        if (!cr_json_text_check(text, MAX_NESTING, &problem) ||
                !json_parser_load_from_data(parser, text, -1, &problem)) {
                refuse(error, problem->message);
                return NULL;
        }
        JsonNode *root = json_parser_get_root(parser);
        JsonObject *object = root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
        if (!object || !json_object_has_member(object, "format")) {
                refuse(error, "it has no format");
                return NULL;
        }
        if (!cr_json_has_format(object, FORMAT)) {
                g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED,
                        "it is not of format %d, which is the one that this version reads", FORMAT);
                return NULL;
        }
        return read_manifest(object, manifest, error) ? g_steal_pointer(&manifest) : NULL;
}

const CrManifestDisk *cr_manifest_disk(const CrManifest *manifest, const CrId *id)
{
        for (guint i = 0; i < manifest->disks->len; i++) {
                const CrManifestDisk *disk = g_ptr_array_index(manifest->disks, i);

                if (cr_id_equal(&disk->id, id))
                        return disk;
        }
        return NULL;
}

static gboolean match_disk(
        const CrManifest *manifest, const CrCollection *collection, const CrDisk *disk, GError **error)
{
        const CrManifestDisk *exported = cr_manifest_disk(manifest, &disk->id);

        if (exported && g_str_equal(exported->name, disk->name))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                "the export has no disk '%s', which collection '%s' has: export it anew", disk->name,
                collection->name);
        return FALSE;
}

gboolean cr_manifest_match(const CrManifest *manifest, const CrCollection *collection, GError **error)
{
        g_autoptr(GPtrArray) disks = cr_disk_set_included(collection);

        if (!cr_id_equal(&manifest->collection, &collection->id)) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "the export is one of collection '%s' with the id %s, not of '%s' with the id %s",
                        manifest->name, manifest->collection.text, collection->name, collection->id.text);
                return FALSE;
        }
        for (guint i = 0; i < disks->len; i++)
                if (!match_disk(manifest, collection, g_ptr_array_index(disks, i), error))
                        return FALSE;
        if (manifest->disks->len == disks->len)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                "the export has %u disks, collection '%s' replicates %u: export it anew",
                manifest->disks->len, collection->name, disks->len);
        return FALSE;
}
