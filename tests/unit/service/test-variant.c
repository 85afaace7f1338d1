/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of a bus between the two ends of a socket pair, as real as any. */
#include "tests/unit/core/unit.h"

#include <string.h>
#include <glib/gstdio.h>
#include <sys/socket.h>

#include "core/error.h"
#include "service/sd_cleanup.h"
#include "service/variant.h"

static sd_bus *bus;
static GError *error;

static void set_up(void)
{
        int ends[2];

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        ck_assert_int_ge(sd_bus_new(&bus), 0);
        ck_assert_int_ge(sd_bus_set_fd(bus, ends[0], ends[0]), 0);
        ck_assert_int_ge(sd_bus_start(bus), 0);
        g_close(ends[1], NULL);
        error = NULL;
}

static void tear_down(void)
{
        bus = sd_bus_close_unref(bus);
}

static sd_bus_message *message_new(void)
{
        sd_bus_message *m;

        ck_assert_int_ge(sd_bus_message_new_method_call(bus, &m, "a.b", "/a", "a.b", "C"), 0);
        return m;
}

static sd_bus_message *seal(sd_bus_message *m)
{
        ck_assert_int_ge(sd_bus_message_seal(m, 1, 0), 0);
        return m;
}

static sd_bus_message *message_of(const char *text)
{
        g_autoptr(GVariant) body = g_variant_ref_sink(g_variant_new_parsed(text));
        sd_bus_message *m = message_new();

        ck_assert_int_ge(cr_variant_append_all(m, body), 0);
        return seal(m);
}

static const char *const bodies[] = {
        "('text', objectpath '/a/b', signature 'a{sv}')",
        "(byte 0xff, true, false, int16 -5, uint16 5, -6, uint32 6, int64 -7, uint64 18446744073709551615, "
        "1.5)",
        "(@a{sv} {}, @as [], @a(sst) [])",
        "({'a': <1>, 'b': <['x', 'y']>, 'c': <<'nested'>>}, [('root', '/path', uint64 5)], ((1, (2, 3)),))",
        "(['', '\xc3\xb6'], {'k': {'l': <uint32 7>}})",
        "()",
};

START_TEST(what_is_appended_is_read_back)
{
        g_autoptr(GVariant) body = g_variant_ref_sink(g_variant_new_parsed(bodies[_i]));
        g_autoptr(sd_bus_message) m = message_of(bodies[_i]);
        g_autoptr(GVariant) read = cr_variant_from_message(m, &error);

        ck_assert_msg(read != NULL, "%s", error ? error->message : "");
        ck_assert(g_variant_equal(body, read));
        ck_assert_str_eq(g_variant_get_type_string(body), g_variant_get_type_string(read));
}
END_TEST

static void assert_refused(sd_bus_message *m, const char *what)
{
        ck_assert_ptr_null(cr_variant_from_message(m, &error));
        assert_error(error, CR_ERROR_INVALID_PARAMETER, what);
        sd_bus_message_unref(m);
}

static sd_bus_message *message_with_keys(guint n)
{
        sd_bus_message *m = message_new();

        ck_assert_int_ge(sd_bus_message_open_container(m, 'a', "{sv}"), 0);
        for (guint i = 0; i < n; i++) {
                g_autofree char *key = g_strdup_printf("key-%u", i);

                ck_assert_int_ge(sd_bus_message_append(m, "{sv}", key, "b", 1), 0);
        }
        ck_assert_int_ge(sd_bus_message_close_container(m), 0);
        return seal(m);
}

START_TEST(a_dictionary_of_too_many_keys_is_refused)
{
        g_autoptr(sd_bus_message) fits = message_with_keys(CR_VARIANT_DICTIONARY_KEYS_MAX);
        g_autoptr(GVariant) read = cr_variant_from_message(fits, &error);

        ck_assert_ptr_nonnull(read);
        assert_refused(message_with_keys(CR_VARIANT_DICTIONARY_KEYS_MAX + 1), "keys");
}
END_TEST

static sd_bus_message *message_with_text(gsize length, gboolean in_dictionary)
{
        g_autofree char *text = g_strnfill(length, 'x');
        sd_bus_message *m = message_new();

        if (in_dictionary)
                ck_assert_int_ge(sd_bus_message_append(m, "a{sv}", 1, "k", "s", text), 0);
        else
                ck_assert_int_ge(sd_bus_message_append(m, "s", text), 0);
        return seal(m);
}

START_TEST(too_many_bytes_are_refused)
{
        g_autoptr(sd_bus_message) fits = message_with_text(CR_VARIANT_DICTIONARY_BYTES_MAX + 1, FALSE);
        g_autoptr(GVariant) read = cr_variant_from_message(fits, &error);

        ck_assert_ptr_nonnull(read);
        assert_refused(message_with_text(CR_VARIANT_BYTES_MAX + 1, FALSE), "bytes");
        assert_refused(message_with_text(CR_VARIANT_DICTIONARY_BYTES_MAX + 1, TRUE), "bytes");
}
END_TEST

static sd_bus_message *message_of_depth(guint depth)
{
        sd_bus_message *m = message_new();

        for (guint i = 0; i < depth; i++)
                ck_assert_int_ge(sd_bus_message_open_container(m, 'v', i + 1 < depth ? "v" : "y"), 0);
        ck_assert_int_ge(sd_bus_message_append(m, "y", 1), 0);
        for (guint i = 0; i < depth; i++)
                ck_assert_int_ge(sd_bus_message_close_container(m), 0);
        return seal(m);
}

START_TEST(nesting_is_bounded)
{
        g_autoptr(sd_bus_message) fits = message_of_depth(CR_VARIANT_DEPTH_MAX);
        g_autoptr(GVariant) read = cr_variant_from_message(fits, &error);

        ck_assert_ptr_nonnull(read);
        assert_refused(message_of_depth(CR_VARIANT_DEPTH_MAX + 1), "deeply");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("variant");
        TCase *all = tcase_create("variant");
        SRunner *runner;
        int n_failed;

        tcase_add_checked_fixture(all, set_up, tear_down);
        tcase_add_loop_test(all, what_is_appended_is_read_back, 0, G_N_ELEMENTS(bodies));
        tcase_add_test(all, a_dictionary_of_too_many_keys_is_refused);
        tcase_add_test(all, too_many_bytes_are_refused);
        tcase_add_test(all, nesting_is_bounded);
        suite_add_tcase(suite, all);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
