/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When what is no call happens. */
#include "tests/story/random/situation.h"

static gboolean can_write(Story *story, Choice *choice)
{
        return half_of(story, choice)->exists && half_of(story, choice)->has_head;
}

static gboolean can_be_asked(Story *story, Choice *choice)
{
        return story->runs[choice->s] && half_of(story, choice)->exists;
}

static gboolean both_run(Story *story, Choice *choice)
{
        return story->runs[0] && story->runs[1];
}

static gboolean is_down(Story *story, Choice *choice)
{
        return !story->runs[choice->s];
}

static const Operation operations[] = {
        {"write", 40, can_write, .act = act_write},
        {"resize", 5, can_write, .act = act_resize},
        {"kill", 2, both_run, .act = act_kill},
        {"stop", 2, both_run, .act = act_stop},
        {"start again", 30, is_down, .act = act_start},
        {"be refused", 15, can_be_asked, .act = act_be_refused},
};
const OperationGroup group_acts = {operations, G_N_ELEMENTS(operations)};
