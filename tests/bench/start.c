/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starts the service and ends it again; prints the milliseconds until its name was on the bus:
 *
 *   bench-start ADDRESS COMMAND [ARGUMENT...]
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define PATIENCE_US 60000000u

static int on_owner(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error)
{
        *(uint64_t *)userdata = bench_now();
        return 0;
}

static void wait_for_name(sd_bus *bus, const uint64_t *appeared, uint64_t deadline)
{
        while (*appeared == 0) {
                int r = sd_bus_process(bus, NULL);

                bench_check(r, "the bus");
                if (bench_now() > deadline)
                        bench_check(-ETIMEDOUT, "the service's name");
                if (r == 0)
                        bench_check(sd_bus_wait(bus, PATIENCE_US), "the bus");
        }
}

int main(int argc, char **argv)
{
        uint64_t start, appeared = 0;
        sd_bus *bus;
        pid_t pid;

        if (argc < 3) {
                fprintf(stderr, "usage: bench-start ADDRESS COMMAND [ARGUMENT...]\n");
                return 2;
        }
        bus = bench_open(argv[1]);
        bench_check(sd_bus_add_match(bus, NULL,
                            "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',"
                            "arg0='" BENCH_NAME "'",
                            on_owner, &appeared),
                "sd_bus_add_match");
        start = bench_now();
        bench_check(-posix_spawn(&pid, argv[2], NULL, NULL, argv + 2, environ), argv[2]);
        wait_for_name(bus, &appeared, start + PATIENCE_US);
        printf("%.0f\n", (double)(appeared - start) / 1000);
        kill(pid, SIGTERM);
        waitpid(pid, NULL, 0);
        sd_bus_flush_close_unref(bus);
        return EXIT_SUCCESS;
}
