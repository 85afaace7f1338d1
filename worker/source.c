/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "worker/source.h"

/* The smallest virtual size on a branch down to and with its fork: beyond it a regrown disk reads zeroes,
 * whatever lies below. */
static guint64 smallest_size(GPtrArray *chain, guint above_fork)
{
        guint64 smallest = G_MAXUINT64;

        for (guint i = 0; i < chain->len && i <= above_fork; i++)
                smallest = MIN(smallest, ((const CrLayer *)g_ptr_array_index(chain, i))->virtual_size);
        return smallest;
}

/* Whether the layers above the fork, and their sizes, leave the fork's view as it is. */
static gboolean adds_nothing(const CrEngine *engine, const CrConfig *config, GPtrArray *chain,
        guint above_fork, gboolean *ret, GError **error)
{
        guint64 size = ((const CrLayer *)g_ptr_array_index(chain, above_fork))->virtual_size;

        *ret = TRUE;
        for (guint i = 0; i < above_fork && *ret; i++) {
                const CrLayer *layer = g_ptr_array_index(chain, i);

                if (!engine->is_empty(config, layer, ret, error))
                        return FALSE;
                *ret = *ret && layer->virtual_size == size;
        }
        return TRUE;
}

static gboolean is_unchanged(CrWorker *worker, const CrEngine *engine, const CrCollection *collection,
        GPtrArray *chain, const CrLayer *base, gboolean *ret, GError **error)
{
        g_autoptr(GPtrArray) base_chain = cr_lineage_chain(collection, &base->id, error);
        guint above, base_above;

        *ret = FALSE;
        if (!base_chain)
                return FALSE;
        cr_lineage_fork(chain, base_chain, &above, &base_above);
        if (above == chain->len)
                return TRUE;
        return adds_nothing(engine, worker->config, chain, above, ret, error) &&
               (!*ret || adds_nothing(engine, worker->config, base_chain, base_above, ret, error));
}

static gboolean open_compared(CrSource *source, CrWorker *worker, const CrCollection *collection,
        GPtrArray *chain, const CrLayer *base, GError **error)
{
        g_autoptr(GPtrArray) base_chain = cr_lineage_chain(collection, &base->id, error);
        guint above = 0, base_above = 0;

        if (!base_chain)
                return FALSE;
        cr_lineage_fork(chain, base_chain, &above, &base_above);
        source->spec.depth = above;
        source->spec.other_depth = base_above;
        source->spec.changed_from = MIN(smallest_size(chain, above), smallest_size(base_chain, base_above));
        if (base_above == 0)
                return TRUE;
        source->other_export =
                source->engine->serve(worker->config, base_chain, FALSE, worker->runtime_directory, error);
        return source->other_export != NULL;
}

CrSource *cr_source_open(CrWorker *worker, const CrEngine *engine, const CrCollection *collection,
        const CrLayer *top, const CrLayer *base, GError **error)
{
        g_autoptr(CrSource) source = g_new0(CrSource, 1);
        g_autoptr(GPtrArray) chain = cr_lineage_chain(collection, &top->id, error);

        source->engine = engine;
        if (!chain ||
                (base && !is_unchanged(worker, engine, collection, chain, base, &source->unchanged, error)))
                return NULL;
        if (source->unchanged)
                return g_steal_pointer(&source);
        source->view_export = engine->serve(worker->config, chain, FALSE, worker->runtime_directory, error);
        if (!source->view_export)
                return NULL;
        source->spec.depth = G_MAXUINT;
        source->spec.changed_from = G_MAXUINT64;
        if (base && !open_compared(source, worker, collection, chain, base, error))
                return NULL;
        return g_steal_pointer(&source);
}

static CrNbd *connect_to(const CrSource *source, CrExport *export, GError **error)
{
        const char *socket = source->engine->export_socket(export, error);

        return socket ? cr_nbd_open(socket, TRUE, error) : NULL;
}

gboolean cr_source_connect(CrSource *source, GError **error)
{
        if (source->unchanged)
                return TRUE;
        source->spec.view = source->view = connect_to(source, source->view_export, error);
        if (!source->view)
                return FALSE;
        if (source->other_export)
                source->spec.other = source->other = connect_to(source, source->other_export, error);
        return source->other || !source->other_export;
}

void cr_source_close(CrSource *source)
{
        CrExport *exports[] = {source->view_export, source->other_export};

        g_clear_pointer(&source->view, cr_nbd_close);
        g_clear_pointer(&source->other, cr_nbd_close);
        (void)source->engine->stop(exports, G_N_ELEMENTS(exports), NULL); /* read-only: nothing to lose */
        g_free(source);
}
