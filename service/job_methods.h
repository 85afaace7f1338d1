/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Job interface's methods. */
#pragma once

#include "service/method_call.h"

void cr_direct_job_wait(CrCall *call);
void cr_direct_job_cancel(CrCall *call);
