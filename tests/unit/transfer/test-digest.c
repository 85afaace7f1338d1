/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The digest: the same for the same set of blocks however it is split, another for any other set. */
#include "run.h"

#include <string.h>

#include "transfer/digest.h"

#define B CR_BLOCK_SIZE
#define N_BLOCKS 64u

/* The digest of data at @offset, its zero blocks told as zeroes. */
static void add_all(CrDigest *digest, guint64 offset, const guint8 *data, gsize length, GRand *rand)
{
        for (gsize at = 0, run; at < length; at += run) {
                gboolean zero;

                run = cr_digest_run(data + at, length - at, &zero);
                if (rand && run > B && g_rand_boolean(rand))
                        run = B; /* split */
                cr_digest_update(digest, offset + at, zero ? NULL : data + at, run);
        }
}

static void digest_of(guint64 offset, const guint8 *data, gsize length, GRand *rand, char *ret)
{
        g_autoptr(CrDigest) digest = cr_digest_new();

        add_all(digest, offset, data, length, rand);
        cr_digest_finish(digest, ret);
        ck_assert_uint_eq(strlen(ret), CR_DIGEST_LENGTH);
}

static guint8 *random_blocks(GRand *rand)
{
        guint8 *data = g_malloc0(N_BLOCKS * B);

        for (guint i = 0; i < N_BLOCKS; i++)
                if (g_rand_int_range(rand, 0, 3) > 0)
                        data[i * B + g_rand_int_range(rand, 0, B)] = 7;
        data[B] = 1;
        return data;
}

START_TEST(splits_do_not_matter)
{
        g_autoptr(GRand) rand = seeded_rand();

        for (guint round = 0; round < 200; round++) {
                g_autofree guint8 *data = random_blocks(rand);
                gsize length = N_BLOCKS * B - (round % 2 ? 3584 : 0);
                char once[CR_DIGEST_LENGTH + 1], split[CR_DIGEST_LENGTH + 1];

                digest_of(B, data, length, NULL, once);
                digest_of(B, data, length, rand, split);
                ck_assert_str_eq(once, split);
        }
}
END_TEST

START_TEST(everything_else_does)
{
        g_autoptr(GRand) rand = seeded_rand();
        g_autofree guint8 *data = random_blocks(rand);
        char as_it_was[CR_DIGEST_LENGTH + 1], changed[CR_DIGEST_LENGTH + 1];

        digest_of(0, data, N_BLOCKS * B, NULL, as_it_was);
        digest_of(B, data, N_BLOCKS * B, NULL, changed);
        ck_assert_str_ne(as_it_was, changed);
        digest_of(0, data, (N_BLOCKS - 1) * B, NULL, changed);
        ck_assert_str_ne(as_it_was, changed);
        for (guint round = 0; round < 100; round++) {
                gsize at = (gsize)g_rand_int_range(rand, 0, N_BLOCKS * B);

                data[at] ^= 1;
                digest_of(0, data, N_BLOCKS * B, NULL, changed);
                ck_assert_str_ne(as_it_was, changed);
                data[at] ^= 1;
        }
}
END_TEST

/* Contents in the same order at other places, or zeroes in other places, are other sets. */
START_TEST(places_count)
{
        static const struct {
                guint64 offset, length;
                gboolean zero;
        } sets[][3] = {
                {{0, B, FALSE}, {B, B, FALSE}},
                {{0, B, FALSE}, {2 * B, B, FALSE}},
                {{0, B, FALSE}, {B, B, TRUE}, {2 * B, B, FALSE}},
                {{0, B, FALSE}, {B, B, FALSE}, {2 * B, B, TRUE}},
                {{0, B, TRUE}, {B, B, FALSE}, {2 * B, B, FALSE}},
                {{0, B, FALSE}, {B, B, FALSE}, {2 * B, 2 * B, TRUE}},
                {{0, 2 * B, TRUE}},
                {{0}},
        };
        g_autofree guint8 *data = g_malloc(B);
        char digests[G_N_ELEMENTS(sets)][CR_DIGEST_LENGTH + 1];

        memset(data, 5, B);
        for (guint i = 0; i < G_N_ELEMENTS(sets); i++) {
                g_autoptr(CrDigest) digest = cr_digest_new();

                for (guint j = 0; j < G_N_ELEMENTS(sets[i]) && sets[i][j].length > 0; j++)
                        cr_digest_update(
                                digest, sets[i][j].offset, sets[i][j].zero ? NULL : data, sets[i][j].length);
                cr_digest_finish(digest, digests[i]);
                for (guint j = 0; j < i; j++)
                        ck_assert_str_ne(digests[i], digests[j]);
        }
}
END_TEST

START_TEST(runs_of_blocks)
{
        g_autofree guint8 *data = g_malloc0(4 * B);
        gboolean zero;

        ck_assert_uint_eq(cr_digest_run(data, 3 * B + 512, &zero), 3 * B + 512);
        ck_assert(zero);
        data[2 * B - 1] = 1;
        ck_assert_uint_eq(cr_digest_run(data, 4 * B, &zero), B);
        ck_assert(zero);
        ck_assert_uint_eq(cr_digest_run(data + B, 3 * B, &zero), B);
        ck_assert(!zero);
        data[3 * B + 511] = 1;
        ck_assert_uint_eq(cr_digest_run(data + 2 * B, B + 512, &zero), B);
        ck_assert(zero);
        ck_assert_uint_eq(cr_digest_run(data + 3 * B, 512, &zero), 512);
        ck_assert(!zero);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("digest");
        TCase *tcase = tcase_create("digest");

        tcase_set_timeout(tcase, 300);
        tcase_add_test(tcase, splits_do_not_matter);
        tcase_add_test(tcase, everything_else_does);
        tcase_add_test(tcase, places_count);
        tcase_add_test(tcase, runs_of_blocks);
        suite_add_tcase(suite, tcase);
        return run_suite(suite);
}
