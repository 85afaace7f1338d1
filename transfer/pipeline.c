/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transfer/pipeline.h"

#include <errno.h>

#include "core/error.h"
#include "core/failpoint.h"
#include "transfer/changes_step.h"
#include "transfer/digest.h"
#include "transfer/nbd_io.h"

/* Of a connection qemu-nbd works on 16 requests at once: so many for the reads, so many for the writes.
 * Larger reads did not move more. */
#define N_PIECES 32u
#define BUFFER_SIZE (256u << 10)  /* of a read; two clusters of the layers that the receiver makes */
#define ZERO_SIZE (1u << 30)      /* of a request for zeroes: one L2 table's worth in such a layer */
#define PROGRESS_US 100000        /* between two reports */
#define FLUSH_PATIENCE_MS 600000u /* a slow disk may take long to write back what was cached */

typedef struct Pipeline Pipeline;

typedef struct Piece {
        Pipeline *pipeline;
        guint64 offset;
        guint32 length; /* of data: at most BUFFER_SIZE, of zeroes: at most ZERO_SIZE */
        gboolean zero;
        gboolean known;    /* contents are there */
        guint n_unwritten; /* requests to the target that were not answered yet */
        guint8 *buffer;
} Piece;

struct Pipeline {
        const CrPipelineSpec *spec;
        gboolean whole; /* zeroes are left out */
        CrChanges *changes;
        CrExtent extent; /* what is left of the present one */
        gboolean ended;  /* there are no more */
        Piece pieces[N_PIECES];
        GQueue idle, order; /* Piece; order: those whose contents were not taken yet, ascending */
        CrDigest *digest;
        guint64 bytes_sent, bytes_done;
        gint64 reported; /* monotonic */
        gboolean flushed;
        GError *error; /* of a request: the first */
};

static void pipeline_init(Pipeline *pipeline, const CrPipelineSpec *spec)
{
        *pipeline = (Pipeline){.spec = spec,
                .whole = spec->changes.depth == G_MAXUINT,
                .changes = cr_changes_new(&spec->changes),
                .idle = G_QUEUE_INIT,
                .order = G_QUEUE_INIT,
                .digest = cr_digest_new(),
                .reported = g_get_monotonic_time()};
        for (guint i = 0; i < N_PIECES; i++) {
                pipeline->pieces[i] = (Piece){.pipeline = pipeline, .buffer = g_malloc(BUFFER_SIZE)};
                g_queue_push_tail(&pipeline->idle, &pipeline->pieces[i]);
        }
}

/* No request may be in flight any more. */
static void pipeline_clear(Pipeline *pipeline)
{
        g_queue_clear(&pipeline->idle);
        g_queue_clear(&pipeline->order);
        for (guint i = 0; i < N_PIECES; i++)
                g_free(pipeline->pieces[i].buffer);
        cr_changes_free(pipeline->changes);
        cr_digest_free(pipeline->digest);
        g_clear_error(&pipeline->error);
}

static void retire(Piece *piece)
{
        piece->pipeline->bytes_done += piece->length;
        g_queue_push_tail(&piece->pipeline->idle, piece);
}

static int on_read(void *userdata, int *error)
{
        Piece *piece = userdata;

        piece->known = TRUE;
        if (*error)
                cr_nbd_set_error(piece->pipeline->spec->changes.view, *error, &piece->pipeline->error,
                        "Reading %u bytes from byte %" G_GUINT64_FORMAT, piece->length, piece->offset);
        return 0;
}

static int on_written(void *userdata, int *error)
{
        Piece *piece = userdata;

        if (*error)
                cr_nbd_set_error(piece->pipeline->spec->target, *error, &piece->pipeline->error,
                        *error == ENOSPC ? "No room for bytes near %" G_GUINT64_FORMAT
                                           "; make room on the recovery side"
                                         : "Writing near byte %" G_GUINT64_FORMAT,
                        piece->offset);
        if (--piece->n_unwritten == 0)
                retire(piece);
        return 0;
}

static gboolean start_read(Piece *piece, GError **error)
{
        return cr_nbd_start_read(piece->pipeline->spec->changes.view, piece->buffer, piece->length,
                piece->offset, on_read, piece, error);
}

/* @data: NULL for zeroes. Those are stored as such, not as holes that would show what lies below: a layer
 * above another records them, with or without NBD_CMD_FLAG_NO_HOLE, which would only reserve room for them.
 */
static gboolean start_write(Piece *piece, guint64 offset, const guint8 *data, guint32 length, GError **error)
{
        CrNbd *target = piece->pipeline->spec->target;
        nbd_completion_callback callback = {.callback = on_written, .user_data = piece};
        gint64 r = -1;

        if (!cr_nbd_handle(target))
                return cr_nbd_set_error(target, 0, error, "Writing");
        piece->n_unwritten++;
        if (data)
                r = nbd_aio_pwrite(cr_nbd_handle(target), data, length, offset, callback, 0);
        else
                r = nbd_aio_zero(cr_nbd_handle(target), length, offset, callback, 0);
        if (r < 0) {
                piece->n_unwritten--;
                return cr_nbd_set_error(target, 0, error, "Writing");
        }
        if (data)
                piece->pipeline->bytes_sent += length;
        return TRUE;
}

/* One run of blocks of a kind. */
static gboolean take_run(Piece *piece, guint64 offset, const guint8 *data, guint32 length, GError **error)
{
        Pipeline *pipeline = piece->pipeline;

        if (!data && pipeline->whole)
                return TRUE;
        cr_digest_update(pipeline->digest, offset, data, length);
        return !pipeline->spec->target || start_write(piece, offset, data, length, error);
}

static gboolean take_data(Piece *piece, GError **error)
{
        for (guint32 at = 0; at < piece->length;) {
                gboolean zero;
                guint32 run = cr_digest_run(piece->buffer + at, piece->length - at, &zero);

                if (!take_run(piece, piece->offset + at, zero ? NULL : piece->buffer + at, run, error))
                        return FALSE;
                at += run;
        }
        return TRUE;
}

/* Contents in ascending order, as far as they are there. */
static gboolean take_known(Pipeline *pipeline, GError **error)
{
        for (Piece *piece; (piece = g_queue_peek_head(&pipeline->order)) && piece->known;) {
                g_queue_pop_head(&pipeline->order);
                /* Held by one until all of its requests are out. */
                piece->n_unwritten = 1;
                if (piece->zero ? !take_run(piece, piece->offset, NULL, piece->length, error)
                                : !take_data(piece, error))
                        return FALSE;
                if (--piece->n_unwritten == 0)
                        retire(piece);
        }
        return TRUE;
}

/* Requests end where clusters and tables do. */
static guint32 next_length(const CrExtent *extent)
{
        guint64 most = extent->zero ? ZERO_SIZE : BUFFER_SIZE;

        return MIN(extent->length, most - extent->offset % most);
}

static gboolean start_piece(Pipeline *pipeline, GError **error)
{
        Piece *piece = g_queue_pop_head(&pipeline->idle);
        CrExtent *extent = &pipeline->extent;

        piece->offset = extent->offset;
        piece->length = next_length(extent);
        piece->zero = piece->known = extent->zero;
        extent->offset += piece->length;
        extent->length -= piece->length;
        g_queue_push_tail(&pipeline->order, piece);
        return piece->zero || start_read(piece, error);
}

/* Keeps all pieces busy, as far as it is known what comes next. */
static gboolean start_pieces(Pipeline *pipeline, GError **error)
{
        while (!g_queue_is_empty(&pipeline->idle) && !pipeline->ended) {
                if (pipeline->extent.length > 0) {
                        if (!start_piece(pipeline, error))
                                return FALSE;
                        continue;
                }
                switch (cr_changes_step(pipeline->changes, &pipeline->extent, error)) {
                case CR_CHANGES_EXTENT:
                        break;
                case CR_CHANGES_END:
                        pipeline->ended = TRUE;
                        break;
                case CR_CHANGES_WAIT:
                        return TRUE;
                case CR_CHANGES_FAILED:
                        return FALSE;
                }
        }
        return TRUE;
}

static gboolean report(Pipeline *pipeline, GError **error)
{
        const CrPipelineSpec *spec = pipeline->spec;

        pipeline->reported = g_get_monotonic_time();
        if (!spec->progress || spec->progress(pipeline->bytes_done, spec->userdata))
                return TRUE;
        g_set_error_literal(error, CR_ERROR, CR_ERROR_CANCELLED, "The transfer was cancelled");
        return FALSE;
}

/* Waits for an answer, but not beyond the time of the next report. */
static gboolean wait_for(Pipeline *pipeline, CrNbdWait *wait, GError **error)
{
        gint64 left_ms = (pipeline->reported + PROGRESS_US - g_get_monotonic_time()) / 1000;

        if (left_ms <= 0 && !report(pipeline, error))
                return FALSE;
        return cr_nbd_wait(wait, (int)CLAMP(left_ms, 0, PROGRESS_US / 1000), error) && !pipeline->error;
}

static gboolean move_all(Pipeline *pipeline, GError **error)
{
        const CrPipelineSpec *spec = pipeline->spec;
        CrNbdWait wait = {.nbds = {spec->changes.view, spec->changes.other, spec->target}};

        for (;;) {
                if (!take_known(pipeline, error) || !start_pieces(pipeline, error))
                        return FALSE;
                if (pipeline->ended && g_queue_get_length(&pipeline->idle) == N_PIECES)
                        return TRUE;
                if (!wait_for(pipeline, &wait, error))
                        return FALSE;
        }
}

static int on_flushed(void *userdata, int *error)
{
        Pipeline *pipeline = userdata;

        pipeline->flushed = TRUE;
        if (*error)
                cr_nbd_set_error(pipeline->spec->target, *error, &pipeline->error,
                        *error == ENOSPC ? "No room to flush what was written; make room on the recovery side"
                                         : "Flushing what was written");
        return 0;
}

static gboolean flush(Pipeline *pipeline, GError **error)
{
        CrNbd *target = pipeline->spec->target;
        CrNbdWait wait = {.nbds = {target}, .patience_ms = FLUSH_PATIENCE_MS};

        if (!cr_nbd_handle(target) ||
                nbd_aio_flush(cr_nbd_handle(target),
                        (nbd_completion_callback){.callback = on_flushed, .user_data = pipeline}, 0) < 0)
                return cr_nbd_set_error(target, 0, error, "Flushing");
        while (!pipeline->flushed)
                if (!wait_for(pipeline, &wait, error))
                        return FALSE;
        return TRUE;
}

static gboolean run(Pipeline *pipeline, GError **error)
{
        CR_FAILPOINT("transfer.begin");
        if (!move_all(pipeline, error))
                return FALSE;
        CR_FAILPOINT("transfer.moved");
        if (pipeline->spec->target && !flush(pipeline, error))
                return FALSE;
        CR_FAILPOINT("transfer.flushed");
        return report(pipeline, error);
}

gboolean cr_pipeline_run(const CrPipelineSpec *spec, CrCopyResult *ret, GError **error)
{
        g_autoptr(GError) failure = NULL;
        Pipeline pipeline;
        gboolean ok;

        pipeline_init(&pipeline, spec);
        ok = run(&pipeline, &failure);
        if (ok) {
                *ret = (CrCopyResult){.bytes_sent = pipeline.bytes_sent, .bytes_total = pipeline.bytes_done};
                cr_digest_finish(pipeline.digest, ret->digest);
        } else {
                /* What a request ran into tells more than what came of it. */
                if (pipeline.error) {
                        g_clear_error(&failure);
                        failure = g_steal_pointer(&pipeline.error);
                }
                g_propagate_error(error, g_steal_pointer(&failure));
                /* Requests that are in flight use the buffers. */
                cr_nbd_abandon(spec->changes.view);
                cr_nbd_abandon(spec->target);
        }
        pipeline_clear(&pipeline);
        return ok;
}
