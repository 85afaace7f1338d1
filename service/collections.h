/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The collections as the bus shows them, and how much room each may take there. */
#pragma once

#include "core/model.h"
#include "core/store.h"
#include "service/objects.h"
#include "service/types.h"

typedef struct CrCollections CrCollections;

/* Room among the bus's objects. */
typedef struct CrRoom {
        guint objects;
        gsize bytes; /* of the list of all objects */
} CrRoom;

typedef struct CrShown {
        CrId id;
        char *name;
        CrObject *object;
        GPtrArray *children; /* CrObject of points and divergences, borrowed */
        CrRoom room;         /* that is reserved for it */
        guint history;       /* RecoveryHistory */
        CrId test;           /* its test copy; none: none */
} CrShown;

CrCollections *cr_collections_new(CrService *service);
CrCollections *cr_collections_free(CrCollections *collections);

/* Borrowed; NULL when there is none. */
const CrShown *cr_collections_find(CrCollections *collections, const CrId *id);
const CrShown *cr_collections_find_path(CrCollections *collections, const char *path);
const CrShown *cr_collections_find_name(CrCollections *collections, const char *name);
guint cr_collections_count(const CrCollections *collections);

/* In the store's thread: what is shown of a collection; NULL with no error when there is none of this id. */
CrCollection *cr_collections_load(CrStore *store, const CrId *id, GError **error);

/* Shows @loaded, or that there is none (NULL). */
void cr_collections_show(CrCollections *collections, const CrId *id, const CrCollection *loaded);

/* In the store's thread: the test copy of @c (may be NULL); NULL when there is none. */
CrCollection *cr_collections_load_test(CrStore *store, const CrCollection *c, GError **error);

/* The same with its test copy (NULL: none), so that both are there when somebody is told. */
void cr_collections_show_both(
        CrCollections *collections, const CrId *id, const CrCollection *loaded, const CrCollection *test);

/* Loads it again and shows it, some time soon. */
void cr_collections_refresh(CrCollections *collections, const CrId *id);

/* Shows anew what comes from what runs now: the current job. */
void cr_collections_show_job(CrCollections *collections, const CrId *id);

/* Whether @more fits beside what is reserved: otherwise OutOfMemory, which says what the limit is. Who needs
 * no more of something fits whatever is reserved: the limit may have been lowered. */
gboolean cr_collections_check_room(
        CrCollections *collections, guint more_collections, const CrRoom *more, GError **error);
/* What a collection of this name takes with @history points beside the latest; @variable: bytes of its disks'
 * names and paths and of its settings. */
CrRoom cr_collections_room(const char *name, gsize variable, guint history, guint n_divergences);
