/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cut of heads that running machines write to.
 *
 * A machine opens its images by name, and opens the old one again, by the same name, to give up writing it.
 * By then the head's path is no longer there: a machine that starts just now must not find what is about to
 * freeze. So in its place lies, for that moment, a link to /proc/self/fd/N, where N is the number that the
 * file has in the machine itself, which was handed it: whoever else follows the link finds nothing.
 * The overlay keeps the name by which the machine opened it, which is the one that it will have as a frozen
 * layer: the next cut needs no such link.
 */
#pragma once

#include "core/engine.h"
#include "engines/qcow2/place.h"

/* For CrEngine. */
GPtrArray *cr_live_machines(const CrConfig *config, const CrCollection *collection, GError **error);
gboolean cr_live_introduce(const CrConfig *config, const CrPlan *plan, GError **error);

/* CR_STEP_SNAPSHOT, CR_STEP_PAUSE, CR_STEP_RESUME. Machines that stand still go on when it fails. */
gboolean cr_live_apply(const CrConfig *config, const CrPlan *plan, const CrStep *step, GError **error);

/* Takes the link away that a snapshot left at @path, the path of a head. Nothing to do for anything else. */
gboolean cr_live_clear_path(const CrPlace *path, GError **error);
