/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdbool.h>

#include "core/error.h"
#include "worker/bus_variant.h"

static int append_basic(sd_bus_message *message, GVariant *value)
{
        char type = (char)g_variant_classify(value);

        switch (g_variant_classify(value)) {
        case G_VARIANT_CLASS_STRING:
        case G_VARIANT_CLASS_OBJECT_PATH:
                return sd_bus_message_append_basic(message, type, g_variant_get_string(value, NULL));
        case G_VARIANT_CLASS_BOOLEAN: {
                int boolean = g_variant_get_boolean(value);
                return sd_bus_message_append_basic(message, type, &boolean);
        }
        case G_VARIANT_CLASS_UINT16:
        case G_VARIANT_CLASS_UINT32:
        case G_VARIANT_CLASS_UINT64:
                return sd_bus_message_append_basic(message, type, g_variant_get_data(value));
        default:
                return -EOPNOTSUPP; /* the interfaces use no other types */
        }
}

static int append_children(sd_bus_message *message, GVariant *value, char container, const char *contents)
{
        int r = sd_bus_message_open_container(message, container, contents);

        for (gsize i = 0; r >= 0 && i < g_variant_n_children(value); i++) {
                g_autoptr(GVariant) child = g_variant_get_child_value(value, i);
                r = cr_bus_variant_append(message, child);
        }
        return r < 0 ? r : sd_bus_message_close_container(message);
}

int cr_bus_variant_append(sd_bus_message *message, GVariant *value)
{
        const char *type = g_variant_get_type_string(value);
        g_autofree char *inner = NULL;

        switch (g_variant_classify(value)) {
        case G_VARIANT_CLASS_ARRAY:
                return append_children(message, value, SD_BUS_TYPE_ARRAY, type + 1);
        case G_VARIANT_CLASS_TUPLE:
                inner = g_strndup(type + 1, strlen(type) - 2);
                return append_children(message, value, SD_BUS_TYPE_STRUCT, inner);
        case G_VARIANT_CLASS_DICT_ENTRY:
                inner = g_strndup(type + 1, strlen(type) - 2);
                return append_children(message, value, SD_BUS_TYPE_DICT_ENTRY, inner);
        case G_VARIANT_CLASS_VARIANT: {
                g_autoptr(GVariant) child = g_variant_get_variant(value);
                return append_children(message, value, SD_BUS_TYPE_VARIANT, g_variant_get_type_string(child));
        }
        default:
                return append_basic(message, value);
        }
}

static GVariant *read_value(sd_bus_message *message);

/* The children of an open container, until its end. NULL: malformed or of a type that the interfaces do not
 * use. */
static GVariant *read_children(
        sd_bus_message *message, char container, const char *contents, const GVariantType *type)
{
        g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT(type);

        if (sd_bus_message_enter_container(message, container, contents) < 0)
                return NULL;
        while (sd_bus_message_at_end(message, false) == 0) {
                GVariant *child = read_value(message);

                if (!child)
                        return NULL;
                g_variant_builder_add_value(&builder, child);
        }
        if (sd_bus_message_exit_container(message) < 0)
                return NULL;
        return g_variant_builder_end(&builder);
}

static GVariant *read_bytes(sd_bus_message *message)
{
        const void *bytes = NULL;
        size_t length = 0;

        if (sd_bus_message_read_array(message, SD_BUS_TYPE_BYTE, &bytes, &length) < 0)
                return NULL;
        return g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, length, 1);
}

static GVariant *read_container(sd_bus_message *message, char container, const char *contents)
{
        g_autofree char *type = NULL;

        switch (container) {
        case SD_BUS_TYPE_ARRAY:
                if (g_str_equal(contents, "y"))
                        return read_bytes(message);
                type = g_strdup_printf("a%s", contents);
                return read_children(message, container, contents, G_VARIANT_TYPE(type));
        case SD_BUS_TYPE_STRUCT:
                type = g_strdup_printf("(%s)", contents);
                return read_children(message, container, contents, G_VARIANT_TYPE(type));
        case SD_BUS_TYPE_DICT_ENTRY:
                type = g_strdup_printf("{%s}", contents);
                return read_children(message, container, contents, G_VARIANT_TYPE(type));
        default:
                return read_children(message, container, contents, G_VARIANT_TYPE_VARIANT);
        }
}

static GVariant *read_value(sd_bus_message *message)
{
        const char *contents = NULL;
        char type;
        union {
                const char *string;
                int boolean;
                guint16 u16;
                guint32 u32;
                guint64 u64;
        } value = {0};

        if (sd_bus_message_peek_type(message, &type, &contents) <= 0)
                return NULL;
        if (strchr("avre", type) || type == SD_BUS_TYPE_STRUCT || type == SD_BUS_TYPE_DICT_ENTRY)
                return read_container(message, type, contents);
        if (!strchr("sobqut", type) || sd_bus_message_read_basic(message, type, &value) < 0)
                return NULL;
        switch (type) {
        case SD_BUS_TYPE_STRING:
                return g_variant_new_string(value.string);
        case SD_BUS_TYPE_OBJECT_PATH:
                return g_variant_new_object_path(value.string);
        case SD_BUS_TYPE_BOOLEAN:
                return g_variant_new_boolean(value.boolean);
        case SD_BUS_TYPE_UINT16:
                return g_variant_new_uint16(value.u16);
        case SD_BUS_TYPE_UINT32:
                return g_variant_new_uint32(value.u32);
        default:
                return g_variant_new_uint64(value.u64);
        }
}

GVariant *cr_bus_variant_read(sd_bus_message *message, const char *type, GError **error)
{
        g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_TUPLE);
        const char *signature = sd_bus_message_get_signature(message, true);
        g_autofree char *tuple = g_strdup_printf("(%s)", signature ? signature : "");

        if (g_str_equal(tuple, type)) {
                gboolean ok = TRUE;

                while (ok && sd_bus_message_at_end(message, true) == 0) {
                        GVariant *child = read_value(message);

                        ok = child != NULL;
                        if (ok)
                                g_variant_builder_add_value(&builder, child);
                }
                if (ok)
                        return g_variant_ref_sink(g_variant_builder_end(&builder));
        }
        g_set_error(error, CR_ERROR, CR_ERROR_STATUS_UNKNOWN, "an answer of type %s was expected, not %s",
                type, tuple);
        return NULL;
}
