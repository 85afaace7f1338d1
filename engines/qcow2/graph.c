/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/graph.h"

#include <json-glib/json-glib.h>

#include "engines/qcow2/fd.h"

/* Bounds the memory of one layer's table cache (QEMU's own default is 32 MiB): enough for random access to 64
 * GiB of a layer. */
#define L2_CACHE_SIZE (8 * 1024 * 1024)

static void node_clear(gpointer data)
{
        CrGraphNode *node = data;

        cr_fd_clear(&node->fd);
        g_free(node->path);
}

CrGraph *cr_graph_new(void)
{
        CrGraph *graph = g_new0(CrGraph, 1);

        graph->nodes = g_array_new(FALSE, TRUE, sizeof(CrGraphNode));
        g_array_set_clear_func(graph->nodes, node_clear);
        return graph;
}

void cr_graph_free(CrGraph *graph)
{
        if (!graph)
                return;
        g_array_unref(graph->nodes);
        g_free(graph);
}

void cr_graph_add(CrGraph *graph, int fd, const char *format, const char *path)
{
        CrGraphNode node = {.fd = fd, .format = format, .path = g_strdup(path)};

        g_array_append_val(graph->nodes, node);
}

CrGraphNode *cr_graph_node(const CrGraph *graph, guint i)
{
        return &g_array_index(graph->nodes, CrGraphNode, i);
}

CrGraphNode *cr_graph_lowest(const CrGraph *graph)
{
        return cr_graph_node(graph, graph->nodes->len - 1);
}

static JsonObject *file_object(const CrGraphNode *node, CrGraphFlags flags)
{
        JsonObject *file = json_object_new();
        g_autofree char *name = g_strdup_printf("/proc/self/fd/%d", node->fd);

        json_object_set_string_member(file, "driver", "file");
        json_object_set_string_member(file, "filename", name);
        if (flags & CR_GRAPH_UNLOCKED)
                json_object_set_string_member(file, "locking", "off");
        return file;
}

/* @backing: taken; NULL: nothing below. */
static JsonObject *node_object(const CrGraphNode *node, JsonObject *backing, CrGraphFlags flags)
{
        JsonObject *object = json_object_new();

        json_object_set_string_member(object, "driver", node->format);
        json_object_set_object_member(object, "file", file_object(node, flags));
        if (g_str_equal(node->format, "raw"))
                return object;
        json_object_set_int_member(object, "l2-cache-size", L2_CACHE_SIZE);
        if (backing)
                json_object_set_object_member(object, "backing", backing);
        else
                json_object_set_null_member(object, "backing");
        return object;
}

char *cr_graph_text(const CrGraph *graph, guint first, guint n, CrGraphFlags flags)
{
        guint end = first + MIN(n, graph->nodes->len - first);
        g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
        g_autofree char *text = NULL;
        JsonObject *object = NULL;

        for (guint i = end; i > first; i--)
                object = node_object(cr_graph_node(graph, i - 1), object, flags);
        if (flags & CR_GRAPH_SHARED)
                json_object_set_boolean_member(object, "force-share", TRUE);
        json_node_take_object(root, object);
        text = json_to_string(root, FALSE);
        return g_strconcat("json:", text, NULL);
}

int *cr_graph_fds(const CrGraph *graph, int extra_fd, gsize *ret_n)
{
        int *fds = g_new(int, graph->nodes->len + 1);
        gsize n = 0;

        for (; n < graph->nodes->len; n++)
                fds[n] = cr_graph_node(graph, (guint)n)->fd;
        if (extra_fd >= 0)
                fds[n++] = extra_fd;
        *ret_n = n;
        return fds;
}
