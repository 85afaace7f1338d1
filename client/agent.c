/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/agent.h"

#include <signal.h>
#include <unistd.h>

#include <glib-unix.h>

/* The agent's end of the pipe, in the agent. */
#define NOTIFY_FD 3

static gboolean somebody_could_answer(void)
{
        return geteuid() != 0 && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* Registered, or gone: either way the agent closes its end. */
static void wait_for_end_of_file(int fd)
{
        char byte;
        ssize_t n;
        do
                n = read(fd, &byte, 1);
        while (n > 0 || (n < 0 && errno == EINTR));
}

GSubprocess *cr_agent_start(const char *bus_address)
{
        int fds[2];
        if (!somebody_could_answer() || !g_unix_open_pipe(fds, FD_CLOEXEC, NULL))
                return NULL;

        g_autofree char *pid = g_strdup_printf("%d", (int)getpid());
        g_autofree char *notify = g_strdup_printf("%d", NOTIFY_FD);
        g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDIN_INHERIT);
        g_subprocess_launcher_take_fd(launcher, fds[1], NOTIFY_FD);
        g_subprocess_launcher_setenv(launcher, "DBUS_SYSTEM_BUS_ADDRESS", bus_address, TRUE);
        /* Without a locale it would claim one that polkit may not have, and polkit would ask nothing then. */
        if (g_getenv("LANG") == NULL)
                g_subprocess_launcher_setenv(launcher, "LANG", "C.UTF-8", TRUE);
        /* Not as a fallback: polkit never asks those about a process outside of a login session (su, a
         * container). Who has a desktop, too, is asked where he typed the command. */
        GSubprocess *agent = g_subprocess_launcher_spawn(
                launcher, NULL, "pkttyagent", "--notify-fd", notify, "--process", pid, NULL);
        g_subprocess_launcher_close(launcher);
        if (agent != NULL)
                wait_for_end_of_file(fds[0]);
        close(fds[0]);
        return agent;
}

void cr_agent_stop(GSubprocess *agent)
{
        g_subprocess_send_signal(agent, SIGTERM);
        g_subprocess_wait(agent, NULL, NULL);
        g_object_unref(agent);
}
