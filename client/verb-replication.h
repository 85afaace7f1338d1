/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Verbs about replication itself.
 */
#pragma once

#include "client/verb.h"

gboolean cr_verb_start(CrInvocation *invocation, GError **error);
void cr_verb_start_options(GOptionGroup *group, CrVerbOptions *options);
gboolean cr_verb_import(CrInvocation *invocation, GError **error);
gboolean cr_verb_resync(CrInvocation *invocation, GError **error);
void cr_verb_resync_options(GOptionGroup *group, CrVerbOptions *options);
gboolean cr_verb_verify(CrInvocation *invocation, GError **error);
gboolean cr_verb_points(CrInvocation *invocation, GError **error);
gboolean cr_verb_statistics(CrInvocation *invocation, GError **error);
