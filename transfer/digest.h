/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The digest of a set of blocks: XXH3-128 over its maximal runs in ascending order, each as its contents
 * (none for zeroes) followed by a record of offset, length and kind. A block is zero when all of its bytes
 * are, whatever any metadata said, so two sides agree however they split or classified the ranges.
 */
#pragma once

#include "transfer/copy.h"

typedef struct CrDigest CrDigest;

CrDigest *cr_digest_new(void);
void cr_digest_free(CrDigest *digest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrDigest, cr_digest_free)

/* Offsets ascend; @offset is a multiple of CR_BLOCK_SIZE. @data: whole blocks (but at the disk's end), of
 * which none is zero; NULL: all are. */
void cr_digest_update(CrDigest *digest, guint64 offset, gconstpointer data, guint64 length);

/* Nothing may be added afterwards. */
void cr_digest_finish(CrDigest *digest, char ret_text[CR_DIGEST_LENGTH + 1]);

/* How many bytes at the start of @data are blocks of the same kind, and which: a whole number of blocks, or
 * all that there is. @length > 0. */
gsize cr_digest_run(const guint8 *data, gsize length, gboolean *ret_zero);

/* @length > 0. */
gboolean cr_digest_is_zero(const guint8 *data, gsize length);
