/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/error.h"
#include "engines/qcow2/fd.h"

/* What a tool may use that reads a hostile header: the same bounds as OpenStack puts around it. */
#define CONFINED_MEMORY (1024ull * 1024 * 1024)
#define CONFINED_SECONDS 10u

/* More than that is no answer to anything that is asked here. */
#define OUTPUT_MAX (16u * 1024 * 1024)
#define COMPLAINT_MAX (64u * 1024)

typedef struct Start {
        pid_t parent;
        gboolean confined;
} Start;

/* Between fork and exec: only what is async-signal-safe. */
static void set_up(gpointer userdata)
{
        const Start *start = userdata;
        sigset_t none;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != start->parent)
                _exit(127); /* the parent died before it could be told */
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGTERM, SIG_DFL);
        signal(SIGINT, SIG_DFL);
        umask(0177); /* whatever it makes (a socket) is root's alone */
        if (start->confined) {
                setrlimit(RLIMIT_AS, &(struct rlimit){CONFINED_MEMORY, CONFINED_MEMORY});
                setrlimit(RLIMIT_CPU, &(struct rlimit){CONFINED_SECONDS, CONFINED_SECONDS});
        }
}

GPid cr_child_start(const CrChildSpec *spec, int out_fd, int err_fd, GError **error)
{
        g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "LC_ALL", "C", TRUE);
        g_autoptr(GError) local = NULL;
        Start start = {.parent = getpid(), .confined = spec->confined};
        GPid pid;

        if (!g_spawn_async_with_pipes_and_fds("/", spec->argv, (const char *const *)environment,
                    G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_LEAVE_DESCRIPTORS_OPEN, set_up,
                    &start, -1, out_fd, err_fd, spec->fds, spec->fds, spec->n_fds, &pid, NULL, NULL, NULL,
                    &local)) {
                g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "can't start %s: %s", spec->argv[0],
                        local->message);
                return 0;
        }
        return pid;
}

/* In ms. Where no pidfd can be had (too many open files, valgrind) nothing but looking again tells of the
 * end. */
static gint64 longest_poll(int pidfd)
{
        return pidfd < 0 ? 10 : G_MAXINT;
}

gboolean cr_child_wait(GPid pid, guint timeout_ms, int *ret_status)
{
        CR_AUTO_FD int pidfd = pidfd_open(pid, 0);
        struct pollfd ended = {.fd = pidfd, .events = POLLIN};
        gint64 deadline = g_get_monotonic_time() + timeout_ms * 1000ll;

        while (waitpid(pid, ret_status, WNOHANG) == 0) {
                gint64 left = (deadline - g_get_monotonic_time() + 999) / 1000;

                if (left <= 0)
                        return FALSE;
                (void)poll(&ended, 1, (int)MIN(left, longest_poll(pidfd)));
        }
        return TRUE;
}

void cr_child_kill(GPid pid)
{
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
}

/* The last line that is not empty: QEMU's tools put what went wrong there. */
static char *last_line(const char *text)
{
        g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

        for (guint i = g_strv_length(lines); i > 0; i--)
                if (*g_strstrip(lines[i - 1]))
                        return g_strdup(lines[i - 1]);
        return g_strdup("it did not say why");
}

static gboolean is_about_lock(const char *text)
{
        return strstr(text, "Failed to get ") && strstr(text, " lock");
}

gboolean cr_child_check(const char *name, int status, const char *complaint, GError **error)
{
        g_autofree char *line = NULL;

        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return TRUE;
        line = last_line(complaint);
        if (WIFSIGNALED(status))
                g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "%s was ended by signal %d", name,
                        WTERMSIG(status));
        else if (is_about_lock(complaint ? complaint : ""))
                g_set_error(error, CR_ERROR, CR_ERROR_IN_USE, "another process has it open (%s)", line);
        else
                g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "%s failed: %s", name, line);
        return FALSE;
}

/* One end of a pipe that a child writes to, and what came out of it. */
typedef struct Pipe {
        int in, out; /* the child's end, ours */
        GString *text;
        gsize max;
} Pipe;

static gboolean pipe_open(Pipe *pipe, gsize max, GError **error)
{
        int fds[2];

        *pipe = (Pipe){-1, -1, g_string_new(NULL), max};
        if (pipe2(fds, O_CLOEXEC) < 0)
                return cr_error_set_errno(error, errno, "can't make a pipe");
        pipe->out = fds[0];
        pipe->in = fds[1];
        (void)fcntl(pipe->out, F_SETFL, O_NONBLOCK);
        return TRUE;
}

static void pipe_close(Pipe *pipe)
{
        cr_fd_clear(&pipe->in);
        cr_fd_clear(&pipe->out);
        if (pipe->text)
                g_string_free(pipe->text, TRUE);
}

/* Takes all that is there now. */
static void pipe_drain(Pipe *pipe, const CrChildSpec *listener)
{
        char buffer[4096];
        gssize n;

        while (pipe->out >= 0 && (n = read(pipe->out, buffer, sizeof buffer)) != 0) {
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return;
                if (listener && listener->output)
                        listener->output(buffer, (gsize)n, listener->userdata);
                else if (pipe->text->len + (gsize)n <= pipe->max)
                        g_string_append_len(pipe->text, buffer, n);
        }
        cr_fd_clear(&pipe->out);
}

/* Until the child has ended, or the deadline (0: none) has passed: FALSE. */
static gboolean follow(GPid pid, const CrChildSpec *spec, Pipe *out, Pipe *err, int *ret_status)
{
        CR_AUTO_FD int pidfd = pidfd_open(pid, 0);
        gint64 deadline = g_get_monotonic_time() + spec->timeout_ms * 1000ll;

        while (waitpid(pid, ret_status, WNOHANG) == 0) {
                struct pollfd fds[] = {{pidfd, POLLIN, 0}, {out->out, POLLIN, 0}, {err->out, POLLIN, 0}};
                gint64 left =
                        spec->timeout_ms > 0 ? (deadline - g_get_monotonic_time() + 999) / 1000 : G_MAXINT;

                if (left <= 0)
                        return FALSE;
                (void)poll(fds, G_N_ELEMENTS(fds), (int)MIN(left, longest_poll(pidfd)));
                pipe_drain(out, spec);
                pipe_drain(err, NULL);
        }
        pipe_drain(out, spec);
        pipe_drain(err, NULL);
        return TRUE;
}

struct CrChild {
        CrChildSpec spec; /* without what it was given for the start */
        char *name;
        Pipe out, err;
        GPid pid; /* 0: not running */
};

static void child_free(CrChild *child)
{
        if (child->pid)
                cr_child_kill(child->pid);
        pipe_close(&child->out);
        pipe_close(&child->err);
        g_free(child->name);
        g_free(child);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrChild, child_free)

CrChild *cr_child_begin(const CrChildSpec *spec, GError **error)
{
        g_autoptr(CrChild) child = g_new0(CrChild, 1);

        child->spec = *spec;
        child->spec.argv = NULL;
        child->spec.fds = NULL;
        child->name = g_strdup(spec->argv[0]);
        child->out = child->err = (Pipe){.in = -1, .out = -1};
        if (!pipe_open(&child->out, OUTPUT_MAX, error) || !pipe_open(&child->err, COMPLAINT_MAX, error))
                return NULL;
        child->pid = cr_child_start(spec, child->out.in, child->err.in, error);
        if (child->pid == 0)
                return NULL;
        cr_fd_clear(&child->out.in);
        cr_fd_clear(&child->err.in);
        return g_steal_pointer(&child);
}

gboolean cr_child_finish(CrChild *owned, char **ret_output, GError **error)
{
        g_autoptr(CrChild) child = owned;
        int status;

        if (!follow(child->pid, &child->spec, &child->out, &child->err, &status)) {
                g_set_error(error, CR_ERROR, CR_ERROR_TIMEOUT, "%s did not answer within %u ms", child->name,
                        child->spec.timeout_ms);
                return FALSE;
        }
        child->pid = 0;
        if (!cr_child_check(child->name, status, child->err.text->str, error))
                return FALSE;
        if (ret_output)
                *ret_output = g_strdup(child->out.text->str);
        return TRUE;
}

void cr_child_abandon(CrChild *child)
{
        if (child)
                child_free(child);
}

gboolean cr_child_run(const CrChildSpec *spec, char **ret_output, GError **error)
{
        CrChild *child = cr_child_begin(spec, error);

        return child && cr_child_finish(child, ret_output, error);
}
