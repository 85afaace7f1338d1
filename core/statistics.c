/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/statistics.h"

CrStatistics *cr_statistics_new(const CrId *collection, gint64 now)
{
        CrStatistics *statistics = g_new0(CrStatistics, 1);

        statistics->collection = *collection;
        statistics->since = now;
        statistics->failed_message = g_strdup("");
        return statistics;
}

CrStatistics *cr_statistics_copy(const CrStatistics *statistics)
{
        CrStatistics *copy = g_memdup2(statistics, sizeof *statistics);

        copy->failed_message = g_strdup(statistics->failed_message);
        return copy;
}

void cr_statistics_free(CrStatistics *statistics)
{
        if (statistics)
                g_free(statistics->failed_message);
        g_free(statistics);
}

static void set_failure(CrStatistics *statistics, guint32 value, const char *message)
{
        char *copy = g_strdup(message);

        g_free(statistics->failed_message);
        statistics->failed_value = value;
        statistics->failed_message = copy;
}

static void count_success(CrStatistics *statistics, const CrReplicationEnd *end)
{
        statistics->successes++;
        statistics->missed_in_row = 0;
        statistics->bytes += end->bytes;
        statistics->max_bytes = MAX(statistics->max_bytes, end->bytes);
        statistics->max_latency = MAX(statistics->max_latency, end->duration);
        set_failure(statistics, 0, "");
}

static void count_failure(CrStatistics *statistics, const CrReplicationEnd *end)
{
        CrError code = cr_error_code(end->error);

        if (code == CR_ERROR_NOT_AVAILABLE || code == CR_ERROR_TIMEOUT)
                statistics->network_failures++;
        else
                statistics->failures++;
        set_failure(statistics, cr_error_value(code), end->error->message);
}

void cr_statistics_count(CrStatistics *statistics, const CrReplicationEnd *end)
{
        if (end->error && cr_error_code(end->error) == CR_ERROR_CANCELLED)
                return;
        statistics->pending = end->pending;
        statistics->application_failures += end->is_application_failure ? 1 : 0;
        if (end->error)
                count_failure(statistics, end);
        else
                count_success(statistics, end);
}

void cr_statistics_count_missed(CrStatistics *statistics)
{
        statistics->missed++;
        statistics->missed_in_row++;
}

void cr_statistics_reset(CrStatistics *statistics, gint64 now)
{
        CrStatistics kept = *statistics;

        *statistics = (CrStatistics){
                .collection = kept.collection,
                .since = now,
                .pending = kept.pending,
                .last_test = kept.last_test,
                .missed_in_row = kept.missed_in_row,
                .failed_value = kept.failed_value,
                .failed_message = kept.failed_message,
        };
}
