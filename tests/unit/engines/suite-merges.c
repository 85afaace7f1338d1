/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layers that nothing needs any more are merged; what a guest sees of the others stays. */
#include "suite.h"
#include "world.h"

static void merge(const CrId *point)
{
        g_autofree char *lower = g_strdup(world_layer_at(point)->path);

        world_carry_out(cr_plan_expire_point(world.collection, point));
        g_hash_table_remove(world.points, point);
        ck_assert_uint_eq(world_inode(lower), 0);
        world_check_all();
}

START_TEST(a_merge_keeps_every_other_view)
{
        CrId points[3];

        world_define(NULL);
        for (guint8 i = 0; i < 3; i++) {
                world_write(i + 1, 0);
                world_write(i + 10, 10u + i);
                points[i] = world_cut();
        }
        world_write(7, 1);
        merge(&points[0]);
        merge(&points[1]);
        world_write(8, 2);
        world_check_all();
}
END_TEST

START_TEST(layers_without_contents_merge)
{
        CrId full, empty;

        world_define(NULL);
        world_write(1, 0);
        full = world_cut();
        empty = world_cut();
        world_cut();
        world_write(2, 1);
        merge(&full);
        merge(&empty);
        world_write(3, 2);
        world_check_all();
}
END_TEST

/* A longer layer below must not show again through the hole that a smaller one tore. */
START_TEST(a_disk_that_shrank_and_grew_shows_no_old_bytes)
{
        CrId full, half, whole;

        world_define(NULL);
        for (guint64 block = 0; block < WORLD_SIZE / WORLD_BLOCK; block++)
                world_write(1, block);
        full = world_cut();
        world_resize(WORLD_SIZE / 2);
        half = world_cut();
        world_resize(WORLD_SIZE);
        whole = world_cut();
        world_write(2, 1);
        world_check_all();
        if (_i == 0) {
                merge(&full); /* the longer into the shorter's place */
                merge(&half);
        } else {
                merge(&half); /* the shorter, above the longer, grows */
                merge(&full);
        }
        world_check_point(&whole);
}
END_TEST

START_TEST(a_grown_disk_merges)
{
        CrId small;

        world_define(NULL);
        world_write(1, 127);
        small = world_cut();
        world_resize(2 * WORLD_SIZE);
        world_write(2, 200);
        world_cut();
        merge(&small);
}
END_TEST

/* A size that ends within a cluster, and within a sub-cluster. */
START_TEST(an_odd_size_merges)
{
        CrId point;

        world_define(NULL);
        world_write(1, 70);
        world_write(1, 71);
        world_cut();
        world_resize(70 * WORLD_BLOCK + 2560);
        point = world_cut();
        world_resize(72 * WORLD_BLOCK + 512);
        world_cut();
        merge(&point);
}
END_TEST

/* The lower is cut within a cluster; the rest of that one must not show when the machine's disk grows again.
 */
START_TEST(an_odd_size_that_grows_again_shows_no_old_bytes)
{
        world_define(NULL);
        world_write(1, 70);
        world_cut();
        world_resize(70 * WORLD_BLOCK + 2560);
        world_write(2, 1);
        world_carry_out(cr_plan_flatten(world.collection, CR_OP_REMOVE_RELATIONSHIP, NULL));
        world_check_head();
        world_resize(WORLD_SIZE);
        world_check_head();
}
END_TEST

START_TEST(a_chain_ends_as_one_plain_image)
{
        ino_t inode;

        world_define(NULL);
        inode = world_head()->inode;
        for (guint8 i = 0; i < 3; i++) {
                world_write(i + 1, i);
                world_cut();
        }
        world_write(9, 0);
        world_carry_out(cr_plan_flatten(world.collection, CR_OP_REMOVE_RELATIONSHIP, NULL));
        ck_assert_uint_eq(world_inode(world.disk->head_path), inode);
        ck_assert_uint_eq(world.collection->layers->len, 1);
        world_check_head();
}
END_TEST

/* The store's idea of the head's size is old: the machine grew its disk since. */
START_TEST(a_disk_grown_since_the_plan_was_made_loses_nothing)
{
        world_define(NULL);
        world_resize(2 * WORLD_SIZE);
        world_write(3, 200);
        world_cut();
        world_head()->virtual_size = WORLD_SIZE;
        world_carry_out(cr_plan_flatten(world.collection, CR_OP_REMOVE_RELATIONSHIP, NULL));
        world_check_head();
}
END_TEST

START_TEST(a_clone_stays_a_clone)
{
        g_autofree char *template = world_path("template.qcow2");
        g_autoptr(GBytes) before = NULL, after = NULL;

        world.images->make(template, WORLD_SIZE, NULL);
        ck_assert(world.images->write(template, 5, 0, 4 * WORLD_BLOCK));
        before = world.images->read(template);
        world_define(template);
        world_write(1, 1);
        world_cut();
        world_write(2, 2);
        world_carry_out(cr_plan_flatten(world.collection, CR_OP_REMOVE_RELATIONSHIP, NULL));
        world_check_head();
        ck_assert_str_eq(world_head()->template_path, template);
        after = world.images->read(template);
        ck_assert(g_bytes_equal(before, after));
}
END_TEST

START_TEST(nothing_is_merged_into_a_template)
{
        g_autofree char *template = world_path("template.qcow2");
        g_autoptr(CrPlan) plan = NULL;
        g_autoptr(GError) error = NULL;
        CrStep *step;

        world.images->make(template, WORLD_SIZE, NULL);
        world_define(template);
        world_write(1, 1);
        plan = cr_plan_new(world.collection, CR_OP_REMOVE_RELATIONSHIP);
        step = cr_plan_add_step(plan, CR_STEP_MERGE, &world.disk->id);
        step->path = g_strdup(world.disk->head_path);
        step->inode = world_inode(step->path);
        step->target = g_strdup(template);
        step->target_inode = world_inode(template);
        step->virtual_size = WORLD_SIZE;
        ck_assert(!world_apply(plan, &error));
        world_assert_error(&error, CR_ERROR_FAILED, template);
        world_check_head();
}
END_TEST

START_TEST(a_merge_waits_for_no_reader)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) chain = NULL;
        CrPlan *plan;
        CrExport *export;
        CrId first;

        world_define(NULL);
        first = world_cut();
        world_cut();
        chain = world_chain(world_layer_at(&first));
        export = world.engine->serve(&world.config, chain, FALSE, world.runtime_folder, NULL);
        ck_assert_ptr_nonnull(world.engine->export_socket(export, NULL));
        plan = cr_plan_expire_point(world.collection, &first);
        ck_assert(!world_apply(plan, &error));
        world_assert_error(&error, CR_ERROR_IN_USE, world_layer_at(&first)->path);
        ck_assert(world.engine->stop(&export, 1, NULL));
        world_carry_out(plan);
        world_check_all();
}
END_TEST

TCase *suite_merges(void)
{
        TCase *tcase = tcase_create("merges");

        tcase_add_test(tcase, a_merge_keeps_every_other_view);
        tcase_add_test(tcase, layers_without_contents_merge);
        tcase_add_loop_test(tcase, a_disk_that_shrank_and_grew_shows_no_old_bytes, 0, 2);
        tcase_add_test(tcase, a_grown_disk_merges);
        tcase_add_test(tcase, an_odd_size_merges);
        tcase_add_test(tcase, an_odd_size_that_grows_again_shows_no_old_bytes);
        tcase_add_test(tcase, a_chain_ends_as_one_plain_image);
        tcase_add_test(tcase, a_disk_grown_since_the_plan_was_made_loses_nothing);
        tcase_add_test(tcase, a_clone_stays_a_clone);
        tcase_add_test(tcase, nothing_is_merged_into_a_template);
        tcase_add_test(tcase, a_merge_waits_for_no_reader);
        return tcase;
}
