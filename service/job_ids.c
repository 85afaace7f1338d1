/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/job_ids.h"

#include "core/error.h"
#include "service/log.h"
#include "service/service.h"

#define BLOCK 128U

gboolean cr_job_ids_init(CrJobIds *ids, CrService *service, CrStore *store, GError **error)
{
        *ids = (CrJobIds){.service = service};
        if (!cr_store_reserve_job_ids(store, BLOCK, &ids->next, error))
                return FALSE;
        ids->end = ids->next + BLOCK;
        return TRUE;
}

typedef struct Reservation {
        CrJobIds *ids;
        guint64 first;
        GError *error;
} Reservation;

static void reserve_work(CrStore *store, gpointer data)
{
        Reservation *reservation = data;

        cr_store_reserve_job_ids(store, BLOCK, &reservation->first, &reservation->error);
}

static void reserve_done(gpointer data)
{
        Reservation *reservation = data;
        CrJobIds *ids = reservation->ids;

        ids->reserving = FALSE;
        if (reservation->error) {
                CR_LOG_WARNING("No job ids can be reserved: %s", reservation->error->message);
        } else {
                ids->spare = reservation->first;
                ids->spare_end = ids->spare + BLOCK;
        }
        g_clear_error(&reservation->error);
        g_free(reservation);
}

static void reserve(CrJobIds *ids)
{
        Reservation *reservation = g_new0(Reservation, 1);

        reservation->ids = ids;
        ids->reserving = TRUE;
        cr_store_thread_submit(ids->service->store, reserve_work, reserve_done, reservation);
}

guint64 cr_job_ids_next(CrJobIds *ids, GError **error)
{
        if (ids->next == ids->end) {
                ids->next = ids->spare;
                ids->end = ids->spare_end;
                ids->spare = ids->spare_end = 0;
        }
        if (ids->spare == 0 && !ids->reserving && ids->end - ids->next < BLOCK / 2)
                reserve(ids);
        if (ids->next < ids->end)
                return ids->next++;
        g_set_error(error, CR_ERROR, CR_ERROR_OUT_OF_MEMORY,
                "jobs are started faster than the store can note them; try again");
        return 0;
}
