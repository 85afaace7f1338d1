/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions about what the model expects of a site now. */
#pragma once

#include "tests/story/random/operation.h"

gboolean is(const Half *half, CrRole role, CrState state);
gboolean is_replica(const Half *half);
gboolean took_over(const Half *half);
gboolean is_prepared(const Half *half);
gboolean may_take_over(const Half *half);
/* Sends, or would if the other side let it. */
gboolean sends(const Half *half);
gboolean is_allowed(Story *story, const Choice *choice, CrOperation operation);
gint compare_generations(const Story *story, const Choice *choice);
/* A primary here that replicates, or would; and a replica over there that takes what comes. */
gboolean can_replicate(Story *story, Choice *choice);
gboolean must_replicate(Story *story, const Choice *choice);
