/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/engine_names.h"

#include <stddef.h>

const char *const cr_service_engine_names[] = {"qcow2", NULL};
