/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long writes to a machine's disk take, one after the other, until the standard input ends: the longest
 * is how long its guest was held up.
 *
 *   bench-stall FOLDER SOCKET DISK
 *
 * SOCKET: of QMP, in FOLDER. Prints the median and the longest in milliseconds, and how many there were.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "engines/qcow2/qmp.h"

#define WRITES_MAX 1000000u
#define OFFSETS 1024u /* of 4 KiB: each is written again and again */

static gboolean is_over(void)
{
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

        return poll(&input, 1, 0) > 0;
}

static uint64_t write_once(CrQmp *qmp, const char *disk, unsigned i)
{
        g_autofree char *order =
                g_strdup_printf("qemu-io %s \"write -q -P %u %uk 4k\"", disk, i % 255 + 1, i % OFFSETS * 4);
        JsonObject *arguments = json_object_new();
        g_autoptr(GError) error = NULL;
        uint64_t start = bench_now();

        json_object_set_string_member(arguments, "command-line", order);
        cr_qmp_set_deadline(qmp, CR_QMP_DEADLINE);
        if (!cr_qmp_do(qmp, "human-monitor-command", arguments, &error)) {
                fprintf(stderr, "%s\n", error->message);
                exit(EXIT_FAILURE);
        }
        return bench_now() - start;
}

int main(int argc, char **argv)
{
        static uint64_t times[WRITES_MAX];
        g_autoptr(GError) error = NULL;
        g_autoptr(CrQmp) qmp = NULL;
        char *folders[] = {argc == 4 ? argv[1] : NULL, NULL};
        CrConfig config = {.machine_directories = folders};
        unsigned n = 0;

        if (argc != 4) {
                fprintf(stderr, "usage: bench-stall FOLDER SOCKET DISK\n");
                return 2;
        }
        qmp = cr_qmp_open(&config, argv[2], CR_QMP_DEADLINE, &error);
        if (!qmp) {
                fprintf(stderr, "%s\n", error->message);
                return EXIT_FAILURE;
        }
        do {
                times[n] = write_once(qmp, argv[3], n);
                n++;
        } while (n < WRITES_MAX && !is_over());
        printf("%.2f %.2f %u\n", (double)bench_percentile(times, n, 0.5) / 1000,
                (double)bench_percentile(times, n, 1) / 1000, n);
        return EXIT_SUCCESS;
}
