/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who leaves the bus, and who their callers are. One match for all, not one per caller: messages arrive in
 * order, so a departure can't come before the call. */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

typedef struct CrDepartures CrDepartures;
typedef struct CrDeparture CrDeparture;

/* Asks the bus for the match and waits for that answer: call it at start. 0 or a negative errno. */
int cr_departures_new(sd_bus *bus, CrDepartures **ret);
CrDepartures *cr_departures_free(CrDepartures *departures);

/* @left is called once if the connection of the unique name @name ends; never after cr_departure_free(). It
 * may free watches, its own included. */
CrDeparture *cr_departure_watch(
        CrDepartures *departures, const char *name, void (*left)(void *), void *userdata);
CrDeparture *cr_departure_free(CrDeparture *departure); /* NULL is fine; returns NULL */
