/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/image.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "core/error.h"
#include "engines/qcow2/child.h"
#include "engines/qcow2/header.h"

void cr_image_clear(CrImage *image)
{
        g_free(image->backing);
        *image = (CrImage){0};
}

/* No locks: only the header is read, and the caller may hold a fence on the file. */
static gboolean run_info(int fd, char **ret_output, GError **error)
{
        g_autofree char *graph = g_strdup_printf(
                "json:{\"driver\": \"qcow2\", \"force-share\": true, \"backing\": null, "
                "\"file\": {\"driver\": \"file\", \"locking\": \"off\", \"filename\": \"/proc/self/fd/%d\"}}",
                fd);
        const char *const argv[] = {"qemu-img", "info", "--output=json", graph, NULL};
        const CrChildSpec spec = {
                .argv = argv, .fds = &fd, .n_fds = 1, .timeout_ms = CR_CHILD_TIMEOUT_MS, .confined = TRUE};

        return cr_child_run(&spec, ret_output, error);
}

/* A name that QEMU would hand to a protocol ("nbd://...", "json:...", "fd:3") has a colon before its first
 * slash. */
static gboolean is_protocol(const char *name)
{
        return name[strcspn(name, ":/")] == ':';
}

static gboolean take_backing_format(const char *format, const char *path, CrImage *ret, GError **error)
{
        if (g_strcmp0(format, "qcow2") == 0) {
                ret->backing_format = "qcow2";
                return TRUE;
        }
        if (g_strcmp0(format, "raw") == 0) {
                ret->backing_format = "raw";
                return TRUE;
        }
        if (format)
                g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED,
                        "image '%s' has a backing file of format '%s'; only qcow2 and raw can be below", path,
                        format);
        else
                g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED,
                        "image '%s' does not name the format of its backing file; name it with qemu-img "
                        "rebase -u -F FORMAT -b FILE",
                        path);
        return FALSE;
}

static gboolean take_backing(JsonObject *info, const char *path, CrImage *ret, GError **error)
{
        const char *name = json_object_get_string_member_with_default(info, "backing-filename", "");
        g_autofree char *folder = g_path_get_dirname(path);

        if (!*name)
                return TRUE;
        if (is_protocol(name)) {
                g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED,
                        "image '%s' has the backing file '%s'; only a plain file can be below", path, name);
                return FALSE;
        }
        ret->backing_relative = !g_path_is_absolute(name);
        ret->backing = g_canonicalize_filename(name, folder);
        return take_backing_format(
                json_object_get_string_member_with_default(info, "backing-filename-format", NULL), path, ret,
                error);
}

/* What the header's fixed part must have told already: both readers have to agree that there is nothing more
 * to the image. */
static gboolean is_plain(JsonObject *info)
{
        JsonObject *specific, *data;

        if (json_object_has_member(info, "snapshots") ||
                json_object_get_boolean_member_with_default(info, "encrypted", FALSE))
                return FALSE;
        if (!json_object_has_member(info, "format-specific"))
                return FALSE;
        specific = json_object_get_object_member(info, "format-specific");
        data = json_object_get_object_member(specific, "data");
        return data && !json_object_has_member(data, "data-file") && !json_object_has_member(data, "encrypt");
}

static gboolean take(JsonParser *parser, const char *path, CrImage *ret, GError **error)
{
        JsonNode *root = json_parser_get_root(parser);
        JsonObject *info = root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
        gint64 size = info ? json_object_get_int_member_with_default(info, "virtual-size", -1) : -1;

        if (size < 0 || !is_plain(info)) {
                g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED, "image '%s' is not a plain qcow2 image",
                        path);
                return FALSE;
        }
        ret->virtual_size = (guint64)size;
        return take_backing(info, path, ret, error);
}

gboolean cr_image_read(int fd, const char *path, CrImage *ret, GError **error)
{
        g_autoptr(JsonParser) parser = json_parser_new();
        g_autofree char *output = NULL;
        g_auto(CrImage) image = {0};

        if (!cr_header_check(fd, path, error))
                return FALSE;
        if (!run_info(fd, &output, error)) {
                g_prefix_error(error, "image '%s': ", path);
                return FALSE;
        }
        if (!json_parser_load_from_data(parser, output, -1, NULL)) {
                g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "image '%s': qemu-img's answer can't be read",
                        path);
                return FALSE;
        }
        if (!take(parser, path, &image, error))
                return FALSE;
        *ret = image;
        image = (CrImage){0};
        return TRUE;
}
