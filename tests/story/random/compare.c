/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the sites show, compared with the model. */
#include <sys/stat.h>

#include "tests/story/random/story.h"

/* The one point that nobody has seen before, if a site shows one; NULL: none. */
static const ShownPoint *find_fresh(const Story *story, const Shown *shown)
{
        const ShownPoint *fresh = NULL;

        for (guint i = 0; shown->points && i < shown->points->len; i++) {
                const ShownPoint *point = &g_array_index(shown->points, ShownPoint, i);

                if (story_known(story, &point->id))
                        continue;
                ck_assert_msg(!fresh, "CR_TEST_SEED=%u: two new points at once", story->seed);
                fresh = point;
        }
        return fresh;
}

/* Heads are at the paths of all disks, or at none. */
static gboolean has_heads(Story *story, guint s)
{
        struct stat st;
        guint n = 0;

        for (guint i = 0; i < N_DISKS; i++)
                n += lstat(story->shown[s].paths[i], &st) == 0;
        if (n != 0 && n != N_DISKS)
                story_fail(story, "site %c has %u of %u heads", 'A' + (int)s, n, N_DISKS);
        return n > 0;
}

/* All divergences that @half has and were seen are shown, and as many unseen ones as it has. */
static gboolean has_divergences(Half *half, const Shown *shown)
{
        guint unseen = 0;

        for (guint i = 0; i < shown->divergences->len; i++)
                unseen += !half_divergence(half, &g_array_index(shown->divergences, ShownDivergence, i).id);
        return half->n_divergences == shown->divergences->len &&
               unseen == (half_divergence(half, &CR_ID_NONE) != NULL);
}

/* Says what is wrong; NULL: @half is what site @s shows. */
static const char *mismatch(Story *story, guint s, Half *half, guint also)
{
        const Shown *shown = &story->shown[s];

        if (half->exists != shown->exists)
                return half->exists ? "the collection is not there" : "the collection is there";
        if (!half->exists)
                return NULL;
        if (half->role != shown->role)
                return "another role";
        if (half->state != shown->state && !(also & ALSO_BIT(shown->state)))
                return "another state";
        if (half->has_head != has_heads(story, s))
                return half->has_head ? "the heads are absent" : "there are heads";
        if (!has_divergences(half, shown))
                return "other divergences";
        if (half->history != shown->history)
                return "another history";
        if (half->newest_is_fresh && !find_fresh(story, shown))
                return "no new point arrived";
        return NULL;
}

/* A primary tells its replica the settings first: what failed after that has done that. */
static void hear_history(const Story *story, guint s, Half *half)
{
        if (story->shown[s].history == story->model.half[1 - s].history)
                half->history = story->shown[s].history;
}

/* Takes what the site was before for its half of the model, if that is what it shows. */
static void decide(Story *story, guint s, const Model *before, guint also)
{
        const char *wrong = mismatch(story, s, &story->model.half[s], 0);
        Half was;

        if (wrong && before) {
                was = before->half[s];
                hear_history(story, s, &was);
                hear_history(story, s, &story->model.half[s]);
                wrong = mismatch(story, s, &story->model.half[s], 0);
        }
        if (wrong && before) {
                if (!mismatch(story, s, &was, 0)) {
                        story->model.half[s] = was;
                        return;
                }
                if (!mismatch(story, s, &was, also)) {
                        story->model.half[s] = was;
                        wrong = NULL;
                }
        }
        if (wrong && also)
                wrong = mismatch(story, s, &story->model.half[s], also);
        if (wrong)
                story_fail(story, "site %c: %s", 'A' + (int)s, wrong);
        story->model.half[s].state = story->shown[s].state;
}

static void learn_point(Story *story, const ShownPoint *point)
{
        Known *known;

        if (!point || story_known(story, &point->id))
                return;
        if (!story->model.cuts)
                story_fail(story, "a new point, and none was cut");
        known = g_new0(Known, 1);
        known->id = point->id;
        known->parent = point->parent;
        known->cut = story->model.cut;
        g_ptr_array_add(story->known, known);
}

static void learn_divergence(Half *half, const Shown *shown)
{
        ModelDivergence *unseen = half_divergence(half, &CR_ID_NONE);

        for (guint i = 0; unseen && i < shown->divergences->len; i++) {
                const ShownDivergence *one = &g_array_index(shown->divergences, ShownDivergence, i);

                if (!half_divergence(half, &one->id)) {
                        unseen->id = one->id;
                        return;
                }
        }
}

/* The newest and, while the points are in one line, as many before it as the history keeps. */
static void expect_retention(Story *story, Half *half)
{
        const Known *known = story_known(story, &half->newest);
        guint left = half->history;

        half_release_points(half);
        while (known && left > 0 && story->model.branched == 0) {
                ModelPoint *point;

                known = story_known(story, &known->parent);
                point = known ? half_point(half, &known->id) : NULL;
                if (point) {
                        point->must = TRUE;
                        left--;
                }
        }
}

static void check_points(Story *story, guint s)
{
        Half *half = &story->model.half[s];
        const Shown *shown = &story->shown[s];
        guint kept = 0;

        for (guint i = 0; i < half->n_points; i++) {
                if (shown_has_point(shown, &half->point[i].id))
                        half->point[kept++] = half->point[i];
                else if (half->point[i].must)
                        story_fail(story, "site %c lost the point %s", 'A' + (int)s, half->point[i].id.text);
        }
        half->n_points = kept;
        for (guint i = 0; i < shown->points->len; i++) {
                const ShownPoint *point = &g_array_index(shown->points, ShownPoint, i);

                if (!half_point(half, &point->id))
                        story_fail(story, "site %c shows the point %s, which went or never came",
                                'A' + (int)s, point->id.text);
        }
}

/* What a divergence stands on is pinned, whatever retention says. */
static void pin_bases(Story *story, guint s)
{
        const Shown *shown = &story->shown[s];

        for (guint i = 0; i < shown->divergences->len; i++) {
                ModelPoint *point = half_point(&story->model.half[s],
                        &g_array_index(shown->divergences, ShownDivergence, i).common_point);

                if (point)
                        point->must = TRUE;
        }
}

static void compare_half(Story *story, guint s, const ShownPoint *fresh)
{
        Half *half = &story->model.half[s];
        gboolean was_fed = half->newest_is_fresh;

        if (fresh)
                half_add_point(half, &fresh->id);
        if (half->newest_is_fresh)
                half->newest = fresh->id;
        half->newest_is_fresh = FALSE;
        if (was_fed) {
                expect_retention(story, half);
                half->is_pruned = TRUE;
        }
        check_points(story, s);
        learn_divergence(half, &story->shown[s]);
        pin_bases(story, s);
}

static void check_generation(Story *story, guint s)
{
        guint64 shown = story->shown[s].exists ? story->shown[s].generation : 0;

        if (shown < story->generation[s] && story->shown[s].exists && !story->is_undo)
                story_fail(story,
                        "the generation of site %c went back from %" G_GUINT64_FORMAT
                        " to %" G_GUINT64_FORMAT,
                        'A' + (int)s, story->generation[s], shown);
        story->generation[s] = shown;
}

void story_compare(Story *story, const Model *before, guint also)
{
        ShownPoint fresh[2] = {0};
        gboolean has_fresh[2] = {FALSE, FALSE};

        for (guint s = 0; s < 2; s++) {
                const ShownPoint *found = story->runs[s] ? find_fresh(story, &story->shown[s]) : NULL;

                if (story->runs[s])
                        decide(story, s, before, also);
                if (found) {
                        fresh[s] = *found;
                        has_fresh[s] = TRUE;
                }
        }
        for (guint s = 0; s < 2; s++)
                learn_point(story, has_fresh[s] ? &fresh[s] : NULL);
        for (guint s = 0; s < 2; s++) {
                if (!story->runs[s])
                        continue;
                if (story->model.half[s].exists)
                        compare_half(story, s, has_fresh[s] ? &fresh[s] : NULL);
                check_generation(story, s);
        }
        story->model.cuts = FALSE;
        story->is_undo = FALSE;
}
