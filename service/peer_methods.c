/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/peer_methods.h"

#include "core/failpoint.h"
#include "service/answers.h"
#include "service/requests.h"
#include "service/service.h"

static GVariant *nothing(void)
{
        return g_variant_new_tuple(NULL, 0);
}

/* A higher generation is right about who is primary: this side sends no more. The next cycle, at once, proves
 * it and makes the collection critical. */
static void heed_generation(CrService *service, const CrPeerCaller *caller)
{
        const CrShown *shown = cr_collections_find(service->collections, &caller->collection);
        g_autoptr(GVariant) generation = shown ? cr_object_get(shown->object, "Generation") : NULL;

        if (shown && caller->seen.generation.number > g_variant_get_uint64(generation) &&
                cr_tasks_end_send(service->tasks, &caller->collection))
                cr_schedule_hasten(service->schedule, &caller->collection);
}

gboolean cr_peer_call_parse(CrCall *call, CrPeerCaller *ret, GError **error)
{
        g_autoptr(GVariant) dictionary = cr_call_argument(call, 0);

        if (!cr_peer_caller_parse(ret, dictionary, &call->service->host, error))
                return FALSE;
        call->collection = ret->collection;
        heed_generation(call->service, ret);
        return TRUE;
}

/* ---- by a worker ---- */

static gboolean take_caller(CrCall *call, GVariantDict *request, GError **error)
{
        CrPeerCaller caller;

        cr_request_take(request, "Caller", cr_call_argument(call, 0));
        return cr_peer_call_parse(call, &caller, error);
}

gboolean cr_request_caller(CrCall *call, GVariantDict *request, GError **error)
{
        if (!take_caller(call, request, error))
                return FALSE;
        if (cr_collections_find(call->service->collections, &call->collection))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_FILE_NOT_FOUND, "this site has no collection %s",
                call->collection.text);
        return FALSE;
}

gboolean cr_request_establish(CrCall *call, GVariantDict *request, GError **error)
{
        g_autoptr(GVariant) name = cr_call_argument(call, 1), settings = cr_call_argument(call, 4);
        g_autoptr(CrSettings) probe = cr_settings_new();

        if (!take_caller(call, request, error) ||
                !cr_name_check("collection", g_variant_get_string(name, NULL), error) ||
                !cr_settings_apply(probe, settings, error))
                return FALSE;
        g_variant_dict_insert_value(request, "Name", name);
        cr_request_take(request, "Engine", cr_call_argument(call, 2));
        cr_request_take(request, "Disks", cr_call_argument(call, 3));
        g_variant_dict_insert_value(request, "Settings", settings);
        return TRUE;
}

gboolean cr_request_estimate(CrCall *call, GVariantDict *request, GError **error)
{
        cr_request_take(request, "Point", cr_call_argument(call, 1));
        return cr_request_caller(call, request, error);
}

gboolean cr_request_digest(CrCall *call, GVariantDict *request, GError **error)
{
        cr_request_take(request, "What", cr_call_argument(call, 1));
        return cr_request_caller(call, request, error);
}

gboolean cr_request_receive(CrCall *call, GVariantDict *request, GError **error)
{
        cr_request_take(request, "Transfer", cr_call_argument(call, 1));
        return cr_request_caller(call, request, error);
}

gboolean cr_request_adapt_disks(CrCall *call, GVariantDict *request, GError **error)
{
        g_autoptr(GVariant) settings = cr_call_argument(call, 4);
        g_autoptr(CrSettings) probe = cr_settings_new();

        if (!cr_settings_apply(probe, settings, error))
                return FALSE;
        cr_request_take(request, "Preparation", cr_call_argument(call, 1));
        cr_request_take(request, "Disks", cr_call_argument(call, 2));
        cr_request_take(request, "Removed", cr_call_argument(call, 3));
        g_variant_dict_insert_value(request, "Settings", settings);
        return cr_request_caller(call, request, error);
}

CrRoom cr_room_adapt_disks(const CrCall *call, guint *ret_collections)
{
        g_autoptr(GVariant) added = cr_call_argument(call, 2);

        return cr_room_more_disks(call, g_variant_n_children(added) ? g_variant_get_size(added) : 0);
}

GVariant *cr_answer_adapt_disks(CrCall *call, const CrOutcome *outcome, GError **error)
{
        CR_FAILPOINT("peer.adapt-disks.before-reply");
        return nothing();
}

/* What is there already takes no more room. */
CrRoom cr_room_establish(const CrCall *call, guint *ret_collections)
{
        g_autoptr(GVariant) name = cr_call_argument(call, 1), disks = cr_call_argument(call, 3);
        g_autoptr(GVariant) changes = cr_call_argument(call, 4);
        g_autoptr(CrSettings) settings = cr_settings_new();

        if (cr_collections_find(call->service->collections, &call->collection))
                return (CrRoom){0, 0};
        *ret_collections = 1;
        cr_settings_apply(settings, changes, NULL);
        return cr_collections_room(
                g_variant_get_string(name, NULL), g_variant_get_size(disks), settings->recovery_history, 0);
}

GVariant *cr_answer_establish(CrCall *call, const CrOutcome *outcome, GError **error)
{
        CR_FAILPOINT("peer.establish.before-reply");
        return nothing();
}

GVariant *cr_answer_dissolve(CrCall *call, const CrOutcome *outcome, GError **error)
{
        CR_FAILPOINT("peer.dissolve.before-reply");
        return nothing();
}

GVariant *cr_answer_estimate(CrCall *call, const CrOutcome *outcome, GError **error)
{
        GVariant *disks = cr_answer_lookup(outcome->result, "Disks", "a(st)", error);

        CR_FAILPOINT("peer.estimate.before-reply");
        return disks ? g_variant_new_tuple(&disks, 1) : NULL;
}

/* A worker's result is text: there digests are base64. */
static GVariant *runs_of(GVariant *texts)
{
        GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(tay)"));
        GVariantIter iter;
        guint64 offset;
        const char *text;

        g_variant_iter_init(&iter, texts);
        while (g_variant_iter_next(&iter, "(t&s)", &offset, &text)) {
                gsize length = 0;
                g_autofree guchar *digests = g_base64_decode(text, &length);

                g_variant_builder_add(&builder, "(t@ay)", offset,
                        g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, digests, length, 1));
        }
        return g_variant_builder_end(&builder);
}

GVariant *cr_answer_digest(CrCall *call, const CrOutcome *outcome, GError **error)
{
        g_autoptr(GVariant) texts = cr_answer_lookup(outcome->result, "Runs", "a(ts)", error);
        guint64 size = 0, next = 0;

        CR_FAILPOINT("peer.digest.before-reply");
        if (!texts)
                return NULL;
        g_variant_lookup(outcome->result, "Size", "t", &size);
        g_variant_lookup(outcome->result, "Next", "t", &next);
        return g_variant_new("(tt@a(tay))", size, next, runs_of(texts));
}

GVariant *cr_answer_seed(CrCall *call, const CrOutcome *outcome, GError **error)
{
        CR_FAILPOINT("peer.seed.before-reply");
        return g_variant_new("(o)", outcome->job);
}

GVariant *cr_answer_receive(CrCall *call, const CrOutcome *outcome, GError **error)
{
        g_autoptr(GVariant) exports =
                outcome->reply ? g_variant_lookup_value(outcome->reply, "Exports", G_VARIANT_TYPE("a(ss)"))
                               : NULL;

        CR_FAILPOINT("peer.begin-receive.before-reply");
        return exports ? g_variant_new("(o@a(ss))", outcome->job, exports)
                       : g_variant_new("(oa(ss))", outcome->job, NULL);
}

/* ---- of a running receive ---- */

void cr_direct_peer_seal(CrCall *call)
{
        g_autoptr(GVariant) transfer = cr_call_argument(call, 1), digests = cr_call_argument(call, 2);
        g_autoptr(GVariant) bytes = cr_call_argument(call, 3);
        g_autoptr(GError) error = NULL;
        CrPeerCaller caller;
        CrTask *task;

        if (!cr_peer_call_parse(call, &caller, &error)) {
                cr_call_fail(call, error);
                return;
        }
        task = cr_tasks_find_receive(
                call->service->tasks, &caller.collection, g_variant_get_string(transfer, NULL));
        if (!task) {
                cr_call_fail_literal(
                        call, CR_ERROR_FILE_NOT_FOUND, "no such transfer is being received; begin it again");
                return;
        }
        if (!cr_task_seal(task, digests, g_variant_get_uint64(bytes), &error)) {
                cr_call_fail(call, error);
                return;
        }
        CR_FAILPOINT("peer.seal.before-reply");
        cr_call_reply(call, nothing());
}

void cr_direct_peer_abandon(CrCall *call)
{
        g_autoptr(GVariant) transfer = cr_call_argument(call, 1);
        g_autoptr(GError) error = NULL;
        CrPeerCaller caller;
        CrTask *task;

        if (!cr_peer_call_parse(call, &caller, &error)) {
                cr_call_fail(call, error);
                return;
        }
        task = cr_tasks_find_receive(
                call->service->tasks, &caller.collection, g_variant_get_string(transfer, NULL));
        if (task)
                cr_task_abandon(task, call);
        else
                cr_answer_abandoned(call);
}

void cr_answer_abandoned(CrCall *call)
{
        CR_FAILPOINT("peer.abandon.before-reply");
        cr_call_reply(call, nothing());
}
