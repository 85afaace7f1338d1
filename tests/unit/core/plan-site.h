/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A site of a collection: the rows, images in memory, and what each disk showed at each point when that was
 * cut. What it does is planned by the service's own functions; what the images show after that is compared.
 */
#pragma once

#include "core/engine.h"
#include "plan-files.h"

#define SITE_DISKS 5 /* at most */

/* What a disk showed. */
typedef struct Shown {
        guint64 size;
        int blocks[FILES_BLOCKS];
} Shown;

typedef struct Site {
        char name;
        CrId host;
        CrCollection *collection;
        Files *files;
        GHashTable *shown; /* "point disk" to Shown; borrowed, both sites have one */
        CrEngine engine;
} Site;

void site_init(Site *site, char name, const CrCollection *collection, GHashTable *shown);
void site_clear(Site *site);

/* ---- on the primary ---- */
void site_add_disk(Site *site, guint64 size);
/* A divergence that has something of it is discarded first. */
void site_remove_disk(Site *site, const CrId *disk);
void site_write(Site *site, GRand *random);  /* as a machine would, to every head */
void site_resize(Site *site, GRand *random); /* as its owner would, one head */
/* @dropped: its worker died, a recovery carries it out. */
CrId site_cut(Site *site, gboolean dropped);
/* Sends @point: the receiver is adapted, gets the layers, lists it. */
void site_send(Site *site, Site *receiver, const CrId *point);
void site_prune(Site *site);

/* ---- on the other side ---- */
void site_fail_over(Site *site, const CrId *point);
void site_revert_failover(Site *site);
/* Takes the disks that are in the way out of the set first. */
void site_prepare(Site *site, const Site *peer);
void site_undo_prepare(Site *site);
void site_discard_all(Site *site);

/* Rows and files agree, every held point shows what it did. */
void site_check(const Site *site);
/* As retention leaves it: at most so many points and layers as the history asks for, what is pinned aside. */
void site_check_retention(const Site *site);

GPtrArray *site_peer_points(const Site *site);
