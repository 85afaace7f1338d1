/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two streams of digests: what differs, against a model of one entry a block. */
#include "run.h"

#include "transfer/differences.h"

#define BLOCK 65536u
#define N_BLOCKS 300u
#define N_ROUNDS 50

/* A kind of contents for each block; 0: zeroes. */
typedef struct Model {
        guint8 kinds[CR_N_SIDES][N_BLOCKS];
        guint told[CR_N_SIDES];
} Model;

static Model random_model(GRand *rand)
{
        Model model = {0};

        for (guint i = 0; i < N_BLOCKS; i++) {
                guint8 kind = (guint8)g_rand_int_range(rand, 0, 3);

                /* Runs of some length on both sides, and some that differ. */
                if (i > 0 && g_rand_int_range(rand, 0, 4) > 0)
                        kind = model.kinds[CR_SIDE_OURS][i - 1];
                model.kinds[CR_SIDE_OURS][i] = kind;
                model.kinds[CR_SIDE_THEIRS][i] =
                        g_rand_int_range(rand, 0, 8) > 0 ? kind : (guint8)g_rand_int_range(rand, 0, 3);
        }
        return model;
}

/* The next block, or several of zeroes, of a side. */
static void tell(Model *model, CrDifferencesSide side, CrDifferences *differences, GRand *rand)
{
        guint from = model->told[side], end = from + 1;
        const guint8 *kinds = model->kinds[side];
        CrBlockRun run = {.offset = (guint64)from * BLOCK, .zero = kinds[from] == 0, .digest = {kinds[from]}};

        while (run.zero && end < N_BLOCKS && kinds[end] == 0 && g_rand_boolean(rand))
                end++;
        run.length = (guint64)(end - from) * BLOCK;
        model->told[side] = end;
        cr_differences_add(differences, side, &run);
        ck_assert_uint_eq(cr_differences_told(differences, side), (guint64)end * BLOCK);
}

static void tell_all(Model *model, CrDifferences *differences, GRand *rand)
{
        while (model->told[0] < N_BLOCKS || model->told[1] < N_BLOCKS) {
                CrDifferencesSide side = g_rand_boolean(rand) ? CR_SIDE_OURS : CR_SIDE_THEIRS;
                guint64 least;

                if (model->told[side] == N_BLOCKS)
                        side = !side;
                tell(model, side, differences, rand);
                least = MIN(model->told[0], model->told[1]);
                ck_assert_uint_eq(cr_differences_compared(differences), least * BLOCK);
        }
}

static gboolean is_told(const GArray *extents, guint64 offset, gboolean *ret_zero)
{
        for (guint i = 0; i < extents->len; i++) {
                const CrExtent *extent = &g_array_index(extents, CrExtent, i);

                *ret_zero = extent->zero;
                if (offset >= extent->offset && offset < extent->offset + extent->length)
                        return TRUE;
        }
        return FALSE;
}

static void check_order(const GArray *extents, guint64 size)
{
        guint64 end = 0;

        for (guint i = 0; i < extents->len; i++) {
                const CrExtent *extent = &g_array_index(extents, CrExtent, i);

                ck_assert(extent->length > 0 && (i == 0 || extent->offset >= end));
                end = extent->offset + extent->length;
        }
        ck_assert_uint_le(end, size);
}

START_TEST(random_streams)
{
        g_autoptr(GRand) rand = seeded_rand();

        for (guint round = 0; round < N_ROUNDS; round++) {
                guint64 size = (guint64)N_BLOCKS * BLOCK - (round % 2 ? BLOCK - 512 : 0);
                g_autoptr(CrDifferences) differences = cr_differences_new(0, size, G_MAXUINT);
                Model model = random_model(rand);
                const GArray *extents;

                tell_all(&model, differences, rand);
                extents = cr_differences_extents(differences);
                check_order(extents, size);
                for (guint i = 0; i < N_BLOCKS; i++) {
                        guint8 ours = model.kinds[CR_SIDE_OURS][i];
                        gboolean zero = FALSE, told = is_told(extents, (guint64)i * BLOCK, &zero);

                        ck_assert_int_eq(told, ours != model.kinds[CR_SIDE_THEIRS][i]);
                        ck_assert(!told || zero == (ours == 0));
                }
        }
}
END_TEST

/* However many differ, the list is bounded, and nothing that differs is left out of it. */
START_TEST(a_list_that_is_full)
{
        g_autoptr(GRand) rand = seeded_rand();

        for (guint round = 0; round < N_ROUNDS; round++) {
                guint64 size = (guint64)N_BLOCKS * BLOCK;
                g_autoptr(CrDifferences) differences = cr_differences_new(0, size, 3);
                Model model = random_model(rand);
                const GArray *extents;

                tell_all(&model, differences, rand);
                extents = cr_differences_extents(differences);
                ck_assert_uint_le(extents->len, 3);
                check_order(extents, size);
                for (guint i = 0; i < N_BLOCKS; i++) {
                        guint8 ours = model.kinds[CR_SIDE_OURS][i];
                        gboolean zero = FALSE, told = is_told(extents, (guint64)i * BLOCK, &zero);

                        ck_assert(told || ours == model.kinds[CR_SIDE_THEIRS][i]);
                        ck_assert(!told || !zero || ours == 0);
                }
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("transfer-differences");
        TCase *tcase = tcase_create("transfer-differences");

        tcase_set_timeout(tcase, 600);
        tcase_add_test(tcase, random_streams);
        tcase_add_test(tcase, a_list_that_is_full);
        suite_add_tcase(suite, tcase);
        return run_suite(suite);
}
