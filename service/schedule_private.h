/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What schedule.c (what is due when) and schedule_begin.c (beginning it) share. */
#pragma once

#include "service/due.h"
#include "service/schedule.h"

#include <systemd/sd-event.h>

struct CrSchedule {
        CrService *service;
        GHashTable *entries; /* id -> CrScheduleEntry, owned */
        sd_event_source *timer;
        GTimeZone *zone;
        guint running; /* that this began */
        gboolean started;
};

typedef enum CrDueKind {
        CR_DUE_NOTHING,
        CR_DUE_CYCLE,
        CR_DUE_STORED,        /* a start that somebody put off */
        CR_DUE_RESYNCHRONIZE, /* by itself */
        CR_DUE_DISCARD,       /* a divergence that has expired */
        CR_DUE_LOOK,          /* showing the collection again: its health has changed */
} CrDueKind;

typedef struct CrScheduleEntry {
        CrDueFacts facts;
        gint64 cycle;      /* the next; 0: none */
        gint64 not_before; /* of what failed to begin and is no cycle */
        gint64 look;       /* it is to be shown again, with another health; 0: need not be */
        gboolean running;  /* what this began */
        gboolean hastened; /* a cycle is due as soon as nothing holds the collection */
} CrScheduleEntry;

/* A thing that is due. */
typedef struct CrDue {
        CrScheduleEntry *entry;
        CrDueKind kind;
        gint64 when;
} CrDue;

/* Arms the timer for what is due next. */
void cr_schedule_arm(CrSchedule *schedule);

/* ---- schedule_begin.c ---- */
/* Makes the call that @due is about. */
void cr_schedule_begin(CrSchedule *schedule, const CrDue *due);
/* What the entry (NULL: there is none any more) began has ended, if it began something. */
void cr_schedule_end_running(CrSchedule *schedule, CrScheduleEntry *entry);
