/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/core/unit.h"

#include "service/names.h"
#include "service/object_path.h"

#define ID "0123456789abcdef0123456789abcdef"

START_TEST(names_are_encoded)
{
        g_autofree char *plain = cr_object_path_collection("shop");
        g_autofree char *digits = cr_object_path_collection("0 sh\xc3\xb6p");

        ck_assert_str_eq(plain, CR_MANAGER_PATH "/collection/shop");
        ck_assert_str_eq(digits, CR_MANAGER_PATH "/collection/_30_20sh_c3_b6p");
}
END_TEST

START_TEST(children_lie_below_their_collection)
{
        CrId id;

        ck_assert(cr_id_parse(ID, &id));
        g_autofree char *point = cr_object_path_point("/c", &id);
        g_autofree char *divergence = cr_object_path_divergence("/c", &id);
        g_autofree char *job = cr_object_path_job(7);
        g_autofree char *parent = cr_object_path_parent(point);

        ck_assert_str_eq(point, "/c/point/" ID);
        ck_assert_str_eq(divergence, "/c/divergence/" ID);
        ck_assert_str_eq(job, CR_MANAGER_PATH "/job/_7");
        ck_assert_str_eq(parent, "/c");
}
END_TEST

START_TEST(the_kind_is_told_by_the_form)
{
        static const struct {
                const char *path;
                CrPathKind kind;
        } cases[] = {
                {"/", CR_PATH_OTHER},
                {CR_MANAGER_PATH, CR_PATH_OTHER},
                {CR_COLLECTION_PREFIX, CR_PATH_OTHER},
                {CR_COLLECTION_PREFIX "/shop", CR_PATH_COLLECTION},
                {CR_COLLECTION_PREFIX "/sho_700", CR_PATH_COLLECTION},
                {CR_COLLECTION_PREFIX "/shop/point", CR_PATH_OTHER},
                {CR_COLLECTION_PREFIX "/shop/point/" ID, CR_PATH_POINT},
                {CR_COLLECTION_PREFIX "/shop/divergence/" ID, CR_PATH_DIVERGENCE},
                {CR_COLLECTION_PREFIX "/shop/other/" ID, CR_PATH_OTHER},
                {CR_COLLECTION_PREFIX "/shop/point/" ID "/more", CR_PATH_OTHER},
                {CR_JOB_PREFIX "/_1", CR_PATH_JOB},
                {CR_JOB_PREFIX "/_1/more", CR_PATH_OTHER},
                {"/org/other/CollectionReplication/collection/shop", CR_PATH_OTHER},
                {CR_MANAGER_PATH "/collections/shop", CR_PATH_OTHER},
        };

        for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
                ck_assert_msg(cr_object_path_kind(cases[i].path) == cases[i].kind, "%s", cases[i].path);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                names_are_encoded, children_lie_below_their_collection, the_kind_is_told_by_the_form, NULL};

        return run_tests("object path", tests);
}
