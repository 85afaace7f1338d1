/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/disk_set.h"
#include "core/error.h"
#include "core/plans.h"

/* The class's FailedOverReplicationType. */
#define FAILED_OVER_REGULAR 1
#define FAILED_OVER_PLANNED 3

/* Nothing was written after it: what the sender said last. That it was taken back since is told by the next
 * point. */
static gboolean is_planned(const CrCollection *replica, const CrId *point)
{
        const CrPoint *row = cr_collection_point(replica, point);

        return row && row->planned && cr_id_equal(point, &replica->base_point) &&
               replica->state != CR_STATE_PREPARED_FOR_REVERSE_REPLICATION;
}

/* A disk that came after the point stays without a head: said where errors show, until something succeeds. */
static void note_left_behind(CrCollection *after, const CrId *point)
{
        g_autoptr(GPtrArray) disks = cr_disk_set_included(after);
        g_autoptr(GString) names = g_string_new(NULL);

        for (guint i = 0; i < disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(disks, i);

                if (!cr_collection_layer_at(after, &disk->id, point))
                        g_string_append_printf(names, "%s'%s'", names->len ? ", " : "", disk->name);
        }
        if (names->len == 0) {
                cr_collection_set_last_error(after, 0, NULL);
                return;
        }
        g_autofree char *text =
                g_strdup_printf("point %s of collection '%s' lacks the disks that came after it (%s): they "
                                "have no head here; "
                                "take them out of the set of disks (UpdateDiskSet), or revert the failover",
                        point->text, after->name, names->str);
        cr_collection_set_last_error(after, cr_error_value(CR_ERROR_INVALID_STATE), text);
}

CrPlan *cr_plan_failover(const CrCollection *before, const CrId *point, const CrGeneration *generation,
        GPtrArray *staged, GError **error)
{
        g_autoptr(CrPlan) plan = cr_plan_new(before, CR_OP_FAILOVER);
        CrCollection *after = plan->after;

        if (!cr_plan_place_heads(plan, point, staged, error))
                return NULL;
        after->role = CR_ROLE_PRIMARY;
        after->state = CR_STATE_FAILED_OVER;
        after->failover_point = *point;
        after->failed_over_type = is_planned(before, point) ? FAILED_OVER_PLANNED : FAILED_OVER_REGULAR;
        after->generation = *generation;
        after->preparation = CR_ID_NONE;
        after->peer.preparation = CR_ID_NONE;
        for (guint i = 0; i < after->divergences->len; i++)
                ((CrDivergence *)g_ptr_array_index(after->divergences, i))->undoable = FALSE;
        note_left_behind(after, point);
        return g_steal_pointer(&plan);
}

CrPlan *cr_plan_revert_planned_failover(const CrCollection *before, GPtrArray *staged, GError **error)
{
        g_autoptr(CrPlan) plan = cr_plan_new(before, CR_OP_REVERT_PLANNED_FAILOVER);
        CrCollection *after = plan->after;
        CrPoint *last = cr_collection_point(after, &before->base_point);

        if (!cr_plan_place_heads(plan, &before->base_point, staged, error))
                return NULL;
        if (last)
                last->planned = FALSE; /* something will be written after it */
        after->state = CR_STATE_REPLICATING;
        cr_collection_set_last_error(after, 0, NULL);
        return g_steal_pointer(&plan);
}
