/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is sent for known changes: how many bytes, as what, and what the digest sees. */
#include "run.h"

#include <libnbd.h>
#include <string.h>

#include "transfer.h"

#define K 1024u
#define SIZE ((1024u * K) + 512u)

/* A sender with a base and a layer above it, and the receiver's copy of the base. */
typedef struct Scene {
        Folder *folder;
        char *base, *y, *layer;
        guint64 size;
} Scene;

static Scene *scene_new(guint64 size, const char *base_write)
{
        Scene *scene = g_new0(Scene, 1);

        scene->folder = folder_new();
        scene->base = folder_file(scene->folder, "base.qcow2");
        scene->y = folder_file(scene->folder, "y.qcow2");
        scene->layer = folder_file(scene->folder, "layer.qcow2");
        scene->size = size;
        image_create(scene->base, LAYER_OPTIONS, NULL, size);
        image_do(scene->base, base_write);
        image_create(scene->y, LAYER_OPTIONS, scene->base, size);
        return scene;
}

static void scene_free(Scene *scene)
{
        folder_free(scene->folder);
        g_free(scene->base);
        g_free(scene->y);
        g_free(scene->layer);
        g_free(scene);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scene, scene_free)

/* The receiver's base is the sender's: it is the same file. */
static CrCopyResult scene_send(Scene *scene, gboolean whole)
{
        Transfer transfer = {.view = scene->y,
                .depth = whole ? G_MAXUINT : 1,
                .changed_from = G_MAXUINT64,
                .below = whole ? NULL : scene->base,
                .layer = scene->layer,
                .size = scene->size};
        CrCopyResult result = transfer_run(scene->folder, &transfer);

        ck_assert(images_equal(scene->y, scene->layer));
        return result;
}

START_TEST(small_writes_cost_little)
{
        const guint n = 4096;
        g_autoptr(GRand) rand = seeded_rand();
        g_autoptr(Scene) scene = scene_new((guint64)20 << 30, "write -P 1 10G 1M");
        g_autoptr(GHashTable) blocks = g_hash_table_new(NULL, NULL);
        Script *script = script_new();
        CrCopyResult result;

        while (g_hash_table_size(blocks) < n) {
                guint block = (guint)g_rand_int_range(rand, 0, 20 << 18);

                if (g_hash_table_add(blocks, GUINT_TO_POINTER(block)))
                        script_add(script, "write -P 7 %" G_GUINT64_FORMAT " 4k", (guint64)block * 4096);
        }
        script_run(script, scene->y);
        result = scene_send(scene, FALSE);
        ck_assert_uint_ge(result.bytes_sent, (guint64)n * 4096);
        ck_assert_uint_lt(result.bytes_sent, (guint64)n * 4096 * 105 / 100);
}
END_TEST

START_TEST(zeroes_are_not_data)
{
        g_autoptr(Scene) scene = scene_new(SIZE, "write -P 1 0 1049088");
        Script *script = script_new();
        CrCopyResult result;

        script_add(script, "write -P 0 0 256k");    /* data, as far as metadata tells */
        script_add(script, "write -P 3 64k 8k");    /* amidst it */
        script_add(script, "write -z 512k 128k");   /* a whole cluster */
        script_add(script, "write -z 700k 4k");     /* a piece of one */
        script_add(script, "write -z 1048576 512"); /* the odd end */
        script_run(script, scene->y);
        result = scene_send(scene, FALSE);
        ck_assert_uint_eq(result.bytes_sent, 8 * K);
        ck_assert_uint_eq(result.bytes_total, (256 + 128 + 4) * K + 512);
}
END_TEST

START_TEST(whole_copy_leaves_zeroes_out)
{
        g_autoptr(Scene) scene = scene_new(SIZE, "write -P 1 0 64k");
        Script *script = script_new();
        CrCopyResult result;

        script_add(script, "write -z 0 32k");
        script_add(script, "write -P 0 512k 128k");
        script_add(script, "write -P 5 1048576 512");
        script_run(script, scene->y);
        result = scene_send(scene, TRUE);
        ck_assert_uint_eq(result.bytes_sent, 32 * K + 512);
}
END_TEST

START_TEST(nothing_changed)
{
        g_autoptr(Scene) scene = scene_new(SIZE, "write -P 1 0 64k");
        CrCopyResult result = scene_send(scene, FALSE);

        ck_assert_uint_eq(result.bytes_total, 0);
}
END_TEST

/* A receiver's layer that was touched after it was written. */
START_TEST(digest_sees_every_change)
{
        static const char *const touches[] = {
                "write -P 9 4099584 512", /* data of a changed block (the last of it) */
                "write -z 68k 4k",        /* data became zeroes */
                "write -P 1 256k 512",    /* zeroes became data */
                "write -P 9 2M 4k",       /* a block that was not sent */
                "write -z 3M 4k",         /* zeroes that were not sent */
        };
        gboolean whole = _i % 2;
        g_autoptr(Scene) scene = scene_new((4u << 20) + 512, "write -P 1 0 64k");
        Script *script = script_new();
        char digest[CR_DIGEST_LENGTH + 1];
        CrCopyResult result;

        script_add(script, "write -P 5 64k 64k");
        script_add(script, "write -z 256k 4k");
        script_add(script, "write -P 5 4096000 4k");
        script_run(script, scene->y);
        result = scene_send(scene, whole);
        image_do(scene->layer, touches[_i / 2]);
        image_digest(scene->folder, scene->layer, whole, digest);
        /* A whole copy has no zeroes: more of them above nothing are the same. */
        if (whole && _i / 2 == G_N_ELEMENTS(touches) - 1)
                ck_assert_str_eq(digest, result.digest);
        else
                ck_assert_str_ne(digest, result.digest);
}
END_TEST

/* What the transfer relies on: zeroes written over data of the layer below are in the layer, at depth 1,
 * however they were asked for. */
START_TEST(zeroes_are_recorded)
{
        static const guint32 flags[] = {0, LIBNBD_CMD_FLAG_NO_HOLE};
        static const guint64 ranges[][2] = {
                {0, 4 * K}, {128 * K, 128 * K}, {300 * K, 8 * K}, {1024 * K, 512}};
        g_autoptr(Scene) scene = scene_new(SIZE, "write -P 1 0 1049088");
        g_autoptr(Server) writer = serve(scene->folder, scene->y, TRUE), reader = NULL;
        g_autoptr(CrNbd) view = NULL;
        g_autoptr(CrChanges) changes = NULL;
        struct nbd_handle *nbd = nbd_create();
        CrExtent extent;

        ck_assert_ptr_nonnull(nbd);
        ck_assert_int_eq(nbd_connect_unix(nbd, writer->socket_path), 0);
        for (guint i = 0; i < G_N_ELEMENTS(ranges); i++)
                ck_assert_int_eq(nbd_zero(nbd, ranges[i][1], ranges[i][0], flags[_i]), 0);
        ck_assert_int_eq(nbd_shutdown(nbd, 0), 0);
        nbd_close(nbd);
        server_end(writer);

        reader = serve(scene->folder, scene->y, FALSE);
        view = open_server(reader, TRUE);
        changes = cr_changes_new(&(CrChangesSpec){.view = view, .depth = 1, .changed_from = G_MAXUINT64});
        for (guint i = 0; i < G_N_ELEMENTS(ranges); i++) {
                ck_assert(cr_changes_next(changes, &extent, NULL));
                ck_assert_uint_eq(extent.offset, ranges[i][0]);
                ck_assert_uint_eq(extent.length, ranges[i][1]);
                ck_assert(extent.zero);
        }
        ck_assert(!cr_changes_next(changes, &extent, NULL));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("copy");
        TCase *tcase = tcase_create("copy");

        tcase_set_timeout(tcase, 300);
        tcase_add_test(tcase, small_writes_cost_little);
        tcase_add_test(tcase, zeroes_are_not_data);
        tcase_add_test(tcase, whole_copy_leaves_zeroes_out);
        tcase_add_test(tcase, nothing_changed);
        tcase_add_loop_test(tcase, digest_sees_every_change, 0, 10);
        tcase_add_loop_test(tcase, zeroes_are_recorded, 0, 2);
        suite_add_tcase(suite, tcase);
        return run_suite(suite);
}
