/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engines that this version's workers have. The daemon opens no image and is not linked with them; a test
 * compares this with the engines themselves. */
#pragma once

extern const char *const cr_service_engine_names[]; /* NULL-terminated */
