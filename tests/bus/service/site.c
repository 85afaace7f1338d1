/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bus/service/site.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALL_USEC (UINT64_C(60) * G_USEC_PER_SEC)
#define PATIENCE_USEC (120 * G_USEC_PER_SEC)

static char *in(const Site *site, const char *name)
{
        return g_build_filename(site->directory, name, NULL);
}

static void make_folders(const Site *site)
{
        static const char *const names[] = {"images", "replicas", "exports", "state", "failpoints"};

        for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *path = in(site, names[i]);

                ck_assert_int_eq(g_mkdir_with_parents(path, 0755), 0);
        }
}

void site_prepare(Site *site, guint n, const char *more)
{
        g_autofree char *variable = g_strdup_printf("BUS%u", n);
        g_autofree char *template = g_strdup_printf("%s/site-%u-XXXXXX", g_getenv("PRIVATE_BUS_DIR"), n);
        g_autofree char *config = NULL, *text = NULL;

        *site = (Site){
                .n = n, .address = g_strdup(g_getenv(variable)), .directory = g_steal_pointer(&template)};
        ck_assert_ptr_nonnull(g_mkdtemp(site->directory));
        make_folders(site);
        config = in(site, "conf");
        text = g_strdup_printf("[Service]\nImageDirectories=%s/images\nReplicaDirectory=%s/"
                               "replicas\nExportDirectories=%s/exports\n%s\n",
                site->directory, site->directory, site->directory, more ? more : "");
        ck_assert(g_file_set_contents(config, text, -1, NULL));
}

static void exec_daemon(const Site *site)
{
        g_autofree char *config = g_strdup_printf("--config=%s/conf", site->directory);
        g_autofree char *state = g_strdup_printf("--state-directory=%s/state", site->directory);
        g_autofree char *runtime = g_strdup_printf("--runtime-directory=%s/run", site->directory);
        g_autofree char *failpoints = in(site, "failpoints");

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        g_setenv("DBUS_SYSTEM_BUS_ADDRESS", site->address, TRUE);
        g_setenv("COLLECTION_REPLICATION_FAILPOINTS", failpoints, TRUE);
        execl(g_getenv("SERVICE_DAEMON"), "collection-replicationd", config, state, runtime, NULL);
        _exit(127);
}

static gboolean has_name(gpointer data)
{
        g_autoptr(sd_bus_message) reply = NULL;
        const Site *site = data;
        int owned = 0;

        ck_assert_msg(waitpid(site->pid, NULL, WNOHANG) == 0, "the daemon ended while it was starting");
        ck_assert_int_ge(sd_bus_call_method(site->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                 "org.freedesktop.DBus", "NameHasOwner", NULL, &reply, "s", CR_BUS_NAME),
                0);
        ck_assert_int_ge(sd_bus_message_read(reply, "b", &owned), 0);
        return owned;
}

void site_run(Site *site)
{
        site->pid = fork();
        ck_assert_int_ge(site->pid, 0);
        if (site->pid == 0)
                exec_daemon(site);
        if (!site->bus)
                site->bus = site_connect(site, NULL);
        wait_until(has_name, site, "the daemon has its name");
}

void site_start(Site *site, guint n, const char *more)
{
        site_prepare(site, n, more);
        site_run(site);
}

void site_stop(Site *site)
{
        int status;

        ck_assert_int_eq(kill(site->pid, SIGTERM), 0);
        ck_assert_int_eq(waitpid(site->pid, &status, 0), site->pid);
        site->pid = 0;
        ck_assert_msg(
                WIFEXITED(status) && WEXITSTATUS(status) == 0, "the daemon ended with status %x", status);
}

void site_kill(Site *site)
{
        ck_assert_int_eq(kill(site->pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(site->pid, NULL, 0), site->pid);
        site->pid = 0;
}

void site_clear(Site *site)
{
        char *arguments[] = {"rm", "-rf", site->directory, NULL};

        if (site->pid)
                site_stop(site);
        site->bus = sd_bus_flush_close_unref(site->bus);
        ck_assert(
                g_spawn_sync(NULL, arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
        g_free(site->directory);
        g_free(site->address);
        *site = (Site){0};
}

sd_bus *site_connect(const Site *site, const char *user)
{
        const struct passwd *pw = user ? getpwnam(user) : NULL;
        sd_bus *bus;

        ck_assert_int_ge(sd_bus_new(&bus), 0);
        ck_assert_int_ge(sd_bus_set_address(bus, site->address), 0);
        ck_assert_int_ge(sd_bus_set_bus_client(bus, TRUE), 0);
        /* The socket's other end sees who connects. */
        if (pw)
                ck_assert_int_eq(seteuid(pw->pw_uid), 0);
        ck_assert_int_ge(sd_bus_start(bus), 0);
        ck_assert_int_ge(sd_bus_get_unique_name(bus, &(const char *){NULL}), 0);
        ck_assert_int_eq(seteuid(0), 0);
        ck_assert_int_ge(sd_bus_set_method_call_timeout(bus, CALL_USEC), 0);
        return bus;
}

char *site_image(const Site *site, const char *name)
{
        char *path = g_strdup_printf("%s/images/%s.qcow2", site->directory, name);
        char *arguments[] = {"qemu-img", "create", "-q", "-f", "qcow2", path, "8M", NULL};
        g_autoptr(GError) error = NULL;
        int status = -1;

        ck_assert_msg(g_spawn_sync(NULL, arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                              &status, &error),
                "%s", error ? error->message : "");
        ck_assert_int_eq(status, 0);
        return path;
}

char *site_define(Site *site, const char *name)
{
        g_autofree char *image = site_image(site, name);

        return manager_path(site->bus, "DefineCollection", "sa(ss)a{sv}", name, 1, "root", image, 0);
}

char *sites_replicate(Site *from, Site *to, const char *name)
{
        char *path = site_define(from, name);
        g_autofree char *relate = manager_path(from->bus, "CreateReplicationRelationship", "oa{sv}", path, 2,
                "RecoveryConnectionPoint", "s", to->address, "PrimaryConnectionPoint", "s", from->address);
        g_autofree char *start = NULL;

        ck_assert_uint_eq(wait_job(from->bus, relate), 0);
        start = manager_path(from->bus, "StartReplication", "oqst", path, 1, "", UINT64_C(0));
        ck_assert_uint_eq(wait_job(from->bus, start), 0);
        return path;
}

void site_order(const Site *site, const char *failpoint, const char *what)
{
        g_autofree char *path = g_strdup_printf("%s/failpoints/%s.%s", site->directory, failpoint, what);

        ck_assert(g_file_set_contents(path, "", 0, NULL));
}

GArray *site_workers(const Site *site)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/task/%d/children", (int)site->pid, (int)site->pid);
        GArray *pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
        g_autofree char *text = NULL;
        g_auto(GStrv) words = NULL;

        if (!g_file_get_contents(path, &text, NULL, NULL))
                return pids;
        words = g_strsplit(g_strstrip(text), " ", -1);
        for (char **word = words; *word && **word; word++) {
                pid_t pid = atoi(*word);

                g_array_append_val(pids, pid);
        }
        return pids;
}

static gboolean is_stopped(pid_t pid)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
        g_autofree char *text = NULL;

        return g_file_get_contents(path, &text, NULL, NULL) && strstr(text, ") T ");
}

typedef struct Stopped {
        const Site *site;
        pid_t pid;
} Stopped;

static gboolean find_stopped(gpointer data)
{
        Stopped *stopped = data;
        g_autoptr(GArray) pids = site_workers(stopped->site);

        for (guint i = 0; i < pids->len; i++)
                if (is_stopped(g_array_index(pids, pid_t, i)))
                        stopped->pid = g_array_index(pids, pid_t, i);
        return stopped->pid != 0;
}

pid_t site_wait_stopped(const Site *site)
{
        Stopped stopped = {site, 0};

        wait_until(find_stopped, &stopped, "a worker stops at its failpoint");
        return stopped.pid;
}

static int call_v(sd_bus *bus, const char *path, const char *interface, const char *member,
        sd_bus_error *error, sd_bus_message **reply, const char *types, va_list arguments)
{
        g_autoptr(sd_bus_message) m = NULL;

        ck_assert_int_ge(sd_bus_message_new_method_call(bus, &m, CR_BUS_NAME, path, interface, member), 0);
        if (types)
                ck_assert_int_ge(sd_bus_message_appendv(m, types, arguments), 0);
        return sd_bus_call(bus, m, CALL_USEC, error, reply);
}

sd_bus_message *call(
        sd_bus *bus, const char *path, const char *interface, const char *member, const char *types, ...)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;
        va_list arguments;
        int r;

        va_start(arguments, types);
        r = call_v(bus, path, interface, member, &error, &reply, types, arguments);
        va_end(arguments);
        ck_assert_msg(r >= 0, "%s: %s: %s", member, error.name ? error.name : "",
                error.message ? error.message : strerror(-r));
        return reply;
}

void call_fails(const char *wanted, const char *words, sd_bus *bus, const char *path, const char *interface,
        const char *member, const char *types, ...)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autoptr(sd_bus_message) reply = NULL;
        va_list arguments;
        int r;

        va_start(arguments, types);
        r = call_v(bus, path, interface, member, &error, &reply, types, arguments);
        va_end(arguments);
        ck_assert_msg(r < 0, "%s succeeded, which should fail with %s", member, wanted);
        ck_assert_msg(error.name && strcmp(error.name, wanted) == 0, "%s: %s (%s), not %s", member,
                error.name, error.message, wanted);
        ck_assert_msg(strstr(error.message, words) != NULL, "%s: '%s' does not say '%s'", member,
                error.message, words);
        sd_bus_error_free(&error);
}

char *call_path(
        sd_bus *bus, const char *path, const char *interface, const char *member, const char *types, ...)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autoptr(sd_bus_message) reply = NULL;
        const char *result;
        va_list arguments;
        int r;

        va_start(arguments, types);
        r = call_v(bus, path, interface, member, &error, &reply, types, arguments);
        va_end(arguments);
        ck_assert_msg(r >= 0, "%s: %s: %s", member, error.name ? error.name : "",
                error.message ? error.message : strerror(-r));
        ck_assert_int_ge(sd_bus_message_read(reply, "o", &result), 0);
        return g_strdup(result);
}

guint wait_job(sd_bus *bus, const char *job)
{
        g_autoptr(sd_bus_message) reply = call(bus, job, CR_JOB_INTERFACE, "Wait", NULL);
        const char *name, *message;
        guint32 value;

        ck_assert_int_ge(sd_bus_message_read(reply, "uss", &value, &name, &message), 0);
        return value;
}

char *get_string(sd_bus *bus, const char *path, const char *interface, const char *property)
{
        g_autoptr(sd_bus_message) reply =
                call(bus, path, "org.freedesktop.DBus.Properties", "Get", "ss", interface, property);
        const char *contents, *value;
        char type;

        ck_assert_int_ge(sd_bus_message_peek_type(reply, &type, &contents), 0);
        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'v', contents), 0);
        ck_assert_int_ge(sd_bus_message_read_basic(reply, *contents, &value), 0);
        return g_strdup(value);
}

gboolean exists(sd_bus *bus, const char *path, const char *interface)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autoptr(sd_bus_message) reply = NULL;
        int r = sd_bus_call_method(bus, CR_BUS_NAME, path, "org.freedesktop.DBus.Properties", "GetAll",
                &error, &reply, "s", interface);

        if (r < 0)
                ck_assert_str_eq(error.name, SD_BUS_ERROR_UNKNOWN_OBJECT);
        sd_bus_error_free(&error);
        return r >= 0;
}

void wait_until(gboolean (*function)(gpointer), gpointer data, const char *what)
{
        gint64 end = g_get_monotonic_time() + PATIENCE_USEC;

        while (!function(data)) {
                ck_assert_msg(g_get_monotonic_time() < end, "waited in vain until %s", what);
                g_usleep(10000);
        }
}

int run_bus_tests(const char *name, const TTest *const *tests, SFun setup, SFun teardown)
{
        Suite *suite = suite_create(name);
        TCase *all = tcase_create(name);
        SRunner *runner;
        int n_failed;

        tcase_set_timeout(all, 0); /* meson's counts */
        tcase_add_checked_fixture(all, setup, teardown);
        for (const TTest *const *test = tests; *test; test++)
                tcase_add_test(all, *test);
        suite_add_tcase(suite, all);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
