/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Checks that wait for a person at an authentication dialog. */

#include <glib.h>
#include <stdbool.h>

#include "test-polkit-agent.h"
#include "test-polkit-client.h"
#include "test-polkit-main.h"
#include "test-polkit-service.h"

static Service service;
static Agent agent;
static Client client;

static const ClientRequest destroy_interactively = {MANAGER_INTERFACE, "DestroyCollection", "Läden", true};

static void setup(void)
{
        service_start(&service);
        agent_start(&agent, service.event, AGENT_WAITS);
        client_start(&client, "crtest-nobody");
        agent_serve(&agent, client.pid);
}

static void teardown(void)
{
        agent_stop(&agent);
        service_stop(&service);
}

/* Lets the client call and returns when the dialog is open. */
static void open_dialog(void)
{
        client_call(&client, destroy_interactively);
        SERVICE_RUN_UNTIL(&service, agent.n_begun == 1);
        ck_assert_uint_eq(cr_authority_count_pending(service.authority), 1);
        ck_assert_uint_eq(service_count_verdicts(&service), 0);
}

START_TEST(password_allows)
{
        agent.habit = AGENT_AUTHENTICATES;
        client_call(&client, destroy_interactively);
        ck_assert_int_eq(service_next_verdict(&service), CR_VERDICT_ALLOWED);
        ck_assert_uint_eq(agent.n_begun, 1);
        ck_assert_str_eq(agent.last_action, "org.example.CollectionReplication.manage");
        ck_assert_msg(strstr(agent.last_message, "“Läden”") != NULL, "%s", agent.last_message);
        ck_assert_int_ge(sd_bus_flush(service.bus), 0);
        client_join(&client);
}
END_TEST

START_TEST(dismissed_dialog_denies)
{
        agent.habit = AGENT_DISMISSES;
        client_call(&client, destroy_interactively);
        ck_assert_int_eq(service_next_verdict(&service), CR_VERDICT_DENIED);
        ck_assert_msg(strstr(service.last_why, "dismissed") != NULL, "%s", service.last_why);
        ck_assert_uint_eq(agent.n_begun, 1);
        ck_assert_int_ge(sd_bus_flush(service.bus), 0);
        client_join(&client);
}
END_TEST

START_TEST(nobody_is_asked_without_the_flag)
{
        ClientRequest request = destroy_interactively;

        agent.habit = AGENT_AUTHENTICATES;
        request.interactive = false;
        client_call(&client, request);
        ck_assert_int_eq(service_next_verdict(&service), CR_VERDICT_CHALLENGE);
        ck_assert_uint_eq(agent.n_begun, 0);
        ck_assert_int_ge(sd_bus_flush(service.bus), 0);
        client_join(&client);
}
END_TEST

START_TEST(dialog_closes_when_the_caller_leaves)
{
        open_dialog();
        client_kill(&client);
        ck_assert_int_eq(service_next_verdict(&service), CR_VERDICT_GONE);
        ck_assert_uint_eq(cr_authority_count_pending(service.authority), 0);
        SERVICE_RUN_UNTIL(&service, agent.n_cancelled == 1);
}
END_TEST

START_TEST(others_stay_when_one_leaves)
{
        Client other;

        open_dialog();
        client_start(&other, "crtest-nobody");
        agent_serve(&agent, other.pid);
        client_call(&other, destroy_interactively);
        SERVICE_RUN_UNTIL(&service, agent.n_begun == 2);
        client_kill(&other);
        ck_assert_int_eq(service_next_verdict(&service), CR_VERDICT_GONE);
        ck_assert_uint_eq(cr_authority_count_pending(service.authority), 1);
        SERVICE_RUN_UNTIL(&service, agent.n_cancelled == 1);
        client_kill(&client);
}
END_TEST

START_TEST(dialog_closes_when_the_service_ends)
{
        open_dialog();
        service.authority = cr_authority_free(service.authority);
        ck_assert_uint_eq(service_count_verdicts(&service), 1);
        ck_assert_int_eq(service.last_verdict, CR_VERDICT_GONE);
        SERVICE_RUN_UNTIL(&service, agent.n_cancelled == 1);
        client_kill(&client);
}
END_TEST

int main(void)
{
        TCase *tests = tcase_create("dialogs");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, password_allows);
        tcase_add_test(tests, dismissed_dialog_denies);
        tcase_add_test(tests, nobody_is_asked_without_the_flag);
        tcase_add_test(tests, dialog_closes_when_the_caller_leaves);
        tcase_add_test(tests, others_stay_when_one_leaves);
        tcase_add_test(tests, dialog_closes_when_the_service_ends);
        return run_suite(tests);
}
