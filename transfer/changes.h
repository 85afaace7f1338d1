/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which blocks differ between two layers of one disk, told from allocation alone (no bitmap, no reading of
 * data), or by a comparison of two sites that share no layer. Streams: memory does not grow with the disk.
 *
 * Sending X to Y: everything allocated on either branch down to their fork, with Y's content.
 */
#pragma once

#include "transfer/nbd.h"

/* Granularity of everything sent: the sub-cluster of the layers that the receiver makes (cluster_size=128k,
 * extended_l2). */
#define CR_BLOCK_SIZE 4096u

typedef struct CrExtent {
        guint64 offset; /* a multiple of CR_BLOCK_SIZE */
        guint64 length; /* likewise, but at the disk's end */
        gboolean zero;  /* reads as zeroes */
} CrExtent;

typedef struct CrChangesSpec {
        CrNbd *view;       /* Y: the view that is sent */
        guint depth;       /* how many of its topmost layers lie above the fork; G_MAXUINT: all (a whole copy:
                              zeroes are then left out, the target starts empty) */
        CrNbd *other;      /* X: the view that the receiver has; NULL when X is the fork itself */
        guint other_depth; /* likewise, of X */
        guint64 changed_from; /* from this offset on everything counts as changed: the smallest virtual size
                                 on both branches (else a shrunk and regrown disk shows old bytes);
                                 G_MAXUINT64: nowhere */
        guint64 from; /* nothing before is told; a multiple of CR_BLOCK_SIZE, at most the view's size */
        const GArray *compared; /* CrExtent, ascending: a comparison has told what changed, allocation is not
                                   asked, and nothing above but the view counts. NULL: none has */
} CrChangesSpec;

typedef struct CrChanges CrChanges;
CrChanges *cr_changes_new(const CrChangesSpec *spec);
void cr_changes_free(CrChanges *changes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrChanges, cr_changes_free)
/* The next extent, in ascending order, none adjacent to the one before with the same zero. FALSE without
 * error at the end. */
gboolean cr_changes_next(CrChanges *changes, CrExtent *ret, GError **error);
