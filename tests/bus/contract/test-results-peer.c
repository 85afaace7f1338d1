/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PrepareForReverseReplication: what the other site has to do with it. 32770 NotSupported, 32771
 * StatusUnknown, 32772 Timeout, 32773 InvalidParameter, 32777 NotAvailable, 32779 FileNotFound. */
#include "tests/bus/contract/pair.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>

static void set_up(void)
{
        pair_live(STAGE_TAKEN_OVER, NULL);
}

static void set_address(const char *address)
{
        pair_step(&pair_a, "ModifyReplicationSettings", "oa{sv}", SHOP, 1, "RecoveryConnectionPoint", "s",
                address);
}

START_TEST(addresses_that_lead_nowhere)
{
        set_address("");
        check_prepare_blocked(32773, "RecoveryConnectionPoint");
        set_address("unix:path=/nonexistent/socket");
        check_prepare_blocked(32777, "/nonexistent/socket");
        set_address(pair_b.address);
        pair_step(&pair_a, "PrepareForReverseReplication", "o", SHOP);
}
END_TEST

START_TEST(a_peer_that_is_gone_is_not_available)
{
        site_stop(&pair_b);
        check_prepare_blocked(32777, "the peer of collection 'shop'");
        site_run(&pair_b);
        pair_step(&pair_a, "PrepareForReverseReplication", "o", SHOP);
}
END_TEST

/* A site that was set up afresh. */
START_TEST(a_peer_that_knows_nothing_of_the_collection)
{
        g_autofree char *state = g_strdup_printf("%s/state", pair_b.directory);

        site_stop(&pair_b);
        must_run("rm", "-rf", state, NULL);
        site_run(&pair_b);
        check_prepare_blocked(32779, "the peer of collection 'shop'");
}
END_TEST

/* Somebody set the other site up from a copy of this one. */
START_TEST(a_peer_with_this_sites_own_host_id_is_none)
{
        g_autofree char *own = g_strdup_printf("%s/state", pair_a.directory);
        g_autofree char *other = g_strdup_printf("%s/state", pair_b.directory);

        site_stop(&pair_a);
        site_stop(&pair_b);
        must_run("rm", "-r", other, NULL);
        must_run("cp", "-a", own, other, NULL);
        site_run(&pair_a);
        site_run(&pair_b);
        check_prepare_blocked(32771, "own host id");
}
END_TEST

static Pending *prepare_later(void)
{
        sd_bus_message *m = NULL;

        ck_assert_int_ge(sd_bus_message_new_method_call(pair_a.bus, &m, CR_BUS_NAME, MANAGER,
                                 CR_MANAGER_INTERFACE, "PrepareForReverseReplication"),
                0);
        ck_assert_int_ge(sd_bus_message_append(m, "o", SHOP), 0);
        return ask_later(pair_a.bus, m);
}

static gboolean has_worker(gpointer data)
{
        g_autoptr(GArray) workers = site_workers(data);

        return workers->len > 0;
}

START_TEST(a_service_that_shuts_down_is_not_available)
{
        g_auto(Answer) answer = {0};
        Pending *pending;

        ck_assert_int_eq(kill(pair_b.pid, SIGSTOP), 0);
        pending = prepare_later(); /* it asks the peer, which does not answer */
        wait_until(has_worker, &pair_a, "the preparation is being checked");
        ck_assert_int_eq(kill(pair_a.pid, SIGTERM), 0);
        answer = pending_answer(pending);
        ck_assert_int_eq(kill(pair_b.pid, SIGCONT), 0);
        ck_assert_str_eq(answer.error, "org.example.CollectionReplication.Error.NotAvailable");
        ck_assert_str_eq(answer.message, "the service is shutting down (32777 NotAvailable)");
        ck_assert_uint_eq(answer.signals->len, 0);
        site_stop(&pair_a);
        site_run(&pair_a);
        pair_step(&pair_a, "PrepareForReverseReplication", "o", SHOP);
}
END_TEST

/* ---- a peer of another kind ---- */

typedef struct FakePeer {
        sd_bus *bus;
        guint32 version, minimum;
} FakePeer;

static int on_describe(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
        return sd_bus_reply_method_return(call, "a{sv}", 1, "HostId", "s", "not an id");
}

static const sd_bus_vtable fake_peer[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY(
                "ProtocolVersion", "u", NULL, offsetof(FakePeer, version), SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("MinimumProtocolVersion", "u", NULL, offsetof(FakePeer, minimum),
                SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_METHOD("Describe", "a{sv}", "a{sv}", on_describe, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static void fake_start(FakePeer *fake)
{
        site_stop(&pair_b);
        fake->bus = site_connect(&pair_b, NULL);
        ck_assert_int_ge(
                sd_bus_add_object_vtable(fake->bus, NULL, MANAGER, CR_PEER_INTERFACE, fake_peer, fake), 0);
        ck_assert_int_ge(sd_bus_request_name(fake->bus, CR_BUS_NAME, 0), 0);
}

static Answer prepare_with(FakePeer *fake)
{
        Pending *pending = prepare_later();

        while (!pending_has_ended(pending)) {
                int r = sd_bus_process(fake->bus, NULL);

                ck_assert_int_ge(r, 0);
                if (r == 0)
                        ck_assert_int_ge(sd_bus_wait(fake->bus, 10000), 0);
        }
        return pending_answer(pending);
}

START_TEST(a_peer_of_another_protocol_is_not_supported)
{
        FakePeer fake = {.version = 4001, .minimum = 3001};
        g_auto(Answer) newer = {0}, silly = {0};

        fake_start(&fake);
        newer = prepare_with(&fake);
        check_refused(pair_a.bus, &newer, 32770, "the peer of collection 'shop'");
        ck_assert_ptr_nonnull(strstr(newer.message, "3001"));
        ck_assert_ptr_nonnull(strstr(newer.message, "4001"));
        ck_assert_ptr_nonnull(strstr(newer.message, pair_b.address));

        fake.minimum = 1; /* it shares a version, and says nonsense in it */
        silly = prepare_with(&fake);
        check_refused(pair_a.bus, &silly, 32771, "the peer of collection 'shop'");
        sd_bus_flush_close_unref(fake.bus);
}
END_TEST

/* ---- no answer in time ---- */

static pid_t bus_daemon_of(const Site *site)
{
        struct ucred credentials;
        socklen_t length = sizeof credentials;

        ck_assert_int_eq(
                getsockopt(sd_bus_get_fd(site->bus), SOL_SOCKET, SO_PEERCRED, &credentials, &length), 0);
        return credentials.pid;
}

/* The last one: a bus that stays stopped when this fails would hold up every other. */
START_TEST(a_peer_or_its_bus_that_does_not_answer_times_out)
{
        pid_t bus = bus_daemon_of(&pair_b);

        ck_assert_int_eq(kill(pair_b.pid, SIGSTOP), 0);
        check_prepare_refused(32772, "the peer of collection 'shop'");
        ck_assert_int_eq(kill(pair_b.pid, SIGCONT), 0);

        ck_assert_int_eq(kill(bus, SIGSTOP), 0);
        check_prepare_refused(32772, pair_b.address);
        ck_assert_int_eq(kill(bus, SIGCONT), 0);
        pair_step(&pair_a, "PrepareForReverseReplication", "o", SHOP);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {addresses_that_lead_nowhere, a_peer_that_is_gone_is_not_available,
                a_peer_that_knows_nothing_of_the_collection, a_peer_with_this_sites_own_host_id_is_none,
                a_service_that_shuts_down_is_not_available, a_peer_of_another_protocol_is_not_supported,
                a_peer_or_its_bus_that_does_not_answer_times_out, NULL};

        return run_bus_tests("results: peer", tests, set_up, pair_end);
}
