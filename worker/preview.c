/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PreviewReverseReplication: what a preparation would set aside and a reverse would send, and everything that
 * stands in the way. Changes nothing. */
#include "core/plans.h"
#include "worker/direction.h"
#include "worker/heads.h"
#include "worker/operations.h"

/* What a reverse is assumed to carry when nothing was measured yet: 100 MiB/s, about a gigabit link.
 * Microseconds for @bytes. */
#define ASSUMED_RATE (100.0 * 1024 * 1024)
#define FIXED_COST_US G_USEC_PER_SEC /* cut, begin, seal */

typedef struct Preview {
        CrWorker *worker;
        const CrCollection *collection;
        const CrEngine *engine;
        GVariantBuilder blockers; /* a(us) */
        CrId common;
        GHashTable *to_receive; /* CrId -> guint64 */
} Preview;

/* Consumes @error: one more thing that stands in the way. */
static void block(Preview *preview, GError *error)
{
        g_variant_builder_add(
                &preview->blockers, "(us)", cr_error_value(cr_error_code(error)), error->message);
        g_error_free(error);
}

static void note_bytes(const CrId *disk, guint64 bytes, void *userdata)
{
        Preview *preview = userdata;

        g_hash_table_replace(
                preview->to_receive, g_memdup2(disk, sizeof *disk), g_memdup2(&bytes, sizeof bytes));
}

static void look_at_images(Preview *preview)
{
        GError *error = NULL;
        CrFence *fence = cr_heads_fence(preview->worker, preview->engine, preview->collection, &error);

        if (fence)
                preview->engine->unfence(fence);
        else
                block(preview, error);
}

/* A side that is prepared already recorded the generation when it was proven. */
static gboolean is_proven(Preview *preview, const CrPeerSite *site, GError **error)
{
        const CrCollection *collection = preview->collection;

        preview->common = collection->base_point;
        return (collection->role == CR_ROLE_REPLICA &&
                       cr_generation_equal(&site->generation, &collection->generation)) ||
               cr_direction_prove(collection, site, &preview->common, error);
}

static void look_at_peer(Preview *preview)
{
        GError *error = NULL;
        const char *address = cr_peer_address(preview->collection, &error);
        g_autoptr(CrPeer) peer =
                address ? cr_peer_open(preview->worker, preview->collection, address, &error) : NULL;
        g_autoptr(CrPeerSite) site = peer ? cr_peer_describe(peer, &error) : NULL;

        if (!site || !is_proven(preview, site, &error)) {
                preview->common =
                        site ? cr_lineage_common_point(preview->collection, site->points) : CR_ID_NONE;
                block(preview, error);
                return;
        }
        if (!cr_heads_check_point(preview->collection, &preview->common, &error))
                block(preview, g_steal_pointer(&error));
        if (!cr_peer_estimate(peer, &preview->common, note_bytes, preview, &error))
                block(preview, error);
}

static guint64 divergent_bytes(const Preview *preview, const CrDisk *disk)
{
        const CrCollection *collection = preview->collection;
        const CrLayer *top = cr_collection_head(collection, &disk->id);

        /* After a planned failover there is no head: at most a last point that did not arrive. */
        if (!top && collection->role == CR_ROLE_PRIMARY)
                top = cr_collection_layer_at(collection, &disk->id, &collection->base_point);
        if (!top || cr_id_is_none(&preview->common))
                return 0;
        return cr_divergent_bytes(collection, preview->engine, top, &preview->common);
}

static GVariant *summarize(Preview *preview)
{
        const CrPoint *point = cr_collection_point(preview->collection, &preview->common);
        guint64 divergent_total = 0, receive_total = 0;
        GVariantBuilder disks;
        GVariantDict dict;

        g_variant_builder_init(&disks, G_VARIANT_TYPE("a(stt)"));
        for (guint i = 0; i < preview->collection->disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(preview->collection->disks, i);
                const guint64 *receive = g_hash_table_lookup(preview->to_receive, &disk->id);
                guint64 divergent = divergent_bytes(preview, disk);

                divergent_total += divergent;
                receive_total += receive ? *receive : 0;
                g_variant_builder_add(
                        &disks, "(stt)", disk->name, divergent, receive ? *receive : G_GUINT64_CONSTANT(0));
        }
        g_variant_dict_init(&dict, NULL);
        g_variant_dict_insert(&dict, "CommonPoint", "s", preview->common.text);
        g_variant_dict_insert(&dict, "CommonPointTime", "t", point ? (guint64)point->created : 0);
        g_variant_dict_insert(&dict, "DivergentBytes", "t", divergent_total);
        g_variant_dict_insert(&dict, "BytesToReceive", "t", receive_total);
        g_variant_dict_insert(&dict, "EstimatedDuration", "t",
                (guint64)(FIXED_COST_US + (double)receive_total / ASSUMED_RATE * G_USEC_PER_SEC));
        g_variant_dict_insert_value(&dict, "Disks", g_variant_builder_end(&disks));
        g_variant_dict_insert_value(&dict, "Blockers", g_variant_builder_end(&preview->blockers));
        return g_variant_dict_end(&dict);
}

gboolean cr_operation_preview(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        Preview preview = {.worker = worker, .collection = collection};
        GError *failure = NULL;

        if (!collection)
                return FALSE;
        preview.engine = cr_worker_engine(collection, error);
        if (!preview.engine || !cr_worker_ready(worker, NULL, error))
                return FALSE;
        worker->is_ready = FALSE; /* the peer's deadline is still that of a method */
        g_variant_builder_init(&preview.blockers, G_VARIANT_TYPE("a(us)"));
        preview.to_receive = g_hash_table_new_full(cr_id_hash, cr_id_hash_equal, g_free, g_free);
        if (!cr_state_check(collection->name, collection->role, collection->state, CR_OP_PREPARE, &failure))
                block(&preview, failure);
        else if (cr_state_has_head(collection->role, collection->state))
                look_at_images(&preview);
        look_at_peer(&preview);
        cr_worker_result(summarize(&preview));
        g_hash_table_unref(preview.to_receive);
        return TRUE;
}
