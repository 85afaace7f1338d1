/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-polkit-daemon.h"

#include <check.h>
#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

static bool polkit_is_there(sd_bus *bus)
{
        sd_bus_message *reply = NULL;
        int there = false;

        ck_assert_int_ge(sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                 "org.freedesktop.DBus", "NameHasOwner", NULL, &reply, "s",
                                 "org.freedesktop.PolicyKit1"),
                0);
        ck_assert_int_gt(sd_bus_message_read(reply, "b", &there), 0);
        sd_bus_message_unref(reply);
        return there;
}

static void wait_for_polkit(bool there)
{
        sd_bus *bus = NULL;

        ck_assert_int_ge(sd_bus_open_system(&bus), 0);
        while (polkit_is_there(bus) != there)
                g_usleep(10 * 1000);
        sd_bus_flush_close_unref(bus);
}

pid_t polkitd_of_bus(void)
{
        g_autofree char *path = g_build_filename(g_getenv("PRIVATE_BUS_DIR"), "polkitd.pid", NULL);
        g_autofree char *text = NULL;

        ck_assert(g_file_get_contents(path, &text, NULL, NULL));
        return (pid_t)g_ascii_strtoll(text, NULL, 10);
}

pid_t polkitd_start(void)
{
        pid_t pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                execl("/usr/lib/polkit-1/polkitd", "polkitd", NULL);
                _exit(127);
        }
        wait_for_polkit(true);
        return pid;
}

void polkitd_kill(pid_t pid, int ours)
{
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        if (ours)
                ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        wait_for_polkit(false);
}

void polkitd_freeze(pid_t pid)
{
        ck_assert_int_eq(kill(pid, SIGSTOP), 0);
}

void polkitd_thaw(pid_t pid)
{
        ck_assert_int_eq(kill(pid, SIGCONT), 0);
}
