/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/method_call.h"

#include "polkit/actions.h"
#include "service/border.h"
#include "service/call_objects.h"
#include "service/methods.h"
#include "service/sd_cleanup.h"
#include "service/service.h"
#include "service/variant.h"

/* Calls that were not answered yet. The bus daemon lets a connection have 128 that want a reply, but any
 * number that don't. */
#define PENDING_MAX 1024U
#define PENDING_PER_SENDER_MAX 128U

struct CrCalls {
        CrService *service;
        GQueue pending; /* links of CrCall */
};

CrCalls *cr_calls_new(CrService *service)
{
        CrCalls *calls = g_new0(CrCalls, 1);

        calls->service = service;
        return calls;
}

CrCalls *cr_calls_free(CrCalls *calls)
{
        if (!calls)
                return NULL;
        while (calls->pending.head)
                cr_call_drop(calls->pending.head->data);
        g_free(calls);
        return NULL;
}

void cr_calls_stop(CrCalls *calls)
{
        g_autoptr(GError) error =
                g_error_new(CR_ERROR, CR_ERROR_NOT_AVAILABLE, "the service is shutting down");

        for (GList *link = calls->pending.head; link; link = link->next) {
                CrCall *call = link->data;

                if (!call->answered && call->message)
                        cr_border_reply_error(call->message, error);
                call->answered = TRUE;
        }
}

gboolean cr_call_is_own(const CrCall *call)
{
        return !call->message;
}

void cr_call_drop(CrCall *call)
{
        g_queue_unlink(&call->service->calls->pending, &call->link);
        cr_departure_free(call->departure);
        sd_bus_slot_unref(call->uid_slot);
        sd_bus_message_unref(call->message);
        g_clear_pointer(&call->arguments, g_variant_unref);
        g_clear_pointer(&call->request, g_variant_unref);
        g_free(call);
}

static int send_reply(CrCall *call, GVariant *body)
{
        g_autoptr(sd_bus_message) reply = NULL;
        int r = sd_bus_message_new_method_return(call->message, &reply);

        if (r >= 0)
                r = cr_variant_append_all(reply, body);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

void cr_call_reply(CrCall *call, GVariant *body)
{
        g_autoptr(GVariant) sunk = g_variant_ref_sink(body);

        if (!call->answered && cr_call_is_own(call))
                call->on_answer(NULL, call->userdata);
        else if (!call->answered)
                cr_border_finish(call->message, send_reply(call, sunk), "the answer can't be sent");
        cr_call_drop(call);
}

void cr_call_fail(CrCall *call, const GError *error)
{
        if (!call->answered && cr_call_is_own(call))
                call->on_answer(error, call->userdata);
        else if (!call->answered)
                cr_border_reply_error(call->message, error);
        cr_call_drop(call);
}

void cr_call_fail_literal(CrCall *call, CrError code, const char *message)
{
        g_autoptr(GError) error = g_error_new_literal(CR_ERROR, (gint)code, message);

        cr_call_fail(call, error);
}

const char *cr_call_path(const CrCall *call)
{
        return sd_bus_message_get_path(call->message);
}

const char *cr_call_member(const CrCall *call)
{
        return call->method->member;
}

const char *cr_call_collection_name(const CrCall *call)
{
        const CrShown *shown = cr_collections_find(call->service->collections, &call->collection);

        return shown ? shown->name : NULL;
}

/* After authorization: what was there may have gone meanwhile. */
static void begin(CrCall *call)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *unsupported = NULL;

        if (call->service->stopping) {
                cr_call_fail_literal(call, CR_ERROR_NOT_AVAILABLE, "the service is shutting down");
        } else if (!cr_call_resolve_objects(call, &error)) {
                cr_call_fail(call, error);
        } else if (call->method->mode == CR_MODE_DIRECT) {
                call->method->direct(call);
        } else if (call->method->mode == CR_MODE_UNSUPPORTED) {
                unsupported = g_strdup_printf("%s is not supported by this version", cr_call_member(call));
                cr_call_fail_literal(call, CR_ERROR_NOT_SUPPORTED, unsupported);
        } else {
                cr_tasks_start(call);
        }
}

static void deny(CrCall *call, CrVerdict verdict, const char *why)
{
        const char *name = cr_call_collection_name(call);
        g_autofree char *object = name ? g_strdup_printf(" of collection '%s'", name) : g_strdup("");
        g_autofree char *message = g_strdup_printf("%s%s was refused: %s", cr_call_member(call), object, why);

        if (verdict != CR_VERDICT_CHALLENGE || call->answered) {
                cr_call_fail_literal(call, CR_ERROR_ACCESS_DENIED, message);
                return;
        }
        cr_border_reply_challenge(call->message, message);
        cr_call_drop(call);
}

static void on_verdict(CrVerdict verdict, const char *why, void *userdata)
{
        CrCall *call = userdata;

        if (verdict == CR_VERDICT_GONE || call->answered)
                cr_call_drop(call);
        else if (verdict == CR_VERDICT_ALLOWED)
                begin(call);
        else
                deny(call, verdict, why);
}

static void authorize(CrCall *call)
{
        const CrMethod *method = call->method;
        const char *action = cr_action_of(method->interface, method->member);
        int r;

        if (cr_action_is_reading_only(method->interface, method->member) ||
                (cr_action_is_open_to_owner(method->interface, method->member) &&
                        cr_call_is_by_owner(call))) {
                begin(call);
                return;
        }
        r = action ? cr_authority_check(call->service->authority, call->message, action,
                             cr_call_collection_name(call), method->member, on_verdict, call)
                   : -ENOENT;
        if (r < 0)
                deny(call, CR_VERDICT_UNAVAILABLE, "polkit can't be asked");
}

static int on_uid(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        CrCall *call = userdata;
        uint32_t uid;

        /* The bus knows no such connection: the caller has gone. */
        if (call->answered || sd_bus_message_is_method_error(reply, NULL) ||
                sd_bus_message_read(reply, "u", &uid) < 0) {
                cr_call_drop(call);
                return 0;
        }
        call->uid = uid;
        authorize(call);
        return 0;
}

static void ask_uid(CrCall *call)
{
        int r = sd_bus_call_method_async(call->service->bus, &call->uid_slot, "org.freedesktop.DBus",
                "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetConnectionUnixUser", on_uid, call, "s",
                sd_bus_message_get_sender(call->message));

        if (r < 0)
                cr_call_fail_literal(call, CR_ERROR_FAILED, "the caller can't be told");
}

static gboolean check_room(CrCalls *calls, const char *sender, GError **error)
{
        guint n = 0;

        for (GList *link = calls->pending.head; link; link = link->next) {
                const CrCall *call = link->data;

                n += !cr_call_is_own(call) &&
                     g_strcmp0(sd_bus_message_get_sender(call->message), sender) == 0;
        }
        if (calls->pending.length <= PENDING_MAX && n <= PENDING_PER_SENDER_MAX)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_OUT_OF_MEMORY,
                "too many calls wait for their answers; wait for some of them");
        return FALSE;
}

static CrCall *call_new(CrService *service, sd_bus_message *message, const CrMethod *method)
{
        CrCall *call = g_new0(CrCall, 1);

        call->service = service;
        call->method = method;
        call->message = message ? sd_bus_message_ref(message) : NULL;
        call->link.data = call;
        g_queue_push_tail_link(&service->calls->pending, &call->link);
        return call;
}

int cr_method_handle(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        const CrObject *object = userdata;
        CrService *service = cr_objects_userdata(object->objects);
        const CrMethod *method = cr_method_find(object->interface->name, sd_bus_message_get_member(message));
        CrCall *call = call_new(service, message, method);
        g_autoptr(GError) error = NULL;

        call->arguments = check_room(service->calls, sd_bus_message_get_sender(message), &error)
                                  ? cr_variant_from_message(message, &error)
                                  : NULL;
        if (!call->arguments || !cr_call_resolve_objects(call, &error))
                cr_call_fail(call, error);
        else if (cr_method_needs_uid(method))
                ask_uid(call);
        else
                authorize(call);
        return 1;
}

void cr_call_make_own(CrService *service, const CrMethod *method, const CrId *collection, GVariant *request,
        CrCallAnswered answered, void *userdata)
{
        CrCall *call = call_new(service, NULL, method);

        call->collection = *collection;
        call->request = g_variant_ref_sink(request);
        call->on_answer = answered;
        call->userdata = userdata;
        cr_tasks_start(call);
}
