/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bus/contract/machine.h"

#include <check.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bus/contract/disk.h"

#define BLOCK 4096
#define WRITES_MAX 1500U
#define PAUSE_USEC 30000 /* at most, between two starts, so that others get their turn */
#define PATIENCE_USEC (30 * G_USEC_PER_SEC)

typedef struct Write {
        guint disk;
        guint64 offset;
        guint8 byte;
} Write;

/* Shared with the machine's process. */
typedef struct Memory {
        gint starts; /* that have ended, well or not */
        gint n;
        Write writes[WRITES_MAX];
} Memory;

struct Machine {
        pid_t pid;
        Memory *memory;
};

static _Noreturn void live(Memory *memory, char *const heads[2], guint64 offset)
{
        g_autoptr(GRand) random = g_rand_new_with_seed((guint32)offset);

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (gint n = 0; n < (gint)WRITES_MAX; g_atomic_int_inc(&memory->starts)) {
                Write write = {(guint)g_rand_int_range(random, 0, 2), offset + (guint)n * BLOCK,
                        (guint8)(1 + n % 250)};

                if (disk_write(heads[write.disk], write.offset, BLOCK, write.byte)) {
                        memory->writes[n] = write;
                        g_atomic_int_set(&memory->n, ++n);
                }
                g_usleep((gulong)g_rand_int_range(random, 0, PAUSE_USEC));
        }
        _exit(0);
}

Machine *machine_start(char *const heads[2], guint64 offset)
{
        Machine *machine = g_new0(Machine, 1);

        machine->memory = mmap(
                NULL, sizeof *machine->memory, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        ck_assert(machine->memory != MAP_FAILED);
        machine->pid = fork();
        ck_assert_int_ge(machine->pid, 0);
        if (machine->pid == 0)
                live(machine->memory, heads, offset);
        return machine;
}

guint machine_count(Machine *machine)
{
        gint64 end = g_get_monotonic_time() + PATIENCE_USEC;
        gint now = g_atomic_int_get(&machine->memory->starts);

        if (machine->pid == 0)
                return (guint)machine->memory->n;
        /* The one that was under way at the call, and then there is none of before. */
        while (g_atomic_int_get(&machine->memory->starts) < now + 1) {
                ck_assert_msg(g_get_monotonic_time() < end, "the machine does not start any more");
                g_usleep(1000);
        }
        return (guint)g_atomic_int_get(&machine->memory->n);
}

void machine_stop(Machine *machine)
{
        machine_count(machine);
        ck_assert_int_eq(kill(machine->pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(machine->pid, NULL, 0), machine->pid);
        machine->pid = 0;
}

void machine_free(Machine *machine)
{
        ck_assert_int_eq(munmap(machine->memory, sizeof *machine->memory), 0);
        g_free(machine);
}

static gboolean shows(const char *view, gsize length, const Write *write)
{
        if (write->offset + BLOCK > length)
                return FALSE;
        for (gsize i = 0; i < BLOCK; i++)
                if ((guint8)view[write->offset + i] != write->byte)
                        return FALSE;
        return TRUE;
}

void machine_check(Machine *machine, guint disk, guint from, guint to, const char *image)
{
        g_autofree char *view = NULL;
        gsize length;

        view = disk_view(image, &length);
        for (guint i = from; i < to; i++) {
                const Write *write = &machine->memory->writes[i];

                ck_assert_msg(write->disk != disk || shows(view, length, write),
                        "write %u, of %u at %" G_GUINT64_FORMAT ", is not in %s", i, write->byte,
                        write->offset, image);
        }
}
