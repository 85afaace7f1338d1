/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-site.h"

#include "core/disk_set.h"
#include "core/lineage.h"
#include "core/plans.h"
#include "core/record.h"
#include "unit.h"

static char *layer_path(const CrCollection *collection, const CrDisk *disk, const CrId *layer)
{
        return g_strdup_printf("/layers/%s-%s", disk->name, layer->text);
}

static guint64 occupied(const CrLayer *layer)
{
        return 1;
}

void site_init(Site *site, char name, const CrCollection *collection, GHashTable *shown)
{
        *site = (Site){.name = name,
                .host = cr_id_new(),
                .collection = cr_collection_copy(collection),
                .files = files_new(),
                .shown = shown,
                .engine = {.name = "memory", .layer_path = layer_path, .occupied = occupied}};
}

void site_clear(Site *site)
{
        cr_collection_free(site->collection);
        g_hash_table_unref(site->files);
}

static void carry_out(Site *site, CrPlan *plan, const GError *error)
{
        ck_assert_msg(plan, "%s", error ? error->message : "no plan");
        files_apply(site->files, plan);
        cr_collection_free(site->collection);
        site->collection = g_steal_pointer(&plan->after);
        cr_plan_free(plan);
}

/* ---- on the primary ---- */

static CrDisk *new_disk(Site *site, const CrId *id, const char *name, guint64 size)
{
        CrDisk *disk = cr_disk_new();

        disk->id = *id;
        disk->name = g_strdup(name);
        disk->head_path = g_strdup_printf("/heads/%s", name);
        disk->virtual_size = size;
        g_ptr_array_add(site->collection->disks, disk);
        return disk;
}

void site_add_disk(Site *site, guint64 size)
{
        static guint count;
        g_autofree char *name = g_strdup_printf("disk-%u", ++count);
        CrId id = cr_id_new();
        CrDisk *disk = new_disk(site, &id, name, size);
        CrLayer *head = cr_layer_new();

        head->id = cr_id_new();
        head->disk = id;
        head->kind = CR_LAYER_HEAD;
        head->path = g_strdup(disk->head_path);
        head->inode = files_create(site->files, head->path, NULL, size)->inode;
        head->virtual_size = size;
        g_ptr_array_add(site->collection->layers, head);
}

void site_remove_disk(Site *site, const CrId *id)
{
        g_autoptr(GError) error = NULL;

        if (cr_disk_set_is_divergent(site->collection, id))
                site_discard_all(site);
        CrPlan *plan = cr_plan_new(site->collection, CR_OP_UPDATE_DISKS);
        const CrLayer *head = cr_collection_head(site->collection, id);
        g_autofree char *path = head ? g_strdup(head->path) : NULL;
        Shown before, after;

        if (path)
                files_view(site->files, path, before.blocks, &before.size);
        ck_assert_msg(cr_plan_remove_disk(plan, id, &error), "%s", error ? error->message : "");
        carry_out(site, plan, NULL);
        if (!path)
                return;
        /* One plain image at its path. */
        ck_assert_ptr_null(files_find(site->files, path)->below);
        files_view(site->files, path, after.blocks, &after.size);
        ck_assert_mem_eq(&before, &after, sizeof before);
        g_hash_table_remove(site->files, path);
}

void site_write(Site *site, GRand *random)
{
        g_autoptr(GPtrArray) disks = cr_disk_set_cut(site->collection);

        for (guint i = 0; i < disks->len; i++) {
                const CrLayer *head = cr_collection_head(site->collection, g_ptr_array_index(disks, i));
                Image *image = files_find(site->files, head->path);

                if (image->size > 0)
                        image->blocks[g_rand_int_range(random, 0, (gint32)image->size)] =
                                g_rand_int_range(random, 0, 1000);
        }
}

void site_resize(Site *site, GRand *random)
{
        g_autoptr(GPtrArray) disks = cr_disk_set_cut(site->collection);
        const CrDisk *disk = g_ptr_array_index(disks, (guint)g_rand_int_range(random, 0, (gint32)disks->len));
        const CrLayer *head = cr_collection_head(site->collection, &disk->id);

        files_resize(
                files_find(site->files, head->path), (guint64)g_rand_int_range(random, 1, FILES_BLOCKS + 1));
}

static GPtrArray *stage(Site *site, GPtrArray *disks, const CrId *point)
{
        GPtrArray *staged = g_ptr_array_new_with_free_func((GDestroyNotify)cr_staged_layer_free);

        for (guint i = 0; i < disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(disks, i);
                const CrLayer *base = point ? cr_collection_layer_at(site->collection, &disk->id, point)
                                            : cr_collection_head(site->collection, &disk->id);
                guint64 size = files_find(site->files, base->path)->size;
                CrStagedLayer *one = cr_staged_layer_new(&site->engine, site->collection, disk, size);
                g_autofree char *below =
                        point ? g_strdup(base->path) : layer_path(site->collection, disk, &base->id);

                one->inode = files_create(site->files, one->path, below, size)->inode;
                g_ptr_array_add(staged, one);
        }
        return staged;
}

static void remember(Site *site, const CrId *point)
{
        for (guint i = 0; i < site->collection->layers->len; i++) {
                const CrLayer *layer = g_ptr_array_index(site->collection->layers, i);
                Shown *shown = g_new0(Shown, 1);

                if (!cr_id_equal(&layer->point, point)) {
                        g_free(shown);
                        continue;
                }
                files_view(site->files, layer->path, shown->blocks, &shown->size);
                g_hash_table_insert(
                        site->shown, g_strdup_printf("%s %s", point->text, layer->disk.text), shown);
        }
}

CrId site_cut(Site *site, gboolean dropped)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) disks = cr_disk_set_cut(site->collection);
        g_autoptr(GPtrArray) staged = stage(site, disks, NULL);
        CrCutSpec spec = {.point = cr_id_new(), .host = site->host, .now = 1, .staged = staged};
        g_autoptr(GPtrArray) held = cr_lineage_held(site->collection);
        CrPlan *plan = cr_plan_cut(site->collection, CR_OP_REPLICATE, &site->engine, &spec, &error);

        /* Whatever disk came first, the point follows the one that all heads but new ones stand on. */
        if (plan && held->len > 0)
                ck_assert(cr_id_equal(&cr_collection_point(plan->after, &spec.point)->parent,
                        &((CrPoint *)g_ptr_array_index(held, 0))->id));
        if (plan && dropped)
                cr_plan_drop_point(plan);
        carry_out(site, plan, error);
        if (!dropped)
                remember(site, &spec.point);
        return spec.point;
}

/* ---- sending ---- */

GPtrArray *site_peer_points(const Site *site)
{
        GPtrArray *points = g_ptr_array_new_with_free_func(g_free);

        for (guint i = 0; i < site->collection->points->len; i++) {
                const CrPoint *point = g_ptr_array_index(site->collection->points, i);
                CrPeerPoint *theirs = g_new0(CrPeerPoint, 1);

                *theirs = (CrPeerPoint){.id = point->id, .parent = point->parent, .held = point->held};
                g_ptr_array_add(points, theirs);
        }
        return points;
}

/* What AdaptDisks does. */
static void adapt(const Site *site, Site *receiver, const CrId *point)
{
        g_autoptr(GError) error = NULL;
        CrPlan *plan = cr_plan_new(receiver->collection, CR_OP_ADAPT_DISKS);

        for (guint i = receiver->collection->disks->len; i-- > 0;) {
                const CrDisk *disk = g_ptr_array_index(receiver->collection->disks, i);

                if (!cr_collection_layer_at(site->collection, &disk->id, point))
                        ck_assert_msg(cr_plan_remove_disk(plan, &disk->id, &error), "%s",
                                error ? error->message : "");
        }
        carry_out(receiver, plan, NULL);
        for (guint i = 0; i < site->collection->disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(site->collection->disks, i);

                if (cr_collection_layer_at(site->collection, &disk->id, point) &&
                        !cr_collection_disk(receiver->collection, &disk->id))
                        new_disk(receiver, &disk->id, disk->name, disk->virtual_size);
        }
        receiver->collection->settings->recovery_history = site->collection->settings->recovery_history;
}

static void add_row(Site *site, const CrPoint *like, gboolean held)
{
        CrPoint *row = cr_collection_point(site->collection, &like->id);

        if (!row) {
                row = cr_point_new();
                row->id = like->id;
                row->parent = like->parent;
                g_ptr_array_add(site->collection->points, row);
        }
        row->held = row->held || held;
}

/* A layer of what differs from the base; all of it where one of the sites has none there. */
static void receive_disk(
        const Site *site, Site *receiver, CrDisk *disk, const CrId *point, const CrId *base_point)
{
        const CrLayer *sent = cr_collection_layer_at(site->collection, &disk->id, point);
        const CrLayer *base = cr_collection_layer_at(receiver->collection, &disk->id, base_point);
        CrLayer *layer = cr_layer_new();
        Shown wanted, below = {0};
        Image *image;

        if (!cr_collection_layer_at(site->collection, &disk->id, base_point))
                base = NULL;
        files_view(site->files, sent->path, wanted.blocks, &wanted.size);
        if (base)
                files_view(receiver->files, base->path, below.blocks, &below.size);
        layer->id = cr_id_new();
        layer->disk = disk->id;
        layer->parent = base ? base->id : CR_ID_NONE;
        layer->point = *point;
        layer->path = layer_path(receiver->collection, disk, &layer->id);
        layer->virtual_size = disk->virtual_size = sent->virtual_size;
        image = files_create(receiver->files, layer->path, base ? base->path : NULL, wanted.size);
        layer->inode = image->inode;
        for (guint64 i = 0; i < wanted.size; i++)
                if (!base || wanted.blocks[i] != below.blocks[i])
                        image->blocks[i] = wanted.blocks[i];
        g_ptr_array_add(receiver->collection->layers, layer);
}

void site_send(Site *site, Site *receiver, const CrId *point)
{
        g_autoptr(GPtrArray) theirs = site_peer_points(receiver);
        CrId base = cr_lineage_shared_point(site->collection, theirs);
        CrCollection *there;

        ck_assert(!cr_id_is_none(&base) || cr_id_is_none(&receiver->collection->base_point));
        adapt(site, receiver, point);
        there = receiver->collection;
        for (guint i = 0; i < there->disks->len; i++)
                receive_disk(site, receiver, g_ptr_array_index(there->disks, i), point, &base);
        for (guint i = 0; i < site->collection->points->len; i++) {
                const CrPoint *row = g_ptr_array_index(site->collection->points, i);

                add_row(receiver, row, cr_id_equal(&row->id, point));
        }
        there->base_point = *point;
        there->state = site->collection->state = CR_STATE_REPLICATING;
        there->preparation = CR_ID_NONE;
        site->collection->peer.confirmed_point = *point;
        site->collection->failover_point = CR_ID_NONE;
        for (guint i = 0; i < there->divergences->len; i++)
                ((CrDivergence *)g_ptr_array_index(there->divergences, i))->undoable = FALSE;
}

static gboolean prune_one(Site *site)
{
        g_autoptr(GPtrArray) expired = cr_lineage_expired(site->collection);
        CrPlan *plan = cr_plan_merge_pointless(site->collection);

        for (guint i = 0; i < expired->len && !plan; i++)
                plan = cr_plan_expire_point(
                        site->collection, &((CrPoint *)g_ptr_array_index(expired, i))->id);
        if (!plan)
                return FALSE;
        carry_out(site, plan, NULL);
        return TRUE;
}

void site_prune(Site *site)
{
        while (prune_one(site))
                site_check(site);
}

/* ---- taking over ---- */

void site_fail_over(Site *site, const CrId *point)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) disks = cr_disk_set_included(site->collection);
        CrGeneration generation = {.number = site->collection->generation.number + 1, .id = cr_id_new()};

        for (guint i = disks->len; i-- > 0;)
                if (!cr_collection_layer_at(site->collection, g_ptr_array_index(disks, i), point))
                        g_ptr_array_remove_index(disks, i);
        g_autoptr(GPtrArray) staged = stage(site, disks, point);
        carry_out(site, cr_plan_failover(site->collection, point, &generation, staged, &error), error);
}

void site_revert_failover(Site *site)
{
        g_autoptr(GError) error = NULL;

        carry_out(site, cr_plan_revert_failover(site->collection, &site->engine, 1, &error), error);
}

static CrId disk_in_the_way(const Site *site, const CrId *common)
{
        g_autoptr(GPtrArray) disks = cr_disk_set_cut(site->collection);

        for (guint i = 0; i < disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(disks, i);

                if (!cr_collection_layer_at(site->collection, &disk->id, common))
                        return disk->id;
        }
        return CR_ID_NONE;
}

void site_prepare(Site *site, const Site *peer)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) theirs = site_peer_points(peer);
        CrPrepareSpec spec = {.common_point = cr_lineage_common_point(site->collection, theirs),
                .preparation = cr_id_new(),
                .generation = peer->collection->generation,
                .now = 1};
        CrId disk;

        ck_assert(!cr_id_is_none(&spec.common_point));
        while (disk = disk_in_the_way(site, &spec.common_point), !cr_id_is_none(&disk))
                site_remove_disk(site, &disk);
        carry_out(site, cr_plan_prepare(site->collection, &site->engine, &spec, &error), error);
}

void site_undo_prepare(Site *site)
{
        g_autoptr(GError) error = NULL;

        carry_out(site, cr_plan_undo_prepare(site->collection, &error), error);
}

void site_discard_all(Site *site)
{
        while (site->collection->divergences->len > 0) {
                g_autoptr(GError) error = NULL;
                CrDivergence *divergence = g_ptr_array_index(site->collection->divergences, 0);

                carry_out(site, cr_plan_discard(site->collection, &divergence->id, &error), error);
        }
}

/* ---- checks ---- */

static void check_layer(const Site *site, const CrLayer *layer)
{
        const CrLayer *below = cr_collection_layer(site->collection, &layer->parent);
        const Image *image = files_find(site->files, layer->path);

        ck_assert_msg(image, "site %c: %s is missing", site->name, layer->path);
        ck_assert_uint_eq(image->inode, layer->inode);
        ck_assert_str_eq(image->below ? image->below : "", below ? below->path : "");
        ck_assert(cr_collection_disk(site->collection, &layer->disk));
        if (layer->kind == CR_LAYER_FROZEN)
                ck_assert_uint_eq(image->size, layer->virtual_size);
}

static void check_shown(const Site *site, const CrLayer *layer)
{
        const CrPoint *point = cr_collection_point(site->collection, &layer->point);
        g_autofree char *key = g_strdup_printf("%s %s", layer->point.text, layer->disk.text);
        const Shown *wanted = g_hash_table_lookup(site->shown, key);
        Shown found;

        if (!point || !point->held)
                return;
        ck_assert_ptr_nonnull(wanted);
        files_view(site->files, layer->path, found.blocks, &found.size);
        ck_assert_msg(
                found.size == wanted->size && !memcmp(found.blocks, wanted->blocks, sizeof found.blocks),
                "site %c: point %s of disk %s shows something else", site->name, layer->point.text,
                layer->disk.text);
}

static void check_points(const Site *site)
{
        for (guint i = 0; i < site->collection->points->len; i++) {
                const CrPoint *point = g_ptr_array_index(site->collection->points, i);
                gboolean found = FALSE;

                for (guint j = 0; j < site->collection->layers->len; j++)
                        found = found ||
                                cr_id_equal(
                                        &((CrLayer *)g_ptr_array_index(site->collection->layers, j))->point,
                                        &point->id);
                ck_assert_msg(found == point->held, "site %c: point %s is %sheld", site->name, point->id.text,
                        point->held ? "" : "not ");
        }
}

void site_check(const Site *site)
{
        g_autoptr(GError) error = NULL;

        ck_assert_msg(cr_collection_check(site->collection, &error), "%s", error ? error->message : "");
        ck_assert_uint_eq(site->collection->layers->len, g_hash_table_size(site->files));
        for (guint i = 0; i < site->collection->layers->len; i++) {
                check_layer(site, g_ptr_array_index(site->collection->layers, i));
                check_shown(site, g_ptr_array_index(site->collection->layers, i));
        }
        check_points(site);
}

/* Of the chain below @top, the layers that no pin keeps. */
static guint count_free(const Site *site, const CrLayer *top)
{
        g_autoptr(GPtrArray) chain = cr_lineage_chain(site->collection, &top->id, NULL);
        guint count = 0;

        for (guint i = 0; i < chain->len; i++)
                count += !cr_lineage_is_pinned(site->collection, g_ptr_array_index(chain, i), NULL);
        return count;
}

void site_check_retention(const Site *site)
{
        guint history = site->collection->settings->recovery_history;

        for (guint i = 0; i < site->collection->layers->len; i++) {
                guint count = count_free(site, g_ptr_array_index(site->collection->layers, i));

                ck_assert_msg(count <= history + 4,
                        "site %c: a chain of %u layers that nothing pins, for %u points", site->name, count,
                        history);
        }
}
