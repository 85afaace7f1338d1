/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making layers, for CrEngine. */
#pragma once

#include "core/engine.h"

char *cr_create_layer_path(const CrCollection *collection, const CrDisk *disk, const CrId *layer);

gboolean cr_create_layers(const CrConfig *config, CrNewLayer *layers, guint n, GError **error);
