/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/objects.h"

#include "client/error.h"
#include "client/properties.h"

#include "suites.h"

static void add_point(GPtrArray *points, const char *id, const char *parent, guint64 time)
{
        g_autoptr(GVariant) properties = g_variant_ref_sink(
                g_variant_new_parsed("{'Id': <%s>, 'Parent': <%s>, 'CreationTime': <%t>}", id, parent, time));
        g_ptr_array_add(points, cr_object_new("/", properties));
}

static void assert_order(GPtrArray *points, const char *expected)
{
        g_autoptr(GString) order = g_string_new(NULL);
        cr_objects_sort_points(points);
        for (guint i = 0; i < points->len; i++) {
                const CrObject *point = points->pdata[i];
                g_string_append(order, cr_properties_string(point->properties, "Id"));
        }
        ck_assert_str_eq(order->str, expected);
}

START_TEST(points_stand_in_the_order_of_their_lineage)
{
        g_autoptr(GPtrArray) points = g_ptr_array_new_with_free_func((GDestroyNotify)cr_object_free);
        add_point(points, "c", "b", 10); /* cut by a host whose clock is behind */
        add_point(points, "b", "a", 300);
        add_point(points, "a", "gone", 200);
        add_point(points, "x", "elsewhere", 100);
        assert_order(points, "xabc");
}
END_TEST

START_TEST(a_circle_of_parents_ends)
{
        g_autoptr(GPtrArray) points = g_ptr_array_new_with_free_func((GDestroyNotify)cr_object_free);
        add_point(points, "a", "b", 1);
        add_point(points, "b", "a", 2);
        assert_order(points, "ab");
}
END_TEST

static void assert_name(const char *path, const char *expected)
{
        g_autofree char *name = cr_objects_collection_name(path);
        ck_assert_str_eq(name, expected);
}

START_TEST(a_path_tells_the_collection_s_name)
{
        assert_name("/org/example/CollectionReplication/collection/shop", "shop");
        assert_name("/org/example/CollectionReplication/collection/my_20shop", "my shop");
        assert_name("/org/example/CollectionReplication/collection/_37", "7");
        assert_name("/org/example/CollectionReplication/collection/Stra_c3_9fe", "Stra\303\237e");
        assert_name("/org/example/CollectionReplication/collection/a_1bb", "a?b");
        assert_name("/org/example/CollectionReplication/collection/_37_2da", "7-a");
        assert_name("/org/example/CollectionReplication/collection/_zz", "-");
        assert_name("/org/example/CollectionReplication/collection/_3", "-");
        assert_name("/", "-");
        assert_name("", "-");
}
END_TEST

static void assert_job(const char *text, const char *expected)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *path = cr_client_job_path(text, &error);
        if (expected == NULL)
                ck_assert(g_error_matches(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE));
        else
                ck_assert_str_eq(path, expected);
}

START_TEST(a_job_is_a_number_or_a_path)
{
        assert_job("7", CR_BUS_JOB_PREFIX "7");
        assert_job("_7", CR_BUS_JOB_PREFIX "7");
        assert_job(CR_BUS_JOB_PREFIX "7", CR_BUS_JOB_PREFIX "7");
        assert_job("", NULL);
        assert_job("/", NULL);
        assert_job("-7", NULL);
        assert_job("7a", NULL);
}
END_TEST

START_TEST(a_property_that_is_missing_reads_as_nothing)
{
        g_autoptr(GVariant) properties = g_variant_ref_sink(
                g_variant_new_parsed("{'S': <'s'>, 'O': <objectpath '/o'>, 'Q': <uint16 1>, 'U': <uint32 2>, "
                                     "'T': <uint64 3>, 'B': <true>}"));
        ck_assert_str_eq(cr_properties_string(properties, "S"), "s");
        ck_assert_str_eq(cr_properties_string(properties, "O"), "/o");
        ck_assert_str_eq(cr_properties_string(properties, "Q"), "");
        ck_assert_str_eq(cr_properties_string(properties, "None"), "");
        ck_assert_uint_eq(cr_properties_number(properties, "Q"), 1);
        ck_assert_uint_eq(cr_properties_number(properties, "U"), 2);
        ck_assert_uint_eq(cr_properties_number(properties, "T"), 3);
        ck_assert_uint_eq(cr_properties_number(properties, "S"), 0);
        ck_assert(cr_properties_boolean(properties, "B"));
        ck_assert(!cr_properties_boolean(properties, "S"));
        ck_assert_ptr_null(cr_properties_value(properties, "S", "as"));
}
END_TEST

TCase *objects_case(void)
{
        TCase *tcase = tcase_create("objects");
        tcase_add_test(tcase, points_stand_in_the_order_of_their_lineage);
        tcase_add_test(tcase, a_circle_of_parents_ends);
        tcase_add_test(tcase, a_path_tells_the_collection_s_name);
        tcase_add_test(tcase, a_job_is_a_number_or_a_path);
        tcase_add_test(tcase, a_property_that_is_missing_reads_as_nothing);
        return tcase;
}
