/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Relationships and what is sent over them: when each operation makes sense, how it is asked for, and when
 * it must succeed. */
#include "tests/story/random/situation.h"

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

static Outcome call_replicate(Story *story, const Choice *choice)
{
        return story_manager(story, choice->s, "ReplicateNow", "(o)", SHOP);
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

static gboolean is_in_the_way(Story *story, Choice *choice)
{
        const Half *half = half_of(story, choice), *other = other_of(story, choice);

        return can_destroy(story, choice) && half->state == CR_STATE_DISABLED &&
               (half->role == CR_ROLE_REPLICA || other->exists) && other->role != CR_ROLE_REPLICA;
}

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

static const Operation operations[] = {
        {"define", 60, can_define, NULL, call_define, NULL, effect_define},
        {"create", 150, can_create, NULL, call_create, must_create, effect_create, .is_loose = TRUE},
        {"start", 150, can_start, NULL, call_start, must_start, effect_send, .cuts = TRUE,
                .also = ALSO(INITIAL_REPLICATION) | ALSO(CRITICAL)},
        {"replicate", 50, can_replicate, NULL, call_replicate, must_replicate, effect_send, .cuts = TRUE,
                .also = ALSO(CRITICAL)},
        {"suspend", 3, can_suspend, NULL, call_suspend, NULL, effect_suspend},
        {"resume", 25, can_resume, NULL, call_resume, NULL, effect_resume},
        {"resynchronize", 5, can_replicate, NULL, call_resynchronize, must_replicate, effect_send,
                .cuts = TRUE, .also = ALSO(CRITICAL) | ALSO(WAITING_TO_RESYNCHRONIZE)},
        {"verify", 5, can_replicate, NULL, call_verify, must_replicate, effect_nothing,
                .also = ALSO(CRITICAL)},
        {"remove", 1, can_remove, NULL, call_remove, NULL, effect_remove, .is_loose = TRUE},
        {"remove what leads nowhere", 30, leads_nowhere, NULL, call_remove, NULL, effect_remove,
                .is_loose = TRUE},
        {"destroy", 1, can_destroy, NULL, call_destroy, NULL, effect_destroy, .is_loose = TRUE},
        {"destroy what is in the way", 20, is_in_the_way, NULL, call_destroy, NULL, effect_destroy,
                .is_loose = TRUE},
        {"modify", 4, can_modify, NULL, call_modify, NULL, effect_modify},
};
const OperationGroup group_relationship = {operations, G_N_ELEMENTS(operations)};
