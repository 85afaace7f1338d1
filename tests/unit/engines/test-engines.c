/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of engines. */
#include "run.h"
#include "world.h"

START_TEST(each_engine_is_found_by_its_name)
{
        guint n = 0;

        for (; cr_engine_names[n]; n++) {
                const CrEngine *engine = cr_engine_find(cr_engine_names[n], NULL);

                ck_assert_ptr_nonnull(engine);
                ck_assert_str_eq(engine->name, cr_engine_names[n]);
        }
        ck_assert_uint_gt(n, 0);
}
END_TEST

START_TEST(another_name_is_not_supported)
{
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(cr_engine_find("qcow3", &error));
        ck_assert_ptr_nonnull(strstr(error->message, cr_engine_names[0]));
        world_assert_error(&error, CR_ERROR_NOT_SUPPORTED, "qcow3");
        ck_assert_ptr_null(cr_engine_find(NULL, &error));
        world_assert_error(&error, CR_ERROR_NOT_SUPPORTED, cr_engine_names[0]);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {each_engine_is_found_by_its_name, another_name_is_not_supported, NULL};

        return run_suite(make_suite("engines", tests, NULL, NULL));
}
