/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two images that share nothing: digests of their blocks tell where they differ, and sending that makes the
 * other one show the same. */
#include "run.h"

#include "transfer.h"
#include "core/error.h"
#include "transfer/differences.h"

#define N_ROUNDS 8

static guint64 random_size(GRand *rand)
{
        guint64 sectors = (guint64)g_rand_int_range(rand, 1, 6000);

        return g_rand_boolean(rand) ? sectors * 512 : (sectors / 8 + 1) * 4096;
}

static void add_write(GRand *rand, Script *script, guint64 size)
{
        static const char *const commands[] = {"write -P 1", "write -P 2", "write -P 0", "write -z"};
        guint64 offset = (guint64)g_rand_int_range(rand, 0, (gint32)(size / 512)) * 512;
        guint64 length = (guint64)g_rand_int_range(rand, 1, g_rand_boolean(rand) ? 600 : 4) * 512;

        script_add(script, "%s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                commands[g_rand_int_range(rand, 0, G_N_ELEMENTS(commands))], offset,
                MIN(length, size - offset));
}

/* A base and a layer above it, both written to; @like: begins as a copy of that. */
static char *random_image(Folder *folder, GRand *rand, const char *name, const char *like, guint64 size)
{
        g_autofree char *base_file = g_strconcat(name, "-base.qcow2", NULL),
                        *base = folder_file(folder, base_file), *file = g_strconcat(name, ".qcow2", NULL);
        char *path = folder_file(folder, file);
        guint64 base_size = like ? size : random_size(rand);
        Script *script = script_new();

        if (like) {
                run_command((const char *const[]){"qemu-img", "convert", "-f", "qcow2", "-O", "qcow2", like,
                                    base, NULL},
                        FALSE);
        } else {
                Script *below = script_new();

                image_create(base, "cluster_size=4k", NULL, base_size);
                for (guint i = 0; i < 8; i++)
                        add_write(rand, below, base_size);
                script_run(below, base);
        }
        image_create(path, LAYER_OPTIONS, base, size);
        for (gint i = g_rand_int_range(rand, 1, 8); i > 0; i--)
                add_write(rand, script, size);
        script_run(script, path);
        return path;
}

static void tell_all(Folder *folder, const char *image, CrDifferences *differences, CrDifferencesSide side,
        guint64 end, guint32 block)
{
        g_autoptr(Server) server = serve(folder, image, FALSE);
        g_autoptr(CrNbd) view = open_server(server, TRUE);
        g_autoptr(CrBlockDigests) digests = cr_block_digests_new(view, 0, end, block);
        g_autoptr(GError) error = NULL;
        guint64 told = 0;

        for (CrBlockRun run; cr_block_digests_next(digests, &run, &error);) {
                ck_assert_uint_eq(run.offset, told);
                ck_assert(run.length > 0 && run.length % block == 0 && (run.zero || run.length == block));
                told += run.length;
                cr_differences_add(differences, side, &run);
        }
        g_assert_no_error(error);
        ck_assert_uint_eq(told, end);
}

START_TEST(what_differs_is_sent)
{
        g_autoptr(GRand) rand = seeded_rand();

        for (guint round = 0; round < N_ROUNDS; round++) {
                g_autoptr(Folder) folder = folder_new();
                guint64 size = random_size(rand), their_size = round % 3 ? size : random_size(rand);
                guint32 block = 1u << g_rand_int_range(rand, 12, 19);
                guint64 end = (size + block - 1) / block * block;
                g_autofree char *ours = random_image(folder, rand, "ours", NULL, size);
                g_autofree char *theirs =
                        random_image(folder, rand, "theirs", round % 2 ? ours : NULL, their_size);
                g_autofree char *layer = folder_file(folder, "layer.qcow2");
                g_autoptr(CrDifferences) differences = cr_differences_new(0, size, CR_DIFFERENCES_MAX);
                Transfer transfer = {.view = ours, .size = size, .below = theirs, .layer = layer};

                tell_all(folder, theirs, differences, CR_SIDE_THEIRS, end, block);
                tell_all(folder, ours, differences, CR_SIDE_OURS, end, block);
                transfer.compared = cr_differences_extents(differences);
                /* What they have beyond our end is nothing to us. */
                if (their_size <= size)
                        ck_assert_int_eq(transfer.compared->len == 0, images_equal(ours, theirs));
                transfer_run(folder, &transfer);
                ck_assert(images_equal(ours, layer));
        }
}
END_TEST

/* A part of a disk, in blocks of any size, down to single bytes. */
START_TEST(a_byte_is_found)
{
        g_autoptr(Folder) folder = folder_new();
        g_autofree char *image = folder_file(folder, "image.qcow2");
        g_autoptr(Server) server = NULL;
        g_autoptr(CrNbd) view = NULL;
        g_autoptr(CrBlockDigests) digests = NULL;
        g_autoptr(GError) error = NULL;
        guint64 last_zero = 0;

        image_create(image, LAYER_OPTIONS, NULL, 1 << 20);
        image_do(image, "write -P 7 69120 512");
        server = serve(folder, image, FALSE);
        view = open_server(server, TRUE);
        digests = cr_block_digests_new(view, 68608, 69632, 1);
        for (CrBlockRun run; cr_block_digests_next(digests, &run, &error);) {
                ck_assert_int_eq(run.zero, run.offset < 69120);
                last_zero = run.zero ? run.offset + run.length : last_zero;
        }
        g_assert_no_error(error);
        ck_assert_uint_eq(last_zero, 69120);
}
END_TEST

static guint64 count_data(CrNbd *view, guint64 from, guint64 end, guint32 block)
{
        g_autoptr(CrBlockDigests) digests = cr_block_digests_new(view, from, end, block);
        g_autoptr(GError) error = NULL;
        guint64 data = 0;

        for (CrBlockRun run; cr_block_digests_next(digests, &run, &error);)
                data += run.zero ? 0 : run.length;
        g_assert_no_error(error);
        return data;
}

/* What lies behind the end is not asked for: nothing of it would be under way afterwards. */
START_TEST(a_connection_is_used_again)
{
        g_autoptr(GRand) rand = seeded_rand();
        g_autoptr(Folder) folder = folder_new();
        g_autofree char *image = folder_file(folder, "image.qcow2");
        g_autoptr(Server) server = NULL;
        g_autoptr(CrNbd) view = NULL;

        image_create(image, LAYER_OPTIONS, NULL, G_GUINT64_CONSTANT(16) << 30);
        image_do(image, "write -P 7 0 16M");
        image_do(image, "write -P 7 15G 16M");
        server = serve(folder, image, FALSE);
        view = open_server(server, TRUE);
        for (guint i = 0; i < 100; i++) {
                guint64 from = (guint64)g_rand_int_range(rand, 0, 128),
                        end = (guint64)g_rand_int_range(rand, 129, 512);
                guint64 data = count_data(view, from << 16, end << 16, 1 << 16);

                ck_assert_uint_eq(data >> 16, MIN(end, 256) - from);
        }
        ck_assert_uint_eq(count_data(view, 0, G_GUINT64_CONSTANT(16) << 30, 1 << 16), 32 << 20);
}
END_TEST

START_TEST(a_server_that_goes)
{
        g_autoptr(Folder) folder = folder_new();
        g_autofree char *image = folder_file(folder, "image.qcow2");
        g_autoptr(Server) server = NULL;
        g_autoptr(CrNbd) view = NULL;
        g_autoptr(CrBlockDigests) digests = NULL;
        g_autoptr(GError) error = NULL;
        CrBlockRun run;

        image_create(image, LAYER_OPTIONS, NULL, 64 << 20);
        image_do(image, "write -P 7 0 64M");
        server = serve(folder, image, FALSE);
        view = open_server(server, TRUE);
        digests = cr_block_digests_new(view, 0, 64 << 20, CR_BLOCK_DIGEST_USUAL);
        ck_assert(cr_block_digests_next(digests, &run, &error));
        server_kill(server);
        while (cr_block_digests_next(digests, &run, &error))
                ;
        ck_assert(g_error_matches(error, CR_ERROR, CR_ERROR_NOT_AVAILABLE));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("transfer-block-digests");
        TCase *tcase = tcase_create("transfer-block-digests");

        tcase_set_timeout(tcase, 600);
        tcase_add_test(tcase, what_differs_is_sent);
        tcase_add_test(tcase, a_byte_is_found);
        tcase_add_test(tcase, a_connection_is_used_again);
        tcase_add_test(tcase, a_server_that_goes);
        suite_add_tcase(suite, tcase);
        return run_suite(suite);
}
