/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The project's one error domain. Its codes are the documented values of the class
 * (Msvm_CollectionReplicationService), so an error keeps its meaning from the place that found it to the
 * caller on the bus, and is converted only there.
 */
#pragma once

#include <glib.h>

#define CR_ERROR (cr_error_quark())
GQuark cr_error_quark(void);

/* The documented return values. Source: the class's documentation; 32768 to 32779 are its twelve errors. */
typedef enum CrError {
        CR_ERROR_FAILED = 32768,
        CR_ERROR_ACCESS_DENIED,
        CR_ERROR_NOT_SUPPORTED,
        CR_ERROR_STATUS_UNKNOWN,
        CR_ERROR_TIMEOUT,
        CR_ERROR_INVALID_PARAMETER,
        CR_ERROR_IN_USE,
        CR_ERROR_INVALID_STATE,
        CR_ERROR_INCORRECT_DATA_TYPE,
        CR_ERROR_NOT_AVAILABLE,
        CR_ERROR_OUT_OF_MEMORY,
        CR_ERROR_FILE_NOT_FOUND,
        /* Not documented by the class: a cancelled job. On the bus it has the value 32768 and the name
           Cancelled. */
        CR_ERROR_CANCELLED = 65536,
} CrError;

#define CR_VALUE_COMPLETED 0u      /* completed with no error */
#define CR_VALUE_JOB_STARTED 4096u /* parameters checked and job started */

/* The value that a bus client sees for @code: the documented one (Cancelled counts as Failed). */
guint32 cr_error_value(CrError code);

/* "InUse" for CR_ERROR_IN_USE; "Failed" for a code that is none of ours. Static. */
const char *cr_error_word(CrError code);

/* "org.example.CollectionReplication.Error.InUse". Static. */
const char *cr_error_bus_name(CrError code);

/* The code of a bus error name; CR_ERROR_FAILED for a name that is none of ours. */
CrError cr_error_from_bus_name(const char *name);

/* The code of @error; errors of other domains (GIO, GLib) are mapped: not found, no space, timed out,
 * cancelled... */
CrError cr_error_code(const GError *error);

/* Sets an error of our domain from errno: ENOENT is FileNotFound, ENOMEM OutOfMemory, ETIMEDOUT Timeout,
 * EACCES and all others Failed. @format names the object; ": <strerror>" is appended. Returns FALSE, for tail
 * calls. */
gboolean cr_error_set_errno(GError **error, int errnum, const char *format, ...) G_GNUC_PRINTF(3, 4);
