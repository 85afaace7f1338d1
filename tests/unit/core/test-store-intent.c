/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Staged files and intents. */
#include "test-store-sample.h"

#include <string.h>

static void assert_staged(CrStore *store, const CrId *collection, const char *joined)
{
        g_auto(GStrv) paths = cr_store_staged(store, collection, NULL);
        g_autofree char *text = NULL;

        ck_assert_ptr_nonnull(paths);
        text = g_strjoinv(" ", paths);
        ck_assert_str_eq(text, joined);
}

static void put(CrStore *store, const CrPlan *plan)
{
        g_autoptr(GError) error = NULL;
        gboolean done = cr_store_put_intent(store, plan, &error);

        ck_assert_msg(done, "%s", error ? error->message : "no error");
}

static void finish(CrStore *store, const CrPlan *plan)
{
        g_autoptr(GError) error = NULL;
        gboolean done = cr_store_finish_intent(store, plan, &error);

        ck_assert_msg(done, "%s", error ? error->message : "no error");
}

static CrPlan *intent(CrStore *store, const CrId *collection)
{
        g_autoptr(GError) error = NULL;
        CrPlan *plan = cr_store_intent(store, collection, &error);

        ck_assert_msg(error == NULL, "%s", error ? error->message : "");
        return plan;
}

/* ---- staged files ---- */

START_TEST(staged_files_are_noted_in_order_until_they_are_forgotten)
{
        g_autoptr(CrStore) store = sample_open();
        CrId collection = cr_id_new(), other = cr_id_new();
        char *first[] = {"/z", "/y", NULL}, *second[] = {"/a", "/z", NULL}, *others[] = {"/other", NULL};

        assert_staged(store, &collection, "");
        ck_assert(cr_store_stage(store, &collection, first, NULL));
        ck_assert(cr_store_stage(store, &other, others, NULL));
        ck_assert(cr_store_stage(store, &collection, second, NULL));
        cr_store_close(store);
        store = sample_open();
        assert_staged(store, &collection, "/z /y /a");
        ck_assert(cr_store_unstage(store, &collection, NULL));
        assert_staged(store, &collection, "");
        assert_staged(store, &other, "/other");
}
END_TEST

/* ---- intents ---- */

START_TEST(an_intent_comes_back_as_it_was)
{
        g_autoptr(GRand) rand = sample_rand();
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrPlan) plan = sample_plan(rand, sample_collection(rand), NULL), back = NULL;
        CrId unknown = cr_id_new();

        put(store, plan);
        cr_store_close(store);
        store = sample_open();
        back = intent(store, &plan->collection);
        sample_assert_plans_equal(plan, back);
        ck_assert_ptr_null(intent(store, &unknown));
}
END_TEST

START_TEST(an_intent_changes_nothing_but_takes_over_staged_files)
{
        g_autoptr(GRand) rand = sample_rand();
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) before = sample_collection(rand), back = NULL;
        g_autoptr(CrPlan) plan = sample_plan(rand, sample_collection(rand), NULL);
        char *paths[] = {"/staged", NULL}, *others[] = {"/other", NULL};
        CrId other = cr_id_new();

        plan->after->id = plan->collection = before->id;
        sample_save(store, before);
        ck_assert(cr_store_stage(store, &before->id, paths, NULL));
        ck_assert(cr_store_stage(store, &other, others, NULL));
        put(store, plan);
        back = sample_load(store, &before->id);
        sample_assert_equal(before, back);
        assert_staged(store, &before->id, "");
        assert_staged(store, &other, "/other");
}
END_TEST

START_TEST(a_finished_intent_is_the_plan_s_result)
{
        g_autoptr(GRand) rand = sample_rand();
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) before = sample_collection(rand), back = NULL;
        g_autoptr(CrPlan) plan = sample_plan(rand, sample_collection(rand), NULL);

        plan->after->id = plan->collection = before->id;
        plan->after->has_relationship = FALSE;
        sample_save(store, before);
        put(store, plan);
        finish(store, plan);
        back = sample_load(store, &before->id);
        sample_assert_equal(plan->after, back);
        ck_assert_ptr_null(intent(store, &before->id));
}
END_TEST

START_TEST(a_finished_deletion_leaves_no_collection)
{
        g_autoptr(GRand) rand = sample_rand();
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) before = sample_collection(rand);
        g_autoptr(CrPlan) plan = sample_plan(rand, NULL, &before->id);
        CrId found;

        sample_save(store, before);
        put(store, plan);
        ck_assert(cr_store_find_name(store, before->name, &found, NULL));
        finish(store, plan);
        ck_assert(!cr_store_find_name(store, before->name, &found, NULL));
        ck_assert_ptr_null(intent(store, &before->id));
}
END_TEST

START_TEST(a_collection_has_one_intent_at_most)
{
        g_autoptr(GRand) rand = sample_rand();
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrPlan) first = sample_plan(rand, sample_collection(rand), NULL), back = NULL;
        g_autoptr(CrPlan) second = sample_plan(rand, cr_collection_copy(first->after), NULL);
        g_autoptr(CrPlan) other = sample_plan(rand, sample_collection(rand), NULL);
        GError *error = NULL;

        put(store, first);
        ck_assert(!cr_store_put_intent(store, second, &error));
        assert_error(error, CR_ERROR_IN_USE, second->after->name);
        put(store, other); /* another collection's is not in its way */
        back = intent(store, &first->collection);
        sample_assert_plans_equal(first, back);
}
END_TEST

START_TEST(only_an_intent_can_be_finished)
{
        g_autoptr(GRand) rand = sample_rand();
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrPlan) plan = sample_plan(rand, sample_collection(rand), NULL);
        GError *error = NULL;
        CrId found;

        ck_assert(!cr_store_finish_intent(store, plan, &error));
        assert_error(error, CR_ERROR_FAILED, "no intent");
        ck_assert(!cr_store_find_name(store, plan->after->name, &found, NULL));
}
END_TEST

/* ---- a plan that could not be carried out to its end is refused while nothing has happened ---- */

static void assert_no_intent(CrStore *store, const CrPlan *plan, int code, const char *what)
{
        GError *error = NULL;
        char *paths[] = {"/staged", NULL};

        ck_assert(cr_store_stage(store, &plan->collection, paths, NULL));
        ck_assert(!cr_store_put_intent(store, plan, &error));
        assert_error(error, code, what);
        ck_assert_ptr_null(intent(store, &plan->collection));
        assert_staged(store, &plan->collection, "/staged");
}

START_TEST(a_plan_whose_result_could_not_be_saved_is_refused)
{
        g_autoptr(GRand) rand = sample_rand();
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) other = cr_collection_new("taken");
        g_autoptr(CrPlan) plan = sample_plan(rand, sample_collection(rand), NULL);

        sample_save(store, other);
        g_free(plan->after->name);
        plan->after->name = g_strdup("taken");
        assert_no_intent(store, plan, CR_ERROR_INVALID_PARAMETER, "'taken'");
}
END_TEST

START_TEST(a_plan_that_could_not_be_read_again_is_refused)
{
        g_autoptr(GRand) rand = sample_rand();
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrPlan) plan = sample_plan(rand, sample_collection(rand), NULL);
        CrId disk = cr_id_new();

        cr_plan_add_step(plan, CR_STEP_DELETE, &disk)->path = g_strdup("/not\377utf8");
        assert_no_intent(store, plan, CR_ERROR_FAILED, "not a plan");
}
END_TEST

/* ---- what recovery has to look at ---- */

static gboolean is_unfinished(CrStore *store, const CrId *collection)
{
        g_autoptr(GArray) ids = cr_store_unfinished(store, NULL);
        guint count = 0;

        ck_assert_ptr_nonnull(ids);
        for (guint i = 0; i < ids->len; i++)
                count += cr_id_equal(&g_array_index(ids, CrId, i), collection);
        ck_assert_uint_le(count, 1);
        return count == 1;
}

START_TEST(what_is_unfinished_is_listed_once)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) idle = cr_collection_new("idle"), receiving = cr_collection_new("receiving");
        g_autoptr(CrPlan) plan = cr_plan_new(idle, CR_OP_START);
        CrId early = cr_id_new();
        char *paths[] = {"/a", "/b", NULL};

        sample_save(store, idle);
        sample_save(store, receiving);
        ck_assert(!is_unfinished(store, &idle->id));
        ck_assert(!is_unfinished(store, &receiving->id));

        receiving->receive.transfer = cr_id_new();
        sample_save(store, receiving);
        ck_assert(is_unfinished(store, &receiving->id));
        ck_assert(cr_store_stage(store, &receiving->id, paths, NULL));
        ck_assert(is_unfinished(store, &receiving->id));
        ck_assert(cr_store_stage(store, &early, paths, NULL));
        ck_assert(is_unfinished(store, &early));
        put(store, plan);
        ck_assert(is_unfinished(store, &idle->id));

        finish(store, plan);
        ck_assert(!is_unfinished(store, &idle->id));
        ck_assert(cr_store_unstage(store, &early, NULL));
        ck_assert(!is_unfinished(store, &early));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {staged_files_are_noted_in_order_until_they_are_forgotten,
                an_intent_comes_back_as_it_was, an_intent_changes_nothing_but_takes_over_staged_files,
                a_finished_intent_is_the_plan_s_result, a_finished_deletion_leaves_no_collection,
                a_collection_has_one_intent_at_most, only_an_intent_can_be_finished,
                a_plan_whose_result_could_not_be_saved_is_refused,
                a_plan_that_could_not_be_read_again_is_refused, what_is_unfinished_is_listed_once, NULL};

        return run_tests_with("store intent", tests, sample_make_folder, sample_remove_folder);
}
