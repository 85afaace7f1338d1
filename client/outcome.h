/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a verb that starts a job ends: followed to its end and told, or with the job's path alone.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "client/verb.h"

/* @job: what the method returned; "/" is done already. Honours --no-wait and --json. */
gboolean cr_outcome_of_job(CrInvocation *invocation, const char *job, GError **error);

/* The same for a method that returns a collection too; NULL where it has none. */
gboolean cr_outcome_of_test(
        CrInvocation *invocation, const char *job, const char *resulting_collection, GError **error);

/* A job's end in words, from its properties: "Verify of shop: completed in 3.2 s, 1.2 GiB sent" and its
 * result's lines. Free with g_free(). */
char *cr_outcome_text(GVariant *properties);
