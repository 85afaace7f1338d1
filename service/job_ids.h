/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ids of jobs: reserved in the store, durably, in blocks, so that they never repeat and a call waits for no
 * disk. */
#pragma once

#include "core/store.h"
#include "service/types.h"

typedef struct CrJobIds {
        CrService *service;
        guint64 next, end;        /* the block in use */
        guint64 spare, spare_end; /* the one after it; 0: none yet */
        gboolean reserving;
} CrJobIds;

/* Reserves the first block; before the store has its thread. */
gboolean cr_job_ids_init(CrJobIds *ids, CrService *service, CrStore *store, GError **error);
/* 0 with OutOfMemory when the store is behind. */
guint64 cr_job_ids_next(CrJobIds *ids, GError **error);
