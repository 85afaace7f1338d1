/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The merging of three streams of runs, against a plain model that knows every byte's 512-byte sector. */
#include "run.h"

#include "transfer/changes_merge.h"

#define SECTOR 512u
#define MAX_SECTORS 4096u

typedef struct Model {
        guint n_sectors;
        guint8 values[CR_N_TRACKS][MAX_SECTORS];
        guint64 changed_from;
        gboolean skip_zero;
} Model;

static Model *model_new(GRand *rand)
{
        Model *model = g_new0(Model, 1);

        model->n_sectors = g_rand_int_range(rand, 1, MAX_SECTORS);
        model->changed_from = g_rand_boolean(rand)
                                      ? G_MAXUINT64
                                      : (guint64)g_rand_int_range(rand, 0, model->n_sectors + 9) * SECTOR;
        model->skip_zero = g_rand_boolean(rand);
        for (guint i = 0; i < CR_N_TRACKS; i++) {
                gint longest = g_rand_boolean(rand) ? 6 : 300;

                for (guint at = 0, end; at < model->n_sectors; at = end) {
                        guint8 value = g_rand_boolean(rand);

                        end = at + (guint)g_rand_int_range(rand, 1, longest);
                        end = MIN(end, model->n_sectors);
                        memset(model->values[i] + at, value, end - at);
                }
        }
        return model;
}

/* 0: not sent, 1: data, 2: zero. */
static guint model_block(const Model *model, guint64 block)
{
        gboolean changed = FALSE, zero = TRUE;

        for (guint64 i = block * 8; i < MIN(block * 8 + 8, model->n_sectors); i++) {
                changed |= model->values[CR_TRACK_VIEW][i] || model->values[CR_TRACK_OTHER][i] ||
                           i * SECTOR >= model->changed_from;
                zero &= model->values[CR_TRACK_ZERO][i];
        }
        return !changed || (zero && model->skip_zero) ? 0 : zero ? 2 : 1;
}

/* Feeds the track that is behind: a piece of random length, sometimes one that overlaps what it was told, in
 * runs of random lengths. */
static void feed(const Model *model, CrMerge *merge, GRand *rand)
{
        guint64 size = (guint64)model->n_sectors * SECTOR;
        CrTrack track = CR_TRACK_ZERO;
        guint at, end, back;

        for (CrTrack i = 0; i < CR_N_TRACKS; i++)
                if (cr_merge_fed(merge, i) < cr_merge_fed(merge, track))
                        track = i;
        ck_assert_uint_lt(cr_merge_fed(merge, track), size);
        at = cr_merge_fed(merge, track) / SECTOR;
        end = at + (guint)g_rand_int_range(rand, 1, 600);
        back = (guint)g_rand_int_range(rand, 0, 3) * 20;
        at -= MIN(at, back);
        for (guint next; at < MIN(end, model->n_sectors); at = next) {
                guint8 value = model->values[track][at];
                guint most = at + (guint)g_rand_int_range(rand, 1, 100);

                for (next = at + 1;
                        next < MIN(most, model->n_sectors) && model->values[track][next] == value;)
                        next++;
                /* A server's last run may reach beyond the end. */
                cr_merge_feed(merge, track, (guint64)at * SECTOR,
                        (guint64)(next - at + (next == model->n_sectors ? 3 : 0)) * SECTOR, value);
        }
}

START_TEST(random_runs)
{
        g_autoptr(GRand) rand = seeded_rand();

        for (guint round = 0; round < 3000; round++) {
                g_autofree Model *model = model_new(rand);
                guint64 size = (guint64)model->n_sectors * SECTOR,
                        n_blocks = (size + CR_BLOCK_SIZE - 1) / CR_BLOCK_SIZE;
                g_autofree guint8 *told = g_malloc0(n_blocks);
                g_autoptr(CrMerge) merge = cr_merge_new(size, model->changed_from, model->skip_zero);
                CrExtent extent, last = {0};

                for (CrMergeResult result; (result = cr_merge_next(merge, &extent)) != CR_MERGE_END;) {
                        if (result == CR_MERGE_HUNGRY) {
                                feed(model, merge, rand);
                                continue;
                        }
                        ck_assert_uint_gt(extent.length, 0);
                        ck_assert_uint_eq(extent.offset % CR_BLOCK_SIZE, 0);
                        ck_assert(
                                extent.length % CR_BLOCK_SIZE == 0 || extent.offset + extent.length == size);
                        ck_assert_uint_le(extent.offset + extent.length, size);
                        ck_assert_uint_ge(extent.offset, last.offset + last.length);
                        ck_assert(last.length == 0 || extent.offset > last.offset + last.length ||
                                  extent.zero != last.zero);
                        memset(told + extent.offset / CR_BLOCK_SIZE, extent.zero ? 2 : 1,
                                (extent.length + CR_BLOCK_SIZE - 1) / CR_BLOCK_SIZE);
                        last = extent;
                }
                for (guint64 i = 0; i < n_blocks; i++)
                        ck_assert_uint_eq(told[i], model_block(model, i));
        }
}
END_TEST

START_TEST(largest_disk)
{
        const guint64 size = G_MAXINT64 - 511; /* the largest that NBD can tell of, in sectors */
        g_autoptr(CrMerge) merge = cr_merge_new(size, size - 512, FALSE);
        CrExtent extent;

        for (CrTrack i = 0; i < CR_N_TRACKS; i++)
                cr_merge_feed(merge, i, 0, G_MAXUINT64, i == CR_TRACK_ZERO);
        ck_assert_int_eq(cr_merge_next(merge, &extent), CR_MERGE_EXTENT);
        ck_assert_uint_eq(extent.offset, size / CR_BLOCK_SIZE * CR_BLOCK_SIZE);
        ck_assert_uint_eq(extent.offset + extent.length, size);
        ck_assert(extent.zero);
        ck_assert_int_eq(cr_merge_next(merge, &extent), CR_MERGE_END);
}
END_TEST

START_TEST(what_is_kept_is_bounded)
{
        const guint64 n = 1000000;
        g_autoptr(CrMerge) merge = cr_merge_new(n * 512, G_MAXUINT64, FALSE);
        CrExtent extent;

        for (guint64 i = 0; i < n; i++)
                cr_merge_feed(merge, CR_TRACK_VIEW, i * 512, 512, i % 2);
        ck_assert_uint_lt(cr_merge_fed(merge, CR_TRACK_VIEW), n * 512 / 2);
        /* A gap is no answer. */
        cr_merge_feed(merge, CR_TRACK_OTHER, 512, 512, TRUE);
        ck_assert_uint_eq(cr_merge_fed(merge, CR_TRACK_OTHER), 0);
        ck_assert_int_eq(cr_merge_next(merge, &extent), CR_MERGE_HUNGRY);
}
END_TEST

START_TEST(empty_disk)
{
        g_autoptr(CrMerge) merge = cr_merge_new(0, 0, FALSE);
        CrExtent extent;

        ck_assert_int_eq(cr_merge_next(merge, &extent), CR_MERGE_END);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("merge");
        TCase *tcase = tcase_create("merge");

        tcase_set_timeout(tcase, 300);
        tcase_add_test(tcase, random_runs);
        tcase_add_test(tcase, largest_disk);
        tcase_add_test(tcase, what_is_kept_is_bounded);
        tcase_add_test(tcase, empty_disk);
        suite_add_tcase(suite, tcase);
        return run_suite(suite);
}
