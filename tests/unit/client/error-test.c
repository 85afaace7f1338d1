/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/error.h"

#include <gio/gio.h>

#include "suites.h"

#define ERROR_NAME(name) "org.example.CollectionReplication.Error." name

/* The contract's table. */
static const struct {
        guint32 value;
        const char *name;
} documented[] = {
        {32768, "Failed"},
        {32769, "AccessDenied"},
        {32770, "NotSupported"},
        {32771, "StatusUnknown"},
        {32772, "Timeout"},
        {32773, "InvalidParameter"},
        {32774, "InUse"},
        {32775, "InvalidState"},
        {32776, "IncorrectDataType"},
        {32777, "NotAvailable"},
        {32778, "OutOfMemory"},
        {32779, "FileNotFound"},
};

START_TEST(every_documented_value_has_its_name)
{
        for (gsize i = 0; i < G_N_ELEMENTS(documented); i++) {
                g_autofree char *full = g_strconcat(ERROR_NAME(""), documented[i].name, NULL);
                ck_assert_uint_eq(cr_error_value(full), documented[i].value);
                ck_assert_str_eq(cr_error_name(documented[i].value), documented[i].name);
        }
        ck_assert_uint_eq(cr_error_value(ERROR_NAME("Cancelled")), 32768);
        ck_assert_uint_eq(
                cr_error_value("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"), 32769);
}
END_TEST

START_TEST(what_is_not_documented_has_no_value)
{
        ck_assert_uint_eq(cr_error_value(NULL), 0);
        ck_assert_uint_eq(cr_error_value("InUse"), 0);
        ck_assert_uint_eq(cr_error_value(ERROR_NAME("")), 0);
        ck_assert_uint_eq(cr_error_value(ERROR_NAME("Surprise")), 0);
        ck_assert_uint_eq(cr_error_value("org.freedesktop.DBus.Error.NoMemory"), 0);
        ck_assert_ptr_null(cr_error_name(0));
        ck_assert_ptr_null(cr_error_name(32780));
}
END_TEST

static void assert_text(const char *name, const char *message, const char *expected)
{
        g_autoptr(GError) error = cr_error_new(name, message);
        g_autofree char *text = cr_error_text(error);
        ck_assert_str_eq(text, expected);
        ck_assert_int_eq(cr_error_exit_status(error), 1);
}

START_TEST(value_and_name_stand_at_the_end_once)
{
        assert_text(ERROR_NAME("InUse"), "disk 'root' is open (32774 InUse)",
                "disk 'root' is open (32774 InUse)");
        assert_text(ERROR_NAME("InUse"), "disk 'root' is open", "disk 'root' is open (32774 InUse)");
        assert_text(ERROR_NAME("InUse"), "disk 'a (b)'", "disk 'a (b)' (32774 InUse)");
        assert_text(ERROR_NAME("InUse"), "disk (b)", "disk (b) (32774 InUse)");
        assert_text(ERROR_NAME("Cancelled"), "cancelled", "cancelled (32768 Cancelled)");
        assert_text("com.example.Other", "what", "what");
        assert_text(ERROR_NAME("Failed"), "a\033[2Jb (32768 Failed)", "a?[2Jb (32768 Failed)");
}
END_TEST

START_TEST(what_the_bus_says_is_explained)
{
        assert_text("org.freedesktop.DBus.Error.ServiceUnknown", "not provided",
                "the service is not running on this bus: not provided");
        assert_text("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", "no",
                "authentication is needed; call again without --no-ask-password: no "
                "(32769 InteractiveAuthorizationRequired)");
}
END_TEST

START_TEST(wrong_usage_exits_with_2)
{
        g_autoptr(GError) usage = g_error_new(CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE, "no");
        g_autoptr(GError) failed = g_error_new(CR_CLIENT_ERROR, CR_CLIENT_ERROR_FAILED, "no");
        g_autoptr(GError) option = g_error_new(G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no");
        ck_assert_int_eq(cr_error_exit_status(usage), 2);
        ck_assert_int_eq(cr_error_exit_status(option), 2);
        ck_assert_int_eq(cr_error_exit_status(failed), 1);
}
END_TEST

START_TEST(a_program_gets_name_value_and_message)
{
        g_autoptr(GError) error = cr_error_new(ERROR_NAME("InUse"), "open");
        g_autoptr(JsonNode) node = cr_error_json(error);
        g_autofree char *text = json_to_string(node, FALSE);
        ck_assert_str_eq(text,
                "{\"Error\":{\"Name\":\"" ERROR_NAME("InUse") "\",\"Value\":32774,\"Message\":\"open\"}}");
}
END_TEST

TCase *error_case(void)
{
        TCase *tcase = tcase_create("error");
        tcase_add_test(tcase, every_documented_value_has_its_name);
        tcase_add_test(tcase, what_is_not_documented_has_no_value);
        tcase_add_test(tcase, value_and_name_stand_at_the_end_once);
        tcase_add_test(tcase, what_the_bus_says_is_explained);
        tcase_add_test(tcase, wrong_usage_exits_with_2);
        tcase_add_test(tcase, a_program_gets_name_value_and_message);
        return tcase;
}
