/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A service that does nothing but ask polkit, as the real one would: it has the real one's name and path,
 * takes any method call there, looks its action up and notes the verdict. It lives in the test's process and
 * runs when the test waits, so that a test sees everything at once. */

#include <glib.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "polkit/authorize.h"

#define SERVICE_NAME "org.example.CollectionReplication"
#define SERVICE_PATH "/org/example/CollectionReplication"
#define MANAGER_INTERFACE SERVICE_NAME
#define PEER_INTERFACE SERVICE_NAME ".Peer"

typedef struct Service {
        sd_event *event;
        sd_bus *bus;
        CrAuthority *authority;
        const char *action; /* ask for this one whatever is called, if set */

        unsigned n_verdicts[CR_VERDICT_GONE + 1];
        CrVerdict last_verdict;
        char *last_why;
        unsigned n_refused; /* calls for which no check could be started */
        int last_refusal;   /* negative errno */
} Service;

/* Waits, as long as the test may take, until the condition holds. */
#define SERVICE_RUN_UNTIL(service, condition)                                                                \
        do {                                                                                                 \
                while (!(condition))                                                                         \
                        ck_assert_int_ge(sd_event_run((service)->event, UINT64_MAX), 0);                     \
        } while (0)

void service_start(Service *s);
void service_stop(Service *s);

/* How many verdicts of all kinds there were. */
unsigned service_count_verdicts(const Service *s);

/* Waits for the next verdict and returns it; s->last_why tells why. */
CrVerdict service_next_verdict(Service *s);
