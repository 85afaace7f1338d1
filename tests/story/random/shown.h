/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a site's bus shows of the one collection of the story. */
#pragma once

#include <gio/gio.h>

#include "core/id.h"
#include "core/state.h"
#include "tests/bus/service/site.h"
#include "tests/story/random/contents.h"

#define SHOP MANAGER "/collection/shop"
#define TEST_COPY_NAME "shop-test"

typedef struct ShownPoint {
        CrId id, parent;
} ShownPoint;

typedef struct ShownDivergence {
        CrId id, common_point;
} ShownDivergence;

typedef struct Shown {
        gboolean exists;             /* the rest says something only then */
        gboolean is_busy;            /* a job is under way */
        gboolean waits_for_recovery; /* or something keeps one from going on */
        CrId id;
        CrRole role;
        CrState state;
        guint64 generation;
        guint history;        /* the setting RecoveryHistory */
        char *paths[N_DISKS]; /* of the heads */
        gboolean has_test_copy;
        char *test_paths[N_DISKS]; /* of its heads */
        GArray *points;            /* ShownPoint */
        GArray *divergences;       /* ShownDivergence */
} Shown;

void shown_clear(Shown *shown);
/* FALSE: nobody answers. @shown is cleared first. */
gboolean shown_read(GDBusConnection *bus, Shown *shown);
gboolean shown_has_point(const Shown *shown, const CrId *id);
