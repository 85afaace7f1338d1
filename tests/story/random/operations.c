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
        return story->runs[choice->s] && (is_replica(half) || is_prepared(half)) && half->n_points > 0 &&
               half->n_divergences < DIVERGENCES_MAX && !cr_id_is_none(&half->newest);
}

static gboolean can_fail_over_to_older(Story *story, Choice *choice)
{
        const Half *half = half_of(story, choice);

        if (!story->runs[choice->s] || (!is_replica(half) && !is_prepared(half)) || half->n_points == 0 ||
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
        return is_allowed(story, choice, CR_OP_UNDO_PREPARE) && half_undoable(half_of(story, choice));
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
               half_of(story, choice)->n_divergences == 0;
}

static Outcome call_remove(Story *story, const Choice *choice)
{
        return story_manager(story, choice->s, "RemoveReplicationRelationship", "(o@a{sv})", SHOP,
                g_variant_new_parsed("@a{sv} {}"));
}

static gboolean can_destroy(Story *story, Choice *choice)
{
        return is_allowed(story, choice, CR_OP_DESTROY) && half_of(story, choice)->n_divergences == 0;
}

/* What else would lead to nothing: a collection that the other site's half does not belong to. */
static gboolean is_in_the_way(Story *story, Choice *choice)
{
        const Half *half = half_of(story, choice), *other = other_of(story, choice);

        return can_destroy(story, choice) && half->state == CR_STATE_DISABLED &&
               (half->role == CR_ROLE_REPLICA || other->exists) && other->role != CR_ROLE_REPLICA;
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
        {"define", 60, can_define, NULL, call_define, NULL, effect_define, .also = CR_STATE_UNKNOWN},
        {"create", 150, can_create, NULL, call_create, must_create, effect_create, .is_loose = TRUE,
                .also = CR_STATE_UNKNOWN},
        {"start", 150, can_start, NULL, call_start, must_start, effect_send, .cuts = TRUE,
                .also = CR_STATE_INITIAL_REPLICATION},
        {"replicate", 50, can_replicate, NULL, call_replicate, must_replicate, effect_send, .cuts = TRUE,
                .also = CR_STATE_CRITICAL},
        {"fail over", 14, can_fail_over, NULL, call_fail_over, NULL, effect_failover,
                .also = CR_STATE_UNKNOWN},
        {"fail over to a point", 8, can_fail_over_to_older, NULL, call_fail_over, NULL, effect_failover,
                .also = CR_STATE_UNKNOWN},
        {"break a tie", 3, can_break_tie, NULL, call_fail_over, never, effect_break_tie,
                .also = CR_STATE_UNKNOWN},
        {"revert", 12, can_revert, NULL, call_revert, must_revert, effect_revert, .also = CR_STATE_UNKNOWN},
        {"commit", 12, can_commit, NULL, call_commit, NULL, effect_commit, .also = CR_STATE_UNKNOWN},
        {"preview", 3, can_preview, NULL, call_preview, never, effect_nothing, .also = CR_STATE_UNKNOWN},
        {"prepare", 25, can_prepare, NULL, call_prepare, must_prepare, effect_prepare,
                .also = CR_STATE_UNKNOWN},
        {"undo", 8, can_undo, NULL, call_undo, NULL, effect_undo, .also = CR_STATE_UNKNOWN},
        {"reverse", 30, can_reverse, NULL, call_reverse, must_reverse, effect_reverse, .cuts = TRUE,
                .also = CR_STATE_UNKNOWN},
        {"export", 5, choose_divergence, NULL, call_export, NULL, effect_nothing, .also = CR_STATE_UNKNOWN},
        {"discard", 3, choose_divergence, NULL, call_discard, NULL, effect_discard, .also = CR_STATE_UNKNOWN},
        {"discard one of many", 20, has_many_divergences, NULL, call_discard, NULL, effect_discard,
                .also = CR_STATE_UNKNOWN},
        {"remove", 1, can_remove, NULL, call_remove, NULL, effect_remove, .is_loose = TRUE,
                .also = CR_STATE_UNKNOWN},
        {"destroy", 1, can_destroy, NULL, call_destroy, NULL, effect_destroy, .is_loose = TRUE,
                .also = CR_STATE_UNKNOWN},
        {"destroy what is in the way", 20, is_in_the_way, NULL, call_destroy, NULL, effect_destroy,
                .is_loose = TRUE, .also = CR_STATE_UNKNOWN},
        {"modify", 4, can_modify, NULL, call_modify, NULL, effect_modify, .also = CR_STATE_UNKNOWN},
};
const guint n_operations = G_N_ELEMENTS(operations);
