/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way that every method call goes: the kind of the objects it names, their existence, authorization,
 * existence once more, and then what the method's row in the table (methods.h) says. A call is answered once,
 * by whoever has it then; who owns it says the comment of each function.
 *
 * The schedule's calls come from the service itself: they have no message, and begin behind authorization.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "core/error.h"
#include "core/model.h"
#include "service/departures.h"
#include "service/types.h"

typedef struct CrCalls CrCalls;
typedef struct CrMethod CrMethod;

/* How a call of the service's own was answered: a job began, or there was nothing to do (NULL), or @error. */
typedef void (*CrCallAnswered)(const GError *error, void *userdata);

struct CrCall {
        CrService *service;
        const CrMethod *method;
        sd_bus_message *message; /* NULL: the service's own */
        GVariant *arguments;     /* a tuple; NULL: the service's own has a request */
        GVariant *request;       /* a{sv}: the operation's own keys; NULL: they are made from the arguments */
        CrCallAnswered on_answer;
        void *userdata;
        CrId collection; /* that it is about; none: of none that is known yet */
        uid_t uid;       /* of the caller, once asked for */
        CrTask *task;    /* that works for it */
        CrDeparture *departure;
        /* private */
        sd_bus_slot *uid_slot;
        gboolean answered;
        GList link;
};

CrCalls *cr_calls_new(CrService *service);
CrCalls *cr_calls_free(CrCalls *calls);
/* Answers all that are still to be answered with NotAvailable: the service is shutting down. */
void cr_calls_stop(CrCalls *calls);

/* For vtables: the handler of every method. @userdata: the CrObject that it is called on. */
int cr_method_handle(sd_bus_message *message, void *userdata, sd_bus_error *ret_error);

/* Makes a call as uid 0. @request: a{sv}, floating or not. @answered is called once, unless the service ends
 * before; maybe before this returns. */
void cr_call_make_own(CrService *service, const CrMethod *method, const CrId *collection, GVariant *request,
        CrCallAnswered answered, void *userdata);
gboolean cr_call_is_own(const CrCall *call);

/* Each of these takes the call over and frees it. @body: a tuple of the results, floating or not. */
void cr_call_reply(CrCall *call, GVariant *body);
void cr_call_fail(CrCall *call, const GError *error);
void cr_call_fail_literal(CrCall *call, CrError code, const char *message);
/* The caller has gone. */
void cr_call_drop(CrCall *call);

/* The path of the object that it is called on, its method's name. */
const char *cr_call_path(const CrCall *call);
const char *cr_call_member(const CrCall *call);
/* The name of its collection, or NULL; borrowed. */
const char *cr_call_collection_name(const CrCall *call);
