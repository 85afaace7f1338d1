/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the service begins by itself when it is due (due.h tells when): cycles, starts that were put off,
 * resynchronizations, the discarding of divergences that have expired. One timer wakes the daemon, and only
 * when something is due.
 *
 * No cycles pile up: one that is due while its collection is held, or that finds no slot before the next is
 * due, is counted as missed. One that fails is tried again when the next is due.
 */
#pragma once

#include "core/model.h"
#include "service/types.h"

typedef struct CrSchedule CrSchedule;

CrSchedule *cr_schedule_new(CrService *service, GError **error);
CrSchedule *cr_schedule_free(CrSchedule *schedule);
/* From now on things are begun. */
void cr_schedule_start(CrSchedule *schedule);
void cr_schedule_stop(CrSchedule *schedule);

/* The collection was loaded: what is due follows from it. */
void cr_schedule_update(CrSchedule *schedule, const CrCollection *loaded);
void cr_schedule_forget(CrSchedule *schedule, const CrId *collection);
/* A task of the collection has ended. */
void cr_schedule_released(CrSchedule *schedule, const CrId *collection);
/* A cycle, if it has any, is due at once, or as soon as nothing holds the collection. */
void cr_schedule_hasten(CrSchedule *schedule, const CrId *collection);

/* The clock may have been set back: no cycle is further off than an interval. */
void cr_schedule_check_clock(CrSchedule *schedule);

/* When the next cycle is due, when nothing will have been replicated for too long, when a start that was put
 * off is due; 0: never. */
typedef struct CrScheduleTimes {
        gint64 next_cycle, too_long, stored;
} CrScheduleTimes;

CrScheduleTimes cr_schedule_times(CrSchedule *schedule, const CrId *collection);
