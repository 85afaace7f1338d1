/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From how a worker ended to a method's results. */
#pragma once

#include "service/methods.h"

GVariant *cr_answer_job(CrCall *call, const CrOutcome *outcome, GError **error);     /* (o job) */
GVariant *cr_answer_done(CrCall *call, const CrOutcome *outcome, GError **error);    /* (o "/") */
GVariant *cr_answer_define(CrCall *call, const CrOutcome *outcome, GError **error);  /* (o collection) */
GVariant *cr_answer_test(CrCall *call, const CrOutcome *outcome, GError **error);    /* (o copy, o job) */
GVariant *cr_answer_preview(CrCall *call, const CrOutcome *outcome, GError **error); /* (a{sv}) */

/* The value under @key of a worker's dictionary (may be NULL); NULL with Failed when it is not there or of
 * another type. */
GVariant *cr_answer_lookup(GVariant *dictionary, const char *key, const char *type, GError **error);

/* Answered without a worker. */
void cr_direct_get_collection(CrCall *call);
