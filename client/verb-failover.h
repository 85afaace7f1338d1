/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Verbs of failover and of its rehearsal.
 */
#pragma once

#include "client/verb.h"

gboolean cr_verb_failover(CrInvocation *invocation, GError **error);
void cr_verb_failover_options(GOptionGroup *group, CrVerbOptions *options);
gboolean cr_verb_revert_failover(CrInvocation *invocation, GError **error);
void cr_verb_revert_failover_options(GOptionGroup *group, CrVerbOptions *options);
gboolean cr_verb_test(CrInvocation *invocation, GError **error);
void cr_verb_test_options(GOptionGroup *group, CrVerbOptions *options);
