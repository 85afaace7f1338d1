/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/disk_set.h"
#include "core/error.h"
#include "tree.h"
#include "unit.h"

#define HEAD 9

static CrCollection *with_heads(guint n_disks)
{
        CrCollection *collection = tree_new(n_disks);

        tree_add_chain(collection, 2);
        tree_add_layers(collection, HEAD, 2, CR_LAYER_HEAD, 0);
        return collection;
}

static const char *name(const CrCollection *collection, guint i)
{
        return ((const CrDisk *)g_ptr_array_index(collection->disks, i))->name;
}

static void include_only(CrCollection *collection, const char *disk)
{
        char *names[] = {(char *)disk, NULL};

        g_strfreev(collection->settings->included_disks);
        collection->settings->included_disks = g_strdupv(names);
}

static void assert_disks(GPtrArray *found, const CrCollection *collection, const char *indices)
{
        g_autoptr(GPtrArray) disks = found;

        ck_assert_uint_eq(disks->len, strlen(indices));
        for (guint i = 0; i < disks->len; i++)
                ck_assert_ptr_eq(g_ptr_array_index(disks, i),
                        g_ptr_array_index(collection->disks, (guint)(indices[i] - '0')));
}

START_TEST(an_empty_list_includes_all)
{
        g_autoptr(CrCollection) collection = with_heads(3);

        assert_disks(cr_disk_set_included(collection), collection, "012");
        assert_disks(cr_disk_set_cut(collection), collection, "012");
        include_only(collection, name(collection, 1));
        assert_disks(cr_disk_set_included(collection), collection, "1");
        ck_assert(!cr_disk_set_includes(collection, g_ptr_array_index(collection->disks, 0)));
}
END_TEST

START_TEST(only_what_has_a_head_is_cut)
{
        g_autoptr(CrCollection) collection = with_heads(3);

        g_ptr_array_remove(collection->layers, tree_layer(collection, 1, HEAD));
        assert_disks(cr_disk_set_included(collection), collection, "012");
        assert_disks(cr_disk_set_cut(collection), collection, "02");
}
END_TEST

START_TEST(a_list_follows_the_set)
{
        g_autoptr(CrCollection) collection = with_heads(3);

        cr_disk_set_include(collection, "new");
        assert_disks(cr_disk_set_included(collection), collection, "012");
        include_only(collection, name(collection, 2));
        cr_disk_set_include(collection, name(collection, 0));
        cr_disk_set_include(collection, name(collection, 0));
        ck_assert_uint_eq(g_strv_length(collection->settings->included_disks), 2);
        assert_disks(cr_disk_set_included(collection), collection, "02");
        cr_disk_set_exclude(collection, name(collection, 2));
        assert_disks(cr_disk_set_included(collection), collection, "0");
}
END_TEST

START_TEST(another_list_is_refused)
{
        g_autoptr(CrCollection) collection = with_heads(2);
        g_autoptr(CrSettings) settings = cr_settings_copy(collection->settings);
        g_autoptr(GError) error = NULL;

        ck_assert(cr_disk_set_check_unchanged(collection, settings, NULL));
        include_only(collection, name(collection, 1));
        ck_assert(!cr_disk_set_check_unchanged(collection, settings, &error));
        ck_assert(g_error_matches(error, CR_ERROR, CR_ERROR_INVALID_STATE));
        ck_assert_ptr_nonnull(strstr(error->message, "IncludedDisks"));
}
END_TEST

START_TEST(divergences_are_of_disks)
{
        g_autoptr(CrCollection) collection = with_heads(1);
        CrId disk = tree_disk_id(0), other = tree_disk_id(1);

        ck_assert(!cr_disk_set_is_divergent(collection, &disk));
        tree_add_divergence(collection, HEAD, 2);
        ck_assert(cr_disk_set_is_divergent(collection, &disk));
        ck_assert(!cr_disk_set_is_divergent(collection, &other));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {an_empty_list_includes_all, only_what_has_a_head_is_cut,
                a_list_follows_the_set, another_list_is_refused, divergences_are_of_disks, NULL};

        return run_tests("disk-set", tests);
}
