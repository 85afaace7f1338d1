/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the bus shows of a collection, its points and divergences: the values of their properties, in the
 * vtables' order. Pure. */
#pragma once

#include "core/model.h"
#include "core/statistics.h"
#include "service/schedule.h"

/* What the store does not know: it comes from what runs now. */
typedef struct CrShownNow {
        const char *current_job;        /* object path; NULL: idle */
        const char *waiting_for;        /* an interrupted operation waits for this; NULL: none is */
        const CrStatistics *statistics; /* NULL: none yet */
        CrScheduleTimes times;
        gint64 now;
} CrShownNow;

/* Tuples, floating. */
GVariant *cr_shown_collection(const CrCollection *collection, const CrShownNow *now);
GVariant *cr_shown_point(const CrPoint *point, const char *collection_path);
GVariant *cr_shown_divergence(
        const CrCollection *collection, const CrDivergence *divergence, const char *collection_path);
