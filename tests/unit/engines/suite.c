/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "suite.h"

#include "world.h"

Suite *suite_of(const Images *images)
{
        TCase *const parts[] = {suite_steps(), suite_merges(), suite_fences(), suite_views(), suite_files()};
        Suite *suite = suite_create(images->engine);

        world_images = images;
        for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
                tcase_add_checked_fixture(parts[i], world_setup, world_teardown);
                tcase_set_timeout(parts[i], 300);
                suite_add_tcase(suite, parts[i]);
        }
        return suite;
}
