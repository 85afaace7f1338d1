/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan as JSON. */
#include <string.h>

#include "core/error.h"
#include "core/json_text.h"
#include "core/record_json.h"

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

static void write_divergences(JsonObject *object, const GPtrArray *divergences)
{
        JsonArray *elements = json_array_sized_new(divergences->len);

        for (guint i = 0; i < divergences->len; i++) {
                const CrDivergence *divergence = g_ptr_array_index(divergences, i);
                JsonObject *element = cr_json_from_fields(cr_divergence_record.fields, divergence);

                cr_json_add_records(element, "disks", cr_divergent_disk_record.fields, divergence->disks);
                json_array_add_object_element(elements, element);
        }
        json_object_set_array_member(object, "divergences", elements);
}

static JsonObject *write_collection(const CrCollection *collection)
{
        JsonObject *object = cr_json_from_fields(cr_collection_record.fields, collection);

        cr_json_add_records(object, "disks", cr_disk_record.fields, collection->disks);
        cr_json_add_records(object, "layers", cr_layer_record.fields, collection->layers);
        cr_json_add_records(object, "points", cr_point_record.fields, collection->points);
        write_divergences(object, collection->divergences);
        return object;
}

char *cr_plan_to_json(const CrPlan *plan)
{
        g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
        JsonObject *object = cr_json_from_fields(plan_fields, plan);

        json_object_set_int_member(object, "format", FORMAT);
        cr_json_add_records(object, "steps", step_fields, plan->steps);
        if (plan->after)
                json_object_set_object_member(object, "after", write_collection(plan->after));
        else
                json_object_set_null_member(object, "after");
        if (plan->test_after)
                json_object_set_object_member(object, "test_after", write_collection(plan->test_after));
        if (!cr_id_is_none(&plan->test_deleted))
                json_object_set_string_member(object, "test_deleted", plan->test_deleted.text);
        json_node_take_object(root, object);
        return json_to_string(root, FALSE);
}

/* ---- reading ---- */

static gboolean read_divergences(JsonObject *object, GPtrArray *divergences, GError **error)
{
        JsonArray *elements = cr_json_get_array(object, "divergences", error);

        for (guint i = 0; elements && i < json_array_get_length(elements); i++) {
                JsonObject *element = cr_json_get_element(elements, i, error);
                CrDivergence *divergence = cr_divergence_new();

                g_ptr_array_add(divergences, divergence);
                if (!element ||
                        !cr_json_read_fields(element, cr_divergence_record.fields, 1, divergence, error) ||
                        !cr_json_read_records(
                                element, "disks", &cr_divergent_disk_record, divergence->disks, error))
                        return FALSE;
        }
        return elements != NULL;
}

static CrCollection *read_collection(JsonObject *object, GError **error)
{
        g_autoptr(CrCollection) collection = cr_collection_record.create();

        if (!cr_json_read_fields(object, cr_collection_record.fields, 4, collection, error) ||
                !cr_json_read_records(object, "disks", &cr_disk_record, collection->disks, error) ||
                !cr_json_read_records(object, "layers", &cr_layer_record, collection->layers, error) ||
                !cr_json_read_records(object, "points", &cr_point_record, collection->points, error) ||
                !read_divergences(object, collection->divergences, error) ||
                !cr_collection_check(collection, error))
                return NULL;
        return g_steal_pointer(&collection);
}

static gboolean read_steps(JsonObject *object, CrPlan *plan, GError **error)
{
        JsonArray *elements = cr_json_get_array(object, "steps", error);

        for (guint i = 0; elements && i < json_array_get_length(elements); i++) {
                JsonObject *element = cr_json_get_element(elements, i, error);
                CrStep *step = cr_plan_add_step(plan, CR_STEP_DELETE, &CR_ID_NONE);

                if (!element || !cr_json_read_fields(element, step_fields, 0, step, error))
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

/* Members that only the plans of test failovers have; *@ret_n: how many there are. */
static gboolean read_test(JsonObject *object, CrPlan *plan, guint *ret_n, GError **error)
{
        JsonNode *after = json_object_get_member(object, "test_after");
        JsonNode *deleted = json_object_get_member(object, "test_deleted");

        *ret_n = !!after + !!deleted;
        if (deleted && (json_node_get_value_type(deleted) != G_TYPE_STRING ||
                               !cr_id_parse(json_node_get_string(deleted), &plan->test_deleted)))
                return refuse(error, "member test_deleted is not an id");
        if (after && !JSON_NODE_HOLDS_OBJECT(after))
                return refuse(error, "member test_after is not an object");
        if (after)
                plan->test_after = read_collection(json_node_get_object(after), error);
        return !after || plan->test_after;
}

static gboolean read_plan(JsonNode *root, CrPlan *plan, GError **error)
{
        JsonObject *object = root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
        guint n_test;

        if (!object || !cr_json_has_format(object, FORMAT))
                return refuse(error, "it is not a plan of format %d", FORMAT);
        return read_test(object, plan, &n_test, error) &&
               cr_json_read_fields(object, plan_fields, 3 + n_test, plan, error) &&
               read_steps(object, plan, error) && read_after(object, plan, error);
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
