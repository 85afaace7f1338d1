/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Polkit is away, dies, or hangs: everybody is denied, root too, and nothing waits for ever. */

#include <glib.h>
#include <stdbool.h>

#include "test-polkit-agent.h"
#include "test-polkit-client.h"
#include "test-polkit-daemon.h"
#include "test-polkit-main.h"
#include "test-polkit-service.h"

static Service service;
static pid_t polkitd;

static const ClientRequest verify = {MANAGER_INTERFACE, "Verify", "shop", true};

/* Each test has a polkitd of its own. */
static void end_polkitd_of_bus(void)
{
        polkitd_kill(polkitd_of_bus(), false);
}

static void setup(void)
{
        polkitd = polkitd_start();
        service_start(&service);
}

static void teardown(void)
{
        service_stop(&service);
        if (polkitd > 0)
                polkitd_kill(polkitd, true);
}

static void end_polkitd(void)
{
        polkitd_kill(polkitd, true);
        polkitd = 0;
}

static CrVerdict verdict_for_root(void)
{
        Client client;
        CrVerdict verdict;

        client_start_call(&client, "root", verify);
        verdict = service_next_verdict(&service);
        ck_assert_int_ge(sd_bus_flush(service.bus), 0);
        client_join(&client);
        return verdict;
}

START_TEST(absence_denies_until_polkit_is_back)
{
        ck_assert_int_eq(verdict_for_root(), CR_VERDICT_ALLOWED);
        end_polkitd();
        ck_assert_int_eq(verdict_for_root(), CR_VERDICT_UNAVAILABLE);
        ck_assert_msg(strstr(service.last_why, "polkit can't be asked") != NULL, "%s", service.last_why);
        polkitd = polkitd_start();
        ck_assert_int_eq(verdict_for_root(), CR_VERDICT_ALLOWED);
}
END_TEST

START_TEST(death_during_a_dialog_denies)
{
        Agent agent;
        Client client;

        agent_start(&agent, service.event, AGENT_WAITS);
        client_start(&client, "crtest-nobody");
        agent_serve(&agent, client.pid);
        client_call(&client, verify);
        SERVICE_RUN_UNTIL(&service, agent.n_begun == 1);
        end_polkitd();
        ck_assert_int_eq(service_next_verdict(&service), CR_VERDICT_UNAVAILABLE);
        ck_assert_uint_eq(cr_authority_count_pending(service.authority), 0);
        ck_assert_int_ge(sd_bus_flush(service.bus), 0);
        client_join(&client);
        agent_stop(&agent);
}
END_TEST

START_TEST(hanging_polkit_denies)
{
        polkitd_freeze(polkitd);
        ck_assert_int_eq(verdict_for_root(), CR_VERDICT_UNAVAILABLE);
        ck_assert_msg(strstr(service.last_why, "polkit can't be asked") != NULL, "%s", service.last_why);
}
END_TEST

START_TEST(caller_may_leave_while_polkit_hangs)
{
        Client client;

        polkitd_freeze(polkitd);
        client_start_call(&client, "crtest-nobody", verify);
        SERVICE_RUN_UNTIL(&service, cr_authority_count_pending(service.authority) == 1);
        client_kill(&client);
        ck_assert_int_eq(service_next_verdict(&service), CR_VERDICT_GONE);
        polkitd_thaw(polkitd);
        /* The answer that comes late must reach nobody. */
        ck_assert_int_eq(verdict_for_root(), CR_VERDICT_ALLOWED);
        ck_assert_uint_eq(service_count_verdicts(&service), 2);
}
END_TEST

int main(void)
{
        TCase *tests = tcase_create("outages");

        tcase_add_unchecked_fixture(tests, end_polkitd_of_bus, NULL);
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, absence_denies_until_polkit_is_back);
        tcase_add_test(tests, death_during_a_dialog_denies);
        tcase_add_test(tests, hanging_polkit_denies);
        tcase_add_test(tests, caller_may_leave_while_polkit_hangs);
        return run_suite(tests);
}
