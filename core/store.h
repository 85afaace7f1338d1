/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The site's database: one SQLite file (WAL, synchronous=FULL, foreign keys, STRICT tables, user_version
 * migrations). The daemon and its workers each open it; every function here is one transaction and returns
 * after it is on stable storage. A CrStore belongs to one thread.
 *
 * A collection is saved as a whole: plans compute the next one, the store replaces the rows. Only who holds
 * the collection's lock (lock.h) saves it, so nothing is lost between a load and a save; the peer record has
 * its own function since it is also written without the lock.
 *
 * Every transaction that changes a collection raises the site's sequence by one.
 */
#pragma once

#include "core/model.h"
#include "core/plan.h"
#include "core/statistics.h"

typedef struct CrStore CrStore;

/* Opens <directory>/store.sqlite, creating and migrating it. A database of a newer version is NotSupported,
 * naming both versions. */
CrStore *cr_store_open(const char *directory, GError **error);
void cr_store_close(CrStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrStore, cr_store_close)

/* The site's own random id, made when the store was. */
CrId cr_store_host_id(CrStore *store);
gboolean cr_store_sequence(CrStore *store, guint64 *ret, GError **error);

/* Reserves @count job ids that were never given before and never will be again; *@ret_first is the lowest. */
gboolean cr_store_reserve_job_ids(CrStore *store, guint count, guint64 *ret_first, GError **error);

/* ---- collections ---- */

typedef enum CrLoad {
        CR_LOAD_ALL,
        CR_LOAD_SHOWN, /* what the bus shows: only held points, and of the layers only those set aside, whose
                          paths a divergence shows */
} CrLoad;

/* All collections' ids, by name. CrId elements. */
GArray *cr_store_list(CrStore *store, GError **error);
/* FileNotFound when there is none. */
CrCollection *cr_store_load(CrStore *store, const CrId *id, CrLoad load, GError **error);
/* TRUE, and *@ret, when a collection has this name; FALSE with no error when none has. */
gboolean cr_store_find_name(CrStore *store, const char *name, CrId *ret, GError **error);
/* The name of the collection that has a disk, layer or staged file at @path, or NULL with no error. */
char *cr_store_find_path(CrStore *store, const char *path, GError **error);
/* The images that disks are clones of: path -> name of a collection with such a disk. Owned. */
GHashTable *cr_store_templates(CrStore *store, GError **error);
/* *@ret: how many layers the disk with the most has. */
gboolean cr_store_most_layers(CrStore *store, const CrId *id, guint *ret, GError **error);
/* Inserts or replaces. A second collection of the same name: InvalidParameter. */
gboolean cr_store_save(CrStore *store, const CrCollection *collection, GError **error);
gboolean cr_store_delete(CrStore *store, const CrId *id, GError **error);

/* Merges what was seen of the peer: TRUE and saved when nothing in @seen is lower than the record;
 * StatusUnknown when it is (a site restored from an old copy, a clone), when its host id is not the recorded
 * one, or is this site's own. A generation of number 0 is none: only a primary claims one. Does not touch
 * confirmed_point and preparation. */
gboolean cr_store_note_peer(CrStore *store, const CrId *collection, const CrPeerRecord *seen, GError **error);

/* On the side that took over, in one transaction: checks role primary, state failed-over or committed and the
 * very generation (else InvalidState or StatusUnknown), then records the preparation. Idempotent. */
gboolean cr_store_register_preparation(CrStore *store, const CrId *collection, const CrGeneration *generation,
        const CrId *preparation, GError **error);

/* ---- files that are made before the intent that will use them ---- */

/* Notes paths that are about to be created, so that a crash leaves no file that the store does not know. */
gboolean cr_store_stage(CrStore *store, const CrId *collection, char *const *paths, GError **error);
/* NULL-terminated, oldest first. */
char **cr_store_staged(CrStore *store, const CrId *collection, GError **error);
/* Forgets them all; the files are the caller's to have unlinked. */
gboolean cr_store_unstage(CrStore *store, const CrId *collection, GError **error);

/* ---- intents: the redo log ---- */

/* Commits the plan as the collection's intent (one at most: InUse otherwise) and forgets its staged files,
 * which are now the plan's. */
gboolean cr_store_put_intent(CrStore *store, const CrPlan *plan, GError **error);
/* The collection's intent, or NULL with no error. */
CrPlan *cr_store_intent(CrStore *store, const CrId *collection, GError **error);
/* Ids of all collections that have an intent or staged files or an unfinished receive: what recovery has to
 * look at. CrId elements. */
GArray *cr_store_unfinished(CrStore *store, GError **error);
/* In one transaction: saves plan->after (deletes the collection when it is NULL) and removes the intent. */
gboolean cr_store_finish_intent(CrStore *store, const CrPlan *plan, GError **error);

/* ---- jobs ---- */

typedef struct CrJobRecord {
        guint64 id;
        char *operation;       /* the method's name */
        char *collection_path; /* object path, as shown */
        CrId collection;
        guint32 owner;                    /* uid */
        char *state;                      /* the contract's words */
        gint64 started, ended;            /* 0: not ended */
        guint32 value;                    /* 4096 until the end */
        char *error_name, *error_message; /* "" when none */
        char *result;                     /* a{sv} as printed GVariant text, "" for none */
        gboolean scheduled;               /* the service started it by itself */
} CrJobRecord;

void cr_job_record_free(CrJobRecord *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrJobRecord, cr_job_record_free)

gboolean cr_store_save_job(CrStore *store, const CrJobRecord *job, GError **error); /* inserts or replaces */
gboolean cr_store_delete_job(CrStore *store, guint64 id, GError **error);
GPtrArray *cr_store_jobs(CrStore *store, GError **error); /* CrJobRecord, by id */

/* ---- what the daemon alone writes ---- */

/* Inserts or replaces; nothing when there is no such collection (any more). A collection takes its statistics
 * with it. */
gboolean cr_store_save_statistics(CrStore *store, const CrStatistics *statistics, GError **error);
GPtrArray *cr_store_statistics(CrStore *store, GError **error); /* CrStatistics */

/* Divergences expire after days of the daemon's running: it stamps that it is alive, and at its start puts
 * all expiries off by the time that it was not. */
gboolean cr_store_stamp_alive(CrStore *store, gint64 now, GError **error);
gboolean cr_store_put_off_expiries(CrStore *store, gint64 now, GError **error);
