/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Verbs of the way back: a former primary that is fed by the side that took over.
 */
#pragma once

#include "client/verb.h"

gboolean cr_verb_preview(CrInvocation *invocation, GError **error);
gboolean cr_verb_reverse(CrInvocation *invocation, GError **error);
