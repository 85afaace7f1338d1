/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/failpoint.h"
#include "unit.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define VARIABLE "COLLECTION_REPLICATION_FAILPOINTS"

#if CR_FAILPOINTS
static void reach_both(void)
{
        CR_FAILPOINT("test-unit.second");
        CR_FAILPOINT("test-unit.first");
}

static char *folder;

static void make_folder(void)
{
        folder = g_dir_make_tmp("failpoints-XXXXXX", NULL);
        ck_assert_ptr_nonnull(folder);
        g_setenv(VARIABLE, folder, TRUE);
}

static void remove_folder(void)
{
        g_unsetenv(VARIABLE);
        ck_assert_int_eq(rmdir(folder), 0); /* every order was taken */
        g_free(folder);
}

static char *order_path(const char *order)
{
        return g_build_filename(folder, order, NULL);
}

/* Runs @function in a child, after @order was given; the status of its first change. */
static int run_child(const char *order, void (*function)(void), pid_t *ret)
{
        g_autofree char *path = order_path(order);
        int status;

        ck_assert(g_file_set_contents(path, "", 0, NULL));
        *ret = fork();
        if (*ret == 0) {
                function();
                _exit(7);
        }
        ck_assert_int_eq(waitpid(*ret, &status, WUNTRACED), *ret);
        return status;
}

START_TEST(the_ordered_one_kills)
{
        static const char *const orders[] = {"test-unit.first.kill", "test-unit.second.kill"};

        for (gsize i = 0; i < G_N_ELEMENTS(orders); i++) {
                pid_t child;
                int status = run_child(orders[i], reach_both, &child);

                ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        }
}
END_TEST

START_TEST(no_other_does)
{
        static const char *const orders[] = {"test-unit.kill", "test-unit.firs.kill", "test-unit.first",
                "test-unit.first2.kill", "test-unit.first.stopp", ".stop"};

        for (gsize i = 0; i < G_N_ELEMENTS(orders); i++) {
                pid_t child;
                int status = run_child(orders[i], reach_both, &child);
                g_autofree char *path = order_path(orders[i]);

                ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 7, "%s", orders[i]);
                ck_assert_msg(unlink(path) == 0, "%s was taken", orders[i]);
        }
}
END_TEST

START_TEST(a_stopped_process_goes_on_when_told)
{
        pid_t child;
        int status = run_child("test-unit.second.stop", reach_both, &child);

        ck_assert(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
        ck_assert_int_eq(kill(child, SIGCONT), 0);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}
END_TEST

START_TEST(an_order_is_carried_out_once)
{
        pid_t child;
        int status = run_child("test-unit.first.kill", reach_both, &child);

        ck_assert(WIFSIGNALED(status));
        reach_both();
}
END_TEST

static GString *printed;

static void collect(const char *text)
{
        g_string_append(printed, text);
}

START_TEST(all_are_listed_sorted_and_once)
{
        g_auto(GStrv) lines = NULL;
        GPrintFunc before;

        printed = g_string_new("");
        before = g_set_print_handler(collect);
        cr_failpoint_list();
        g_set_print_handler(before);
        lines = g_strsplit(printed->str, "\n", -1);
        g_string_free(printed, TRUE);

        ck_assert(g_strv_contains((const char *const *)lines, "test-unit.first"));
        ck_assert(g_strv_contains((const char *const *)lines, "test-unit.second"));
        for (char **line = lines; line[0] && line[1] && *line[1]; line++)
                ck_assert_msg(strcmp(line[0], line[1]) < 0, "%s %s", line[0], line[1]);
}
END_TEST

#else

/* A build without them: nothing dies, nothing is listed. */
START_TEST(nothing_remains)
{
        CR_FAILPOINT("test-unit.first");
        cr_failpoint_list();
}
END_TEST

#endif

int main(void)
{
#if CR_FAILPOINTS
        const TTest *const tests[] = {the_ordered_one_kills, no_other_does,
                a_stopped_process_goes_on_when_told, an_order_is_carried_out_once,
                all_are_listed_sorted_and_once, NULL};
#else
        const TTest *const tests[] = {nothing_remains, NULL};
#endif

#if CR_FAILPOINTS
        return run_tests_with("failpoint", tests, make_folder, remove_folder);
#else
        return run_tests("failpoint", tests);
#endif
}
