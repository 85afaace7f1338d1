/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "worker/medium.h"

typedef struct Meter {
        guint64 before, total;
} Meter;

CrMedium *cr_medium_open(
        CrWorker *worker, const CrEngine *engine, const char *path, const char *format, GError **error)
{
        CrExport *export =
                engine->serve_image(worker->config, path, format, worker->runtime_directory, error);

        if (!export)
                return NULL;
        CrMedium *medium = g_new0(CrMedium, 1);
        medium->engine = engine;
        medium->path = g_strdup(path);
        medium->export = export;
        return medium;
}

gboolean cr_medium_connect(CrMedium *medium, guint64 *ret_size, GError **error)
{
        const char *socket = medium->engine->export_socket(medium->export, error);

        medium->view = socket ? cr_nbd_open(socket, TRUE, error) : NULL;
        if (!medium->view)
                return FALSE;
        *ret_size = cr_nbd_size(medium->view);
        return TRUE;
}

void cr_medium_close(CrMedium *medium)
{
        g_clear_pointer(&medium->view, cr_nbd_close);
        (void)medium->engine->stop(&medium->export, 1, NULL); /* read-only: nothing to lose */
        g_free(medium->path);
        g_free(medium);
}

static gboolean show_progress(guint64 done, void *userdata)
{
        const Meter *meter = userdata;

        cr_worker_progress(MIN(meter->before + done, meter->total), meter->total);
        return TRUE;
}

/* All of what the image holds, the receiving layer being empty. */
static gboolean copy(CrMedium *medium, const char *socket, Meter *meter, CrCopyResult *ret, GError **error)
{
        const CrChangesSpec spec = {.view = medium->view, .depth = G_MAXUINT, .changed_from = G_MAXUINT64};
        g_autoptr(CrNbd) target = cr_nbd_open(socket, FALSE, error);

        return target && cr_copy_changes(&spec, target, show_progress, meter, ret, error);
}

gboolean cr_medium_copy(CrMedium *medium, CrArrival *arrival, const CrLayer *layer, guint64 before,
        guint64 total, CrCopyResult *ret, GError **error)
{
        Meter meter = {before, total};
        CrExport *export = cr_arrival_serve(arrival, layer, TRUE, error);
        const char *socket = export ? arrival->engine->export_socket(export, error) : NULL;
        gboolean ok = socket && copy(medium, socket, &meter, ret, error);

        if (export && !arrival->engine->stop(&export, 1, ok ? error : NULL))
                ok = FALSE;
        if (!ok)
                g_prefix_error(error, "image '%s': ", medium->path);
        return ok;
}
