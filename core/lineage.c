/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/lineage.h"

#include "core/error.h"

GPtrArray *cr_lineage_chain(const CrCollection *collection, const CrId *top, GError **error)
{
        g_autoptr(GPtrArray) chain = g_ptr_array_new();

        for (const CrId *id = top; chain->len == 0 || !cr_id_is_none(id);) {
                CrLayer *layer = cr_collection_layer(collection, id);

                /* A chain longer than there are layers has met one twice. */
                if (!layer || chain->len >= collection->layers->len) {
                        g_set_error(error, CR_ERROR, CR_ERROR_FAILED,
                                "collection '%s': the chain of layer %s %s at layer %s", collection->name,
                                top->text, layer ? "is a circle" : "is broken", id->text);
                        return NULL;
                }
                g_ptr_array_add(chain, layer);
                id = &layer->parent;
        }
        return g_steal_pointer(&chain);
}

static gboolean has_child(const CrCollection *collection, const CrLayer *layer)
{
        for (guint i = 0; i < collection->layers->len; i++)
                if (cr_id_equal(&((CrLayer *)g_ptr_array_index(collection->layers, i))->parent, &layer->id))
                        return TRUE;
        return FALSE;
}

CrLayer *cr_lineage_base_layer(const CrCollection *collection, const CrId *disk, const CrId *point)
{
        if (!cr_id_is_none(point))
                return cr_collection_layer_at(collection, disk, point);
        for (guint i = collection->layers->len; i > 0; i--) {
                CrLayer *layer = g_ptr_array_index(collection->layers, i - 1);

                if (layer->kind == CR_LAYER_FROZEN && cr_id_is_none(&layer->point) &&
                        cr_id_equal(&layer->disk, disk) && !has_child(collection, layer))
                        return layer;
        }
        return NULL;
}

void cr_lineage_fork(GPtrArray *chain_a, GPtrArray *chain_b, guint *ret_above_a, guint *ret_above_b)
{
        guint a = chain_a->len, b = chain_b->len;

        for (; a > 0 && b > 0; a--, b--) {
                const CrLayer *layer_a = g_ptr_array_index(chain_a, a - 1);
                const CrLayer *layer_b = g_ptr_array_index(chain_b, b - 1);

                if (!cr_id_equal(&layer_a->id, &layer_b->id))
                        break;
        }
        *ret_above_a = a;
        *ret_above_b = b;
}

gboolean cr_lineage_is_ancestor(GPtrArray *points, const CrId *ancestor, const CrId *point)
{
        const CrId *id = point;

        if (cr_id_is_none(ancestor))
                return FALSE;
        /* A parent comes before its children, so one pass from the last to the first meets them all. */
        for (guint i = points->len; i > 0 && !cr_id_equal(id, ancestor); i--) {
                const CrPoint *candidate = g_ptr_array_index(points, i - 1);

                if (cr_id_equal(&candidate->id, id))
                        id = &candidate->parent;
        }
        return cr_id_equal(id, ancestor);
}

/* The layers of @disk that the head, or without one the next receive, stands on; NULL when there are none. */
static GPtrArray *disk_chain(const CrCollection *collection, const CrDisk *disk)
{
        const CrLayer *top = cr_collection_head(collection, &disk->id);

        if (!top && !cr_id_is_none(&collection->base_point))
                top = cr_collection_layer_at(collection, &disk->id, &collection->base_point);
        return top ? cr_lineage_chain(collection, &top->id, NULL) : NULL;
}

/* How many disks have each point in their chain: CrId (borrowed) to count. */
static GHashTable *count_disks(const CrCollection *collection)
{
        GHashTable *counts = g_hash_table_new(cr_id_hash, cr_id_hash_equal);

        for (guint i = 0; i < collection->disks->len; i++) {
                g_autoptr(GPtrArray) chain = disk_chain(collection, g_ptr_array_index(collection->disks, i));

                for (guint j = 0; chain && j < chain->len; j++) {
                        CrLayer *layer = g_ptr_array_index(chain, j);
                        guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, &layer->point));

                        g_hash_table_insert(counts, &layer->point, GUINT_TO_POINTER(count + 1));
                }
        }
        return counts;
}

/* How many disks have a layer at each point, on any branch. */
static GHashTable *count_layers(const CrCollection *collection)
{
        GHashTable *counts = g_hash_table_new(cr_id_hash, cr_id_hash_equal);

        for (guint i = 0; i < collection->layers->len; i++) {
                CrLayer *layer = g_ptr_array_index(collection->layers, i);
                guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, &layer->point));

                g_hash_table_insert(counts, &layer->point, GUINT_TO_POINTER(count + 1));
        }
        return counts;
}

static guint count_points(const GPtrArray *chain)
{
        guint count = 0;

        for (guint i = 0; i < chain->len; i++)
                count += !cr_id_is_none(&((const CrLayer *)g_ptr_array_index(chain, i))->point);
        return count;
}

/* The chain of the disk that has been there longest: a disk that came later has its points from there on. */
static GPtrArray *longest_chain(const CrCollection *collection)
{
        g_autoptr(GPtrArray) longest = NULL;

        for (guint i = 0; i < collection->disks->len; i++) {
                g_autoptr(GPtrArray) chain = disk_chain(collection, g_ptr_array_index(collection->disks, i));

                if (!chain || (longest && count_points(chain) <= count_points(longest)))
                        continue;
                g_clear_pointer(&longest, g_ptr_array_unref);
                longest = g_steal_pointer(&chain);
        }
        return g_steal_pointer(&longest);
}

GPtrArray *cr_lineage_held(const CrCollection *collection)
{
        GPtrArray *held = g_ptr_array_new();
        g_autoptr(GHashTable) in_chains = count_disks(collection);
        g_autoptr(GHashTable) anywhere = count_layers(collection);
        g_autoptr(GPtrArray) chain = longest_chain(collection);

        for (guint i = 0; chain && i < chain->len; i++) {
                const CrLayer *layer = g_ptr_array_index(chain, i);
                CrPoint *point = cr_collection_point(collection, &layer->point);

                if (point && point->held &&
                        g_hash_table_lookup(in_chains, &point->id) ==
                                g_hash_table_lookup(anywhere, &point->id))
                        g_ptr_array_add(held, point);
        }
        return held;
}

/* The ids (borrowed) of the points that the peer holds. */
static GHashTable *held_by_peer(GPtrArray *peer_points)
{
        GHashTable *ids = g_hash_table_new(cr_id_hash, cr_id_hash_equal);

        for (guint i = 0; i < peer_points->len; i++) {
                CrPeerPoint *point = g_ptr_array_index(peer_points, i);

                if (point->held)
                        g_hash_table_add(ids, &point->id);
        }
        return ids;
}

CrId cr_lineage_common_point(const CrCollection *collection, GPtrArray *peer_points)
{
        g_autoptr(GHashTable) peer_held = held_by_peer(peer_points);
        g_autoptr(GPtrArray) held = cr_lineage_held(collection);

        for (guint i = 0; i < held->len; i++) {
                const CrPoint *point = g_ptr_array_index(held, i);

                if (g_hash_table_contains(peer_held, &point->id))
                        return point->id;
        }
        return CR_ID_NONE;
}

CrId cr_lineage_shared_point(const CrCollection *collection, GPtrArray *peer_points)
{
        g_autoptr(GHashTable) peer_held = held_by_peer(peer_points);
        CrId common = cr_lineage_common_point(collection, peer_points);

        /* A parent comes before its children: the newest last. */
        for (guint i = collection->points->len; i > 0 && cr_id_is_none(&common); i--) {
                const CrPoint *point = g_ptr_array_index(collection->points, i - 1);

                if (point->held && g_hash_table_contains(peer_held, &point->id))
                        common = point->id;
        }
        return common;
}

/* What a writable layer, or one that was, keeps below it; NULL: nothing. */
static const char *kept_by_kind(CrLayerKind kind)
{
        switch (kind) {
        case CR_LAYER_HEAD:
                return "the head stands on it";
        case CR_LAYER_RECEIVING:
                return "a transfer is being received above it";
        case CR_LAYER_SET_ASIDE:
                return "a divergence stands on it";
        case CR_LAYER_FROZEN:
                break;
        }
        return NULL;
}

static const char *pinned_by_child(const CrCollection *collection, const CrLayer *layer)
{
        for (guint i = 0; i < collection->layers->len; i++) {
                const CrLayer *child = g_ptr_array_index(collection->layers, i);
                const char *reason = kept_by_kind(child->kind);

                if (reason && cr_id_equal(&child->parent, &layer->id))
                        return reason;
        }
        return NULL;
}

/* Whether @layer is between the former head of @divergence and the common point, both included. */
static gboolean is_in_divergence(
        const CrCollection *collection, const CrDivergence *divergence, const CrLayer *layer)
{
        for (guint i = 0; i < divergence->disks->len; i++) {
                const CrDivergentDisk *disk = g_ptr_array_index(divergence->disks, i);
                g_autoptr(GPtrArray) chain = NULL;

                if (!cr_id_equal(&disk->disk, &layer->disk))
                        continue;
                chain = cr_lineage_chain(collection, &disk->layer, NULL);
                for (guint j = 0; chain && j < chain->len; j++) {
                        const CrLayer *below = g_ptr_array_index(chain, j);

                        if (below == layer)
                                return TRUE;
                        if (cr_id_equal(&below->point, &divergence->common_point))
                                break;
                }
        }
        return FALSE;
}

static const char *pinned_by_divergence(const CrCollection *collection, const CrLayer *layer)
{
        for (guint i = 0; i < collection->divergences->len; i++)
                if (is_in_divergence(collection, g_ptr_array_index(collection->divergences, i), layer))
                        return "a divergence consists of it or stands on it";
        return NULL;
}

/* Until a reverse is sealed (or the preparation undone) any point may turn out to be what both sites share.
 */
static gboolean keeps_all_points(const CrCollection *collection)
{
        return collection->state == CR_STATE_FAILED_OVER || collection->state == CR_STATE_COMMITTED ||
               collection->state == CR_STATE_PREPARED_FOR_REVERSE_REPLICATION;
}

static gboolean is_needed_by_peer(const CrCollection *collection, const CrId *point)
{
        const CrId *confirmed = &collection->peer.confirmed_point;

        if (collection->role != CR_ROLE_PRIMARY || !collection->has_relationship)
                return FALSE;
        /* Nothing confirmed: it may have any of them, and its answer got lost. */
        return cr_id_is_none(confirmed) || cr_lineage_is_ancestor(collection->points, confirmed, point);
}

static const char *pinned_by_point(const CrCollection *collection, const CrId *id)
{
        const CrPoint *point = cr_collection_point(collection, id);

        if (!point || !point->held)
                return NULL;
        if (cr_id_equal(id, &collection->failover_point))
                return "it is the point that this site failed over to";
        if (cr_id_equal(id, &collection->test_point))
                return "a test copy stands on it";
        if (keeps_all_points(collection))
                return "all points are kept until the reverse is complete";
        if (collection->role == CR_ROLE_REPLICA && cr_id_equal(id, &collection->base_point))
                return "it is the newest point of this replica";
        if (is_needed_by_peer(collection, id))
                return "the other site needs it, or a later one, for the next transfer";
        return NULL;
}

static const char *pinned_by_layers(const CrCollection *collection, const CrLayer *layer)
{
        const char *reason = layer->kind == CR_LAYER_FROZEN ? NULL : "it is in use";

        if (!reason)
                reason = pinned_by_child(collection, layer);
        return reason ? reason : pinned_by_divergence(collection, layer);
}

gboolean cr_lineage_is_pinned(const CrCollection *collection, const CrLayer *layer, const char **reason)
{
        const char *found = pinned_by_layers(collection, layer);

        if (!found)
                found = pinned_by_point(collection, &layer->point);
        if (found && reason)
                *reason = found;
        return found != NULL;
}

/* A point is as pinned as the most pinned of its layers. */
static gboolean is_point_pinned(const CrCollection *collection, const CrId *point)
{
        if (pinned_by_point(collection, point))
                return TRUE;
        for (guint i = 0; i < collection->layers->len; i++) {
                const CrLayer *layer = g_ptr_array_index(collection->layers, i);

                if (cr_id_equal(&layer->point, point) && pinned_by_layers(collection, layer))
                        return TRUE;
        }
        return FALSE;
}

/* The points that the history keeps: the latest that both sites have, everything newer, and as many before it
 * as are asked for. NULL when nothing may be dropped. */
static GHashTable *history(const CrCollection *collection)
{
        g_autoptr(GHashTable) kept = g_hash_table_new(cr_id_hash, cr_id_hash_equal);
        g_autoptr(GPtrArray) held = cr_lineage_held(collection);
        const CrId *latest = collection->role == CR_ROLE_PRIMARY ? &collection->peer.confirmed_point
                                                                 : &collection->base_point;
        gboolean found = FALSE;
        guint before = 0;

        for (guint i = 0; i < held->len; i++) {
                CrPoint *point = g_ptr_array_index(held, i);

                if (found && before++ == collection->settings->recovery_history)
                        break;
                found = found || cr_id_equal(&point->id, latest);
                g_hash_table_add(kept, &point->id);
        }
        return found ? g_steal_pointer(&kept) : NULL;
}

GPtrArray *cr_lineage_expired(const CrCollection *collection)
{
        GPtrArray *expired = g_ptr_array_new();
        g_autoptr(GHashTable) kept = NULL;

        if (!collection->has_relationship || collection->role == CR_ROLE_NONE ||
                collection->role == CR_ROLE_TEST_REPLICA)
                return expired;
        kept = history(collection);
        /* A parent comes before its children: the oldest first. */
        for (guint i = 0; kept && i < collection->points->len; i++) {
                CrPoint *point = g_ptr_array_index(collection->points, i);

                if (point->held && !g_hash_table_contains(kept, &point->id) &&
                        !is_point_pinned(collection, &point->id))
                        g_ptr_array_add(expired, point);
        }
        return expired;
}

static gboolean is_named(const CrCollection *collection, const CrId *point)
{
        for (guint i = 0; i < collection->divergences->len; i++)
                if (cr_id_equal(point,
                            &((CrDivergence *)g_ptr_array_index(collection->divergences, i))->common_point))
                        return TRUE;
        return cr_id_equal(point, &collection->base_point) ||
               cr_id_equal(point, &collection->failover_point) ||
               cr_id_equal(point, &collection->test_point) ||
               cr_id_equal(point, &collection->peer.confirmed_point) ||
               cr_id_equal(point, &collection->receive.base);
}

void cr_lineage_forget(CrCollection *collection, guint kept)
{
        guint only_lineage = 0;

        /* A parent comes before its children: from the last, the newest are counted first. */
        for (guint i = collection->points->len; i > 0; i--) {
                const CrPoint *point = g_ptr_array_index(collection->points, i - 1);

                if (!point->held && ++only_lineage > kept && !is_named(collection, &point->id))
                        g_ptr_array_remove_index(collection->points, i - 1);
        }
}
