/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a peer answers to the question for digests (Peer.Digest): made of, and checked against, what was
 * asked. Pure. */
#pragma once

#include "core/id.h"
#include "transfer/differences.h"

/* What is asked for. Offsets are in bytes, multiples of block_size, @end above @offset. */
typedef struct CrDigestRange {
        CrId point; /* none: the layers that are part of no point */
        CrId disk;
        guint64 offset, end;
        guint32 block_size;
} CrDigestRange;

/* The question's dictionary: floating a{sv}. */
GVariant *cr_digest_range_describe(const CrDigestRange *range);

/* Adds what @answer (a tuple tta(tay)) tells to their side of @differences, which was told up to
 * range->offset.
 * *@ret_size: the disk's size over there; 0: it has nothing of it. StatusUnknown when the answer is not one
 * to
 * @range: nothing was added then. */
gboolean cr_digest_answer_read(GVariant *answer, const CrDigestRange *range, CrDifferences *differences,
        guint64 *ret_size, GError **error);
