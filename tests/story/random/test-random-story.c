/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A long story of random operations on two sites, compared with a plain model after every one. CR_TEST_SEED
 * repeats one, CR_TEST_OPERATIONS tells how long it is. */
#include <stdio.h>

#include "tests/story/random/story.h"

#define OPERATIONS 500u

static guint32 seed;
static guint n_steps;

static guint number_of(const char *variable, guint otherwise)
{
        const char *text = g_getenv(variable);

        return text ? (guint)g_ascii_strtoull(text, NULL, 10) : otherwise;
}

/* A story in which nothing happens would prove nothing. */
static void check_substance(void)
{
        if (n_steps < OPERATIONS)
                return;
        ck_assert_uint_gt(story_count("write"), 0);
        ck_assert_uint_gt(story_count("replicate"), 0);
}

START_TEST(random_operations_do_what_the_model_says)
{
        Story *story = story_new(seed);

        while (story->step < n_steps)
                story_go_on(story);
        story_check_all(story);
        story_print_counts();
        check_substance();
        story_free(story);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {random_operations_do_what_the_model_says, NULL};

        seed = number_of("CR_TEST_SEED", g_random_int());
        n_steps = number_of("CR_TEST_OPERATIONS", OPERATIONS);
        printf("CR_TEST_SEED=%u CR_TEST_OPERATIONS=%u\n", seed, n_steps);
        fflush(stdout);
        return run_bus_tests("random story", tests, NULL, NULL);
}
