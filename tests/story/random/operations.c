/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/story/random/operation.h"

/* ---- what is what ---- */

static gboolean is(const Half *half, CrRole role, CrState state)
{
        return half->exists && half->role == role && half->state == state;
}

static gboolean is_replica(const Half *half)
{
        return is(half, CR_ROLE_REPLICA, CR_STATE_REPLICATING);
}

static gboolean took_over(const Half *half)
{
        return is(half, CR_ROLE_PRIMARY, CR_STATE_FAILED_OVER) ||
               is(half, CR_ROLE_PRIMARY, CR_STATE_COMMITTED);
}

static gboolean is_prepared(const Half *half)
{
        return is(half, CR_ROLE_REPLICA, CR_STATE_PREPARED_FOR_REVERSE_REPLICATION);
}

static gboolean may_take_over(const Half *half)
{
        return is_replica(half) || is_prepared(half) || is(half, CR_ROLE_REPLICA, CR_STATE_SUSPENDED);
}

/* Sends, or would if the other side let it. */
static gboolean sends(const Half *half)
{
        return is(half, CR_ROLE_PRIMARY, CR_STATE_REPLICATING) ||
               is(half, CR_ROLE_PRIMARY, CR_STATE_CRITICAL);
}

static gboolean is_allowed(Story *story, const Choice *choice, CrOperation operation)
{
        const Half *half = half_of(story, choice);

        return story->runs[choice->s] && half->exists &&
               !cr_state_way_out(half->role, half->state, operation);
}

static gint compare_generations(const Story *story, const Choice *choice)
{
        guint64 here = story->shown[choice->s].generation, there = story->shown[1 - choice->s].generation;

        return here < there ? -1 : here > there;
}

/* ---- one operation after the other: when it makes sense, how it is asked for, when it must succeed ---- */

static gboolean can_define(Story *story, Choice *choice)
{
        return story->runs[choice->s] && !half_of(story, choice)->exists && !other_of(story, choice)->exists;
}

static Outcome call_define(Story *story, const Choice *choice)
{
        g_autofree char *one = g_strdup_printf("%s/images/one.qcow2", story->sites[choice->s].directory);
        g_autofree char *two = g_strdup_printf("%s/images/two.qcow2", story->sites[choice->s].directory);
        GVariantBuilder disks;

        act_make_images(story, choice->s, &half_of(story, choice)->head);
        g_variant_builder_init(&disks, G_VARIANT_TYPE("a(ss)"));
        g_variant_builder_add(&disks, "(ss)", "one", one);
        g_variant_builder_add(&disks, "(ss)", "two", two);
        return story_manager(story, choice->s, "DefineCollection", "(sa(ss)@a{sv})", "shop", &disks,
                g_variant_new_parsed("@a{sv} {}"));
}

static gboolean can_create(Story *story, Choice *choice)
{
        choice->history = story_random(story, 6);
        return is_allowed(story, choice, CR_OP_CREATE_RELATIONSHIP);
}

static Outcome call_create(Story *story, const Choice *choice)
{
        return story_manager(story, choice->s, "CreateReplicationRelationship", "(o@a{sv})", SHOP,
                g_variant_new_parsed("{'RecoveryConnectionPoint': <%s>, 'PrimaryConnectionPoint': <%s>, "
                                     "'ReplicationInterval': <@u 86400>, 'RecoveryHistory': <%q>}",
                        story->sites[1 - choice->s].address, story->sites[choice->s].address,
                        (guint16)choice->history));
}

static gboolean must_create(Story *story, const Choice *choice)
{
        const Half *other = other_of(story, choice);

        return !other->exists || (is(other, CR_ROLE_REPLICA, CR_STATE_DISABLED) &&
                                         cr_id_equal(&story->shown[0].id, &story->shown[1].id) &&
                                         compare_generations(story, choice) >= 0);
}

static gboolean can_start(Story *story, Choice *choice)
{
        return is_allowed(story, choice, CR_OP_START);
}

static Outcome call_start(Story *story, const Choice *choice)
{
        return story_manager(
                story, choice->s, "StartReplication", "(oqst)", SHOP, 1, "", G_GUINT64_CONSTANT(0));
}

static gboolean must_start(Story *story, const Choice *choice)
{
        const Half *other = other_of(story, choice);

        return (is(other, CR_ROLE_REPLICA, CR_STATE_READY) ||
                       is(other, CR_ROLE_REPLICA, CR_STATE_INITIAL_REPLICATION)) &&
               compare_generations(story, choice) >= 0;
}

static gboolean can_replicate(Story *story, Choice *choice)
{
        return story->runs[choice->s] && sends(half_of(story, choice));
}

static Outcome call_replicate(Story *story, const Choice *choice)
{
        return story_manager(story, choice->s, "ReplicateNow", "(o)", SHOP);
}

static gboolean must_replicate(Story *story, const Choice *choice)
{
        return is_replica(other_of(story, choice));
}

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

static gboolean has_many_divergences(Story *story, Choice *choice)
{
        return choose_divergence(story, choice) && half_of(story, choice)->n_divergences > 2;
}

static gboolean can_remove(Story *story, Choice *choice)
{
        return is_allowed(story, choice, CR_OP_REMOVE_RELATIONSHIP) &&
               !story->shown[choice->s].has_test_copy && half_of(story, choice)->n_divergences == 0;
}

static Outcome call_remove(Story *story, const Choice *choice)
{
        return story_manager(story, choice->s, "RemoveReplicationRelationship", "(o@a{sv})", SHOP,
                g_variant_new_parsed("@a{sv} {}"));
}

static gboolean can_destroy(Story *story, Choice *choice)
{
        return is_allowed(story, choice, CR_OP_DESTROY) && !story->shown[choice->s].has_test_copy &&
               half_of(story, choice)->n_divergences == 0;
}

/* What else would lead to nothing: a collection that the other site's half does not belong to. */
static gboolean is_in_the_way(Story *story, Choice *choice)
{
        const Half *half = half_of(story, choice), *other = other_of(story, choice);

        return can_destroy(story, choice) && half->state == CR_STATE_DISABLED &&
               (half->role == CR_ROLE_REPLICA || other->exists) && other->role != CR_ROLE_REPLICA;
}

/* A primary whose replica was destroyed, or let go. */
static gboolean leads_nowhere(Story *story, Choice *choice)
{
        const Half *other = other_of(story, choice);

        return can_remove(story, choice) && half_of(story, choice)->role == CR_ROLE_PRIMARY &&
               story->runs[1 - choice->s] && (!other->exists || other->role == CR_ROLE_NONE);
}

static Outcome call_destroy(Story *story, const Choice *choice)
{
        return story_manager(
                story, choice->s, "DestroyCollection", "(o@a{sv})", SHOP, g_variant_new_parsed("@a{sv} {}"));
}

static gboolean can_modify(Story *story, Choice *choice)
{
        choice->history = story_random(story, 6);
        return is_allowed(story, choice, CR_OP_MODIFY_SETTINGS);
}

static Outcome call_modify(Story *story, const Choice *choice)
{
        return story_manager(story, choice->s, "ModifyReplicationSettings", "(o@a{sv})", SHOP,
                g_variant_new_parsed("{'RecoveryHistory': <%q>}", (guint16)choice->history));
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

static gboolean can_suspend(Story *story, Choice *choice)
{
        const Half *half = half_of(story, choice);

        return story->runs[choice->s] && (sends(half) || is_replica(half));
}

static Outcome call_suspend(Story *story, const Choice *choice)
{
        return story_manager(story, choice->s, "SuspendReplication", "(o)", SHOP);
}

static gboolean can_resume(Story *story, Choice *choice)
{
        return story->runs[choice->s] && half_of(story, choice)->exists &&
               half_of(story, choice)->state == CR_STATE_SUSPENDED;
}

static Outcome call_resume(Story *story, const Choice *choice)
{
        return story_manager(story, choice->s, "ResumeReplication", "(o)", SHOP);
}

static Outcome call_resynchronize(Story *story, const Choice *choice)
{
        return story_manager(story, choice->s, "Resynchronize", "(otb)", SHOP, G_GUINT64_CONSTANT(0), FALSE);
}

/* Two sites that were never told anything but what the other one holds agree. */
static Outcome call_verify(Story *story, const Choice *choice)
{
        Outcome outcome = story_manager(
                story, choice->s, "Verify", "(o@a{sv})", SHOP, g_variant_new_parsed("@a{sv} {}"));
        g_autoptr(GVariant) differences =
                outcome.result ? g_variant_lookup_value(outcome.result, "Differences", NULL) : NULL;

        if (outcome.ending == ENDED_WELL && outcome.result &&
                (!differences || g_variant_n_children(differences) > 0))
                story_fail(story, "the two sites differ");
        return outcome;
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

const Operation operations[] = {
        {"write", 40, can_write, .act = act_write},
        {"resize", 5, can_write, .act = act_resize},
        {"kill", 2, both_run, .act = act_kill},
        {"stop", 2, both_run, .act = act_stop},
        {"start again", 30, is_down, .act = act_start},
        {"be refused", 15, can_be_asked, .act = act_be_refused},
        {"define", 60, can_define, NULL, call_define, NULL, effect_define},
        {"create", 150, can_create, NULL, call_create, must_create, effect_create, .is_loose = TRUE},
        {"start", 150, can_start, NULL, call_start, must_start, effect_send, .cuts = TRUE,
                .also = ALSO(INITIAL_REPLICATION) | ALSO(CRITICAL)},
        {"replicate", 50, can_replicate, NULL, call_replicate, must_replicate, effect_send, .cuts = TRUE,
                .also = ALSO(CRITICAL)},
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
        {"suspend", 3, can_suspend, NULL, call_suspend, NULL, effect_suspend},
        {"resume", 25, can_resume, NULL, call_resume, NULL, effect_resume},
        {"resynchronize", 5, can_replicate, NULL, call_resynchronize, must_replicate, effect_send,
                .cuts = TRUE, .also = ALSO(CRITICAL) | ALSO(WAITING_TO_RESYNCHRONIZE)},
        {"verify", 5, can_replicate, NULL, call_verify, must_replicate, effect_nothing,
                .also = ALSO(CRITICAL)},
        {"test a failover", 5, can_test, NULL, call_test, NULL, effect_nothing},
        {"end the test", 15, can_end_test, NULL, call_end_test, NULL, effect_nothing},
        {"export", 5, choose_divergence, NULL, call_export, NULL, effect_nothing},
        {"discard", 3, choose_divergence, NULL, call_discard, NULL, effect_discard},
        {"discard one of many", 20, has_many_divergences, NULL, call_discard, NULL, effect_discard},
        {"remove", 1, can_remove, NULL, call_remove, NULL, effect_remove, .is_loose = TRUE},
        {"remove what leads nowhere", 30, leads_nowhere, NULL, call_remove, NULL, effect_remove,
                .is_loose = TRUE},
        {"destroy", 1, can_destroy, NULL, call_destroy, NULL, effect_destroy, .is_loose = TRUE},
        {"destroy what is in the way", 20, is_in_the_way, NULL, call_destroy, NULL, effect_destroy,
                .is_loose = TRUE},
        {"modify", 4, can_modify, NULL, call_modify, NULL, effect_modify},
};
const guint n_operations = G_N_ELEMENTS(operations);
