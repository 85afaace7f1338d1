/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Failovers, what undoes them, and what is set aside: when each operation makes sense, how it is asked for,
 * and when it must succeed. */
#include "tests/story/random/situation.h"

static gboolean can_fail_over(Story *story, Choice *choice)
{
        const Half *half = half_of(story, choice);

        choice->latest = TRUE;
        choice->point = half->newest;
        return story->runs[choice->s] && may_take_over(half) && half->n_points > 0 &&
               half->n_divergences < DIVERGENCES_MAX && !cr_id_is_none(&half->newest);
}

static gboolean can_fail_over_to_older(Story *story, Choice *choice)
{
        const Half *half = half_of(story, choice);

        if (!story->runs[choice->s] || !may_take_over(half) || half->n_points == 0 ||
                half->n_divergences == DIVERGENCES_MAX)
                return FALSE;
        choice->point = half->point[story_random(story, half->n_points)].id;
        return TRUE;
}

static Outcome call_fail_over(Story *story, const Choice *choice)
{
        g_autofree char *path = g_strdup_printf("%s/point/%s", SHOP, choice->point.text);

        return story_manager(story, choice->s, "InitiateFailover", "(oo@a{sv})", SHOP,
                choice->latest ? "/" : path, g_variant_new_parsed("@a{sv} {}"));
}

static gboolean can_break_tie(Story *story, Choice *choice)
{
        choice->latest = TRUE;
        return is_allowed(story, choice, CR_OP_FAILOVER) && half_of(story, choice)->role == CR_ROLE_PRIMARY &&
               took_over(other_of(story, choice));
}

static gboolean never(Story *story, const Choice *choice)
{
        return FALSE;
}

static gboolean can_revert(Story *story, Choice *choice)
{
        return is_allowed(story, choice, CR_OP_REVERT_FAILOVER) &&
               half_of(story, choice)->n_divergences < DIVERGENCES_MAX;
}

static Outcome call_revert(Story *story, const Choice *choice)
{
        return story_manager(story, choice->s, "RevertFailover", "(o)", SHOP);
}

static gboolean must_revert(Story *story, const Choice *choice)
{
        return !is_prepared(other_of(story, choice));
}

static gboolean can_commit(Story *story, Choice *choice)
{
        return is_allowed(story, choice, CR_OP_COMMIT_FAILOVER);
}

static Outcome call_commit(Story *story, const Choice *choice)
{
        return story_manager(story, choice->s, "CommitFailover", "(o)", SHOP);
}

static gboolean can_preview(Story *story, Choice *choice)
{
        return is_allowed(story, choice, CR_OP_PREVIEW);
}

static Outcome call_preview(Story *story, const Choice *choice)
{
        return story_manager(story, choice->s, "PreviewReverseReplication", "(o)", SHOP);
}

static gboolean can_prepare(Story *story, Choice *choice)
{
        const Half *half = half_of(story, choice);

        return is_allowed(story, choice, CR_OP_PREPARE) && half->n_divergences < DIVERGENCES_MAX &&
               (took_over(other_of(story, choice)) || is_prepared(half));
}

static Outcome call_prepare(Story *story, const Choice *choice)
{
        return story_manager(story, choice->s, "PrepareForReverseReplication", "(o)", SHOP);
}

static gboolean shares_a_point(const Story *story)
{
        for (guint i = 0; i < story->shown[0].points->len; i++)
                if (shown_has_point(
                            &story->shown[1], &g_array_index(story->shown[0].points, ShownPoint, i).id))
                        return TRUE;
        return FALSE;
}

static gboolean must_prepare(Story *story, const Choice *choice)
{
        return !is_prepared(half_of(story, choice)) && compare_generations(story, choice) < 0 &&
               story->model.branched == 0 && shares_a_point(story);
}

static gboolean can_undo(Story *story, Choice *choice)
{
        Half *half = half_of(story, choice);

        return is_allowed(story, choice, CR_OP_UNDO_PREPARE) &&
               (half_undoable(half) || half->former_state == CR_STATE_PREPARED_FOR_FAILOVER);
}

static Outcome call_undo(Story *story, const Choice *choice)
{
        return story_manager(story, choice->s, "RevertPrepareForReverseReplication", "(o)", SHOP);
}

static gboolean can_reverse(Story *story, Choice *choice)
{
        return is_allowed(story, choice, CR_OP_REVERSE);
}

static Outcome call_reverse(Story *story, const Choice *choice)
{
        return story_manager(story, choice->s, "ReverseReplicationRelationship", "(o@a{sv})", SHOP,
                g_variant_new_parsed("@a{sv} {}"));
}

static gboolean must_reverse(Story *story, const Choice *choice)
{
        return is_prepared(other_of(story, choice)) && compare_generations(story, choice) == 0 &&
               story->model.branched == 0;
}

static gboolean choose_divergence(Story *story, Choice *choice)
{
        const Half *half = half_of(story, choice);

        if (!story->runs[choice->s] || !half->exists || half->n_divergences == 0)
                return FALSE;
        choice->divergence = half->divergence[story_random(story, half->n_divergences)].id;
        return TRUE;
}

static Outcome call_divergence(Story *story, const Choice *choice, const char *member, GVariant *arguments)
{
        g_autofree char *path = g_strdup_printf("%s/divergence/%s", SHOP, choice->divergence.text);

        return story_call(story, choice->s, path, CR_DIVERGENCE_INTERFACE, member, arguments);
}

static Outcome call_export(Story *story, const Choice *choice)
{
        g_autofree char *folder =
                g_strdup_printf("%s/exports/%u", story->sites[choice->s].directory, story->step);
        Outcome outcome;

        ck_assert_int_eq(g_mkdir_with_parents(folder, 0755), 0);
        outcome = call_divergence(story, choice, "Export",
                g_variant_new("(s@a{sv})", folder, g_variant_new_parsed("@a{sv} {}")));
        if (outcome.ending == ENDED_WELL)
                act_check_export(story, choice, folder);
        return outcome;
}

static Outcome call_discard(Story *story, const Choice *choice)
{
        return call_divergence(story, choice, "Discard", g_variant_new("()"));
}

/* Or one that keeps a collection from being let go which has no other half. */
static gboolean has_many_divergences(Story *story, Choice *choice)
{
        return choose_divergence(story, choice) &&
               (half_of(story, choice)->n_divergences > 2 || !other_of(story, choice)->exists);
}

static Outcome call_plan(Story *story, const Choice *choice)
{
        return story_manager(story, choice->s, "InitiatePlannedFailover", "(o@a{sv})", SHOP,
                g_variant_new_parsed("@a{sv} {}"));
}

static gboolean can_revert_plan(Story *story, Choice *choice)
{
        return is_allowed(story, choice, CR_OP_REVERT_PLANNED_FAILOVER);
}

static Outcome call_revert_plan(Story *story, const Choice *choice)
{
        return story_manager(story, choice->s, "RevertPlannedFailover", "(o)", SHOP);
}

static gboolean must_revert_plan(Story *story, const Choice *choice)
{
        return other_of(story, choice)->role != CR_ROLE_PRIMARY;
}

static gboolean can_test(Story *story, Choice *choice)
{
        return can_fail_over_to_older(story, choice) && !story->shown[choice->s].has_test_copy;
}

static Outcome call_test(Story *story, const Choice *choice)
{
        g_autofree char *path = g_strdup_printf("%s/point/%s", SHOP, choice->point.text);
        Outcome outcome = story_manager(story, choice->s, "TestReplicaCollection", "(oo)", SHOP, path);

        if (outcome.ending == ENDED_WELL)
                act_check_test(story, choice);
        return outcome;
}

static gboolean can_end_test(Story *story, Choice *choice)
{
        return story->runs[choice->s] && story->shown[choice->s].has_test_copy;
}

static Outcome call_end_test(Story *story, const Choice *choice)
{
        return story_manager(story, choice->s, "RevertTestReplicaCollection", "(o)", SHOP);
}

static const Operation operations[] = {
        {"fail over", 14, can_fail_over, NULL, call_fail_over, NULL, effect_failover},
        {"fail over to a point", 8, can_fail_over_to_older, NULL, call_fail_over, NULL, effect_failover},
        {"break a tie", 3, can_break_tie, NULL, call_fail_over, never, effect_break_tie},
        {"revert", 12, can_revert, NULL, call_revert, must_revert, effect_revert},
        {"commit", 12, can_commit, NULL, call_commit, NULL, effect_commit},
        {"preview", 3, can_preview, NULL, call_preview, never, effect_nothing},
        {"prepare", 25, can_prepare, NULL, call_prepare, must_prepare, effect_prepare},
        {"undo", 8, can_undo, NULL, call_undo, NULL, effect_undo},
        {"reverse", 30, can_reverse, NULL, call_reverse, must_reverse, effect_reverse, .cuts = TRUE},
        {"plan a failover", 6, can_replicate, NULL, call_plan, must_replicate, effect_plan, .cuts = TRUE,
                .also = ALSO(CRITICAL) | ALSO(REPLICATING)},
        {"revert the plan", 10, can_revert_plan, NULL, call_revert_plan, must_revert_plan,
                effect_revert_plan},
        {"test a failover", 5, can_test, NULL, call_test, NULL, effect_nothing},
        {"end the test", 15, can_end_test, NULL, call_end_test, NULL, effect_nothing},
        {"export", 5, choose_divergence, NULL, call_export, NULL, effect_nothing},
        {"discard", 3, choose_divergence, NULL, call_discard, NULL, effect_discard},
        {"discard one of many", 20, has_many_divergences, NULL, call_discard, NULL, effect_discard},
};
const OperationGroup group_failover = {operations, G_N_ELEMENTS(operations)};
