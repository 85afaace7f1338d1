/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each method of the manager, called on a collection of each role in each state: what the table of
 * core/state.h refuses is refused in its words, and what it allows is never refused for the state. The
 * collections are rows of a store that the test writes; no image of theirs exists, and no peer. */
#include <gio/gio.h>
#include <string.h>

#include "core/store.h"
#include "tests/bus/contract/answer.h"

#define MUST(expression) ck_assert_int_ge(expression, 0)
#define LAST_STATE CR_STATE_TEST_FAILOVER

static Site site;
static GDBusInterfaceInfo *manager;

/* A collection that nobody works on can be in that state: resynchronizing ends with whoever does it. */
static gboolean lasts(CrRole role, int state)
{
        return cr_state_occurs(role, (CrState)state) && state != CR_STATE_RESYNCHRONIZING;
}

/* ---- the store ---- */

static void add_disk(CrCollection *c)
{
        CrDisk *disk = cr_disk_new();

        disk->id = cr_id_new();
        disk->name = g_strdup("root");
        disk->head_path = g_strdup_printf("%s/images/%s.qcow2", site.directory, c->name);
        disk->virtual_size = 1 << 20;
        g_ptr_array_add(c->disks, disk);
}

/* Nothing is due by itself for a day. */
static void add_collection(CrStore *store, const char *name, CrRole role, CrState state)
{
        g_autoptr(CrCollection) c = cr_collection_new(name);
        g_autoptr(GError) error = NULL;

        c->role = role;
        c->state = state;
        c->has_relationship = role != CR_ROLE_NONE && state != CR_STATE_DISABLED;
        c->last_replication = g_get_real_time();
        c->settings->replication_interval = 24 * 60 * 60;
        c->settings->auto_resynchronize = FALSE;
        g_free(c->settings->recovery_connection_point);
        c->settings->recovery_connection_point = g_strdup("unix:path=/nonexistent/bus");
        add_disk(c);
        ck_assert_msg(cr_store_save(store, c, &error), "%s: %s", name, error ? error->message : "");
}

/* What is refused leaves a collection as it was: one for all of that. What is allowed gets its own. */
static char *name_of(CrRole role, CrState state, CrOperation operation)
{
        CrOperation alone = cr_state_way_out(role, state, operation) ? CR_OP_DEFINE : operation;

        return g_strdup_printf("%s-%s-%u", cr_role_word(role), cr_state_word(state), alone);
}

static void add_collections(CrStore *store, CrRole role, CrState state)
{
        g_autofree char *refused = name_of(role, state, CR_OP_DEFINE);

        add_collection(store, refused, role, state);
        for (CrOperation operation = 0; operation < CR_N_OPERATIONS; operation++) {
                g_autofree char *name = name_of(role, state, operation);

                if (!cr_state_way_out(role, state, operation))
                        add_collection(store, name, role, state);
        }
}

static void fill_store(void)
{
        g_autofree char *directory = g_build_filename(site.directory, "state", NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(CrStore) store = cr_store_open(directory, &error);

        ck_assert_msg(store != NULL, "%s", error ? error->message : "");
        for (CrRole role = CR_ROLE_NONE; role <= CR_ROLE_TEST_REPLICA; role++)
                for (int state = 0; state <= LAST_STATE; state++)
                        if (lasts(role, state))
                                add_collections(store, role, (CrState)state);
}

/* ---- calls ---- */

/* Something valid: whatever is wrong with an argument would be told instead of the state. */
static void append_argument(sd_bus_message *m, const char *member, const char *type)
{
        g_autofree char *exports = g_build_filename(site.directory, "exports", NULL);
        gboolean is_import = strcmp(member, "ImportInitialReplication") == 0;

        if (strcmp(type, "o") == 0)
                MUST(sd_bus_message_append(m, "o", "/"));
        else if (strcmp(type, "s") == 0)
                MUST(sd_bus_message_append(m, "s", is_import ? exports : ""));
        else if (strcmp(type, "as") == 0)
                MUST(sd_bus_message_append(m, "as", 1, "root"));
        else if (strcmp(type, "q") == 0)
                MUST(sd_bus_message_append(m, "q", 1));
        else if (strcmp(type, "t") == 0)
                MUST(sd_bus_message_append(m, "t", UINT64_C(0)));
        else if (strcmp(type, "b") == 0)
                MUST(sd_bus_message_append(m, "b", 0));
        else
                MUST(sd_bus_message_append(m, type, 0));
}

static sd_bus_message *message_to(const char *name, CrOperation operation)
{
        const char *member = cr_operation_word(operation);
        const GDBusMethodInfo *method = g_dbus_interface_info_lookup_method(manager, member);
        g_autofree char *path = NULL;
        sd_bus_message *m = NULL;

        MUST(sd_bus_path_encode(MANAGER "/collection", name, &path));
        MUST(sd_bus_message_new_method_call(
                site.bus, &m, CR_BUS_NAME, MANAGER, CR_MANAGER_INTERFACE, member));
        MUST(sd_bus_message_append(m, "o", path));
        for (guint i = 1; method->in_args[i]; i++)
                append_argument(m, member, method->in_args[i]->signature);
        return m;
}

static void check_answer(
        const Answer *answer, const char *name, CrRole role, CrState state, CrOperation operation)
{
        g_autoptr(GError) refusal = NULL;
        g_autofree char *said = NULL;

        if (cr_state_check(name, role, state, operation, &refusal)) {
                ck_assert_msg(!answer->error || !strstr(answer->message, "which do not allow"),
                        "%s on %s: %s", cr_operation_word(operation), name, answer->message);
                return;
        }
        said = g_strdup_printf("%s (32775 InvalidState)", refusal->message);
        ck_assert_msg(answer->error != NULL, "%s on %s succeeded, which should say: %s",
                cr_operation_word(operation), name, said);
        ck_assert_str_eq(answer->message, said);
        ck_assert_str_eq(answer->error, ERROR_NAME("InvalidState"));
}

/* A method on all collections at once: each is another worker. */
static void check_method(CrOperation operation)
{
        Pending *pending[CR_ROLE_TEST_REPLICA + 1][LAST_STATE + 1] = {0};

        for (CrRole role = CR_ROLE_NONE; role <= CR_ROLE_TEST_REPLICA; role++)
                for (int state = 0; state <= LAST_STATE; state++) {
                        g_autofree char *name = name_of(role, (CrState)state, operation);

                        if (lasts(role, state))
                                pending[role][state] = ask_later(site.bus, message_to(name, operation));
                }
        for (CrRole role = CR_ROLE_NONE; role <= CR_ROLE_TEST_REPLICA; role++)
                for (int state = 0; state <= LAST_STATE; state++) {
                        g_autofree char *name = name_of(role, (CrState)state, operation);
                        g_auto(Answer) answer = {0};

                        if (!pending[role][state])
                                continue;
                        answer = pending_answer(pending[role][state]);
                        check_answer(&answer, name, role, (CrState)state, operation);
                }
}

START_TEST(the_table_is_what_callers_see)
{
        guint count = 0;

        for (CrOperation operation = 0; operation < CR_N_OPERATIONS; operation++) {
                if (operation == CR_OP_DEFINE ||
                        !g_dbus_interface_info_lookup_method(manager, cr_operation_word(operation)))
                        continue;
                count++;
                check_method(operation);
        }
        ck_assert_uint_ge(count, 27); /* of the methods of the contract */
}
END_TEST

static void start(void)
{
        g_autofree char *file =
                g_build_filename(g_getenv("SOURCE_ROOT"), "introspection", CR_MANAGER_INTERFACE ".xml", NULL);
        g_autofree char *xml = NULL;

        ck_assert(g_file_get_contents(file, &xml, NULL, NULL));
        g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(xml, NULL);
        ck_assert_ptr_nonnull(node);
        manager = g_dbus_interface_info_ref(g_dbus_node_info_lookup_interface(node, CR_MANAGER_INTERFACE));
        site_prepare(&site, 1, NULL);
        fill_store();
        site_run(&site);
}

static void end(void)
{
        site_clear(&site);
        g_dbus_interface_info_unref(manager);
}

int main(void)
{
        const TTest *const tests[] = {the_table_is_what_callers_see, NULL};

        return run_bus_tests("states", tests, start, end);
}
