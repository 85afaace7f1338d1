/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Comparing a disk here with the peer's: both sides read theirs at the same time, and only digests cross. */
#pragma once

#include "transfer/copy.h"
#include "transfer/differences.h"
#include "worker/peer.h"

/* What is compared: what @disk shows here, and what it shows over there at @point. */
typedef struct CrCompareSpec {
        CrPeer *peer;
        CrNbd *view; /* opened with changes; can be used again after a comparison that did not fail */
        CrId disk;
        CrId point;              /* none: the peer's layers that are part of no point (seeds) */
        CrCopyProgress progress; /* with the bytes of the disk that are compared; may be NULL */
        void *userdata;
} CrCompareSpec;

typedef struct CrComparison {
        CrDifferences *differences;
        const GArray *extents; /* CrExtent: what differs, as this side shows it; for CrChangesSpec.compared */
        guint64 bytes;         /* of data in them */
        guint64 peer_size;     /* virtual size over there; 0: the peer has nothing of the disk there */
} CrComparison;

/* NULL: an error, of a peer's answers or of a read here. */
CrComparison *cr_compare(const CrCompareSpec *spec, GError **error);
void cr_comparison_free(CrComparison *comparison);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrComparison, cr_comparison_free)

/* The first byte that differs. *@ret_equal: none does, to the end of the longer one. */
gboolean cr_compare_locate(const CrCompareSpec *spec, const CrComparison *comparison, gboolean *ret_equal,
        guint64 *ret_offset, GError **error);
