/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A peer's answers to the question for digests: what is right is taken, what can't be is refused whole. */
#include <check.h>
#include <stdlib.h>

#include "core/error.h"
#include "worker/digest_answer.h"

#define K 1024u
#define BLOCK (64 * K)
#define MANY (G_MAXUINT64 - BLOCK + 1)

static const CrDigestRange range = {.offset = 2 * BLOCK, .end = 8 * BLOCK, .block_size = BLOCK};

typedef struct Case {
        guint64 size, next;
        guint n_runs;
        struct {
                guint64 offset;
                gsize length; /* of its digests */
        } runs[3];
} Case;

static const Case right[] = {
        {8 * BLOCK, 8 * BLOCK, 0, {{0}}},
        {0, 8 * BLOCK, 0, {{0}}},
        {1, 3 * BLOCK, 1, {{2 * BLOCK, 16}}},
        {8 * BLOCK, 8 * BLOCK, 1, {{2 * BLOCK, 96}}},
        {8 * BLOCK, 7 * BLOCK, 3, {{2 * BLOCK, 16}, {3 * BLOCK, 32}, {6 * BLOCK, 16}}},
};

static const Case wrong[] = {
        /* Where it ends. */
        {8 * BLOCK, 2 * BLOCK, 0, {{0}}},
        {8 * BLOCK, 0, 0, {{0}}},
        {8 * BLOCK, 9 * BLOCK, 0, {{0}}},
        {8 * BLOCK, 3 * BLOCK + 1, 0, {{0}}},
        {8 * BLOCK, G_MAXUINT64, 0, {{0}}},
        /* How large the disk is. */
        {G_MAXUINT64, 8 * BLOCK, 0, {{0}}},
        {0, 8 * BLOCK, 1, {{2 * BLOCK, 16}}},
        /* Where a run is. */
        {8 * BLOCK, 8 * BLOCK, 1, {{BLOCK, 16}}},
        {8 * BLOCK, 8 * BLOCK, 1, {{8 * BLOCK, 16}}},
        {8 * BLOCK, 4 * BLOCK, 1, {{4 * BLOCK, 16}}},
        {8 * BLOCK, 8 * BLOCK, 1, {{2 * BLOCK + 512, 16}}},
        {8 * BLOCK, 8 * BLOCK, 1, {{MANY, 16}}},
        /* How many digests it has. */
        {8 * BLOCK, 8 * BLOCK, 1, {{2 * BLOCK, 0}}},
        {8 * BLOCK, 8 * BLOCK, 1, {{2 * BLOCK, 17}}},
        {8 * BLOCK, 8 * BLOCK, 1, {{2 * BLOCK, 112}}},
        {8 * BLOCK, 4 * BLOCK, 1, {{2 * BLOCK, 48}}},
        /* In what order they come. */
        {8 * BLOCK, 8 * BLOCK, 2, {{4 * BLOCK, 16}, {3 * BLOCK, 16}}},
        {8 * BLOCK, 8 * BLOCK, 2, {{4 * BLOCK, 16}, {4 * BLOCK, 16}}},
        {8 * BLOCK, 8 * BLOCK, 2, {{2 * BLOCK, 64}, {4 * BLOCK, 16}}},
};

static GVariant *answer_of(const Case *c)
{
        GVariantBuilder runs = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(tay)"));
        g_autofree guint8 *digests = g_malloc0(256);

        for (guint i = 0; i < c->n_runs; i++)
                g_variant_builder_add(&runs, "(t@ay)", c->runs[i].offset,
                        g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, digests, c->runs[i].length, 1));
        return g_variant_ref_sink(
                g_variant_new("(tt@a(tay))", c->size, c->next, g_variant_builder_end(&runs)));
}

static CrDifferences *differences_before(void)
{
        CrDifferences *differences = cr_differences_new(range.offset, 100 * BLOCK, G_MAXUINT);

        ck_assert_uint_eq(cr_differences_told(differences, CR_SIDE_THEIRS), range.offset);
        return differences;
}

START_TEST(what_is_right_is_taken)
{
        const Case *c = &right[_i];
        g_autoptr(CrDifferences) differences = differences_before();
        g_autoptr(GVariant) answer = answer_of(c);
        CrBlockRun zeroes = {.offset = range.offset, .length = c->next - range.offset, .zero = TRUE};
        g_autoptr(GError) error = NULL;
        guint64 size, blocks = 0, differ = 0;

        ck_assert(cr_digest_answer_read(answer, &range, differences, &size, &error));
        ck_assert_uint_eq(size, c->size);
        ck_assert_uint_eq(cr_differences_told(differences, CR_SIDE_THEIRS), c->next);
        /* Against zeroes all that has a digest differs. */
        cr_differences_add(differences, CR_SIDE_OURS, &zeroes);
        for (guint i = 0; i < c->n_runs; i++)
                blocks += c->runs[i].length / CR_BLOCK_DIGEST_SIZE;
        for (guint i = 0; i < cr_differences_extents(differences)->len; i++)
                differ += g_array_index(cr_differences_extents(differences), CrExtent, i).length;
        ck_assert_uint_eq(differ, blocks * BLOCK);
}
END_TEST

START_TEST(what_can_not_be_is_refused)
{
        g_autoptr(CrDifferences) differences = differences_before();
        g_autoptr(GVariant) answer = answer_of(&wrong[_i]);
        g_autoptr(GError) error = NULL;
        guint64 size;

        ck_assert(!cr_digest_answer_read(answer, &range, differences, &size, &error));
        ck_assert(g_error_matches(error, CR_ERROR, CR_ERROR_STATUS_UNKNOWN));
        ck_assert_uint_eq(cr_differences_told(differences, CR_SIDE_THEIRS), range.offset);
        ck_assert_uint_eq(cr_differences_pending(differences, CR_SIDE_THEIRS), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("digest-answer");
        TCase *tcase = tcase_create("digest-answer");
        SRunner *runner;
        int failed;

        tcase_add_loop_test(tcase, what_is_right_is_taken, 0, G_N_ELEMENTS(right));
        tcase_add_loop_test(tcase, what_can_not_be_is_refused, 0, G_N_ELEMENTS(wrong));
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
