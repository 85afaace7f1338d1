/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bus-owner ADDRESS NAME: takes the name on the bus, says so in a line, and answers every call with
 * UnknownMethod or UnknownObject until it is ended. If the bus refuses, the line is the error's name, and it
 * exits with 1. */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

static void die(const char *what, int r)
{
        fprintf(stderr, "%s: %s\n", what, strerror(-r));
        exit(2);
}

static sd_bus *connect_to_bus(const char *address)
{
        sd_bus *bus = NULL;
        int r;

        if ((r = sd_bus_new(&bus)) < 0 || (r = sd_bus_set_address(bus, address)) < 0 ||
                (r = sd_bus_set_bus_client(bus, true)) < 0 || (r = sd_bus_start(bus)) < 0)
                die("can't connect", r);
        return bus;
}

int main(int argc, char **argv)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus *bus;
        int r;

        if (argc != 3)
                return 2;
        bus = connect_to_bus(argv[1]);
        r = sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                "RequestName", &error, NULL, "su", argv[2], 0);
        puts(r < 0 ? error.name : "owned");
        fflush(stdout);
        while (r >= 0) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
        }
        sd_bus_error_free(&error);
        sd_bus_unref(bus);
        return 1;
}
