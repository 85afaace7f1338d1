/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stand-alone copies, for CrEngine. */
#pragma once

#include "core/engine.h"

gboolean cr_export_image(const CrConfig *config, GPtrArray *chain, int directory_fd, const char *name,
        void (*progress)(guint64 done, guint64 total, void *), void *userdata, GError **error);
