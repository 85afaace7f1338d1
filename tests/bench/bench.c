/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

uint64_t bench_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void bench_check(int r, const char *what)
{
        if (r >= 0)
                return;
        fprintf(stderr, "%s: %s\n", what, strerror(-r));
        exit(EXIT_FAILURE);
}

sd_bus *bench_open(const char *address)
{
        sd_bus *bus;

        bench_check(sd_bus_new(&bus), "sd_bus_new");
        bench_check(sd_bus_set_address(bus, address), address);
        bench_check(sd_bus_set_bus_client(bus, 1), address);
        bench_check(sd_bus_start(bus), address);
        return bus;
}

sd_bus_message *bench_call(sd_bus *bus, const char *path, const char *interface, const char *method)
{
        sd_bus_message *call;

        bench_check(sd_bus_message_new_method_call(bus, &call, BENCH_NAME, path, interface, method), method);
        return call;
}

sd_bus_message *bench_answer(sd_bus *bus, sd_bus_message *call)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply;
        int r = sd_bus_call(bus, call, UINT64_MAX, &error, &reply);

        bench_check(r, sd_bus_error_is_set(&error) ? error.message : sd_bus_message_get_member(call));
        sd_bus_message_unref(call);
        return reply;
}

static int compare(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return x < y ? -1 : x > y;
}

uint64_t bench_percentile(uint64_t *values, unsigned n, double p)
{
        unsigned i = (unsigned)(p * n);

        qsort(values, n, sizeof *values, compare);
        return values[i < n ? i : n - 1];
}
