/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one site asks of the other, called by hand; and a receive from its beginning to each of its ends. */
#include "tests/bus/service/site.h"

#include <signal.h>
#include <string.h>

#define HOST "00000000000000000000000000000001"
#define TRANSFER "00000000000000000000000000000002"
#define NO_SUCH "00000000000000000000000000000003"

static Site here, there;
static char *shop, *id;

static void set_up(void)
{
        site_start(&here, 1, NULL);
        site_start(&there, 2, NULL);
        shop = sites_replicate(&here, &there, "shop");
        id = get_string(there.bus, shop, CR_COLLECTION_INTERFACE, "Id");
}

static void tear_down(void)
{
        g_clear_pointer(&shop, g_free);
        g_clear_pointer(&id, g_free);
        site_clear(&here);
        site_clear(&there);
}

#define CALLER(version, host, collection)                                                                    \
        7, "ProtocolVersion", "u", version, "HostId", "s", host, "Sequence", "t", UINT64_C(1000000),         \
                "Collection", "s", collection, "Generation", "t", UINT64_C(1), "GenerationId", "s", HOST,    \
                "Primary", "b", 1

#define peer_fails(error, words, member, ...)                                                                \
        call_fails(ERROR_NAME(error), words, there.bus, MANAGER, CR_PEER_INTERFACE, member, __VA_ARGS__)

START_TEST(the_caller_is_checked_first)
{
        g_autofree char *own = get_string(there.bus, MANAGER, CR_MANAGER_INTERFACE, "HostId");

        peer_fails("NotSupported", "99", "Describe", "a{sv}", CALLER(99, HOST, id));
        peer_fails("StatusUnknown", own, "Describe", "a{sv}", CALLER(1, own, id));
        peer_fails("InvalidParameter", "Collection", "Seal", "a{sv}sa(ss)t", CALLER(1, HOST, "shop"),
                TRANSFER, 0, UINT64_C(0));
        peer_fails("FileNotFound", NO_SUCH, "Describe", "a{sv}", CALLER(1, HOST, NO_SUCH));
        peer_fails("FileNotFound", NO_SUCH, "BeginReceive", "a{sv}a{sv}", CALLER(1, HOST, NO_SUCH), 0);
        peer_fails("FileNotFound", NO_SUCH, "Estimate", "a{sv}s", CALLER(1, HOST, NO_SUCH), TRANSFER);
        peer_fails("FileNotFound", NO_SUCH, "Dissolve", "a{sv}", CALLER(1, HOST, NO_SUCH));
}
END_TEST

/* The relationship is with one host; another that says it is the peer is not. */
START_TEST(another_host_is_not_the_peer)
{
        peer_fails("StatusUnknown", "host", "Describe", "a{sv}", CALLER(1, HOST, id));
        peer_fails("StatusUnknown", "host", "RegisterPreparation", "a{sv}sts", CALLER(1, HOST, id), TRANSFER,
                UINT64_C(1), HOST);
}
END_TEST

START_TEST(what_is_not_being_received_is_not_found_and_abandoned_already)
{
        peer_fails("FileNotFound", "transfer", "Seal", "a{sv}sa(ss)t", CALLER(1, HOST, id), TRANSFER, 0,
                UINT64_C(0));
        sd_bus_message_unref(call(
                there.bus, MANAGER, CR_PEER_INTERFACE, "Abandon", "a{sv}s", CALLER(1, HOST, id), TRANSFER));
        peer_fails("InvalidParameter", "32 hex digits", "RegisterPreparation", "a{sv}sts",
                CALLER(1, HOST, id), "x", UINT64_C(1), HOST);
}
END_TEST

/* ---- a running receive ---- */

/* A replication whose sender is held when it has begun: the receive over there waits for it. */
static char *held_sender(pid_t *ret_worker)
{
        char *job;

        site_order(&here, "send.begun", "stop");
        job = manager_path(here.bus, "ReplicateNow", "o", shop);
        *ret_worker = site_wait_stopped(&here);
        return job;
}

static char *current_job(const Site *site)
{
        return get_string(site->bus, shop, CR_COLLECTION_INTERFACE, "CurrentJob");
}

START_TEST(a_receive_is_a_job_that_holds_the_collection)
{
        pid_t sender;
        g_autofree char *job = held_sender(&sender), *receive = current_job(&there);
        g_autofree char *operation = get_string(there.bus, receive, CR_JOB_INTERFACE, "Operation");

        ck_assert_str_eq(operation, "Receive");
        manager_fails("InUse", "BeginReceive", there.bus, "DestroyCollection", "oa{sv}", shop, 0);
        peer_fails("InUse", "", "BeginReceive", "a{sv}a{sv}", CALLER(1, HOST, id), 0);
        ck_assert_int_eq(kill(sender, SIGCONT), 0);
        ck_assert_uint_eq(wait_job(here.bus, job), 0);
        ck_assert_uint_eq(wait_job(there.bus, receive), 0);
}
END_TEST

START_TEST(a_receive_ends_with_its_sender)
{
        pid_t sender;
        g_autofree char *job = held_sender(&sender), *receive = current_job(&there), *state = NULL;

        ck_assert_int_eq(kill(sender, SIGKILL), 0);
        ck_assert_uint_eq(wait_job(there.bus, receive), 32768);
        ck_assert_uint_ne(wait_job(here.bus, job), 0);
        state = get_string(there.bus, receive, CR_JOB_INTERFACE, "State");
        ck_assert_str_eq(state, "cancelled");
}
END_TEST

static gboolean replicates_again(gpointer data)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autoptr(sd_bus_message) reply = NULL;
        const char *job;
        int r = sd_bus_call_method(here.bus, CR_BUS_NAME, MANAGER, CR_MANAGER_INTERFACE, "ReplicateNow",
                &error, &reply, "o", shop);

        sd_bus_error_free(&error);
        if (r < 0)
                return FALSE;
        ck_assert_int_ge(sd_bus_message_read(reply, "o", &job), 0);
        return wait_job(here.bus, job) == 0;
}

START_TEST(after_a_broken_transfer_the_next_one_succeeds)
{
        pid_t sender;
        g_autofree char *job = held_sender(&sender);

        ck_assert_int_eq(kill(sender, SIGKILL), 0);
        ck_assert_uint_ne(wait_job(here.bus, job), 0);
        wait_until(replicates_again, NULL, "both sides have recovered");
}
END_TEST

START_TEST(a_failover_waits_for_no_receive)
{
        pid_t sender;
        g_autofree char *job = held_sender(&sender), *receive = current_job(&there), *failover = NULL,
                        *state = NULL, *message = NULL;

        failover = manager_path(there.bus, "InitiateFailover", "ooa{sv}", shop, "/", 0);
        ck_assert_uint_eq(wait_job(there.bus, failover), 0);
        ck_assert_uint_eq(wait_job(there.bus, receive), 32768);
        message = get_string(there.bus, receive, CR_JOB_INTERFACE, "ErrorMessage");
        ck_assert_msg(strstr(message, "InitiateFailover") != NULL, "%s", message);
        state = get_string(there.bus, shop, CR_COLLECTION_INTERFACE, "State");
        ck_assert_str_eq(state, "failed-over");
        ck_assert_int_eq(kill(sender, SIGCONT), 0);
        ck_assert_uint_ne(wait_job(here.bus, job), 0);
}
END_TEST

START_TEST(abandoning_another_transfer_ends_none)
{
        pid_t sender;
        g_autofree char *job = held_sender(&sender);

        sd_bus_message_unref(call(
                there.bus, MANAGER, CR_PEER_INTERFACE, "Abandon", "a{sv}s", CALLER(1, HOST, id), TRANSFER));
        ck_assert_int_eq(kill(sender, SIGCONT), 0);
        ck_assert_uint_eq(wait_job(here.bus, job), 0);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {the_caller_is_checked_first, another_host_is_not_the_peer,
                what_is_not_being_received_is_not_found_and_abandoned_already,
                a_receive_is_a_job_that_holds_the_collection, a_receive_ends_with_its_sender,
                after_a_broken_transfer_the_next_one_succeeds, a_failover_waits_for_no_receive,
                abandoning_another_transfer_ends_none, NULL};

        return run_bus_tests("peer", tests, set_up, tear_down);
}
