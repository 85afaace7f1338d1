/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/variant.h"

#include <string.h>

#include "core/error.h"

/* What is left of the limits. */
typedef struct Budget {
        gsize bytes;
        guint depth;
} Budget;

static GVariant *read_value(sd_bus_message *m, Budget *budget, GError **error);

static void set_too_large(GError **error, const char *what)
{
        g_set_error(
                error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "the call's arguments are too large: %s", what);
}

static gboolean set_unreadable(GError **error, int r)
{
        return cr_error_set_errno(error, -r, "the call's arguments can't be read");
}

static gboolean spend(Budget *budget, gsize bytes, GError **error)
{
        if (bytes <= budget->bytes) {
                budget->bytes -= bytes;
                return TRUE;
        }
        set_too_large(error, "too many bytes");
        return FALSE;
}

static GVariant *read_string(sd_bus_message *m, char type, Budget *budget, GError **error)
{
        const char *text;
        int r = sd_bus_message_read_basic(m, type, &text);

        if (r < 0 && !set_unreadable(error, r))
                return NULL;
        if (!spend(budget, strlen(text) + sizeof(guint64), error))
                return NULL;
        if (type == SD_BUS_TYPE_OBJECT_PATH)
                return g_variant_new_object_path(text);
        return type == SD_BUS_TYPE_SIGNATURE ? g_variant_new_signature(text) : g_variant_new_string(text);
}

static GVariant *number_new(char type, const void *p)
{
        switch (type) {
        case SD_BUS_TYPE_BYTE:
                return g_variant_new_byte(*(const guint8 *)p);
        case SD_BUS_TYPE_BOOLEAN:
                return g_variant_new_boolean(*(const int *)p);
        case SD_BUS_TYPE_INT16:
                return g_variant_new_int16(*(const gint16 *)p);
        case SD_BUS_TYPE_UINT16:
                return g_variant_new_uint16(*(const guint16 *)p);
        case SD_BUS_TYPE_INT32:
                return g_variant_new_int32(*(const gint32 *)p);
        case SD_BUS_TYPE_UINT32:
                return g_variant_new_uint32(*(const guint32 *)p);
        case SD_BUS_TYPE_INT64:
                return g_variant_new_int64(*(const gint64 *)p);
        case SD_BUS_TYPE_UINT64:
                return g_variant_new_uint64(*(const guint64 *)p);
        case SD_BUS_TYPE_DOUBLE:
                return g_variant_new_double(*(const double *)p);
        default:
                return NULL;
        }
}

static GVariant *read_number(sd_bus_message *m, char type, Budget *budget, GError **error)
{
        guint64 space = 0; /* of the largest of them */
        int r;

        if (type == SD_BUS_TYPE_UNIX_FD) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "file descriptors are not taken");
                return NULL;
        }
        r = sd_bus_message_read_basic(m, type, &space);
        if (r < 0 && !set_unreadable(error, r))
                return NULL;
        return spend(budget, sizeof space, error) ? number_new(type, &space) : NULL;
}

static GVariantType *type_of_container(char type, const char *contents)
{
        g_autofree char *text = NULL;

        switch (type) {
        case SD_BUS_TYPE_ARRAY:
                text = g_strconcat("a", contents, NULL);
                break;
        case SD_BUS_TYPE_STRUCT:
                text = g_strconcat("(", contents, ")", NULL);
                break;
        case SD_BUS_TYPE_DICT_ENTRY:
                text = g_strconcat("{", contents, "}", NULL);
                break;
        default:
                text = g_strdup("v");
        }
        return g_variant_type_new(text);
}

/* The values up to the end of the container that was entered. */
static GVariant *read_members(
        sd_bus_message *m, const GVariantType *type, guint n_max, Budget *budget, GError **error)
{
        g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT(type);
        int end;

        for (guint n = 0; (end = sd_bus_message_at_end(m, FALSE)) == 0; n++) {
                GVariant *member = NULL;

                if (n < n_max)
                        member = read_value(m, budget, error);
                else
                        set_too_large(error, "a dictionary has too many keys");
                if (!member)
                        return NULL;
                g_variant_builder_add_value(&builder, member);
        }
        if (end < 0 && !set_unreadable(error, end))
                return NULL;
        return g_variant_builder_end(&builder);
}

static GVariant *read_container(
        sd_bus_message *m, char type, const char *contents, Budget *budget, GError **error)
{
        g_autoptr(GVariantType) own_type = type_of_container(type, contents);
        gboolean is_dictionary = type == SD_BUS_TYPE_ARRAY && *contents == SD_BUS_TYPE_DICT_ENTRY_BEGIN;
        Budget inner = {MIN(budget->bytes, is_dictionary ? CR_VARIANT_DICTIONARY_BYTES_MAX : G_MAXSIZE),
                budget->depth - 1};
        gsize before = inner.bytes;
        GVariant *value;
        int r;

        if (budget->depth == 0) {
                set_too_large(error, "nested too deeply");
                return NULL;
        }
        r = sd_bus_message_enter_container(m, type, contents);
        if (r < 0 && !set_unreadable(error, r))
                return NULL;
        value = read_members(
                m, own_type, is_dictionary ? CR_VARIANT_DICTIONARY_KEYS_MAX : G_MAXUINT, &inner, error);
        if (!value)
                return NULL;
        budget->bytes -= before - inner.bytes;
        r = sd_bus_message_exit_container(m);
        if (r >= 0)
                return value;
        set_unreadable(error, r);
        g_variant_unref(g_variant_ref_sink(value));
        return NULL;
}

/* A floating value. */
static GVariant *read_value(sd_bus_message *m, Budget *budget, GError **error)
{
        const char *contents;
        char type;
        int r = sd_bus_message_peek_type(m, &type, &contents);

        if (r < 0 && !set_unreadable(error, r))
                return NULL;
        switch (type) {
        case SD_BUS_TYPE_STRING:
        case SD_BUS_TYPE_OBJECT_PATH:
        case SD_BUS_TYPE_SIGNATURE:
                return read_string(m, type, budget, error);
        case SD_BUS_TYPE_ARRAY:
        case SD_BUS_TYPE_VARIANT:
        case SD_BUS_TYPE_STRUCT:
        case SD_BUS_TYPE_DICT_ENTRY:
                return read_container(m, type, contents, budget, error);
        default:
                return read_number(m, type, budget, error);
        }
}

GVariant *cr_variant_from_message(sd_bus_message *message, GError **error)
{
        Budget budget = {CR_VARIANT_BYTES_MAX, CR_VARIANT_DEPTH_MAX};
        g_autofree char *text = g_strconcat("(", sd_bus_message_get_signature(message, TRUE), ")", NULL);
        g_autoptr(GVariantType) type = g_variant_type_new(text);
        int r = sd_bus_message_rewind(message, TRUE);

        if (r < 0 && !set_unreadable(error, r))
                return NULL;
        GVariant *body = read_members(message, type, G_MAXUINT, &budget, error);
        return body ? g_variant_ref_sink(body) : NULL;
}

static int append_number(sd_bus_message *message, char type, GVariant *value)
{
        int flag;

        if (type != SD_BUS_TYPE_BOOLEAN)
                return sd_bus_message_append_basic(message, type, g_variant_get_data(value));
        flag = g_variant_get_boolean(value);
        return sd_bus_message_append_basic(message, type, &flag);
}

static int append_variant(sd_bus_message *message, GVariant *value)
{
        g_autoptr(GVariant) inner = g_variant_get_variant(value);
        int r = sd_bus_message_open_container(message, SD_BUS_TYPE_VARIANT, g_variant_get_type_string(inner));

        if (r < 0)
                return r;
        r = cr_variant_append(message, inner);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

/* Arrays, structures and entries of dictionaries. @contents: the signature within. */
static int append_container(sd_bus_message *message, char type, const char *contents, GVariant *value)
{
        int r = sd_bus_message_open_container(message, type, contents);

        if (r < 0)
                return r;
        r = cr_variant_append_all(message, value);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

int cr_variant_append_all(sd_bus_message *message, GVariant *values)
{
        int r = 0;

        for (gsize i = 0; i < g_variant_n_children(values) && r >= 0; i++) {
                g_autoptr(GVariant) child = g_variant_get_child_value(values, i);

                r = cr_variant_append(message, child);
        }
        return r;
}

int cr_variant_append(sd_bus_message *message, GVariant *value)
{
        const char *type = g_variant_get_type_string(value);
        g_autofree char *contents = NULL;

        switch (*type) {
        case SD_BUS_TYPE_STRING:
        case SD_BUS_TYPE_OBJECT_PATH:
        case SD_BUS_TYPE_SIGNATURE:
                return sd_bus_message_append_basic(message, *type, g_variant_get_string(value, NULL));
        case SD_BUS_TYPE_VARIANT:
                return append_variant(message, value);
        case SD_BUS_TYPE_ARRAY:
                return append_container(message, SD_BUS_TYPE_ARRAY, type + 1, value);
        case SD_BUS_TYPE_STRUCT_BEGIN:
        case SD_BUS_TYPE_DICT_ENTRY_BEGIN:
                contents = g_strndup(type + 1, strlen(type) - 2);
                return append_container(message,
                        *type == SD_BUS_TYPE_STRUCT_BEGIN ? SD_BUS_TYPE_STRUCT : SD_BUS_TYPE_DICT_ENTRY,
                        contents, value);
        default:
                return append_number(message, *type, value);
        }
}
