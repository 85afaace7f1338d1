/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making layers, for CrEngine. */
#pragma once

#include "core/engine.h"

char *cr_create_layer_path(const CrCollection *collection, const CrDisk *disk, const CrId *layer);

gboolean cr_create_layer(const CrConfig *config, const CrLayer *below, const char *backing_path,
        const char *path, guint64 virtual_size, const char *like, ino_t *ret_inode, GError **error);
