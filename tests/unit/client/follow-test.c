/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Jobs that are followed, to each of the ends that there are.
 */
#include <pty.h>
#include <unistd.h>

#include "fixture.h"

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

START_TEST(a_terminal_gets_one_line_of_its_width_redrawn_in_place)
{
        struct winsize size = {.ws_row = 24, .ws_col = 30};
        int terminal, device;
        int standard_output = dup(STDOUT_FILENO);
        ck_assert_int_eq(openpty(&terminal, &device, NULL, NULL, &size), 0);
        ck_assert_int_ge(dup2(device, STDOUT_FILENO), 0);
        fake_service_script(service, JOB, FAKE_JOB_COMPLETES, NULL);
        int status = run("replicate shop");
        dup2(standard_output, STDOUT_FILENO);
        close(standard_output);
        close(terminal);
        close(device);
        ck_assert_int_eq(status, 0);
        assert_contains(output, "\r  0%  checking\033[K");
        assert_contains(output, "\r 50%  1.0 KiB of 2.0 KiB  ...\033[K");
        assert_contains(output, "\r\033[KReplicateNow of shop: completed");
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
        ck_assert_int_eq(run("wait 99"), 1);
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

TCase *follow_case(void)
{
        TCase *tcase = tcase_create("follow");
        tcase_add_checked_fixture(tcase, fixture_set_up, fixture_tear_down);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, a_job_is_followed_to_its_end);
        tcase_add_test(tcase, a_terminal_gets_one_line_of_its_width_redrawn_in_place);
        tcase_add_test(tcase, a_failed_job_is_told_with_value_and_name);
        tcase_add_test(tcase, an_interrupt_leaves_the_job_alone);
        tcase_add_test(tcase, a_service_that_goes_away_is_told);
        tcase_add_test(tcase, a_job_that_does_not_exist_is_told);
        tcase_add_test(tcase, no_wait_prints_the_path);
        tcase_add_test(tcase, the_null_path_is_done_already);
        tcase_add_test(tcase, programs_read_the_end_of_a_job);
        tcase_add_test(tcase, programs_read_errors);
        return tcase;
}
