/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random histories of two sites, and an independent plain model of them: small numbers and arrays beside the
 * collections. Points and layers have the same numbers; a layer whose cut was dropped has no point.
 */
#pragma once

#include "tree.h"

#define HISTORY_MAX 200 /* numbers given out at most */

typedef struct HistorySite {
        CrCollection *collection;
        guint n_disks;
        gboolean primary, headed;
        guint top;                     /* what the head, or the next receive, stands on; 0: nothing */
        guint sealed;                  /* the newest point that was received here; 0: none */
        guint confirmed;               /* the newest point that was sent and confirmed; 0: none */
        guint aside_top, aside_common; /* the divergence: what its former head stands on; 0: none */
        guint aside_head;              /* the former head's own number */
        guint failover_point;          /* 0: none */
        gboolean keeps_all;            /* failed over, committed or prepared */
        guint lower[HISTORY_MAX];      /* the layer below, on this site */
        gboolean present[HISTORY_MAX]; /* there is such a layer */
        gboolean held[HISTORY_MAX];
        gboolean known[HISTORY_MAX];     /* there is a row of the point */
        guint rows[HISTORY_MAX], n_rows; /* the known ones, as they came */
} HistorySite;

typedef struct History {
        GRand *random;
        guint next;                /* the next number */
        guint parent[HISTORY_MAX]; /* of points: the one before, where it was cut */
        HistorySite sites[2];
        guint sender;       /* the side that is primary, or took over last */
        gboolean partition; /* the other side has not noticed yet: it is primary too */
} History;

History *history_new(guint32 seed);
void history_free(History *history);

/* One random event: a cut, a dropped cut, a transfer, a failover, its revert or commit, a preparation, its
 * undo, a discard. */
void history_step(History *history);

/* Takes point @number away from @site, as retention does: the layers above stand on what is below. */
void history_drop(HistorySite *site, guint number);

/* CrPeerPoint of all that @site knows, owned. */
GPtrArray *history_peer_points(const HistorySite *site);

/* The plain answers. */
guint history_common(const HistorySite *site, const HistorySite *other);
guint history_shared(const HistorySite *site, const HistorySite *other);
gboolean history_is_ancestor(const History *history, const HistorySite *site, guint ancestor, guint point);
gboolean history_is_pinned(const History *history, const HistorySite *site, guint number);
gboolean history_is_expired(const History *history, const HistorySite *site, guint number);
