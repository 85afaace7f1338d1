/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a collection is: the class's ReplicationHealth, and what is wrong in words that say what to do. Pure.
 * Each issue has a stable id; they are listed in the interface's documentation. */
#pragma once

#include "core/model.h"
#include "core/statistics.h"

/* The class's ReplicationHealth. */
typedef enum CrHealth {
        CR_HEALTH_NOT_APPLICABLE = 0,
        CR_HEALTH_OK = 1,
        CR_HEALTH_WARNING = 2,
        CR_HEALTH_CRITICAL = 3,
} CrHealth;

/* So many missed cycles in a row are critical. Source: ours. */
#define CR_HEALTH_MISSED 3u
/* A chain of more layers is critical: reading through 64 takes seven times as long as through one. Source:
 * the design. */
#define CR_HEALTH_LAYERS 32u

/* What is asked about. */
typedef struct CrHealthCase {
        const CrCollection *collection;
        const char *waiting_for;        /* an interrupted operation waits for this; NULL: none is */
        const CrStatistics *statistics; /* NULL: none yet */
        gint64 now;
        gint64 too_long; /* when nothing will have been replicated for too long; 0: no such time */
} CrHealthCase;

/* The other site failed over while this one was, or still is, primary. */
gboolean cr_health_is_overtaken(const CrCollection *collection);
CrState cr_health_state(const CrHealthCase *health_case);

/* *@ret_issues: a(ss), floating. */
CrHealth cr_health_examine(const CrHealthCase *health_case, GVariant **ret_issues);

/* Whether more than what CR_LOAD_SHOWN gives is needed to examine a collection of so many layers on a disk.
 */
gboolean cr_health_needs_layers(const CrCollection *shown, guint most_layers);
