/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/departures.h"

#include <string.h>

#define DEPARTURES                                                                                           \
        "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"                          \
        "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg2=''"

struct CrDepartures {
        sd_bus_slot *match;
        GHashTable *by_name; /* unique name -> GQueue of CrDeparture, never empty */
};

struct CrDeparture {
        CrDepartures *departures;
        char *name;
        GQueue *queue; /* that it is in; NULL once it was told */
        GList link;
        void (*left)(void *);
        void *userdata;
};

static int on_name_lost(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error)
{
        CrDepartures *departures = userdata;
        const char *name;
        GQueue *queue;

        if (sd_bus_message_read(signal, "s", &name) < 0)
                return 0;
        /* Looked up each time: whoever is told may free any of them, and with the last one the queue. */
        while ((queue = g_hash_table_lookup(departures->by_name, name))) {
                CrDeparture *departure = queue->head->data;

                g_queue_unlink(queue, &departure->link);
                if (queue->length == 0)
                        g_hash_table_remove(departures->by_name, name);
                departure->queue = NULL;
                departure->left(departure->userdata);
        }
        return 0;
}

int cr_departures_new(sd_bus *bus, CrDepartures **ret)
{
        CrDepartures *departures = g_new0(CrDepartures, 1);
        int r = sd_bus_add_match(bus, &departures->match, DEPARTURES, on_name_lost, departures);

        if (r < 0) {
                g_free(departures);
                return r;
        }
        departures->by_name =
                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_queue_free);
        *ret = departures;
        return 0;
}

CrDepartures *cr_departures_free(CrDepartures *departures)
{
        if (!departures)
                return NULL;
        sd_bus_slot_unref(departures->match);
        g_hash_table_unref(departures->by_name);
        g_free(departures);
        return NULL;
}

CrDeparture *cr_departure_watch(
        CrDepartures *departures, const char *name, void (*left)(void *), void *userdata)
{
        CrDeparture *departure = g_new0(CrDeparture, 1);

        *departure = (CrDeparture){departures, g_strdup(name), NULL, {departure}, left, userdata};
        departure->queue = g_hash_table_lookup(departures->by_name, name);
        if (!departure->queue) {
                departure->queue = g_queue_new();
                g_hash_table_insert(departures->by_name, g_strdup(name), departure->queue);
        }
        g_queue_push_tail_link(departure->queue, &departure->link);
        return departure;
}

CrDeparture *cr_departure_free(CrDeparture *departure)
{
        if (!departure)
                return NULL;
        if (departure->queue) {
                g_queue_unlink(departure->queue, &departure->link);
                if (departure->queue->length == 0)
                        g_hash_table_remove(departure->departures->by_name, departure->name);
        }
        g_free(departure->name);
        g_free(departure);
        return NULL;
}
