/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside this folder: the changes for a caller that waits for the connections by itself, with other things
 * under way on them. */
#pragma once

#include "transfer/changes.h"

typedef enum CrChangesStep {
        CR_CHANGES_EXTENT,
        CR_CHANGES_WAIT, /* a question is under way, to the view or the other branch: cr_nbd_wait, then call
                            again */
        CR_CHANGES_END,
        CR_CHANGES_FAILED,
} CrChangesStep;

/* As cr_changes_next, but never waits. */
CrChangesStep cr_changes_step(CrChanges *changes, CrExtent *ret, GError **error);
