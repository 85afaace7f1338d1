/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each operation does to the model. */
#include <string.h>

#include "tests/story/random/operation.h"

/* For so many cycles after a failover to an older point the points are not expected to be in one line. */
#define CYCLES_BRANCHED 20u

void effect_nothing(Story *story, const Choice *choice, const Outcome *outcome)
{
}

/* The images were made when the call was: see call_define. */
void effect_define(Story *story, const Choice *choice, const Outcome *outcome)
{
        Half *half = half_of(story, choice);
        Cut cut = half->head;

        memset(half, 0, sizeof(*half));
        half->exists = TRUE;
        half->role = CR_ROLE_NONE;
        half->state = CR_STATE_DISABLED;
        half->has_head = TRUE;
        half->head = cut;
        half->history = 4;
}

void effect_create(Story *story, const Choice *choice, const Outcome *outcome)
{
        Half *half = half_of(story, choice), *other = other_of(story, choice);

        half->role = CR_ROLE_PRIMARY;
        half->state = CR_STATE_READY;
        half->history = choice->history;
        if (!other->exists)
                memset(other, 0, sizeof(*other));
        other->exists = TRUE;
        other->role = CR_ROLE_REPLICA;
        other->state = other->n_points > 0 ? CR_STATE_REPLICATING : CR_STATE_READY;
        other->history = choice->history;
        half->is_pruned = other->is_pruned = FALSE;
}

/* A point was cut here and is complete over there. */
void effect_reverse(Story *story, const Choice *choice, const Outcome *outcome)
{
        Half *half = half_of(story, choice), *other = other_of(story, choice);
        ModelDivergence *undoable = half_undoable(other);

        half->state = other->state = CR_STATE_REPLICATING;
        half->newest_is_fresh = other->newest_is_fresh = TRUE;
        if (undoable)
                undoable->undoable = FALSE;
        if (story->model.branched > 0)
                story->model.branched--;
}

/* A replica is told its primary's settings beforehand. */
void effect_send(Story *story, const Choice *choice, const Outcome *outcome)
{
        other_of(story, choice)->history = half_of(story, choice)->history;
        effect_reverse(story, choice, outcome);
}

void effect_failover(Story *story, const Choice *choice, const Outcome *outcome)
{
        Half *half = half_of(story, choice);
        ModelDivergence *undoable = half_undoable(half);

        half->head = story_known(story, &choice->point)->cut;
        half->has_head = TRUE;
        half->role = CR_ROLE_PRIMARY;
        half->state = CR_STATE_FAILED_OVER;
        if (undoable)
                undoable->undoable = FALSE;
        if (!cr_id_equal(&choice->point, &half->newest))
                story->model.branched = CYCLES_BRANCHED;
}

void effect_break_tie(Story *story, const Choice *choice, const Outcome *outcome)
{
        Half *half = half_of(story, choice);

        if (half->state != CR_STATE_FAILED_OVER)
                half->state = CR_STATE_COMMITTED;
}

void effect_revert(Story *story, const Choice *choice, const Outcome *outcome)
{
        Half *half = half_of(story, choice);

        half_set_aside(half, FALSE);
        half->role = CR_ROLE_REPLICA;
        half->state = CR_STATE_REPLICATING;
}

void effect_commit(Story *story, const Choice *choice, const Outcome *outcome)
{
        half_of(story, choice)->state = CR_STATE_COMMITTED;
}

void effect_prepare(Story *story, const Choice *choice, const Outcome *outcome)
{
        Half *half = half_of(story, choice);
        const char *common = NULL;

        half->newest = CR_ID_NONE;
        if (outcome->result && g_variant_lookup(outcome->result, "CommonPoint", "&s", &common))
                ck_assert(cr_id_parse(common, &half->newest));
        if (half->state == CR_STATE_PREPARED_FOR_REVERSE_REPLICATION)
                return;
        half->former_state = half->state;
        if (half->has_head) /* a planned failover has left none, and nothing to set aside */
                half_set_aside(half, TRUE);
        half->role = CR_ROLE_REPLICA;
        half->state = CR_STATE_PREPARED_FOR_REVERSE_REPLICATION;
}

void effect_undo(Story *story, const Choice *choice, const Outcome *outcome)
{
        Half *half = half_of(story, choice);

        if (half_undoable(half))
                half_put_back(half, half_undoable(half));
        half->role = CR_ROLE_PRIMARY;
        half->state = half->former_state;
        story->is_undo = TRUE;
}

void effect_discard(Story *story, const Choice *choice, const Outcome *outcome)
{
        Half *half = half_of(story, choice);

        half_remove_divergence(half, half_divergence(half, &choice->divergence));
        half_release_points(half); /* those that only the divergence had go with it */
}

/* A replica hears of it, unless it is down or has become something else. */
static void dissolve(Story *story, const Choice *choice)
{
        Half *other = other_of(story, choice);

        if (story->runs[1 - choice->s] && other->exists && other->role == CR_ROLE_REPLICA &&
                other->state != CR_STATE_PREPARED_FOR_REVERSE_REPLICATION)
                other->state = CR_STATE_DISABLED;
}

void effect_remove(Story *story, const Choice *choice, const Outcome *outcome)
{
        Half *half = half_of(story, choice);

        if (half->role == CR_ROLE_REPLICA) {
                half->state = CR_STATE_DISABLED;
                return;
        }
        half_flatten(half);
        dissolve(story, choice);
}

void effect_destroy(Story *story, const Choice *choice, const Outcome *outcome)
{
        Half *half = half_of(story, choice);

        if (half->role != CR_ROLE_REPLICA)
                dissolve(story, choice);
        memset(half, 0, sizeof(*half));
}

void effect_modify(Story *story, const Choice *choice, const Outcome *outcome)
{
        half_of(story, choice)->history = choice->history;
        half_of(story, choice)->is_pruned = FALSE;
}

/* The heads are the last point; what they held is what a revert puts back. */
void effect_plan(Story *story, const Choice *choice, const Outcome *outcome)
{
        Half *half = half_of(story, choice);

        effect_send(story, choice, outcome);
        half->state = CR_STATE_PREPARED_FOR_FAILOVER;
        half->has_head = FALSE;
}

void effect_revert_plan(Story *story, const Choice *choice, const Outcome *outcome)
{
        Half *half = half_of(story, choice);

        half->state = CR_STATE_REPLICATING;
        half->has_head = TRUE;
}

void effect_suspend(Story *story, const Choice *choice, const Outcome *outcome)
{
        Half *half = half_of(story, choice);

        half->suspended_from = half->state;
        half->state = CR_STATE_SUSPENDED;
}

void effect_resume(Story *story, const Choice *choice, const Outcome *outcome)
{
        half_of(story, choice)->state = half_of(story, choice)->suspended_from;
}
