/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transfer/copy.h"

#include <string.h>

#include "core/error.h"
#include "transfer/digest.h"
#include "transfer/pipeline.h"

gboolean cr_copy_changes(const CrChangesSpec *spec, CrNbd *target, CrCopyProgress progress, void *userdata,
        CrCopyResult *ret, GError **error)
{
        CrPipelineSpec pipeline = {
                .changes = *spec, .target = target, .progress = progress, .userdata = userdata};

        if (cr_nbd_size(target) != cr_nbd_size(spec->view)) {
                g_set_error(error, CR_ERROR, CR_ERROR_FAILED,
                        "The new layer holds %" G_GUINT64_FORMAT " bytes, what is sent %" G_GUINT64_FORMAT,
                        cr_nbd_size(target), cr_nbd_size(spec->view));
                return FALSE;
        }
        return cr_pipeline_run(&pipeline, ret, error);
}

gboolean cr_copy_digest(CrNbd *view, gboolean whole, CrCopyProgress progress, void *userdata,
        char ret_digest[CR_DIGEST_LENGTH + 1], GError **error)
{
        CrPipelineSpec pipeline = {
                .changes = {.view = view, .depth = whole ? G_MAXUINT : 1, .changed_from = G_MAXUINT64},
                .progress = progress,
                .userdata = userdata};
        CrCopyResult result;

        if (!cr_pipeline_run(&pipeline, &result, error))
                return FALSE;
        memcpy(ret_digest, result.digest, sizeof result.digest);
        return TRUE;
}

void cr_copy_digest_of_nothing(char ret_digest[CR_DIGEST_LENGTH + 1])
{
        CrDigest *digest = cr_digest_new();

        cr_digest_finish(digest, ret_digest);
        cr_digest_free(digest);
}

gboolean cr_copy_estimate(const CrChangesSpec *spec, guint64 *ret_bytes, GError **error)
{
        g_autoptr(CrChanges) changes = cr_changes_new(spec);
        g_autoptr(GError) failure = NULL;
        guint64 bytes = 0;

        for (CrExtent extent; cr_changes_next(changes, &extent, &failure);)
                if (!extent.zero)
                        bytes += extent.length;
        if (failure) {
                g_propagate_error(error, g_steal_pointer(&failure));
                return FALSE;
        }
        *ret_bytes = bytes;
        return TRUE;
}
