/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/job_methods.h"

#include "service/service.h"

void cr_direct_job_wait(CrCall *call)
{
        cr_job_wait(cr_jobs_find_path(call->service->jobs, cr_call_path(call)), call);
}

void cr_direct_job_cancel(CrCall *call)
{
        CrJob *job = cr_jobs_find_path(call->service->jobs, cr_call_path(call));
        const CrJobData *data = cr_job_data(job);
        g_autofree char *message = NULL;

        if (data->state == CR_JOB_CANCELLED || (cr_job_task(job) && cr_task_cancel(cr_job_task(job)))) {
                cr_call_reply(call, g_variant_new_tuple(NULL, 0));
                return;
        }
        message = g_strdup_printf("job %" G_GUINT64_FORMAT " (%s) %s", data->id, data->operation,
                cr_job_data_has_ended(data) ? "has ended already"
                                            : "can no longer be undone; it is about to end");
        cr_call_fail_literal(call, CR_ERROR_INVALID_STATE, message);
}
