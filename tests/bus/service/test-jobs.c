/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job from the call that starts it to its end: what is told when, who may wait for it and who may cancel
 * it. */
#include "tests/bus/service/site.h"

#include <signal.h>
#include <string.h>

static Site here, there;
static char *shop;

static void set_up(void)
{
        site_start(&here, 1, NULL);
        site_start(&there, 2, NULL);
        shop = sites_replicate(&here, &there, "shop");
}

static void tear_down(void)
{
        g_clear_pointer(&shop, g_free);
        site_clear(&here);
        site_clear(&there);
}

/* ---- the order of what one client hears ---- */

typedef struct Heard {
        GString *what; /* in order, one word each */
        char *job;
        gboolean ended;
} Heard;

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        const char *member = sd_bus_message_get_member(m), *path = sd_bus_message_get_path(m), *added = "";
        Heard *heard = userdata;

        if (strcmp(member, "InterfacesAdded") == 0)
                ck_assert_int_ge(sd_bus_message_read(m, "o", &added), 0);
        if (strcmp(member, "JobNew") == 0 || strcmp(member, "JobEnded") == 0)
                g_string_append_printf(heard->what, "%s ", member);
        else if (strstr(added, "/job/"))
                g_string_append(heard->what, "InterfacesAdded ");
        else if (strcmp(member, "PropertiesChanged") == 0 && strstr(path, "/job/"))
                g_string_append(heard->what, "PropertiesChanged ");
        heard->ended |= strcmp(member, "JobEnded") == 0;
        return 0;
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        Heard *heard = userdata;
        const char *job;

        ck_assert_int_ge(sd_bus_message_read(m, "o", &job), 0);
        heard->job = g_strdup(job);
        g_string_append(heard->what, "reply ");
        return 0;
}

static gboolean has_ended(gpointer data)
{
        while (sd_bus_process(here.bus, NULL) > 0)
                ;
        return ((Heard *)data)->ended;
}

START_TEST(a_job_is_told_in_order)
{
        Heard heard = {.what = g_string_new(NULL)};
        const char *order = "InterfacesAdded JobNew reply ";

        ck_assert_int_ge(
                sd_bus_add_match(here.bus, NULL, "type='signal',sender='" CR_BUS_NAME "'", on_signal, &heard),
                0);
        ck_assert_int_ge(sd_bus_call_method_async(here.bus, NULL, CR_BUS_NAME, MANAGER, CR_MANAGER_INTERFACE,
                                 "ReplicateNow", on_reply, &heard, "o", shop),
                0);
        wait_until(has_ended, &heard, "the job has ended");
        ck_assert_msg(g_str_has_prefix(heard.what->str, order), "%s", heard.what->str);
        ck_assert_msg(
                g_str_has_suffix(heard.what->str, "PropertiesChanged JobEnded "), "%s", heard.what->str);
        g_autofree char *state = get_string(here.bus, heard.job, CR_JOB_INTERFACE, "State");
        ck_assert_str_eq(state, "completed");
        g_string_free(heard.what, TRUE);
        g_free(heard.job);
}
END_TEST

/* The names of what changed in the collection, first of all. */
static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        char **first = userdata;
        GString *names = g_string_new(NULL);
        const char *name;

        ck_assert_int_ge(sd_bus_message_skip(m, "s"), 0);
        ck_assert_int_ge(sd_bus_message_enter_container(m, 'a', "{sv}"), 0);
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                ck_assert_int_ge(sd_bus_message_read(m, "s", &name), 0);
                g_string_append_printf(names, "%s ", name);
                ck_assert_int_ge(sd_bus_message_skip(m, "v"), 0);
                ck_assert_int_ge(sd_bus_message_exit_container(m), 0);
        }
        if (!*first)
                *first = g_string_free(names, FALSE);
        else
                g_string_free(names, TRUE);
        return 0;
}

static gboolean has_changed(gpointer data)
{
        while (sd_bus_process(here.bus, NULL) > 0)
                ;
        return *(char **)data != NULL;
}

START_TEST(only_what_changed_is_signalled)
{
        g_autofree char *changed = NULL, *job = NULL;

        ck_assert_int_ge(
                sd_bus_match_signal(here.bus, NULL, CR_BUS_NAME, shop, "org.freedesktop.DBus.Properties",
                        "PropertiesChanged", on_changed, &changed),
                0);
        job = manager_path(here.bus, "ReplicateNow", "o", shop);
        wait_until(has_changed, &changed, "the collection has changed");
        ck_assert_str_eq(changed, "CurrentJob ");
        ck_assert_uint_eq(wait_job(here.bus, job), 0);
}
END_TEST

START_TEST(a_finished_job_answers_at_once_and_after_a_restart)
{
        g_autofree char *job = manager_path(here.bus, "ReplicateNow", "o", shop);

        ck_assert_uint_eq(wait_job(here.bus, job), 0);
        ck_assert_uint_eq(wait_job(here.bus, job), 0);
        site_stop(&here);
        site_run(&here);
        ck_assert_uint_eq(wait_job(here.bus, job), 0);
        g_autofree char *next = manager_path(here.bus, "ReplicateNow", "o", shop);
        ck_assert_str_ne(next, job);
        ck_assert_uint_eq(wait_job(here.bus, next), 0);
}
END_TEST

/* ---- while it runs ---- */

/* A replication that is held before it has sent anything. */
static char *held_job(sd_bus *bus, pid_t *ret_worker)
{
        char *job;

        site_order(&here, "send.begun", "stop");
        job = manager_path(bus, "ReplicateNow", "o", shop);
        *ret_worker = site_wait_stopped(&here);
        return job;
}

START_TEST(a_job_holds_its_collection)
{
        pid_t worker;
        g_autofree char *job = held_job(here.bus, &worker);
        g_autofree char *current = get_string(here.bus, shop, CR_COLLECTION_INTERFACE, "CurrentJob");
        g_autofree char *state = get_string(here.bus, job, CR_JOB_INTERFACE, "State");
        g_autofree char *other = site_define(&here, "other");

        ck_assert_str_eq(current, job);
        ck_assert_str_eq(state, "running");
        manager_fails("InUse", "ReplicateNow", here.bus, "ReplicateNow", "o", shop);
        manager_fails("InUse", job, here.bus, "DestroyCollection", "oa{sv}", shop, 0);
        manager_fails("InvalidState", "", here.bus, "ReplicateNow", "o", other);
        ck_assert_int_eq(kill(worker, SIGCONT), 0);
        ck_assert_uint_eq(wait_job(here.bus, job), 0);
        g_autofree char *idle = get_string(here.bus, shop, CR_COLLECTION_INTERFACE, "CurrentJob");
        ck_assert_str_eq(idle, "/");
}
END_TEST

static int count_error(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        guint *n = userdata;

        if (sd_bus_message_is_method_error(m, ERROR_NAME("OutOfMemory")))
                n[0]++;
        else if (!sd_bus_message_is_method_error(m, NULL))
                n[1]++;
        return 0;
}

typedef struct Counted {
        sd_bus *bus;
        guint n[2]; /* refused, answered */
        guint wanted[2];
} Counted;

static gboolean is_counted(gpointer data)
{
        Counted *counted = data;

        while (sd_bus_process(counted->bus, NULL) > 0)
                ;
        return counted->n[0] >= counted->wanted[0] && counted->n[1] >= counted->wanted[1];
}

START_TEST(a_caller_waits_64_times_at_most)
{
        pid_t worker;
        g_autofree char *job = held_job(here.bus, &worker);
        Counted counted = {site_connect(&here, "crtest-nobody"), {0, 0}, {6, 0}};

        for (guint i = 0; i < 70; i++)
                ck_assert_int_ge(sd_bus_call_method_async(counted.bus, NULL, CR_BUS_NAME, job,
                                         CR_JOB_INTERFACE, "Wait", count_error, counted.n, NULL),
                        0);
        wait_until(is_counted, &counted, "six waits are refused");
        ck_assert_uint_eq(counted.n[1], 0);
        ck_assert_int_eq(kill(worker, SIGCONT), 0);
        /* Somebody else's is not counted. */
        ck_assert_uint_eq(wait_job(here.bus, job), 0);
        counted.wanted[1] = 64;
        wait_until(is_counted, &counted, "the others are answered");
        ck_assert_uint_eq(counted.n[0], 6);
        ck_assert_uint_eq(counted.n[1], 64);
        sd_bus_flush_close_unref(counted.bus);
}
END_TEST

START_TEST(its_owner_cancels_and_a_stranger_does_not)
{
        g_autoptr(sd_bus) operator= site_connect(&here, "crtest-operator"),
                          nobody = site_connect(&here, "crtest-nobody");
        pid_t worker;
        g_autofree char *job = held_job(operator, & worker);
        g_autofree char *name = NULL, *state = NULL, *role = NULL;

        call_fails(SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, "Cancel", nobody, job, CR_JOB_INTERFACE,
                "Cancel", NULL);
        sd_bus_message_unref(call(operator, job, CR_JOB_INTERFACE, "Cancel", NULL));
        sd_bus_message_unref(call(operator, job, CR_JOB_INTERFACE, "Cancel", NULL));
        ck_assert_int_eq(kill(worker, SIGCONT), 0);
        ck_assert_uint_eq(wait_job(operator, job), 32768);
        name = get_string(here.bus, job, CR_JOB_INTERFACE, "ErrorName");
        state = get_string(here.bus, job, CR_JOB_INTERFACE, "State");
        ck_assert_str_eq(name, ERROR_NAME("Cancelled"));
        ck_assert_str_eq(state, "cancelled");
        sd_bus_message_unref(call(operator, job, CR_JOB_INTERFACE, "Cancel", NULL));
        role = get_string(here.bus, shop, CR_COLLECTION_INTERFACE, "Role");
        ck_assert_str_eq(role, "primary");
        g_autofree char *again = manager_path(here.bus, "ReplicateNow", "o", shop);
        ck_assert_uint_eq(wait_job(here.bus, again), 0);
        call_fails(ERROR_NAME("InvalidState"), "ended already", here.bus, again, CR_JOB_INTERFACE, "Cancel",
                NULL);
}
END_TEST

/* ---- slots ---- */

static gboolean is_running(gpointer data)
{
        g_autofree char *state = get_string(here.bus, data, CR_JOB_INTERFACE, "State");

        return strcmp(state, "queued") != 0;
}

START_TEST(a_job_without_a_slot_is_queued)
{
        g_autofree char *config = g_strdup_printf("%s/conf", here.directory), *text = NULL, *more = NULL;
        g_autofree char *second = sites_replicate(&here, &there, "second");
        pid_t worker;

        ck_assert(g_file_get_contents(config, &text, NULL, NULL));
        more = g_strconcat(text, "MaxJobs=1\n", NULL);
        ck_assert(g_file_set_contents(config, more, -1, NULL));
        site_stop(&here);
        site_run(&here);
        g_autofree char *held = held_job(here.bus, &worker);
        g_autofree char *queued = manager_path(here.bus, "ReplicateNow", "o", second);
        g_autofree char *state = get_string(here.bus, queued, CR_JOB_INTERFACE, "State");
        ck_assert_str_eq(state, "queued");
        g_autofree char *third = site_define(&here, "third");
        g_autofree char *cancelled = manager_path(here.bus, "DestroyCollection", "oa{sv}", third, 0);
        sd_bus_message_unref(call(here.bus, cancelled, CR_JOB_INTERFACE, "Cancel", NULL));
        ck_assert_uint_eq(wait_job(here.bus, cancelled), 32768);
        ck_assert_int_eq(kill(worker, SIGCONT), 0);
        wait_until(is_running, queued, "the queued job has a slot");
        ck_assert_uint_eq(wait_job(here.bus, held), 0);
        ck_assert_uint_eq(wait_job(here.bus, queued), 0);
        ck_assert(exists(here.bus, third, CR_COLLECTION_INTERFACE));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_job_is_told_in_order, only_what_changed_is_signalled,
                a_finished_job_answers_at_once_and_after_a_restart, a_job_holds_its_collection,
                a_caller_waits_64_times_at_most, its_owner_cancels_and_a_stranger_does_not,
                a_job_without_a_slot_is_queued, NULL};

        return run_bus_tests("jobs", tests, set_up, tear_down);
}
