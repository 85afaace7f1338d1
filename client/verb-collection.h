/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Verbs about collections themselves.
 */
#pragma once

#include "client/verb.h"

gboolean cr_verb_list(CrInvocation *invocation, GError **error);
gboolean cr_verb_show(CrInvocation *invocation, GError **error);
gboolean cr_verb_define(CrInvocation *invocation, GError **error);
void cr_verb_define_options(GOptionGroup *group, CrVerbOptions *options);
gboolean cr_verb_destroy(CrInvocation *invocation, GError **error);
gboolean cr_verb_update_disks(CrInvocation *invocation, GError **error);
void cr_verb_update_disks_options(GOptionGroup *group, CrVerbOptions *options);
