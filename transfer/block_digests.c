/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transfer/block_digests.h"

#include <string.h>
#include <xxhash.h>

#include "transfer/changes_step.h"
#include "transfer/digest.h"
#include "transfer/nbd_io.h"

/* As a copy reads: qemu-nbd works on 16 requests of a connection at once. */
#define N_PIECES 16u
#define PIECE_SIZE CR_BLOCK_DIGEST_MAX

G_STATIC_ASSERT(sizeof(XXH128_canonical_t) == CR_BLOCK_DIGEST_SIZE);

/* Whole blocks that are being read. */
typedef struct Piece {
        CrBlockDigests *digests;
        guint64 offset;
        guint32 length, told; /* of that so much was given out */
        gboolean known;
        guint8 *buffer;
} Piece;

struct CrBlockDigests {
        CrNbd *view;
        guint32 block_size;
        guint64 end;
        guint64 position; /* all before was told */
        CrChanges *changes;
        CrExtent extent; /* what is left to be read of the present one, in whole blocks */
        guint64 planned; /* all before is read, or need not be */
        gboolean ended;  /* nothing more is to be read */
        Piece pieces[N_PIECES];
        GQueue idle, order; /* Piece; order: ascending */
        CrNbdWait wait;
        GError *error; /* of a read: the first */
};

CrBlockDigests *cr_block_digests_new(CrNbd *view, guint64 from, guint64 end, guint32 block_size)
{
        CrBlockDigests *digests = g_new0(CrBlockDigests, 1);
        CrChangesSpec spec = {.view = view, .depth = G_MAXUINT, .changed_from = G_MAXUINT64};

        spec.from = from - from % CR_BLOCK_SIZE;
        digests->view = view;
        digests->block_size = block_size;
        digests->end = end;
        digests->position = digests->planned = from;
        digests->changes = cr_changes_new(&spec);
        digests->wait.nbds[0] = view;
        for (guint i = 0; i < N_PIECES; i++) {
                digests->pieces[i] = (Piece){.digests = digests, .buffer = g_malloc(PIECE_SIZE)};
                g_queue_push_tail(&digests->idle, &digests->pieces[i]);
        }
        return digests;
}

void cr_block_digests_free(CrBlockDigests *digests)
{
        if (!digests)
                return;
        /* Reads that are in flight use the buffers. */
        if (!g_queue_is_empty(&digests->order))
                cr_nbd_abandon(digests->view);
        cr_changes_free(digests->changes);
        g_queue_clear(&digests->idle);
        g_queue_clear(&digests->order);
        for (guint i = 0; i < N_PIECES; i++)
                g_free(digests->pieces[i].buffer);
        g_clear_error(&digests->error);
        g_free(digests);
}

static int on_read(void *userdata, int *error)
{
        Piece *piece = userdata;

        /* What was not read is never told. */
        piece->known = *error == 0;
        if (*error)
                cr_nbd_set_error(piece->digests->view, *error, &piece->digests->error,
                        "Reading %u bytes from byte %" G_GUINT64_FORMAT, piece->length, piece->offset);
        return 0;
}

static gboolean start_piece(CrBlockDigests *digests, GError **error)
{
        Piece *piece = g_queue_pop_head(&digests->idle);
        CrExtent *extent = &digests->extent;
        guint64 size = cr_nbd_size(digests->view), there;

        piece->offset = extent->offset;
        piece->length = (guint32)MIN(extent->length, PIECE_SIZE - extent->offset % PIECE_SIZE);
        piece->told = 0;
        piece->known = FALSE;
        extent->offset += piece->length;
        extent->length -= piece->length;
        digests->planned = extent->offset;
        there = MIN(piece->length, size - piece->offset);
        memset(piece->buffer + there, 0, piece->length - there);
        g_queue_push_tail(&digests->order, piece);
        return cr_nbd_start_read(digests->view, piece->buffer, there, piece->offset, on_read, piece, error);
}

/* The blocks that an extent lies in, as far as they are not read already. */
static void plan(CrBlockDigests *digests, const CrExtent *extent)
{
        guint64 block = digests->block_size, start = extent->offset - extent->offset % block;
        guint64 end = (extent->offset + extent->length + block - 1) / block * block;

        start = MAX(start, digests->planned);
        end = MIN(end, digests->end);
        if (end > start)
                digests->extent = (CrExtent){.offset = start, .length = end - start};
        digests->ended = digests->extent.offset + digests->extent.length >= digests->end ||
                         extent->offset >= digests->end;
}

/* Keeps all pieces busy, as far as it is known what comes next. What comes after the end is not asked for:
 * the connection is free again when all was told. */
static gboolean start_pieces(CrBlockDigests *digests, GError **error)
{
        while (!g_queue_is_empty(&digests->idle)) {
                CrExtent extent;

                if (digests->extent.length > 0) {
                        if (!start_piece(digests, error))
                                return FALSE;
                        continue;
                }
                if (digests->ended)
                        return TRUE;
                switch (cr_changes_step(digests->changes, &extent, error)) {
                case CR_CHANGES_EXTENT:
                        plan(digests, &extent);
                        break;
                case CR_CHANGES_END:
                        digests->ended = TRUE;
                        break;
                case CR_CHANGES_WAIT:
                        return TRUE;
                case CR_CHANGES_FAILED:
                        return FALSE;
                }
        }
        return TRUE;
}

static void tell_zeroes(CrBlockDigests *digests, guint64 end, CrBlockRun *ret)
{
        *ret = (CrBlockRun){.offset = digests->position, .length = end - digests->position, .zero = TRUE};
        digests->position = end;
}

static void tell_block(CrBlockDigests *digests, Piece *piece, CrBlockRun *ret)
{
        const guint8 *data = piece->buffer + piece->told;

        *ret = (CrBlockRun){.offset = digests->position, .length = digests->block_size};
        ret->zero = cr_digest_is_zero(data, digests->block_size);
        if (!ret->zero)
                XXH128_canonicalFromHash(
                        (XXH128_canonical_t *)ret->digest, XXH3_128bits(data, digests->block_size));
        digests->position += digests->block_size;
        piece->told += digests->block_size;
        if (piece->told < piece->length)
                return;
        g_queue_pop_head(&digests->order);
        g_queue_push_tail(&digests->idle, piece);
}

/* TRUE when there was something to tell. */
static gboolean tell(CrBlockDigests *digests, CrBlockRun *ret)
{
        Piece *piece = g_queue_peek_head(&digests->order);
        guint64 read_from = piece ? piece->offset + piece->told : digests->end;

        if (read_from > digests->position && (piece || digests->ended))
                tell_zeroes(digests, read_from, ret);
        else if (piece && piece->known)
                tell_block(digests, piece, ret);
        else
                return FALSE;
        return TRUE;
}

gboolean cr_block_digests_next(CrBlockDigests *digests, CrBlockRun *ret, GError **error)
{
        /* It may have been a while since the last call. */
        digests->wait.moved = 0;
        while (digests->position < digests->end) {
                if (!start_pieces(digests, error))
                        return FALSE;
                if (tell(digests, ret))
                        return TRUE;
                if (digests->error || !cr_nbd_wait(&digests->wait, 1000, error) || digests->error) {
                        if (digests->error) {
                                g_clear_error(error);
                                g_propagate_error(error, g_steal_pointer(&digests->error));
                        }
                        return FALSE;
                }
        }
        return FALSE;
}
