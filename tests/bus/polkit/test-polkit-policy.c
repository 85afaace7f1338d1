/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The policy file, as polkit itself understands it. */

#include <glib.h>
#include <systemd/sd-bus.h>

#include "polkit/actions.h"
#include "test-polkit-main.h"

/* PolkitImplicitAuthorization */
enum { NO = 0, AUTH_ADMIN = 2, AUTH_ADMIN_KEEP = 4, YES = 5 };

typedef struct Defaults {
        const char *action;
        uint32_t any, inactive, active;
} Defaults;

/* The contract's. */
static const Defaults contract[] = {
        {"manage", AUTH_ADMIN, AUTH_ADMIN, AUTH_ADMIN_KEEP},
        {"replicate", AUTH_ADMIN, AUTH_ADMIN, AUTH_ADMIN_KEEP},
        {"failover", AUTH_ADMIN, AUTH_ADMIN, AUTH_ADMIN_KEEP},
        {"prepare-for-reverse-replication", AUTH_ADMIN, AUTH_ADMIN, AUTH_ADMIN_KEEP},
        {"reverse-replication", AUTH_ADMIN, AUTH_ADMIN, AUTH_ADMIN_KEEP},
        {"preview", AUTH_ADMIN, AUTH_ADMIN, YES},
        {"export", AUTH_ADMIN, AUTH_ADMIN, AUTH_ADMIN_KEEP},
        {"discard", AUTH_ADMIN, AUTH_ADMIN, AUTH_ADMIN},
        {"cancel-any-job", AUTH_ADMIN, AUTH_ADMIN, AUTH_ADMIN_KEEP},
        {"peer", NO, NO, NO},
};

static const Defaults *contract_of(const char *action_id)
{
        for (size_t i = 0; i < G_N_ELEMENTS(contract); i++)
                if (g_str_equal(action_id + strlen(CR_ACTION_PREFIX), contract[i].action))
                        return &contract[i];
        return NULL;
}

/* Calls `see` for each of our actions that polkit knows; returns how many. */
static unsigned each_registered_action(
        void (*see)(const char *id, const char *message, const Defaults *d, void *userdata), void *userdata)
{
        sd_bus *bus = NULL;
        sd_bus_message *reply = NULL;
        const char *id, *message;
        Defaults d = {};
        unsigned n = 0;

        ck_assert_int_ge(sd_bus_open_system(&bus), 0);
        ck_assert_int_ge(
                sd_bus_call_method(bus, "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
                        "org.freedesktop.PolicyKit1.Authority", "EnumerateActions", NULL, &reply, "s", "C"),
                0);
        ck_assert_int_gt(sd_bus_message_enter_container(reply, 'a', "(ssssssuuua{ss})"), 0);
        while (sd_bus_message_enter_container(reply, 'r', "ssssssuuua{ss}") > 0) {
                ck_assert_int_gt(sd_bus_message_read(reply, "ssssssuuu", &id, NULL, &message, NULL, NULL,
                                         NULL, &d.any, &d.inactive, &d.active),
                        0);
                ck_assert_int_gt(sd_bus_message_skip(reply, "a{ss}"), 0);
                ck_assert_int_gt(sd_bus_message_exit_container(reply), 0);
                if (g_str_has_prefix(id, CR_ACTION_PREFIX)) {
                        see(id, message, &d, userdata);
                        n++;
                }
        }
        sd_bus_message_unref(reply);
        sd_bus_flush_close_unref(bus);
        return n;
}

static void compare_with_contract(const char *id, const char *message, const Defaults *d, void *userdata)
{
        const Defaults *expected = contract_of(id);

        ck_assert_msg(expected != NULL, "%s is not in the contract", id);
        ck_assert_msg(
                d->any == expected->any && d->inactive == expected->inactive && d->active == expected->active,
                "%s: %u, %u, %u", id, d->any, d->inactive, d->active);
        ck_assert_msg(strstr(message, "$(collection)") != NULL, "%s: \"%s\"", id, message);
}

START_TEST(defaults_are_the_contracts)
{
        ck_assert_uint_eq(each_registered_action(compare_with_contract, NULL), G_N_ELEMENTS(contract));
}
END_TEST

static void collect_id(const char *id, const char *message, const Defaults *d, void *userdata)
{
        g_hash_table_add(userdata, g_strdup(id));
}

START_TEST(methods_need_registered_actions_and_all_of_them)
{
        g_autoptr(GHashTable) registered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(GHashTable) needed = g_hash_table_new(g_str_hash, g_str_equal);
        size_t n;
        const CrActionRule *rules = cr_action_rules(&n);

        each_registered_action(collect_id, registered);
        for (size_t i = 0; i < n; i++) {
                if (!rules[i].action)
                        continue;
                ck_assert_msg(g_hash_table_contains(registered, rules[i].action), "%s", rules[i].action);
                g_hash_table_add(needed, (gpointer)rules[i].action);
        }
        ck_assert_uint_eq(g_hash_table_size(needed), g_hash_table_size(registered));
}
END_TEST

int main(void)
{
        TCase *tests = tcase_create("policy");

        tcase_add_test(tests, defaults_are_the_contracts);
        tcase_add_test(tests, methods_need_registered_actions_and_all_of_them);
        return run_suite(tests);
}
