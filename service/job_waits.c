/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/job_waits.h"

#include <string.h>

#include "service/service.h"

struct CrJobWaits {
        GQueue all; /* Wait */
};

typedef struct Wait {
        CrJobWaits *waits;
        CrCall *call;
        guint64 job;
        GList link;
} Wait;

static CrCall *wait_end(Wait *wait)
{
        CrCall *call = wait->call;

        g_queue_unlink(&wait->waits->all, &wait->link);
        g_free(wait);
        return call;
}

CrJobWaits *cr_job_waits_new(void)
{
        return g_new0(CrJobWaits, 1);
}

CrJobWaits *cr_job_waits_free(CrJobWaits *waits)
{
        if (!waits)
                return NULL;
        while (waits->all.head)
                cr_call_drop(wait_end(waits->all.head->data));
        g_free(waits);
        return NULL;
}

static guint count_of_sender(const CrJobWaits *waits, const char *sender)
{
        guint n = 0;

        for (const GList *link = waits->all.head; link; link = link->next)
                n += strcmp(sd_bus_message_get_sender(((const Wait *)link->data)->call->message), sender) ==
                     0;
        return n;
}

static void on_left(void *userdata)
{
        cr_call_drop(wait_end(userdata));
}

void cr_job_waits_add(CrJobWaits *waits, CrCall *call, guint64 job)
{
        const char *sender = sd_bus_message_get_sender(call->message);
        Wait *wait;

        if (count_of_sender(waits, sender) >= CR_JOB_WAITS_PER_CALLER) {
                cr_call_fail_literal(call, CR_ERROR_OUT_OF_MEMORY,
                        "the caller waits 64 times already; wait for one of the answers");
                return;
        }
        wait = g_new0(Wait, 1);
        *wait = (Wait){waits, call, job, {wait}};
        g_queue_push_tail_link(&waits->all, &wait->link);
        call->departure = cr_departure_watch(call->service->departures, sender, on_left, wait);
}

void cr_job_waits_reply(CrCall *call, const CrJobData *job)
{
        cr_call_reply(call, g_variant_new("(uss)", job->value, job->error_name, job->error_message));
}

void cr_job_waits_answer(CrJobWaits *waits, const CrJobData *job)
{
        for (GList *link = waits->all.head, *next; link; link = next) {
                Wait *wait = link->data;

                next = link->next;
                if (wait->job == job->id)
                        cr_job_waits_reply(wait_end(wait), job);
        }
}
