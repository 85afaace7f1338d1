/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long a read of a property takes beside a Ping, which the bus library answers by itself, taken in turn
 * on one connection:
 *
 *   bench-latency ADDRESS OBJECT INTERFACE PROPERTY
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define WARM_UP 200
#define ROUNDS 5000

static uint64_t ping(sd_bus *bus, const char *path)
{
        uint64_t start = bench_now();

        sd_bus_message_unref(bench_answer(bus, bench_call(bus, path, "org.freedesktop.DBus.Peer", "Ping")));
        return bench_now() - start;
}

static uint64_t get(sd_bus *bus, const char *path, const char *interface, const char *property)
{
        uint64_t start = bench_now();
        sd_bus_message *call = bench_call(bus, path, "org.freedesktop.DBus.Properties", "Get");

        bench_check(sd_bus_message_append(call, "ss", interface, property), property);
        sd_bus_message_unref(bench_answer(bus, call));
        return bench_now() - start;
}

int main(int argc, char **argv)
{
        static uint64_t pings[ROUNDS], gets[ROUNDS];
        uint64_t p50, p99;
        sd_bus *bus;

        if (argc != 5) {
                fprintf(stderr, "usage: bench-latency ADDRESS OBJECT INTERFACE PROPERTY\n");
                return 2;
        }
        bus = bench_open(argv[1]);
        for (int i = -WARM_UP; i < ROUNDS; i++) {
                uint64_t pinged = ping(bus, argv[2]), got = get(bus, argv[2], argv[3], argv[4]);

                if (i >= 0) {
                        pings[i] = pinged;
                        gets[i] = got;
                }
        }
        p50 = bench_percentile(pings, ROUNDS, 0.5);
        p99 = bench_percentile(pings, ROUNDS, 0.99);
        printf("Ping: p50 %.0f us, p99 %.0f us\n", (double)p50, (double)p99);
        printf("%s: p50 %.0f us, p99 %.0f us; ratios %.2f and %.2f (goal: 2)\n", argv[4],
                (double)bench_percentile(gets, ROUNDS, 0.5), (double)bench_percentile(gets, ROUNDS, 0.99),
                (double)bench_percentile(gets, ROUNDS, 0.5) / (double)p50,
                (double)bench_percentile(gets, ROUNDS, 0.99) / (double)p99);
        sd_bus_flush_close_unref(bus);
        return EXIT_SUCCESS;
}
