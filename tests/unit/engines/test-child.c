/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tools as children: what they inherit, how they end, and what is told of it. */
#include "engines/qcow2/child.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"
#include "world.h"

static gboolean run_shell(const char *script, guint timeout_ms, char **ret_output, GError **error)
{
        const char *const argv[] = {"sh", "-c", script, NULL};
        const CrChildSpec spec = {.argv = argv, .timeout_ms = timeout_ms};

        return cr_child_run(&spec, ret_output, error);
}

START_TEST(tells_what_a_tool_wrote)
{
        g_autofree char *output = NULL;

        ck_assert(run_shell("echo one; sleep 0.1; echo two; echo noise >&2", 0, &output, NULL));
        ck_assert_str_eq(output, "one\ntwo\n");
}
END_TEST

START_TEST(takes_much_from_both_ends)
{
        g_autofree char *output = NULL;

        ck_assert(
                run_shell("head -c 300000 /dev/zero | tr '\\0' e >&2; head -c 300000 /dev/zero | tr '\\0' o",
                        0, &output, NULL));
        ck_assert_uint_eq(strlen(output), 300000);
}
END_TEST

START_TEST(tells_why_a_tool_failed)
{
        static const struct {
                const char *script, *what;
                CrError code;
        } cases[] = {
                {"echo first >&2; echo 'no such thing' >&2; exit 1", "no such thing", CR_ERROR_FAILED},
                {"echo 'Failed to get \"write\" lock' >&2; exit 1", "another process", CR_ERROR_IN_USE},
                {"kill -9 $$", "signal 9", CR_ERROR_FAILED},
                {"exit 3", "sh failed", CR_ERROR_FAILED},
        };
        g_autoptr(GError) error = NULL;

        for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
                ck_assert(!run_shell(cases[i].script, 0, NULL, &error));
                world_assert_error(&error, cases[i].code, cases[i].what);
        }
}
END_TEST

START_TEST(a_missing_tool_is_named)
{
        const char *const argv[] = {"cr-no-such-tool", NULL};
        const CrChildSpec spec = {.argv = argv};
        g_autoptr(GError) error = NULL;

        ck_assert(!cr_child_run(&spec, NULL, &error));
        world_assert_error(&error, CR_ERROR_FAILED, "cr-no-such-tool");
}
END_TEST

START_TEST(a_tool_that_hangs_is_killed)
{
        g_autoptr(GError) error = NULL;

        ck_assert(!run_shell("exec sleep 1000", 50, NULL, &error));
        world_assert_error(&error, CR_ERROR_TIMEOUT, "sh");
        ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* none is left */
}
END_TEST

START_TEST(inherits_what_it_is_to_inherit)
{
        int lock = open("/dev/null", O_RDONLY); /* as the collection's lock: not close-on-exec */
        int given = open("/dev/null", O_RDONLY | O_CLOEXEC), own = open("/dev/null", O_RDONLY | O_CLOEXEC);
        g_autofree char *script = g_strdup_printf(
                "[ -e /proc/self/fd/%d ] && [ -e /proc/self/fd/%d ] && ! [ -e /proc/self/fd/%d ]", lock,
                given, own);
        const char *const argv[] = {"sh", "-c", script, NULL};
        const CrChildSpec spec = {.argv = argv, .fds = &given, .n_fds = 1};
        g_autoptr(GError) error = NULL;

        ck_assert_msg(cr_child_run(&spec, NULL, &error), "%s", error ? error->message : "");
        ck_assert_int_eq(fcntl(given, F_GETFD), FD_CLOEXEC);
        close(lock);
        close(given);
        close(own);
}
END_TEST

START_TEST(starts_with_no_signal_blocked)
{
        sigset_t some, before;
        g_autoptr(GError) error = NULL;

        sigemptyset(&some);
        sigaddset(&some, SIGTERM);
        sigprocmask(SIG_BLOCK, &some, &before);
        ck_assert(!run_shell("kill -TERM $$; sleep 1", 0, NULL, &error));
        world_assert_error(&error, CR_ERROR_FAILED, "signal 15");
        sigprocmask(SIG_SETMASK, &before, NULL);
}
END_TEST

START_TEST(is_bounded_when_it_reads_what_is_hostile)
{
        const char *const argv[] = {"sh", "-c", "[ $(ulimit -v) = 1048576 ] && [ $(ulimit -t) = 10 ]", NULL};
        const CrChildSpec spec = {.argv = argv, .confined = TRUE};

        ck_assert(cr_child_run(&spec, NULL, NULL));
}
END_TEST

/* Whoever holds the writing end of a pipe lives: its end tells that all are gone. */
START_TEST(dies_with_its_parent)
{
        int alive[2];
        char byte;
        pid_t parent;

        ck_assert_int_eq(pipe(alive), 0);
        parent = fork();
        if (parent == 0) {
                run_shell("exec sleep 1000", 0, NULL, NULL);
                _exit(0);
        }
        close(alive[1]);
        g_usleep(100000);
        ck_assert_int_eq(kill(parent, SIGKILL), 0);
        ck_assert_int_eq(waitpid(parent, NULL, 0), parent);
        ck_assert_int_eq(read(alive[0], &byte, 1), 0);
        close(alive[0]);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {tells_what_a_tool_wrote, takes_much_from_both_ends,
                tells_why_a_tool_failed, a_missing_tool_is_named, a_tool_that_hangs_is_killed,
                inherits_what_it_is_to_inherit, starts_with_no_signal_blocked,
                is_bounded_when_it_reads_what_is_hostile, dies_with_its_parent, NULL};

        return run_suite(make_suite("children", tests, NULL, NULL));
}
