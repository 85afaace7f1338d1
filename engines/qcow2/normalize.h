/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making the backing name in a head's header absolute, for CrEngine: a cut moves the file to another folder.
 */
#pragma once

#include "core/engine.h"

gboolean cr_normalize(const CrConfig *config, const CrLayer *head, GError **error);
