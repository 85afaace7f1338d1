/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing zeroes into one image of a graph that the caller holds a fence on. Flushed. */
#pragma once

#include "engines/qcow2/graph.h"

/* Image @i gets zeroes from @from to @to (bytes, multiples of 512). */
gboolean cr_zero_all(const CrGraph *graph, guint i, guint64 from, guint64 to, GError **error);

/* The same, but only where that image itself holds nothing. */
gboolean cr_zero_unallocated(const CrGraph *graph, guint i, guint64 from, guint64 to, GError **error);
