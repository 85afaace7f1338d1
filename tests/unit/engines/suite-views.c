/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Views are served, written to and exported. */
#include "suite.h"
#include "world.h"

#include <fcntl.h>
#include <libnbd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A new layer above @base, as a receive makes it. */
static CrLayer *make_receiving(const CrLayer *base, guint64 size)
{
        CrLayer *layer = cr_layer_new();
        g_autoptr(GError) error = NULL;

        layer->id = cr_id_new();
        layer->disk = world.disk->id;
        layer->parent = base ? base->id : CR_ID_NONE;
        layer->kind = CR_LAYER_RECEIVING;
        layer->virtual_size = size;
        layer->path = world.engine->layer_path(world.collection, world.disk, &layer->id);
        ck_assert_msg(world_create(&(CrNewLayer){.below = base, .path = layer->path, .virtual_size = size},
                              &layer->inode, &error),
                "%s", error ? error->message : "");
        g_ptr_array_add(world.collection->layers, layer);
        return layer;
}

static const char *socket_of(CrExport *export)
{
        g_autoptr(GError) error = NULL;
        const char *socket = world.engine->export_socket(export, &error);

        ck_assert_msg(socket != NULL, "%s", error ? error->message : "");
        return socket;
}

static struct nbd_handle *connect_to(CrExport *export)
{
        struct nbd_handle *nbd = nbd_create();

        ck_assert_int_eq(nbd_add_meta_context(nbd, "base:allocation"), 0);
        ck_assert_int_eq(nbd_add_meta_context(nbd, "qemu:allocation-depth"), 0);
        ck_assert_msg(nbd_connect_unix(nbd, socket_of(export)) == 0, "%s", nbd_get_error());
        return nbd;
}

static CrExport *serve(const CrLayer *layer, gboolean writable)
{
        g_autoptr(GPtrArray) chain = world_chain(layer);
        g_autoptr(GError) error = NULL;
        CrExport *export = world.engine->serve(&world.config, chain, writable, world.runtime_folder, &error);

        ck_assert_msg(export != NULL, "%s", error ? error->message : "");
        return export;
}

static void stop(CrExport *export)
{
        g_autoptr(GError) error = NULL;

        ck_assert_msg(world.engine->stop(&export, 1, &error), "%s", error ? error->message : "");
}

static void disconnect(struct nbd_handle *nbd)
{
        nbd_shutdown(nbd, 0);
        nbd_close(nbd);
}

START_TEST(what_is_written_to_a_layer_is_there_and_nowhere_else)
{
        g_autofree guint8 *block = g_malloc(WORLD_BLOCK);
        GByteArray *expected;
        struct nbd_handle *nbd;
        CrExport *export;
        CrLayer *layer;
        CrId point;

        world_define(NULL);
        world_write(1, 0);
        world_write(1, 1);
        world_write(1, 2);
        point = world_cut();
        layer = make_receiving(world_layer_at(&point), WORLD_SIZE);
        expected = g_byte_array_append(g_byte_array_new(), world.head->data, world.head->len);
        memset(block, 9, WORLD_BLOCK);
        memset(expected->data + WORLD_BLOCK, 9, WORLD_BLOCK);
        memset(expected->data + 2 * WORLD_BLOCK, 0, 4096);
        export = serve(layer, TRUE);
        nbd = connect_to(export);
        ck_assert_int_eq(nbd_pwrite(nbd, block, WORLD_BLOCK, WORLD_BLOCK, 0), 0);
        ck_assert_int_eq(nbd_zero(nbd, 4096, 2 * WORLD_BLOCK, 0), 0);
        disconnect(nbd);
        stop(export);
        world_check_layer(layer, expected);
        world_check_all();
        g_byte_array_unref(expected);
}
END_TEST

START_TEST(a_view_can_not_be_written)
{
        struct nbd_handle *nbd;
        CrExport *export;
        CrId point;
        struct stat st;

        world_define(NULL);
        point = world_cut();
        export = serve(world_layer_at(&point), FALSE);
        ck_assert_int_eq(stat(socket_of(export), &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, 0600);
        nbd = connect_to(export);
        ck_assert_int_eq(nbd_is_read_only(nbd), 1);
        disconnect(nbd);
        stop(export);
        ck_assert_int_ne(stat(world.runtime_folder, &st), -1);
        ck_assert_uint_eq(st.st_nlink, 2);
        ck_assert_int_eq(rmdir(world.runtime_folder), 0); /* no socket is left */
}
END_TEST

static int note_depth(
        void *data, const char *context, uint64_t offset, uint32_t *entries, size_t n, int *error)
{
        guint *depths = data;

        if (strcmp(context, "qemu:allocation-depth") == 0)
                for (size_t i = 0; i < n; offset += entries[i], i += 2)
                        if (offset / WORLD_BLOCK < 4)
                                depths[offset / WORLD_BLOCK] = entries[i + 1];
        return 0;
}

START_TEST(a_view_tells_which_layer_each_block_is_in)
{
        guint depths[4] = {0};
        struct nbd_handle *nbd;
        CrExport *export;
        CrId point;

        world_define(NULL);
        world_write(1, 2);
        world_cut();
        world_write(2, 0);
        world_write(2, 1);
        point = world_cut();
        export = serve(world_layer_at(&point), FALSE);
        nbd = connect_to(export);
        ck_assert_int_eq(nbd_block_status(nbd, 4 * WORLD_BLOCK, 0,
                                 (nbd_extent_callback){.callback = note_depth, .user_data = depths}, 0),
                0);
        ck_assert_uint_eq(depths[0], 1);
        ck_assert_uint_eq(depths[2], 2);
        disconnect(nbd);
        stop(export);
}
END_TEST

START_TEST(a_running_machines_disk_can_be_looked_at)
{
        Machine *machine;
        CrExport *export;

        world_define(NULL);
        world_cut();
        machine = world.images->run(world.disk->head_path, TRUE);
        export = serve(world_head(), FALSE);
        stop(export);
        export = serve(world_head(), FALSE);
        machine_stop(machine);
        world_write(1, 0); /* nor does looking keep it from starting */
        stop(export);
}
END_TEST

START_TEST(files_that_are_not_the_recorded_ones_are_not_served)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) chain = NULL;
        g_autofree char *other = world_path("other.qcow2");
        CrId point;

        world_define(NULL);
        point = world_cut();
        chain = world_chain(world_head());
        world.images->make(other, WORLD_SIZE, NULL);
        ck_assert_int_eq(rename(other, world_layer_at(&point)->path), 0);
        ck_assert_ptr_null(world.engine->serve(&world.config, chain, FALSE, world.runtime_folder, &error));
        world_assert_error(&error, CR_ERROR_FILE_NOT_FOUND, world_layer_at(&point)->path);
        ck_assert_int_eq(unlink(world_layer_at(&point)->path), 0);
        ck_assert_ptr_null(world.engine->serve(&world.config, chain, FALSE, world.runtime_folder, &error));
        world_assert_error(&error, CR_ERROR_FILE_NOT_FOUND, world_layer_at(&point)->path);
}
END_TEST

static void note_progress(guint64 done, guint64 total, void *userdata)
{
        guint64 *last = userdata;

        ck_assert_uint_ge(done, *last);
        ck_assert_uint_le(done, total);
        *last = done;
}

static gboolean export_to(const char *name, guint64 *ret_done, GError **error)
{
        g_autoptr(GPtrArray) chain = world_chain(world_head());
        int folder = open(world.export_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        gboolean ok = world.engine->export_image(
                &world.config, chain, folder, name, ret_done ? note_progress : NULL, ret_done, error);

        close(folder);
        return ok;
}

START_TEST(an_export_stands_alone)
{
        g_autofree char *path = g_build_filename(world.export_folder, "copy.qcow2", NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) content = NULL;
        guint64 done = 0;
        struct stat st;

        world_define(NULL);
        world_write(1, 0);
        world_cut();
        world_write(2, 1);
        ck_assert_msg(export_to("copy.qcow2", &done, &error), "%s", error ? error->message : "");
        ck_assert_uint_eq(done, WORLD_SIZE);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, 0600);
        ck_assert_uint_lt((guint64)st.st_blocks * 512, WORLD_SIZE / 4);
        images_must("rm -r '%s'", world.image_folder); /* alone */
        content = world.images->read(path);
        ck_assert_uint_eq(g_bytes_get_size(content), world.head->len);
        ck_assert_int_eq(memcmp(g_bytes_get_data(content, NULL), world.head->data, world.head->len), 0);
}
END_TEST

START_TEST(an_export_overwrites_nothing)
{
        static const char *const names[] = {"there", "link", "../images/there", "..", ""};
        g_autofree char *there = g_build_filename(world.export_folder, "there", NULL);
        g_autofree char *link = g_build_filename(world.export_folder, "link", NULL);
        g_autofree char *text = NULL;
        g_autoptr(GError) error = NULL;

        world_define(NULL);
        ck_assert(g_file_set_contents(there, "mine", -1, NULL));
        ck_assert_int_eq(symlink("elsewhere", link), 0);
        for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
                ck_assert(!export_to(names[i], NULL, &error));
                world_assert_error(&error, CR_ERROR_INVALID_PARAMETER, names[i]);
        }
        ck_assert(g_file_get_contents(there, &text, NULL, NULL));
        ck_assert_str_eq(text, "mine");
}
END_TEST

START_TEST(a_failed_export_leaves_nothing)
{
        g_autoptr(GError) error = NULL;
        struct stat st;
        CrId point;

        world_define(NULL);
        point = world_cut();
        ck_assert_int_eq(truncate(world_layer_at(&point)->path, 100), 0);
        ck_assert(!export_to("copy.qcow2", NULL, &error));
        ck_assert_ptr_nonnull(error);
        ck_assert_int_eq(rmdir(world.export_folder), 0);
        ck_assert_int_eq(stat(world.export_folder, &st), -1);
}
END_TEST

TCase *suite_views(void)
{
        TCase *tcase = tcase_create("views");

        tcase_add_test(tcase, what_is_written_to_a_layer_is_there_and_nowhere_else);
        tcase_add_test(tcase, a_view_can_not_be_written);
        tcase_add_test(tcase, a_view_tells_which_layer_each_block_is_in);
        tcase_add_test(tcase, a_running_machines_disk_can_be_looked_at);
        tcase_add_test(tcase, files_that_are_not_the_recorded_ones_are_not_served);
        tcase_add_test(tcase, an_export_stands_alone);
        tcase_add_test(tcase, an_export_overwrites_nothing);
        tcase_add_test(tcase, a_failed_export_leaves_nothing);
        return tcase;
}
