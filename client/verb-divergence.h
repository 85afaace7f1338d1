/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Verbs about what was set aside.
 */
#pragma once

#include "client/verb.h"

gboolean cr_verb_divergences(CrInvocation *invocation, GError **error);
gboolean cr_verb_export(CrInvocation *invocation, GError **error);
gboolean cr_verb_discard(CrInvocation *invocation, GError **error);
