/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a site knows of a collection, as plain data: the collection, its disks, layers, points, divergences
 * and relationship. The store loads and saves it, plans compute the next one from it, the bus shows it.
 * Nothing here does I/O.
 *
 * All arrays are GPtrArray that own their elements. Times are microseconds since the epoch (UTC), sizes
 * bytes.
 */
#pragma once

#include <sys/types.h>
#include "core/id.h"
#include "core/settings.h"
#include "core/state.h"

#define CR_MAX_DISKS 64       /* per collection; source: the contract */
#define CR_MAX_NAME_LENGTH 64 /* bytes of a collection's or disk's name; source: the contract */

/* (number, random id): raised by every failover, never lowered or reused. */
typedef struct CrGeneration {
        guint64 number; /* 1 at the definition of a collection */
        CrId id;
} CrGeneration;

gboolean cr_generation_equal(const CrGeneration *a, const CrGeneration *b);

typedef struct CrDisk {
        CrId id;         /* the same on both sites, never reused */
        char *name;      /* unique in the collection; safe as a file name (see cr_name_check_disk) */
        char *head_path; /* where the machine's configuration looks; absent while this side has no head */
        guint64 virtual_size; /* of the newest layer */
} CrDisk;

typedef enum CrLayerKind {
        CR_LAYER_FROZEN,    /* never changes again, as a guest would see it */
        CR_LAYER_HEAD,      /* writable, at its disk's head path; at most one a disk */
        CR_LAYER_RECEIVING, /* what the peer is sending; part of no point until it is sealed */
        CR_LAYER_SET_ASIDE, /* a former head, in a divergence */
} CrLayerKind;

typedef struct CrLayer {
        CrId id;
        CrId disk;
        CrId parent; /* the layer below, on this site; none for the lowest that is ours */
        CrId point;  /* the point that this layer is the disk's state of; none for heads, dropped points... */
        CrLayerKind kind;
        char *path;           /* absolute. For a head: the disk's head path */
        ino_t inode;          /* checked before use */
        guint64 virtual_size; /* what a guest sees */
        char *template_path; /* only where parent is none: the image outside the collection that this one is a
                                clone of, or NULL */
        ino_t template_inode;
        guint64 template_size; /* of the file */
        gint64 template_mtime; /* microseconds */
} CrLayer;

typedef struct CrPoint {
        CrId id;
        CrId parent; /* the point before it, where it was cut; none for the first */
        CrId origin; /* host that cut it */
        gint64 created;
        guint consistency; /* the class's ConsistencyLevel: 3 group crash consistent */
        guint64 size;      /* bytes that it added (received or sent); 0 unknown */
        gboolean held; /* TRUE while every disk of it has a layer here: a recovery point. FALSE: only lineage
                        */
        gboolean planned; /* the last one before a planned failover: nothing was written after it */
} CrPoint;

typedef struct CrDivergence {
        CrId id;
        CrId common_point;
        gint64 created;
        gint64 expires;    /* 0: never */
        gboolean undoable; /* TRUE while an undo of the preparation may still put it back */
        GPtrArray *disks;  /* CrDivergentDisk */
} CrDivergence;

typedef struct CrDivergentDisk {
        CrId disk;
        CrId layer;    /* the former head; what it reaches above the common point is the divergence */
        guint64 bytes; /* that its files above the common point occupy */
} CrDivergentDisk;

/* The class's InitialReplicationType: how a replica gets its first point. */
typedef enum CrInitialType {
        CR_INITIAL_OVER_NETWORK = 1,
        CR_INITIAL_BY_EXPORT = 2,
        CR_INITIAL_SEEDED = 3,
} CrInitialType;

/* A transfer that is being received. One at most per collection. */
typedef struct CrReceive {
        CrId transfer; /* none: nothing is being received */
        CrId point;    /* the point that its seal will list */
        CrId parent;   /* that point's parent, where it was cut */
        CrId base;     /* the point that it is written above; none for a first, whole copy */
        CrId origin;
        gint64 created;
        guint consistency;
} CrReceive;

/* The other site, as last seen. */
typedef struct CrPeerRecord {
        CrId host;               /* none until it answered once */
        CrGeneration generation; /* highest that it claimed as a primary; number 0: none yet */
        guint64 sequence; /* highest store sequence seen: a lower one is a site restored from an old copy */
        CrId confirmed_point; /* newest point that the peer confirmed to hold, none at first */
        CrId preparation;     /* on the side that took over: the preparation that the peer handed over */
} CrPeerRecord;

typedef struct CrCollection {
        CrId id; /* the same on both sites */
        char *name;
        char *engine; /* "qcow2" */
        CrState state;
        CrRole role;
        CrGeneration generation;
        CrGeneration former_generation; /* before the preparation, for its undo */
        CrState former_state;           /* likewise */
        CrId preparation;    /* on the prepared side: the id that every receive must carry; none otherwise */
        CrId base_point;     /* this side's newest point: cut or sealed last, or the common point of a
                                preparation. A failover to the latest and     the next receive stand on it; none
                                before the first */
        CrId failover_point; /* the point that this side failed over to; none when not failed over */
        guint failed_over_type; /* the class's FailedOverReplicationType */
        gboolean has_relationship;
        CrSettings *settings; /* never NULL */
        CrPeerRecord peer;
        CrReceive receive;
        gint64 last_replication; /* 0: never */
        gint64 last_apply;       /* 0: never */
        guint last_consistency;
        guint initial_type;    /* CrInitialType of the one under way or done in this relationship; 0: none */
        gint64 scheduled_time; /* when scheduled_operation is due; 0: none is */
        char *scheduled_operation;    /* cr_operation_word(); NULL: none */
        char *scheduled_request;      /* its keys of the request, a{sv} as printed text; NULL: none */
        CrState suspended_state;      /* what a resume goes back to; meaningful while suspended */
        CrId test_collection;         /* the test copy of this replica; none: none */
        CrId test_point;              /* that it stands on: pinned */
        CrId test_of;                 /* of a test copy: the replica; none otherwise */
        gboolean needs_resynchronize; /* the sites differ, or share no point: a cycle can't mend that */
        char *machines; /* QMP sockets of the machines that use the disks, absolute paths, one a line; NULL:
                           none are known */
        guint32 last_error_value; /* 0: none */
        char *last_error;         /* never NULL */
        GPtrArray *disks;         /* CrDisk, in the order of their definition */
        GPtrArray *layers;        /* CrLayer, a parent before its children */
        GPtrArray *points;        /* CrPoint, a parent before its children */
        GPtrArray *divergences;   /* CrDivergence, oldest first */
} CrCollection;

CrCollection *cr_collection_new(
        const char *name); /* with a new id, no disks, Disabled, role none, generation 1 */
CrCollection *cr_collection_copy(const CrCollection *collection); /* deep */
void cr_collection_free(CrCollection *collection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrCollection, cr_collection_free)

CrDisk *cr_disk_new(void);
void cr_disk_free(CrDisk *disk);
CrLayer *cr_layer_new(void);
void cr_layer_free(CrLayer *layer);
CrPoint *cr_point_new(void);
void cr_point_free(CrPoint *point);
CrDivergence *cr_divergence_new(void);
void cr_divergence_free(CrDivergence *divergence);

/* Look-ups: borrowed, NULL when there is none. */
CrDisk *cr_collection_disk(const CrCollection *collection, const CrId *id);
CrDisk *cr_collection_disk_by_name(const CrCollection *collection, const char *name);
CrLayer *cr_collection_layer(const CrCollection *collection, const CrId *id);
CrLayer *cr_collection_head(const CrCollection *collection, const CrId *disk);
CrLayer *cr_collection_layer_at(const CrCollection *collection, const CrId *disk, const CrId *point);
CrPoint *cr_collection_point(const CrCollection *collection, const CrId *id);
CrDivergence *cr_collection_divergence(const CrCollection *collection, const CrId *id);

/* Replaces last_error. @message may be NULL: none. */
void cr_collection_set_last_error(CrCollection *collection, guint32 value, const char *message);

/* The names that a caller may give. FALSE: InvalidParameter, naming what is wrong with it. A disk's name also
 * becomes part of a file name: no '/', no leading '.'. */
gboolean cr_name_check(const char *what, const char *name, GError **error);
gboolean cr_name_check_disk(const char *name, GError **error);
