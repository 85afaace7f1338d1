/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One question to polkit, as it goes over the bus: CheckAuthorization, its reply, and its withdrawal. Private
 * to this folder. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "polkit/authorize.h"

typedef struct CrQuestion {
        char *sender; /* unique name of the caller on the bus */
        char *action_id;
        char *collection; /* as it is shown to rules and persons; "" for none */
        char *operation;
        uint64_t id; /* never used twice on one connection: polkit knows the check by it */
        bool dialog; /* a person may be asked, for as long as it takes */
} CrQuestion;

/* Fills *q with copies; cr_question_clear() frees them. */
void cr_question_init(CrQuestion *q, const char *sender, const char *action_id, const char *collection,
        const char *operation);
void cr_question_clear(CrQuestion *q);

/* Sends the question. `on_reply` gets the reply or an error, once; freeing *ret_slot ends the wait for it. */
int cr_question_send(const CrQuestion *q, sd_bus *bus, sd_bus_message_handler_t on_reply, void *userdata,
        sd_bus_slot **ret_slot);

/* Tells polkit that nobody waits for the answer any more, so that it closes the dialog. */
void cr_question_withdraw(const CrQuestion *q, sd_bus *bus);

/* What the reply says: ALLOWED, DENIED, CHALLENGE or UNAVAILABLE, and in *ret_why a clause for a message, to
 * be freed with g_free(). */
CrVerdict cr_question_read_reply(const CrQuestion *q, sd_bus_message *reply, char **ret_why);
