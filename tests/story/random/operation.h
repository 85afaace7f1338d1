/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operations that the story is made of: when each makes sense, how it is asked for, when it must succeed,
 * and what it does to the model. */
#pragma once

#include "tests/story/random/story.h"

/* What was chosen for one operation. */
typedef struct Choice {
        guint s; /* the site that is asked */
        CrId point;
        gboolean latest; /* asked for by "/" */
        CrId divergence;
        guint history;
} Choice;

typedef struct Operation {
        const char *name;
        guint weight; /* how often, where it makes sense */
        /* Whether it makes sense now; chooses what else there is to choose. */
        gboolean (*can)(Story *story, Choice *choice);
        /* Something that no call does: the whole of it. The rest is not used then. */
        void (*act)(Story *story, const Choice *choice);
        Outcome (*call)(Story *story, const Choice *choice);
        /* Whether nothing may refuse it or fail it, with both sites up. NULL: nothing may. */
        gboolean (*must)(Story *story, const Choice *choice);
        /* What it did to the model; @outcome has its result when it was heard. */
        void (*effect)(Story *story, const Choice *choice, const Outcome *outcome);
        gboolean cuts;     /* a point, of the head of that site */
        gboolean is_loose; /* the other site may have been told or not */
        guint also;        /* states (ALSO) that a failure may leave a site in */
} Operation;

typedef struct OperationGroup {
        const Operation *operations;
        guint n;
} OperationGroup;

extern const OperationGroup group_acts, group_relationship, group_failover;

/* Of the site that is asked, and of the other one. */
static inline Half *half_of(Story *story, const Choice *choice)
{
        return &story->model.half[choice->s];
}

static inline Half *other_of(Story *story, const Choice *choice)
{
        return &story->model.half[1 - choice->s];
}

/* effects.c */
void effect_define(Story *story, const Choice *choice, const Outcome *outcome);
void effect_create(Story *story, const Choice *choice, const Outcome *outcome);
void effect_reverse(Story *story, const Choice *choice, const Outcome *outcome);
void effect_send(Story *story, const Choice *choice, const Outcome *outcome);
void effect_failover(Story *story, const Choice *choice, const Outcome *outcome);
void effect_break_tie(Story *story, const Choice *choice, const Outcome *outcome);
void effect_revert(Story *story, const Choice *choice, const Outcome *outcome);
void effect_commit(Story *story, const Choice *choice, const Outcome *outcome);
void effect_prepare(Story *story, const Choice *choice, const Outcome *outcome);
void effect_undo(Story *story, const Choice *choice, const Outcome *outcome);
void effect_discard(Story *story, const Choice *choice, const Outcome *outcome);
void effect_remove(Story *story, const Choice *choice, const Outcome *outcome);
void effect_destroy(Story *story, const Choice *choice, const Outcome *outcome);
void effect_modify(Story *story, const Choice *choice, const Outcome *outcome);
void effect_plan(Story *story, const Choice *choice, const Outcome *outcome);
void effect_revert_plan(Story *story, const Choice *choice, const Outcome *outcome);
void effect_suspend(Story *story, const Choice *choice, const Outcome *outcome);
void effect_resume(Story *story, const Choice *choice, const Outcome *outcome);
void effect_nothing(Story *story, const Choice *choice, const Outcome *outcome);

/* acts.c */
void act_write(Story *story, const Choice *choice);
void act_resize(Story *story, const Choice *choice);
void act_kill(Story *story, const Choice *choice);
void act_stop(Story *story, const Choice *choice);
void act_start(Story *story, const Choice *choice);
void act_be_refused(Story *story, const Choice *choice);
/* Makes the images of a collection that is to be defined. */
void act_make_images(Story *story, guint s, Cut *cut);
/* Removes what a destroyed collection left at its machines' paths, as their owner would. */
void act_remove_images(Story *story, guint s);
void act_check_export(Story *story, const Choice *choice, const char *folder);
/* The test copy of that site shows the chosen point; then its machine writes. */
void act_check_test(Story *story, const Choice *choice);
