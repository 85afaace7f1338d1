/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-polkit-client.h"

#include <check.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "test-polkit-service.h"

/* In the client's process failed assertions of Check would be lost. */
#define MUST(expression)                                                                                     \
        do {                                                                                                 \
                if (!(expression))                                                                           \
                        abort();                                                                             \
        } while (0)

static void become(const char *user)
{
        const struct passwd *entry = getpwnam(user);

        MUST(entry);
        MUST(setgroups(0, NULL) == 0);
        MUST(setgid(entry->pw_gid) == 0);
        MUST(setuid(entry->pw_uid) == 0);
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        unsigned *n_left = userdata;

        (*n_left)--;
        return 0;
}

static void send_call(sd_bus *bus, const ClientRequest *request, unsigned *n_left)
{
        sd_bus_message *m = NULL;
        char *path = NULL;

        MUST(sd_bus_message_new_method_call(
                     bus, &m, SERVICE_NAME, SERVICE_PATH, request->interface, request->member) >= 0);
        if (request->collection) {
                MUST(sd_bus_path_encode(SERVICE_PATH "/collection", request->collection, &path) >= 0);
                MUST(sd_bus_message_append(m, "o", path) >= 0);
        }
        MUST(sd_bus_message_set_allow_interactive_authorization(m, request->interactive) >= 0);
        MUST(sd_bus_call_async(bus, NULL, m, on_reply, n_left, UINT64_MAX) >= 0);
        sd_bus_message_unref(m);
        free(path);
}

static void run_client(const ClientRequest *request)
{
        sd_bus *bus = NULL;
        unsigned n_left = request->n_calls ?: 1;
        int r;

        MUST(sd_bus_open_system(&bus) >= 0);
        for (unsigned i = n_left; i > 0; i--)
                send_call(bus, request, &n_left);
        while (n_left > 0) {
                r = sd_bus_process(bus, NULL);
                MUST(r >= 0);
                if (r == 0)
                        MUST(sd_bus_wait(bus, UINT64_MAX) >= 0);
        }
        sd_bus_flush_close_unref(bus);
}

static _Noreturn void client_main(const char *user, int ready_fd, int request_fd)
{
        ClientRequest request;

        become(user);
        /* Changing the user clears it, so it comes after that. */
        MUST(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
        MUST(write(ready_fd, "", 1) == 1);
        if (read(request_fd, &request, sizeof(request)) == sizeof(request))
                run_client(&request);
        _exit(0);
}

void client_start(Client *c, const char *user)
{
        int ready[2], request[2];
        char byte;

        ck_assert_int_eq(pipe(ready), 0);
        ck_assert_int_eq(pipe(request), 0);
        c->pid = fork();
        ck_assert_int_ge(c->pid, 0);
        if (c->pid == 0) {
                close(request[1]);
                client_main(user, ready[1], request[0]);
        }
        close(ready[1]);
        close(request[0]);
        ck_assert_int_eq(read(ready[0], &byte, 1), 1);
        close(ready[0]);
        c->request_fd = request[1];
}

void client_call(Client *c, ClientRequest request)
{
        ck_assert_int_eq(write(c->request_fd, &request, sizeof(request)), sizeof(request));
        close(c->request_fd);
}

void client_start_call(Client *c, const char *user, ClientRequest request)
{
        client_start(c, user);
        client_call(c, request);
}

void client_kill(Client *c)
{
        ck_assert_int_eq(kill(c->pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(c->pid, NULL, 0), c->pid);
}

void client_join(Client *c)
{
        int status;

        ck_assert_int_eq(waitpid(c->pid, &status, 0), c->pid);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
