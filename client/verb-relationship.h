/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Verbs about a collection's relationship with its peer.
 */
#pragma once

#include "client/verb.h"

gboolean cr_verb_create_relationship(CrInvocation *invocation, GError **error);
void cr_verb_create_relationship_options(GOptionGroup *group, CrVerbOptions *options);
gboolean cr_verb_remove_relationship(CrInvocation *invocation, GError **error);
gboolean cr_verb_settings(CrInvocation *invocation, GError **error);
