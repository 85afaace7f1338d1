/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words for the numbers of the class, and for paths that stand for nothing.
 */
#pragma once

#include <glib.h>

/* Of ReplicationHealth; "-" where it does not apply. */
const char *cr_words_health(guint64 health);

/* Of a point's ConsistencyLevel. */
const char *cr_words_consistency(guint64 level);

/* A job's number from its path; "-" for the null path. Free with g_free(). */
char *cr_words_job(const char *path);
