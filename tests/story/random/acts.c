/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens to the sites without any call that is meant to succeed: machines write, daemons die, callers
 * ask for what is not allowed. */
#include <glib/gstdio.h>
#include <string.h>

#include "core/error.h"
#include "tests/bus/contract/disk.h"
#include "tests/story/random/operation.h"

#define BLOCKS_AT_FIRST 256u

/* ---- machines ---- */

void act_write(Story *story, const Choice *choice)
{
        Half *half = half_of(story, choice);

        for (guint i = 0; i < N_DISKS; i++)
                if (story_random(story, 4) != 0)
                        contents_change(&half->head.disk[i], story->shown[choice->s].paths[i], story->random,
                                &story->next_number, story->folder);
}

void act_resize(Story *story, const Choice *choice)
{
        guint i = story_random(story, N_DISKS);
        guint n = BLOCKS_MIN + story_random(story, BLOCKS_MAX - BLOCKS_MIN + 1);

        contents_resize(&half_of(story, choice)->head.disk[i], story->shown[choice->s].paths[i], n);
}

void act_make_images(Story *story, guint s, Cut *cut)
{
        static const char *const names[] = {"one", "two"};
        g_autofree char *size = g_strdup_printf("%u", BLOCKS_AT_FIRST * BLOCK_BYTES);

        G_STATIC_ASSERT(G_N_ELEMENTS(names) == N_DISKS);
        memset(cut, 0, sizeof(*cut));
        for (guint i = 0; i < N_DISKS; i++) {
                g_autofree char *path =
                        g_strdup_printf("%s/images/%s.qcow2", story->sites[s].directory, names[i]);

                disk_make(path, size);
                cut->disk[i].n = BLOCKS_AT_FIRST;
                contents_change(&cut->disk[i], path, story->random, &story->next_number, story->folder);
        }
}

void act_remove_images(Story *story, guint s)
{
        static const char *const paths[] = {
                "images/one.qcow2", "images/two.qcow2", "replicas/shop/one.qcow2", "replicas/shop/two.qcow2"};

        for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
                g_autofree char *path = g_build_filename(story->sites[s].directory, paths[i], NULL);

                (void)g_unlink(path);
        }
}

void act_check_export(Story *story, const Choice *choice, const char *folder)
{
        static const char *const names[] = {"one", "two"};
        const ModelDivergence *divergence = half_divergence(half_of(story, choice), &choice->divergence);
        g_autoptr(GArray) views = g_array_new(FALSE, FALSE, sizeof(View));
        g_autofree char *wrong = NULL;

        g_array_set_clear_func(views, (GDestroyNotify)view_clear);
        for (guint i = 0; i < N_DISKS; i++) {
                View view = {g_strdup_printf("%s/%s.qcow2", folder, names[i]), &divergence->cut.disk[i]};

                g_array_append_val(views, view);
        }
        wrong = views_check(views, story->folder);
        if (wrong)
                story_fail(story, "the export of a divergence: %s", wrong);
        must_run("rm", "-rf", folder, NULL);
}

void act_check_test(Story *story, const Choice *choice)
{
        Shown *shown = &story->shown[choice->s];
        Cut cut = story_known(story, &choice->point)->cut;
        g_autoptr(GArray) views = g_array_new(FALSE, FALSE, sizeof(View));
        g_autofree char *wrong = NULL;

        if (!shown_read(story->buses[choice->s], shown))
                return; /* a death struck it: it is looked at no more */
        if (!shown->has_test_copy)
                story_fail(story, "there is no test copy");
        g_array_set_clear_func(views, (GDestroyNotify)view_clear);
        for (guint i = 0; i < N_DISKS; i++) {
                View view = {g_strdup(shown->test_paths[i]), &cut.disk[i]};

                g_array_append_val(views, view);
        }
        wrong = views_check(views, story->folder);
        if (wrong)
                story_fail(story, "the test copy: %s", wrong);
        contents_change(
                &cut.disk[0], shown->test_paths[0], story->random, &story->next_number, story->folder);
}

/* ---- daemons ---- */

/* A restart shows the same. */
void act_kill(Story *story, const Choice *choice)
{
        site_kill(&story->sites[choice->s]);
        site_run(&story->sites[choice->s]);
        story_settle(story);
        story_compare(story, NULL, 0);
}

void act_stop(Story *story, const Choice *choice)
{
        site_stop(&story->sites[choice->s]);
        story->runs[choice->s] = FALSE;
}

void act_start(Story *story, const Choice *choice)
{
        site_run(&story->sites[choice->s]);
        story->runs[choice->s] = TRUE;
        story_settle(story);
        story_compare(story, NULL, 0);
}

/* ---- callers ---- */

static GVariant *arguments_of(CrOperation operation)
{
        switch (operation) {
        case CR_OP_START:
                return g_variant_new("(oqst)", SHOP, 1, "", G_GUINT64_CONSTANT(0));
        case CR_OP_FAILOVER:
                return g_variant_new("(oo@a{sv})", SHOP, "/", g_variant_new_parsed("@a{sv} {}"));
        case CR_OP_RESYNCHRONIZE:
                return g_variant_new("(otb)", SHOP, G_GUINT64_CONSTANT(0), FALSE);
        case CR_OP_TEST_FAILOVER:
                return g_variant_new("(oo)", SHOP, "/");
        case CR_OP_PLANNED_FAILOVER:
        case CR_OP_VERIFY:
        case CR_OP_DESTROY:
        case CR_OP_CREATE_RELATIONSHIP:
        case CR_OP_REMOVE_RELATIONSHIP:
        case CR_OP_MODIFY_SETTINGS:
        case CR_OP_REVERSE:
                return g_variant_new("(o@a{sv})", SHOP, g_variant_new_parsed("@a{sv} {}"));
        default:
                return g_variant_new("(o)", SHOP);
        }
}

static gboolean choose_refused(Story *story, const Half *half, CrOperation *ret)
{
        static const CrOperation all[] = {CR_OP_DESTROY, CR_OP_CREATE_RELATIONSHIP, CR_OP_REMOVE_RELATIONSHIP,
                CR_OP_MODIFY_SETTINGS, CR_OP_START, CR_OP_REPLICATE, CR_OP_FAILOVER, CR_OP_REVERT_FAILOVER,
                CR_OP_COMMIT_FAILOVER, CR_OP_PREVIEW, CR_OP_PREPARE, CR_OP_UNDO_PREPARE, CR_OP_REVERSE,
                CR_OP_PLANNED_FAILOVER, CR_OP_REVERT_PLANNED_FAILOVER, CR_OP_SUSPEND, CR_OP_RESUME,
                CR_OP_RESYNCHRONIZE, CR_OP_TEST_FAILOVER, CR_OP_VERIFY, CR_OP_CANCEL_INITIAL,
                CR_OP_CANCEL_RESYNCHRONIZE, CR_OP_CANCEL_UPDATE_DISKS};
        guint first = story_random(story, G_N_ELEMENTS(all));

        for (guint i = 0; i < G_N_ELEMENTS(all); i++) {
                *ret = all[(first + i) % G_N_ELEMENTS(all)];
                if (cr_state_way_out(half->role, half->state, *ret))
                        return TRUE;
        }
        return FALSE;
}

void act_be_refused(Story *story, const Choice *choice)
{
        const Half *half = half_of(story, choice);
        CrOperation operation;

        if (!choose_refused(story, half, &operation))
                return;
        const char *way_out = cr_state_way_out(half->role, half->state, operation);
        g_auto(Outcome) outcome = story_call(story, choice->s, MANAGER, CR_MANAGER_INTERFACE,
                cr_operation_word(operation), arguments_of(operation));

        if (outcome.ending != ENDED_REFUSED || outcome.value != CR_ERROR_INVALID_STATE ||
                !strstr(outcome.message, way_out))
                story_fail(story, "%s was not refused for the state but: %u %s", cr_operation_word(operation),
                        outcome.value, outcome.message ? outcome.message : "");
        story_settle(story);
        story_compare(story, NULL, 0);
}
