/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-store-sample.h"

#include <string.h>
#include <sys/stat.h>

#define N_SAMPLES 30

static guint64 sequence(CrStore *store)
{
        guint64 number;

        ck_assert(cr_store_sequence(store, &number, NULL));
        return number;
}

static CrCollection *simple(const char *name, const char *path)
{
        CrCollection *collection = cr_collection_new(name);
        CrDisk *disk = cr_disk_new();
        CrLayer *layer = cr_layer_new();

        disk->id = cr_id_new();
        disk->name = g_strdup("root");
        disk->head_path = g_strdup_printf("%s/head", path);
        g_ptr_array_add(collection->disks, disk);
        layer->id = cr_id_new();
        layer->disk = disk->id;
        layer->path = g_strdup_printf("%s/layer", path);
        g_ptr_array_add(collection->layers, layer);
        return collection;
}

/* ---- the file ---- */

static void assert_private(const char *name)
{
        g_autofree char *path = g_build_filename(sample_folder, name, NULL);
        struct stat status;

        ck_assert_msg(stat(path, &status) == 0, "%s", path);
        ck_assert_uint_eq(status.st_mode & 07777, 0600);
}

START_TEST(its_files_are_for_their_owner_only)
{
        mode_t mask = umask(0);
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) collection = simple("shop", "/a");

        sample_save(store, collection);
        umask(mask);
        assert_private("store.sqlite");
        assert_private("store.sqlite-wal");
        assert_private("store.sqlite-shm");
}
END_TEST

START_TEST(the_host_has_one_random_id)
{
        g_autoptr(CrStore) store = sample_open();
        CrId host = cr_store_host_id(store), parsed;

        ck_assert(cr_id_parse(host.text, &parsed));
        cr_store_close(store);
        store = sample_open();
        ck_assert(cr_id_equal(&host, &(CrId){0}) == FALSE);
        parsed = cr_store_host_id(store);
        ck_assert_str_eq(parsed.text, host.text);
        g_clear_pointer(&store, cr_store_close);
        sample_remove_folder();
        sample_make_folder();
        store = sample_open();
        parsed = cr_store_host_id(store);
        ck_assert_str_ne(parsed.text, host.text);
}
END_TEST

START_TEST(a_missing_folder_is_an_error_that_names_it)
{
        GError *error = NULL;

        ck_assert_ptr_null(cr_store_open("/nonexistent/folder", &error));
        assert_error(error, CR_ERROR_FILE_NOT_FOUND, "/nonexistent/folder");
}
END_TEST

START_TEST(job_ids_are_never_given_twice)
{
        g_autoptr(CrStore) store = sample_open();
        guint64 first, next;

        ck_assert(cr_store_reserve_job_ids(store, 10, &first, NULL));
        ck_assert_uint_ge(first, 1);
        ck_assert(cr_store_reserve_job_ids(store, 1, &next, NULL));
        ck_assert_uint_eq(next, first + 10);
        cr_store_close(store);
        store = sample_open();
        ck_assert(cr_store_reserve_job_ids(store, 1, &next, NULL));
        ck_assert_uint_eq(next, first + 11);
}
END_TEST

/* ---- saving and loading ---- */

START_TEST(a_collection_comes_back_as_it_was)
{
        g_autoptr(GRand) rand = sample_rand();
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)cr_collection_free);

        for (guint i = 0; i < N_SAMPLES; i++) {
                CrCollection *collection = sample_collection(rand);

                g_ptr_array_add(all, collection);
                sample_save(store, collection);
        }
        cr_store_close(store);
        store = sample_open();
        for (guint i = 0; i < N_SAMPLES; i++) {
                const CrCollection *collection = g_ptr_array_index(all, i);
                g_autoptr(CrCollection) back = sample_load(store, &collection->id);

                sample_assert_equal(collection, back);
        }
}
END_TEST

START_TEST(saving_again_replaces_everything)
{
        g_autoptr(GRand) rand = sample_rand();
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) other = sample_collection(rand), first = sample_collection(rand);

        sample_save(store, other);
        sample_save(store, first);
        for (guint i = 0; i < N_SAMPLES; i++) {
                g_autoptr(CrCollection) next = sample_collection(rand), back = NULL;

                next->id = first->id;
                next->has_relationship = FALSE; /* with one the peer's record would be merged */
                sample_save(store, next);
                back = sample_load(store, &first->id);
                sample_assert_equal(next, back);
        }
        g_clear_pointer(&first, cr_collection_free);
        first = sample_load(store, &other->id);
        sample_assert_equal(other, first);
}
END_TEST

START_TEST(what_is_not_there_is_not_found)
{
        g_autoptr(CrStore) store = sample_open();
        CrId unknown = cr_id_new();
        GError *error = NULL;

        ck_assert_ptr_null(cr_store_load(store, &unknown, CR_LOAD_ALL, &error));
        assert_error(error, CR_ERROR_FILE_NOT_FOUND, unknown.text);
        ck_assert_ptr_null(cr_store_load(store, &unknown, CR_LOAD_SHOWN, &error));
        assert_error(error, CR_ERROR_FILE_NOT_FOUND, unknown.text);
}
END_TEST

START_TEST(a_deleted_collection_leaves_nothing)
{
        g_autoptr(GRand) rand = sample_rand();
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) gone = sample_collection(rand), kept = sample_collection(rand), back = NULL;

        sample_save(store, gone);
        sample_save(store, kept);
        ck_assert(cr_store_delete(store, &gone->id, NULL));
        ck_assert_ptr_null(cr_store_load(store, &gone->id, CR_LOAD_ALL, NULL));
        back = sample_load(store, &kept->id);
        sample_assert_equal(kept, back);
        /* Not even a row that would be in the way of the same collection made again. */
        sample_save(store, gone);
        ck_assert(cr_store_delete(store, &gone->id, NULL));
        ck_assert(cr_store_delete(store, &kept->id, NULL));
        g_clear_pointer(&store, cr_store_close);
        sample_execute(
                "CREATE TABLE empty (none INTEGER CHECK (none = 0));"
                "INSERT INTO empty SELECT (SELECT count(*) FROM disks) + (SELECT count(*) FROM layers) +"
                " (SELECT count(*) FROM points) + (SELECT count(*) FROM divergences) +"
                " (SELECT count(*) FROM divergent_disks);");
}
END_TEST

START_TEST(what_can_not_be_loaded_is_not_saved)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) good = simple("shop", "/a"), bad = cr_collection_copy(good), back = NULL;
        CrLayer *layer = g_ptr_array_index(bad->layers, 0);
        GError *error = NULL;

        sample_save(store, good);
        layer->disk = cr_id_new();
        ck_assert(!cr_store_save(store, bad, &error));
        assert_error(error, CR_ERROR_FAILED, "unknown disk");
        layer->disk = ((CrLayer *)g_ptr_array_index(good->layers, 0))->disk;
        layer->path[0] = 'x';
        ck_assert(!cr_store_save(store, bad, &error));
        assert_error(error, CR_ERROR_FAILED, "path");
        back = sample_load(store, &good->id);
        sample_assert_equal(good, back);
}
END_TEST

/* ---- what is shown ---- */

START_TEST(what_is_shown_is_loaded_without_the_rest)
{
        g_autoptr(GRand) rand = sample_rand();
        g_autoptr(CrStore) store = sample_open();

        for (guint i = 0; i < N_SAMPLES; i++) {
                g_autoptr(CrCollection) all = sample_collection(rand), shown = NULL;

                sample_save(store, all);
                for (guint j = all->points->len; j-- > 0;)
                        if (!((CrPoint *)g_ptr_array_index(all->points, j))->held)
                                g_ptr_array_remove_index(all->points, j);
                /* A divergence shows where its disks lie. */
                for (guint j = all->layers->len; j-- > 0;)
                        if (all->divergences->len == 0 ||
                                ((CrLayer *)g_ptr_array_index(all->layers, j))->kind != CR_LAYER_SET_ASIDE)
                                g_ptr_array_remove_index(all->layers, j);
                shown = cr_store_load(store, &all->id, CR_LOAD_SHOWN, NULL);
                ck_assert_ptr_nonnull(shown);
                sample_assert_equal(all, shown);
        }
}
END_TEST

/* ---- names and paths ---- */

START_TEST(collections_are_listed_by_name)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) b = simple("b", "/b"), a = simple("a", "/a"), c = simple("c", "/c");
        g_autoptr(GArray) ids = NULL;

        sample_save(store, b);
        sample_save(store, c);
        sample_save(store, a);
        ids = cr_store_list(store, NULL);
        ck_assert_uint_eq(ids->len, 3);
        ck_assert_str_eq(g_array_index(ids, CrId, 0).text, a->id.text);
        ck_assert_str_eq(g_array_index(ids, CrId, 1).text, b->id.text);
        ck_assert_str_eq(g_array_index(ids, CrId, 2).text, c->id.text);
}
END_TEST

START_TEST(a_name_is_taken_once)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) first = simple("shop", "/a"), second = simple("shop", "/b");
        GError *error = NULL;
        CrId found = CR_ID_NONE;

        ck_assert(!cr_store_find_name(store, "shop", &found, &error));
        ck_assert_ptr_null(error);
        sample_save(store, first);
        ck_assert(cr_store_find_name(store, "shop", &found, &error));
        ck_assert_str_eq(found.text, first->id.text);
        ck_assert(!cr_store_save(store, second, &error));
        assert_error(error, CR_ERROR_INVALID_PARAMETER, "'shop'");
        sample_save(store, first); /* its own name is not in its way */
}
END_TEST

START_TEST(a_head_path_is_taken_once)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) first = simple("shop", "/a"), second = simple("bank", "/a");
        GError *error = NULL;

        sample_save(store, first);
        ck_assert(!cr_store_save(store, second, &error));
        assert_error(error, CR_ERROR_INVALID_PARAMETER, "head_path");
        ck_assert(!cr_store_find_name(store, "bank", &second->id, NULL));
}
END_TEST

static void assert_path(CrStore *store, const char *path, const char *name)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *found = cr_store_find_path(store, path, &error);

        ck_assert_ptr_null(error);
        ck_assert_pstr_eq(found, name);
}

START_TEST(a_path_is_found_wherever_the_store_knows_it_from)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) collection = simple("shop", "/a");
        char *staged[] = {"/a/staged", NULL}, *early[] = {"/b/staged", NULL};
        CrId unknown = cr_id_new();
        g_autoptr(CrPlan) plan = NULL;

        sample_save(store, collection);
        ck_assert(cr_store_stage(store, &collection->id, staged, NULL));
        ck_assert(cr_store_stage(store, &unknown, early, NULL));
        assert_path(store, "/a/head", "shop");
        assert_path(store, "/a/layer", "shop");
        assert_path(store, "/a/staged", "shop");
        assert_path(store, "/b/staged", unknown.text); /* of a collection that is still being made */
        assert_path(store, "/a", NULL);
        assert_path(store, "root", NULL);

        plan = cr_plan_new(collection, CR_OP_REPLICATE);
        cr_plan_add_step(plan, CR_STEP_CUT, &unknown)->path = g_strdup("/a/head");
        ((CrStep *)g_ptr_array_index(plan->steps, 0))->staged = g_strdup("/a/staged");
        ck_assert(cr_store_put_intent(store, plan, NULL));
        assert_path(store, "/a/staged", "shop"); /* the plan's now */
}
END_TEST

/* ---- the sequence ---- */

START_TEST(every_change_of_a_collection_raises_the_sequence_by_one)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) collection = simple("shop", "/a");
        g_autoptr(CrPlan) plan = cr_plan_new(collection, CR_OP_START);
        guint64 before = sequence(store), first;

        sample_save(store, collection);
        ck_assert_uint_eq(sequence(store), before + 1);
        ck_assert(cr_store_put_intent(store, plan, NULL));
        ck_assert_uint_eq(sequence(store), before + 1); /* nothing has changed yet */
        ck_assert(cr_store_finish_intent(store, plan, NULL));
        ck_assert_uint_eq(sequence(store), before + 2);
        ck_assert(cr_store_reserve_job_ids(store, 1, &first, NULL));
        ck_assert_uint_eq(sequence(store), before + 2);
        ck_assert(cr_store_delete(store, &collection->id, NULL));
        ck_assert_uint_eq(sequence(store), before + 3);
        cr_store_close(store);
        store = sample_open();
        ck_assert_uint_eq(sequence(store), before + 3);
}
END_TEST

START_TEST(what_was_refused_does_not_raise_the_sequence)
{
        g_autoptr(CrStore) store = sample_open();
        g_autoptr(CrCollection) first = simple("shop", "/a"), second = simple("shop", "/b");
        guint64 before;

        sample_save(store, first);
        before = sequence(store);
        ck_assert(!cr_store_save(store, second, NULL));
        ck_assert_uint_eq(sequence(store), before);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {its_files_are_for_their_owner_only, the_host_has_one_random_id,
                a_missing_folder_is_an_error_that_names_it, job_ids_are_never_given_twice,
                a_collection_comes_back_as_it_was, saving_again_replaces_everything,
                what_is_not_there_is_not_found, a_deleted_collection_leaves_nothing,
                what_can_not_be_loaded_is_not_saved, what_is_shown_is_loaded_without_the_rest,
                collections_are_listed_by_name, a_name_is_taken_once, a_head_path_is_taken_once,
                a_path_is_found_wherever_the_store_knows_it_from,
                every_change_of_a_collection_raises_the_sequence_by_one,
                what_was_refused_does_not_raise_the_sequence, NULL};

        return run_tests_with("store", tests, sample_make_folder, sample_remove_folder);
}
