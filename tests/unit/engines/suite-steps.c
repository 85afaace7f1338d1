/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Points are cut, heads set aside, put back, made and deleted; whatever happens twice happens once. */
#include "suite.h"
#include "world.h"

#include <stdio.h>
#include <unistd.h>

START_TEST(a_cut_freezes_what_the_guest_had_written)
{
        ino_t inode;
        CrId first, second;

        world_define(NULL);
        world_write(1, 0);
        inode = world_head()->inode;
        first = world_cut();
        ck_assert_uint_eq(world_layer_at(&first)->inode, inode);
        ck_assert_uint_eq(world_inode(world_layer_at(&first)->path), inode);
        world_write(2, 0);
        world_write(3, 5);
        second = world_cut();
        world_write(4, 5);
        world_check_point(&first);
        world_check_point(&second);
        world_check_head();
}
END_TEST

START_TEST(a_cut_of_a_shrunk_and_a_grown_disk)
{
        world_define(NULL);
        world_write(1, 127);
        world_cut();
        world_resize(WORLD_SIZE / 2);
        world_cut();
        world_resize(WORLD_SIZE);
        world_write(2, 100);
        world_cut();
        world_check_all();
}
END_TEST

START_TEST(a_cut_over_a_strangers_file_changes_nothing)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *other = world_path("other.qcow2");
        g_autoptr(CrPlan) plan = NULL;
        const CrStep *step;
        ino_t stranger;

        world_define(NULL);
        plan = world_plan_cut();
        step = g_ptr_array_index(plan->steps, 0);
        world.images->make(other, WORLD_SIZE, NULL);
        ck_assert_int_eq(rename(other, world.disk->head_path), 0);
        stranger = world_inode(world.disk->head_path);
        ck_assert(!world_apply(plan, &error));
        world_assert_error(&error, CR_ERROR_INVALID_STATE, world.disk->head_path);
        ck_assert_uint_eq(world_inode(world.disk->head_path), stranger);
        ck_assert_uint_eq(world_inode(step->target), 0);
        ck_assert_uint_eq(world_inode(step->staged), step->staged_inode);
}
END_TEST

START_TEST(a_cut_overwrites_no_layer)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(CrPlan) plan = NULL;
        const CrStep *step;
        ino_t stranger;

        world_define(NULL);
        plan = world_plan_cut();
        step = g_ptr_array_index(plan->steps, 0);
        world.images->make(step->target, WORLD_SIZE, NULL);
        stranger = world_inode(step->target);
        ck_assert(!world_apply(plan, &error));
        world_assert_error(&error, CR_ERROR_INVALID_STATE, step->target);
        ck_assert_uint_eq(world_inode(step->target), stranger);
        ck_assert_uint_eq(world_inode(step->path), step->inode);
}
END_TEST

START_TEST(a_head_is_set_aside_and_put_back)
{
        CrId point;
        ino_t inode;

        world_define(NULL);
        world_write(1, 0);
        point = world_cut();
        world_write(2, 1);
        inode = world_head()->inode;
        world_carry_out(world_plan_prepare(&point));
        ck_assert_uint_eq(world_inode(world.disk->head_path), 0);
        ck_assert_ptr_null(world_head());
        world_check_point(&point);
        world_carry_out(cr_plan_undo_prepare(world.collection, NULL));
        ck_assert_uint_eq(world_inode(world.disk->head_path), inode);
        world_check_all();
}
END_TEST

START_TEST(a_strangers_file_stays_where_a_head_goes_back)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(CrPlan) undo = NULL;
        ino_t stranger;
        CrId point;

        world_define(NULL);
        point = world_cut();
        world_carry_out(world_plan_prepare(&point));
        undo = cr_plan_undo_prepare(world.collection, NULL);
        world.images->make(world.disk->head_path, WORLD_SIZE, NULL);
        stranger = world_inode(world.disk->head_path);
        ck_assert(!world_apply(undo, &error));
        world_assert_error(&error, CR_ERROR_INVALID_STATE, world.disk->head_path);
        ck_assert_uint_eq(world_inode(world.disk->head_path), stranger);
        ck_assert_uint_ne(world_inode(((CrStep *)undo->steps->pdata[0])->target), 0);
}
END_TEST

START_TEST(a_failover_places_a_head_above_any_point)
{
        CrId first, second;

        world_define(NULL);
        world_write(1, 0);
        first = world_cut();
        world_write(2, 0);
        second = world_cut();
        world_carry_out(world_plan_prepare(&second));
        world_carry_out(world_plan_failover(&first));
        g_byte_array_unref(world.head);
        world.head = g_byte_array_ref(g_hash_table_lookup(world.points, &first));
        world_check_all();
        world.head = g_byte_array_append(g_byte_array_new(), world.head->data, world.head->len);
        world_write(9, 3);
        world_check_all();
}
END_TEST

START_TEST(a_failover_overwrites_no_strangers_file)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(CrPlan) plan = NULL;
        const CrStep *step;
        CrId point;
        ino_t stranger;

        world_define(NULL);
        point = world_cut();
        world_carry_out(world_plan_prepare(&point));
        plan = world_plan_failover(&point);
        step = g_ptr_array_index(plan->steps, 0);
        world.images->make(step->path, WORLD_SIZE, NULL);
        stranger = world_inode(step->path);
        ck_assert(!world_apply(plan, &error));
        world_assert_error(&error, CR_ERROR_INVALID_STATE, step->path);
        ck_assert_uint_eq(world_inode(step->path), stranger);
        ck_assert_uint_eq(world_inode(step->staged), step->staged_inode);
}
END_TEST

START_TEST(a_discard_deletes_the_files_of_the_divergence_only)
{
        g_autofree char *aside = NULL;
        CrId point;

        world_define(NULL);
        world_write(1, 0);
        point = world_cut();
        world_write(2, 0);
        world_carry_out(world_plan_prepare(&point));
        aside = g_strdup(((CrLayer *)world.collection->layers->pdata[1])->path);
        ck_assert_uint_ne(world_inode(aside), 0);
        world_carry_out(cr_plan_discard(
                world.collection, &((CrDivergence *)world.collection->divergences->pdata[0])->id, NULL));
        ck_assert_uint_eq(world_inode(aside), 0);
        world_check_point(&point);
}
END_TEST

START_TEST(a_deletion_leaves_a_strangers_file)
{
        g_autoptr(CrPlan) plan = NULL;
        CrStep *step;
        ino_t inode;

        world_define(NULL);
        inode = world_head()->inode;
        plan = cr_plan_new(world.collection, CR_OP_DISCARD);
        step = cr_plan_add_step(plan, CR_STEP_DELETE, &world.disk->id);
        step->path = g_strdup(world.disk->head_path);
        step->inode = inode + 1;
        ck_assert(world_apply(plan, NULL));
        ck_assert_uint_eq(world_inode(step->path), inode);
        g_free(step->path);
        step->path = world_path("gone/x.qcow2");
        ck_assert(world_apply(plan, NULL));
}
END_TEST

TCase *suite_steps(void)
{
        TCase *tcase = tcase_create("steps");

        tcase_add_test(tcase, a_cut_freezes_what_the_guest_had_written);
        tcase_add_test(tcase, a_cut_of_a_shrunk_and_a_grown_disk);
        tcase_add_test(tcase, a_cut_over_a_strangers_file_changes_nothing);
        tcase_add_test(tcase, a_cut_overwrites_no_layer);
        tcase_add_test(tcase, a_head_is_set_aside_and_put_back);
        tcase_add_test(tcase, a_strangers_file_stays_where_a_head_goes_back);
        tcase_add_test(tcase, a_failover_places_a_head_above_any_point);
        tcase_add_test(tcase, a_failover_overwrites_no_strangers_file);
        tcase_add_test(tcase, a_discard_deletes_the_files_of_the_divergence_only);
        tcase_add_test(tcase, a_deletion_leaves_a_strangers_file);
        return tcase;
}
