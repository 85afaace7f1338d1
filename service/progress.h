/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far a job is, and how fast at present. Pure: the caller gives the time. */
#pragma once

#include <glib.h>

/* The rate is that of the last few seconds: one sample a second is kept. */
#define CR_PROGRESS_SAMPLES 6U

typedef struct CrProgressSample {
        gint64 time; /* monotonic, microseconds */
        guint64 done;
} CrProgressSample;

typedef struct CrProgress {
        guint64 done, total;                           /* bytes; total 0: unknown */
        guint64 rate;                                  /* bytes/s */
        CrProgressSample samples[CR_PROGRESS_SAMPLES]; /* the oldest first */
        guint n_samples;
} CrProgress;

void cr_progress_update(CrProgress *progress, guint64 done, guint64 total, gint64 now);
/* 0 to 100. */
guint16 cr_progress_percent(const CrProgress *progress);
