/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans that make layers fewer: dropping a point, discarding a divergence, ending replication, destroying a
 * replica. */
#include "core/error.h"
#include "core/lineage.h"
#include "core/plans.h"

void cr_plan_delete_layer(CrPlan *plan, const CrLayer *layer)
{
        CrStep *step = cr_plan_add_step(plan, CR_STEP_DELETE, &layer->disk);

        step->path = g_strdup(layer->path);
        step->inode = layer->inode;
}

static void add_merge(CrPlan *plan, const CrLayer *upper, const char *lower_path, ino_t lower_inode)
{
        CrStep *step = cr_plan_add_step(plan, CR_STEP_MERGE, &upper->disk);

        step->path = g_strdup(upper->path);
        step->inode = upper->inode;
        step->target = g_strdup(lower_path);
        step->target_inode = lower_inode;
        step->virtual_size = upper->virtual_size;
}

/* Takes over from @lower, whose file now has @upper's name. */
static void inherit(CrLayer *upper, const CrLayer *lower)
{
        upper->parent = lower->parent;
        upper->inode = lower->inode;
        g_free(upper->template_path);
        upper->template_path = g_strdup(lower->template_path);
        upper->template_inode = lower->template_inode;
        upper->template_size = lower->template_size;
        upper->template_mtime = lower->template_mtime;
}

static guint count_children(const CrCollection *collection, const CrLayer *layer, CrLayer **ret_child)
{
        guint count = 0;

        for (guint i = 0; i < collection->layers->len; i++) {
                CrLayer *l = g_ptr_array_index(collection->layers, i);

                if (cr_id_equal(&l->parent, &layer->id)) {
                        *ret_child = l;
                        count++;
                }
        }
        return count;
}

/* Takes @lower out of the tree: merged with the one layer above it, or deleted when it is an abandoned end.
 * FALSE when it is needed: several layers stand on it, or one that a guest or a transfer may be writing. */
static gboolean drop_layer(CrPlan *plan, CrLayer *lower)
{
        CrLayer *upper = NULL;
        guint children = count_children(plan->after, lower, &upper);

        if (children > 1 || (upper && upper->kind != CR_LAYER_FROZEN))
                return FALSE;
        if (upper) {
                add_merge(plan, upper, lower->path, lower->inode);
                inherit(upper, lower);
        } else {
                cr_plan_delete_layer(plan, lower);
        }
        g_ptr_array_remove(plan->after->layers, lower);
        return TRUE;
}

CrPlan *cr_plan_expire_point(const CrCollection *before, const CrId *point_id)
{
        g_autoptr(CrPlan) plan = cr_plan_new(before, CR_OP_REPLICATE);
        CrCollection *after = plan->after;
        CrPoint *point = cr_collection_point(after, point_id);
        guint count = 0;

        for (guint i = 0; i < after->disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(after->disks, i);
                CrLayer *layer = cr_collection_layer_at(after, &disk->id, point_id);

                if (!layer)
                        continue; /* it came later */
                if (!drop_layer(plan, layer))
                        return NULL;
                count++;
        }
        if (point)
                point->held = FALSE;
        return count > 0 ? g_steal_pointer(&plan) : NULL;
}

CrPlan *cr_plan_merge_pointless(const CrCollection *before)
{
        g_autoptr(CrPlan) plan = cr_plan_new(before, CR_OP_REPLICATE);

        for (guint i = 0; i < plan->after->layers->len; i++) {
                CrLayer *layer = g_ptr_array_index(plan->after->layers, i);

                if (layer->kind == CR_LAYER_FROZEN && cr_id_is_none(&layer->point) &&
                        !cr_lineage_is_pinned(plan->after, layer, NULL) && drop_layer(plan, layer))
                        return g_steal_pointer(&plan); /* one at a time: its neighbours have changed */
        }
        return NULL;
}

/* Removes @layer and, downwards, everything that nothing else stands on or is a held point; adds their
 * deletion. */
static void delete_branch(CrPlan *plan, CrLayer *layer, const CrId *keep_from)
{
        while (layer) {
                CrLayer *child, *below = cr_collection_layer(plan->after, &layer->parent);

                if (count_children(plan->after, layer, &child) > 0)
                        return;
                if (!cr_id_is_none(keep_from) && cr_id_equal(&layer->point, keep_from))
                        return;
                /* From there on it is a branch like any: retention takes it when the test has ended. */
                if (!cr_id_is_none(&layer->point) && cr_id_equal(&layer->point, &plan->after->test_point))
                        return;
                CrPoint *point =
                        cr_id_is_none(&layer->point) ? NULL : cr_collection_point(plan->after, &layer->point);
                if (point)
                        point->held = FALSE;
                cr_plan_delete_layer(plan, layer);
                g_ptr_array_remove(plan->after->layers, layer);
                layer = below;
        }
}

CrPlan *cr_plan_discard(const CrCollection *before, const CrId *id, GError **error)
{
        g_autoptr(CrPlan) plan = cr_plan_new(before, CR_OP_DISCARD);
        CrDivergence *divergence = cr_collection_divergence(plan->after, id);

        if (!divergence) {
                g_set_error(error, CR_ERROR, CR_ERROR_FILE_NOT_FOUND, "collection '%s' has no divergence %s",
                        before->name, id->text);
                return NULL;
        }
        for (guint i = 0; i < divergence->disks->len; i++) {
                const CrDivergentDisk *divergent = g_ptr_array_index(divergence->disks, i);
                CrLayer *head = cr_collection_layer(plan->after, &divergent->layer);

                if (head)
                        delete_branch(plan, head, &divergence->common_point);
        }
        g_ptr_array_remove(plan->after->divergences, divergence);
        return g_steal_pointer(&plan);
}

gboolean cr_plan_flatten_disk(CrPlan *plan, const CrDisk *disk, GError **error)
{
        CrLayer *head = cr_collection_head(plan->after, &disk->id);
        g_autoptr(GPtrArray) chain = head ? cr_lineage_chain(plan->after, &head->id, error) : NULL;

        if (!head)
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "disk '%s' of collection '%s' has no head here: it was not in the point that this "
                        "site "
                        "failed over to. Take it out of the set of disks first (UpdateDiskSet)",
                        disk->name, plan->after->name);
        if (!chain)
                return FALSE;
        CrLayer *lowest = g_ptr_array_index(chain, chain->len - 1);
        const char *lowest_path = lowest->path;
        for (guint i = chain->len - 1; i-- > 0;) {
                const CrLayer *upper = g_ptr_array_index(chain, i);

                add_merge(plan, upper, lowest_path, lowest->inode);
                lowest_path = upper->path;
        }
        if (lowest != head)
                inherit(head, lowest);
        return TRUE;
}

static gboolean is_chain_member(GPtrArray *members, const CrLayer *layer)
{
        return g_ptr_array_find(members, layer, NULL);
}

/* Layers on no head's chain: branches that were abandoned. A child comes after its parent in the list, so
 * they are deleted from the end. */
static void delete_abandoned(CrPlan *plan, GPtrArray *members)
{
        for (guint i = plan->after->layers->len; i-- > 0;) {
                CrLayer *layer = g_ptr_array_index(plan->after->layers, i);

                if (is_chain_member(members, layer))
                        continue;
                cr_plan_delete_layer(plan, layer);
                g_ptr_array_remove_index(plan->after->layers, i);
        }
}

static GPtrArray *all_chains(const CrCollection *collection, GError **error)
{
        g_autoptr(GPtrArray) members = g_ptr_array_new();

        for (guint i = 0; i < collection->disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(collection->disks, i);
                const CrLayer *head = cr_collection_head(collection, &disk->id);
                g_autoptr(GPtrArray) chain =
                        head ? cr_lineage_chain(collection, &head->id, error) : g_ptr_array_new();

                if (!chain)
                        return NULL;
                g_ptr_array_extend(members, chain, NULL, NULL);
        }
        return g_steal_pointer(&members);
}

/* After the merges only the heads are left. */
static void keep_heads_only(CrCollection *after)
{
        for (guint i = after->layers->len; i-- > 0;)
                if (((CrLayer *)g_ptr_array_index(after->layers, i))->kind != CR_LAYER_HEAD)
                        g_ptr_array_remove_index(after->layers, i);
        for (guint i = 0; i < after->points->len; i++)
                ((CrPoint *)g_ptr_array_index(after->points, i))->held =
                        FALSE; /* only lineage from here on */
        after->base_point = after->failover_point = CR_ID_NONE;
}

CrPlan *cr_plan_flatten(const CrCollection *before, CrOperation operation, GError **error)
{
        g_autoptr(CrPlan) plan = cr_plan_new(before, operation);
        CrCollection *after = plan->after;
        g_autoptr(GPtrArray) members = all_chains(after, error);

        if (!members)
                return NULL;
        delete_abandoned(plan, members);
        for (guint i = 0; i < after->disks->len; i++)
                if (!cr_plan_flatten_disk(plan, g_ptr_array_index(after->disks, i), error))
                        return NULL;
        keep_heads_only(after);
        after->role = CR_ROLE_NONE;
        after->state = CR_STATE_DISABLED;
        after->has_relationship = FALSE;
        after->needs_resynchronize = FALSE;
        after->peer = (CrPeerRecord){0};
        after->preparation = CR_ID_NONE;
        cr_collection_set_last_error(after, 0, NULL);
        return g_steal_pointer(&plan);
}

CrPlan *cr_plan_destroy_replica(const CrCollection *before)
{
        CrPlan *plan = cr_plan_new(before, CR_OP_DESTROY);

        for (guint i = before->layers->len; i-- > 0;)
                cr_plan_delete_layer(plan, g_ptr_array_index(before->layers, i));
        g_clear_pointer(&plan->after, cr_collection_free);
        return plan;
}
