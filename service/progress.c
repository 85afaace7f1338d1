/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/progress.h"

#include <string.h>

#define SAMPLE_USEC G_USEC_PER_SEC

static void add_sample(CrProgress *progress, gint64 now)
{
        if (progress->n_samples == CR_PROGRESS_SAMPLES) {
                memmove(progress->samples, progress->samples + 1,
                        sizeof progress->samples - sizeof progress->samples[0]);
                progress->n_samples--;
        }
        progress->samples[progress->n_samples++] = (CrProgressSample){now, progress->done};
}

static guint64 rate_since(const CrProgressSample *sample, guint64 done, gint64 now)
{
        gint64 elapsed = now - sample->time;

        return elapsed > 0 ? (guint64)((double)(done - sample->done) * G_USEC_PER_SEC / (double)elapsed) : 0;
}

void cr_progress_update(CrProgress *progress, guint64 done, guint64 total, gint64 now)
{
        /* The next part of the work counts anew. */
        if (done < progress->done || total != progress->total)
                progress->n_samples = 0;
        progress->done = done;
        progress->total = total;
        if (progress->n_samples == 0 || now - progress->samples[progress->n_samples - 1].time >= SAMPLE_USEC)
                add_sample(progress, now);
        progress->rate = rate_since(&progress->samples[0], done, now);
}

guint16 cr_progress_percent(const CrProgress *progress)
{
        if (progress->total == 0)
                return 0;
        return (guint16)((double)MIN(progress->done, progress->total) * 100 / (double)progress->total);
}
