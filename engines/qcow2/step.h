/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps of plans, for CrEngine. Each finds out how far it came before, and goes on from there. A step
 * that gives a file another name holds a fence on it while it does, also when a recovery carries it out and
 * nobody else holds one.
 */
#pragma once

#include "core/engine.h"

gboolean cr_step_apply(const CrConfig *config, const CrPlan *plan, const CrStep *step, GError **error);
