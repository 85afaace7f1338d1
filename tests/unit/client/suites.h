/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The test cases of collectionctl, a file each.
 */
#pragma once

#include <check.h>

TCase *command_case(void);
TCase *completion_case(void);
TCase *error_case(void);
TCase *follow_case(void);
TCase *format_case(void);
TCase *introspection_case(void);
TCase *objects_case(void);
TCase *output_case(void);
TCase *progress_case(void);
TCase *setting_case(void);
TCase *text_case(void);
TCase *verb_case(void);
