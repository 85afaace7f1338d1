/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/alive.h"

#include "service/log.h"
#include "service/service.h"

#define STAMP_USEC (UINT64_C(3600) * G_USEC_PER_SEC)

struct CrAlive {
        CrService *service;
        sd_event_source *timer;
};

static void stamp_work(CrStore *store, gpointer data)
{
        cr_store_stamp_alive(store, g_get_real_time(), data);
}

static void stamp_done(gpointer data)
{
        GError **error = data;

        if (*error)
                CR_LOG_WARNING("The store can't be stamped: %s", (*error)->message);
        g_clear_error(error);
        g_free(error);
}

void cr_alive_stamp(CrAlive *alive)
{
        cr_store_thread_submit(alive->service->store, stamp_work, stamp_done, g_new0(GError *, 1));
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        CrAlive *alive = userdata;

        cr_alive_stamp(alive);
        /* It may have been set back meanwhile. */
        cr_schedule_check_clock(alive->service->schedule);
        (void)sd_event_source_set_time_relative(source, STAMP_USEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

CrAlive *cr_alive_new(CrService *service, GError **error)
{
        CrAlive *alive = g_new0(CrAlive, 1);
        int r = sd_event_add_time_relative(
                service->event, &alive->timer, CLOCK_BOOTTIME, STAMP_USEC, STAMP_USEC / 60, on_timer, alive);

        alive->service = service;
        if (r >= 0)
                return alive;
        cr_error_set_errno(error, -r, "the hourly timer can't be made");
        return cr_alive_free(alive);
}

CrAlive *cr_alive_free(CrAlive *alive)
{
        if (alive)
                sd_event_source_disable_unref(alive->timer);
        g_free(alive);
        return NULL;
}
