/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Receiving a point from the peer: new layers above a point that both sides hold, served for writing until
 * the seal. */
#include "core/failpoint.h"
#include "core/lineage.h"
#include "core/redo.h"
#include "transfer/copy.h"
#include "worker/operations.h"
#include "worker/prune.h"
#include "worker/heads.h"

/* What the sender announced, checked. */
typedef struct Transfer {
        CrId id, point, parent, base, preparation, origin;
        gint64 created;
        guint consistency;
        CrGeneration generation; /* the sender's */
        GVariant *disks;         /* a(st) */
        GVariant *lineage;       /* a(ss) */
        GVariant *unchanged;     /* as: disks of which nothing will come; NULL: none */
} Transfer;

typedef struct Receive {
        CrWorker *worker;
        CrCollection *collection;
        const CrEngine *engine;
        Transfer transfer;
        GPtrArray *layers;  /* CrLayer, borrowed from the collection, in the order of its disks */
        GPtrArray *exports; /* CrExport, likewise; NULL for a disk of which nothing will come */
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

static gboolean read_transfer(CrWorker *worker, Transfer *transfer, GError **error)
{
        g_autoptr(GVariant) dict = cr_worker_get(worker, "Transfer", "a{sv}", error);
        g_autoptr(GVariant) caller = dict ? cr_worker_get(worker, "Caller", "a{sv}", error) : NULL;
        guint64 created = 0;
        guint16 consistency = 0;

        if (!caller || !lookup_id(dict, "Transfer", FALSE, &transfer->id, error) ||
                !lookup_id(dict, "Point", FALSE, &transfer->point, error) ||
                !lookup_id(dict, "Parent", TRUE, &transfer->parent, error) ||
                !lookup_id(dict, "Base", TRUE, &transfer->base, error) ||
                !lookup_id(dict, "Preparation", TRUE, &transfer->preparation, error) ||
                !lookup_id(dict, "Origin", FALSE, &transfer->origin, error) ||
                !lookup_id(caller, "GenerationId", FALSE, &transfer->generation.id, error))
                return FALSE;
        transfer->disks = g_variant_lookup_value(dict, "Disks", G_VARIANT_TYPE("a(st)"));
        transfer->lineage = g_variant_lookup_value(dict, "Lineage", G_VARIANT_TYPE("a(ss)"));
        transfer->unchanged = g_variant_lookup_value(dict, "Unchanged", G_VARIANT_TYPE("as"));
        if (transfer->disks && transfer->lineage && g_variant_lookup(dict, "CreationTime", "t", &created) &&
                g_variant_lookup(dict, "ConsistencyLevel", "q", &consistency) &&
                g_variant_lookup(caller, "Generation", "t", &transfer->generation.number)) {
                transfer->created = (gint64)MIN(created, (guint64)G_MAXINT64);
                transfer->consistency = consistency;
                return TRUE;
        }
        g_set_error(
                error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "the transfer's description is not complete");
        return FALSE;
}

static gboolean check_generation(const CrCollection *collection, const Transfer *transfer, GError **error)
{
        const CrGeneration *ours = &collection->generation, *theirs = &transfer->generation;

        if (!cr_id_equal(&collection->preparation, &transfer->preparation)) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "the preparation of collection '%s' is not the one that the sender knows: prepare "
                        "this side again",
                        collection->name);
                return FALSE;
        }
        if (theirs->number > ours->number || cr_generation_equal(theirs, ours))
                return TRUE;
        g_set_error(error, CR_ERROR,
                theirs->number < ours->number ? CR_ERROR_INVALID_STATE : CR_ERROR_STATUS_UNKNOWN,
                "the sender of collection '%s' has generation %" G_GUINT64_FORMAT
                ", this side knows %" G_GUINT64_FORMAT ": it is no longer the primary",
                collection->name, theirs->number, ours->number);
        return FALSE;
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

static gboolean check_disks(const CrCollection *collection, const Transfer *transfer, GError **error)
{
        guint64 size;

        if (g_variant_n_children(transfer->disks) != collection->disks->len) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "the sender of collection '%s' has another set of disks", collection->name);
                return FALSE;
        }
        for (guint i = 0; i < collection->disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(collection->disks, i);

                if (!disk_size(transfer, &disk->id, &size)) {
                        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                                "the sender of collection '%s' has no disk '%s'", collection->name,
                                disk->name);
                        return FALSE;
                }
        }
        return TRUE;
}

static gboolean check(Receive *receive, GError **error)
{
        const CrCollection *collection = receive->collection;
        const Transfer *transfer = &receive->transfer;

        if (!check_generation(collection, transfer, error) || !check_disks(collection, transfer, error))
                return FALSE;
        return cr_id_is_none(&transfer->base) || cr_heads_check_point(collection, &transfer->base, error);
}

/* A layer row per disk, above the base. */
static void add_layers(Receive *receive)
{
        CrCollection *collection = receive->collection;

        for (guint i = 0; i < collection->disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(collection->disks, i);
                const CrLayer *base = cr_collection_layer_at(collection, &disk->id, &receive->transfer.base);
                CrLayer *layer = cr_layer_new();

                layer->id = cr_id_new();
                layer->disk = disk->id;
                layer->parent = base && !cr_id_is_none(&receive->transfer.base) ? base->id : CR_ID_NONE;
                layer->kind = CR_LAYER_RECEIVING;
                layer->path = receive->engine->layer_path(collection, disk, &layer->id);
                (void)disk_size(&receive->transfer, &disk->id, &layer->virtual_size);
                g_ptr_array_add(collection->layers, layer);
                g_ptr_array_add(receive->layers, layer);
        }
}

/* Notes the transfer and its layers before any of their files exists. */
static gboolean note_transfer(Receive *receive, GError **error)
{
        CrCollection *collection = receive->collection;
        const Transfer *transfer = &receive->transfer;

        add_layers(receive);
        collection->receive = (CrReceive){.transfer = transfer->id,
                .point = transfer->point,
                .parent = transfer->parent,
                .base = transfer->base,
                .origin = transfer->origin,
                .created = transfer->created,
                .consistency = transfer->consistency};
        collection->generation = transfer->generation;
        if (collection->state == CR_STATE_READY)
                collection->state = CR_STATE_INITIAL_REPLICATION;
        return cr_store_save(receive->worker->store, collection, error);
}

static gboolean is_unchanged(const Transfer *transfer, const CrId *disk)
{
        g_autofree const char **ids =
                transfer->unchanged ? g_variant_get_strv(transfer->unchanged, NULL) : NULL;

        return ids && g_strv_contains(ids, disk->text);
}

static gboolean create_layers(Receive *receive, GError **error)
{
        guint n = receive->layers->len;
        g_autofree CrNewLayer *made = g_new0(CrNewLayer, n);

        for (guint i = 0; i < n; i++) {
                const CrLayer *layer = g_ptr_array_index(receive->layers, i);

                made[i] = (CrNewLayer){.below = cr_collection_layer(receive->collection, &layer->parent),
                        .path = layer->path,
                        .virtual_size = layer->virtual_size};
        }
        if (!receive->engine->create(receive->worker->config, made, n, error))
                return FALSE;
        for (guint i = 0; i < n; i++)
                ((CrLayer *)g_ptr_array_index(receive->layers, i))->inode = made[i].inode;
        return TRUE;
}

static gboolean serve_layer(Receive *receive, const CrLayer *layer, GError **error)
{
        CrWorker *worker = receive->worker;
        g_autoptr(GPtrArray) chain = NULL;
        CrExport *export = NULL;

        if (is_unchanged(&receive->transfer, &layer->disk)) {
                g_ptr_array_add(receive->exports, NULL);
                return TRUE;
        }
        chain = cr_lineage_chain(receive->collection, &layer->id, error);
        if (chain)
                export =
                        receive->engine->serve(worker->config, chain, TRUE, worker->runtime_directory, error);
        if (export)
                g_ptr_array_add(receive->exports, export);
        return export != NULL;
}

static gboolean begin(Receive *receive, GError **error)
{
        if (!note_transfer(receive, error))
                return FALSE;
        CR_FAILPOINT("receive.noted");
        if (!create_layers(receive, error))
                return FALSE;
        for (guint i = 0; i < receive->layers->len; i++)
                if (!serve_layer(receive, g_ptr_array_index(receive->layers, i), error))
                        return FALSE;
        CR_FAILPOINT("receive.created");
        /* Their inodes, for whoever cleans up after us. */
        return cr_store_save(receive->worker->store, receive->collection, error);
}

static GVariant *exports_reply(const Receive *receive)
{
        GVariantDict dict;
        GVariantBuilder builder;

        g_variant_builder_init(&builder, G_VARIANT_TYPE("a(ss)"));
        for (guint i = 0; i < receive->exports->len; i++) {
                const CrDisk *disk = g_ptr_array_index(receive->collection->disks, i);
                CrExport *export = g_ptr_array_index(receive->exports, i);

                if (export)
                        g_variant_builder_add(
                                &builder, "(ss)", disk->id.text, receive->engine->export_socket(export));
        }
        g_variant_dict_init(&dict, NULL);
        g_variant_dict_insert_value(&dict, "Exports", g_variant_builder_end(&builder));
        return g_variant_dict_end(&dict);
}

/* Ends the writable exports: from here on nothing changes what was received, and it is on stable storage. */
static gboolean stop_exports(Receive *receive, GError **error)
{
        while (receive->exports->len > 0) {
                CrExport *export = g_ptr_array_steal_index(receive->exports, receive->exports->len - 1);

                if (export && !receive->engine->stop(export, error))
                        return FALSE;
        }
        return TRUE;
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

static gboolean read_digest(
        Receive *receive, const CrLayer *layer, char ret[CR_DIGEST_LENGTH + 1], GError **error)
{
        CrWorker *worker = receive->worker;
        g_autoptr(GPtrArray) chain = cr_lineage_chain(receive->collection, &layer->id, error);
        CrExport *export =
                chain ? receive->engine->serve(worker->config, chain, FALSE, worker->runtime_directory, error)
                      : NULL;

        if (!export)
                return FALSE;
        CrNbd *view = cr_nbd_open(receive->engine->export_socket(export), TRUE, error);
        gboolean ok = view && cr_copy_digest(view, cr_id_is_none(&layer->parent), NULL, NULL, ret, error);
        g_clear_pointer(&view, cr_nbd_close);
        (void)receive->engine->stop(export, NULL); /* read-only: nothing to lose */
        return ok;
}

/* What is still as it was made need not be served to be read. */
static gboolean digest_layer(
        Receive *receive, const CrLayer *layer, char ret[CR_DIGEST_LENGTH + 1], GError **error)
{
        gboolean is_empty;

        if (!receive->engine->is_empty(receive->worker->config, layer, &is_empty, error))
                return FALSE;
        if (!is_empty)
                return read_digest(receive, layer, ret, error);
        cr_copy_digest_of_nothing(ret);
        return TRUE;
}

static gboolean verify_disk(Receive *receive, const CrLayer *layer, GVariant *seal, GError **error)
{
        const CrDisk *disk = cr_collection_disk(receive->collection, &layer->disk);
        const char *expected = expected_digest(seal, &disk->id);
        char digest[CR_DIGEST_LENGTH + 1] = "";

        if (!digest_layer(receive, layer, digest, error))
                return FALSE;
        if (g_strcmp0(digest, expected) == 0)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_FAILED,
                "disk '%s' of collection '%s' did not arrive as it was sent (digest %s, not %s): send it "
                "again",
                disk->name, receive->collection->name, digest, expected ? expected : "none");
        return FALSE;
}

static gboolean verify(Receive *receive, GVariant *seal, GError **error)
{
        cr_worker_phase("verifying what was received");
        for (guint i = 0; i < receive->layers->len; i++)
                if (!verify_disk(receive, g_ptr_array_index(receive->layers, i), seal, error))
                        return FALSE;
        CR_FAILPOINT("receive.verified");
        return TRUE;
}

static void add_point_row(CrCollection *collection, const CrId *id, const CrId *parent)
{
        if (cr_collection_point(collection, id))
                return;
        CrPoint *point = cr_point_new();
        point->id = *id;
        point->parent = *parent;
        g_ptr_array_add(collection->points, point);
}

/* The announced points in between, oldest first, as lineage only. */
static void add_lineage(Receive *receive)
{
        for (gsize i = g_variant_n_children(receive->transfer.lineage); i-- > 0;) {
                const char *id_text, *parent_text;
                CrId id, parent = CR_ID_NONE;

                g_variant_get_child(receive->transfer.lineage, i, "(&s&s)", &id_text, &parent_text);
                if (cr_id_parse(id_text, &id) && (*parent_text == '\0' || cr_id_parse(parent_text, &parent)))
                        add_point_row(receive->collection, &id, &parent);
        }
}

static void list_point(Receive *receive, guint64 bytes)
{
        CrCollection *collection = receive->collection;
        const Transfer *transfer = &receive->transfer;

        add_lineage(receive);
        add_point_row(collection, &transfer->point, &transfer->parent);
        CrPoint *point = cr_collection_point(collection, &transfer->point);
        point->origin = transfer->origin;
        point->created = transfer->created;
        point->consistency = transfer->consistency;
        point->size = bytes;
        point->held = TRUE;
        for (guint i = 0; i < receive->layers->len; i++) {
                CrLayer *layer = g_ptr_array_index(receive->layers, i);

                layer->kind = CR_LAYER_FROZEN;
                layer->point = transfer->point;
                cr_collection_disk(collection, &layer->disk)->virtual_size = layer->virtual_size;
        }
        collection->base_point = transfer->point;
}

/* Lists the point in one transaction. The lock was held since the checks: they still hold, but the store says
 * it itself once more. */
static gboolean seal(Receive *receive, guint64 bytes, GError **error)
{
        CrCollection *collection = receive->collection;
        g_autoptr(CrCollection) now =
                cr_store_load(receive->worker->store, &collection->id, CR_LOAD_ALL, error);

        if (!now)
                return FALSE;
        if (!cr_id_equal(&now->receive.transfer, &receive->transfer.id) || now->role != CR_ROLE_REPLICA ||
                !cr_generation_equal(&now->generation, &receive->transfer.generation)) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "collection '%s' no longer expects this transfer", collection->name);
                return FALSE;
        }
        list_point(receive, bytes);
        collection->receive = (CrReceive){0};
        collection->state = CR_STATE_REPLICATING;
        collection->last_apply = collection->last_replication = g_get_real_time();
        collection->last_consistency = receive->transfer.consistency;
        for (guint i = 0; i < collection->divergences->len; i++)
                ((CrDivergence *)g_ptr_array_index(collection->divergences, i))->undoable = FALSE;
        cr_collection_set_last_error(collection, 0, NULL);
        cr_lineage_forget(collection, CR_LINEAGE_KEPT);
        CR_FAILPOINT("receive.sealing");
        return cr_store_save(receive->worker->store, collection, error);
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
        guint64 bytes = 0;

        if (!begin(receive, error) || !cr_worker_ready(receive->worker, exports_reply(receive), error))
                return FALSE;
        cr_worker_changed();
        if (!wait_for_seal(receive, &seal_message, error) || !stop_exports(receive, error))
                return FALSE;
        CR_FAILPOINT("receive.flushed");
        g_variant_lookup(seal_message, "Bytes", "t", &bytes);
        if (!verify(receive, seal_message, error) || !seal(receive, bytes, error))
                return FALSE;
        CR_FAILPOINT("receive.sealed");
        cr_worker_changed();
        cr_worker_result(g_variant_new_parsed("{'BytesSent': <@t 0>, 'BytesReceived': <%t>, 'Point': <%s>}",
                bytes, receive->transfer.point.text));
        return cr_prune(receive->worker, &receive->collection->id, error);
}

/* A receive that failed leaves nothing: its layers were part of no point. */
static void abandon(Receive *receive)
{
        g_autoptr(GError) error = NULL;

        while (receive->exports->len > 0) {
                CrExport *export = g_ptr_array_steal_index(receive->exports, receive->exports->len - 1);

                if (export)
                        (void)receive->engine->stop(export, NULL);
        }
        if (!cr_redo_recover(receive->worker->store, receive->engine, receive->worker->config,
                    &receive->collection->id, NULL, &error))
                g_info("abandoning a transfer of collection '%s': %s", receive->collection->name,
                        error->message);
}

static gboolean is_listed(const CrCollection *collection, const CrId *id)
{
        const CrPoint *point = cr_collection_point(collection, id);

        return point && point->held;
}

static gboolean run(Receive *receive, GError **error)
{
        if (is_listed(receive->collection, &receive->transfer.point) &&
                check_generation(receive->collection, &receive->transfer, error)) {
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
        receive.layers = g_ptr_array_new();
        receive.exports = g_ptr_array_new();
        if (receive.engine && read_transfer(worker, &receive.transfer, error))
                ok = run(&receive, error);
        g_clear_pointer(&receive.transfer.disks, g_variant_unref);
        g_clear_pointer(&receive.transfer.lineage, g_variant_unref);
        g_clear_pointer(&receive.transfer.unchanged, g_variant_unref);
        g_ptr_array_unref(receive.layers);
        g_ptr_array_unref(receive.exports);
        return ok;
}
