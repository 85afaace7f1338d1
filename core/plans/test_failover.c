/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The test copy of a replica, made and destroyed in the transaction that notes it in the replica. */
#include "core/plans.h"

CrCollection *cr_plan_test_copy(
        const CrCollection *replica, const CrId *point, const char *name, const char *folder)
{
        CrCollection *copy = cr_collection_new(name);

        g_free(copy->engine);
        copy->engine = g_strdup(replica->engine);
        copy->role = CR_ROLE_TEST_REPLICA;
        copy->state = CR_STATE_TEST_FAILOVER;
        copy->test_of = replica->id;
        copy->settings->recovery_history = 0; /* it never has points: no room is kept for them */
        for (guint i = 0; i < replica->disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(replica->disks, i);
                const CrLayer *base = cr_collection_layer_at(replica, &disk->id, point);
                CrDisk *own;

                if (!base)
                        continue;
                own = cr_disk_new();
                own->id = cr_id_new();
                own->name = g_strdup(disk->name);
                own->head_path = g_strdup_printf("%s/%s.qcow2", folder, disk->name);
                own->virtual_size = base->virtual_size;
                g_ptr_array_add(copy->disks, own);
        }
        return copy;
}

static void add_head(CrPlan *plan, CrCollection *copy, const CrDisk *disk, const CrTestHead *head)
{
        CrStep *step = cr_plan_add_step(plan, CR_STEP_PLACE_HEAD, &disk->id);
        CrLayer *layer = cr_layer_new();

        step->path = g_strdup(disk->head_path);
        step->staged = g_strdup(head->staged->path);
        step->staged_inode = head->staged->inode;

        layer->id = head->staged->layer;
        layer->disk = disk->id;
        layer->kind = CR_LAYER_HEAD;
        layer->path = g_strdup(disk->head_path);
        layer->inode = head->staged->inode;
        layer->virtual_size = head->staged->virtual_size;
        layer->template_path = g_strdup(head->base->path);
        layer->template_inode = head->base->inode;
        layer->template_size = head->base_size;
        layer->template_mtime = head->base_mtime;
        g_ptr_array_add(copy->layers, layer);
}

CrPlan *cr_plan_test_failover(
        const CrCollection *before, const CrCollection *copy, const CrId *point, const CrTestHead *heads)
{
        CrPlan *plan = cr_plan_new(before, CR_OP_TEST_FAILOVER);

        plan->test_after = cr_collection_copy(copy);
        for (guint i = 0; i < copy->disks->len; i++)
                add_head(plan, plan->test_after, g_ptr_array_index(copy->disks, i), &heads[i]);
        plan->after->test_collection = copy->id;
        plan->after->test_point = *point;
        return plan;
}

CrPlan *cr_plan_revert_test_failover(const CrCollection *before, const CrCollection *copy)
{
        CrPlan *plan = cr_plan_new(before, CR_OP_REVERT_TEST_FAILOVER);

        for (guint i = 0; i < copy->layers->len; i++) {
                const CrLayer *layer = g_ptr_array_index(copy->layers, i);
                CrStep *step = cr_plan_add_step(plan, CR_STEP_DELETE, &layer->disk);

                step->path = g_strdup(layer->path);
                step->inode = layer->inode;
        }
        plan->test_deleted = copy->id;
        plan->after->test_collection = plan->after->test_point = CR_ID_NONE;
        return plan;
}
