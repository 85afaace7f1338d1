/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Views of disks, served by one qemu-nbd each, for CrEngine. */
#pragma once

#include "core/engine.h"

CrExport *cr_serve(
        const CrConfig *config, GPtrArray *chain, gboolean writable, const char *directory, GError **error);
CrExport *cr_serve_image(
        const CrConfig *config, const char *path, const char *format, const char *directory, GError **error);
const char *cr_serve_socket(CrExport *export, GError **error);
gboolean cr_serve_stop(CrExport **exports, guint n, GError **error);
