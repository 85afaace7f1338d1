/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "unit.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>

#define PREFIX "org.example.CollectionReplication.Error."

/* The contract's table, written down once more. */
static const struct {
        int code;
        guint32 value;
        const char *word;
} documented[] = {
        {CR_ERROR_FAILED, 32768, "Failed"},
        {CR_ERROR_ACCESS_DENIED, 32769, "AccessDenied"},
        {CR_ERROR_NOT_SUPPORTED, 32770, "NotSupported"},
        {CR_ERROR_STATUS_UNKNOWN, 32771, "StatusUnknown"},
        {CR_ERROR_TIMEOUT, 32772, "Timeout"},
        {CR_ERROR_INVALID_PARAMETER, 32773, "InvalidParameter"},
        {CR_ERROR_IN_USE, 32774, "InUse"},
        {CR_ERROR_INVALID_STATE, 32775, "InvalidState"},
        {CR_ERROR_INCORRECT_DATA_TYPE, 32776, "IncorrectDataType"},
        {CR_ERROR_NOT_AVAILABLE, 32777, "NotAvailable"},
        {CR_ERROR_OUT_OF_MEMORY, 32778, "OutOfMemory"},
        {CR_ERROR_FILE_NOT_FOUND, 32779, "FileNotFound"},
        {CR_ERROR_CANCELLED, 32768, "Cancelled"},
};

START_TEST(codes_have_the_documented_values_and_names)
{
        for (gsize i = 0; i < G_N_ELEMENTS(documented); i++) {
                CrError code = (CrError)documented[i].code;
                g_autofree char *bus_name = g_strconcat(PREFIX, documented[i].word, NULL);

                ck_assert_uint_eq(cr_error_value(code), documented[i].value);
                ck_assert_str_eq(cr_error_word(code), documented[i].word);
                ck_assert_str_eq(cr_error_bus_name(code), bus_name);
                ck_assert_int_eq(cr_error_from_bus_name(bus_name), code);
        }
}
END_TEST

START_TEST(what_is_none_of_ours_is_failed)
{
        static const int strange[] = {0, 1, 4096, 32767, 32780, 65535, 65537, -1};

        for (gsize i = 0; i < G_N_ELEMENTS(strange); i++) {
                ck_assert_uint_eq(cr_error_value((CrError)strange[i]), 32768);
                ck_assert_str_eq(cr_error_word((CrError)strange[i]), "Failed");
        }
        ck_assert_int_eq(cr_error_from_bus_name("org.freedesktop.DBus.Error.Timeout"), CR_ERROR_FAILED);
        ck_assert_int_eq(cr_error_from_bus_name("InUse"), CR_ERROR_FAILED);
        ck_assert_int_eq(cr_error_from_bus_name(NULL), CR_ERROR_FAILED);
}
END_TEST

START_TEST(errno_keeps_its_meaning)
{
        static const struct {
                int errnum, code;
        } table[] = {
                {ENOENT, CR_ERROR_FILE_NOT_FOUND},
                {ENOMEM, CR_ERROR_OUT_OF_MEMORY},
                {ETIMEDOUT, CR_ERROR_TIMEOUT},
                {EACCES, CR_ERROR_FAILED},
                {EIO, CR_ERROR_FAILED},
                {ENOSPC, CR_ERROR_FAILED},
        };

        for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
                g_autoptr(GError) error = NULL;
                g_autofree char *message = g_strdup_printf("disk 'root' 7: %s", g_strerror(table[i].errnum));

                ck_assert(!cr_error_set_errno(&error, table[i].errnum, "disk '%s' %d", "root", 7));
                ck_assert(g_error_matches(error, CR_ERROR, table[i].code));
                ck_assert_str_eq(error->message, message);
        }
        ck_assert(!cr_error_set_errno(NULL, EIO, "nobody asks"));
}
END_TEST

static CrError code_of(GQuark domain, int code)
{
        g_autoptr(GError) error = g_error_new_literal(domain, code, "x");

        return cr_error_code(error);
}

START_TEST(errors_of_other_domains_are_mapped)
{
        ck_assert_int_eq(code_of(CR_ERROR, CR_ERROR_IN_USE), CR_ERROR_IN_USE);
        ck_assert_int_eq(code_of(CR_ERROR, 17), CR_ERROR_FAILED);
        ck_assert_int_eq(code_of(G_IO_ERROR, G_IO_ERROR_NOT_FOUND), CR_ERROR_FILE_NOT_FOUND);
        ck_assert_int_eq(code_of(G_IO_ERROR, G_IO_ERROR_TIMED_OUT), CR_ERROR_TIMEOUT);
        ck_assert_int_eq(code_of(G_IO_ERROR, G_IO_ERROR_CANCELLED), CR_ERROR_CANCELLED);
        ck_assert_int_eq(code_of(G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED), CR_ERROR_NOT_AVAILABLE);
        ck_assert_int_eq(code_of(G_IO_ERROR, G_IO_ERROR_NO_SPACE), CR_ERROR_FAILED);
        ck_assert_int_eq(code_of(G_FILE_ERROR, G_FILE_ERROR_NOENT), CR_ERROR_FILE_NOT_FOUND);
        ck_assert_int_eq(code_of(G_FILE_ERROR, G_FILE_ERROR_NOMEM), CR_ERROR_OUT_OF_MEMORY);
        ck_assert_int_eq(code_of(G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT), CR_ERROR_FILE_NOT_FOUND);
        ck_assert_int_eq(code_of(G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_PARSE), CR_ERROR_FAILED);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {codes_have_the_documented_values_and_names,
                what_is_none_of_ours_is_failed, errno_keeps_its_meaning, errors_of_other_domains_are_mapped,
                NULL};

        return run_tests("error", tests);
}
