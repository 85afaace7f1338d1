/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PrepareForReverseReplication: 32769 AccessDenied, by this site's polkit and by the peer's; and the order of
 * checks. */
#include "tests/bus/contract/pair.h"

#include <signal.h>

static sd_bus *user;

static void end(void)
{
        user = sd_bus_flush_close_unref(user);
        pair_end();
}

static void take_over_and_become(const char *name)
{
        pair_live(STAGE_TAKEN_OVER, NULL);
        user = site_connect(&pair_a, name);
}

static Answer prepare_as_user(const char *path, gboolean interactive)
{
        sd_bus_message *m = NULL;

        ck_assert_int_ge(sd_bus_message_new_method_call(user, &m, CR_BUS_NAME, MANAGER, CR_MANAGER_INTERFACE,
                                 "PrepareForReverseReplication"),
                0);
        ck_assert_int_ge(sd_bus_message_append(m, "o", path), 0);
        ck_assert_int_ge(sd_bus_message_set_allow_interactive_authorization(m, interactive), 0);
        return answer_to(user, m);
}

START_TEST(a_rule_denies)
{
        g_auto(Answer) plain = {0}, interactive = {0};

        take_over_and_become("crtest-denied");
        plain = prepare_as_user(SHOP, FALSE);
        check_refused(user, &plain, 32769, "'shop'");
        interactive = prepare_as_user(SHOP, TRUE);
        check_refused(user, &interactive, 32769, "'shop'");
}
END_TEST

START_TEST(who_may_authenticate_is_told_so_or_denied_when_nobody_asks)
{
        g_auto(Answer) plain = {0}, interactive = {0};

        take_over_and_become("crtest-nobody");
        plain = prepare_as_user(SHOP, FALSE);
        check_challenged(user, &plain, "'shop'");
        interactive = prepare_as_user(SHOP, TRUE);
        check_refused(user, &interactive, 32769, "'shop'");
}
END_TEST

START_TEST(kind_and_existence_come_before_authorization_and_state_after_it)
{
        g_auto(Answer) kind = {0}, existence = {0}, state = {0};

        pair_live(STAGE_DEFINED, NULL); /* a state that does not allow it */
        user = site_connect(&pair_a, "crtest-denied");
        kind = prepare_as_user("/", FALSE);
        check_refused(user, &kind, 32776, "'/'");
        existence = prepare_as_user(MANAGER "/collection/none", FALSE);
        check_refused(user, &existence, 32779, "/collection/none");
        state = prepare_as_user(SHOP, FALSE);
        check_refused(user, &state, 32769, "'shop'");
}
END_TEST

static gboolean polkit_is_gone(gpointer data)
{
        g_autoptr(sd_bus_message) reply = NULL;
        const Site *site = data;
        int owned = TRUE;

        ck_assert_int_ge(sd_bus_call_method(site->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                 "org.freedesktop.DBus", "NameHasOwner", NULL, &reply, "s",
                                 "org.freedesktop.PolicyKit1"),
                0);
        ck_assert_int_gt(sd_bus_message_read(reply, "b", &owned), 0);
        return !owned;
}

static void end_polkit(Site *site)
{
        g_autofree char *path = g_strdup_printf("%s/polkitd-%u.pid", g_getenv("PRIVATE_BUS_DIR"), site->n);
        g_autofree char *text = NULL;

        ck_assert(g_file_get_contents(path, &text, NULL, NULL));
        ck_assert_int_eq(kill(atoi(text), SIGKILL), 0);
        wait_until(polkit_is_gone, site, "polkit is gone");
}

/* The last one: what it ends stays ended. */
START_TEST(without_polkit_nobody_may_not_even_root_nor_the_other_site)
{
        pair_live(STAGE_TAKEN_OVER, NULL);
        end_polkit(&pair_b);
        check_prepare_blocked(32769, "the peer of collection 'shop'");
        end_polkit(&pair_a);
        check_prepare_refused(32769, "'shop'");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_rule_denies,
                who_may_authenticate_is_told_so_or_denied_when_nobody_asks,
                kind_and_existence_come_before_authorization_and_state_after_it,
                without_polkit_nobody_may_not_even_root_nor_the_other_site, NULL};

        return run_bus_tests("results: rights", tests, NULL, end);
}
