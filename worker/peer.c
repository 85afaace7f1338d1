/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "core/disk_set.h"
#include "worker/bus_variant.h"
#include "worker/peer.h"

#define BUS_NAME "org.example.CollectionReplication"
#define MANAGER_PATH "/org/example/CollectionReplication"
#define PEER_INTERFACE "org.example.CollectionReplication.Peer"
#define JOB_INTERFACE "org.example.CollectionReplication.Job"
#define PROTOCOL_VERSION 1u /* the only one so far */
#define WAIT_SLICE_US (20 * G_USEC_PER_SEC)

struct CrPeer {
        CrWorker *worker;
        const CrCollection *collection;
        char *address;
        CrTransport *transport;
        sd_bus_slot *asked;     /* a call whose answer is waited for later */
        sd_bus_message *answer; /* NULL: not there yet */
};

void cr_peer_site_free(CrPeerSite *site)
{
        g_ptr_array_unref(site->points);
        g_ptr_array_unref(site->disks);
        g_clear_pointer(&site->lacking, g_variant_unref);
        g_clear_pointer(&site->settings, g_variant_unref);
        g_free(site);
}

gboolean cr_peer_site_has(const CrPeerSite *site, const CrId *point, const CrId *disk)
{
        GVariantIter iter;
        const char *point_text, *disk_text;

        g_variant_iter_init(&iter, site->lacking);
        while (g_variant_iter_next(&iter, "(&s&s)", &point_text, &disk_text))
                if (g_str_equal(point_text, point->text) && g_str_equal(disk_text, disk->text))
                        return FALSE;
        return TRUE;
}

static void peer_export_free(CrPeerExport *export)
{
        g_free(export->socket);
        g_free(export);
}

const char *cr_peer_address(const CrCollection *collection, GError **error)
{
        gboolean has_taken_over =
                collection->state == CR_STATE_FAILED_OVER || collection->state == CR_STATE_COMMITTED;
        gboolean is_sender = collection->role == CR_ROLE_PRIMARY && !has_taken_over;
        const char *address = is_sender ? collection->settings->recovery_connection_point
                                        : collection->settings->primary_connection_point;

        if (*address != '\0')
                return address;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                "collection '%s' has no address of its peer: set %s", collection->name,
                is_sender ? "RecoveryConnectionPoint" : "PrimaryConnectionPoint");
        return NULL;
}

static CrError code_of_reply(const sd_bus_error *reply, int r)
{
        static const struct {
                const char *name;
                CrError code;
        } standard[] = {
                {SD_BUS_ERROR_NO_REPLY, CR_ERROR_TIMEOUT},
                {SD_BUS_ERROR_TIMEOUT, CR_ERROR_TIMEOUT},
                {"org.freedesktop.DBus.Error.TimedOut", CR_ERROR_TIMEOUT},
                {SD_BUS_ERROR_SERVICE_UNKNOWN, CR_ERROR_NOT_AVAILABLE},
                {SD_BUS_ERROR_NAME_HAS_NO_OWNER, CR_ERROR_NOT_AVAILABLE},
                {SD_BUS_ERROR_DISCONNECTED, CR_ERROR_NOT_AVAILABLE},
                {SD_BUS_ERROR_NO_SERVER, CR_ERROR_NOT_AVAILABLE},
                {SD_BUS_ERROR_ACCESS_DENIED, CR_ERROR_ACCESS_DENIED},
                {SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, CR_ERROR_ACCESS_DENIED},
                {SD_BUS_ERROR_UNKNOWN_METHOD, CR_ERROR_NOT_SUPPORTED},
                {SD_BUS_ERROR_UNKNOWN_INTERFACE, CR_ERROR_NOT_SUPPORTED},
                {SD_BUS_ERROR_UNKNOWN_OBJECT, CR_ERROR_NOT_SUPPORTED},
        };

        for (gsize i = 0; reply->name && i < G_N_ELEMENTS(standard); i++)
                if (g_str_equal(reply->name, standard[i].name))
                        return standard[i].code;
        if (reply->name && g_str_has_prefix(reply->name, "org.freedesktop.DBus.Error.Spawn."))
                return CR_ERROR_NOT_AVAILABLE;
        if (reply->name && g_str_has_prefix(reply->name, BUS_NAME))
                return cr_error_from_bus_name(reply->name);
        return r == -ETIMEDOUT                      ? CR_ERROR_TIMEOUT
               : r == -ECONNRESET || r == -ENOTCONN ? CR_ERROR_NOT_AVAILABLE
                                                    : CR_ERROR_FAILED;
}

static gboolean fail(CrPeer *peer, const sd_bus_error *reply, int r, GError **error)
{
        CrError code = code_of_reply(reply, r);
        const char *what = code == CR_ERROR_TIMEOUT         ? "did not answer in time"
                           : code == CR_ERROR_NOT_AVAILABLE ? "can't be reached"
                           : code == CR_ERROR_ACCESS_DENIED ? "does not let this site in"
                                                            : "says";

        g_set_error(error, CR_ERROR, code, "the peer of collection '%s' at %s %s: %s", peer->collection->name,
                peer->address, what, reply->message ? reply->message : g_strerror(-r));
        return FALSE;
}

/* The caller dictionary, with the sequence as it is now. */
static GVariant *caller(CrPeer *peer, GError **error)
{
        const CrGeneration *generation = &peer->collection->generation;
        CrId host = cr_store_host_id(peer->worker->store);
        guint64 sequence;
        GVariantDict dict;

        if (!cr_store_sequence(peer->worker->store, &sequence, error))
                return NULL;
        g_variant_dict_init(&dict, NULL);
        g_variant_dict_insert(&dict, "ProtocolVersion", "u", PROTOCOL_VERSION);
        g_variant_dict_insert(&dict, "HostId", "s", host.text);
        g_variant_dict_insert(&dict, "Sequence", "t", sequence);
        g_variant_dict_insert(&dict, "Collection", "s", peer->collection->id.text);
        g_variant_dict_insert(&dict, "Generation", "t", generation->number);
        g_variant_dict_insert(&dict, "GenerationId", "s", generation->id.text);
        g_variant_dict_insert(&dict, "Primary", "b", peer->collection->role == CR_ROLE_PRIMARY);
        return g_variant_dict_end(&dict);
}

static gboolean call_message(CrPeer *peer, sd_bus_message *call, guint64 timeout_us, const char *reply_type,
        GVariant **ret, GError **error)
{
        sd_bus_error failure = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;
        gboolean ok;
        int r = sd_bus_call(cr_transport_bus(peer->transport), call, timeout_us, &failure, &reply);

        if (r < 0) {
                ok = fail(peer, &failure, r, error);
        } else {
                g_autoptr(GVariant) body = cr_bus_variant_read(reply, reply_type, error);
                ok = body != NULL;
                if (ret)
                        *ret = g_steal_pointer(&body);
        }
        sd_bus_error_free(&failure);
        sd_bus_message_unref(reply);
        return ok;
}

/* A call of a Peer method: @arguments (floating tuple, consumed; NULL: none) follow the caller dictionary.
 * NULL: it can't be made. */
static sd_bus_message *make_call(CrPeer *peer, const char *method, GVariant *arguments, GError **error)
{
        g_autoptr(GVariant) sunk = arguments ? g_variant_ref_sink(arguments) : NULL;
        g_autoptr(GVariant) self = caller(peer, error);
        sd_bus_message *message = NULL;

        if (!self)
                return NULL;
        g_variant_ref_sink(self);
        int r = sd_bus_message_new_method_call(
                cr_transport_bus(peer->transport), &message, BUS_NAME, MANAGER_PATH, PEER_INTERFACE, method);
        if (r >= 0)
                r = cr_bus_variant_append(message, self);
        for (gsize i = 0; r >= 0 && sunk && i < g_variant_n_children(sunk); i++) {
                g_autoptr(GVariant) child = g_variant_get_child_value(sunk, i);
                r = cr_bus_variant_append(message, child);
        }
        if (r >= 0)
                return message;
        fail(peer, &SD_BUS_ERROR_NULL, r, error);
        sd_bus_message_unref(message);
        return NULL;
}

static guint64 patience_us(const CrPeer *peer)
{
        return cr_worker_time_left(peer->worker) * (guint64)1000;
}

/* Calls a Peer method and waits for its answer. */
static gboolean call(CrPeer *peer, const char *method, GVariant *arguments, const char *reply_type,
        GVariant **ret, GError **error)
{
        sd_bus_message *message = make_call(peer, method, arguments, error);

        if (!message)
                return FALSE;
        gboolean ok = call_message(peer, message, patience_us(peer), reply_type, ret, error);
        sd_bus_message_unref(message);
        return ok;
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        CrPeer *peer = userdata;

        peer->answer = sd_bus_message_ref(reply);
        return 0;
}

gboolean cr_peer_ask(CrPeer *peer, const char *method, GVariant *arguments, GError **error)
{
        sd_bus *bus = cr_transport_bus(peer->transport);
        sd_bus_message *message = make_call(peer, method, arguments, error);

        if (!message)
                return FALSE;
        int r = sd_bus_call_async(bus, &peer->asked, message, on_answer, peer, patience_us(peer));
        if (r >= 0)
                r = sd_bus_flush(bus);
        sd_bus_message_unref(message);
        return r >= 0 || fail(peer, &SD_BUS_ERROR_NULL, r, error);
}

/* 0, or a negative errno. A call that has had no answer in time is answered by the library. */
static int wait_for_answer(CrPeer *peer)
{
        sd_bus *bus = cr_transport_bus(peer->transport);

        while (!peer->answer) {
                int r = sd_bus_process(bus, NULL);

                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
                if (r < 0 && r != -EINTR)
                        return r;
        }
        return 0;
}

GVariant *cr_peer_answer(CrPeer *peer, const char *type, GError **error)
{
        int r = wait_for_answer(peer);
        GVariant *body = NULL;

        if (r < 0 || sd_bus_message_is_method_error(peer->answer, NULL) > 0)
                fail(peer, r < 0 ? &SD_BUS_ERROR_NULL : sd_bus_message_get_error(peer->answer), r, error);
        else
                body = cr_bus_variant_read(peer->answer, type, error);
        peer->asked = sd_bus_slot_unref(peer->asked);
        peer->answer = sd_bus_message_unref(peer->answer);
        return body;
}

static gboolean agree_on_version(CrPeer *peer, GError **error)
{
        sd_bus_error failure = SD_BUS_ERROR_NULL;
        sd_bus_message *message = NULL;
        g_autoptr(GVariant) body = NULL;
        gboolean ok = FALSE;
        int r = sd_bus_message_new_method_call(cr_transport_bus(peer->transport), &message, BUS_NAME,
                MANAGER_PATH, "org.freedesktop.DBus.Properties", "GetAll");

        if (r >= 0)
                r = sd_bus_message_append(message, "s", PEER_INTERFACE);
        if (r < 0)
                fail(peer, &failure, r, error);
        else if (call_message(peer, message, cr_worker_time_left(peer->worker) * (guint64)1000, "(a{sv})",
                         &body, error)) {
                g_autoptr(GVariant) properties = g_variant_get_child_value(body, 0);
                guint32 highest = 0, lowest = 0;

                g_variant_lookup(properties, "ProtocolVersion", "u", &highest);
                g_variant_lookup(properties, "MinimumProtocolVersion", "u", &lowest);
                ok = lowest <= PROTOCOL_VERSION && highest >= PROTOCOL_VERSION;
                if (!ok)
                        g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED,
                                "the peer of collection '%s' at %s speaks protocol versions %u to %u, this "
                                "site %u: update the older one",
                                peer->collection->name, peer->address, lowest, highest, PROTOCOL_VERSION);
        }
        sd_bus_message_unref(message);
        return ok;
}

CrPeer *cr_peer_open(CrWorker *worker, const CrCollection *collection, const char *address, GError **error)
{
        g_autoptr(CrPeer) peer = g_new0(CrPeer, 1);

        peer->worker = worker;
        peer->collection = collection;
        peer->address = g_strdup(address);
        peer->transport = cr_transport_open(worker, address, error);
        if (!peer->transport)
                g_prefix_error(error, "collection '%s': ", collection->name);
        if (!peer->transport || !agree_on_version(peer, error))
                return NULL;
        return g_steal_pointer(&peer);
}

void cr_peer_close(CrPeer *peer)
{
        sd_bus_slot_unref(peer->asked);
        sd_bus_message_unref(peer->answer);
        g_clear_pointer(&peer->transport, cr_transport_close);
        g_free(peer->address);
        g_free(peer);
}

CrTransport *cr_peer_transport(CrPeer *peer)
{
        return peer->transport;
}

static gboolean lookup_id(GVariant *dict, const char *key, CrId *ret)
{
        const char *text = NULL;

        *ret = CR_ID_NONE;
        return g_variant_lookup(dict, key, "&s", &text) && (*text == '\0' || cr_id_parse(text, ret));
}

static gboolean read_points(GVariant *dict, GPtrArray *points)
{
        g_autoptr(GVariant) list = g_variant_lookup_value(dict, "Points", G_VARIANT_TYPE("a(ssb)"));
        GVariantIter iter;
        const char *id, *parent;
        gboolean held;

        if (!list)
                return FALSE;
        g_variant_iter_init(&iter, list);
        while (g_variant_iter_next(&iter, "(&s&sb)", &id, &parent, &held)) {
                CrPeerPoint *point = g_new0(CrPeerPoint, 1);

                g_ptr_array_add(points, point);
                point->held = held;
                if (!cr_id_parse(id, &point->id) || (*parent != '\0' && !cr_id_parse(parent, &point->parent)))
                        return FALSE;
        }
        return TRUE;
}

static gboolean read_disks(GVariant *dict, GPtrArray *disks)
{
        g_autoptr(GVariant) list = g_variant_lookup_value(dict, "Disks", G_VARIANT_TYPE("a(sst)"));
        GVariantIter iter;
        const char *id, *name;
        guint64 size;

        if (!list)
                return FALSE;
        g_variant_iter_init(&iter, list);
        while (g_variant_iter_next(&iter, "(&s&st)", &id, &name, &size)) {
                CrDisk *disk = cr_disk_new();

                g_ptr_array_add(disks, disk);
                disk->name = g_strdup(name);
                disk->virtual_size = size;
                if (!cr_id_parse(id, &disk->id))
                        return FALSE;
        }
        return TRUE;
}

static CrPeerSite *read_site(GVariant *dict)
{
        g_autoptr(CrPeerSite) site = g_new0(CrPeerSite, 1);
        const char *role = "", *state = "";

        site->points = g_ptr_array_new_with_free_func(g_free);
        site->disks = g_ptr_array_new_with_free_func((GDestroyNotify)cr_disk_free);
        site->lacking = g_variant_lookup_value(dict, "Lacking", G_VARIANT_TYPE("a(ss)"));
        site->settings = g_variant_lookup_value(dict, "Settings", G_VARIANT_TYPE_VARDICT);
        gboolean ok = lookup_id(dict, "HostId", &site->host) &&
                      lookup_id(dict, "GenerationId", &site->generation.id) &&
                      lookup_id(dict, "FailoverPoint", &site->failover_point) &&
                      lookup_id(dict, "NewestPoint", &site->newest_point) &&
                      lookup_id(dict, "Preparation", &site->preparation) &&
                      lookup_id(dict, "RegisteredPreparation", &site->registered_preparation) &&
                      g_variant_lookup(dict, "Sequence", "t", &site->sequence) &&
                      g_variant_lookup(dict, "Generation", "t", &site->generation.number) &&
                      g_variant_lookup(dict, "Role", "&s", &role) &&
                      g_variant_lookup(dict, "State", "&s", &state) && cr_role_from_word(role, &site->role) &&
                      cr_state_from_word(state, &site->state) &&
                      g_variant_lookup(dict, "HasRelationship", "b", &site->has_relationship) &&
                      g_variant_lookup(dict, "Preparing", "b", &site->preparing) && site->lacking &&
                      site->settings && read_points(dict, site->points) && read_disks(dict, site->disks);
        return ok ? g_steal_pointer(&site) : NULL;
}

CrPeerSite *cr_peer_describe(CrPeer *peer, GError **error)
{
        g_autoptr(GVariant) body = NULL;

        if (!call(peer, "Describe", NULL, "(a{sv})", &body, error))
                return NULL;
        g_autoptr(GVariant) dict = g_variant_get_child_value(body, 0);
        g_autoptr(CrPeerSite) site = read_site(dict);
        if (!site) {
                g_set_error(error, CR_ERROR, CR_ERROR_STATUS_UNKNOWN,
                        "the peer of collection '%s' at %s gave an answer that can't be read",
                        peer->collection->name, peer->address);
                return NULL;
        }
        CrPeerRecord seen = {.host = site->host, .sequence = site->sequence};
        if (site->role == CR_ROLE_PRIMARY)
                seen.generation = site->generation;
        if (peer->collection->has_relationship &&
                !cr_store_note_peer(peer->worker->store, &peer->collection->id, &seen, error))
                return NULL;
        return g_steal_pointer(&site);
}

gboolean cr_peer_establish(CrPeer *peer, GError **error)
{
        const CrCollection *collection = peer->collection;
        g_autoptr(GPtrArray) included = cr_disk_set_included(collection);
        GVariantBuilder disks;

        g_variant_builder_init(&disks, G_VARIANT_TYPE("a(sst)"));
        for (guint i = 0; i < included->len; i++) {
                const CrDisk *disk = g_ptr_array_index(included, i);

                g_variant_builder_add(&disks, "(sst)", disk->id.text, disk->name, disk->virtual_size);
        }
        return call(peer, "Establish",
                g_variant_new("(ssa(sst)@a{sv})", collection->name, collection->engine, &disks,
                        cr_settings_to_variant(collection->settings)),
                "()", NULL, error);
}

gboolean cr_peer_dissolve(CrPeer *peer, GError **error)
{
        return call(peer, "Dissolve", NULL, "()", NULL, error);
}

gboolean cr_peer_adapt(CrPeer *peer, const CrId *preparation, GVariant *disks, GVariant *removed,
        GVariant *settings, GError **error)
{
        return call(peer, "AdaptDisks",
                g_variant_new("(s@a(sst)@as@a{sv})", preparation->text, disks, removed, settings), "()", NULL,
                error);
}

gboolean cr_peer_register_preparation(
        CrPeer *peer, const CrId *preparation, const CrGeneration *generation, GError **error)
{
        return call(peer, "RegisterPreparation",
                g_variant_new("(sts)", preparation->text, generation->number, generation->id.text), "()",
                NULL, error);
}

gboolean cr_peer_estimate(CrPeer *peer, const CrId *point,
        void (*func)(const CrId *disk, guint64 bytes, void *), void *userdata, GError **error)
{
        g_autoptr(GVariant) body = NULL;
        g_autoptr(GVariantIter) iter = NULL;
        const char *text;
        guint64 bytes;

        if (!call(peer, "Estimate", g_variant_new("(s)", point->text), "(a(st))", &body, error))
                return FALSE;
        g_variant_get(body, "(a(st))", &iter);
        while (g_variant_iter_next(iter, "(&st)", &text, &bytes)) {
                CrId disk;

                if (cr_id_parse(text, &disk))
                        func(&disk, bytes, userdata);
        }
        return TRUE;
}

GPtrArray *cr_peer_begin_receive(CrPeer *peer, GVariant *transfer, char **ret_job, GError **error)
{
        g_autoptr(GPtrArray) exports = g_ptr_array_new_with_free_func((GDestroyNotify)peer_export_free);
        g_autoptr(GVariant) body = NULL;
        g_autoptr(GVariantIter) iter = NULL;
        const char *job, *disk, *socket;

        if (!call(peer, "BeginReceive", g_variant_new("(@a{sv})", transfer), "(oa(ss))", &body, error))
                return NULL;
        g_variant_get(body, "(&oa(ss))", &job, &iter);
        while (g_variant_iter_next(iter, "(&s&s)", &disk, &socket)) {
                CrPeerExport *export = g_new0(CrPeerExport, 1);

                export->socket = g_strdup(socket);
                g_ptr_array_add(exports, export);
                (void)cr_id_parse(disk, &export->disk); /* an id that is none matches no disk */
        }
        *ret_job = g_str_equal(job, "/") ? NULL : g_strdup(job);
        return g_steal_pointer(&exports);
}

void cr_peer_abandon(CrPeer *peer, const CrId *transfer)
{
        g_autoptr(GError) error = NULL;

        if (!call(peer, "Abandon", g_variant_new("(s)", transfer->text), "()", NULL, &error))
                g_info("abandoning a transfer: %s", error->message);
}

/* The answer of Job.Wait: the job's own outcome. */
static gboolean check_outcome(CrPeer *peer, GVariant *body, GError **error)
{
        guint32 value;
        const char *name, *message;

        g_variant_get(body, "(u&s&s)", &value, &name, &message);
        if (value == CR_VALUE_COMPLETED)
                return TRUE;
        g_set_error(error, CR_ERROR, cr_error_from_bus_name(name),
                "the peer of collection '%s' at %s could not receive: %s", peer->collection->name,
                peer->address, message);
        return FALSE;
}

/* Waits in slices: the far side verifies what it received, which takes as long as it takes, but must stay
 * there. */
static gboolean wait_for_job(CrPeer *peer, const char *job, GError **error)
{
        for (;;) {
                g_autoptr(GError) failure = NULL;
                g_autoptr(GVariant) body = NULL;
                sd_bus_message *message = NULL;
                int r = sd_bus_message_new_method_call(
                        cr_transport_bus(peer->transport), &message, BUS_NAME, job, JOB_INTERFACE, "Wait");

                if (r < 0)
                        return fail(peer, &SD_BUS_ERROR_NULL, r, error);
                gboolean ok = call_message(peer, message, WAIT_SLICE_US, "(uss)", &body, &failure);
                sd_bus_message_unref(message);
                if (ok)
                        return check_outcome(peer, body, error);
                /* Still at work, as long as it answers at all. */
                if (!g_error_matches(failure, CR_ERROR, CR_ERROR_TIMEOUT) || !agree_on_version(peer, error)) {
                        if (!error || !*error)
                                g_propagate_error(error, g_steal_pointer(&failure));
                        return FALSE;
                }
        }
}

char *cr_peer_seed(CrPeer *peer, GError **error)
{
        g_autoptr(GVariant) body = NULL;
        char *job;

        if (!call(peer, "Seed", NULL, "(o)", &body, error))
                return NULL;
        g_variant_get(body, "(o)", &job);
        return job;
}

gboolean cr_peer_await(CrPeer *peer, const char *job, GError **error)
{
        return wait_for_job(peer, job, error);
}

gboolean cr_peer_seal(
        CrPeer *peer, const char *job, const CrId *transfer, GVariant *digests, guint64 bytes, GError **error)
{
        if (!call(peer, "Seal", g_variant_new("(s@a(ss)t)", transfer->text, digests, bytes), "()", NULL,
                    error))
                return FALSE;
        return wait_for_job(peer, job, error);
}
