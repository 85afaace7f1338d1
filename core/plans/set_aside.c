/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans that move heads to a divergence and back: the preparation, its undo, and the revert of a failover. */
#include "core/disk_set.h"
#include "core/error.h"
#include "core/lineage.h"
#include "core/plans.h"

guint64 cr_divergent_bytes(
        const CrCollection *collection, const CrEngine *engine, const CrLayer *head, const CrId *common_point)
{
        guint64 bytes = 0;

        for (const CrLayer *l = head; l; l = cr_collection_layer(collection, &l->parent)) {
                if (!cr_id_is_none(&l->point) && cr_id_equal(&l->point, common_point))
                        break;
                bytes += engine->occupied(l);
        }
        return bytes;
}

void cr_settings_swap_direction(CrSettings *settings)
{
        char *recovery = settings->recovery_connection_point;

        settings->recovery_connection_point = settings->primary_connection_point;
        settings->primary_connection_point = recovery;
}

/* A side that took over and committed still has the settings of a replica. */
static void swap_unless_committed(CrSettings *settings, CrState state)
{
        if (state != CR_STATE_COMMITTED)
                cr_settings_swap_direction(settings);
}

static CrDivergentDisk *set_head_aside(
        CrPlan *plan, const CrEngine *engine, const CrDisk *disk, const CrId *common_point)
{
        CrLayer *head = cr_collection_head(plan->after, &disk->id);
        CrDivergentDisk *divergent = g_new0(CrDivergentDisk, 1);
        divergent->disk = disk->id;
        divergent->layer = head->id;
        divergent->bytes = cr_divergent_bytes(plan->after, engine, head, common_point);

        CrStep *step = cr_plan_add_step(plan, CR_STEP_SET_ASIDE, &disk->id);
        step->path = g_strdup(head->path);
        step->inode = head->inode;
        step->target = engine->layer_path(plan->after, disk, &head->id);

        head->kind = CR_LAYER_SET_ASIDE;
        g_free(head->path);
        head->path = g_strdup(step->target);
        return divergent;
}

static CrDivergence *add_divergence(CrCollection *after, const CrId *common_point, gint64 now)
{
        CrDivergence *divergence = cr_divergence_new();

        divergence->id = cr_id_new();
        divergence->common_point = *common_point;
        divergence->created = now;
        if (after->settings->divergence_retention)
                divergence->expires = now + after->settings->divergence_retention * (gint64)G_TIME_SPAN_DAY;
        g_ptr_array_add(after->divergences, divergence);
        return divergence;
}

/* Moves every head into a new divergence above @common_point. A disk that a failover left behind has none. */
static CrDivergence *set_heads_aside(
        CrPlan *plan, const CrEngine *engine, const CrId *common_point, gint64 now, GError **error)
{
        g_autoptr(GPtrArray) disks = cr_disk_set_cut(plan->after);
        CrDivergence *divergence = add_divergence(plan->after, common_point, now);

        for (guint i = 0; i < disks->len; i++)
                g_ptr_array_add(divergence->disks,
                        set_head_aside(plan, engine, g_ptr_array_index(disks, i), common_point));
        if (disks->len > 0)
                return divergence;
        g_set_error(
                error, CR_ERROR, CR_ERROR_INVALID_STATE, "collection '%s' has no head", plan->after->name);
        return NULL;
}

CrPlan *cr_plan_revert_failover(
        const CrCollection *before, const CrEngine *engine, gint64 now, GError **error)
{
        g_autoptr(CrPlan) plan = cr_plan_new(before, CR_OP_REVERT_FAILOVER);
        CrCollection *after = plan->after;

        if (!set_heads_aside(plan, engine, &before->failover_point, now, error))
                return NULL;
        after->role = CR_ROLE_REPLICA;
        after->state = CR_STATE_REPLICATING;
        after->failover_point = CR_ID_NONE;
        after->failed_over_type = 0;
        after->peer.preparation = CR_ID_NONE;
        return g_steal_pointer(&plan);
}

/* After a planned failover there is no head. What is above @common_point, since the last points never reached
 * the other side, is frozen already and stays where it lies: the divergence keeps it. */
static void keep_unsent(CrPlan *plan, const CrEngine *engine, const CrId *common_point, gint64 now)
{
        CrCollection *after = plan->after;

        if (cr_id_equal(&after->base_point, common_point))
                return;
        CrDivergence *divergence = add_divergence(after, common_point, now);
        divergence->undoable = TRUE;
        for (guint i = 0; i < after->disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(after->disks, i);
                const CrLayer *last = cr_collection_layer_at(after, &disk->id, &after->base_point);
                CrDivergentDisk *divergent;

                if (!last)
                        continue;
                divergent = g_new0(CrDivergentDisk, 1);
                divergent->disk = disk->id;
                divergent->layer = last->id;
                divergent->bytes = cr_divergent_bytes(after, engine, last, common_point);
                g_ptr_array_add(divergence->disks, divergent);
        }
}

static gboolean put_away(CrPlan *plan, const CrCollection *before, const CrEngine *engine,
        const CrPrepareSpec *spec, GError **error)
{
        CrDivergence *divergence;

        if (!cr_state_has_head(before->role, before->state)) {
                keep_unsent(plan, engine, &spec->common_point, spec->now);
                return TRUE;
        }
        divergence = set_heads_aside(plan, engine, &spec->common_point, spec->now, error);
        if (divergence)
                divergence->undoable = TRUE;
        return divergence != NULL;
}

CrPlan *cr_plan_prepare(
        const CrCollection *before, const CrEngine *engine, const CrPrepareSpec *spec, GError **error)
{
        g_autoptr(CrPlan) plan = cr_plan_new(before, CR_OP_PREPARE);
        CrCollection *after = plan->after;

        if (!put_away(plan, before, engine, spec, error))
                return NULL;
        after->role = CR_ROLE_REPLICA;
        after->state = CR_STATE_PREPARED_FOR_REVERSE_REPLICATION;
        after->former_state = before->state;
        after->former_generation = before->generation;
        after->generation = spec->generation;
        after->preparation = spec->preparation;
        after->peer.preparation = CR_ID_NONE;
        after->base_point = spec->common_point;
        swap_unless_committed(after->settings, before->state);
        cr_collection_set_last_error(after, 0, NULL);
        return g_steal_pointer(&plan);
}

static CrDivergence *undoable_divergence(const CrCollection *collection)
{
        for (guint i = 0; i < collection->divergences->len; i++) {
                CrDivergence *divergence = g_ptr_array_index(collection->divergences, i);

                if (divergence->undoable)
                        return divergence;
        }
        return NULL;
}

static void put_head_back(CrPlan *plan, const CrDivergentDisk *divergent)
{
        CrLayer *head = cr_collection_layer(plan->after, &divergent->layer);
        const CrDisk *disk = cr_collection_disk(plan->after, &divergent->disk);
        CrStep *step = cr_plan_add_step(plan, CR_STEP_PUT_BACK, &disk->id);

        step->path = g_strdup(disk->head_path);
        step->target = g_strdup(head->path);
        step->inode = head->inode;
        head->kind = CR_LAYER_HEAD;
        g_free(head->path);
        head->path = g_strdup(disk->head_path);
}

/* The newest held point below the heads: what the primary had cut last. */
static CrId newest_point(const CrCollection *collection)
{
        g_autoptr(GPtrArray) held = cr_lineage_held(collection);

        return held->len ? ((CrPoint *)g_ptr_array_index(held, 0))->id : collection->base_point;
}

/* The point whose layers are the uppermost of @divergence. */
static CrId point_of(const CrCollection *collection, const CrDivergence *divergence)
{
        const CrDivergentDisk *first = g_ptr_array_index(divergence->disks, 0);

        return cr_collection_layer(collection, &first->layer)->point;
}

/* What the preparation set aside is the head again; without a head before it, its last point the newest. */
static gboolean bring_back(CrPlan *plan, gboolean had_head, GError **error)
{
        CrCollection *after = plan->after;
        CrDivergence *divergence = undoable_divergence(after);

        if (!divergence && had_head) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "the divergence that the preparation of collection '%s' set aside was discarded: "
                        "there is nothing to put back",
                        after->name);
                return FALSE;
        }
        for (guint i = 0; had_head && i < divergence->disks->len; i++)
                put_head_back(plan, g_ptr_array_index(divergence->disks, i));
        if (had_head)
                after->base_point = newest_point(after);
        else if (divergence)
                after->base_point = point_of(after, divergence);
        if (divergence)
                g_ptr_array_remove(after->divergences, divergence);
        return TRUE;
}

CrPlan *cr_plan_undo_prepare(const CrCollection *before, GError **error)
{
        g_autoptr(CrPlan) plan = cr_plan_new(before, CR_OP_UNDO_PREPARE);
        CrCollection *after = plan->after;

        if (!bring_back(plan, cr_state_has_head(CR_ROLE_PRIMARY, before->former_state), error))
                return NULL;
        after->role = CR_ROLE_PRIMARY;
        after->state = before->former_state;
        after->generation = before->former_generation;
        after->former_generation = (CrGeneration){0};
        after->preparation = CR_ID_NONE;
        swap_unless_committed(after->settings, before->former_state);
        return g_steal_pointer(&plan);
}
