/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/failpoint.h"

#if CR_FAILPOINTS

#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VARIABLE "COLLECTION_REPLICATION_FAILPOINTS"

/* Where the linker gathered the pointers; weak, since a process may have none. */
extern const struct cr_failpoint *const __start_cr_failpoints[] __attribute__((weak, visibility("hidden")));
extern const struct cr_failpoint *const __stop_cr_failpoints[] __attribute__((weak, visibility("hidden")));

/* TRUE for the one process that removed the order. */
static gboolean take_order(const char *folder, const char *name, const char *what)
{
        g_autofree char *path = g_strdup_printf("%s/%s.%s", folder, name, what);

        return unlink(path) == 0;
}

void cr_failpoint_reach(const struct cr_failpoint *point)
{
        const char *folder = g_getenv(VARIABLE);

        if (!folder)
                return;
        if (take_order(folder, point->name, "kill"))
                raise(SIGKILL);
        if (take_order(folder, point->name, "stop"))
                raise(SIGSTOP);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void cr_failpoint_list(void)
{
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        const char *last = NULL;

        for (const struct cr_failpoint *const *point = __start_cr_failpoints; point < __stop_cr_failpoints;
                point++)
                g_ptr_array_add(names, (char *)(*point)->name);
        g_ptr_array_sort(names, compare_names);
        for (guint i = 0; i < names->len; i++) {
                const char *name = g_ptr_array_index(names, i);

                /* An inlined function leaves one entry for each place that it was inlined in. */
                if (g_strcmp0(name, last) != 0)
                        g_print("%s\n", name);
                last = name;
        }
}

#else

void cr_failpoint_list(void)
{
}

#endif
