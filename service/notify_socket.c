/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/notify_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/error.h"

#define DESCRIPTORS_MAX 253 /* that one datagram can carry; SCM_MAX_FD of the kernel */
#define TURN_MAX 64         /* datagrams at a time, so that a chatty worker keeps nobody waiting */

struct CrNotifySocket {
        int fd;
        char *path;
        sd_event_source *source;
        CrNotifyFunc received;
        void *userdata;
};

/* Somebody's pid, and the descriptors that nobody asked for closed. */
static pid_t read_control(struct msghdr *message)
{
        pid_t pid = 0;

        for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
                if (c->cmsg_level != SOL_SOCKET)
                        continue;
                if (c->cmsg_type == SCM_CREDENTIALS)
                        pid = ((const struct ucred *)(const void *)CMSG_DATA(c))->pid;
                for (gsize i = 0; c->cmsg_type == SCM_RIGHTS && i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                        i++)
                        close(((const int *)(const void *)CMSG_DATA(c))[i]);
        }
        return pid;
}

/* FALSE when there is no more. */
static gboolean receive_one(CrNotifySocket *s)
{
        union {
                struct cmsghdr header; /* for its alignment */
                char space[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
        } control;
        ssize_t length = recv(s->fd, NULL, 0, MSG_PEEK | MSG_TRUNC);
        g_autofree char *buffer = length >= 0 ? g_malloc((gsize)length + 1) : NULL;
        struct iovec iov = {buffer, (gsize)MAX(length, 0)};
        struct msghdr message = {
                .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};

        if (length < 0)
                return errno == EINTR;
        length = recvmsg(s->fd, &message, MSG_CMSG_CLOEXEC);
        if (length >= 0)
                s->received(read_control(&message), buffer, (gsize)length, s->userdata);
        return length >= 0 || errno == EINTR;
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        for (guint i = 0; i < TURN_MAX && receive_one(userdata); i++)
                ;
        return 0;
}

void cr_notify_socket_drain(CrNotifySocket *s)
{
        while (receive_one(s))
                ;
}

static gboolean bind_path(CrNotifySocket *s, GError **error)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int on = 1;

        if (strlen(s->path) >= sizeof address.sun_path) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "the runtime directory's path is too long for a socket: %s", s->path);
                return FALSE;
        }
        memcpy(address.sun_path, s->path, strlen(s->path));
        (void)unlink(s->path);
        if (bind(s->fd, (const struct sockaddr *)&address, sizeof address) < 0)
                return cr_error_set_errno(error, errno, "the socket %s can't be bound", s->path);
        if (setsockopt(s->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
                return cr_error_set_errno(error, errno, "SO_PASSCRED");
        return TRUE;
}

CrNotifySocket *cr_notify_socket_new(
        sd_event *event, const char *directory, CrNotifyFunc received, void *userdata, GError **error)
{
        CrNotifySocket *s = g_new0(CrNotifySocket, 1);
        int r = -1;

        *s = (CrNotifySocket){.received = received,
                .userdata = userdata,
                .path = g_build_filename(directory, "notify", NULL)};
        s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (s->fd < 0)
                cr_error_set_errno(error, errno, "socket");
        else if (bind_path(s, error)) {
                r = sd_event_add_io(event, &s->source, s->fd, EPOLLIN, on_readable, s);
                if (r < 0)
                        cr_error_set_errno(error, -r, "sd_event_add_io");
        }
        return r < 0 ? cr_notify_socket_free(s) : s;
}

CrNotifySocket *cr_notify_socket_free(CrNotifySocket *s)
{
        if (!s)
                return NULL;
        sd_event_source_disable_unref(s->source);
        if (s->fd >= 0)
                close(s->fd);
        (void)unlink(s->path);
        g_free(s->path);
        g_free(s);
        return NULL;
}

const char *cr_notify_socket_path(const CrNotifySocket *s)
{
        return s->path;
}
