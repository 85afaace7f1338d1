/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/zero.h"

#include <errno.h>
#include <json-glib/json-glib.h>
#include <unistd.h>

#include "core/error.h"
#include "engines/qcow2/child.h"

/* A single request of QEMU takes less than 2 GiB. */
#define REQUEST_MAX (1024ull * 1024 * 1024)

/* So that a command line stays far below the kernel's limit. */
#define REQUESTS_PER_RUN 1000u

typedef struct Range {
        guint64 from, to;
} Range;

static gboolean run(const CrGraph *graph, const char *const *argv, char **ret_output, GError **error)
{
        gsize n_fds;
        g_autofree int *fds = cr_graph_fds(graph, -1, &n_fds);
        const CrChildSpec spec = {.argv = argv, .fds = fds, .n_fds = n_fds};

        return cr_child_run(&spec, ret_output, error);
}

/* Takes requests off the front of @ranges (the last in the array first) until a command line is full. */
static GPtrArray *take_commands(GArray *ranges)
{
        GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

        g_ptr_array_add(argv, g_strdup("qemu-io"));
        while (ranges->len > 0 && argv->len < 2 * REQUESTS_PER_RUN) {
                Range *range = &g_array_index(ranges, Range, ranges->len - 1);
                guint64 length = MIN(range->to - range->from, REQUEST_MAX);

                g_ptr_array_add(argv, g_strdup("-c"));
                g_ptr_array_add(argv, g_strdup_printf("write -z -q %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                                              range->from, length));
                range->from += length;
                if (range->from == range->to)
                        g_array_set_size(ranges, ranges->len - 1);
        }
        return argv;
}

static gboolean zero(const CrGraph *graph, guint i, GArray *ranges, GError **error)
{
        int fd = cr_graph_node(graph, i)->fd;

        while (ranges->len > 0) {
                g_autoptr(GPtrArray) argv = take_commands(ranges);

                g_ptr_array_add(argv, cr_graph_text(graph, i, G_MAXUINT, CR_GRAPH_UNLOCKED));
                g_ptr_array_add(argv, NULL);
                if (!run(graph, (const char *const *)argv->pdata, NULL, error))
                        return FALSE;
        }
        return fsync(fd) == 0 ||
               cr_error_set_errno(error, errno, "can't flush '%s'", cr_graph_node(graph, i)->path);
}

gboolean cr_zero_all(const CrGraph *graph, guint i, guint64 from, guint64 to, GError **error)
{
        g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(Range));
        Range range = {from, to};

        g_array_append_val(ranges, range);
        return zero(graph, i, ranges, error);
}

static void add_unallocated(JsonObject *extent, guint64 from, guint64 to, GArray *ranges)
{
        guint64 start = (guint64)json_object_get_int_member_with_default(extent, "start", 0);
        guint64 length = (guint64)json_object_get_int_member_with_default(extent, "length", 0);
        Range range = {MAX(start, from), MIN(start + length, to)};

        if (range.from < range.to && !json_object_get_boolean_member_with_default(extent, "present", TRUE))
                g_array_append_val(ranges, range);
}

static GArray *find_unallocated(const CrGraph *graph, guint i, guint64 from, guint64 to, GError **error)
{
        g_autofree char *text = cr_graph_text(graph, i, 1, CR_GRAPH_UNLOCKED);
        g_autofree char *start = g_strdup_printf("--start-offset=%" G_GUINT64_FORMAT, from);
        const char *const argv[] = {"qemu-img", "map", "--output=json", start, text, NULL};
        g_autoptr(JsonParser) parser = json_parser_new();
        g_autofree char *output = NULL;
        JsonNode *root;
        GArray *ranges;

        if (!run(graph, argv, &output, error))
                return NULL;
        root = json_parser_load_from_data(parser, output, -1, NULL) ? json_parser_get_root(parser) : NULL;
        if (!root || !JSON_NODE_HOLDS_ARRAY(root)) {
                g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "qemu-img's map of '%s' can't be read",
                        cr_graph_node(graph, i)->path);
                return NULL;
        }
        ranges = g_array_new(FALSE, FALSE, sizeof(Range));
        for (guint n = 0; n < json_array_get_length(json_node_get_array(root)); n++)
                add_unallocated(
                        json_array_get_object_element(json_node_get_array(root), n), from, to, ranges);
        return ranges;
}

gboolean cr_zero_unallocated(const CrGraph *graph, guint i, guint64 from, guint64 to, GError **error)
{
        g_autoptr(GArray) ranges = find_unallocated(graph, i, from, to, error);

        return ranges && zero(graph, i, ranges, error);
}
