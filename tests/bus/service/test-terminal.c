/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A person at a terminal without a desktop: collectionctl lets polkit's own agent ask for the password. */
#include "tests/bus/service/site.h"

#include <poll.h>
#include <pty.h>
#include <pwd.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define PATIENCE_MS 120000

/* openssl passwd -5 -salt crtestsalt 'right horse': root's, who is polkit's administrator where no rule names
 * another, for the time and in the mount namespace of this test. */
#define SHADOW "root:$5$crtestsalt$KsqgdbYE0ZQHK3t60Y2rda.Dnt/PL4JlrgNc/aYLU7.:19000:0:99999:7:::\n"
#define PASSWORD "right horse\n"

typedef struct Terminal {
        int fd; /* the person's end */
        pid_t pid;
        GString *shown;
} Terminal;

static Site site;
static char *shop, *program;

static char *shared_path(const char *name)
{
        return g_build_filename(g_getenv("PRIVATE_BUS_DIR"), name, NULL);
}

static void give_root_a_password(void)
{
        g_autofree char *path = shared_path("shadow");

        ck_assert(g_file_set_contents_full(path, SHADOW, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
        ck_assert_int_eq(mount(path, "/etc/shadow", NULL, MS_BIND, NULL), 0);
}

/* The build folder may lie where the person can't look. */
static char *reachable_program(void)
{
        char *path = shared_path("collectionctl");
        g_autofree char *contents = NULL;
        gsize length;

        ck_assert(g_file_get_contents(g_getenv("COLLECTIONCTL"), &contents, &length, NULL));
        ck_assert(g_file_set_contents_full(
                path, contents, (gssize)length, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
        ck_assert_int_eq(chmod(path, 0755), 0); /* whatever the umask */
        return path;
}

static void set_up(void)
{
        give_root_a_password();
        program = reachable_program();
        site_start(&site, 1, NULL);
        shop = site_define(&site, "shop");
}

static void tear_down(void)
{
        site_clear(&site);
        g_clear_pointer(&shop, g_free);
        g_clear_pointer(&program, g_free);
        ck_assert_int_eq(umount("/etc/shadow"), 0);
}

static void become(const char *user)
{
        const struct passwd *pw = getpwnam(user);

        if (!pw || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
                setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
                _exit(126);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* Destroys the collection, from a terminal of its own. */
static void terminal_open(Terminal *terminal, const char *option)
{
        g_autofree char *address = g_strconcat("--address=", site.address, NULL);

        *terminal = (Terminal){.shown = g_string_new(NULL)};
        terminal->pid = forkpty(&terminal->fd, NULL, NULL, NULL);
        ck_assert_int_ge(terminal->pid, 0);
        if (terminal->pid == 0) {
                become("crtest-nobody");
                g_unsetenv("LANG"); /* not even that */
                execl(program, "collectionctl", address, "destroy", "shop", option, NULL);
                _exit(127);
        }
}

/* FALSE: nobody will write any more. */
static gboolean read_some(Terminal *terminal)
{
        struct pollfd readable = {.fd = terminal->fd, .events = POLLIN};
        char buffer[1024];
        gssize n;

        ck_assert_msg(poll(&readable, 1, PATIENCE_MS) > 0, "nothing came after: %s", terminal->shown->str);
        n = read(terminal->fd, buffer, sizeof buffer);
        if (n <= 0)
                return FALSE;
        g_string_append_len(terminal->shown, buffer, n);
        return TRUE;
}

static void await_text(Terminal *terminal, const char *text)
{
        while (!strstr(terminal->shown->str, text))
                ck_assert_msg(read_some(terminal), "not '%s', but: %s", text, terminal->shown->str);
}

static gboolean hides_what_is_typed(gpointer data)
{
        const Terminal *terminal = data;
        struct termios settings;

        ck_assert_int_eq(tcgetattr(terminal->fd, &settings), 0);
        return !(settings.c_lflag & ECHO);
}

static void answer_prompt(Terminal *terminal, const char *password)
{
        await_text(terminal, "Password:");
        /* What is typed before is thrown away. */
        wait_until(hides_what_is_typed, terminal, "the password is not shown");
        ck_assert_int_eq(write(terminal->fd, password, strlen(password)), (gssize)strlen(password));
}

/* The rest of what it shows, and its exit status. */
static int terminal_close(Terminal *terminal)
{
        int status;

        while (read_some(terminal))
                ;
        ck_assert_int_eq(waitpid(terminal->pid, &status, 0), terminal->pid);
        close(terminal->fd);
        ck_assert_msg(WIFEXITED(status), "it ended with status %x: %s", status, terminal->shown->str);
        return WEXITSTATUS(status);
}

static void terminal_clear(Terminal *terminal)
{
        g_string_free(terminal->shown, TRUE);
}

START_TEST(the_right_password_authorizes)
{
        Terminal terminal;

        terminal_open(&terminal, NULL);
        answer_prompt(&terminal, PASSWORD);
        ck_assert_msg(terminal_close(&terminal) == 0, "%s", terminal.shown->str);
        ck_assert_ptr_nonnull(
                strstr(terminal.shown->str, "AUTHENTICATING FOR org.example.CollectionReplication.manage"));
        ck_assert_ptr_nonnull(strstr(terminal.shown->str, "shop"));
        ck_assert_ptr_null(strstr(terminal.shown->str, "right horse"));
        ck_assert(!exists(site.bus, shop, CR_COLLECTION_INTERFACE));
        terminal_clear(&terminal);
}
END_TEST

START_TEST(a_wrong_password_does_not)
{
        Terminal terminal;

        terminal_open(&terminal, NULL);
        answer_prompt(&terminal, "wrong\n");
        ck_assert_msg(terminal_close(&terminal) == 1, "%s", terminal.shown->str);
        ck_assert_ptr_nonnull(strstr(terminal.shown->str, "AUTHENTICATION FAILED"));
        ck_assert_ptr_nonnull(strstr(terminal.shown->str, "(32769 AccessDenied)"));
        ck_assert(exists(site.bus, shop, CR_COLLECTION_INTERFACE));
        terminal_clear(&terminal);
}
END_TEST

START_TEST(nobody_is_asked_who_does_not_want_to_be)
{
        Terminal terminal;

        terminal_open(&terminal, "--no-ask-password");
        ck_assert_msg(terminal_close(&terminal) == 1, "%s", terminal.shown->str);
        ck_assert_ptr_null(strstr(terminal.shown->str, "Password:"));
        ck_assert_msg(strstr(terminal.shown->str, "authentication is needed") != NULL, "it says: %s",
                terminal.shown->str);
        ck_assert(exists(site.bus, shop, CR_COLLECTION_INTERFACE));
        terminal_clear(&terminal);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {the_right_password_authorizes, a_wrong_password_does_not,
                nobody_is_asked_who_does_not_want_to_be, NULL};

        return run_bus_tests("terminal", tests, set_up, tear_down);
}
