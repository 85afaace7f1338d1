/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How far a job is, as one line: redrawn in place on a terminal, one line now and then elsewhere.
 */
#pragma once

#include <glib.h>

typedef struct {
        const char *phase; /* a few words for a person; not owned */
        guint percent;     /* 0 to 100 */
        guint64 done;      /* bytes */
        guint64 total;     /* bytes; 0: unknown */
        guint64 rate;      /* bytes per second */
} CrProgress;

/* "[####------]  45%  1.2 GiB of 2.7 GiB  85.0 MiB/s  phase", at most @columns - 1 wide, so that no terminal
 * wraps it; the bar goes below 60 columns. Free with g_free(). */
char *cr_progress_bar(const CrProgress *progress, guint columns);

/* "45%, 1.2 GiB of 2.7 GiB, 85.0 MiB/s: phase". Free with g_free(). */
char *cr_progress_line(const CrProgress *progress);

/* Whether a log wants another line: another phase, or another tenth of the way. */
gboolean cr_progress_is_news(const CrProgress *before, const CrProgress *now);
