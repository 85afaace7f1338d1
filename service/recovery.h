/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Carries out what an interrupted operation left: at start, and whenever a worker ended and left something.
 * Until that is done the collection is shown as critical, with what it waits for, and takes no other
 * operation. Tried again every minute and when asked. One that is stuck stops no other.
 */
#pragma once

#include "core/id.h"
#include "service/types.h"

typedef struct CrRecovery CrRecovery;

CrRecovery *cr_recovery_new(CrService *service);
CrRecovery *cr_recovery_free(CrRecovery *recovery);

/* The collection has something to recover. Carried out as soon as cr_recovery_start() was called. */
void cr_recovery_add(CrRecovery *recovery, const CrId *collection);
void cr_recovery_start(CrRecovery *recovery);
void cr_recovery_stop(CrRecovery *recovery);
void cr_recovery_kill(CrRecovery *recovery);

/* What the collection waits for, in words; NULL: for nothing. */
const char *cr_recovery_waiting_for(CrRecovery *recovery, const CrId *collection);
/* Somebody asked: tries again soon. */
void cr_recovery_retry(CrRecovery *recovery, const CrId *collection);
