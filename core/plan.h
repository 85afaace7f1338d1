/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The plan of an operation that touches files: idempotent steps, and what the collection is after them. Plans
 * are computed by pure functions from what the site knows (plans/...), committed whole as an intent, carried
 * out by redo.h, and committed.
 */
#pragma once

#include "core/model.h"

/* What an engine can be told to do to one disk. Each is idempotent: it looks whether it is done, does it,
 * flushes file and folder. */
typedef enum CrStepKind {
        CR_STEP_CUT,        /* the file at @path (@inode) becomes the frozen layer @target; the staged overlay
                               @staged (@staged_inode) takes its place at @path. After a snapshot the path is
                               absent, and @staged stays as the name that the machine knows */
        CR_STEP_PLACE_HEAD, /* the staged overlay @staged (@staged_inode) becomes the head at @path; a
                               stranger's file there is never overwritten */
        CR_STEP_SET_ASIDE,  /* the head at @path (@inode) moves to @target */
        CR_STEP_PUT_BACK,   /* the set-aside head at @target (@inode) moves back to @path */
        CR_STEP_DELETE,   /* the file @path (@inode; 0: whatever has that name, a layer whose creation was cut
                             short) is unlinked; done when it is absent or another file */
        CR_STEP_MERGE,    /* the layer @path (@inode) is committed into the one below it, @target
                             (@target_inode), which then takes the name @path.
                             @virtual_size: of the upper; the lower is first cut to it when it is longer */
        CR_STEP_SNAPSHOT, /* in the machine with the QMP socket @path: each head of the plan's cuts that it
                             has open gets its staged overlay, in one transaction. Before it the head's own
                             path is taken away, so that no machine starts on what is about to freeze. Nothing
                             to do when the machine is off */
        CR_STEP_PAUSE,    /* the machine @path stands still; nothing to do when it is off */
        CR_STEP_RESUME,   /* it goes on */
} CrStepKind;

typedef struct CrStep {
        CrStepKind kind;
        CrId disk;
        char *path;
        char *target;                            /* may be NULL */
        char *staged;                            /* may be NULL */
        ino_t inode, target_inode, staged_inode; /* 0: not used */
        guint64 virtual_size;
} CrStep;

typedef struct CrPlan {
        CrId collection;
        CrOperation operation;
        guint64 job;              /* id of the job that it belongs to; 0: none */
        guint32 owner;            /* uid of that job's owner */
        GPtrArray *steps;         /* CrStep, in order */
        CrCollection *after;      /* NULL: the collection is deleted */
        CrCollection *test_after; /* the test copy that it makes, saved in the same transaction; NULL: none */
        CrId test_deleted;        /* the test copy that it destroys, likewise; none: none */
        CrId dropped_point; /* of a cut: the point whose id is dropped when a recovery carries the plan out
                               (it is no longer one instant) */
} CrPlan;

CrPlan *cr_plan_new(const CrCollection *before,
        CrOperation operation); /* after: a copy of @before, for the caller to change */
void cr_plan_free(CrPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrPlan, cr_plan_free)

CrStep *cr_plan_add_step(
        CrPlan *plan, CrStepKind kind, const CrId *disk); /* borrowed, for the caller to fill in */

/* The form in the store. Reading checks everything; a text that is not a plan is Failed. */
char *cr_plan_to_json(const CrPlan *plan);
CrPlan *cr_plan_from_json(const char *text, GError **error);

/* For a plan of a cut that a recovery carries out: takes dropped_point out of after (its layers stay, part of
 * no point). */
void cr_plan_drop_point(CrPlan *plan);
