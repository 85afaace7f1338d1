/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Disks as typed, DISK=PATH.
 */
#pragma once

#include <glib.h>

/* The a(ss) that the service takes (disk name, path as typed), floating; @words may be NULL: none. A word
 * without a
 * '=' is CR_CLIENT_ERROR_USAGE; what a name and a path may be is up to the service. */
GVariant *cr_disks_parse(char *const *words, GError **error);
