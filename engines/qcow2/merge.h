/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Committing a layer into the one below it, which then takes its name. */
#pragma once

#include "core/engine.h"

/* CR_STEP_MERGE. A crash in the middle leaves the upper's view as it was; the next try commits once more. */
gboolean cr_merge_apply(const CrConfig *config, const CrPlan *plan, const CrStep *step, GError **error);
