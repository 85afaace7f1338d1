/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/interfaces.h"
#include "service/names.h"

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        CR_CONST_PROPERTY("Id", "t"),
        CR_CONST_PROPERTY("Operation", "s"),
        CR_CONST_PROPERTY("Collection", "o"),
        CR_CONST_PROPERTY("Owner", "u"),
        CR_CONST_PROPERTY("StartTime", "t"),
        CR_PROPERTY("State", "s"),
        CR_PROPERTY("JobState", "q"),
        CR_PROPERTY("Phase", "s"),
        CR_PROPERTY("PercentComplete", "q"),
        CR_PROPERTY("BytesDone", "t"),
        CR_PROPERTY("BytesTotal", "t"),
        CR_PROPERTY("Rate", "t"),
        CR_PROPERTY("Cancelable", "b"),
        CR_PROPERTY("EndTime", "t"),
        CR_PROPERTY("ReturnValue", "u"),
        CR_PROPERTY("ErrorName", "s"),
        CR_PROPERTY("ErrorMessage", "s"),
        CR_PROPERTY("Result", "a{sv}"),
        SD_BUS_METHOD_WITH_ARGS("Wait", SD_BUS_NO_ARGS,
                SD_BUS_RESULT("u", return_value, "s", error_name, "s", message), cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS(
                "Cancel", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

const CrInterface cr_job_interface = {CR_JOB_INTERFACE, vtable};
