/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside this folder: the changes in steps short enough to report progress, and to be cancelled, between
 * them. */
#pragma once

#include "transfer/changes.h"

typedef enum CrChangesStep {
        CR_CHANGES_EXTENT,
        CR_CHANGES_AGAIN, /* a request was spent and no extent is complete yet */
        CR_CHANGES_END,
        CR_CHANGES_FAILED,
} CrChangesStep;

/* As cr_changes_next, but after at most one request it returns. */
CrChangesStep cr_changes_step(CrChanges *changes, CrExtent *ret, GError **error);
