/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * QEMU's tools, run as children. They inherit the collection's lock (every descriptor that is not
 * close-on-exec), die with the thread that started them, and start with no signal blocked.
 */
#pragma once

#include <glib.h>

/* How long a tool may take that only looks at metadata, in ms. Source: the contract (an engine's deadline).
 */
#define CR_CHILD_TIMEOUT_MS 10000u

typedef struct CrChildSpec {
        const char *const *argv; /* NULL-terminated; the program is looked up in PATH */
        const int *fds;          /* inherited under their own numbers */
        gsize n_fds;
        guint timeout_ms;  /* 0: it may take as long as it takes */
        gboolean confined; /* it reads what is hostile: its memory and processor time are bounded */
        void (*output)(const char *text, gsize length, void *); /* may be NULL: what it writes, as it comes */
        void *userdata;
} CrChildSpec;

/* Starts it, with what it writes going to @out_fd and what it complains to @err_fd (both the caller's). 0 on
 * error. */
GPid cr_child_start(const CrChildSpec *spec, int out_fd, int err_fd, GError **error);

/* Runs it to its end. *@ret_output (may be NULL) is all that it wrote. Timeout (it is killed then); InUse
 * when it met a lock of another process; Failed, with what it complained, when it failed. */
gboolean cr_child_run(const CrChildSpec *spec, char **ret_output, GError **error);

/* The same in two parts, for tools that work beside one another. @spec is needed only for the first, but for
 * its output and userdata. Its time runs from the second on. */
typedef struct CrChild CrChild;
CrChild *cr_child_begin(const CrChildSpec *spec, GError **error);
/* @child is taken. */
gboolean cr_child_finish(CrChild *child, char **ret_output, GError **error);
/* Kills it. NULL is fine. */
void cr_child_abandon(CrChild *child);

/* Waits at most @timeout_ms for the end of @pid. FALSE: it still runs. Otherwise it is reaped, and
 * *@ret_status is as waitpid tells. */
gboolean cr_child_wait(GPid pid, guint timeout_ms, int *ret_status);

/* Kills it and reaps it. */
void cr_child_kill(GPid pid);

/* TRUE when @status (of waitpid) is success; otherwise sets an error from it and from what the tool @name
 * complained (may be NULL). */
gboolean cr_child_check(const char *name, int status, const char *complaint, GError **error);
