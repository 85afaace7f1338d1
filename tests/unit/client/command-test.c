/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line: which verb calls what, and what is wrong usage.
 */
#include "client/command.h"

#include <glib/gstdio.h>

#include "fixture.h"

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
                {"define shop root=/a --machine=/run/one --machine=/run/two",
                        "DefineCollection ('shop', [('root', '/a')], {'Machines': <['/run/one', "
                        "'/run/two']>})"},
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

START_TEST(another_host_is_reached_through_ssh_and_the_bridge)
{
        g_autofree char *directory = g_dir_make_tmp("client-XXXXXX", NULL);
        g_autofree char *ssh = g_build_filename(directory, "ssh", NULL);
        g_autofree char *script =
                g_strdup_printf("#!/bin/sh\n[ \"$*\" = '-xT -- dr@b systemd-stdio-bridge' ] || exit 9\n"
                                "exec systemd-stdio-bridge -p '%s'\n",
                        fake_service_address(service));
        g_autofree char *old_path = g_strdup(g_getenv("PATH"));
        g_autofree char *path = g_strdup_printf("%s:%s", directory, old_path);
        const char *const words[] = {"--host=dr@b", "list", NULL};
        const char *const option[] = {"--host=-oProxyCommand=x", "list", NULL};
        ck_assert(g_file_set_contents_full(ssh, script, -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
        g_setenv("PATH", path, TRUE);
        int status = cr_command_run((char *const *)words);
        g_setenv("PATH", old_path, TRUE);
        g_unlink(ssh);
        g_rmdir(directory);
        ck_assert_msg(status == 0, "%s", errors->str);
        assert_contains(output, "shop  primary  replicating");
        ck_assert_int_eq(cr_command_run((char *const *)option), 2);
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

TCase *command_case(void)
{
        TCase *tcase = tcase_create("command");
        tcase_add_checked_fixture(tcase, fixture_set_up, fixture_tear_down);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, each_verb_calls_its_method_with_its_arguments);
        tcase_add_test(tcase, a_relationship_takes_addresses_and_settings);
        tcase_add_test(tcase, the_service_may_ask_for_a_password_unless_told_otherwise);
        tcase_add_test(tcase, another_host_is_reached_through_ssh_and_the_bridge);
        tcase_add_test(tcase, a_refused_call_exits_with_1);
        tcase_add_test(tcase, wrong_usage_exits_with_2_and_calls_nothing);
        tcase_add_test(tcase, an_id_must_name_one_object);
        tcase_add_test(tcase, help_needs_no_service);
        return tcase;
}
