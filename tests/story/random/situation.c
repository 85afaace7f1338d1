/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/story/random/situation.h"

gboolean is(const Half *half, CrRole role, CrState state)
{
        return half->exists && half->role == role && half->state == state;
}

gboolean is_replica(const Half *half)
{
        return is(half, CR_ROLE_REPLICA, CR_STATE_REPLICATING);
}

gboolean took_over(const Half *half)
{
        return is(half, CR_ROLE_PRIMARY, CR_STATE_FAILED_OVER) ||
               is(half, CR_ROLE_PRIMARY, CR_STATE_COMMITTED);
}

gboolean is_prepared(const Half *half)
{
        return is(half, CR_ROLE_REPLICA, CR_STATE_PREPARED_FOR_REVERSE_REPLICATION);
}

gboolean may_take_over(const Half *half)
{
        return is_replica(half) || is_prepared(half) || is(half, CR_ROLE_REPLICA, CR_STATE_SUSPENDED);
}

gboolean sends(const Half *half)
{
        return is(half, CR_ROLE_PRIMARY, CR_STATE_REPLICATING) ||
               is(half, CR_ROLE_PRIMARY, CR_STATE_CRITICAL);
}

gboolean is_allowed(Story *story, const Choice *choice, CrOperation operation)
{
        const Half *half = half_of(story, choice);

        return story->runs[choice->s] && half->exists &&
               !cr_state_way_out(half->role, half->state, operation);
}

gint compare_generations(const Story *story, const Choice *choice)
{
        guint64 here = story->shown[choice->s].generation, there = story->shown[1 - choice->s].generation;

        return here < there ? -1 : here > there;
}

/* ---- one operation after the other: when it makes sense, how it is asked for, when it must succeed ---- */

gboolean can_replicate(Story *story, Choice *choice)
{
        return story->runs[choice->s] && sends(half_of(story, choice));
}

gboolean must_replicate(Story *story, const Choice *choice)
{
        return is_replica(other_of(story, choice));
}
