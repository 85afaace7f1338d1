/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/disk_set.h"
#include "core/failpoint.h"
#include "worker/adapt.h"
#include "worker/compare.h"
#include "worker/send.h"
#include "worker/source.h"

/* One disk of a transfer. */
typedef struct SendDisk {
        const CrDisk *disk;
        const CrLayer *layer;
        CrSource *source;
        CrComparison *comparison; /* NULL: allocation tells what changed */
        gboolean whole;           /* one of the sites does not have it at the base */
        CrCopyResult result;
} SendDisk;

typedef struct Send {
        CrWorker *worker;
        CrPeer *peer;
        const CrCollection *collection;
        const CrPeerSite *site;
        const CrEngine *engine;
        const CrPoint *point;
        CrId base;
        gboolean compared; /* the base is the peer's, whose contents are compared with ours */
        CrId transfer;
        GPtrArray *disks; /* SendDisk */
        guint64 bytes_total, bytes_done, bytes_sent;
} Send;

static void send_disk_free(SendDisk *disk)
{
        g_clear_pointer(&disk->source, cr_source_close);
        g_clear_pointer(&disk->comparison, cr_comparison_free);
        g_free(disk);
}

/* Two primaries that share nothing: neither can be prepared for the other. */
static gboolean check_related(const CrCollection *collection, const CrPeerSite *site, GError **error)
{
        CrId shared = cr_lineage_shared_point(collection, site->points);

        if (site->role != CR_ROLE_PRIMARY || !cr_id_is_none(&shared))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_STATUS_UNKNOWN,
                "both sites of collection '%s' are primaries and share no point: decide whose disks shall "
                "stay, "
                "remove the relationship on both sites (RemoveReplicationRelationship), destroy the "
                "collection "
                "where it loses, and replicate to there anew, with the images there as the seed "
                "(StartReplication, type 3)",
                collection->name);
        return FALSE;
}

static gboolean mark_critical(
        CrWorker *worker, CrCollection *collection, const CrPeerSite *site, GError **error)
{
        collection->state = CR_STATE_CRITICAL;
        if (!cr_store_save(worker->store, collection, error))
                return FALSE;
        cr_worker_changed();
        if (!check_related(collection, site, error))
                return FALSE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "the peer of collection '%s' took over (generation %" G_GUINT64_FORMAT
                ", here %" G_GUINT64_FORMAT
                "): prepare this side for reverse replication (PrepareForReverseReplication), or revert the "
                "failover over there",
                collection->name, site->generation.number, collection->generation.number);
        return FALSE;
}

/* A replica with a higher generation reverted its failover: this side is primary still and says so by the
 * next number. The failover voided the preparation by which that replica was fed. */
static gboolean outrank(CrWorker *worker, CrCollection *collection, const CrPeerSite *site, GError **error)
{
        collection->generation = (CrGeneration){.number = site->generation.number + 1, .id = cr_id_new()};
        if (cr_id_is_none(&site->preparation))
                collection->peer.preparation = CR_ID_NONE;
        if (!cr_store_save(worker->store, collection, error))
                return FALSE;
        cr_worker_changed();
        return TRUE;
}

/* A suspended replica would refuse the point only when that is cut: one more layer with every try. */
static gboolean check_takes_points(
        const CrWorker *worker, const CrCollection *collection, const CrPeerSite *site, GError **error)
{
        if (site->state != CR_STATE_SUSPENDED || worker->operation == CR_OP_VERIFY)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "the peer of collection '%s' is suspended: resume it over there (ResumeReplication)",
                collection->name);
        return FALSE;
}

gboolean cr_send_check_direction(
        CrWorker *worker, CrCollection *collection, const CrPeerSite *site, GError **error)
{
        gboolean is_higher = site->generation.number > collection->generation.number;
        gboolean is_tie = site->generation.number == collection->generation.number &&
                          !cr_id_equal(&site->generation.id, &collection->generation.id);

        if (!site->has_relationship) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "the peer of collection '%s' removed its half of the relationship: remove it here "
                        "too, then create a new one",
                        collection->name);
                return FALSE;
        }
        if (site->role == CR_ROLE_PRIMARY && is_higher)
                return mark_critical(worker, collection, site, error);
        if (!check_related(collection, site, error))
                return FALSE;
        if (is_tie) {
                g_set_error(error, CR_ERROR, CR_ERROR_STATUS_UNKNOWN,
                        "both sites of collection '%s' claim generation %" G_GUINT64_FORMAT
                        ": call InitiateFailover with '/' on the side that shall win",
                        collection->name, site->generation.number);
                return FALSE;
        }
        if (site->role != CR_ROLE_REPLICA) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "the peer of collection '%s' is %s (%s), not a replica: call "
                        "PrepareForReverseReplication over there",
                        collection->name, cr_role_word(site->role), cr_state_word(site->state));
                return FALSE;
        }
        if (!check_takes_points(worker, collection, site, error))
                return FALSE;
        return !is_higher || outrank(worker, collection, site, error);
}

gboolean cr_send_check_shared(const CrCollection *collection, const CrPeerSite *site, GError **error)
{
        CrId common = cr_lineage_shared_point(collection, site->points);

        if (!cr_id_is_none(&common))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_STATUS_UNKNOWN,
                "the two sites of collection '%s' share no point: compare all of their contents and send "
                "what "
                "differs (Resynchronize)",
                collection->name);
        return FALSE;
}

/* What @disk is sent above; NULL: it is sent whole, since one of the sites does not have it at the base. */
static const CrLayer *base_of(const Send *send, const CrDisk *disk)
{
        if (!cr_peer_site_has(send->site, &send->base, &disk->id))
                return NULL;
        return cr_collection_layer_at(send->collection, &disk->id, &send->base);
}

static gboolean open_disk(Send *send, SendDisk *disk, GError **error)
{
        const CrLayer *base = send->compared ? NULL : base_of(send, disk->disk);

        disk->whole = !send->compared && !base;
        disk->layer = cr_collection_layer_at(send->collection, &disk->disk->id, &send->point->id);
        if (!disk->layer) {
                g_set_error(error, CR_ERROR, CR_ERROR_FILE_NOT_FOUND,
                        "disk '%s' of collection '%s' has no layer at point %s", disk->disk->name,
                        send->collection->name, send->point->id.text);
                return FALSE;
        }
        disk->source = cr_source_open(send->worker, send->engine, send->collection, disk->layer, base, error);
        return disk->source != NULL;
}

static gboolean show_comparison(guint64 done, void *userdata)
{
        const Send *send = userdata;

        cr_worker_progress(send->bytes_done + done, send->bytes_total);
        return TRUE;
}

/* What is sent is what differs; of a disk that the peer lacks, all. */
static gboolean compare_disk(Send *send, SendDisk *disk, GError **error)
{
        CrChangesSpec *spec = &disk->source->spec;
        CrCompareSpec compare = {.peer = send->peer,
                .view = spec->view,
                .disk = disk->disk->id,
                .point = send->base,
                .progress = show_comparison,
                .userdata = send};
        g_autofree char *phase = g_strdup_printf("comparing disk '%s' with the other site", disk->disk->name);

        cr_worker_phase(phase);
        disk->comparison = cr_compare(&compare, error);
        if (!disk->comparison) {
                g_prefix_error(
                        error, "disk '%s' of collection '%s': ", disk->disk->name, send->collection->name);
                return FALSE;
        }
        send->bytes_done += disk->layer->virtual_size;
        disk->whole = disk->comparison->peer_size == 0;
        if (disk->whole)
                return TRUE;
        spec->depth = 0;
        spec->compared = disk->comparison->extents;
        return TRUE;
}

/* The whole disks are compared before anything is sent: the peer makes its layers only when that went well.
 */
static gboolean compare_disks(Send *send, GError **error)
{
        for (guint i = 0; i < send->disks->len; i++)
                send->bytes_total += ((SendDisk *)g_ptr_array_index(send->disks, i))->layer->virtual_size;
        for (guint i = 0; i < send->disks->len; i++) {
                if (!compare_disk(send, g_ptr_array_index(send->disks, i), error))
                        return FALSE;
                CR_FAILPOINT("send.disk-compared");
        }
        send->bytes_done = send->bytes_total = 0;
        return TRUE;
}

static gboolean estimate_disk(Send *send, SendDisk *disk, GError **error)
{
        guint64 bytes = 0;

        if (!disk->source->unchanged && !cr_copy_estimate(&disk->source->spec, &bytes, error))
                return FALSE;
        send->bytes_total += bytes;
        return TRUE;
}

static gboolean open_disks(Send *send, GPtrArray *disks, GError **error)
{
        cr_worker_phase("looking for changed blocks");
        for (guint i = 0; i < disks->len; i++) {
                SendDisk *disk = g_new0(SendDisk, 1);

                g_ptr_array_add(send->disks, disk);
                disk->disk = g_ptr_array_index(disks, i);
                if (!open_disk(send, disk, error))
                        return FALSE;
        }
        for (guint i = 0; i < send->disks->len; i++)
                if (!cr_source_connect(((SendDisk *)g_ptr_array_index(send->disks, i))->source, error))
                        return FALSE;
        if (send->compared && !compare_disks(send, error))
                return FALSE;
        for (guint i = 0; i < send->disks->len; i++)
                if (!estimate_disk(send, g_ptr_array_index(send->disks, i), error))
                        return FALSE;
        return TRUE;
}

/* Points between the base and the one that is sent: the peer keeps them as lineage. */
static GVariant *lineage_between(const Send *send)
{
        GVariantBuilder builder;
        const CrPoint *point = send->point;

        g_variant_builder_init(&builder, G_VARIANT_TYPE("a(ss)"));
        for (guint i = 0; point && i < send->collection->points->len; i++) {
                point = cr_collection_point(send->collection, &point->parent);
                if (!point || cr_id_equal(&point->id, &send->base))
                        break;
                g_variant_builder_add(&builder, "(ss)", point->id.text, point->parent.text);
        }
        return g_variant_builder_end(&builder);
}

/* Of these nothing will be sent: the peer need not serve them. */
static GVariant *unchanged_disks(const Send *send)
{
        GVariantBuilder builder;

        g_variant_builder_init(&builder, G_VARIANT_TYPE("as"));
        for (guint i = 0; i < send->disks->len; i++) {
                const SendDisk *disk = g_ptr_array_index(send->disks, i);

                if (disk->source->unchanged)
                        g_variant_builder_add(&builder, "s", disk->disk->id.text);
        }
        return g_variant_builder_end(&builder);
}

/* The ids of the disks of which the peer has nothing at the base. */
static GVariant *whole_disks(const Send *send)
{
        GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("as"));

        for (guint i = 0; i < send->disks->len; i++) {
                const SendDisk *disk = g_ptr_array_index(send->disks, i);

                if (disk->whole)
                        g_variant_builder_add(&builder, "s", disk->disk->id.text);
        }
        return g_variant_builder_end(&builder);
}

static GVariant *describe_transfer(const Send *send)
{
        GVariantDict dict;
        GVariantBuilder disks;

        g_variant_builder_init(&disks, G_VARIANT_TYPE("a(st)"));
        for (guint i = 0; i < send->disks->len; i++) {
                const SendDisk *disk = g_ptr_array_index(send->disks, i);
                g_variant_builder_add(&disks, "(st)", disk->disk->id.text, disk->layer->virtual_size);
        }
        g_variant_dict_init(&dict, NULL);
        g_variant_dict_insert(&dict, "Transfer", "s", send->transfer.text);
        g_variant_dict_insert(&dict, "Point", "s", send->point->id.text);
        g_variant_dict_insert(&dict, "Parent", "s", send->point->parent.text);
        g_variant_dict_insert(&dict, "Base", "s", send->base.text);
        g_variant_dict_insert(&dict, "Preparation", "s", send->collection->peer.preparation.text);
        g_variant_dict_insert(&dict, "Origin", "s", send->point->origin.text);
        g_variant_dict_insert(&dict, "CreationTime", "t", (guint64)send->point->created);
        g_variant_dict_insert(&dict, "ConsistencyLevel", "q", (guint16)send->point->consistency);
        g_variant_dict_insert(&dict, "Planned", "b", send->point->planned);
        g_variant_dict_insert(&dict, "Resynchronize", "b", send->compared);
        g_variant_dict_insert_value(&dict, "Disks", g_variant_builder_end(&disks));
        g_variant_dict_insert_value(&dict, "Unchanged", unchanged_disks(send));
        g_variant_dict_insert_value(&dict, "Whole", whole_disks(send));
        g_variant_dict_insert_value(&dict, "Lineage", lineage_between(send));
        return g_variant_dict_end(&dict);
}

static const char *socket_of(GPtrArray *exports, const CrId *disk)
{
        for (guint i = 0; i < exports->len; i++) {
                const CrPeerExport *export = g_ptr_array_index(exports, i);

                if (cr_id_equal(&export->disk, disk))
                        return export->socket;
        }
        return NULL;
}

static gboolean show_progress(guint64 done, void *userdata)
{
        const Send *send = userdata;

        cr_worker_progress(MIN(send->bytes_done + done, send->bytes_total), send->bytes_total);
        return TRUE;
}

static gboolean copy_disk(Send *send, SendDisk *disk, GPtrArray *exports, GError **error)
{
        const char *socket = socket_of(exports, &disk->disk->id);

        if (disk->source->unchanged) {
                cr_copy_digest_of_nothing(disk->result.digest);
                return TRUE;
        }
        if (!socket) {
                g_set_error(error, CR_ERROR, CR_ERROR_STATUS_UNKNOWN,
                        "the peer opened no export for disk '%s' of collection '%s'", disk->disk->name,
                        send->collection->name);
                return FALSE;
        }
        g_autoptr(CrNbd) target = cr_transport_connect(cr_peer_transport(send->peer), socket, error);
        if (!target ||
                !cr_copy_changes(&disk->source->spec, target, show_progress, send, &disk->result, error)) {
                g_prefix_error(
                        error, "disk '%s' of collection '%s': ", disk->disk->name, send->collection->name);
                return FALSE;
        }
        send->bytes_done += disk->result.bytes_total;
        send->bytes_sent += disk->result.bytes_sent;
        return TRUE;
}

static gboolean copy_disks(Send *send, GPtrArray *exports, GError **error)
{
        for (guint i = 0; i < send->disks->len; i++) {
                SendDisk *disk = g_ptr_array_index(send->disks, i);
                g_autofree char *phase = g_strdup_printf("sending disk '%s'", disk->disk->name);

                cr_worker_phase(phase);
                if (!copy_disk(send, disk, exports, error))
                        return FALSE;
                CR_FAILPOINT("send.disk-copied");
        }
        cr_worker_progress(send->bytes_total, send->bytes_total);
        return TRUE;
}

static GVariant *digests(const Send *send)
{
        GVariantBuilder builder;

        g_variant_builder_init(&builder, G_VARIANT_TYPE("a(ss)"));
        for (guint i = 0; i < send->disks->len; i++) {
                const SendDisk *disk = g_ptr_array_index(send->disks, i);
                g_variant_builder_add(&builder, "(ss)", disk->disk->id.text, disk->result.digest);
        }
        return g_variant_builder_end(&builder);
}

/* The seal raised the sequence of the peer's store: a copy of its state from before this transfer is known
 * for one from now on. Only that: the point is there, whether this is heard or not. */
static void hear_sequence(Send *send)
{
        g_autoptr(GError) failure = NULL;
        g_autoptr(CrPeerSite) site = cr_peer_describe(send->peer, &failure);

        if (!site)
                g_info("collection '%s': %s", send->collection->name, failure->message);
}

static gboolean copy_and_seal(Send *send, const char *job, GPtrArray *exports, GError **error)
{
        if (!copy_disks(send, exports, error)) {
                cr_peer_abandon(send->peer, &send->transfer);
                return FALSE;
        }
        CR_FAILPOINT("send.copied");
        cr_worker_phase("verifying over there");
        if (!cr_peer_seal(send->peer, job, &send->transfer, digests(send), send->bytes_sent, error))
                return FALSE;
        CR_FAILPOINT("send.sealed");
        hear_sequence(send);
        return TRUE;
}

static gboolean transfer(Send *send, GError **error)
{
        g_autofree char *job = NULL;
        g_autoptr(GPtrArray) exports =
                cr_peer_begin_receive(send->peer, describe_transfer(send), &job, error);

        if (!exports)
                return FALSE;
        CR_FAILPOINT("send.begun");
        /* Without a job the point is listed already: an earlier answer was lost. */
        return !job || copy_and_seal(send, job, exports, error);
}

static GPtrArray *disks_of_point(const CrCollection *collection, const CrId *point)
{
        GPtrArray *disks = cr_disk_set_included(collection);

        for (guint i = disks->len; i-- > 0;)
                if (!cr_collection_layer_at(collection, g_ptr_array_index(disks, i), point))
                        g_ptr_array_remove_index(disks, i);
        return disks;
}

static gboolean send_point(Send *send, const CrId *point, guint64 *ret_bytes, GError **error)
{
        const CrCollection *collection = send->collection;
        g_autoptr(GPtrArray) disks = disks_of_point(collection, point);
        gboolean ok;

        send->engine = cr_worker_engine(collection, error);
        send->point = cr_collection_point(collection, point);
        send->transfer = cr_id_new();
        if (!send->engine)
                return FALSE;
        send->disks = g_ptr_array_new_with_free_func((GDestroyNotify)send_disk_free);
        ok = cr_adapt_peer(send->peer, collection, send->site, disks, error) &&
             open_disks(send, disks, error) && transfer(send, error);
        g_ptr_array_unref(send->disks);
        *ret_bytes = send->bytes_sent;
        return ok;
}

gboolean cr_send_point(CrWorker *worker, CrPeer *peer, const CrCollection *collection, const CrPeerSite *site,
        const CrId *point, guint64 *ret_bytes, GError **error)
{
        Send send = {.worker = worker, .peer = peer, .collection = collection, .site = site};

        send.base = cr_lineage_shared_point(collection, site->points);
        return send_point(&send, point, ret_bytes, error);
}

gboolean cr_send_point_compared(CrWorker *worker, CrPeer *peer, const CrCollection *collection,
        const CrPeerSite *site, const CrId *point, guint64 *ret_bytes, GError **error)
{
        Send send = {.worker = worker, .peer = peer, .collection = collection, .site = site};

        send.compared = TRUE;
        send.base = site->newest_point;
        return send_point(&send, point, ret_bytes, error);
}
