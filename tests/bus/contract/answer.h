/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call on the bus and what came back: the documented value, the words, and whether a job came of it. */
#pragma once

#include "tests/bus/service/site.h"

typedef struct Answer {
        char *error;        /* D-Bus error name; NULL: the call succeeded */
        char *message;      /* the error's */
        char *path;         /* the first result, if that is an object path; else NULL */
        GPtrArray *signals; /* what came before the answer, in order: "InterfacesAdded PATH", "JobNew PATH" */
} Answer;

void answer_clear(Answer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answer, answer_clear)

/* Sends @message (consumed) and waits for the answer. */
Answer answer_to(sd_bus *bus, sd_bus_message *message);

/* The same, with the message made of @types and what follows. */
Answer ask(sd_bus *bus, const char *path, const char *interface, const char *member, const char *types, ...);
#define ask_manager(bus, member, ...) ask(bus, MANAGER, CR_MANAGER_INTERFACE, member, __VA_ARGS__)

/* A call whose answer is awaited later. */
typedef struct Pending Pending;
Pending *ask_later(sd_bus *bus, sd_bus_message *message);
/* FALSE: there is no answer yet. */
gboolean pending_has_ended(Pending *pending);
/* Waits, and frees it. */
Answer pending_answer(Pending *pending);

/* A refusal with this documented value (32768 to 32779): error name, words that name the value and hold
 * @object, and no job before or after. */
void check_refused(sd_bus *bus, const Answer *answer, guint value, const char *object);
/* The same, for a caller who might authenticate. */
void check_challenged(sd_bus *bus, const Answer *answer, const char *object);

/* Success that is said by the null path: nothing was left to do, no job. */
void check_done(sd_bus *bus, const Answer *answer);
/* A job that was announced before the answer, object first. */
void check_started(const Answer *answer);
/* The job of a call that succeeded has completed with no error; a null path is completed already. */
void check_completes(sd_bus *bus, const Answer *answer);

/* A job that was announced has failed with this documented value, in words that hold @object. */
void check_fails(sd_bus *bus, const Answer *answer, guint value, const char *object);

/* "InUse" of 32774. */
const char *value_word(guint value);
