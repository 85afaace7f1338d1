/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Verbs about jobs, and about what happens.
 */
#pragma once

#include "client/verb.h"

gboolean cr_verb_jobs(CrInvocation *invocation, GError **error);
gboolean cr_verb_wait(CrInvocation *invocation, GError **error);
gboolean cr_verb_cancel(CrInvocation *invocation, GError **error);
gboolean cr_verb_monitor(CrInvocation *invocation, GError **error);
