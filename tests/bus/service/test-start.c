/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the daemon starts, refuses to, and ends. */
#include "tests/bus/service/site.h"

#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

static Site site;

static void set_up(void)
{
        site_prepare(&site, 1, NULL);
}

static void tear_down(void)
{
        site_clear(&site);
}

/* Runs the daemon to its end; its output and exit status. */
static int run_daemon(char **ret_output, const char *argument, ...)
{
        g_autoptr(GPtrArray) arguments = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *output = NULL, *errors = NULL;
        const char *next = argument;
        va_list more;
        int status;

        g_ptr_array_add(arguments, g_strdup(g_getenv("SERVICE_DAEMON")));
        va_start(more, argument);
        for (; next; next = va_arg(more, const char *))
                g_ptr_array_add(arguments, g_strdup(next));
        va_end(more);
        g_ptr_array_add(arguments, NULL);
        ck_assert(g_spawn_sync(
                NULL, (char **)arguments->pdata, NULL, 0, NULL, NULL, &output, &errors, &status, NULL));
        *ret_output = g_strconcat(output, errors, NULL);
        ck_assert(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static int run_with_config(char **ret_output, const char *text)
{
        g_autofree char *config = g_strdup_printf("%s/conf", site.directory),
                        *option = g_strdup_printf("--config=%s", config);
        g_autofree char *state = g_strdup_printf("--state-directory=%s/state", site.directory);
        g_autofree char *runtime = g_strdup_printf("--runtime-directory=%s/run", site.directory);

        if (text)
                ck_assert(g_file_set_contents(config, text, -1, NULL));
        return run_daemon(ret_output, option, state, runtime, NULL);
}

START_TEST(a_bad_configuration_is_refused_by_group_and_key)
{
        g_autofree char *output = NULL;

        ck_assert_int_eq(run_with_config(&output, "[Service]\nMaxJobs=many\n"), 1);
        ck_assert_msg(strstr(output, "Service") && strstr(output, "MaxJobs"), "%s", output);
}
END_TEST

START_TEST(a_configuration_that_was_named_must_be_there)
{
        g_autofree char *output = NULL;

        ck_assert_int_eq(run_daemon(&output, "--config=/nowhere/at-all.conf", NULL), 1);
        ck_assert_msg(strstr(output, "/nowhere/at-all.conf") != NULL, "%s", output);
}
END_TEST

START_TEST(a_wrong_usage_is_one)
{
        g_autofree char *unknown = NULL, *superfluous = NULL, *version = NULL, *help = NULL;

        ck_assert_int_eq(run_daemon(&unknown, "--colour=red", NULL), 2);
        ck_assert_int_eq(run_daemon(&superfluous, "now", NULL), 2);
        ck_assert_int_eq(run_daemon(&version, "--version", NULL), 0);
        ck_assert_int_eq(run_daemon(&help, "--help", NULL), 0);
        ck_assert_ptr_nonnull(strstr(version, "collection-replicationd "));
        ck_assert_ptr_nonnull(strstr(help, "--state-directory"));
}
END_TEST

START_TEST(a_second_one_on_the_bus_is_refused)
{
        g_autofree char *output = NULL,
                        *second = g_strdup_printf("--state-directory=%s/second", site.directory);
        g_autofree char *runtime = g_strdup_printf("--runtime-directory=%s/second-run", site.directory);
        g_autofree char *config = g_strdup_printf("--config=%s/conf", site.directory);

        site_run(&site);
        g_setenv("DBUS_SYSTEM_BUS_ADDRESS", site.address, TRUE);
        ck_assert_int_eq(run_daemon(&output, config, second, runtime, NULL), 1);
        ck_assert_msg(strstr(output, "taken") != NULL, "%s", output);
        g_autofree char *version = get_string(site.bus, MANAGER, CR_MANAGER_INTERFACE, "Version");
        ck_assert_str_ne(version, "");
}
END_TEST

START_TEST(a_second_one_in_its_directories_is_refused)
{
        g_autofree char *output = NULL, *shop = NULL;

        site_run(&site);
        g_setenv("DBUS_SYSTEM_BUS_ADDRESS", site.address, TRUE);
        ck_assert_int_eq(run_with_config(&output, NULL), 1);
        ck_assert_msg(strstr(output, "/state is in use") != NULL, "%s", output);
        shop = site_define(&site, "shop"); /* its workers are heard as before */
        ck_assert(exists(site.bus, shop, CR_COLLECTION_INTERFACE));
}
END_TEST

START_TEST(without_a_bus_it_ends)
{
        g_autofree char *output = NULL;

        g_setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/at-all", TRUE);
        ck_assert_int_eq(run_with_config(&output, NULL), 1);
        ck_assert_msg(strstr(output, "bus") != NULL, "%s", output);
}
END_TEST

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        const sd_bus_error *error = sd_bus_message_get_error(m);

        *(char **)userdata = g_strdup(error ? error->name : "success");
        return 0;
}

static gboolean is_answered(gpointer data)
{
        while (sd_bus_process(site.bus, NULL) > 0)
                ;
        return *(char **)data != NULL;
}

/* A worker that hangs is in the way for no longer than it takes to kill it. */
START_TEST(who_waits_is_told_that_it_shuts_down)
{
        g_autofree char *shop = NULL, *job = NULL, *answer = NULL;

        site_run(&site);
        shop = site_define(&site, "shop");
        site_order(&site, "store.delete.after", "stop");
        job = manager_path(site.bus, "DestroyCollection", "oa{sv}", shop, 0);
        (void)site_wait_stopped(&site);
        ck_assert_int_ge(sd_bus_call_method_async(site.bus, NULL, CR_BUS_NAME, job, CR_JOB_INTERFACE, "Wait",
                                 on_reply, &answer, NULL),
                0);
        ck_assert_int_ge(sd_bus_flush(site.bus), 0);
        /* It has come in when a later call is answered. */
        g_autofree char *state = get_string(site.bus, job, CR_JOB_INTERFACE, "State");
        ck_assert_str_eq(state, "running");
        ck_assert_int_eq(kill(site.pid, SIGTERM), 0);
        wait_until(is_answered, &answer, "the wait is answered");
        ck_assert_str_eq(answer, ERROR_NAME("NotAvailable"));
        manager_fails("NotAvailable", "shutting down", site.bus, "CommitFailover", "o", shop);
        site_stop(&site);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_bad_configuration_is_refused_by_group_and_key,
                a_configuration_that_was_named_must_be_there, a_wrong_usage_is_one,
                a_second_one_on_the_bus_is_refused, a_second_one_in_its_directories_is_refused,
                without_a_bus_it_ends, who_waits_is_told_that_it_shuts_down, NULL};

        return run_bus_tests("start", tests, set_up, tear_down);
}
