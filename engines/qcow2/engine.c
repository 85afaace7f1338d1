/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/engine.h"

#include <errno.h>
#include <sys/stat.h>

#include "core/error.h"
#include "engines/qcow2/chain.h"
#include "engines/qcow2/create.h"
#include "engines/qcow2/export.h"
#include "engines/qcow2/fd.h"
#include "engines/qcow2/fence.h"
#include "engines/qcow2/header.h"
#include "engines/qcow2/image.h"
#include "engines/qcow2/live.h"
#include "engines/qcow2/normalize.h"
#include "engines/qcow2/place.h"
#include "engines/qcow2/qmp.h"
#include "engines/qcow2/serve.h"
#include "engines/qcow2/step.h"

#define STAT_BLOCK_SIZE 512u /* of st_blocks, on Linux */

static gboolean describe_template(const CrGraph *graph, CrImageInfo *ret, GError **error)
{
        const CrGraphNode *node = cr_graph_node(graph, 1);
        struct stat st;

        if (fstat(node->fd, &st) < 0)
                return cr_error_set_errno(error, errno, "can't look at '%s'", node->path);
        ret->template_path = g_strdup(node->path);
        ret->template_inode = st.st_ino;
        ret->template_size = (guint64)st.st_size;
        ret->template_mtime = cr_chain_mtime(&st);
        return TRUE;
}

static char **paths_below(const CrGraph *graph)
{
        g_autoptr(GStrvBuilder) paths = g_strv_builder_new();

        for (guint i = 1; i < graph->nodes->len; i++)
                g_strv_builder_add(paths, cr_graph_node(graph, i)->path);
        return g_strv_builder_end(paths);
}

static gboolean describe(const CrGraph *graph, CrImageInfo *ret, GError **error)
{
        const CrGraphNode *top = cr_graph_node(graph, 0);
        g_auto(CrImage) image = {0};
        struct stat st;

        if (fstat(top->fd, &st) < 0)
                return cr_error_set_errno(error, errno, "can't look at '%s'", top->path);
        if (!cr_image_read(top->fd, top->path, &image, error))
                return FALSE;
        *ret = (CrImageInfo){
                .virtual_size = image.virtual_size, .inode = st.st_ino, .below = paths_below(graph)};
        return graph->nodes->len == 1 || describe_template(graph, ret, error);
}

static gboolean probe(const CrConfig *config, const char *path, CrImageInfo *ret, GError **error)
{
        g_autoptr(CrGraph) graph = cr_graph_new();
        int fd = cr_place_open_file(config, path, error);

        if (fd < 0)
                return FALSE;
        cr_graph_add(graph, fd, "qcow2", path);
        if (cr_chain_add_backing(config, graph, error))
                return describe(graph, ret, error);
        if (graph->nodes->len > 1)
                g_prefix_error(error, "image '%s': ", path); /* it is about one further down */
        return FALSE;
}

static gboolean measure(const CrConfig *config, const CrLayer *layer, guint64 *ret_size, GError **error)
{
        CR_AUTO_FD int fd = cr_chain_open_layer(config, layer, error);

        return fd >= 0 && cr_header_size(fd, layer->path, ret_size, error);
}

static gboolean is_empty(const CrConfig *config, const CrLayer *layer, gboolean *ret, GError **error)
{
        CR_AUTO_FD int fd = cr_chain_open_layer(config, layer, error);

        return fd >= 0 && cr_header_is_empty(fd, layer->path, ret, error);
}

static guint64 occupied(const CrLayer *layer)
{
        struct stat st;

        if (lstat(layer->path, &st) < 0 || st.st_ino != layer->inode)
                return 0;
        return (guint64)st.st_blocks * STAT_BLOCK_SIZE;
}

const CrEngine cr_qcow2_engine = {
        .name = "qcow2",
        .probe = probe,
        .fence = cr_fence_take,
        .unfence = cr_fence_release,
        .layer_path = cr_create_layer_path,
        .create = cr_create_layers,
        .measure = measure,
        .is_empty = is_empty,
        .normalize = cr_normalize,
        .check_machine = cr_qmp_check,
        .machines = cr_live_machines,
        .introduce = cr_live_introduce,
        .apply = cr_step_apply,
        .serve = cr_serve,
        .serve_image = cr_serve_image,
        .export_socket = cr_serve_socket,
        .stop = cr_serve_stop,
        .occupied = occupied,
        .export_image = cr_export_image,
};
