/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Digests of the blocks of a view, so that two sites find out where they differ without sending contents:
 * XXH3-128 of each block that is not zero. Blocks are told in ascending order; what allocation says reads as
 * zeroes is not read. Beyond the view's end there are zeroes, so views of different sizes compare.
 */
#pragma once

#include "transfer/changes.h"

#define CR_BLOCK_DIGEST_SIZE 16u

/* Block sizes are powers of two up to this: one read. */
#define CR_BLOCK_DIGEST_MAX (256u << 10)

/* What two sites compare in. Smaller ones find less that did not change, and cost 16 bytes each; source:
 * docs/benchmarks.md. */
#define CR_BLOCK_DIGEST_USUAL (64u << 10)

typedef struct CrBlockRun {
        guint64 offset;
        guint64 length; /* one block; of zeroes: several */
        gboolean zero;
        guint8 digest[CR_BLOCK_DIGEST_SIZE]; /* of a block that is not zero */
} CrBlockRun;

typedef struct CrBlockDigests CrBlockDigests;

/* Of @view (opened with changes; borrowed) from @from up to @end, multiples of @block_size. Several reads are
 * in flight between the calls, too. Freed before the end it leaves a connection that can only be closed;
 * afterwards one that can be used again. */
CrBlockDigests *cr_block_digests_new(CrNbd *view, guint64 from, guint64 end, guint32 block_size);
void cr_block_digests_free(CrBlockDigests *digests);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrBlockDigests, cr_block_digests_free)

/* The next run, without a gap to the one before. FALSE without error at the end. Errors as of a copy. */
gboolean cr_block_digests_next(CrBlockDigests *digests, CrBlockRun *ret, GError **error);
