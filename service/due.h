/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When something of a collection is due by the clock: arithmetic of times only, pure. Times are microseconds
 * since the epoch.
 *
 * Collections that began at the same instant do not stay together: each has its own part, from 0 up to 1,
 * that follows from its id. A cycle is due an interval after the last replication, less this part of a tenth
 * of the interval; what is overdue (after a restart) is spread by this part of the interval, or of a minute
 * if that is shorter. From then on a cycle is due every interval, whatever the one before took.
 */
#pragma once

#include "core/model.h"

/* What the schedule knows of one collection. */
typedef struct CrDueFacts {
        CrId id;
        gboolean cycles;         /* it is a primary that may replicate */
        gboolean resynchronizes; /* it waits to do so by itself, within a time of the day */
        gint64 last;             /* replication, or on a replica application; 0: never */
        gint64 interval;
        gint64 stored_time; /* a start that somebody put off; 0: none */
        CrOperation stored_operation;
        char *stored_request; /* a{sv}, printed */
        char *from, *until;   /* HH:MM, local */
        CrId divergence;      /* that expires first; none: none does */
        gint64 expires;
} CrDueFacts;

void cr_due_facts_take(CrDueFacts *facts, const CrCollection *collection);
void cr_due_facts_clear(CrDueFacts *facts);

/* One second of an interval: 1,000,000; in a build with failpoints the environment's
 * COLLECTION_REPLICATION_SECOND, in microseconds, so that a test does not wait for whole intervals. */
gint64 cr_due_second(void);

/* This collection's part of @width. */
gint64 cr_due_part(const CrId *id, gint64 width);

/* The first cycle, once it is known that there will be one. Never before @now. */
gint64 cr_due_first_cycle(const CrDueFacts *facts, gint64 now);
/* The first of @due, @due + @interval, ... that is later than @now. Never more than an interval from now: the
 * clock may have been set back. */
gint64 cr_due_next_cycle(gint64 due, gint64 interval, gint64 now);

/* @now within the time of the day from @from up to @until (over midnight when that is the earlier one; the
 * whole day when they are equal), else when that begins next. Where the clock skips @from, it begins after
 * that. */
gint64 cr_due_in_day(const char *from, const char *until, GTimeZone *zone, gint64 now);

/* After so many intervals without a replication something is wrong. Source: ours. */
#define CR_DUE_TOO_LONG 3
/* When that is; 0: it has no meaning. */
gint64 cr_due_too_long(const CrDueFacts *facts);
