/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Log lines with fields of their own: to the journal, or as text to standard error where there is none. */
#pragma once

#include <glib.h>

/* @operation and @collection (its path or id): NULL when it is about none. @job: 0 likewise. */
void cr_log_full(const char *file, const char *line, const char *function, GLogLevelFlags level,
        const char *operation, const char *collection, guint64 job, const char *format, ...)
        G_GNUC_PRINTF(8, 9);

#define cr_log(level, operation, collection, job, ...)                                                       \
        cr_log_full(                                                                                         \
                __FILE__, G_STRINGIFY(__LINE__), G_STRFUNC, level, operation, collection, job, __VA_ARGS__)

#define CR_LOG_INFO(...) cr_log(G_LOG_LEVEL_INFO, NULL, NULL, 0, __VA_ARGS__)
#define CR_LOG_WARNING(...) cr_log(G_LOG_LEVEL_WARNING, NULL, NULL, 0, __VA_ARGS__)
