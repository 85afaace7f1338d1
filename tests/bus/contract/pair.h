/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two sites and the collection 'shop' of two disks between them: A has the machine, B the replica. Every test
 * gets its own, in the state that its life has led to so far. */
#pragma once

#include "tests/bus/contract/answer.h"
#include "tests/bus/contract/disk.h"

#define SHOP MANAGER "/collection/shop"
#define DISK_SIZE "16M"

typedef enum Stage {
        STAGE_BARE,        /* both daemons run; A has the images */
        STAGE_DEFINED,     /* A has the collection */
        STAGE_READY,       /* A and B have a relationship */
        STAGE_REPLICATING, /* B holds a point */
        STAGE_TAKEN_OVER,  /* B failed over; what A wrote last is not there */
        STAGE_PREPARED,    /* A is prepared for reverse replication */
} Stage;

extern Site pair_a, pair_b;

/* Lives until @stage. @more_a: further lines of A's configuration, or NULL. */
void pair_live(Stage stage, const char *more_a);
/* Stops what still runs; daemons must end well, and no sanitizer may have complained. */
void pair_end(void);

/* One step of a life, which must succeed: a manager's method about the collection. */
void pair_step(Site *site, const char *member, const char *types, ...);
/* CreateReplicationRelationship from A to B. */
void pair_relate(void);

/* Where the head of a disk ("root", "data") of the collection is. */
char *pair_head(const Site *site, const char *disk);
/* The collection's state in words. */
char *pair_state(const Site *site);
/* The only divergence, or the only point, that the site shows; its path. */
char *pair_only(const Site *site, const char *kind);

/* PrepareForReverseReplication on A is refused with this value, naming @object; and A is as it was. */
void check_prepare_refused(guint value, const char *object);
/* The same, and a preview says so beforehand. */
void check_prepare_blocked(guint value, const char *object);
