/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Many checks at once: what is refused, and who must not suffer from whom. */

#include <errno.h>
#include <glib.h>
#include <stdbool.h>

#include "test-polkit-agent.h"
#include "test-polkit-client.h"
#include "test-polkit-daemon.h"
#include "test-polkit-main.h"
#include "test-polkit-service.h"

#define FULL_CLIENTS (CR_CHECKS_MAX / CR_CHECKS_PER_SENDER_MAX)
#define DIALOGS_MAX (CR_CHECKS_MAX / 2)

static Service service;
static Agent agent;
static pid_t polkitd;

static void setup(void)
{
        polkitd = polkitd_of_bus();
        polkitd_thaw(polkitd);
        service_start(&service);
        agent_start(&agent, service.event, AGENT_WAITS);
}

static void teardown(void)
{
        agent_stop(&agent);
        service_stop(&service);
        polkitd_thaw(polkitd);
}

static void start_quick_calls(Client *client, unsigned n_calls)
{
        client_start_call(client, "root",
                (ClientRequest){
                        MANAGER_INTERFACE, "Verify", "shop", .interactive = true, .n_calls = n_calls});
}

static void start_dialogs(Client *client, unsigned n_calls)
{
        client_start(client, "crtest-nobody");
        agent_serve(&agent, client->pid);
        client_call(client, (ClientRequest){MANAGER_INTERFACE, "DestroyCollection", "shop",
                                    .interactive = true, .n_calls = n_calls});
}

static void assert_root_is_allowed(void)
{
        Client root;

        start_quick_calls(&root, 1);
        ck_assert_int_eq(service_next_verdict(&service), CR_VERDICT_ALLOWED);
        ck_assert_int_ge(sd_bus_flush(service.bus), 0);
        client_join(&root);
}

START_TEST(sender_has_a_limit_and_others_do_not_suffer)
{
        Client greedy;

        start_dialogs(&greedy, CR_CHECKS_PER_SENDER_MAX + 3);
        SERVICE_RUN_UNTIL(&service, service.n_refused == 3);
        ck_assert_int_eq(service.last_refusal, -ENOBUFS);
        ck_assert_uint_eq(cr_authority_count_pending(service.authority), CR_CHECKS_PER_SENDER_MAX);
        assert_root_is_allowed();

        client_kill(&greedy);
        SERVICE_RUN_UNTIL(&service, service.n_verdicts[CR_VERDICT_GONE] == CR_CHECKS_PER_SENDER_MAX);
        ck_assert_uint_eq(cr_authority_count_pending(service.authority), 0);
        SERVICE_RUN_UNTIL(&service, agent.n_cancelled == agent.n_begun);
}
END_TEST

START_TEST(all_have_a_limit)
{
        Client clients[FULL_CLIENTS + 1];

        polkitd_freeze(polkitd);
        for (unsigned i = 0; i < FULL_CLIENTS; i++)
                start_quick_calls(&clients[i], CR_CHECKS_PER_SENDER_MAX);
        SERVICE_RUN_UNTIL(&service, cr_authority_count_pending(service.authority) == CR_CHECKS_MAX);
        ck_assert_uint_eq(service.n_refused, 0);
        start_quick_calls(&clients[FULL_CLIENTS], 1);
        SERVICE_RUN_UNTIL(&service, service.n_refused == 1);
        ck_assert_int_eq(service.last_refusal, -ENOBUFS);

        /* More than a bus daemon lets one connection have unanswered: all must be answered rightly
         * nevertheless. */
        polkitd_thaw(polkitd);
        SERVICE_RUN_UNTIL(&service, cr_authority_count_pending(service.authority) == 0);
        ck_assert_uint_eq(service.n_verdicts[CR_VERDICT_ALLOWED], CR_CHECKS_MAX);
        ck_assert_int_ge(sd_bus_flush(service.bus), 0);
        for (unsigned i = 0; i < G_N_ELEMENTS(clients); i++)
                client_join(&clients[i]);
}
END_TEST

START_TEST(dialogs_have_a_limit_and_others_do_not_suffer)
{
        Client clients[FULL_CLIENTS / 2 + 1];

        for (unsigned i = 0; i < G_N_ELEMENTS(clients); i++)
                start_dialogs(&clients[i], CR_CHECKS_PER_SENDER_MAX);
        SERVICE_RUN_UNTIL(&service, service.n_verdicts[CR_VERDICT_UNAVAILABLE] == CR_CHECKS_PER_SENDER_MAX);
        ck_assert_uint_eq(cr_authority_count_pending(service.authority), DIALOGS_MAX);
        ck_assert_uint_eq(service.n_refused, 0);
        ck_assert_msg(strstr(service.last_why, "too many") != NULL, "%s", service.last_why);
        assert_root_is_allowed();
        for (unsigned i = 0; i < G_N_ELEMENTS(clients); i++)
                client_kill(&clients[i]);
        SERVICE_RUN_UNTIL(&service, cr_authority_count_pending(service.authority) == 0);
        ck_assert_uint_eq(service.n_verdicts[CR_VERDICT_GONE], DIALOGS_MAX);
}
END_TEST

START_TEST(next_dialogs_open_when_others_close)
{
        Client first, second;

        start_dialogs(&first, CR_CHECKS_PER_SENDER_MAX);
        SERVICE_RUN_UNTIL(&service, agent.n_begun > 0);
        start_dialogs(&second, 1);
        SERVICE_RUN_UNTIL(
                &service, cr_authority_count_pending(service.authority) == CR_CHECKS_PER_SENDER_MAX + 1);
        assert_root_is_allowed();
        agent.habit = AGENT_AUTHENTICATES;
        client_kill(&first);
        SERVICE_RUN_UNTIL(&service, service.n_verdicts[CR_VERDICT_ALLOWED] == 2);
        ck_assert_uint_eq(service.n_verdicts[CR_VERDICT_GONE], CR_CHECKS_PER_SENDER_MAX);
        ck_assert_int_ge(sd_bus_flush(service.bus), 0);
        client_join(&second);
}
END_TEST

int main(void)
{
        TCase *tests = tcase_create("limits");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, sender_has_a_limit_and_others_do_not_suffer);
        tcase_add_test(tests, all_have_a_limit);
        tcase_add_test(tests, dialogs_have_a_limit_and_others_do_not_suffer);
        tcase_add_test(tests, next_dialogs_open_when_others_close);
        return run_suite(tests);
}
