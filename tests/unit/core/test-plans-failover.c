/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plans of planned failovers and of test failovers, and what they mean for a preparation, for retention
 * and for a discard. */
#include "core/error.h"
#include "core/lineage.h"
#include "core/plans.h"
#include "tree.h"
#include "unit.h"

#include <string.h>

#define N_DISKS 2
#define HEAD 9 /* number of the heads' layers */

static char *layer_path(const CrCollection *collection, const CrDisk *disk, const CrId *layer)
{
        return g_strdup_printf("/images/%s/%s-%s", collection->id.text, disk->name, layer->text);
}

static guint64 occupied(const CrLayer *layer)
{
        return 100;
}

static const CrEngine engine = {.name = "memory", .layer_path = layer_path, .occupied = occupied};

static const CrId new_point = {"c0000000000000000000000000000001"};
static CrCollection *primary; /* three points, and heads above */

static void set_up(void)
{
        primary = tree_new(N_DISKS);
        tree_add_chain(primary, 3);
        tree_add_layers(primary, HEAD, 3, CR_LAYER_HEAD, 0);
        for (guint i = 0; i < N_DISKS; i++) {
                CrLayer *head = tree_layer(primary, i, HEAD);

                g_free(head->path);
                head->path = g_strdup(((CrDisk *)primary->disks->pdata[i])->head_path);
        }
}

static void tear_down(void)
{
        cr_collection_free(primary);
}

static CrPlan *plan_failover(const CrCollection *before)
{
        const CrCutSpec spec = {.point = new_point, .host = cr_id_new(), .now = 5};
        const guint64 sizes[N_DISKS] = {4096, 8192};
        g_autoptr(GError) error = NULL;
        CrPlan *plan = cr_plan_planned_failover(before, &engine, &spec, sizes, &error);

        ck_assert_msg(plan != NULL, "%s", error ? error->message : "no error");
        return plan;
}

/* The collection after a planned failover. */
static CrCollection *prepared(void)
{
        g_autoptr(CrPlan) plan = plan_failover(primary);

        return g_steal_pointer(&plan->after);
}

static GPtrArray *stage(const CrCollection *collection)
{
        GPtrArray *staged = g_ptr_array_new_with_free_func((GDestroyNotify)cr_staged_layer_free);

        for (guint i = 0; i < collection->disks->len; i++) {
                CrStagedLayer *one =
                        cr_staged_layer_new(&engine, collection, collection->disks->pdata[i], 4096);

                one->inode = 77 + i;
                g_ptr_array_add(staged, one);
        }
        return staged;
}

START_TEST(the_heads_become_the_last_point)
{
        g_autoptr(CrPlan) plan = plan_failover(primary);
        const CrPoint *point = cr_collection_point(plan->after, &new_point);
        CrId third = tree_point_id(3);

        ck_assert_int_eq(plan->after->state, CR_STATE_PREPARED_FOR_FAILOVER);
        ck_assert_int_eq(plan->after->role, CR_ROLE_PRIMARY);
        ck_assert(point && point->planned && point->held && cr_id_equal(&point->parent, &third));
        ck_assert(cr_id_equal(&plan->after->base_point, &new_point));
        /* Nothing is written after it, so that also a recovery's cut is one instant. */
        ck_assert(cr_id_is_none(&plan->dropped_point));
        ck_assert_uint_eq(plan->steps->len, N_DISKS);
        for (guint i = 0; i < N_DISKS; i++) {
                const CrStep *step = plan->steps->pdata[i];
                const CrLayer *layer = tree_layer(plan->after, i, HEAD);

                ck_assert_int_eq(step->kind, CR_STEP_SET_ASIDE);
                ck_assert_str_eq(step->path, ((CrDisk *)primary->disks->pdata[i])->head_path);
                ck_assert_str_eq(step->target, layer->path);
                ck_assert_uint_eq(step->inode, layer->inode);
                ck_assert_int_eq(layer->kind, CR_LAYER_FROZEN);
                ck_assert_uint_eq(layer->virtual_size, i == 0 ? 4096 : 8192);
                ck_assert(cr_id_equal(&layer->point, &new_point));
                ck_assert_ptr_null(cr_collection_head(plan->after, &layer->disk));
        }
}
END_TEST

START_TEST(without_heads_there_is_nothing_to_freeze)
{
        g_autoptr(CrCollection) before = prepared();
        const CrCutSpec spec = {.point = cr_id_new()};
        const guint64 sizes[N_DISKS] = {0};
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(cr_plan_planned_failover(before, &engine, &spec, sizes, &error));
        assert_error(error, CR_ERROR_INVALID_STATE, "'shop'");
}
END_TEST

START_TEST(a_revert_puts_new_heads_above_the_last_point)
{
        g_autoptr(CrCollection) before = prepared();
        g_autoptr(GPtrArray) staged = stage(before);
        g_autoptr(CrPlan) plan = cr_plan_revert_planned_failover(before, staged, NULL);

        ck_assert_int_eq(plan->after->state, CR_STATE_REPLICATING);
        ck_assert(!cr_collection_point(plan->after, &new_point)->planned);
        ck_assert_uint_eq(plan->steps->len, N_DISKS);
        for (guint i = 0; i < N_DISKS; i++) {
                const CrDisk *disk = plan->after->disks->pdata[i];
                const CrStep *step = plan->steps->pdata[i];
                const CrLayer *head = cr_collection_head(plan->after, &disk->id);

                ck_assert_int_eq(step->kind, CR_STEP_PLACE_HEAD);
                ck_assert_str_eq(step->path, disk->head_path);
                ck_assert_uint_eq(step->staged_inode, 77 + i);
                ck_assert(cr_id_equal(&head->parent, &tree_layer(before, i, HEAD)->id));
        }
}
END_TEST

static CrPlan *prepare(const CrCollection *before, const CrId *common)
{
        const CrPrepareSpec spec = {.common_point = *common, .preparation = cr_id_new(), .now = 6};
        g_autoptr(GError) error = NULL;
        CrPlan *plan = cr_plan_prepare(before, &engine, &spec, &error);

        ck_assert_msg(plan != NULL, "%s", error ? error->message : "no error");
        return plan;
}

static void check_undone(const CrCollection *before, const CrCollection *prepared_side)
{
        g_autoptr(CrPlan) undo = cr_plan_undo_prepare(prepared_side, NULL);

        ck_assert_uint_eq(undo->steps->len, 0);
        ck_assert_uint_eq(undo->after->divergences->len, 0);
        ck_assert_int_eq(undo->after->role, CR_ROLE_PRIMARY);
        ck_assert_int_eq(undo->after->state, CR_STATE_PREPARED_FOR_FAILOVER);
        ck_assert(cr_id_equal(&undo->after->base_point, &before->base_point));
}

START_TEST(a_preparation_after_it_sets_nothing_aside)
{
        g_autoptr(CrCollection) before = prepared();
        g_autoptr(CrPlan) plan = prepare(before, &new_point);

        ck_assert_uint_eq(plan->steps->len, 0);
        ck_assert_uint_eq(plan->after->divergences->len, 0);
        ck_assert_int_eq(plan->after->role, CR_ROLE_REPLICA);
        check_undone(before, plan->after);
}
END_TEST

START_TEST(a_last_point_that_did_not_arrive_is_kept_as_a_divergence)
{
        g_autoptr(CrCollection) before = prepared();
        CrId common = tree_point_id(2);
        g_autoptr(CrPlan) plan = prepare(before, &common);
        const CrDivergence *divergence = plan->after->divergences->pdata[0];

        ck_assert_uint_eq(plan->steps->len, 0);
        ck_assert_uint_eq(plan->after->divergences->len, 1);
        ck_assert(divergence->undoable && cr_id_equal(&divergence->common_point, &common));
        ck_assert_uint_eq(divergence->disks->len, N_DISKS);
        for (guint i = 0; i < N_DISKS; i++) {
                const CrDivergentDisk *disk = divergence->disks->pdata[i];

                ck_assert(cr_id_equal(&disk->layer, &tree_layer(before, i, HEAD)->id));
                ck_assert_uint_eq(disk->bytes, 200); /* the third point's layer, and the last one */
                ck_assert(cr_lineage_is_pinned(plan->after, tree_layer(plan->after, i, HEAD), NULL));
                ck_assert(cr_lineage_is_pinned(plan->after, tree_layer(plan->after, i, 3), NULL));
        }
        check_undone(before, plan->after);
}
END_TEST

static CrCollection *replica_with(gboolean planned)
{
        CrCollection *replica = tree_new(N_DISKS);

        tree_add_chain(replica, 3);
        replica->role = CR_ROLE_REPLICA;
        for (guint i = 0; planned && i < replica->points->len; i++)
                ((CrPoint *)replica->points->pdata[i])->planned = TRUE;
        return replica;
}

static guint type_of_failover(const CrCollection *replica, guint number)
{
        const CrGeneration generation = {2, cr_id_new()};
        CrId point = tree_point_id(number);
        g_autoptr(GPtrArray) staged = stage(replica);
        g_autoptr(CrPlan) plan = cr_plan_failover(replica, &point, &generation, staged, NULL);

        return plan->after->failed_over_type;
}

START_TEST(only_the_newest_point_is_a_planned_one)
{
        g_autoptr(CrCollection) planned = replica_with(TRUE), regular = replica_with(FALSE);

        ck_assert_uint_eq(type_of_failover(planned, 3), 3);
        ck_assert_uint_eq(type_of_failover(planned, 2), 1);
        ck_assert_uint_eq(type_of_failover(regular, 3), 1);
        /* The other side took over and wrote since. */
        planned->state = CR_STATE_PREPARED_FOR_REVERSE_REPLICATION;
        ck_assert_uint_eq(type_of_failover(planned, 3), 1);
}
END_TEST

/* ---- tests ---- */

static CrPlan *plan_test(const CrCollection *replica, guint number)
{
        CrId point = tree_point_id(number);
        g_autoptr(CrCollection) copy = cr_plan_test_copy(replica, &point, "shop-test", "/replicas/shop-test");
        g_autoptr(GPtrArray) staged = stage(copy);
        CrTestHead heads[N_DISKS];

        ck_assert_uint_eq(copy->disks->len, N_DISKS);
        for (guint i = 0; i < N_DISKS; i++)
                heads[i] = (CrTestHead){staged->pdata[i], tree_layer(replica, i, number), 300 + i, 400 + i};
        return cr_plan_test_failover(replica, copy, &point, heads);
}

START_TEST(a_test_copy_is_a_collection_of_clones)
{
        g_autoptr(CrCollection) replica = replica_with(FALSE);
        g_autoptr(CrPlan) plan = plan_test(replica, 2);
        const CrCollection *copy = plan->test_after;
        CrId point = tree_point_id(2);

        ck_assert(cr_id_equal(&plan->after->test_collection, &copy->id));
        ck_assert(cr_id_equal(&plan->after->test_point, &point));
        ck_assert(cr_id_equal(&copy->test_of, &replica->id) && !cr_id_equal(&copy->id, &replica->id));
        ck_assert_int_eq(copy->role, CR_ROLE_TEST_REPLICA);
        ck_assert_int_eq(copy->state, CR_STATE_TEST_FAILOVER);
        ck_assert(!copy->has_relationship);
        for (guint i = 0; i < N_DISKS; i++) {
                const CrDisk *disk = copy->disks->pdata[i], *original = replica->disks->pdata[i];
                const CrLayer *head = cr_collection_head(copy, &disk->id);
                const CrStep *step = plan->steps->pdata[i];

                ck_assert(!cr_id_equal(&disk->id, &original->id));
                ck_assert(g_str_has_prefix(disk->head_path, "/replicas/shop-test/"));
                ck_assert_str_eq(step->path, disk->head_path);
                ck_assert_str_eq(head->template_path, tree_layer(replica, i, 2)->path);
                ck_assert_uint_eq(head->template_inode, tree_layer(replica, i, 2)->inode);
                ck_assert_uint_eq(head->template_size, 300 + i);
                ck_assert_int_eq(head->template_mtime, 400 + i);
        }
}
END_TEST

START_TEST(a_disk_that_is_not_in_the_point_is_not_in_the_copy)
{
        g_autoptr(CrCollection) replica = replica_with(FALSE), copy = NULL;
        CrId point = tree_point_id(2);

        g_ptr_array_remove(replica->layers, tree_layer(replica, 0, 2));
        copy = cr_plan_test_copy(replica, &point, "shop-test", "/replicas/shop-test");
        ck_assert_uint_eq(copy->disks->len, N_DISKS - 1);
        ck_assert_str_eq(((CrDisk *)copy->disks->pdata[0])->name, "disk1");
}
END_TEST

START_TEST(the_tested_point_is_pinned_until_the_test_ends)
{
        g_autoptr(CrCollection) replica = replica_with(FALSE);
        g_autoptr(CrPlan) test = NULL, end = NULL;
        g_autoptr(GPtrArray) before = NULL, during = NULL, after = NULL;

        replica->settings->recovery_history = 0;
        before = cr_lineage_expired(replica);
        ck_assert_uint_eq(before->len, 2);
        test = plan_test(replica, 2);
        during = cr_lineage_expired(test->after);
        ck_assert_uint_eq(during->len, 1);
        ck_assert_ptr_eq(during->pdata[0], test->after->points->pdata[0]);
        end = cr_plan_revert_test_failover(test->after, test->test_after);
        after = cr_lineage_expired(end->after);
        ck_assert_uint_eq(after->len, 2);
        ck_assert(cr_id_equal(&end->test_deleted, &test->test_after->id));
        ck_assert(cr_id_is_none(&end->after->test_collection) && cr_id_is_none(&end->after->test_point));
        ck_assert_uint_eq(end->steps->len, N_DISKS);
        for (guint i = 0; i < N_DISKS; i++) {
                const CrStep *step = end->steps->pdata[i];

                ck_assert_int_eq(step->kind, CR_STEP_DELETE);
                ck_assert(g_str_has_prefix(step->path, "/replicas/shop-test/"));
        }
}
END_TEST

/* The tested point is in a divergence: discarding that leaves it, and what is below. */
START_TEST(a_discard_stops_at_the_tested_point)
{
        g_autoptr(CrCollection) replica = replica_with(FALSE);
        g_autoptr(CrPlan) test = NULL, discard = NULL;
        CrDivergence *divergence;

        tree_add_layers(replica, HEAD, 3, CR_LAYER_SET_ASIDE, 0);
        divergence = tree_add_divergence(replica, HEAD, 1);
        replica->base_point = tree_point_id(1);
        test = plan_test(replica, 2);
        discard = cr_plan_discard(test->after, &divergence->id, NULL);
        for (guint i = 0; i < N_DISKS; i++) {
                ck_assert_ptr_null(tree_layer(discard->after, i, HEAD));
                ck_assert_ptr_null(tree_layer(discard->after, i, 3));
                ck_assert_ptr_nonnull(tree_layer(discard->after, i, 2));
        }
        ck_assert(((CrPoint *)discard->after->points->pdata[1])->held);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {the_heads_become_the_last_point,
                without_heads_there_is_nothing_to_freeze, a_revert_puts_new_heads_above_the_last_point,
                a_preparation_after_it_sets_nothing_aside,
                a_last_point_that_did_not_arrive_is_kept_as_a_divergence,
                only_the_newest_point_is_a_planned_one, a_test_copy_is_a_collection_of_clones,
                a_disk_that_is_not_in_the_point_is_not_in_the_copy,
                the_tested_point_is_pinned_until_the_test_ends, a_discard_stops_at_the_tested_point, NULL};

        return run_tests_with("plans of failovers", tests, set_up, tear_down);
}
