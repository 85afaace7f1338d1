/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where two streams of block digests differ: ours and the other site's. Pure: no I/O.
 *
 * Each side is told as far as it goes, in any turn; what both have told is compared and forgotten.
 */
#pragma once

#include "transfer/block_digests.h"

/* The list of differences stays this short (24 MiB): beyond it what lies between two of them counts as
 * different, too. */
#define CR_DIFFERENCES_MAX (1u << 20)

typedef enum CrDifferencesSide {
        CR_SIDE_OURS,
        CR_SIDE_THEIRS,
        CR_N_SIDES,
} CrDifferencesSide;

typedef struct CrDifferences CrDifferences;

/* Of a disk of @size bytes here, from @from on, in at most @max extents. */
CrDifferences *cr_differences_new(guint64 from, guint64 size, guint max);
void cr_differences_free(CrDifferences *differences);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrDifferences, cr_differences_free)

/* Runs of a side have no gaps between them; they are whole blocks. */
void cr_differences_add(CrDifferences *differences, CrDifferencesSide side, const CrBlockRun *run);

/* Up to where @side was told. */
guint64 cr_differences_told(const CrDifferences *differences, CrDifferencesSide side);
/* How many runs of @side wait for the other. */
guint cr_differences_pending(const CrDifferences *differences, CrDifferencesSide side);
/* Up to where both were. */
guint64 cr_differences_compared(const CrDifferences *differences);

/* CrExtent, ascending, within the disk: what differs of what was compared. Those that read as zeroes here say
 * so. Owned by @differences. */
const GArray *cr_differences_extents(const CrDifferences *differences);
