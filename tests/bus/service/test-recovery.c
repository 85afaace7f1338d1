/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of a job whose worker, or whose daemon, is killed. */
#include "tests/bus/service/site.h"

#include <glib/gstdio.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>

static Site here, there;
static char *shop;

/* Failed over, so that this side can be prepared. */
static void set_up(void)
{
        g_autofree char *failover = NULL, *commit = NULL;

        site_start(&here, 1, NULL);
        site_start(&there, 2, NULL);
        shop = sites_replicate(&here, &there, "shop");
        failover = manager_path(there.bus, "InitiateFailover", "ooa{sv}", shop, "/", 0);
        ck_assert_uint_eq(wait_job(there.bus, failover), 0);
        commit = manager_path(there.bus, "CommitFailover", "o", shop);
        ck_assert_str_eq(commit, "/");
}

static void tear_down(void)
{
        g_clear_pointer(&shop, g_free);
        site_clear(&here);
        site_clear(&there);
}

static void assert_state(const char *wanted)
{
        g_autofree char *state = get_string(here.bus, shop, CR_COLLECTION_INTERFACE, "State");

        ck_assert_str_eq(state, wanted);
}

/* A preparation that is held in the middle of its intent. */
static char *held_preparation(pid_t *ret_worker)
{
        char *job;

        site_order(&here, "prepare.step-done", "stop");
        job = manager_path(here.bus, "PrepareForReverseReplication", "o", shop);
        *ret_worker = site_wait_stopped(&here);
        return job;
}

START_TEST(a_killed_workers_job_is_carried_out)
{
        pid_t worker;
        g_autofree char *job = held_preparation(&worker);

        call_fails(ERROR_NAME("InvalidState"), "no longer be undone", here.bus, job, CR_JOB_INTERFACE,
                "Cancel", NULL);
        ck_assert_int_eq(kill(worker, SIGKILL), 0);
        ck_assert_uint_eq(wait_job(here.bus, job), 0);
        assert_state("prepared-for-reverse-replication");
}
END_TEST

START_TEST(a_killed_daemons_job_is_carried_out_under_its_path)
{
        pid_t worker;
        g_autofree char *job = held_preparation(&worker), *operation = NULL;

        site_kill(&here);
        site_run(&here);
        operation = get_string(here.bus, job, CR_JOB_INTERFACE, "Operation");
        ck_assert_str_eq(operation, "PrepareForReverseReplication");
        ck_assert_uint_eq(wait_job(here.bus, job), 0);
        assert_state("prepared-for-reverse-replication");
}
END_TEST

START_TEST(a_job_that_had_changed_nothing_has_failed_after_a_restart)
{
        g_autofree char *second = sites_replicate(&here, &there, "second"), *job = NULL, *message = NULL;

        site_order(&here, "send.begun", "stop");
        job = manager_path(here.bus, "ReplicateNow", "o", second);
        (void)site_wait_stopped(&here);
        site_kill(&here);
        site_run(&here);
        ck_assert_uint_eq(wait_job(here.bus, job), 32768);
        message = get_string(here.bus, job, CR_JOB_INTERFACE, "ErrorMessage");
        ck_assert_ptr_nonnull(strstr(message, "the service was stopped"));
}
END_TEST

/* Whose job it is. */
static guint owner(const char *job)
{
        g_autoptr(sd_bus_message) reply = call(
                here.bus, job, "org.freedesktop.DBus.Properties", "Get", "ss", CR_JOB_INTERFACE, "Owner");
        guint32 uid;

        ck_assert_int_gt(sd_bus_message_read(reply, "v", "u", &uid), 0);
        return uid;
}

/* A replication that is held while it merges the older of two points away, with the rest done. */
static char *held_merge(sd_bus *bus)
{
        g_autofree char *second = sites_replicate(&here, &there, "second");
        g_autofree char *settings = manager_path(
                here.bus, "ModifyReplicationSettings", "oa{sv}", second, 1, "RecoveryHistory", "q", 0);
        char *job;

        ck_assert_str_eq(settings, "/");
        site_order(&here, "retention.step-done", "stop");
        job = manager_path(bus, "ReplicateNow", "o", second);
        (void)site_wait_stopped(&here);
        return job;
}

START_TEST(a_job_stays_its_owners_when_it_is_carried_out)
{
        g_autoptr(sd_bus) operator= site_connect(&here, "crtest-operator");
        g_autofree char *job = held_merge(operator), *operation = NULL;
        const struct passwd *pw = getpwnam("crtest-operator");

        ck_assert_uint_ne(pw->pw_uid, 0);
        ck_assert_uint_eq(owner(job), pw->pw_uid);
        site_kill(&here);
        site_run(&here);
        ck_assert_uint_eq(owner(job), pw->pw_uid);
        operation = get_string(here.bus, job, CR_JOB_INTERFACE, "Operation");
        ck_assert_str_eq(operation, "ReplicateNow");
        ck_assert_uint_eq(wait_job(operator, job), 0);
        ck_assert_uint_eq(owner(job), pw->pw_uid);
        /* To its owner it is a job that has ended, to a stranger one of somebody else. */
        call_fails(
                ERROR_NAME("InvalidState"), "ended already", operator, job, CR_JOB_INTERFACE, "Cancel", NULL);
        g_autoptr(sd_bus) nobody = site_connect(&here, "crtest-nobody");
        call_fails(SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, "Cancel", nobody, job, CR_JOB_INTERFACE,
                "Cancel", NULL);
}
END_TEST

/* ---- one that is stuck ---- */

static gboolean is_critical(gpointer data)
{
        g_autofree char *state = get_string(here.bus, shop, CR_COLLECTION_INTERFACE, "State");

        return strcmp(state, "critical") == 0;
}

static gboolean asks_and_is_prepared(gpointer data)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autofree char *state = NULL;

        /* Whatever it answers: it was asked. */
        (void)sd_bus_call_method(here.bus, CR_BUS_NAME, MANAGER, CR_MANAGER_INTERFACE, "CommitFailover",
                &error, NULL, "o", shop);
        sd_bus_error_free(&error);
        state = get_string(here.bus, shop, CR_COLLECTION_INTERFACE, "State");
        return strcmp(state, "prepared-for-reverse-replication") == 0;
}

START_TEST(a_stuck_recovery_is_critical_and_stops_no_other)
{
        g_autofree char *images = g_strdup_printf("%s/images", here.directory),
                        *away = g_strconcat(images, ".away", NULL),
                        *other = g_strconcat(images, ".other", NULL);
        g_autofree char *unaffected = NULL;
        pid_t worker;
        g_autofree char *job = held_preparation(&worker);

        ck_assert_int_eq(g_rename(images, away), 0);
        ck_assert_int_eq(kill(worker, SIGKILL), 0);
        wait_until(is_critical, NULL, "the collection is critical");
        g_autoptr(sd_bus_message) issues = call(here.bus, shop, "org.freedesktop.DBus.Properties", "Get",
                "ss", CR_COLLECTION_INTERFACE, "HealthIssues");
        const char *id = "", *words = "";
        ck_assert_int_ge(sd_bus_message_enter_container(issues, 'v', "a(ss)"), 0);
        ck_assert_int_ge(sd_bus_message_enter_container(issues, 'a', "(ss)"), 0);
        ck_assert_int_gt(sd_bus_message_read(issues, "(ss)", &id, &words), 0);
        ck_assert_str_eq(id, "recovery");
        manager_fails("InvalidState", "interrupted operation", here.bus, "ReplicateNow", "o", shop);
        manager_fails(
                "InvalidState", "interrupted operation", here.bus, "PreviewReverseReplication", "o", shop);
        g_autofree char *state = get_string(here.bus, job, CR_JOB_INTERFACE, "State");
        ck_assert_str_eq(state, "running");
        ck_assert_int_eq(g_mkdir(images, 0755), 0);
        unaffected = site_define(&here, "other");
        ck_assert_int_eq(g_rename(images, other), 0);
        ck_assert_int_eq(g_rename(away, images), 0);
        wait_until(asks_and_is_prepared, NULL, "the recovery, asked for, is over");
        ck_assert_uint_eq(wait_job(here.bus, job), 0);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_killed_workers_job_is_carried_out,
                a_killed_daemons_job_is_carried_out_under_its_path,
                a_job_stays_its_owners_when_it_is_carried_out,
                a_job_that_had_changed_nothing_has_failed_after_a_restart,
                a_stuck_recovery_is_critical_and_stops_no_other, NULL};

        return run_bus_tests("recovery", tests, set_up, tear_down);
}
