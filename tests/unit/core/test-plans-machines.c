/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plans of collections whose machines run: one instant for all disks. */
#include "core/error.h"
#include "core/plans.h"
#include "tree.h"
#include "unit.h"

#include <string.h>

#define N_DISKS 3
#define HEAD 9 /* number of the heads' layers */

static char *layer_path(const CrCollection *collection, const CrDisk *disk, const CrId *layer)
{
        return g_strdup_printf("/images/%s/%s-%s", collection->id.text, disk->name, layer->text);
}

static const CrEngine engine = {.name = "memory", .layer_path = layer_path};

static CrCollection *shop; /* three points, and heads above */

static void set_up(void)
{
        shop = tree_new(N_DISKS);
        tree_add_chain(shop, 3);
        tree_add_layers(shop, HEAD, 3, CR_LAYER_HEAD, 0);
        for (guint i = 0; i < shop->layers->len; i++)
                ((CrLayer *)shop->layers->pdata[i])->virtual_size = 4096;
}

static void tear_down(void)
{
        cr_collection_free(shop);
}

/* A machine that has the heads of the disks from @first to @last open. */
static void add_machine(GPtrArray *machines, const char *socket, gboolean runs, guint first, guint last)
{
        CrMachine *machine = g_new0(CrMachine, 1);

        machine->socket = g_strdup(socket);
        machine->runs = runs;
        machine->disks = g_array_new(FALSE, FALSE, sizeof(CrId));
        for (guint i = first; i <= last; i++) {
                CrId id = tree_disk_id(i);

                g_array_append_val(machine->disks, id);
        }
        g_ptr_array_add(machines, machine);
}

static void machine_free(gpointer data)
{
        CrMachine *machine = data;

        g_array_unref(machine->disks);
        g_free(machine->socket);
        g_free(machine);
}

static CrPlan *plan_cut(GPtrArray *machines, GError **error)
{
        g_autoptr(GPtrArray) staged = g_ptr_array_new_with_free_func((GDestroyNotify)cr_staged_layer_free);
        CrCutSpec spec = {.point = cr_id_new(), .host = cr_id_new(), .staged = staged, .machines = machines};

        for (guint i = 0; i < N_DISKS; i++)
                g_ptr_array_add(staged, cr_staged_layer_new(&engine, shop, shop->disks->pdata[i], 4096));
        return cr_plan_cut(shop, CR_OP_REPLICATE, &engine, &spec, error);
}

/* The steps in one word each, in their order; those of machines with their sockets. */
static void check_steps(const CrPlan *plan, const char *expected)
{
        static const char *const words[] = {[CR_STEP_CUT] = "cut",
                [CR_STEP_DELETE] = "delete",
                [CR_STEP_SNAPSHOT] = "snapshot",
                [CR_STEP_PAUSE] = "pause",
                [CR_STEP_RESUME] = "resume"};
        g_autoptr(GString) found = g_string_new(NULL);

        for (guint i = 0; i < plan->steps->len; i++) {
                const CrStep *step = plan->steps->pdata[i];

                g_string_append_printf(found, "%s%s", i > 0 ? " " : "", words[step->kind]);
                if (step->kind >= CR_STEP_SNAPSHOT)
                        g_string_append(found, step->path);
        }
        ck_assert_str_eq(found->str, expected);
}

START_TEST(closed_disks_need_no_machine)
{
        g_autoptr(GPtrArray) none = g_ptr_array_new();
        g_autoptr(CrPlan) plan = plan_cut(none, NULL), without = plan_cut(NULL, NULL);

        check_steps(plan, "cut cut cut");
        check_steps(without, "cut cut cut");
}
END_TEST

START_TEST(one_machine_goes_on_while_it_is_cut)
{
        g_autoptr(GPtrArray) machines = g_ptr_array_new_with_free_func(machine_free);
        g_autoptr(CrPlan) plan = NULL;

        add_machine(machines, "/m", TRUE, 0, 1); /* the third disk is closed, and fenced */
        plan = plan_cut(machines, NULL);
        check_steps(plan, "snapshot/m cut cut cut");
}
END_TEST

START_TEST(several_machines_stand_still_and_only_those_go_on_that_ran)
{
        g_autoptr(GPtrArray) machines = g_ptr_array_new_with_free_func(machine_free);
        g_autoptr(CrPlan) plan = NULL;

        add_machine(machines, "/m", TRUE, 0, 0);
        add_machine(machines, "/n", FALSE, 1, 1);
        add_machine(machines, "/o", TRUE, 2, 2);
        plan = plan_cut(machines, NULL);
        check_steps(plan, "pause/m pause/o snapshot/m snapshot/n snapshot/o resume/m resume/o cut cut cut");
}
END_TEST

START_TEST(a_disk_in_two_machines_is_refused)
{
        g_autoptr(GPtrArray) machines = g_ptr_array_new_with_free_func(machine_free);
        g_autoptr(GError) error = NULL;

        add_machine(machines, "/m", TRUE, 0, 1);
        add_machine(machines, "/n", TRUE, 1, 2);
        ck_assert_ptr_null(plan_cut(machines, &error));
        assert_error(error, CR_ERROR_IN_USE, "disk1");
}
END_TEST

START_TEST(the_steps_of_machines_are_kept_in_an_intent)
{
        g_autoptr(GPtrArray) machines = g_ptr_array_new_with_free_func(machine_free);
        g_autoptr(CrPlan) plan = NULL, back = NULL;
        g_autofree char *text = NULL;

        add_machine(machines, "/m", TRUE, 0, 0);
        add_machine(machines, "/n", TRUE, 1, 2);
        plan = plan_cut(machines, NULL);
        text = cr_plan_to_json(plan);
        back = cr_plan_from_json(text, NULL);
        check_steps(back, "pause/m pause/n snapshot/m snapshot/n resume/m resume/n cut cut cut");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {closed_disks_need_no_machine, one_machine_goes_on_while_it_is_cut,
                several_machines_stand_still_and_only_those_go_on_that_ran, a_disk_in_two_machines_is_refused,
                the_steps_of_machines_are_kept_in_an_intent, NULL};

        return run_tests_with("plans of machines", tests, set_up, tear_down);
}
