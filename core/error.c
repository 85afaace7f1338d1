/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"

#include <errno.h>
#include <gio/gio.h>
#include <stdarg.h>
#include <string.h>

#define BUS_PREFIX "org.example.CollectionReplication.Error."

typedef struct ErrorName {
        CrError code;
        const char *word;
        const char *bus_name;
} ErrorName;

#define NAME(code, word)                                                                                     \
        {                                                                                                    \
                code, word, BUS_PREFIX word                                                                  \
        }

/* The documented errors in the order of their values, then ours. */
static const ErrorName error_table[] = {
        NAME(CR_ERROR_FAILED, "Failed"),
        NAME(CR_ERROR_ACCESS_DENIED, "AccessDenied"),
        NAME(CR_ERROR_NOT_SUPPORTED, "NotSupported"),
        NAME(CR_ERROR_STATUS_UNKNOWN, "StatusUnknown"),
        NAME(CR_ERROR_TIMEOUT, "Timeout"),
        NAME(CR_ERROR_INVALID_PARAMETER, "InvalidParameter"),
        NAME(CR_ERROR_IN_USE, "InUse"),
        NAME(CR_ERROR_INVALID_STATE, "InvalidState"),
        NAME(CR_ERROR_INCORRECT_DATA_TYPE, "IncorrectDataType"),
        NAME(CR_ERROR_NOT_AVAILABLE, "NotAvailable"),
        NAME(CR_ERROR_OUT_OF_MEMORY, "OutOfMemory"),
        NAME(CR_ERROR_FILE_NOT_FOUND, "FileNotFound"),
        NAME(CR_ERROR_CANCELLED, "Cancelled"),
};

G_STATIC_ASSERT(CR_ERROR_FILE_NOT_FOUND == 32779);
G_STATIC_ASSERT(G_N_ELEMENTS(error_table) == CR_ERROR_FILE_NOT_FOUND - CR_ERROR_FAILED + 1 + 1);

G_DEFINE_QUARK(cr - error, cr_error)

/* A switch over the whole enumeration: the compiler (-Wswitch) tells when a code has no place in the table.
 */
static gsize error_index(CrError code)
{
        switch (code) {
        case CR_ERROR_FAILED:
        case CR_ERROR_ACCESS_DENIED:
        case CR_ERROR_NOT_SUPPORTED:
        case CR_ERROR_STATUS_UNKNOWN:
        case CR_ERROR_TIMEOUT:
        case CR_ERROR_INVALID_PARAMETER:
        case CR_ERROR_IN_USE:
        case CR_ERROR_INVALID_STATE:
        case CR_ERROR_INCORRECT_DATA_TYPE:
        case CR_ERROR_NOT_AVAILABLE:
        case CR_ERROR_OUT_OF_MEMORY:
        case CR_ERROR_FILE_NOT_FOUND:
                return (gsize)code - CR_ERROR_FAILED;
        case CR_ERROR_CANCELLED:
                return G_N_ELEMENTS(error_table) - 1;
        }
        return 0;
}

guint32 cr_error_value(CrError code)
{
        CrError known = error_table[error_index(code)].code;

        return known == CR_ERROR_CANCELLED ? CR_ERROR_FAILED : known;
}

const char *cr_error_word(CrError code)
{
        return error_table[error_index(code)].word;
}

const char *cr_error_bus_name(CrError code)
{
        return error_table[error_index(code)].bus_name;
}

CrError cr_error_from_bus_name(const char *name)
{
        for (gsize i = 0; i < G_N_ELEMENTS(error_table); i++)
                if (g_strcmp0(error_table[i].bus_name, name) == 0)
                        return error_table[i].code;
        return CR_ERROR_FAILED;
}

static CrError code_of_io_error(int code)
{
        switch (code) {
        case G_IO_ERROR_NOT_FOUND:
                return CR_ERROR_FILE_NOT_FOUND;
        case G_IO_ERROR_TIMED_OUT:
                return CR_ERROR_TIMEOUT;
        case G_IO_ERROR_CANCELLED:
                return CR_ERROR_CANCELLED;
        case G_IO_ERROR_NOT_SUPPORTED:
                return CR_ERROR_NOT_SUPPORTED;
        case G_IO_ERROR_INVALID_ARGUMENT:
                return CR_ERROR_INVALID_PARAMETER;
        case G_IO_ERROR_HOST_UNREACHABLE:
        case G_IO_ERROR_NETWORK_UNREACHABLE:
        case G_IO_ERROR_CONNECTION_REFUSED:
        case G_IO_ERROR_NOT_CONNECTED:
        case G_IO_ERROR_CONNECTION_CLOSED:
                return CR_ERROR_NOT_AVAILABLE;
        default:
                return CR_ERROR_FAILED;
        }
}

CrError cr_error_code(const GError *error)
{
        if (error->domain == CR_ERROR)
                return error_table[error_index(error->code)].code;
        if (error->domain == G_IO_ERROR)
                return code_of_io_error(error->code);
        if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT) ||
                g_error_matches(error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT))
                return CR_ERROR_FILE_NOT_FOUND;
        if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOMEM) ||
                g_error_matches(error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOMEM))
                return CR_ERROR_OUT_OF_MEMORY;
        return CR_ERROR_FAILED;
}

static CrError code_of_errno(int errnum)
{
        switch (errnum) {
        case ENOENT:
                return CR_ERROR_FILE_NOT_FOUND;
        case ENOMEM:
                return CR_ERROR_OUT_OF_MEMORY;
        case ETIMEDOUT:
                return CR_ERROR_TIMEOUT;
        default:
                return CR_ERROR_FAILED;
        }
}

gboolean cr_error_set_errno(GError **error, int errnum, const char *format, ...)
{
        g_autofree char *object = NULL;
        va_list arguments;

        va_start(arguments, format);
        object = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        g_set_error(error, CR_ERROR, (int)code_of_errno(errnum), "%s: %s", object, g_strerror(errnum));
        return FALSE;
}
