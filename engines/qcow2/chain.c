/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/chain.h"

#include <errno.h>
#include <sys/stat.h>

#include "core/error.h"
#include "engines/qcow2/child.h"
#include "engines/qcow2/fd.h"
#include "engines/qcow2/header.h"
#include "engines/qcow2/image.h"
#include "engines/qcow2/place.h"

gint64 cr_chain_mtime(const struct stat *st)
{
        return st->st_mtim.tv_sec * G_USEC_PER_SEC + st->st_mtim.tv_nsec / 1000;
}

int cr_chain_open_layer(const CrConfig *config, const CrLayer *layer, GError **error)
{
        CR_AUTO_FD int fd = cr_place_open_file(config, layer->path, error);
        struct stat st;

        if (fd < 0)
                return -1;
        if (fstat(fd, &st) < 0) {
                cr_error_set_errno(error, errno, "can't look at '%s'", layer->path);
                return -1;
        }
        if (st.st_ino != layer->inode) {
                g_set_error(error, CR_ERROR, CR_ERROR_FILE_NOT_FOUND,
                        "'%s' is not the file that this service knows there (inode %llu, not %llu): put that "
                        "back",
                        layer->path, (unsigned long long)st.st_ino, (unsigned long long)layer->inode);
                return -1;
        }
        return cr_fd_steal(&fd);
}

static gboolean add_layer(const CrConfig *config, CrGraph *graph, const CrLayer *layer, GError **error)
{
        CR_AUTO_FD int fd = cr_chain_open_layer(config, layer, error);

        if (fd < 0 || !cr_header_check(fd, layer->path, error))
                return FALSE;
        cr_graph_add(graph, cr_fd_steal(&fd), "qcow2", layer->path);
        return TRUE;
}

static gboolean is_unchanged(const CrLayer *layer, int fd, GError **error)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return cr_error_set_errno(error, errno, "can't look at '%s'", layer->template_path);
        if (st.st_ino == layer->template_inode && (guint64)st.st_size == layer->template_size &&
                cr_chain_mtime(&st) == layer->template_mtime)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_FILE_NOT_FOUND,
                "the template '%s' is not what it was when '%s' was taken into the collection; put the "
                "former file back",
                layer->template_path, layer->path);
        return FALSE;
}

/* The template is checked to be the recorded file; how to read it is what the layer's header says. */
static gboolean add_template(const CrConfig *config, CrGraph *graph, const CrLayer *layer, GError **error)
{
        CR_AUTO_FD int fd = cr_place_open_file(config, layer->template_path, error);
        const CrGraphNode *above = cr_graph_lowest(graph);
        g_auto(CrImage) image = {0};

        if (fd < 0 || !is_unchanged(layer, fd, error) ||
                !cr_image_read(above->fd, above->path, &image, error))
                return FALSE;
        if (g_strcmp0(image.backing, layer->template_path) != 0) {
                g_set_error(error, CR_ERROR, CR_ERROR_FAILED,
                        "'%s' stands on '%s', not on the recorded template '%s'", layer->path,
                        image.backing ? image.backing : "nothing", layer->template_path);
                return FALSE;
        }
        cr_graph_add(graph, cr_fd_steal(&fd), image.backing_format, layer->template_path);
        return cr_chain_add_backing(config, graph, error);
}

gboolean cr_chain_add_layers(
        const CrConfig *config, CrGraph *graph, GPtrArray *layers, guint from, GError **error)
{
        const CrLayer *lowest;

        for (guint i = from; i < layers->len; i++)
                if (!add_layer(config, graph, g_ptr_array_index(layers, i), error))
                        return FALSE;
        if (layers->len == 0)
                return TRUE;
        lowest = g_ptr_array_index(layers, layers->len - 1);
        return !lowest->template_path || add_template(config, graph, lowest, error);
}

/* A chain that comes back to a file of its own would never end. */
static gboolean is_new_in(const CrGraph *graph, int fd, const char *path, GError **error)
{
        struct stat st, known;

        if (fstat(fd, &st) < 0)
                return cr_error_set_errno(error, errno, "can't look at '%s'", path);
        for (guint i = 0; i < graph->nodes->len; i++) {
                if (fstat(cr_graph_node(graph, i)->fd, &known) < 0)
                        return cr_error_set_errno(error, errno, "can't look at '%s'", path);
                if (known.st_ino != st.st_ino || known.st_dev != st.st_dev)
                        continue;
                g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED, "image '%s' is below itself", path);
                return FALSE;
        }
        return TRUE;
}

static gboolean add_image_below(const CrConfig *config, CrGraph *graph, const CrImage *image, GError **error)
{
        CR_AUTO_FD int fd = -1;

        if (graph->nodes->len >= CR_CHAIN_MAX) {
                g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED,
                        "more than %u images lie on top of one another", CR_CHAIN_MAX);
                return FALSE;
        }
        fd = cr_place_open_file(config, image->backing, error);
        if (fd < 0 || !is_new_in(graph, fd, image->backing, error))
                return FALSE;
        cr_graph_add(graph, cr_fd_steal(&fd), image->backing_format, image->backing);
        return TRUE;
}

gboolean cr_chain_add_backing(const CrConfig *config, CrGraph *graph, GError **error)
{
        gint64 deadline = g_get_monotonic_time() + CR_CHILD_TIMEOUT_MS * 1000ll;

        while (g_str_equal(cr_graph_lowest(graph)->format, "qcow2")) {
                const CrGraphNode *lowest = cr_graph_lowest(graph);
                g_auto(CrImage) image = {0};

                if (g_get_monotonic_time() > deadline) {
                        g_set_error(error, CR_ERROR, CR_ERROR_TIMEOUT,
                                "the images below '%s' could not be read in time",
                                cr_graph_node(graph, 0)->path);
                        return FALSE;
                }
                if (!cr_image_read(lowest->fd, lowest->path, &image, error))
                        return FALSE;
                if (!image.backing)
                        return TRUE;
                if (!add_image_below(config, graph, &image, error)) {
                        g_prefix_error(error, "below image '%s': ", lowest->path);
                        return FALSE;
                }
        }
        return TRUE;
}
