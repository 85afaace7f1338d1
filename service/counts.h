/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The statistics of all collections: counted here, saved by the store's thread, asked for by methods. */
#pragma once

#include "core/statistics.h"
#include "service/job.h"
#include "service/method_call.h"

typedef struct CrCounts CrCounts;

/* Loads them; to be called before the store has its thread. NULL on an error. */
CrCounts *cr_counts_new(CrService *service, CrStore *store, GError **error);
CrCounts *cr_counts_free(CrCounts *counts);

/* Borrowed; NULL: nothing was counted of it. */
const CrStatistics *cr_counts_find(CrCounts *counts, const CrId *collection);
/* There is no such collection any more. */
void cr_counts_forget(CrCounts *counts, const CrId *collection);

/* A job ends now, well or with @error; @result: a{sv} or NULL. What is no replication, and no test, is not
 * counted. */
void cr_counts_job(CrCounts *counts, const CrJobData *job, const GError *error, GVariant *result);
/* A cycle that could not begin: it has no job. */
void cr_counts_refused(CrCounts *counts, const CrId *collection, const GError *error);
/* A cycle was due while the collection was held. */
void cr_counts_missed(CrCounts *counts, const CrId *collection);

/* GetReplicationStatistics, ResetReplicationStatistics. */
void cr_direct_get_statistics(CrCall *call);
void cr_direct_reset_statistics(CrCall *call);
