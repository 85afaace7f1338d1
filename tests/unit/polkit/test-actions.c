/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of actions, compared with the contract and with the interfaces as they are published. */

#include <check.h>
#include <gio/gio.h>
#include <stdlib.h>

#include "polkit/actions.h"

#define MANAGER "org.example.CollectionReplication"

/* The contract, once more and in its own order: the table is what must not be wrong. */
static const struct {
        const char *interface;
        const char *action;
        const char *members[10];
} contract[] = {
        {MANAGER, "manage",
                {"DefineCollection", "DestroyCollection", "UpdateDiskSet", "CancelUpdateDiskSet",
                        "CreateReplicationRelationship", "ModifyReplicationSettings",
                        "RemoveReplicationRelationship", "ImportInitialReplication", "ReleaseFence"}},
        {MANAGER, "replicate",
                {"StartReplication", "ReplicateNow", "SuspendReplication", "ResumeReplication",
                        "Resynchronize", "Verify", "CancelInitialReplication", "CancelResynchronize",
                        "ResetReplicationStatistics"}},
        {MANAGER, "failover",
                {"InitiateFailover", "RevertFailover", "CommitFailover", "InitiatePlannedFailover",
                        "RevertPlannedFailover", "TestReplicaCollection", "RevertTestReplicaCollection"}},
        {MANAGER, "prepare-for-reverse-replication",
                {"PrepareForReverseReplication", "RevertPrepareForReverseReplication"}},
        {MANAGER, "reverse-replication", {"ReverseReplicationRelationship"}},
        {MANAGER, "preview", {"PreviewReverseReplication"}},
        {MANAGER ".Divergence", "export", {"Export"}},
        {MANAGER ".Divergence", "discard", {"Discard"}},
        {MANAGER ".Job", "cancel-any-job", {"Cancel"}},
        {MANAGER ".Peer", "peer", {"ReceiveBegin", "AnyMethodAtAll"}},
};

START_TEST(each_method_needs_its_action)
{
        g_autofree char *expected = g_strconcat(CR_ACTION_PREFIX, contract[_i].action, NULL);

        for (const char *const *member = contract[_i].members; *member; member++) {
                ck_assert_pstr_eq(cr_action_of(contract[_i].interface, *member), expected);
                ck_assert(!cr_action_is_reading_only(contract[_i].interface, *member));
        }
}
END_TEST

START_TEST(reading_needs_no_action)
{
        ck_assert(cr_action_is_reading_only(MANAGER, "GetCollection"));
        ck_assert(cr_action_is_reading_only(MANAGER, "GetReplicationStatistics"));
        ck_assert(cr_action_is_reading_only(MANAGER ".Job", "Wait"));
        ck_assert_ptr_null(cr_action_of(MANAGER, "GetCollection"));
}
END_TEST

START_TEST(only_a_job_has_an_owner_with_rights)
{
        size_t n;
        const CrActionRule *rules = cr_action_rules(&n);

        for (size_t i = 0; i < n; i++) {
                bool is_cancel = g_str_equal(rules[i].interface, MANAGER ".Job") &&
                                 g_strcmp0(rules[i].member, "Cancel") == 0;

                ck_assert_int_eq(rules[i].access == CR_ACCESS_OWNER_OR_CHECKED, is_cancel);
        }
        ck_assert(cr_action_is_open_to_owner(MANAGER ".Job", "Cancel"));
        ck_assert(!cr_action_is_open_to_owner(MANAGER ".Job", "Wait"));
        ck_assert(!cr_action_is_open_to_owner(MANAGER ".Divergence", "Discard"));
}
END_TEST

START_TEST(unknown_methods_get_nothing)
{
        static const char *const unknown[][2] = {
                {MANAGER, "Discard"},
                {MANAGER, "definecollection"},
                {MANAGER, "DefineCollection2"},
                {MANAGER, ""},
                {MANAGER, NULL},
                {NULL, "DefineCollection"},
                {MANAGER ".Peer2", "ReceiveBegin"},
                {MANAGER ".Collection", "GetCollection"},
                {"org.freedesktop.DBus.Properties", "Set"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(unknown); i++) {
                ck_assert_ptr_null(cr_action_rule_of(unknown[i][0], unknown[i][1]));
                ck_assert_ptr_null(cr_action_of(unknown[i][0], unknown[i][1]));
                ck_assert(!cr_action_is_reading_only(unknown[i][0], unknown[i][1]));
                ck_assert(!cr_action_is_open_to_owner(unknown[i][0], unknown[i][1]));
        }
}
END_TEST

START_TEST(an_action_is_missing_only_where_nothing_is_needed)
{
        size_t n;
        const CrActionRule *rules = cr_action_rules(&n);

        ck_assert_uint_gt(n, 0);
        for (size_t i = 0; i < n; i++) {
                ck_assert_int_eq(rules[i].action == NULL, rules[i].access == CR_ACCESS_READING);
                if (rules[i].action)
                        ck_assert(g_str_has_prefix(rules[i].action, CR_ACTION_PREFIX));
        }
}
END_TEST

/* Adds what the file documents: interface name -> GDBusInterfaceInfo. */
static void load_interfaces(const char *file, GHashTable *interfaces)
{
        g_autofree char *path = g_build_filename(INTROSPECTION_DIR, file, NULL);
        g_autofree char *xml = NULL;
        g_autoptr(GError) error = NULL;
        g_autoptr(GDBusNodeInfo) node = NULL;

        ck_assert_msg(g_file_get_contents(path, &xml, NULL, &error), "%s", error ? error->message : "");
        node = g_dbus_node_info_new_for_xml(xml, &error);
        ck_assert_msg(node != NULL, "%s: %s", file, error ? error->message : "");
        for (GDBusInterfaceInfo **info = node->interfaces; *info; info++)
                g_hash_table_insert(interfaces, g_strdup((*info)->name), g_dbus_interface_info_ref(*info));
}

static GHashTable *published_interfaces(void)
{
        g_autoptr(GDir) dir = g_dir_open(INTROSPECTION_DIR, 0, NULL);
        GHashTable *interfaces = g_hash_table_new_full(
                g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_dbus_interface_info_unref);
        const char *file;

        ck_assert_ptr_nonnull(dir);
        while ((file = g_dir_read_name(dir)))
                if (g_str_has_suffix(file, ".xml"))
                        load_interfaces(file, interfaces);
        ck_assert_uint_gt(g_hash_table_size(interfaces), 0);
        return interfaces;
}

START_TEST(every_published_method_is_governed)
{
        g_autoptr(GHashTable) interfaces = published_interfaces();
        GHashTableIter iter;
        gpointer value;
        unsigned n_methods = 0;

        g_hash_table_iter_init(&iter, interfaces);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
                const GDBusInterfaceInfo *info = value;

                for (GDBusMethodInfo **method = info->methods; method && *method; method++, n_methods++)
                        ck_assert_msg(cr_action_rule_of(info->name, (*method)->name) != NULL,
                                "%s.%s is not in the table", info->name, (*method)->name);
        }
        ck_assert_uint_gt(n_methods, 0);
}
END_TEST

START_TEST(every_row_governs_a_published_method)
{
        g_autoptr(GHashTable) interfaces = published_interfaces();
        size_t n;
        const CrActionRule *rules = cr_action_rules(&n);

        for (size_t i = 0; i < n; i++) {
                GDBusInterfaceInfo *info = g_hash_table_lookup(interfaces, rules[i].interface);

                ck_assert_msg(info != NULL, "%s is not published", rules[i].interface);
                ck_assert_msg(!rules[i].member || g_dbus_interface_info_lookup_method(info, rules[i].member),
                        "%s.%s is not published", rules[i].interface, rules[i].member);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("polkit actions");
        TCase *table = tcase_create("table");
        TCase *published = tcase_create("published interfaces");
        SRunner *runner;
        int n_failed;

        tcase_add_loop_test(table, each_method_needs_its_action, 0, G_N_ELEMENTS(contract));
        tcase_add_test(table, reading_needs_no_action);
        tcase_add_test(table, only_a_job_has_an_owner_with_rights);
        tcase_add_test(table, unknown_methods_get_nothing);
        tcase_add_test(table, an_action_is_missing_only_where_nothing_is_needed);
        tcase_add_test(published, every_published_method_is_governed);
        tcase_add_test(published, every_row_governs_a_published_method);
        suite_add_tcase(suite, table);
        suite_add_tcase(suite, published);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
