/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who gets which verdict when nobody is there to type a password: accounts, rules, the interactive flag. */

#include <glib.h>
#include <stdbool.h>

#include "test-polkit-client.h"
#include "test-polkit-main.h"
#include "test-polkit-service.h"

static Service service;

static void setup(void)
{
        service_start(&service);
}

static void teardown(void)
{
        service_stop(&service);
}

static CrVerdict verdict_for(const char *user, ClientRequest request)
{
        Client client;
        CrVerdict verdict;

        client_start_call(&client, user, request);
        verdict = service_next_verdict(&service);
        SERVICE_RUN_UNTIL(&service, cr_authority_count_pending(service.authority) == 0);
        ck_assert_int_ge(sd_bus_flush(service.bus), 0);
        client_join(&client);
        return verdict;
}

static const struct {
        const char *user;
        ClientRequest request;
        CrVerdict verdict;
} cases[] = {
        {"root", {MANAGER_INTERFACE, "DestroyCollection", "shop"}, CR_VERDICT_ALLOWED},
        {"root", {MANAGER_INTERFACE, "DestroyCollection", "shop", .interactive = true}, CR_VERDICT_ALLOWED},
        {"root", {MANAGER_INTERFACE, "DestroyCollection"}, CR_VERDICT_ALLOWED},
        /* The sample rules. */
        {"crtest-operator", {MANAGER_INTERFACE, "SuspendReplication", "shop"}, CR_VERDICT_ALLOWED},
        {"crtest-operator", {MANAGER_INTERFACE, "PreviewReverseReplication", "shop"}, CR_VERDICT_ALLOWED},
        {"crtest-operator", {MANAGER_INTERFACE, "InitiateFailover", "shop"}, CR_VERDICT_CHALLENGE},
        {"crtest-operator", {PEER_INTERFACE, "Anything", "shop"}, CR_VERDICT_DENIED},
        {"collection-replication-peer", {PEER_INTERFACE, "Anything", "shop"}, CR_VERDICT_ALLOWED},
        {"collection-replication-peer", {MANAGER_INTERFACE, "SuspendReplication", "shop"}, CR_VERDICT_DENIED},
        /* A rule that says no says so whatever the flag. */
        {"crtest-denied", {MANAGER_INTERFACE, "SuspendReplication", "shop"}, CR_VERDICT_DENIED},
        {"crtest-denied", {MANAGER_INTERFACE, "SuspendReplication", "shop", .interactive = true},
                CR_VERDICT_DENIED},
        /* The defaults: an administrator's password, and there is no agent that could ask for it. */
        {"crtest-nobody", {MANAGER_INTERFACE, "SuspendReplication", "shop"}, CR_VERDICT_CHALLENGE},
        {"crtest-nobody", {MANAGER_INTERFACE, "SuspendReplication", "shop", .interactive = true},
                CR_VERDICT_DENIED},
        {"crtest-nobody", {PEER_INTERFACE, "Anything", "shop"}, CR_VERDICT_DENIED},
        /* Rules see the collection and the operation. */
        {"crtest-nobody", {MANAGER_INTERFACE, "Verify", "for-all"}, CR_VERDICT_ALLOWED},
        {"crtest-nobody", {MANAGER_INTERFACE, "Verify", "for-some"}, CR_VERDICT_CHALLENGE},
        {"crtest-nobody", {MANAGER_INTERFACE, "Resynchronize", "for-all"}, CR_VERDICT_CHALLENGE},
};

START_TEST(verdict_is_as_configured)
{
        ck_assert_int_eq(verdict_for(cases[_i].user, cases[_i].request), cases[_i].verdict);
        ck_assert_int_eq(service.last_why[0] == '\0', cases[_i].verdict == CR_VERDICT_ALLOWED);
        ck_assert_uint_eq(service_count_verdicts(&service), 1);
}
END_TEST

START_TEST(unregistered_action_denies_even_root)
{
        service.action = "org.example.CollectionReplication.no-such-action";
        ck_assert_int_eq(verdict_for("root", (ClientRequest){MANAGER_INTERFACE, "Verify", "shop"}),
                CR_VERDICT_UNAVAILABLE);
        ck_assert_ptr_nonnull(strstr(service.last_why, "no-such-action"));
}
END_TEST

START_TEST(message_from_no_bus_is_refused)
{
        sd_bus_message *m = NULL;

        ck_assert_int_ge(
                sd_bus_message_new_method_call(service.bus, &m, NULL, "/", MANAGER_INTERFACE, "Verify"), 0);
        ck_assert_int_eq(cr_authority_check(service.authority, m,
                                 "org.example.CollectionReplication.replicate", "shop", "Verify", NULL, NULL),
                -EINVAL);
        ck_assert_uint_eq(cr_authority_count_pending(service.authority), 0);
        sd_bus_message_unref(m);
}
END_TEST

/* What a test of anything else builds on: rules may change while polkit runs. */
START_TEST(new_rule_takes_effect_at_once)
{
        g_autofree char *path =
                g_build_filename(g_getenv("PRIVATE_BUS_DIR"), "rules.d", "10-live.rules", NULL);
        ClientRequest request = {MANAGER_INTERFACE, "Verify", "live"};

        ck_assert_int_eq(verdict_for("crtest-nobody", request), CR_VERDICT_CHALLENGE);
        ck_assert(g_file_set_contents(path,
                "polkit.addRule(function(action) {"
                "    return action.lookup('collection') === 'live' ? polkit.Result.YES : null; });",
                -1, NULL));
        while (verdict_for("crtest-nobody", request) != CR_VERDICT_ALLOWED)
                g_usleep(50 * 1000);
}
END_TEST

int main(void)
{
        TCase *tests = tcase_create("verdicts");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_loop_test(tests, verdict_is_as_configured, 0, G_N_ELEMENTS(cases));
        tcase_add_test(tests, unregistered_action_denies_even_root);
        tcase_add_test(tests, message_from_no_bus_is_refused);
        tcase_add_test(tests, new_rule_takes_effect_at_once);
        return run_suite(tests);
}
