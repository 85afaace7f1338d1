/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls a method of the manager and waits for its job's end; prints the milliseconds from the call to that
 * end, and the job's BytesSent:
 *
 *   bench-job ADDRESS METHOD COLLECTION
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "bench.h"

#define JOB_INTERFACE BENCH_NAME ".Job"

static sd_bus_message *call_method(sd_bus *bus, const char *method, const char *collection)
{
        sd_bus_message *call = bench_call(bus, BENCH_PATH, BENCH_NAME, method);

        bench_check(sd_bus_message_append(call, "o", collection), method);
        if (strcmp(method, "ReverseReplicationRelationship") == 0)
                bench_check(sd_bus_message_append(call, "a{sv}", 0), method);
        return bench_answer(bus, call);
}

static void wait_for_end(sd_bus *bus, const char *job)
{
        sd_bus_message *reply = bench_answer(bus, bench_call(bus, job, JOB_INTERFACE, "Wait"));
        const char *name, *text;
        uint32_t value;

        bench_check(sd_bus_message_read(reply, "uss", &value, &name, &text), "Wait");
        if (value != 0) {
                fprintf(stderr, "the job %s failed: %s\n", job, text);
                exit(EXIT_FAILURE);
        }
        sd_bus_message_unref(reply);
}

static uint64_t bytes_sent(sd_bus *bus, const char *job)
{
        sd_bus_message *result = NULL;
        uint64_t bytes = 0;
        int r;

        bench_check(
                sd_bus_get_property(bus, BENCH_NAME, job, JOB_INTERFACE, "Result", NULL, &result, "a{sv}"),
                "Result");
        bench_check(sd_bus_message_enter_container(result, 'a', "{sv}"), "Result");
        while ((r = sd_bus_message_enter_container(result, 'e', "sv")) > 0) {
                const char *key;

                bench_check(sd_bus_message_read(result, "s", &key), "Result");
                if (strcmp(key, "BytesSent") == 0)
                        bench_check(sd_bus_message_read(result, "v", "t", &bytes), key);
                else
                        bench_check(sd_bus_message_skip(result, "v"), key);
                bench_check(sd_bus_message_exit_container(result), key);
        }
        bench_check(r, "Result");
        sd_bus_message_unref(result);
        return bytes;
}

int main(int argc, char **argv)
{
        sd_bus_message *reply;
        const char *job;
        uint64_t start, end;
        sd_bus *bus;

        if (argc != 4) {
                fprintf(stderr, "usage: bench-job ADDRESS METHOD COLLECTION\n");
                return 2;
        }
        bus = bench_open(argv[1]);
        start = bench_now();
        reply = call_method(bus, argv[2], argv[3]);
        bench_check(sd_bus_message_read(reply, "o", &job), argv[2]);
        if (strcmp(job, "/") != 0)
                wait_for_end(bus, job);
        end = bench_now();
        printf("%.1f %" PRIu64 "\n", (double)(end - start) / 1000,
                strcmp(job, "/") == 0 ? 0 : bytes_sent(bus, job));
        sd_bus_message_unref(reply);
        sd_bus_flush_close_unref(bus);
        return EXIT_SUCCESS;
}
