/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the benchmarks' clients share. A failure ends the process with a message: there is nothing to measure
 * then. */
#pragma once

#include <stdint.h>
#include <systemd/sd-bus.h>

#define BENCH_NAME "org.example.CollectionReplication"
#define BENCH_PATH "/org/example/CollectionReplication"

/* Microseconds of the monotonic clock. */
uint64_t bench_now(void);

/* Ends the process when @r is a negative errno. */
void bench_check(int r, const char *what);

/* A connection to the bus at @address. */
sd_bus *bench_open(const char *address);

/* A call to the service, and its answer, however long that takes. The call is taken. */
sd_bus_message *bench_call(sd_bus *bus, const char *path, const char *interface, const char *method);
sd_bus_message *bench_answer(sd_bus *bus, sd_bus_message *call);

/* @values are sorted. The p-th part of them (0.5: the median) is not above the result. */
uint64_t bench_percentile(uint64_t *values, unsigned n, double p);
