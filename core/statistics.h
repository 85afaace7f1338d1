/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is counted of a collection's replication, since somebody reset it: the class's statistics, and what
 * the health of its cycles is told from. Plain data; the daemon keeps it, the store saves it.
 */
#pragma once

#include "core/error.h"
#include "core/id.h"

/* Times are microseconds since the epoch, sizes bytes. */
typedef struct CrStatistics {
        CrId collection;
        gint64 since; /* the last reset; at first when the counting began */
        guint32 successes;
        guint32 missed;               /* cycles that were due while the collection was held */
        guint32 network_failures;     /* the other site could not be reached, or did not answer in time */
        guint32 failures;             /* for any other reason */
        guint32 application_failures; /* points that should have been application consistent and are not */
        guint64 max_latency;          /* microseconds, of one replication that succeeded */
        guint64 bytes, max_bytes;     /* that were sent, by all and by one */
        guint64 pending;              /* that the last one left unsent */
        gint64 last_test;             /* the end of the last test failover; 0: never. A reset keeps it */

        /* A reset keeps these, too: they tell how things stand. */
        guint32 missed_in_row;
        guint32 failed_value; /* of the last replication; 0: it succeeded */
        char *failed_message; /* never NULL */
} CrStatistics;

/* How one replication ended. */
typedef struct CrReplicationEnd {
        const GError *error; /* NULL: well. A cancelled one is not counted */
        guint64 bytes;       /* that it sent */
        guint64 pending;     /* that it did not send any more */
        guint64 duration;    /* microseconds */
        gboolean is_application_failure;
} CrReplicationEnd;

CrStatistics *cr_statistics_new(const CrId *collection, gint64 now);
CrStatistics *cr_statistics_copy(const CrStatistics *statistics);
void cr_statistics_free(CrStatistics *statistics);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrStatistics, cr_statistics_free)

void cr_statistics_count(CrStatistics *statistics, const CrReplicationEnd *end);
void cr_statistics_count_missed(CrStatistics *statistics);
void cr_statistics_reset(CrStatistics *statistics, gint64 now);
