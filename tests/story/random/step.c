/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One step of the story: an operation is chosen, asked for, perhaps struck by a death, and checked. */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "tests/story/random/operation.h"

#define STRIKE_ONE_IN 8 /* calls that a death strikes */
#define CHECK_ALL_EVERY 25

/* How often each operation, by its name, ended well. */
static GHashTable *counts;

static const OperationGroup *const groups[] = {&group_acts, &group_relationship, &group_failover};

/* ---- what ---- */

typedef struct Candidate {
        const Operation *operation;
        Choice choice;
} Candidate;

/* Adds it for each site where it makes sense; its weight there. */
static guint add_candidates(Story *story, const Operation *operation, GArray *candidates)
{
        guint weight = 0;

        for (guint s = 0; s < 2; s++) {
                Candidate one = {operation, {.s = s}};

                if (!operation->can(story, &one.choice))
                        continue;
                g_array_append_val(candidates, one);
                weight += operation->weight;
        }
        return weight;
}

static Candidate choose(Story *story)
{
        g_autoptr(GArray) candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));
        guint total = 0;

        for (guint g = 0; g < G_N_ELEMENTS(groups); g++)
                for (guint i = 0; i < groups[g]->n; i++)
                        total += add_candidates(story, &groups[g]->operations[i], candidates);
        guint left = story_random(story, total), i = 0;
        while (left >= g_array_index(candidates, Candidate, i).operation->weight)
                left -= g_array_index(candidates, Candidate, i++).operation->weight;
        return g_array_index(candidates, Candidate, i);
}

/* ---- deaths ---- */

typedef struct Strike {
        guint s;
        const char *failpoint; /* NULL: none */
} Strike;

static Strike strike(Story *story)
{
        Strike one = {0};

        if (story->failpoints->len == 0 || !story->runs[0] || !story->runs[1] ||
                story_random(story, STRIKE_ONE_IN) != 0)
                return one;
        one.s = story_random(story, 2);
        one.failpoint = g_ptr_array_index(story->failpoints, story_random(story, story->failpoints->len));
        site_order(&story->sites[one.s], one.failpoint, "kill");
        return one;
}

/* TRUE: somebody died there. */
static gboolean strike_end(Story *story, const Strike *one)
{
        g_autofree char *order = NULL;

        if (!one->failpoint)
                return FALSE;
        order = g_strdup_printf("%s/failpoints/%s.kill", story->sites[one->s].directory, one->failpoint);
        return g_unlink(order) < 0;
}

/* ---- the step ---- */

static void tell(const Story *story, const Operation *operation, const Choice *choice, const Outcome *outcome,
        const Strike *one)
{
        static const char *const endings[] = {"done", "refused", "failed", "unheard"};
        g_autofree char *death =
                one->failpoint ? g_strdup_printf(", %s struck at %c", one->failpoint, 'A' + (int)one->s)
                               : NULL;

        story_say(story, "%s at %c%s: %s%s%s", operation->name, 'A' + (int)choice->s, death ? death : "",
                endings[outcome->ending], outcome->message && *outcome->message ? ", " : "",
                outcome->message ? outcome->message : "");
}

/* A tie of generations is the one refusal that the model does not foresee: it knows numbers, not ids. */
static gboolean is_tie(const Outcome *outcome)
{
        return outcome->value == CR_ERROR_STATUS_UNKNOWN && strstr(outcome->message, "claim generation");
}

static void check_must(Story *story, const Operation *operation, const Choice *choice, const Outcome *outcome)
{
        if (story->runs[0] && story->runs[1] && (!operation->must || operation->must(story, choice)) &&
                !is_tie(outcome))
                story_fail(story, "%s at %c must succeed: %u %s", operation->name, 'A' + (int)choice->s,
                        outcome->value, outcome->message ? outcome->message : "");
}

static void judge(Story *story, const Operation *operation, const Choice *choice, const Outcome *outcome,
        gboolean struck, const Model *before)
{
        if (outcome->ending != ENDED_WELL && !struck)
                check_must(story, operation, choice, outcome);
        if (outcome->ending == ENDED_REFUSED && !struck) {
                story->model = *before;
                story_compare(story, NULL, operation->also);
                return;
        }
        operation->effect(story, choice, outcome);
        if (outcome->ending == ENDED_WELL && !operation->is_loose)
                story_compare(story, NULL, 0);
        else
                story_compare(story, before, operation->also);
}

static void count(const Operation *operation)
{
        guint n = GPOINTER_TO_UINT(g_hash_table_lookup(counts, operation->name));

        g_hash_table_insert(counts, (gpointer)operation->name, GUINT_TO_POINTER(n + 1));
}

static void carry_out(Story *story, const Operation *operation, const Choice *choice)
{
        g_autofree Model *before = g_memdup2(&story->model, sizeof(Model));
        g_auto(Outcome) outcome = {0};
        gboolean struck;
        Strike one;

        story->model.cuts = operation->cuts;
        story->model.cut = half_of(story, choice)->head;
        one = strike(story);
        outcome = operation->call(story, choice);
        struck = strike_end(story, &one);
        tell(story, operation, choice, &outcome, &one);
        story_settle(story);
        judge(story, operation, choice, &outcome, struck, before);
        if (outcome.ending == ENDED_WELL)
                count(operation);
        for (guint s = 0; s < 2; s++) {
                if (story->runs[s])
                        story_check_heads(story, s);
                if (story->runs[s] && !story->model.half[s].exists)
                        act_remove_images(story, s);
        }
}

void story_go_on(Story *story)
{
        Candidate chosen = choose(story);

        if (!counts)
                counts = g_hash_table_new(g_str_hash, g_str_equal);
        story->step++;
        if (chosen.operation->act) {
                story_say(story, "%s at %c", chosen.operation->name, 'A' + (int)chosen.choice.s);
                chosen.operation->act(story, &chosen.choice);
                count(chosen.operation);
        } else {
                carry_out(story, chosen.operation, &chosen.choice);
        }
        if (story->step % CHECK_ALL_EVERY == 0)
                story_check_all(story);
}

guint story_count(const char *operation)
{
        return GPOINTER_TO_UINT(g_hash_table_lookup(counts, operation));
}

void story_print_counts(void)
{
        for (guint g = 0; g < G_N_ELEMENTS(groups); g++)
                for (guint i = 0; i < groups[g]->n; i++) {
                        const char *name = groups[g]->operations[i].name;

                        printf("%6u %s\n", story_count(name), name);
                }
}
