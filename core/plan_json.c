/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan as JSON. 64-bit numbers are decimal strings: a JSON integer is signed for most readers and a double
 * for some.
 */
#include <json-glib/json-glib.h>
#include <string.h>

#include "core/error.h"
#include "core/json_text.h"
#include "core/record.h"

#define FORMAT 1       /* of the text; raised when an older reader could not carry a plan out */
#define MAX_NESTING 16 /* a plan has seven levels */

static const char *const step_kind_words[] = {
        [CR_STEP_CUT] = "cut",
        [CR_STEP_PLACE_HEAD] = "place-head",
        [CR_STEP_SET_ASIDE] = "set-aside",
        [CR_STEP_PUT_BACK] = "put-back",
        [CR_STEP_DELETE] = "delete",
        [CR_STEP_MERGE] = "merge",
        [CR_STEP_SNAPSHOT] = "snapshot",
        [CR_STEP_PAUSE] = "pause",
        [CR_STEP_RESUME] = "resume",
};

static const char *step_kind_word(int value)
{
        return value >= 0 && value < (int)G_N_ELEMENTS(step_kind_words) ? step_kind_words[value] : NULL;
}

static gboolean step_kind_from_word(const char *word, int *ret)
{
        for (int i = 0; i < (int)G_N_ELEMENTS(step_kind_words); i++)
                if (strcmp(word, step_kind_words[i]) == 0) {
                        *ret = i;
                        return TRUE;
                }
        return FALSE;
}

static const char *operation_word(int value)
{
        return cr_operation_word((CrOperation)value);
}

static gboolean operation_from_word(const char *word, int *ret)
{
        CrOperation operation;

        if (!cr_operation_from_word(word, &operation))
                return FALSE;
        *ret = (int)operation;
        return TRUE;
}

static const CrWords step_kinds = {step_kind_word, step_kind_from_word};
static const CrWords operations = {operation_word, operation_from_word};

static const CrField plan_fields[] = {
        {"collection", CR_FIELD_ID, offsetof(CrPlan, collection), FALSE, NULL},
        {"operation", CR_FIELD_WORD, offsetof(CrPlan, operation), FALSE, &operations},
        {"job", CR_FIELD_UNSIGNED, offsetof(CrPlan, job), FALSE, NULL},
        {"owner", CR_FIELD_COUNT, offsetof(CrPlan, owner), FALSE, NULL},
        {"dropped_point", CR_FIELD_ID, offsetof(CrPlan, dropped_point), TRUE, NULL},
        {NULL},
};

static const CrField step_fields[] = {
        {"kind", CR_FIELD_WORD, offsetof(CrStep, kind), FALSE, &step_kinds},
        {"disk", CR_FIELD_ID, offsetof(CrStep, disk), TRUE, NULL},
        {"path", CR_FIELD_PATH, offsetof(CrStep, path), FALSE, NULL},
        {"target", CR_FIELD_PATH, offsetof(CrStep, target), TRUE, NULL},
        {"staged", CR_FIELD_PATH, offsetof(CrStep, staged), TRUE, NULL},
        {"inode", CR_FIELD_UNSIGNED, offsetof(CrStep, inode), FALSE, NULL},
        {"target_inode", CR_FIELD_UNSIGNED, offsetof(CrStep, target_inode), FALSE, NULL},
        {"staged_inode", CR_FIELD_UNSIGNED, offsetof(CrStep, staged_inode), FALSE, NULL},
        {"virtual_size", CR_FIELD_UNSIGNED, offsetof(CrStep, virtual_size), FALSE, NULL},
        {NULL},
};

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

static JsonObject *write_fields(const CrField *fields, gconstpointer data)
{
        JsonObject *object = json_object_new();

        for (const CrField *field = fields; field->name; field++)
                write_field(object, field, data);
        return object;
}

static void write_array(JsonObject *object, const char *name, const CrField *fields, const GPtrArray *array)
{
        JsonArray *elements = json_array_sized_new(array->len);

        for (guint i = 0; i < array->len; i++)
                json_array_add_object_element(elements, write_fields(fields, g_ptr_array_index(array, i)));
        json_object_set_array_member(object, name, elements);
}

static void write_divergences(JsonObject *object, const GPtrArray *divergences)
{
        JsonArray *elements = json_array_sized_new(divergences->len);

        for (guint i = 0; i < divergences->len; i++) {
                const CrDivergence *divergence = g_ptr_array_index(divergences, i);
                JsonObject *element = write_fields(cr_divergence_record.fields, divergence);

                write_array(element, "disks", cr_divergent_disk_record.fields, divergence->disks);
                json_array_add_object_element(elements, element);
        }
        json_object_set_array_member(object, "divergences", elements);
}

static JsonObject *write_collection(const CrCollection *collection)
{
        JsonObject *object = write_fields(cr_collection_record.fields, collection);

        write_array(object, "disks", cr_disk_record.fields, collection->disks);
        write_array(object, "layers", cr_layer_record.fields, collection->layers);
        write_array(object, "points", cr_point_record.fields, collection->points);
        write_divergences(object, collection->divergences);
        return object;
}

char *cr_plan_to_json(const CrPlan *plan)
{
        g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
        JsonObject *object = write_fields(plan_fields, plan);

        json_object_set_int_member(object, "format", FORMAT);
        write_array(object, "steps", step_fields, plan->steps);
        if (plan->after)
                json_object_set_object_member(object, "after", write_collection(plan->after));
        else
                json_object_set_null_member(object, "after");
        json_node_take_object(root, object);
        return json_to_string(root, FALSE);
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

/* @n_others: how many members @object has beside these fields. One more is not ours: somebody else's plan
 * must not be carried out in part. */
static gboolean read_fields(
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

static JsonArray *get_array(JsonObject *object, const char *name, GError **error)
{
        JsonNode *node = json_object_get_member(object, name);

        if (node && JSON_NODE_HOLDS_ARRAY(node))
                return json_node_get_array(node);
        refuse(error, "member %s is missing or not an array", name);
        return NULL;
}

static JsonObject *get_element(JsonArray *elements, guint index, GError **error)
{
        JsonNode *node = json_array_get_element(elements, index);

        if (JSON_NODE_HOLDS_OBJECT(node))
                return json_node_get_object(node);
        refuse(error, "element %u is not an object", index);
        return NULL;
}

static gboolean read_array(
        JsonObject *object, const char *name, const CrRecord *record, GPtrArray *array, GError **error)
{
        JsonArray *elements = get_array(object, name, error);

        for (guint i = 0; elements && i < json_array_get_length(elements); i++) {
                JsonObject *element = get_element(elements, i, error);
                gpointer data = record->create();

                g_ptr_array_add(array, data);
                if (!element || !read_fields(element, record->fields, 0, data, error))
                        return FALSE;
        }
        return elements != NULL;
}

static gboolean read_divergences(JsonObject *object, GPtrArray *divergences, GError **error)
{
        JsonArray *elements = get_array(object, "divergences", error);

        for (guint i = 0; elements && i < json_array_get_length(elements); i++) {
                JsonObject *element = get_element(elements, i, error);
                CrDivergence *divergence = cr_divergence_new();

                g_ptr_array_add(divergences, divergence);
                if (!element || !read_fields(element, cr_divergence_record.fields, 1, divergence, error) ||
                        !read_array(element, "disks", &cr_divergent_disk_record, divergence->disks, error))
                        return FALSE;
        }
        return elements != NULL;
}

static CrCollection *read_collection(JsonObject *object, GError **error)
{
        g_autoptr(CrCollection) collection = cr_collection_record.create();

        if (!read_fields(object, cr_collection_record.fields, 4, collection, error) ||
                !read_array(object, "disks", &cr_disk_record, collection->disks, error) ||
                !read_array(object, "layers", &cr_layer_record, collection->layers, error) ||
                !read_array(object, "points", &cr_point_record, collection->points, error) ||
                !read_divergences(object, collection->divergences, error) ||
                !cr_collection_check(collection, error))
                return NULL;
        return g_steal_pointer(&collection);
}

static gboolean read_steps(JsonObject *object, CrPlan *plan, GError **error)
{
        JsonArray *elements = get_array(object, "steps", error);

        for (guint i = 0; elements && i < json_array_get_length(elements); i++) {
                JsonObject *element = get_element(elements, i, error);
                CrStep *step = cr_plan_add_step(plan, CR_STEP_DELETE, &CR_ID_NONE);

                if (!element || !read_fields(element, step_fields, 0, step, error))
                        return FALSE;
        }
        return elements != NULL;
}

static gboolean read_after(JsonObject *object, CrPlan *plan, GError **error)
{
        JsonNode *node = json_object_get_member(object, "after");

        if (node && JSON_NODE_HOLDS_NULL(node))
                return TRUE;
        if (!node || !JSON_NODE_HOLDS_OBJECT(node))
                return refuse(error, "member after is missing or not an object");
        plan->after = read_collection(json_node_get_object(node), error);
        if (plan->after && !cr_id_equal(&plan->after->id, &plan->collection))
                return refuse(error, "the collection after it is another one");
        return plan->after != NULL;
}

static gboolean read_plan(JsonNode *root, CrPlan *plan, GError **error)
{
        JsonObject *object = root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
        JsonNode *format = object ? json_object_get_member(object, "format") : NULL;

        if (!holds(format, G_TYPE_INT64) || json_node_get_int(format) != FORMAT)
                return refuse(error, "it is not a plan of format %d", FORMAT);
        return read_fields(object, plan_fields, 3, plan, error) && read_steps(object, plan, error) &&
               read_after(object, plan, error);
}

CrPlan *cr_plan_from_json(const char *text, GError **error)
{
        g_autoptr(JsonParser) parser = json_parser_new_immutable();
        g_autoptr(CrPlan) plan = cr_plan_create();
        g_autoptr(GError) problem = NULL;

        if (cr_json_text_check(text, MAX_NESTING, &problem) &&
                json_parser_load_from_data(parser, text, -1, &problem) &&
                read_plan(json_parser_get_root(parser), plan, &problem))
                return g_steal_pointer(&plan);
        g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "the text is not a plan: %s", problem->message);
        return NULL;
}
