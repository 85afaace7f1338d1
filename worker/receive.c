/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Receiving a point from the peer: new layers above a point that both sides hold, served for writing until
 * the seal. */
#include "core/disk_set.h"
#include "core/failpoint.h"
#include "core/lineage.h"
#include "worker/arrival.h"
#include "worker/heads.h"
#include "worker/operations.h"
#include "worker/prune.h"
#include "worker/replica.h"

/* What the sender announced beside the point, checked. */
typedef struct Transfer {
        CrId preparation;
        GVariant *disks;         /* a(st) */
        GVariant *lineage;       /* a(ss) */
        GVariant *unchanged;     /* as: disks of which nothing will come; NULL: none */
        GVariant *whole;         /* as: disks that come whole, whatever the base; NULL: none */
        gboolean resynchronizes; /* the base is ours, and what comes is what a comparison found different */
} Transfer;

typedef struct Receive {
        CrWorker *worker;
        CrCollection *collection;
        const CrEngine *engine;
        Transfer transfer;
        CrArrival arrival;
        GPtrArray *exports; /* CrExport, in the order of its layers; NULL for a disk of which nothing will
                               come */
} Receive;

static gboolean lookup_id(GVariant *dict, const char *key, gboolean may_be_none, CrId *ret, GError **error)
{
        const char *text = NULL;

        *ret = CR_ID_NONE;
        if (g_variant_lookup(dict, key, "&s", &text) &&
                ((may_be_none && *text == '\0') || cr_id_parse(text, ret)))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "the transfer's %s is missing or not an id",
                key);
        return FALSE;
}

static gboolean read_transfer(Receive *receive, GError **error)
{
        g_autoptr(GVariant) dict = cr_worker_get(receive->worker, "Transfer", "a{sv}", error);
        g_autoptr(GVariant) caller = dict ? cr_worker_get(receive->worker, "Caller", "a{sv}", error) : NULL;
        Transfer *transfer = &receive->transfer;
        CrReceive *point = &receive->arrival.point;
        CrGeneration *generation = &receive->arrival.generation;
        guint64 created = 0;
        guint16 consistency = 0;

        if (!caller || !lookup_id(dict, "Transfer", FALSE, &point->transfer, error) ||
                !lookup_id(dict, "Point", FALSE, &point->point, error) ||
                !lookup_id(dict, "Parent", TRUE, &point->parent, error) ||
                !lookup_id(dict, "Base", TRUE, &point->base, error) ||
                !lookup_id(dict, "Preparation", TRUE, &transfer->preparation, error) ||
                !lookup_id(dict, "Origin", FALSE, &point->origin, error) ||
                !lookup_id(caller, "GenerationId", FALSE, &generation->id, error))
                return FALSE;
        (void)g_variant_lookup(dict, "Planned", "b", &receive->arrival.planned);
        (void)g_variant_lookup(dict, "Resynchronize", "b", &transfer->resynchronizes);
        transfer->disks = g_variant_lookup_value(dict, "Disks", G_VARIANT_TYPE("a(st)"));
        transfer->lineage = g_variant_lookup_value(dict, "Lineage", G_VARIANT_TYPE("a(ss)"));
        transfer->unchanged = g_variant_lookup_value(dict, "Unchanged", G_VARIANT_TYPE("as"));
        transfer->whole = g_variant_lookup_value(dict, "Whole", G_VARIANT_TYPE("as"));
        if (transfer->disks && transfer->lineage && g_variant_lookup(dict, "CreationTime", "t", &created) &&
                g_variant_lookup(dict, "ConsistencyLevel", "q", &consistency) &&
                g_variant_lookup(caller, "Generation", "t", &generation->number)) {
                point->created = (gint64)MIN(created, (guint64)G_MAXINT64);
                point->consistency = consistency;
                return TRUE;
        }
        g_set_error(
                error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "the transfer's description is not complete");
        return FALSE;
}

static gboolean check_sender(const Receive *receive, GError **error)
{
        return cr_replica_check_sender(
                receive->collection, &receive->transfer.preparation, &receive->arrival.generation, error);
}

static gboolean disk_size(const Transfer *transfer, const CrId *disk, guint64 *ret)
{
        GVariantIter iter;
        const char *id;

        g_variant_iter_init(&iter, transfer->disks);
        while (g_variant_iter_next(&iter, "(&st)", &id, ret))
                if (g_str_equal(id, disk->text))
                        return TRUE;
        return FALSE;
}

static gboolean is_listed_in(GVariant *list, const CrId *disk)
{
        g_autofree const char **ids = list ? g_variant_get_strv(list, NULL) : NULL;

        return ids && g_strv_contains(ids, disk->text);
}

/* The layer that @disk's new one goes above; NULL: it comes whole. */
static const CrLayer *base_of(const Receive *receive, const CrDisk *disk)
{
        if (is_listed_in(receive->transfer.whole, &disk->id))
                return NULL;
        if (receive->transfer.resynchronizes)
                return cr_lineage_base_layer(receive->collection, &disk->id, &receive->arrival.point.base);
        return cr_collection_layer_at(receive->collection, &disk->id, &receive->arrival.point.base);
}

static gboolean check_disk(const Receive *receive, const CrDisk *disk, GError **error)
{
        const char *name = receive->collection->name;
        const CrId *base = &receive->arrival.point.base;
        guint64 size;

        if (!disk_size(&receive->transfer, &disk->id, &size))
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "the sender of collection '%s' has no disk '%s'", name, disk->name);
        else if (!cr_id_is_none(base) && !is_listed_in(receive->transfer.whole, &disk->id) &&
                 !base_of(receive, disk))
                g_set_error(error, CR_ERROR, CR_ERROR_FILE_NOT_FOUND,
                        "collection '%s' holds no point %s of disk '%s'", name, base->text, disk->name);
        else
                return TRUE;
        return FALSE;
}

static gboolean check_disks(const Receive *receive, GError **error)
{
        g_autoptr(GPtrArray) disks = cr_disk_set_included(receive->collection);

        if (g_variant_n_children(receive->transfer.disks) != disks->len) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "the sender of collection '%s' has another set of disks", receive->collection->name);
                return FALSE;
        }
        for (guint i = 0; i < disks->len; i++)
                if (!check_disk(receive, g_ptr_array_index(disks, i), error))
                        return FALSE;
        return TRUE;
}

/* What was compared with is what the new layers go above. */
static gboolean check_compared(const Receive *receive, GError **error)
{
        const CrCollection *collection = receive->collection;
        const CrId *base = &receive->arrival.point.base;

        if (!receive->transfer.resynchronizes || cr_id_equal(base, &collection->base_point))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "the newest point of collection '%s' is %s here, not %s, which the sender compared with: "
                "resynchronize again",
                collection->name, collection->base_point.text, base->text);
        return FALSE;
}

static gboolean check(Receive *receive, GError **error)
{
        const CrCollection *collection = receive->collection;
        const CrId *base = &receive->arrival.point.base;

        if (!check_sender(receive, error) || !check_disks(receive, error) || !check_compared(receive, error))
                return FALSE;
        return cr_id_is_none(base) || cr_heads_check_point(collection, base, error);
}

/* A layer row per disk, above the base. */
static void add_layers(Receive *receive)
{
        g_autoptr(GPtrArray) disks = cr_disk_set_included(receive->collection);

        for (guint i = 0; i < disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(disks, i);
                guint64 size = 0;

                (void)disk_size(&receive->transfer, &disk->id, &size);
                cr_arrival_add_layer(&receive->arrival, disk, base_of(receive, disk), size);
        }
}

static gboolean serve_layer(Receive *receive, const CrLayer *layer, GError **error)
{
        CrExport *export = NULL;

        if (!is_listed_in(receive->transfer.unchanged, &layer->disk)) {
                export = cr_arrival_serve(&receive->arrival, layer, TRUE, error);
                if (!export)
                        return FALSE;
        }
        g_ptr_array_add(receive->exports, export);
        return TRUE;
}

static gboolean begin(Receive *receive, GError **error)
{
        CrArrival *arrival = &receive->arrival;

        add_layers(receive);
        if (!cr_arrival_note(arrival, error))
                return FALSE;
        CR_FAILPOINT("receive.noted");
        if (!cr_arrival_create(arrival, error))
                return FALSE;
        for (guint i = 0; i < arrival->layers->len; i++)
                if (!serve_layer(receive, g_ptr_array_index(arrival->layers, i), error))
                        return FALSE;
        CR_FAILPOINT("receive.created");
        /* Their inodes, for whoever cleans up after us. */
        return cr_arrival_save(arrival, error);
}

static GVariant *exports_reply(const Receive *receive, GError **error)
{
        GVariantDict dict;
        GVariantBuilder builder;

        g_variant_builder_init(&builder, G_VARIANT_TYPE("a(ss)"));
        for (guint i = 0; i < receive->exports->len; i++) {
                const CrLayer *layer = g_ptr_array_index(receive->arrival.layers, i);
                CrExport *export = g_ptr_array_index(receive->exports, i);
                const char *socket = export ? receive->engine->export_socket(export, error) : NULL;

                if (socket && !cr_worker_give_to_owner(receive->arrival.worker, socket, error))
                        socket = NULL;
                if (socket)
                        g_variant_builder_add(&builder, "(ss)", layer->disk.text, socket);
                if (socket || !export)
                        continue;
                g_variant_builder_clear(&builder);
                return NULL;
        }
        g_variant_dict_init(&dict, NULL);
        g_variant_dict_insert_value(&dict, "Exports", g_variant_builder_end(&builder));
        return g_variant_dict_end(&dict);
}

/* Ends the writable exports: from here on nothing changes what was received, and it is on stable storage. */
static gboolean stop_exports(Receive *receive, GError **error)
{
        return receive->engine->stop((CrExport **)receive->exports->pdata, receive->exports->len, error);
}

static const char *expected_digest(GVariant *seal, const CrId *disk)
{
        g_autoptr(GVariant) list = g_variant_lookup_value(seal, "Digests", G_VARIANT_TYPE("a(ss)"));
        GVariantIter iter;
        const char *id, *digest;

        if (!list)
                return NULL;
        g_variant_iter_init(&iter, list);
        while (g_variant_iter_next(&iter, "(&s&s)", &id, &digest))
                if (g_str_equal(id, disk->text))
                        return digest; /* owned by @seal's data, which outlives the list */
        return NULL;
}

static gboolean verify(Receive *receive, GVariant *seal, GError **error)
{
        g_autoptr(GPtrArray) expected = g_ptr_array_new();

        cr_worker_phase("verifying what was received");
        for (guint i = 0; i < receive->arrival.layers->len; i++) {
                const CrLayer *layer = g_ptr_array_index(receive->arrival.layers, i);

                g_ptr_array_add(expected, (gpointer)expected_digest(seal, &layer->disk));
        }
        if (!cr_arrival_verify(&receive->arrival, (const char *const *)expected->pdata, error))
                return FALSE;
        CR_FAILPOINT("receive.verified");
        return TRUE;
}

/* The announced points in between, oldest first, as lineage only. */
static void add_lineage(Receive *receive)
{
        for (gsize i = g_variant_n_children(receive->transfer.lineage); i-- > 0;) {
                const char *id_text, *parent_text;
                CrId id, parent = CR_ID_NONE;

                g_variant_get_child(receive->transfer.lineage, i, "(&s&s)", &id_text, &parent_text);
                if (cr_id_parse(id_text, &id) && (*parent_text == '\0' || cr_id_parse(parent_text, &parent)))
                        cr_arrival_add_lineage(&receive->arrival, &id, &parent);
        }
}

static gboolean wait_for_seal(Receive *receive, GVariant **ret_seal, GError **error)
{
        const char *what = NULL;

        cr_worker_phase("receiving");
        *ret_seal = cr_worker_receive(error);
        if (*ret_seal && g_variant_lookup(*ret_seal, CR_MESSAGE, "&s", &what) &&
                g_str_equal(what, CR_MESSAGE_SEAL))
                return TRUE;
        if (*ret_seal)
                g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "the service said '%s' instead of '%s'",
                        what ? what : "", CR_MESSAGE_SEAL);
        return FALSE;
}

static gboolean receive_point(Receive *receive, GError **error)
{
        g_autoptr(GVariant) seal_message = NULL;
        GVariant *reply = NULL; /* floating */
        guint64 bytes = 0;

        if (!begin(receive, error) || !(reply = exports_reply(receive, error)) ||
                !cr_worker_ready(receive->worker, reply, error))
                return FALSE;
        cr_worker_changed();
        if (!wait_for_seal(receive, &seal_message, error) || !stop_exports(receive, error))
                return FALSE;
        CR_FAILPOINT("receive.flushed");
        g_variant_lookup(seal_message, "Bytes", "t", &bytes);
        if (!verify(receive, seal_message, error))
                return FALSE;
        add_lineage(receive);
        if (!cr_arrival_seal(&receive->arrival, bytes, error))
                return FALSE;
        CR_FAILPOINT("receive.sealed");
        cr_worker_changed();
        cr_worker_result(g_variant_new_parsed("{'BytesSent': <@t 0>, 'BytesReceived': <%t>, 'Point': <%s>}",
                bytes, receive->arrival.point.point.text));
        return cr_prune(receive->worker, &receive->collection->id, error);
}

/* A receive that failed leaves nothing: its layers were part of no point. */
static void abandon(Receive *receive)
{
        (void)stop_exports(receive, NULL);
        cr_arrival_abandon(&receive->arrival);
}

static gboolean is_listed(const CrCollection *collection, const CrId *id)
{
        const CrPoint *point = cr_collection_point(collection, id);

        return point && point->held;
}

static gboolean run(Receive *receive, GError **error)
{
        if (is_listed(receive->collection, &receive->arrival.point.point) && check_sender(receive, error)) {
                cr_worker_done(receive->worker);
                return TRUE;
        }
        if ((error && *error) || !check(receive, error))
                return FALSE;
        if (receive_point(receive, error))
                return TRUE;
        abandon(receive);
        return FALSE;
}

gboolean cr_operation_receive(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        Receive receive = {.worker = worker, .collection = collection};
        gboolean ok = FALSE;

        if (!collection)
                return FALSE;
        receive.engine = cr_worker_engine(collection, error);
        cr_arrival_init(&receive.arrival, worker, collection, receive.engine);
        receive.arrival.initial_type = CR_INITIAL_OVER_NETWORK;
        receive.exports = g_ptr_array_new();
        if (receive.engine && read_transfer(&receive, error))
                ok = run(&receive, error);
        g_clear_pointer(&receive.transfer.disks, g_variant_unref);
        g_clear_pointer(&receive.transfer.lineage, g_variant_unref);
        g_clear_pointer(&receive.transfer.unchanged, g_variant_unref);
        g_clear_pointer(&receive.transfer.whole, g_variant_unref);
        cr_arrival_clear(&receive.arrival);
        g_ptr_array_unref(receive.exports);
        return ok;
}
