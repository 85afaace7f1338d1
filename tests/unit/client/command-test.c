/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whole command lines, against a service that a test controls.
 */
#include "client/command.h"

#include <string.h>

#include <json-glib/json-glib.h>

#include "client/client.h"
#include "fake-service.h"
#include "suites.h"

#define SHOP CR_BUS_PATH "/collection/shop"
#define POINT "0123456789abcdef0123456789abcdef"
#define POINT_2 "0123ffffffffffffffffffffffffffff"
#define DIVERGENCE "fedcba9876543210fedcba9876543210"
#define JOB CR_BUS_PATH "/job/_7"

static const char objects[] =
        "{objectpath '" SHOP
        "': {'org.example.CollectionReplication.Collection': {'Name': <'shop'>, 'Role': <'primary'>,"
        " 'State': <'replicating'>, 'ReplicationHealth': <uint16 2>, 'PendingBytes': <uint64 2048>,"
        " 'LastApplyTime': <uint64 1700000000000000>, 'CurrentJob': <objectpath '" JOB "'>,"
        " 'Disks': <[('root', '/images/root.qcow2', uint64 1073741824)]>,"
        " 'HealthIssues': <[('slow', 'the disk\033 is slow')]>, 'LastError': <(uint32 32772, 'late (32772 "
        "Timeout)')>,"
        " 'Settings': <{'RecoveryHistory': <uint16 4>, 'IncludedDisks': <['root']>}>}},"
        " '" SHOP "/point/" POINT "': {'org.example.CollectionReplication.RecoveryPoint': {'Id': <'" POINT
        "'>,"
        " 'Size': <uint64 1024>, 'ConsistencyLevel': <uint16 3>}},"
        " '" SHOP "/point/" POINT_2 "': {'org.example.CollectionReplication.RecoveryPoint': {'Id': <'" POINT_2
        "'>,"
        " 'Parent': <'" POINT "'>}},"
        " '" SHOP "/divergence/" DIVERGENCE
        "': {'org.example.CollectionReplication.Divergence': {'Id': <'" DIVERGENCE
        "'>, 'Disks': <[('root', '/d', uint64 1024), ('data', '/e', uint64 1024)]>}},"
        " '" JOB
        "': {'org.example.CollectionReplication.Job': {'Id': <uint64 7>, 'Operation': <'ReplicateNow'>,"
        " 'Collection': <objectpath '" SHOP "'>, 'State': <'completed'>, 'Phase': <'checking'>,"
        " 'Result': <{'BytesSent': <uint64 1536>, 'Duration': <uint64 3200000>,"
        " 'Paths': <[('root', '/out/root')]>}>}}}";

static FakeService *service;
static GString *output;
static GString *errors;

static void on_output(const char *text)
{
        g_string_append(output, text);
}

static void on_error(const char *text)
{
        g_string_append(errors, text);
}

static void set_up(void)
{
        service = fake_service_new(objects);
        output = g_string_new(NULL);
        errors = g_string_new(NULL);
        g_set_print_handler(on_output);
        g_set_printerr_handler(on_error);
}

static void tear_down(void)
{
        fake_service_free(service);
        g_string_free(output, TRUE);
        g_string_free(errors, TRUE);
}

/* One command line at the fake service's bus; words are separated by blanks. */
static int run(const char *line)
{
        g_autofree char *all = g_strdup_printf("--address=%s %s", fake_service_address(service), line);
        g_auto(GStrv) words = g_strsplit(all, " ", -1);
        g_string_truncate(output, 0);
        g_string_truncate(errors, 0);
        return cr_command_run(words);
}

static void assert_contains(const GString *text, const char *part)
{
        ck_assert_msg(strstr(text->str, part) != NULL, "'%s' is not in '%s'", part, text->str);
}

static void assert_call(const char *line, const char *expected)
{
        ck_assert_msg(run(line) == 0, "%s: %s", line, errors->str);
        ck_assert_str_eq(fake_service_last_call(service), expected);
}

START_TEST(each_verb_calls_its_method_with_its_arguments)
{
        static const char *const calls[][2] = {
                {"define shop root=/a data=/b",
                        "DefineCollection ('shop', [('root', '/a'), ('data', '/b')], @a{sv} {})"},
                {"destroy shop", "DestroyCollection (objectpath '" SHOP "', @a{sv} {})"},
                {"update-disks shop --add=x=/x --add=y=/y --remove=root",
                        "UpdateDiskSet (objectpath '" SHOP
                        "', [('x', '/x'), ('y', '/y')], ['root'], @a{sv} {})"},
                {"cancel-update shop", "CancelUpdateDiskSet (objectpath '" SHOP "',)"},
                {"remove-relationship shop",
                        "RemoveReplicationRelationship (objectpath '" SHOP "', @a{sv} {})"},
                {"settings shop BandwidthLimit=1K", "ModifyReplicationSettings (objectpath '" SHOP
                                                    "', {'BandwidthLimit': <uint64 1024>})"},
                {"start shop", "StartReplication (objectpath '" SHOP "', uint16 1, '', uint64 0)"},
                {"start shop --type=export --directory=/e --at=2023-11-14T22:13:20",
                        "StartReplication (objectpath '" SHOP "', uint16 2, '/e', uint64 1700000000000000)"},
                {"start shop --type=seeded",
                        "StartReplication (objectpath '" SHOP "', uint16 3, '', uint64 0)"},
                {"import shop /e", "ImportInitialReplication (objectpath '" SHOP "', '/e', @a{sv} {})"},
                {"cancel-initial shop", "CancelInitialReplication (objectpath '" SHOP "',)"},
                {"replicate shop", "ReplicateNow (objectpath '" SHOP "',)"},
                {"suspend shop", "SuspendReplication (objectpath '" SHOP "',)"},
                {"resume shop", "ResumeReplication (objectpath '" SHOP "',)"},
                {"resync shop", "Resynchronize (objectpath '" SHOP "', uint64 0, false)"},
                {"resync shop --include-suspended --at=2023-11-14T22:13:20",
                        "Resynchronize (objectpath '" SHOP "', uint64 1700000000000000, true)"},
                {"cancel-resync shop", "CancelResynchronize (objectpath '" SHOP "',)"},
                {"verify shop", "Verify (objectpath '" SHOP "', @a{sv} {})"},
                {"statistics shop", "GetReplicationStatistics (objectpath '" SHOP "',)"},
                {"reset-statistics shop", "ResetReplicationStatistics (objectpath '" SHOP "',)"},
                {"failover shop", "InitiateFailover (objectpath '" SHOP "', objectpath '/', @a{sv} {})"},
                {"failover shop --planned", "InitiatePlannedFailover (objectpath '" SHOP "', @a{sv} {})"},
                {"failover --point=" POINT " shop", "InitiateFailover (objectpath '" SHOP
                                                    "', objectpath '" SHOP "/point/" POINT "', @a{sv} {})"},
                {"revert-failover shop", "RevertFailover (objectpath '" SHOP "',)"},
                {"revert-failover shop --planned", "RevertPlannedFailover (objectpath '" SHOP "',)"},
                {"commit-failover shop", "CommitFailover (objectpath '" SHOP "',)"},
                {"test shop --point=01234", "TestReplicaCollection (objectpath '" SHOP "', objectpath '" SHOP
                                            "/point/" POINT "')"},
                {"end-test shop", "RevertTestReplicaCollection (objectpath '" SHOP "',)"},
                {"preview shop", "PreviewReverseReplication (objectpath '" SHOP "',)"},
                {"prepare shop", "PrepareForReverseReplication (objectpath '" SHOP "',)"},
                {"undo-prepare shop", "RevertPrepareForReverseReplication (objectpath '" SHOP "',)"},
                {"reverse shop RecoveryHistory=2", "ReverseReplicationRelationship (objectpath '" SHOP
                                                   "', {'RecoveryHistory': <uint16 2>})"},
                {"release-fence shop", "ReleaseFence (objectpath '" SHOP "',)"},
                {"export shop fedc /out", "Export ('/out', @a{sv} {})"},
                {"discard shop " DIVERGENCE, "Discard ()"},
                {"cancel 7", "Cancel ()"},
        };
        for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
                assert_call(calls[i][0], calls[i][1]);
}
END_TEST

START_TEST(a_relationship_takes_addresses_and_settings)
{
        ck_assert_int_eq(run("create-relationship shop --peer=unix:path=/b --primary-address=ssh://a "
                             "ReplicationInterval=60 Surprise=1"),
                0);
        g_autoptr(GString) call = g_string_new(fake_service_last_call(service));
        assert_contains(call, "CreateReplicationRelationship (objectpath '" SHOP "', {");
        assert_contains(call, "'RecoveryConnectionPoint': <'unix:path=/b'>");
        assert_contains(call, "'PrimaryConnectionPoint': <'ssh://a'>");
        assert_contains(call, "'ReplicationInterval': <uint32 60>");
        assert_contains(call, "'Surprise': <'1'>");
}
END_TEST

START_TEST(the_service_may_ask_for_a_password_unless_told_otherwise)
{
        ck_assert_int_eq(run("suspend shop"), 0);
        ck_assert(fake_service_last_was_interactive(service));
        ck_assert_int_eq(run("--no-ask-password suspend shop"), 0);
        ck_assert(!fake_service_last_was_interactive(service));
        ck_assert_int_eq(run("cancel 7 --no-ask-password"), 0);
        ck_assert(!fake_service_last_was_interactive(service));
        ck_assert_int_eq(run("discard shop " DIVERGENCE), 0);
        ck_assert(fake_service_last_was_interactive(service));
}
END_TEST

START_TEST(a_job_is_followed_to_its_end)
{
        fake_service_script(service, JOB, FAKE_JOB_COMPLETES, NULL);
        ck_assert_int_eq(run("replicate shop"), 0);
        ck_assert_str_eq(output->str, "0%: checking\n"
                                      "50%, 1.0 KiB of 2.0 KiB, 1.0 KiB/s: sending root\n"
                                      "ReplicateNow of shop: completed in 3.2 s, 1.5 KiB sent\n"
                                      "Paths:\n"
                                      "  root: '/out/root'\n");
        ck_assert_str_eq(errors->str, "");
}
END_TEST

START_TEST(a_failed_job_is_told_with_value_and_name)
{
        fake_service_script(service, JOB, FAKE_JOB_FAILS, NULL);
        ck_assert_int_eq(run("wait 7"), 1);
        ck_assert_str_eq(errors->str, "collectionctl: disk 'root' is open (32774 InUse)\n");
}
END_TEST

START_TEST(an_interrupt_leaves_the_job_alone)
{
        fake_service_script(service, JOB, FAKE_JOB_INTERRUPTS, NULL);
        ck_assert_int_eq(run("wait 7"), 1);
        assert_contains(errors, "job 7 goes on");
        assert_contains(errors, "collectionctl wait 7");
        assert_contains(errors, "collectionctl cancel 7");
        ck_assert_str_eq(fake_service_last_call(service), "");
}
END_TEST

START_TEST(a_service_that_goes_away_is_told)
{
        fake_service_script(service, JOB, FAKE_JOB_LEAVES, NULL);
        ck_assert_int_eq(run("wait 7"), 1);
        assert_contains(errors, "the service went away while job 7");
        ck_assert_int_eq(run("suspend shop"), 1);
        assert_contains(errors, "the service is not running on this bus");
}
END_TEST

START_TEST(a_job_that_does_not_exist_is_told)
{
        ck_assert_int_eq(run("wait 8"), 1);
        ck_assert_str_ne(errors->str, "");
        ck_assert_str_eq(fake_service_last_call(service), "");
}
END_TEST

START_TEST(no_wait_prints_the_path)
{
        fake_service_script(service, JOB, FAKE_JOB_FAILS, NULL);
        ck_assert_int_eq(run("replicate --no-wait shop"), 0);
        ck_assert_str_eq(output->str, JOB "\n");
        ck_assert_int_eq(run("replicate --no-wait shop --json"), 0);
        assert_contains(output, "\"Path\" : \"" JOB "\"");
}
END_TEST

START_TEST(the_null_path_is_done_already)
{
        ck_assert_int_eq(run("suspend shop"), 0);
        ck_assert_str_eq(output->str, "done\n");
}
END_TEST

START_TEST(a_refused_call_exits_with_1)
{
        fake_service_script(service, JOB, FAKE_JOB_COMPLETES, CR_BUS_NAME ".Error.InvalidState");
        ck_assert_int_eq(run("suspend shop"), 1);
        ck_assert_str_eq(errors->str, "collectionctl: refused (32775 InvalidState)\n");
        ck_assert_str_eq(output->str, "");
        ck_assert_int_eq(run("show nowhere"), 1);
        ck_assert_str_eq(errors->str, "collectionctl: there is no such collection (32779 FileNotFound)\n");
}
END_TEST

START_TEST(wrong_usage_exits_with_2_and_calls_nothing)
{
        static const char *const lines[] = {"surprise", "show", "show a b", "list a", "show --surprise shop",
                "list --no-wait", "settings shop RecoveryHistory=x", "start shop --type=x",
                "start shop --at=x", "define shop root", "failover shop --planned --point=" POINT,
                "failover shop --point=012", "failover shop --point=xyz123", "wait x", "update-disks shop",
                "--host=b list", ""};
        for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
                ck_assert_msg(run(lines[i]) == 2, "%s: %s", lines[i], errors->str);
                ck_assert_str_ne(errors->str, "");
                ck_assert_str_eq(output->str, "");
        }
        ck_assert_str_eq(fake_service_last_call(service), "");
}
END_TEST

START_TEST(an_id_must_name_one_object)
{
        ck_assert_int_eq(run("failover shop --point=0123"), 1);
        assert_contains(errors, "more than one");
        ck_assert_int_eq(run("failover shop --point=9999"), 1);
        assert_contains(errors, "no id begins with '9999'");
        ck_assert_str_eq(fake_service_last_call(service), "");
}
END_TEST

START_TEST(help_needs_no_service)
{
        const char *const global[] = {"--help", NULL};
        const char *const of_verb[] = {"failover", "--help", NULL};
        const char *const version[] = {"--version", NULL};
        ck_assert_int_eq(cr_command_run((char *const *)global), 0);
        assert_contains(output, "revert-failover");
        g_string_truncate(output, 0);
        ck_assert_int_eq(cr_command_run((char *const *)of_verb), 0);
        assert_contains(output, "--planned");
        assert_contains(output, "--no-wait");
        ck_assert_int_eq(cr_command_run((char *const *)version), 0);
        ck_assert_str_eq(errors->str, "");
}
END_TEST

START_TEST(people_read_tables)
{
        ck_assert_int_eq(run("list"), 0);
        ck_assert_str_eq(output->str,
                "NAME  ROLE     STATE        HEALTH   NEWEST POINT         PENDING  JOB\n"
                "shop  primary  replicating  warning  2023-11-14 22:13:20  2.0 KiB    7\n");
        ck_assert_int_eq(run("points shop"), 0);
        assert_contains(output, POINT "  -    group crash  1.0 KiB");
        ck_assert_int_eq(run("divergences shop"), 0);
        assert_contains(output, DIVERGENCE "  -          discarded   2.0 KiB");
        ck_assert_int_eq(run("jobs shop"), 0);
        assert_contains(output, "  7  ReplicateNow  shop        completed");
        ck_assert_int_eq(run("statistics shop"), 0);
        assert_contains(output, "ReplicationSize: 2.0 KiB\n");
        assert_contains(output, "MaxReplicationLatency: 7 s\n");
        assert_contains(output, "Issue: disk is slow\n");
        ck_assert_int_eq(run("settings shop"), 0);
        ck_assert_str_eq(output->str, "IncludedDisks=root\nRecoveryHistory=4\n");
}
END_TEST

START_TEST(people_read_a_collection)
{
        ck_assert_int_eq(run("show shop"), 0);
        assert_contains(output, "Name: shop\n");
        assert_contains(output, "Health: warning\n");
        assert_contains(output, "Issue: the disk? is slow (slow)\n");
        assert_contains(output, "Last error: late (32772 Timeout)\n");
        assert_contains(output, "Job: 7\n");
        assert_contains(output, "root  1.0 GiB  /images/root.qcow2\n");
}
END_TEST

START_TEST(people_read_a_preview)
{
        ck_assert_int_eq(run("preview shop"), 0);
        assert_contains(output, "Set aside here: 1.0 MiB\n");
        assert_contains(output, "To receive: 2.0 KiB\n");
        assert_contains(output, "It would fail now:\n  disk 'root' is open (32774 InUse)\n");
}
END_TEST

/* What the last command printed, as JSON; unref it. */
static JsonNode *parse(const GString *text)
{
        g_autoptr(GError) error = NULL;
        JsonNode *node = json_from_string(text->str, &error);
        ck_assert_msg(node != NULL, "%s: %s", text->str, error == NULL ? "" : error->message);
        return node;
}

START_TEST(programs_read_objects_by_their_properties)
{
        ck_assert_int_eq(run("--json list"), 0);
        g_autoptr(JsonNode) list = parse(output);
        JsonObject *collection = json_array_get_object_element(json_node_get_array(list), 0);
        ck_assert_str_eq(json_object_get_string_member(collection, "Path"), SHOP);
        ck_assert_int_eq(json_object_get_int_member(collection, "PendingBytes"), 2048);

        ck_assert_int_eq(run("show shop --json"), 0);
        g_autoptr(JsonNode) show = parse(output);
        JsonArray *disks = json_object_get_array_member(json_node_get_object(show), "Disks");
        ck_assert_str_eq(json_array_get_string_element(json_array_get_array_element(disks, 0), 0), "root");

        ck_assert_int_eq(run("points shop --json"), 0);
        g_autoptr(JsonNode) points = parse(output);
        ck_assert_uint_eq(json_array_get_length(json_node_get_array(points)), 2);

        ck_assert_int_eq(run("preview shop --json"), 0);
        g_autoptr(JsonNode) preview = parse(output);
        ck_assert_int_eq(json_object_get_int_member(json_node_get_object(preview), "BytesToReceive"), 2048);

        ck_assert_int_eq(run("statistics shop --json"), 0);
        g_autoptr(JsonNode) statistics = parse(output);
        ck_assert(json_object_has_member(json_node_get_object(statistics), "HealthIssues"));
}
END_TEST

START_TEST(programs_read_the_end_of_a_job)
{
        fake_service_script(service, JOB, FAKE_JOB_COMPLETES, NULL);
        ck_assert_int_eq(run("test shop --json"), 0);
        g_autoptr(JsonNode) node = parse(output);
        JsonObject *job = json_node_get_object(node);
        ck_assert_str_eq(json_object_get_string_member(job, "State"), "completed");
        ck_assert_int_eq(
                json_object_get_int_member(json_object_get_object_member(job, "Result"), "BytesSent"), 1536);
        ck_assert_str_eq(json_object_get_string_member(job, "ResultingCollection"), SHOP "_2dtest");

        fake_service_script(service, "/", FAKE_JOB_COMPLETES, NULL);
        ck_assert_int_eq(run("suspend shop --json"), 0);
        g_autoptr(JsonNode) done = parse(output);
        ck_assert_str_eq(json_object_get_string_member(json_node_get_object(done), "Path"), "/");
        ck_assert_int_eq(json_object_get_int_member(json_node_get_object(done), "ReturnValue"), 0);
}
END_TEST

START_TEST(programs_read_errors)
{
        fake_service_script(service, JOB, FAKE_JOB_FAILS, NULL);
        ck_assert_int_eq(run("replicate shop --json"), 1);
        g_autoptr(JsonNode) node = parse(errors);
        JsonObject *error = json_object_get_object_member(json_node_get_object(node), "Error");
        ck_assert_str_eq(json_object_get_string_member(error, "Name"), CR_BUS_NAME ".Error.InUse");
        ck_assert_int_eq(json_object_get_int_member(error, "Value"), 32774);
        ck_assert_str_eq(
                json_object_get_string_member(error, "Message"), "disk 'root' is open (32774 InUse)");
}
END_TEST

TCase *command_case(void)
{
        TCase *tcase = tcase_create("command");
        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, each_verb_calls_its_method_with_its_arguments);
        tcase_add_test(tcase, a_relationship_takes_addresses_and_settings);
        tcase_add_test(tcase, the_service_may_ask_for_a_password_unless_told_otherwise);
        tcase_add_test(tcase, a_job_is_followed_to_its_end);
        tcase_add_test(tcase, a_failed_job_is_told_with_value_and_name);
        tcase_add_test(tcase, an_interrupt_leaves_the_job_alone);
        tcase_add_test(tcase, a_service_that_goes_away_is_told);
        tcase_add_test(tcase, a_job_that_does_not_exist_is_told);
        tcase_add_test(tcase, no_wait_prints_the_path);
        tcase_add_test(tcase, the_null_path_is_done_already);
        tcase_add_test(tcase, a_refused_call_exits_with_1);
        tcase_add_test(tcase, wrong_usage_exits_with_2_and_calls_nothing);
        tcase_add_test(tcase, an_id_must_name_one_object);
        tcase_add_test(tcase, help_needs_no_service);
        tcase_add_test(tcase, people_read_tables);
        tcase_add_test(tcase, people_read_a_collection);
        tcase_add_test(tcase, people_read_a_preview);
        tcase_add_test(tcase, programs_read_objects_by_their_properties);
        tcase_add_test(tcase, programs_read_the_end_of_a_job);
        tcase_add_test(tcase, programs_read_errors);
        return tcase;
}
