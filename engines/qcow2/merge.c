/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/merge.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/failpoint.h"
#include "core/lineage.h"
#include "engines/qcow2/chain.h"
#include "engines/qcow2/child.h"
#include "engines/qcow2/fd.h"
#include "engines/qcow2/fence.h"
#include "engines/qcow2/header.h"
#include "engines/qcow2/place.h"
#include "engines/qcow2/zero.h"

/* Source: QEMU's docs/interop/qcow2.txt. */
#define CLUSTER_SIZE_MAX (2u * 1024 * 1024)

/* Of the graph: the upper is the topmost, the lower is next. */
enum { UPPER, LOWER };

/* The name that a later step of the plan gives the file that @step gives the name @path: it may merge more
 * layers into it. NULL: none. */
static const char *next_path(const CrPlan *plan, const CrStep *step, const char *path)
{
        gboolean later = FALSE;

        for (guint i = 0; i < plan->steps->len; i++) {
                const CrStep *other = g_ptr_array_index(plan->steps, i);

                if (later && other->kind == CR_STEP_MERGE && g_strcmp0(other->target, path) == 0)
                        return other->path;
                later = later || other == step;
        }
        return NULL;
}

/* The name that it has in the end. */
static const char *final_path(const CrPlan *plan, const CrStep *step)
{
        const char *path = step->path;

        for (const char *next = path; next; next = next_path(plan, step, next))
                path = next;
        return path;
}

/* The layers from the merged one down, as they are after the plan. NULL without error when the plan does not
 * tell (the collection is deleted). */
static GPtrArray *merged_chain(const CrPlan *plan, const CrStep *step, GError **error)
{
        const char *path = final_path(plan, step);

        for (guint i = 0; plan->after && i < plan->after->layers->len; i++) {
                const CrLayer *layer = g_ptr_array_index(plan->after->layers, i);

                if (g_strcmp0(layer->path, path) == 0 && layer->inode == step->target_inode)
                        return cr_lineage_chain(plan->after, &layer->id, error);
        }
        return NULL;
}

static gboolean add_below(
        const CrConfig *config, const CrPlan *plan, const CrStep *step, CrGraph *graph, GError **error)
{
        g_autoptr(GError) local = NULL;
        g_autoptr(GPtrArray) chain = merged_chain(plan, step, &local);

        if (local) {
                g_propagate_error(error, g_steal_pointer(&local));
                return FALSE;
        }
        return chain ? cr_chain_add_layers(config, graph, chain, 1, error)
                     : cr_chain_add_backing(config, graph, error);
}

static gboolean add_file(
        const CrConfig *config, CrGraph *graph, const char *path, ino_t inode, GError **error)
{
        const CrLayer layer = {.path = (char *)path, .inode = inode};
        int fd = cr_chain_open_layer(config, &layer, error);

        if (fd < 0)
                return FALSE;
        cr_graph_add(graph, fd, "qcow2", path);
        return cr_fence_file(fd, path, CR_FENCE_EVERYONE, CR_FENCE_SHORT_MS, error);
}

static gboolean run_tool(const CrGraph *graph, const char *const *argv, GError **error)
{
        gsize n_fds;
        g_autofree int *fds = cr_graph_fds(graph, -1, &n_fds);
        const CrChildSpec spec = {.argv = argv, .fds = fds, .n_fds = n_fds};

        return cr_child_run(&spec, NULL, error);
}

/* QEMU cuts at the end of a cluster: the rest of that one would show when the disk grows again. */
static gboolean shrink(const CrGraph *graph, guint64 from, guint64 to, GError **error)
{
        g_autofree char *text = cr_graph_text(graph, LOWER, 1, CR_GRAPH_UNLOCKED);
        g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, to);
        const char *const argv[] = {"qemu-img", "resize", "-q", "--shrink", text, size, NULL};

        if (!cr_zero_all(graph, LOWER, to, MIN(from, to + CLUSTER_SIZE_MAX), error))
                return FALSE;
        CR_FAILPOINT("qcow2.merge.zeroed");
        return run_tool(graph, argv, error);
}

static gboolean size_of(const CrGraph *graph, guint i, guint64 *ret, GError **error)
{
        const CrGraphNode *node = cr_graph_node(graph, i);

        return cr_header_size(node->fd, node->path, ret, error);
}

/*
 * Makes the sizes such that a commit, however often it is begun anew, gives the upper's view. A longer lower
 * is cut: what is beyond would show when the disk grows again. Before a shorter one grows, the upper holds as
 * zeroes what it shows as zeroes beyond the lower's end: QEMU does hide there what is below the lower, but
 * not if it is killed right then.
 */
static gboolean fit(const CrGraph *graph, guint64 upper, guint64 lower, GError **error)
{
        if (lower > upper)
                return shrink(graph, lower, upper, error);
        return lower == upper || cr_zero_unallocated(graph, UPPER, lower, upper, error);
}

/* -d: the upper keeps its data, so that a commit that breaks off can be begun anew. */
static gboolean commit(const CrGraph *graph, GError **error)
{
        g_autofree char *text = cr_graph_text(graph, UPPER, G_MAXUINT, CR_GRAPH_UNLOCKED);
        const char *const argv[] = {"qemu-img", "commit", "-q", "-d", text, NULL};
        const CrGraphNode *lower = cr_graph_node(graph, LOWER);

        if (!run_tool(graph, argv, error))
                return FALSE;
        return fsync(lower->fd) == 0 || cr_error_set_errno(error, errno, "can't flush '%s'", lower->path);
}

/* A template, or whatever else does not belong to the collection, is never written into. */
static gboolean check_lower(const CrPlan *plan, const CrStep *step, GError **error)
{
        g_autofree char *folder = g_path_get_dirname(step->target);
        g_autofree char *own = g_strdup_printf("/" CR_LAYERS_FOLDER "/%s", plan->collection.text);

        if (g_str_has_suffix(folder, own))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_FAILED,
                "'%s' is no layer of the collection; nothing is merged into it", step->target);
        return FALSE;
}

/* Nothing was written between the two: both show the same, whatever lies below. */
static gboolean is_same_view(
        const CrGraph *graph, guint64 upper, guint64 lower, gboolean *ret, GError **error)
{
        const CrGraphNode *node = cr_graph_node(graph, UPPER);

        if (!cr_header_is_empty(node->fd, node->path, ret, error))
                return FALSE;
        *ret = *ret && upper == lower;
        return TRUE;
}

static gboolean fit_and_commit(const CrGraph *graph, GError **error)
{
        gboolean is_same;
        guint64 upper, lower;

        if (!size_of(graph, UPPER, &upper, error) || !size_of(graph, LOWER, &lower, error) ||
                !is_same_view(graph, upper, lower, &is_same, error))
                return FALSE;
        if (is_same)
                return TRUE;
        if (!fit(graph, upper, lower, error))
                return FALSE;
        CR_FAILPOINT("qcow2.merge.fitted");
        return commit(graph, error);
}

static gboolean merge(const CrConfig *config, const CrPlan *plan, const CrStep *step, GError **error)
{
        g_autoptr(CrGraph) graph = cr_graph_new();

        if (!add_file(config, graph, step->path, step->inode, error) ||
                !add_file(config, graph, step->target, step->target_inode, error) ||
                !add_below(config, plan, step, graph, error) || !fit_and_commit(graph, error))
                return FALSE;
        CR_FAILPOINT("qcow2.merge.committed");
        return TRUE;
}

/* A head that a running machine opened as an overlay has the name of that time beside its path, in the folder
 * of the layers. Nobody has it open any more. */
static gboolean drop_other_name(
        const CrStep *step, const CrPlace *upper, const CrPlace *lower, GError **error)
{
        CR_AUTO_FD int fd = openat(lower->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
        g_autofree char *of_upper = g_path_get_dirname(upper->path), *own = g_path_get_dirname(lower->path);
        gboolean is_beside = strcmp(of_upper, own) == 0;
        gboolean ok = folder != NULL;

        if (!folder)
                return cr_error_set_errno(error, errno, "can't look into the folder of '%s'", lower->path);
        fd = -1; /* the folder's now */
        for (struct dirent *entry = readdir(folder); ok && entry; entry = readdir(folder)) {
                if (entry->d_ino != step->inode || (is_beside && strcmp(entry->d_name, upper->name) == 0))
                        continue;
                ok = unlinkat(lower->folder, entry->d_name, 0) == 0 ||
                     cr_error_set_errno(
                             error, errno, "can't remove '%s' beside '%s'", entry->d_name, lower->path);
        }
        closedir(folder);
        return ok;
}

static gboolean rename_lower(const CrStep *step, const CrPlace *upper, const CrPlace *lower, GError **error)
{
        ino_t at_upper, at_lower;

        if (!cr_place_inode(upper, &at_upper, error) || !cr_place_inode(lower, &at_lower, error))
                return FALSE;
        if (at_upper != step->inode || at_lower != step->target_inode) {
                g_set_error(error, CR_ERROR, CR_ERROR_FAILED,
                        "'%s' or '%s' was replaced while they were merged", step->path, step->target);
                return FALSE;
        }
        if (!cr_place_rename(lower, upper, error))
                return FALSE;
        CR_FAILPOINT("qcow2.merge.renamed");
        return TRUE;
}

/* Done when the lower has the upper's name, or one that a later step gave it. */
static gboolean is_done(
        const CrConfig *config, const CrPlan *plan, const CrStep *step, gboolean *ret, GError **error)
{
        *ret = FALSE;
        for (const char *path = step->path; path && !*ret; path = next_path(plan, step, path)) {
                CR_AUTO_PLACE CrPlace place = CR_PLACE_NONE;
                ino_t there;

                if (!cr_place_open(config, path, &place, error) || !cr_place_inode(&place, &there, error))
                        return FALSE;
                *ret = there == step->target_inode;
        }
        return TRUE;
}

gboolean cr_merge_apply(const CrConfig *config, const CrPlan *plan, const CrStep *step, GError **error)
{
        CR_AUTO_PLACE CrPlace upper = CR_PLACE_NONE, lower = CR_PLACE_NONE;
        gboolean done;

        if (!check_lower(plan, step, error) || !cr_place_open(config, step->path, &upper, error) ||
                !cr_place_open(config, step->target, &lower, error) ||
                !is_done(config, plan, step, &done, error))
                return FALSE;
        if (!done && (!merge(config, plan, step, error) || !drop_other_name(step, &upper, &lower, error) ||
                             !rename_lower(step, &upper, &lower, error))) {
                g_prefix_error(error, "merging '%s' into '%s': ", step->path, step->target);
                return FALSE;
        }
        return cr_place_sync(&upper, error) && cr_place_sync(&lower, error);
}
