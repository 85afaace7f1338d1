/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images are probed, layers made: what is refused, and what a new file looks like. */
#include "suite.h"
#include "world.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static void expect_refusal(const char *path, CrError code, const char *what)
{
        CrImageInfo info = {0};
        g_autoptr(GError) error = NULL;

        ck_assert_msg(!world.engine->probe(&world.config, path, &info, &error), "%s was accepted", path);
        world_assert_error(&error, code, what);
}

static gboolean create(const char *path, guint64 size, const char *like, GError **error)
{
        CrNewLayer layer = {.path = path, .virtual_size = size, .like = like};

        return world.engine->create(&world.config, &layer, 1, error);
}

START_TEST(a_probe_tells_what_an_image_is)
{
        g_autofree char *template = world_path("template.qcow2");
        const CrLayer *head;
        struct stat st;

        world.images->make(template, WORLD_SIZE / 2, NULL);
        ck_assert_int_eq(stat(template, &st), 0);
        world_define(template);
        head = world_head();
        ck_assert_uint_eq(head->virtual_size, WORLD_SIZE);
        ck_assert_uint_eq(head->inode, world_inode(world.disk->head_path));
        ck_assert_str_eq(head->template_path, template);
        ck_assert_uint_eq(head->template_inode, st.st_ino);
        ck_assert_uint_eq(head->template_size, (guint64)st.st_size);
        ck_assert_int_eq(
                head->template_mtime, st.st_mtim.tv_sec * G_USEC_PER_SEC + st.st_mtim.tv_nsec / 1000);
        ck_assert_uint_eq(world.engine->occupied(head) % 512, 0);
        ck_assert_uint_gt(world.engine->occupied(head), 0);
}
END_TEST

START_TEST(a_path_that_is_no_image_is_refused)
{
        g_autofree char *missing = world_path("missing.qcow2");
        g_autofree char *link = world_path("link.qcow2");
        g_autofree char *folder = world_path("folder.qcow2");
        g_autofree char *outside = g_build_filename(world.root, "outside.qcow2", NULL);

        world_define(NULL);
        world.images->make(outside, WORLD_SIZE, NULL);
        ck_assert_int_eq(symlink(world.disk->head_path, link), 0);
        ck_assert_int_eq(mkdir(folder, 0755), 0);
        expect_refusal(missing, CR_ERROR_FILE_NOT_FOUND, missing);
        expect_refusal(link, CR_ERROR_INVALID_PARAMETER, link);
        expect_refusal(folder, CR_ERROR_INVALID_PARAMETER, folder);
        expect_refusal(outside, CR_ERROR_INVALID_PARAMETER, outside);
}
END_TEST

START_TEST(a_changed_template_is_not_used)
{
        g_autofree char *template = world_path("template.qcow2");
        g_autoptr(GPtrArray) chain = NULL;
        g_autoptr(GError) error = NULL;

        world.images->make(template, WORLD_SIZE, NULL);
        world_define(template);
        world_write(1, 0);
        world_cut();
        world_check_all();
        chain = world_chain(world_head());
        ck_assert(world.images->write(template, 1, 0, WORLD_BLOCK));
        ck_assert_ptr_null(world.engine->serve(&world.config, chain, FALSE, world.runtime_folder, &error));
        world_assert_error(&error, CR_ERROR_FILE_NOT_FOUND, template);
        world.images->make(template, WORLD_SIZE, NULL);
        ck_assert_ptr_null(world.engine->serve(&world.config, chain, FALSE, world.runtime_folder, &error));
        world_assert_error(&error, CR_ERROR_FILE_NOT_FOUND, template);
}
END_TEST

START_TEST(a_new_head_looks_like_the_one_it_replaces)
{
        char value[16] = "";
        g_autofree char *before = NULL, *after = NULL;
        gssize before_size, after_size;
        struct stat st;

        world_define(NULL);
        images_must("setfacl -m u:1234:rw '%s'", world.disk->head_path);
        ck_assert_int_eq(chown(world.disk->head_path, 4321, 765), 0);
        ck_assert_int_eq(setxattr(world.disk->head_path, "user.note", "kept", 4, 0), 0);
        ck_assert_int_eq(setxattr(world.disk->head_path, "trusted.left", "x", 1, 0), 0);
        ck_assert_int_eq(stat(world.disk->head_path, &st), 0);
        before = g_malloc0(256);
        after = g_malloc0(256);
        before_size = getxattr(world.disk->head_path, "system.posix_acl_access", before, 256);
        ck_assert_int_gt(before_size, 0);
        world_cut();
        after_size = getxattr(world.disk->head_path, "system.posix_acl_access", after, 256);
        ck_assert_int_eq(before_size, after_size);
        ck_assert_int_eq(memcmp(before, after, (gsize)before_size), 0);
        ck_assert_int_eq(getxattr(world.disk->head_path, "user.note", value, sizeof value), 4);
        ck_assert_str_eq(value, "kept");
        ck_assert_int_eq(getxattr(world.disk->head_path, "trusted.left", value, sizeof value), -1);
        before_size = st.st_mode;
        ck_assert_int_eq(stat(world.disk->head_path, &st), 0);
        ck_assert_uint_eq(st.st_uid, 4321);
        ck_assert_uint_eq(st.st_gid, 765);
        ck_assert_int_eq(before_size, st.st_mode);
}
END_TEST

START_TEST(layers_lie_beside_the_head_where_a_machine_reaches_them)
{
        g_autofree char *folder = NULL, *outer = NULL;
        struct stat st;
        CrId point;

        world_define(NULL);
        point = world_cut();
        folder = g_path_get_dirname(world_layer_at(&point)->path);
        ck_assert(g_str_has_suffix(folder, world.collection->id.text));
        ck_assert_int_eq(stat(folder, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0711);
        outer = g_path_get_dirname(folder);
        ck_assert_int_eq(stat(outer, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0711);
        g_free(folder);
        folder = g_path_get_dirname(outer);
        ck_assert_str_eq(folder, world.image_folder);
}
END_TEST

START_TEST(layers_are_not_made_through_a_link)
{
        g_autofree char *folder = world_path(".collection-replication");
        g_autofree char *elsewhere = g_build_filename(world.root, "elsewhere", NULL);
        g_autofree char *path = NULL;
        g_autoptr(GError) error = NULL;
        CrId id = cr_id_new();

        world_define(NULL);
        path = world.engine->layer_path(world.collection, world.disk, &id);
        ck_assert_int_eq(mkdir(elsewhere, 0755), 0);
        ck_assert_int_eq(symlink(elsewhere, folder), 0);
        ck_assert(!create(path, WORLD_SIZE, NULL, &error));
        world_assert_error(&error, CR_ERROR_INVALID_PARAMETER, world.collection->id.text);
        ck_assert_int_eq(rmdir(elsewhere), 0); /* nothing was made in it */
}
END_TEST

START_TEST(a_layer_overwrites_nothing)
{
        g_autofree char *path = world_path("there");
        g_autofree char *text = NULL;
        g_autoptr(GError) error = NULL;

        world_define(NULL);
        ck_assert(g_file_set_contents(path, "mine", -1, NULL));
        ck_assert(!create(path, WORLD_SIZE, NULL, &error));
        world_assert_error(&error, CR_ERROR_INVALID_STATE, path);
        ck_assert(g_file_get_contents(path, &text, NULL, NULL));
        ck_assert_str_eq(text, "mine");
}
END_TEST

START_TEST(a_layer_that_can_not_be_made_leaves_nothing)
{
        g_autofree char *path = world_path("new");
        g_autofree char *missing = world_path("missing");
        g_autoptr(GError) error = NULL;

        world_define(NULL);
        ck_assert(!create(path, WORLD_SIZE, missing, &error));
        world_assert_error(&error, CR_ERROR_FILE_NOT_FOUND, missing);
        ck_assert(!create(path, G_MAXUINT64, NULL, &error));
        world_assert_error(&error, CR_ERROR_FAILED, path);
        ck_assert_uint_eq(world_inode(path), 0);
}
END_TEST

START_TEST(a_head_is_as_large_as_its_owner_made_it)
{
        g_autoptr(GError) error = NULL;
        guint64 size = 0;

        world_define(NULL);
        world_resize(WORLD_SIZE * 2);
        ck_assert(world.engine->measure(&world.config, world_head(), &size, &error));
        ck_assert_uint_eq(size, WORLD_SIZE * 2);
        world_head()->inode++;
        ck_assert(!world.engine->measure(&world.config, world_head(), &size, &error));
        world_assert_error(&error, CR_ERROR_FILE_NOT_FOUND, world.disk->head_path);
}
END_TEST

/* Enough of them that not all are made at once. */
START_TEST(of_many_layers_all_are_made_or_none)
{
        g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GError) error = NULL;
        CrNewLayer layers[20];

        world_define(NULL);
        for (guint i = 0; i < G_N_ELEMENTS(layers); i++) {
                g_autofree char *name = g_strdup_printf("layer-%u", i);

                g_ptr_array_add(paths, world_path(name));
                layers[i] = (CrNewLayer){.path = paths->pdata[i], .virtual_size = WORLD_SIZE + i * 65536};
        }
        layers[_i].virtual_size = G_MAXUINT64;
        ck_assert(!world.engine->create(&world.config, layers, G_N_ELEMENTS(layers), &error));
        world_assert_error(&error, CR_ERROR_FAILED, layers[_i].path);
        for (guint i = 0; i < paths->len; i++)
                ck_assert_uint_eq(world_inode(paths->pdata[i]), 0);
        layers[_i].virtual_size = WORLD_SIZE + (guint)_i * 65536;
        ck_assert(world.engine->create(&world.config, layers, G_N_ELEMENTS(layers), &error));
        for (guint i = 0; i < paths->len; i++) {
                CrLayer layer = {.path = paths->pdata[i], .inode = layers[i].inode};
                guint64 size;

                ck_assert_uint_eq(world_inode(paths->pdata[i]), layers[i].inode);
                ck_assert(world.engine->measure(&world.config, &layer, &size, NULL));
                ck_assert_uint_eq(size, layers[i].virtual_size);
        }
}
END_TEST

static gboolean is_empty(const CrLayer *layer)
{
        g_autoptr(GError) error = NULL;
        gboolean empty;

        ck_assert_msg(world.engine->is_empty(&world.config, layer, &empty, &error), "%s",
                error ? error->message : "");
        return empty;
}

START_TEST(a_layer_is_empty_until_something_is_written)
{
        const guint64 last = WORLD_SIZE / WORLD_BLOCK - 1;
        CrId written, untouched;

        world_define(NULL);
        ck_assert(is_empty(world_head()));
        world_write(1, 0);
        ck_assert(!is_empty(world_head()));
        written = world_cut();
        untouched = world_cut();
        world_write(0, last); /* zeroes are written, too */
        ck_assert(!is_empty(world_layer_at(&written)));
        ck_assert(is_empty(world_layer_at(&untouched)));
        ck_assert(!is_empty(world_head()));
}
END_TEST

TCase *suite_files(void)
{
        TCase *tcase = tcase_create("files");

        tcase_add_test(tcase, a_probe_tells_what_an_image_is);
        tcase_add_test(tcase, a_path_that_is_no_image_is_refused);
        tcase_add_loop_test(tcase, of_many_layers_all_are_made_or_none, 7, 9);
        tcase_add_test(tcase, a_head_is_as_large_as_its_owner_made_it);
        tcase_add_test(tcase, a_layer_is_empty_until_something_is_written);
        tcase_add_test(tcase, a_changed_template_is_not_used);
        tcase_add_test(tcase, a_new_head_looks_like_the_one_it_replaces);
        tcase_add_test(tcase, layers_lie_beside_the_head_where_a_machine_reaches_them);
        tcase_add_test(tcase, layers_are_not_made_through_a_link);
        tcase_add_test(tcase, a_layer_overwrites_nothing);
        tcase_add_test(tcase, a_layer_that_can_not_be_made_leaves_nothing);
        return tcase;
}
