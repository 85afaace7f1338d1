/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The redo log: intent, steps, commit. The same function serves the operation itself and a recovery after a
 * crash. */
#pragma once

#include "core/engine.h"
#include "core/store.h"

/* Commits @plan as an intent, carries it out and commits its result. Before the intent is committed an error
 * leaves everything as it was. After it, an error means that the intent stays, for a recovery to carry out:
 * *@ret_pending is TRUE then (may be NULL).
 * @point_of_no_return (may be NULL) is called right before the intent is committed: from then on the work
 * can't be cancelled. */
gboolean cr_redo_run(CrStore *store, const CrEngine *engine, const CrConfig *config, CrPlan *plan,
        void (*point_of_no_return)(void *), void *userdata, gboolean *ret_pending, GError **error);

/* Carries out the intent that @collection has, if any, unlinks staged files and abandons an unfinished
 * receive (their layers were part of no point). Holds the collection's lock. *@ret_plan (may be NULL) is the
 * plan that was carried out, or NULL when there was none. */
gboolean cr_redo_recover(CrStore *store, const CrEngine *engine, const CrConfig *config,
        const CrId *collection, CrPlan **ret_plan, GError **error);
