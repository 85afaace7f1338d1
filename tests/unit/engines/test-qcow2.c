/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The suite of all engines, run for the qcow2 engine. */
#include "run.h"
#include "suite.h"

int main(void)
{
        return run_suite(suite_of(&qcow2_images));
}
