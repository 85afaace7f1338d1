/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making a chain shorter while a machine runs on it, for CrEngine. */
#pragma once

#include "core/engine.h"

gboolean cr_absorb(
        const CrConfig *config, const CrCollection *collection, const CrLayer *upper, GError **error);
