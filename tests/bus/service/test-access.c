/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may do what: polkit's word, asked after the objects were found and before anything else. */
#include "tests/bus/service/site.h"

#include <string.h>

static Site site;
static char *shop;

static void set_up(void)
{
        site_start(&site, 1, NULL);
        shop = site_define(&site, "shop");
}

static void tear_down(void)
{
        g_clear_pointer(&shop, g_free);
        site_clear(&site);
}

START_TEST(nobody_changes_anything)
{
        g_autoptr(sd_bus) nobody = site_connect(&site, "crtest-nobody");
        const char *challenge = SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED;

        call_fails(challenge, "(32769 AccessDenied)", nobody, MANAGER, CR_MANAGER_INTERFACE,
                "DestroyCollection", "oa{sv}", shop, 0);
        call_fails(challenge, "", nobody, MANAGER, CR_MANAGER_INTERFACE, "DefineCollection", "sa(ss)a{sv}",
                "x", 0, 0);
        call_fails(challenge, "", nobody, MANAGER, CR_MANAGER_INTERFACE, "SuspendReplication", "o", shop);
        ck_assert(exists(site.bus, shop, CR_COLLECTION_INTERFACE));
}
END_TEST

START_TEST(with_the_interactive_flag_and_no_agent_it_is_denied)
{
        g_autoptr(sd_bus) nobody = site_connect(&site, "crtest-nobody");
        g_autoptr(sd_bus_message) m = NULL;
        sd_bus_error error = SD_BUS_ERROR_NULL;

        ck_assert_int_ge(sd_bus_message_new_method_call(
                                 nobody, &m, CR_BUS_NAME, MANAGER, CR_MANAGER_INTERFACE, "ReplicateNow"),
                0);
        ck_assert_int_ge(sd_bus_message_append(m, "o", shop), 0);
        ck_assert_int_ge(sd_bus_message_set_allow_interactive_authorization(m, TRUE), 0);
        ck_assert_int_lt(sd_bus_call(nobody, m, 0, &error, NULL), 0);
        ck_assert_str_eq(error.name, ERROR_NAME("AccessDenied"));
        ck_assert_ptr_nonnull(strstr(error.message, "ReplicateNow"));
        sd_bus_error_free(&error);
}
END_TEST

START_TEST(objects_come_before_authorization)
{
        g_autoptr(sd_bus) denied = site_connect(&site, "crtest-nobody");

        manager_fails("IncorrectDataType", "", denied, "ReplicateNow", "o", MANAGER "/job/_1");
        manager_fails("FileNotFound", "", denied, "ReplicateNow", "o", MANAGER "/collection/none");
}
END_TEST

START_TEST(authorization_comes_before_the_rest)
{
        g_autoptr(sd_bus) nobody = site_connect(&site, "crtest-nobody");

        call_fails(SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, "", nobody, MANAGER, CR_MANAGER_INTERFACE,
                "DestroyCollection", "oa{sv}", shop, 1, "unknown", "s", "");
        manager_fails("InvalidParameter", "unknown", site.bus, "DestroyCollection", "oa{sv}", shop, 1,
                "unknown", "s", "");
}
END_TEST

START_TEST(everybody_reads)
{
        g_autoptr(sd_bus) nobody = site_connect(&site, "crtest-nobody");
        g_autofree char *state = get_string(nobody, shop, CR_COLLECTION_INTERFACE, "State");
        g_autofree char *found = manager_path(nobody, "GetCollection", "s", "shop");

        ck_assert_str_eq(state, "disabled");
        ck_assert_str_eq(found, shop);
        sd_bus_message_unref(call_manager(nobody, "GetReplicationStatistics", "o", shop));
}
END_TEST

START_TEST(an_operator_resets_statistics_and_nobody_else)
{
        g_autoptr(sd_bus) operator= site_connect(&site, "crtest-operator");
        g_autoptr(sd_bus) nobody = site_connect(&site, "crtest-nobody");
        g_autofree char *done = manager_path(operator, "ResetReplicationStatistics", "o", shop);

        ck_assert_str_eq(done, "/");
        call_fails(SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, "", nobody, MANAGER, CR_MANAGER_INTERFACE,
                "ResetReplicationStatistics", "o", shop);
}
END_TEST

START_TEST(an_operator_replicates_and_does_no_more)
{
        g_autoptr(sd_bus) operator= site_connect(&site, "crtest-operator");

        manager_fails("InvalidState", "", operator, "ReplicateNow", "o", shop);
        call_fails(SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, "", operator, MANAGER,
                CR_MANAGER_INTERFACE, "DestroyCollection", "oa{sv}", shop, 0);
}
END_TEST

START_TEST(the_peers_interface_is_the_peers)
{
        g_autoptr(sd_bus) nobody = site_connect(&site, "crtest-nobody"),
                          peer = site_connect(&site, "collection-replication-peer");

        call_fails(
                ERROR_NAME("AccessDenied"), "", nobody, MANAGER, CR_PEER_INTERFACE, "Describe", "a{sv}", 0);
        call_fails(ERROR_NAME("InvalidParameter"), "ProtocolVersion", peer, MANAGER, CR_PEER_INTERFACE,
                "Describe", "a{sv}", 0);
        manager_fails("AccessDenied", "", peer, "ReplicateNow", "o", shop);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {nobody_changes_anything,
                with_the_interactive_flag_and_no_agent_it_is_denied, objects_come_before_authorization,
                authorization_comes_before_the_rest, everybody_reads,
                an_operator_resets_statistics_and_nobody_else, an_operator_replicates_and_does_no_more,
                the_peers_interface_is_the_peers, NULL};

        return run_bus_tests("access", tests, set_up, tear_down);
}
