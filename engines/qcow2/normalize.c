/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/normalize.h"

#include <errno.h>

#include "core/error.h"
#include "core/failpoint.h"
#include "engines/qcow2/chain.h"
#include "engines/qcow2/child.h"
#include "engines/qcow2/fd.h"
#include "engines/qcow2/fence.h"
#include "engines/qcow2/graph.h"
#include "engines/qcow2/image.h"

/* -u: only the name in the header changes, nothing below is opened. */
static gboolean rewrite(const CrGraph *graph, const CrImage *image, GError **error)
{
        g_autofree char *text = cr_graph_text(graph, 0, 1, CR_GRAPH_UNLOCKED);
        const char *const argv[] = {"qemu-img", "rebase", "-q", "-u", "-F", image->backing_format, "-b",
                image->backing, text, NULL};
        gsize n_fds;
        g_autofree int *fds = cr_graph_fds(graph, -1, &n_fds);
        const CrChildSpec spec = {
                .argv = argv, .fds = fds, .n_fds = n_fds, .timeout_ms = CR_CHILD_TIMEOUT_MS};

        return cr_child_run(&spec, NULL, error);
}

gboolean cr_normalize(const CrConfig *config, const CrLayer *head, GError **error)
{
        g_autoptr(CrGraph) graph = cr_graph_new();
        g_auto(CrImage) image = {0};
        int fd;

        /* What the engine made names the layer below by an absolute path. */
        if (!cr_id_is_none(&head->parent))
                return TRUE;
        fd = cr_chain_open_layer(config, head, error);
        if (fd < 0)
                return FALSE;
        cr_graph_add(graph, fd, "qcow2", head->path);
        if (!cr_image_read(fd, head->path, &image, error))
                return FALSE;
        if (!image.backing_relative)
                return TRUE;
        if (!cr_fence_file(fd, head->path, CR_FENCE_WRITERS, CR_FENCE_SHORT_MS, error))
                return FALSE;
        if (!rewrite(graph, &image, error)) {
                g_prefix_error(error, "image '%s': ", head->path);
                return FALSE;
        }
        CR_FAILPOINT("qcow2.normalize.rewritten");
        return fsync(fd) == 0 || cr_error_set_errno(error, errno, "can't flush '%s'", head->path);
}
