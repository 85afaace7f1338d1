/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What answers at a machine's socket may be anything: it is understood, or refused in time. */
#include "engines/qcow2/qmp.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "engines/qcow2/machine.h"
#include "run.h"

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"
#define AGREED "{\"return\": {}}\r\n"

/* Long enough for an answer that comes, on a slow machine; a test of silence gives less. */
#define PATIENCE_MS 30000
#define SHORT_MS 300

static char *folder, *path;
static CrConfig *config;
static pid_t server;

/* ---- a machine that says what it is told to, whatever it is asked ---- */

typedef struct Script {
        const char *first;   /* at once */
        const char *answers; /* one line to each that comes; after the last one it says nothing more */
        const char *endless; /* then this, for ever; NULL: nothing */
        gboolean closes;     /* then it goes */
} Script;

static void say(int fd, const char *text)
{
        gsize length = strlen(text);

        while (length > 0) {
                ssize_t n = send(fd, text, length, MSG_NOSIGNAL);

                if (n < 0)
                        _exit(0);
                text += n;
                length -= (gsize)n;
        }
}

/* Passes over the next line that is asked; FALSE when nobody is there any more. */
static gboolean listen_to(int fd)
{
        char c;

        while (read(fd, &c, 1) == 1)
                if (c == '\n')
                        return TRUE;
        return FALSE;
}

static void serve(int listener, const Script *script)
{
        int fd = accept(listener, NULL, NULL);
        g_auto(GStrv) answers = g_strsplit(script->answers ? script->answers : "", "\n", -1);

        say(fd, script->first ? script->first : "");
        for (char **answer = answers; *answer && **answer; answer++) {
                g_autofree char *line = g_strconcat(*answer, "\n", NULL);

                if (!listen_to(fd))
                        _exit(0);
                say(fd, line);
        }
        while (script->endless)
                say(fd, script->endless);
        if (!script->closes)
                pause();
        _exit(0);
}

static int bind_socket(void)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        g_strlcpy(address.sun_path, path, sizeof address.sun_path);
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
        return fd;
}

static void start(const Script *script)
{
        int fd = bind_socket();

        ck_assert_int_eq(listen(fd, 1), 0);
        server = fork();
        if (server == 0)
                serve(fd, script);
        close(fd);
}

static CrQmp *open_within(guint ms, GError **error)
{
        return cr_qmp_open(config, path, g_get_monotonic_time() + ms * 1000ll, error);
}

static void expect(const GError *error, CrError code, const char *words)
{
        ck_assert_msg(g_error_matches(error, CR_ERROR, (int)code), "%s", error ? error->message : "no error");
        ck_assert_msg(strstr(error->message, words) != NULL, "'%s' lacks '%s'", error->message, words);
        ck_assert_msg(strstr(error->message, path) != NULL, "'%s' does not name the machine", error->message);
}

static void set_up(void)
{
        char *directories[] = {NULL, NULL};

        folder = g_dir_make_tmp("cr-qmp-XXXXXX", NULL);
        path = g_build_filename(folder, "socket", NULL);
        directories[0] = folder;
        config = g_new0(CrConfig, 1);
        config->machine_directories = g_strdupv(directories);
}

static void tear_down(void)
{
        if (server > 0) {
                kill(server, SIGKILL);
                waitpid(server, NULL, 0);
        }
        g_unlink(path);
        g_rmdir(folder);
        g_clear_pointer(&config, cr_config_free);
        g_clear_pointer(&path, g_free);
        g_clear_pointer(&folder, g_free);
}

/* ---- tests ---- */

START_TEST(a_machine_is_asked)
{
        const Script script = {
                GREETING AGREED "{\"event\": \"STOP\"}\r\n", "{}\r\n{\"return\": {\"running\": true}}\r\n"};
        g_autoptr(GError) error = NULL;
        g_autoptr(CrQmp) qmp = NULL;
        gboolean runs = FALSE;

        start(&script);
        qmp = open_within(PATIENCE_MS, &error);
        ck_assert_msg(qmp != NULL, "%s", error ? error->message : "");
        ck_assert_msg(cr_machine_runs(qmp, &runs, &error), "%s", error ? error->message : "");
        ck_assert(runs);
}
END_TEST

START_TEST(what_it_refuses_is_told_in_its_words)
{
        const Script script = {GREETING,
                AGREED "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such node\"}}\r\n"};
        g_autoptr(GError) error = NULL;
        g_autoptr(CrQmp) qmp = NULL;

        start(&script);
        qmp = open_within(PATIENCE_MS, NULL);
        ck_assert(!cr_qmp_do(qmp, "blockdev-add", NULL, &error));
        expect(error, CR_ERROR_FAILED, "refuses blockdev-add: no such node");
}
END_TEST

static const char *const odd_answers[] = {
        "{\"error\": 7}", "{\"error\": {\"desc\": []}}", "{\"error\": null}"};

START_TEST(an_odd_refusal_is_one)
{
        g_autofree char *answers = g_strconcat(AGREED, odd_answers[_i], "\r\n", NULL);
        const Script script = {GREETING, answers};
        g_autoptr(GError) error = NULL;
        g_autoptr(CrQmp) qmp = NULL;

        start(&script);
        qmp = open_within(PATIENCE_MS, NULL);
        ck_assert(!cr_qmp_do(qmp, "stop", NULL, &error));
        expect(error, CR_ERROR_FAILED, "refuses stop");
}
END_TEST

/* Whatever it says that it has open, nothing is believed that is not of the type that it should be. */
static const char *const odd_graphs[] = {
        "{\"return\": 7}\r\n{\"return\": []}\r\n",
        "{\"return\": [7, null, {}, {\"node-name\": 1, \"file\": []}]}\r\n{\"return\": {\"nodes\": {}, "
        "\"edges\": 1}}\r\n",
        "{\"return\": [{\"node-name\": \"a\", \"drv\": \"qcow2\", \"cache\": 1}, {\"node-name\": \"b\", "
        "\"drv\": \"file\"}]}\r\n"
        "{\"return\": {\"nodes\": [{\"id\": \"1\", \"name\": \"a\"}, {\"id\": 2}, 3], \"edges\": [[], "
        "{\"parent\": 1, \"child\": "
        "1.5, \"name\": \"file\"}]}}\r\n",
};

START_TEST(an_odd_graph_has_no_image)
{
        g_autofree char *answers = g_strconcat(AGREED, odd_graphs[_i], NULL);
        const Script script = {GREETING, answers};
        g_autoptr(GError) error = NULL;
        g_autoptr(CrQmp) qmp = NULL;
        g_autoptr(GPtrArray) images = NULL;

        start(&script);
        qmp = open_within(PATIENCE_MS, NULL);
        images = cr_machine_images(qmp, &error);
        ck_assert_msg(images != NULL, "%s", error ? error->message : "");
        ck_assert_uint_eq(images->len, 0);
}
END_TEST

typedef struct Hostile {
        Script script;
        CrError code;
        const char *words;
} Hostile;

static const Hostile hostiles[] = {
        {{.first = "SSH-2.0-OpenSSH_9.2\r\n"}, CR_ERROR_FAILED, "does not speak QMP"},
        {{.first = "{\"hello\": 1}\n"}, CR_ERROR_FAILED, "does not greet"},
        {{.first = "[]\n"}, CR_ERROR_FAILED, "does not speak QMP"},
        {{.first = "\n"}, CR_ERROR_FAILED, "does not speak QMP"},
        {{.first = "{\"QMP\": \"\377\"}\n"}, CR_ERROR_FAILED, "UTF-8"},
        {{.first = "{\"QMP\": \"\\ud800\"}\n"}, CR_ERROR_FAILED, "escape"},
        {{.first = "{\"QMP\": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n"}, CR_ERROR_FAILED,
                "nested"},
        {{.closes = TRUE}, CR_ERROR_NOT_AVAILABLE, "has gone"},
        {{.first = GREETING, .closes = TRUE}, CR_ERROR_NOT_AVAILABLE, "has gone"},
        {{.endless = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}, CR_ERROR_FAILED,
                "a line without an end"},
        {{.first = GREETING, .endless = "{\"event\": \"RESET\"}\r\n"}, CR_ERROR_FAILED,
                "events without an end"},
};

START_TEST(a_hostile_machine_is_refused)
{
        const Hostile *hostile = &hostiles[_i];
        g_autoptr(GError) error = NULL;

        start(&hostile->script);
        ck_assert_ptr_null(open_within(PATIENCE_MS, &error));
        expect(error, hostile->code, hostile->words);
}
END_TEST

static const Script silences[] = {{.first = NULL}, {.first = "{\"QMP\""}, {.first = GREETING}};

START_TEST(a_silent_machine_is_given_up)
{
        gint64 began = g_get_monotonic_time();
        g_autoptr(GError) error = NULL;

        start(&silences[_i]);
        ck_assert_ptr_null(open_within(SHORT_MS, &error));
        expect(error, CR_ERROR_TIMEOUT, "did not answer");
        ck_assert_int_ge(g_get_monotonic_time() - began, SHORT_MS * 1000);
}
END_TEST

START_TEST(a_machine_that_is_off_is_not_available)
{
        g_autoptr(GError) nothing = NULL, nobody = NULL;

        ck_assert_ptr_null(open_within(PATIENCE_MS, &nothing));
        expect(nothing, CR_ERROR_NOT_AVAILABLE, "is off");
        close(bind_socket());
        ck_assert_ptr_null(open_within(PATIENCE_MS, &nobody));
        expect(nobody, CR_ERROR_NOT_AVAILABLE, "is off");
}
END_TEST

START_TEST(what_is_no_socket_is_refused)
{
        g_autoptr(GError) file = NULL, link = NULL;

        ck_assert(g_file_set_contents(path, "", -1, NULL));
        ck_assert(!cr_qmp_check(config, path, &file));
        expect(file, CR_ERROR_INVALID_PARAMETER, "not a socket");
        g_unlink(path);
        ck_assert_int_eq(symlink("/run/dbus/system_bus_socket", path), 0);
        ck_assert(!cr_qmp_check(config, path, &link));
        expect(link, CR_ERROR_INVALID_PARAMETER, "not a socket");
}
END_TEST

START_TEST(a_socket_elsewhere_is_refused)
{
        g_autofree char *outside = g_strconcat(folder, "-elsewhere/socket", NULL);
        g_autoptr(GError) error = NULL;

        ck_assert(cr_qmp_check(config, path, NULL)); /* nothing is there yet */
        ck_assert(!cr_qmp_check(config, outside, &error));
        ck_assert(g_error_matches(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER));
}
END_TEST

static TCase *whole_case(void)
{
        TCase *tcase = tcase_create("qmp");

        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_set_timeout(tcase, 120);
        tcase_add_test(tcase, a_machine_is_asked);
        tcase_add_test(tcase, what_it_refuses_is_told_in_its_words);
        tcase_add_loop_test(tcase, an_odd_refusal_is_one, 0, G_N_ELEMENTS(odd_answers));
        tcase_add_loop_test(tcase, an_odd_graph_has_no_image, 0, G_N_ELEMENTS(odd_graphs));
        tcase_add_loop_test(tcase, a_hostile_machine_is_refused, 0, G_N_ELEMENTS(hostiles));
        tcase_add_loop_test(tcase, a_silent_machine_is_given_up, 0, G_N_ELEMENTS(silences));
        tcase_add_test(tcase, a_machine_that_is_off_is_not_available);
        tcase_add_test(tcase, what_is_no_socket_is_refused);
        tcase_add_test(tcase, a_socket_elsewhere_is_refused);
        return tcase;
}

int main(void)
{
        Suite *suite = suite_create("machines");

        suite_add_tcase(suite, whole_case());
        return run_suite(suite);
}
