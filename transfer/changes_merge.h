/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Three streams of runs (does it read as zeroes? was it written on this branch? on the other?) become one
 * stream of extents in whole blocks. Pure: no I/O.
 *
 * A block counts as changed when any byte of it is, and as zero only when all of its bytes are. Blocks of the
 * same kind join, however the runs were split.
 */
#pragma once

#include "transfer/changes.h"

typedef enum CrTrack {
        CR_TRACK_ZERO,  /* the view reads as zeroes */
        CR_TRACK_VIEW,  /* written above the fork, on the view's branch */
        CR_TRACK_OTHER, /* the same, on the other branch */
        CR_N_TRACKS,
} CrTrack;

typedef enum CrMergeResult {
        CR_MERGE_EXTENT,
        CR_MERGE_HUNGRY, /* a track ran dry: feed the one whose end is lowest */
        CR_MERGE_END,
} CrMergeResult;

typedef struct CrMerge CrMerge;

/* @size: of the disk. @changed_from: as in CrChangesSpec. @skip_zero: zero extents are left out. */
CrMerge *cr_merge_new(guint64 size, guint64 changed_from, gboolean skip_zero);
void cr_merge_free(CrMerge *merge);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrMerge, cr_merge_free)

/* Before the first run: nothing before @offset, a multiple of CR_BLOCK_SIZE, is wanted. */
void cr_merge_begin_at(CrMerge *merge, guint64 offset);

/* Up to where @track was fed. */
guint64 cr_merge_fed(const CrMerge *merge, CrTrack track);

/* What @track says from @offset on. Whatever it was told before is passed over, and so is what comes after a
 * gap or goes beyond what is kept (memory is bounded): cr_merge_fed tells what arrived. Runs come in
 * ascending order. */
void cr_merge_feed(CrMerge *merge, CrTrack track, guint64 offset, guint64 length, gboolean value);

CrMergeResult cr_merge_next(CrMerge *merge, CrExtent *ret);
