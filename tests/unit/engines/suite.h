/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The test suite that every engine passes, written against the engine interface and the plans of the core. */
#pragma once

#include <check.h>

#include "images.h"

Suite *suite_of(const Images *images);

/* Its parts. */
TCase *suite_steps(void);
TCase *suite_merges(void);
TCase *suite_fences(void);
TCase *suite_views(void);
TCase *suite_files(void);
