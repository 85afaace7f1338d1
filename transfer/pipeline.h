/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way of one disk's changed blocks: read, digested, written. One thread polls both connections.
 *
 * Reads are started in ascending order and several are under way; their contents are taken in that order too,
 * since the digest needs it; writes end in any order. What is under way is bounded by the number of pieces,
 * and by their size.
 */
#pragma once

#include "transfer/copy.h"

typedef struct CrPipelineSpec {
        CrChangesSpec changes;
        CrNbd *target;           /* NULL: nothing is written */
        CrCopyProgress progress; /* may be NULL */
        void *userdata;
} CrPipelineSpec;

/* Carries it all out and flushes the target. After an error all of the connections can only be closed. */
gboolean cr_pipeline_run(const CrPipelineSpec *spec, CrCopyResult *ret, GError **error);
