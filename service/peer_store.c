/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Those methods of the Peer interface that only read or write the store. */
#include "core/disk_set.h"
#include "core/failpoint.h"
#include "service/peer_methods.h"
#include "service/requests.h"
#include "service/service.h"

#define POINTS_MAX 20000U /* source: the interface's documentation */

typedef struct PeerRequest {
        CrCall *call;
        CrPeerCaller caller;
        gboolean preparing;      /* a preparation runs here */
        CrId preparation;        /* of a registration */
        CrGeneration generation; /* likewise: ours, as the caller saw it */
        CrId host;
        GVariant *site;   /* of a description */
        gboolean changed; /* what is shown of the collection may have */
        GError *error;
} PeerRequest;

static PeerRequest *request_new(CrCall *call, GError **error)
{
        PeerRequest *request = g_new0(PeerRequest, 1);
        CrOperation holder;

        if (!cr_peer_call_parse(call, &request->caller, error)) {
                g_free(request);
                return NULL;
        }
        request->call = call;
        request->host = call->service->host;
        request->preparing = cr_tasks_holder(call->service->tasks, &request->caller.collection, &holder) &&
                             holder == CR_OP_PREPARE;
        return request;
}

/* @body: floating, or NULL with an error. */
static void request_end(PeerRequest *request, GVariant *body)
{
        g_autoptr(GVariant) sunk = body ? g_variant_ref_sink(body) : NULL;

        if (request->changed)
                cr_collections_refresh(request->call->service->collections, &request->caller.collection);
        if (request->error)
                cr_call_fail(request->call, request->error);
        else
                cr_call_reply(request->call, sunk);
        g_clear_error(&request->error);
        g_free(request);
}

/* Where there is a relationship, what the caller is now must not be older than what it was. */
static gboolean note(CrStore *store, PeerRequest *request, const CrCollection *collection)
{
        const CrGeneration *seen = &request->caller.seen.generation;

        if (!collection->has_relationship)
                return TRUE;
        if (!cr_store_note_peer(store, &collection->id, &request->caller.seen, &request->error))
                return FALSE;
        request->changed |= seen->number > collection->peer.generation.number;
        return TRUE;
}

static GVariant *points_of(const CrCollection *c)
{
        GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(ssb)"));
        guint first =
                c->points->len > POINTS_MAX ? c->points->len - POINTS_MAX : 0; /* the newest are the last */

        for (guint i = first; i < c->points->len; i++) {
                const CrPoint *point = c->points->pdata[i];

                g_variant_builder_add(&builder, "(ssb)", point->id.text, point->parent.text, point->held);
        }
        return g_variant_builder_end(&builder);
}

/* Of the points that are held, those that lack a disk. */
static GVariant *lacking_of(const CrCollection *c)
{
        GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(ss)"));
        g_autoptr(GPtrArray) disks = cr_disk_set_included(c);

        for (guint i = 0; i < c->points->len; i++) {
                const CrPoint *point = c->points->pdata[i];

                for (guint j = 0; point->held && j < disks->len; j++) {
                        const CrDisk *disk = disks->pdata[j];

                        if (!cr_collection_layer_at(c, &disk->id, &point->id))
                                g_variant_builder_add(&builder, "(ss)", point->id.text, disk->id.text);
                }
        }
        return g_variant_builder_end(&builder);
}

static GVariant *disks_of(const CrCollection *c)
{
        GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(sst)"));
        g_autoptr(GPtrArray) disks = cr_disk_set_included(c);

        for (guint i = 0; i < disks->len; i++) {
                const CrDisk *disk = disks->pdata[i];

                g_variant_builder_add(&builder, "(sst)", disk->id.text, disk->name, disk->virtual_size);
        }
        return g_variant_builder_end(&builder);
}

static GVariant *describe(const CrCollection *c, const CrId *host, guint64 sequence, gboolean preparing)
{
        g_auto(GVariantDict) site = G_VARIANT_DICT_INIT(NULL);

        g_variant_dict_insert(&site, "HostId", "s", host->text);
        g_variant_dict_insert(&site, "Sequence", "t", sequence);
        g_variant_dict_insert(&site, "Name", "s", c->name);
        g_variant_dict_insert(&site, "Engine", "s", c->engine);
        g_variant_dict_insert(&site, "Role", "s", cr_role_word(c->role));
        g_variant_dict_insert(&site, "State", "s", cr_state_word(c->state));
        g_variant_dict_insert(&site, "Generation", "t", c->generation.number);
        g_variant_dict_insert(&site, "GenerationId", "s", c->generation.id.text);
        g_variant_dict_insert(&site, "HasRelationship", "b", c->has_relationship);
        g_variant_dict_insert(&site, "FailoverPoint", "s", c->failover_point.text);
        g_variant_dict_insert(&site, "NewestPoint", "s", c->base_point.text);
        g_variant_dict_insert(&site, "Preparation", "s", c->preparation.text);
        g_variant_dict_insert(&site, "RegisteredPreparation", "s", c->peer.preparation.text);
        g_variant_dict_insert(&site, "Preparing", "b", preparing);
        g_variant_dict_insert_value(&site, "Points", points_of(c));
        g_variant_dict_insert_value(&site, "Disks", disks_of(c));
        g_variant_dict_insert_value(&site, "Lacking", lacking_of(c));
        g_variant_dict_insert_value(&site, "Settings", cr_settings_to_variant(c->settings));
        return g_variant_ref_sink(g_variant_dict_end(&site));
}

static void describe_work(CrStore *store, gpointer data)
{
        PeerRequest *request = data;
        g_autoptr(CrCollection) c =
                cr_store_load(store, &request->caller.collection, CR_LOAD_ALL, &request->error);
        g_autoptr(CrPlan) intent = NULL;
        guint64 sequence;

        if (!c || !note(store, request, c))
                return;
        intent = cr_store_intent(store, &c->id, &request->error);
        if (request->error || !cr_store_sequence(store, &sequence, &request->error))
                return;
        request->site = describe(c, &request->host, sequence,
                request->preparing || (intent && intent->operation == CR_OP_PREPARE));
}

static void describe_done(gpointer data)
{
        PeerRequest *request = data;
        g_autoptr(GVariant) site = request->site;

        CR_FAILPOINT("peer.describe.before-reply");
        request_end(request, site ? g_variant_new("(@a{sv})", site) : NULL);
}

void cr_direct_peer_describe(CrCall *call)
{
        g_autoptr(GError) error = NULL;
        PeerRequest *request = request_new(call, &error);

        if (request)
                cr_store_thread_submit(call->service->store, describe_work, describe_done, request);
        else
                cr_call_fail(call, error);
}

/* ---- registration ---- */

static gboolean take_registration(PeerRequest *request, GError **error)
{
        const char *preparation, *generation;

        g_variant_get(request->call->arguments, "(@a{sv}&st&s)", NULL, &preparation,
                &request->generation.number, &generation);
        if (cr_id_parse(preparation, &request->preparation) &&
                cr_id_parse(generation, &request->generation.id))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                "the preparation's or the generation's id is not 32 hex digits");
        return FALSE;
}

static gboolean check_free(CrService *service, const CrId *collection, GError **error)
{
        const char *waiting = cr_recovery_waiting_for(service->recovery, collection);
        CrOperation holder;

        if (waiting) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "an interrupted operation must be completed first: %s", waiting);
                cr_recovery_retry(service->recovery, collection);
                return FALSE;
        }
        if (!cr_tasks_holder(service->tasks, collection, &holder))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_IN_USE, "the collection is held by a running %s; wait for it",
                cr_operation_word(holder));
        return FALSE;
}

static void register_work(CrStore *store, gpointer data)
{
        PeerRequest *request = data;
        g_autoptr(CrCollection) c =
                cr_store_load(store, &request->caller.collection, CR_LOAD_SHOWN, &request->error);

        if (!c || !note(store, request, c))
                return;
        cr_store_register_preparation(
                store, &c->id, &request->generation, &request->preparation, &request->error);
}

static void register_done(gpointer data)
{
        CR_FAILPOINT("peer.register.before-reply");
        request_end(data, g_variant_new_tuple(NULL, 0));
}

void cr_direct_peer_register_preparation(CrCall *call)
{
        g_autoptr(GError) error = NULL;
        PeerRequest *request = request_new(call, &error);

        if (request && take_registration(request, &error) &&
                check_free(call->service, &request->caller.collection, &error)) {
                cr_store_thread_submit(call->service->store, register_work, register_done, request);
                return;
        }
        g_free(request);
        cr_call_fail(call, error);
}
