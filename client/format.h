/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sizes, times and durations as people read them, and back from what they type.
 */
#pragma once

#include <glib.h>

/* Bytes in binary units: "0 B", "1023 B", "1.5 KiB". Free with g_free(). */
char *cr_format_size(guint64 bytes);

/* Bytes as typed: a number and, maybe, one of K, M, G, T (powers of 1024), with or without "iB" behind it.
 * Returns FALSE when it is not one, or does not fit. */
gboolean cr_parse_size(const char *text, guint64 *ret_bytes);

/* Microseconds since the epoch in local time: "2026-11-22 18:58:27"; "-" for 0. Free with g_free(). */
char *cr_format_time(guint64 usec);

/* A time as typed, ISO 8601, local unless it says otherwise. Returns FALSE when it is not one, or lies before
 * the epoch; @ret_usec: microseconds since the epoch. */
gboolean cr_parse_time(const char *text, guint64 *ret_usec);

/* Microseconds as a length of time in its two largest units: "850 ms", "3.2 s", "2 min 5 s", "3 h 4 min",
 * "2 d 3 h". Free with g_free(). */
char *cr_format_duration(guint64 usec);
