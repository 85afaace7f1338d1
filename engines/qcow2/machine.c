/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/machine.h"

#include <string.h>
#include <sys/stat.h>

#include "core/error.h"

/* Node names are at most 31 bytes: this, and 28 of the 32 digits of a layer's id. */
#define OVERLAY_PREFIX "cr-"
#define OVERLAY_DIGITS 28u
#define ID_DIGITS 32u

static void image_free(gpointer data)
{
        CrMachineImage *image = data;

        g_free(image->node);
        g_free(image->file);
        g_free(image);
}

/* ---- members of what it answers, of whatever type they are ---- */

static gboolean holds(JsonNode *node, GType type)
{
        return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

/* "" when there is none. */
static const char *text_of(JsonObject *object, const char *name)
{
        JsonNode *node = json_object_get_member(object, name);

        return holds(node, G_TYPE_STRING) ? json_node_get_string(node) : "";
}

static gint64 number_of(JsonObject *object, const char *name)
{
        JsonNode *node = json_object_get_member(object, name);

        return holds(node, G_TYPE_INT64) ? json_node_get_int(node) : -1;
}

static gboolean flag_of(JsonObject *object, const char *name)
{
        JsonNode *node = json_object_get_member(object, name);

        return holds(node, G_TYPE_BOOLEAN) && json_node_get_boolean(node);
}

static JsonObject *object_of(JsonObject *object, const char *name)
{
        JsonNode *node = json_object_get_member(object, name);

        return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* The objects in @array, in a container that the caller frees; they live as long as @array. */
static GPtrArray *objects_in(JsonNode *array)
{
        GPtrArray *objects = g_ptr_array_new();
        JsonArray *elements = array && JSON_NODE_HOLDS_ARRAY(array) ? json_node_get_array(array) : NULL;

        for (guint i = 0; elements && i < json_array_get_length(elements); i++) {
                JsonNode *element = json_array_get_element(elements, i);

                if (JSON_NODE_HOLDS_OBJECT(element))
                        g_ptr_array_add(objects, json_node_get_object(element));
        }
        return objects;
}

static JsonObject *flag_object(const char *name, gboolean value)
{
        JsonObject *object = json_object_new();

        json_object_set_boolean_member(object, name, value);
        return object;
}

static JsonObject *text_object(const char *name, const char *value)
{
        JsonObject *object = json_object_new();

        json_object_set_string_member(object, name, value);
        return object;
}

/* ---- what it has open ---- */

/* Tells of all nodes and how they hang together: the answers of two commands. */
typedef struct Graph {
        JsonNode *nodes, *edges;
        GHashTable *by_name; /* name -> JsonObject of a node */
        GHashTable *by_id;   /* number -> name */
} Graph;

static void graph_clear(Graph *graph)
{
        g_clear_pointer(&graph->nodes, json_node_unref);
        g_clear_pointer(&graph->edges, json_node_unref);
        g_clear_pointer(&graph->by_name, g_hash_table_unref);
        g_clear_pointer(&graph->by_id, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Graph, graph_clear)

static gboolean ask_graph(CrQmp *qmp, Graph *graph, GError **error)
{
        graph->nodes = cr_qmp_run(qmp, "query-named-block-nodes", flag_object("flat", TRUE), -1, error);
        graph->edges = graph->nodes ? cr_qmp_run(qmp, "x-debug-query-block-graph", NULL, -1, error) : NULL;
        if (!graph->edges)
                return FALSE;
        g_autoptr(GPtrArray) nodes = objects_in(graph->nodes), ids = NULL;
        JsonObject *whole = JSON_NODE_HOLDS_OBJECT(graph->edges) ? json_node_get_object(graph->edges) : NULL;
        graph->by_name = g_hash_table_new(g_str_hash, g_str_equal);
        graph->by_id = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
        for (guint i = 0; i < nodes->len; i++)
                g_hash_table_insert(
                        graph->by_name, (gpointer)text_of(nodes->pdata[i], "node-name"), nodes->pdata[i]);
        ids = objects_in(whole ? json_object_get_member(whole, "nodes") : NULL);
        for (guint i = 0; i < ids->len; i++) {
                gint64 id = number_of(ids->pdata[i], "id");

                g_hash_table_insert(
                        graph->by_id, g_memdup2(&id, sizeof id), (gpointer)text_of(ids->pdata[i], "name"));
        }
        return TRUE;
}

/* The node at one end of an edge, "parent" or "child". NULL: a device, or nothing known. */
static JsonObject *end_of(const Graph *graph, JsonObject *edge, const char *which)
{
        gint64 id = number_of(edge, which);
        const char *name = g_hash_table_lookup(graph->by_id, &id);

        return name ? g_hash_table_lookup(graph->by_name, name) : NULL;
}

/* A link at the name is no file of it: a cut leaves one for a moment. */
static ino_t inode_of(const char *path)
{
        struct stat st;

        return lstat(path, &st) == 0 && S_ISREG(st.st_mode) ? st.st_ino : 0;
}

static CrMachineImage *image_new(JsonObject *node, JsonObject *file)
{
        CrMachineImage *image = g_new0(CrMachineImage, 1);
        JsonObject *cache = object_of(node, "cache");

        image->node = g_strdup(text_of(node, "node-name"));
        image->file = g_strdup(text_of(file, "file"));
        image->inode = inode_of(image->file);
        image->read_only = flag_of(node, "ro");
        image->direct = cache && flag_of(cache, "direct");
        image->no_flush = cache && flag_of(cache, "no-flush");
        return image;
}

static CrMachineImage *find_image(GPtrArray *images, const char *node)
{
        for (guint i = 0; i < images->len; i++) {
                CrMachineImage *image = g_ptr_array_index(images, i);

                if (strcmp(image->node, node) == 0)
                        return image;
        }
        return NULL;
}

const CrMachineImage *cr_machine_image(GPtrArray *images, const char *node)
{
        return find_image(images, node);
}

/* An image is a node of the format on a node of a file. */
static void add_image(GPtrArray *images, const Graph *graph, JsonObject *edge)
{
        JsonObject *parent = end_of(graph, edge, "parent"), *child = end_of(graph, edge, "child");

        if (parent && child && strcmp(text_of(edge, "name"), "file") == 0 &&
                strcmp(text_of(parent, "drv"), "qcow2") == 0 && strcmp(text_of(child, "drv"), "file") == 0)
                g_ptr_array_add(images, image_new(parent, child));
}

static void note_use(GPtrArray *images, const Graph *graph, JsonObject *edge)
{
        JsonObject *child = end_of(graph, edge, "child");
        CrMachineImage *lower = child ? find_image(images, text_of(child, "node-name")) : NULL;
        gboolean is_backing = strcmp(text_of(edge, "name"), "backing") == 0;

        if (lower)
                lower->is_used = TRUE;
        if (lower && is_backing)
                lower->is_below = TRUE;
}

GPtrArray *cr_machine_images(CrQmp *qmp, GError **error)
{
        g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func(image_free), edges = NULL;
        g_auto(Graph) graph = {0};
        JsonObject *whole;

        if (!ask_graph(qmp, &graph, error))
                return NULL;
        whole = JSON_NODE_HOLDS_OBJECT(graph.edges) ? json_node_get_object(graph.edges) : NULL;
        edges = objects_in(whole ? json_object_get_member(whole, "edges") : NULL);
        for (guint i = 0; i < edges->len; i++)
                add_image(images, &graph, g_ptr_array_index(edges, i));
        for (guint i = 0; i < edges->len; i++)
                note_use(images, &graph, g_ptr_array_index(edges, i));
        return g_steal_pointer(&images);
}

/* ---- overlays ---- */

char *cr_machine_overlay_name(const char *path)
{
        gsize length = strlen(path), tail = ID_DIGITS + strlen(".qcow2");

        return g_strdup_printf(
                OVERLAY_PREFIX "%.*s", (int)OVERLAY_DIGITS, path + (length > tail ? length - tail : 0));
}

static JsonObject *cache_object(const CrMachineImage *head)
{
        JsonObject *cache = flag_object("direct", head->direct);

        json_object_set_boolean_member(cache, "no-flush", head->no_flush);
        return cache;
}

gboolean cr_machine_add_overlay(CrQmp *qmp, const char *path, const CrMachineImage *head, GError **error)
{
        g_autofree char *name = cr_machine_overlay_name(path);
        JsonObject *file = text_object("driver", "file"), *node = text_object("driver", "qcow2");

        json_object_set_string_member(file, "filename", path);
        json_object_set_string_member(file, "discard", "unmap");
        json_object_set_object_member(file, "cache", cache_object(head));
        json_object_set_string_member(node, "node-name", name);
        json_object_set_string_member(node, "discard", "unmap");
        json_object_set_object_member(node, "cache", cache_object(head));
        json_object_set_object_member(node, "file", file);
        json_object_set_null_member(node, "backing");
        return cr_qmp_do(qmp, "blockdev-add", node, error);
}

static void forget(CrQmp *qmp, const CrMachineImage *image)
{
        if (g_str_has_prefix(image->node, OVERLAY_PREFIX))
                (void)cr_qmp_do(qmp, "blockdev-del", text_object("node-name", image->node), NULL);
}

void cr_machine_forget_overlays(CrQmp *qmp, GPtrArray *images)
{
        for (guint i = 0; i < images->len; i++) {
                const CrMachineImage *image = g_ptr_array_index(images, i);

                /* Another collection may be about to use one whose file is still there. */
                if (!image->is_used && image->inode == 0)
                        forget(qmp, image);
        }
}

gboolean cr_machine_give_file(CrQmp *qmp, int fd, int *ret_number, GError **error)
{
        g_autoptr(JsonNode) answer = cr_qmp_run(qmp, "add-fd", NULL, fd, error);

        if (!answer)
                return FALSE;
        *ret_number =
                JSON_NODE_HOLDS_OBJECT(answer) ? (int)number_of(json_node_get_object(answer), "fd") : -1;
        if (*ret_number >= 0)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "the machine took a file but does not say its number");
        return FALSE;
}

gboolean cr_machine_snapshot(CrQmp *qmp, GPtrArray *heads, GPtrArray *paths, GError **error)
{
        JsonArray *actions = json_array_new();
        JsonObject *arguments = json_object_new();

        for (guint i = 0; i < heads->len; i++) {
                g_autofree char *name = cr_machine_overlay_name(g_ptr_array_index(paths, i));
                const CrMachineImage *head = g_ptr_array_index(heads, i);
                JsonObject *action = text_object("type", "blockdev-snapshot");
                JsonObject *data = text_object("node", head->node);

                json_object_set_string_member(data, "overlay", name);
                json_object_set_object_member(action, "data", data);
                json_array_add_object_element(actions, action);
        }
        json_object_set_array_member(arguments, "actions", actions);
        return cr_qmp_do(qmp, "transaction", arguments, error);
}

gboolean cr_machine_runs(CrQmp *qmp, gboolean *ret, GError **error)
{
        g_autoptr(JsonNode) answer = cr_qmp_run(qmp, "query-status", NULL, -1, error);

        *ret = answer && JSON_NODE_HOLDS_OBJECT(answer) && flag_of(json_node_get_object(answer), "running");
        return answer != NULL;
}
