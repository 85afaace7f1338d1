/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/record_json.h"

#include <string.h>

#include "core/error.h"

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean refuse(GError **error, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        if (error)
                *error = g_error_new_valist(CR_ERROR, CR_ERROR_FAILED, format, arguments);
        va_end(arguments);
        return FALSE;
}

/* ---- writing ---- */

static void write_field(JsonObject *object, const CrField *field, gconstpointer data)
{
        g_autofree char *text = NULL;

        if (cr_field_is_text(field))
                text = cr_field_text(field, data);
        else if (field->type == CR_FIELD_UNSIGNED)
                text = g_strdup_printf("%" G_GUINT64_FORMAT, (guint64)cr_field_number(field, data));
        else if (field->type == CR_FIELD_SIGNED)
                text = g_strdup_printf("%" G_GINT64_FORMAT, cr_field_number(field, data));
        else if (field->type == CR_FIELD_BOOLEAN) {
                json_object_set_boolean_member(object, field->name, (gboolean)cr_field_number(field, data));
                return;
        } else {
                json_object_set_int_member(object, field->name, cr_field_number(field, data));
                return;
        }
        if (text)
                json_object_set_string_member(object, field->name, text);
        else
                json_object_set_null_member(object, field->name);
}

JsonObject *cr_json_from_fields(const CrField *fields, gconstpointer data)
{
        JsonObject *object = json_object_new();

        for (const CrField *field = fields; field->name; field++)
                write_field(object, field, data);
        return object;
}

void cr_json_add_records(JsonObject *object, const char *name, const CrField *fields, const GPtrArray *array)
{
        JsonArray *elements = json_array_sized_new(array->len);

        for (guint i = 0; i < array->len; i++)
                json_array_add_object_element(
                        elements, cr_json_from_fields(fields, g_ptr_array_index(array, i)));
        json_object_set_array_member(object, name, elements);
}

/* ---- reading ---- */

static gboolean holds(JsonNode *node, GType type)
{
        return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

static gboolean read_text(JsonNode *node, const CrField *field, gpointer data, GError **error)
{
        if (node && JSON_NODE_HOLDS_NULL(node))
                return cr_field_set_text(field, data, NULL, error);
        if (!holds(node, G_TYPE_STRING))
                return refuse(error, "member %s is missing or not a string", field->name);
        return cr_field_set_text(field, data, json_node_get_string(node), error);
}

static gboolean read_decimal(JsonNode *node, const CrField *field, gpointer data, GError **error)
{
        const char *text = holds(node, G_TYPE_STRING) ? json_node_get_string(node) : "";
        guint64 bits = 0;
        gint64 number = 0;

        if (field->type == CR_FIELD_SIGNED &&
                g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &number, NULL))
                return cr_field_set_number(field, data, number, error);
        if (field->type == CR_FIELD_UNSIGNED &&
                g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &bits, NULL))
                return cr_field_set_number(field, data, (gint64)bits, error);
        return refuse(error, "member %s is missing or not a decimal number", field->name);
}

static gboolean read_field(JsonObject *object, const CrField *field, gpointer data, GError **error)
{
        JsonNode *node = json_object_get_member(object, field->name);

        if (cr_field_is_text(field))
                return read_text(node, field, data, error);
        if (field->type == CR_FIELD_UNSIGNED || field->type == CR_FIELD_SIGNED)
                return read_decimal(node, field, data, error);
        if (!holds(node, field->type == CR_FIELD_BOOLEAN ? G_TYPE_BOOLEAN : G_TYPE_INT64))
                return refuse(error, "member %s is missing or of another type", field->name);
        return cr_field_set_number(field, data,
                field->type == CR_FIELD_BOOLEAN ? json_node_get_boolean(node) : json_node_get_int(node),
                error);
}

gboolean cr_json_read_fields(
        JsonObject *object, const CrField *fields, guint n_others, gpointer data, GError **error)
{
        guint n_fields = 0;

        for (const CrField *field = fields; field->name; field++, n_fields++)
                if (!read_field(object, field, data, error))
                        return FALSE;
        if (json_object_get_size(object) != n_fields + n_others)
                return refuse(error, "a member is not known");
        return TRUE;
}

JsonArray *cr_json_get_array(JsonObject *object, const char *name, GError **error)
{
        JsonNode *node = json_object_get_member(object, name);

        if (node && JSON_NODE_HOLDS_ARRAY(node))
                return json_node_get_array(node);
        refuse(error, "member %s is missing or not an array", name);
        return NULL;
}

JsonObject *cr_json_get_element(JsonArray *elements, guint index, GError **error)
{
        JsonNode *node = json_array_get_element(elements, index);

        if (JSON_NODE_HOLDS_OBJECT(node))
                return json_node_get_object(node);
        refuse(error, "element %u is not an object", index);
        return NULL;
}

gboolean cr_json_read_records(
        JsonObject *object, const char *name, const CrRecord *record, GPtrArray *array, GError **error)
{
        JsonArray *elements = cr_json_get_array(object, name, error);

        for (guint i = 0; elements && i < json_array_get_length(elements); i++) {
                JsonObject *element = cr_json_get_element(elements, i, error);
                gpointer data = record->create();

                g_ptr_array_add(array, data);
                if (!element || !cr_json_read_fields(element, record->fields, 0, data, error))
                        return FALSE;
        }
        return elements != NULL;
}

gboolean cr_json_has_format(JsonObject *object, gint64 format)
{
        JsonNode *node = json_object_get_member(object, "format");

        return holds(node, G_TYPE_INT64) && json_node_get_int(node) == format;
}
