/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is right about being primary: proven by lineage and generation, before a former primary is prepared. */
#pragma once

#include "worker/peer.h"

/* TRUE when @site took over from this side and shares @ret_common with it. InvalidState: it did not fail
 * over, or a disk is not in the common point; StatusUnknown: a tie of generations, or the lineages share
 * nothing. */
gboolean cr_direction_prove(
        const CrCollection *collection, const CrPeerSite *site, CrId *ret_common, GError **error);
