/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/disk_set.h"
#include "core/error.h"
#include "core/lineage.h"
#include "core/plans.h"

/* The point that a head stands on: that of the nearest layer below it that has one. */
static CrId point_below(const CrCollection *collection, const CrLayer *layer)
{
        for (const CrLayer *l = cr_collection_layer(collection, &layer->parent); l;
                l = cr_collection_layer(collection, &l->parent))
                if (!cr_id_is_none(&l->point))
                        return l->point;
        return CR_ID_NONE;
}

static void add_step(CrPlan *plan, const CrLayer *head, const char *frozen_path, const CrStagedLayer *staged)
{
        CrStep *step = cr_plan_add_step(plan, CR_STEP_CUT, &head->disk);

        step->path = g_strdup(head->path);
        step->inode = head->inode;
        step->target = g_strdup(frozen_path);
        step->staged = g_strdup(staged->path);
        step->staged_inode = staged->inode;
}

/* The head's row becomes the frozen layer; a new row above it is the head. */
static gboolean freeze_head(CrPlan *plan, const CrEngine *engine, const CrCutSpec *spec,
        const CrStagedLayer *staged, GError **error)
{
        CrLayer *frozen = cr_collection_head(plan->after, &staged->disk);
        CrDisk *disk = cr_collection_disk(plan->after, &staged->disk);

        if (!disk || !frozen) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE, "collection '%s' has no head to cut",
                        plan->after->name);
                return FALSE;
        }
        cr_plan_add_head(plan, disk, &frozen->id, staged);
        g_autofree char *path = engine->layer_path(plan->after, disk, &frozen->id);
        add_step(plan, frozen, path, staged);
        g_free(frozen->path);
        frozen->path = g_steal_pointer(&path);
        frozen->kind = CR_LAYER_FROZEN;
        frozen->point = spec->point;
        frozen->virtual_size = staged->virtual_size;
        return TRUE;
}

static gboolean check_machines(const CrCollection *before, GPtrArray *machines, GError **error)
{
        g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);

        for (guint i = 0; i < machines->len; i++) {
                const CrMachine *machine = g_ptr_array_index(machines, i);

                for (guint k = 0; k < machine->disks->len; k++) {
                        const CrId *id = &g_array_index(machine->disks, CrId, k);

                        if (g_hash_table_add(known, (gpointer)id->text))
                                continue;
                        g_set_error(error, CR_ERROR, CR_ERROR_IN_USE,
                                "disk '%s' of collection '%s' is open in two machines; shut '%s' down first",
                                cr_collection_disk(before, id)->name, before->name, machine->socket);
                        return FALSE;
                }
        }
        return TRUE;
}

static void add_machine_step(CrPlan *plan, CrStepKind kind, const CrMachine *machine)
{
        CrStep *step = cr_plan_add_step(plan, kind, &CR_ID_NONE);

        step->path = g_strdup(machine->socket);
}

/* One transaction is one instant; several are only while nothing moves between them. */
static void add_snapshots(CrPlan *plan, GPtrArray *machines)
{
        for (guint i = 0; i < machines->len && machines->len > 1; i++)
                if (((CrMachine *)g_ptr_array_index(machines, i))->runs)
                        add_machine_step(plan, CR_STEP_PAUSE, g_ptr_array_index(machines, i));
        for (guint i = 0; i < machines->len; i++)
                add_machine_step(plan, CR_STEP_SNAPSHOT, g_ptr_array_index(machines, i));
        for (guint i = 0; i < machines->len && machines->len > 1; i++)
                if (((CrMachine *)g_ptr_array_index(machines, i))->runs)
                        add_machine_step(plan, CR_STEP_RESUME, g_ptr_array_index(machines, i));
}

static void add_point(CrCollection *after, const CrCutSpec *spec, const CrId *parent)
{
        CrPoint *point = cr_point_new();

        point->id = spec->point;
        point->parent = *parent;
        point->origin = spec->host;
        point->created = spec->now;
        point->consistency = 3; /* group crash consistent: one instant through all disks */
        point->held = TRUE;
        g_ptr_array_add(after->points, point);
        after->base_point = spec->point;
}

/* The head's row becomes the frozen layer; its path is absent from then on. */
static void freeze_last(CrPlan *plan, const CrEngine *engine, CrDisk *disk, const CrId *point, guint64 size)
{
        CrLayer *head = cr_collection_head(plan->after, &disk->id);
        CrStep *step = cr_plan_add_step(plan, CR_STEP_SET_ASIDE, &disk->id);
        step->path = g_strdup(head->path);
        step->inode = head->inode;
        step->target = engine->layer_path(plan->after, disk, &head->id);
        g_free(head->path);
        head->path = g_strdup(step->target);
        head->kind = CR_LAYER_FROZEN;
        head->point = *point;
        head->virtual_size = disk->virtual_size = size;
}

CrPlan *cr_plan_planned_failover(const CrCollection *before, const CrEngine *engine, const CrCutSpec *spec,
        const guint64 *sizes, GError **error)
{
        g_autoptr(CrPlan) plan = cr_plan_new(before, CR_OP_PLANNED_FAILOVER);
        CrCollection *after = plan->after;
        g_autoptr(GPtrArray) disks = cr_disk_set_cut(after);
        CrId parent = CR_ID_NONE;

        if (disks->len == 0) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE, "collection '%s' has no head to freeze",
                        before->name);
                return NULL;
        }
        for (guint i = 0; i < disks->len; i++) {
                CrDisk *disk = g_ptr_array_index(disks, i);

                if (cr_id_is_none(&parent))
                        parent = point_below(before, cr_collection_head(before, &disk->id));
                freeze_last(plan, engine, disk, &spec->point, sizes[i]);
        }
        add_point(after, spec, &parent);
        cr_collection_point(after, &spec->point)->planned = TRUE;
        after->state = CR_STATE_PREPARED_FOR_FAILOVER;
        return g_steal_pointer(&plan);
}

CrPlan *cr_plan_cut(const CrCollection *before, CrOperation operation, const CrEngine *engine,
        const CrCutSpec *spec, GError **error)
{
        g_autoptr(CrPlan) plan = cr_plan_new(before, operation);
        g_autoptr(GPtrArray) disks = cr_disk_set_cut(before);
        CrId parent = CR_ID_NONE;

        if (disks->len == 0 || spec->staged->len != disks->len) {
                g_set_error(error, CR_ERROR, CR_ERROR_FAILED,
                        "a cut of collection '%s' must include all of its heads", before->name);
                return NULL;
        }
        if (spec->machines && !check_machines(before, spec->machines, error))
                return NULL;
        if (spec->machines)
                add_snapshots(plan, spec->machines);
        for (guint i = 0; i < spec->staged->len; i++) {
                const CrStagedLayer *staged = g_ptr_array_index(spec->staged, i);
                const CrLayer *head = cr_collection_head(before, &staged->disk);

                /* A disk that is new stands on no point yet. */
                if (head && cr_id_is_none(&parent))
                        parent = point_below(before, head);
                if (!freeze_head(plan, engine, spec, staged, error))
                        return NULL;
        }
        add_point(plan->after, spec, &parent);
        plan->dropped_point = spec->point;
        return g_steal_pointer(&plan);
}
