/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "core/error.h"
#include "core/json_text.h"
#include "core/path_policy.h"
#include "engines/qcow2/fd.h"

/* A list of the nodes of 64 disks in chains of 200 is about as long. */
#define LINE_MAX_BYTES (32u * 1024 * 1024)
/* Events that may come before an answer. */
#define MESSAGES_MAX 10000u
#define NESTING_MAX 32u
#define READ_SIZE 65536u

struct CrQmp {
        int fd;
        char *path;
        gint64 deadline;  /* monotonic, in microseconds: of the whole conversation */
        GByteArray *read; /* what came and was not taken yet */
        guint searched;   /* of it: no line ends in so many bytes */
};

/* ---- the socket ---- */

/* The socket itself, as an O_PATH descriptor: what is connected to is what was checked. -1 without an error
 * when nothing is there. */
static int find_socket(const CrConfig *config, const char *path, GError **error)
{
        const char *name;
        CR_AUTO_FD int folder = cr_path_open_parent(config->machine_directories, path, &name, error);
        CR_AUTO_FD int fd = folder >= 0 ? openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
        struct stat st;

        if (folder < 0 || (fd < 0 && errno == ENOENT))
                return -1;
        if (fd < 0 || fstat(fd, &st) < 0) {
                cr_error_set_errno(error, errno, "machine '%s'", path);
                return -1;
        }
        if (S_ISSOCK(st.st_mode))
                return cr_fd_steal(&fd);
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                "machine '%s' is not a socket; name the one of -qmp unix:PATH,server=on,wait=off", path);
        return -1;
}

gboolean cr_qmp_check(const CrConfig *config, const char *path, GError **error)
{
        g_autoptr(GError) problem = NULL;
        CR_AUTO_FD int fd = find_socket(config, path, &problem);

        if (!problem)
                return TRUE;
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
}

static gboolean set_off(const CrQmp *qmp, GError **error)
{
        g_set_error(error, CR_ERROR, CR_ERROR_NOT_AVAILABLE, "machine '%s' is off", qmp->path);
        return FALSE;
}

static gboolean connect_to(CrQmp *qmp, int found, GError **error)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        g_snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", found);
        qmp->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (qmp->fd >= 0 && connect(qmp->fd, (struct sockaddr *)&address, sizeof address) == 0)
                return TRUE;
        if (errno == ECONNREFUSED)
                return set_off(qmp, error);
        if (errno == EAGAIN) { /* as many wait for it as it allows */
                g_set_error(error, CR_ERROR, CR_ERROR_TIMEOUT,
                        "machine '%s' takes no connection: another program has its QMP socket", qmp->path);
                return FALSE;
        }
        return cr_error_set_errno(error, errno, "machine '%s'", qmp->path);
}

/* ---- lines ---- */

static gboolean await(CrQmp *qmp, short events, GError **error)
{
        gint64 left = qmp->deadline - g_get_monotonic_time();
        struct pollfd ready = {.fd = qmp->fd, .events = events};

        if (left > 0 && poll(&ready, 1, (int)(left / 1000) + 1) != 0)
                return TRUE;
        if (left > 0 && g_get_monotonic_time() < qmp->deadline)
                return TRUE; /* the caller comes back */
        g_set_error(error, CR_ERROR, CR_ERROR_TIMEOUT,
                "machine '%s' did not answer within %u ms; it may hang, or another program has its QMP "
                "socket: give the service one of its own",
                qmp->path, CR_QMP_TIMEOUT_MS);
        return FALSE;
}

static gboolean set_gone(const CrQmp *qmp, GError **error)
{
        g_set_error(error, CR_ERROR, CR_ERROR_NOT_AVAILABLE, "machine '%s' has gone", qmp->path);
        return FALSE;
}

static gboolean read_more(CrQmp *qmp, GError **error)
{
        guint before = qmp->read->len;
        ssize_t n;

        if (before >= LINE_MAX_BYTES) {
                g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "machine '%s' sends a line without an end",
                        qmp->path);
                return FALSE;
        }
        if (!await(qmp, POLLIN, error))
                return FALSE;
        g_byte_array_set_size(qmp->read, before + READ_SIZE);
        n = recv(qmp->fd, qmp->read->data + before, READ_SIZE, 0);
        g_byte_array_set_size(qmp->read, before + (n > 0 ? (guint)n : 0));
        if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
                return TRUE;
        return set_gone(qmp, error);
}

/* The next line, without its end. NULL on error. */
static char *read_line(CrQmp *qmp, GError **error)
{
        for (;;) {
                const guint8 *start = qmp->read->data;
                const guint8 *end = qmp->read->len > qmp->searched ? memchr(start + qmp->searched, '\n',
                                                                             qmp->read->len - qmp->searched)
                                                                   : NULL;

                if (end) {
                        guint length = (guint)(end - start);
                        char *line = g_strndup((const char *)start, length);

                        g_byte_array_remove_range(qmp->read, 0, length + 1);
                        qmp->searched = 0;
                        return line;
                }
                qmp->searched = qmp->read->len;
                if (!read_more(qmp, error))
                        return NULL;
        }
}

static gboolean has_sent(CrQmp *qmp, struct msghdr *message, gsize *ret_sent, GError **error)
{
        ssize_t n;

        do {
                if (!await(qmp, POLLOUT, error))
                        return FALSE;
                n = sendmsg(qmp->fd, message, MSG_NOSIGNAL);
        } while (n < 0 && (errno == EAGAIN || errno == EINTR));
        if (n < 0)
                return set_gone(qmp, error);
        *ret_sent = (gsize)n;
        return TRUE;
}

/* @fd goes with the first byte. */
static gboolean send_line(CrQmp *qmp, const char *line, int fd, GError **error)
{
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = {
                .header = {
                        .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
        gsize length = strlen(line), sent;

        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
        for (gsize done = 0; done < length; done += sent) {
                struct iovec piece = {.iov_base = (char *)line + done, .iov_len = length - done};
                struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};

                if (fd >= 0 && done == 0) {
                        message.msg_control = &control;
                        message.msg_controllen = sizeof control;
                }
                if (!has_sent(qmp, &message, &sent, error))
                        return FALSE;
        }
        return TRUE;
}

/* ---- messages ---- */

/* The next message: an object. */
static JsonNode *read_message(CrQmp *qmp, GError **error)
{
        g_autofree char *line = read_line(qmp, error);
        g_autoptr(JsonParser) parser = json_parser_new();
        g_autoptr(GError) problem = NULL;

        if (!line)
                return NULL;
        if (cr_json_text_check(line, NESTING_MAX, &problem) &&
                json_parser_load_from_data(parser, line, -1, &problem)) {
                JsonNode *root = json_parser_get_root(parser);

                if (root && JSON_NODE_HOLDS_OBJECT(root))
                        return json_node_copy(root);
        }
        g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "what answers at machine '%s' does not speak QMP: %s",
                qmp->path, problem ? problem->message : "not an object");
        return NULL;
}

/* The machine's words, or none, in @answer's member "error". */
static void set_refused(const CrQmp *qmp, const char *command, JsonNode *answer, GError **error)
{
        JsonNode *node = json_object_get_member(json_node_get_object(answer), "error");
        JsonObject *problem = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
        JsonNode *words = problem ? json_object_get_member(problem, "desc") : NULL;
        gboolean is_text =
                words && JSON_NODE_HOLDS_VALUE(words) && json_node_get_value_type(words) == G_TYPE_STRING;

        g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "machine '%s' refuses %s: %.500s", qmp->path, command,
                is_text ? json_node_get_string(words) : "it does not say why");
}

static JsonNode *await_answer(CrQmp *qmp, const char *command, GError **error)
{
        for (guint i = 0; i < MESSAGES_MAX; i++) {
                g_autoptr(JsonNode) message = read_message(qmp, error);
                JsonObject *object = message ? json_node_get_object(message) : NULL;

                if (!object)
                        return NULL;
                if (json_object_has_member(object, "return"))
                        return json_object_dup_member(object, "return");
                if (!json_object_has_member(object, "error"))
                        continue; /* an event */
                set_refused(qmp, command, message, error);
                return NULL;
        }
        g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "machine '%s' sends events without an end", qmp->path);
        return NULL;
}

JsonNode *cr_qmp_run(CrQmp *qmp, const char *command, JsonObject *arguments, int fd, GError **error)
{
        g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
        g_autofree char *text = NULL, *line = NULL;
        JsonObject *message = json_object_new();

        json_object_set_string_member(message, "execute", command);
        if (arguments)
                json_object_set_object_member(message, "arguments", arguments);
        json_node_take_object(root, message);
        text = json_to_string(root, FALSE);
        line = g_strconcat(text, "\n", NULL);
        return send_line(qmp, line, fd, error) ? await_answer(qmp, command, error) : NULL;
}

gboolean cr_qmp_do(CrQmp *qmp, const char *command, JsonObject *arguments, GError **error)
{
        g_autoptr(JsonNode) answer = cr_qmp_run(qmp, command, arguments, -1, error);

        return answer != NULL;
}

static gboolean greet(CrQmp *qmp, GError **error)
{
        g_autoptr(JsonNode) greeting = read_message(qmp, error);

        if (!greeting)
                return FALSE;
        if (json_object_has_member(json_node_get_object(greeting), "QMP"))
                return cr_qmp_do(qmp, "qmp_capabilities", NULL, error);
        g_set_error(error, CR_ERROR, CR_ERROR_FAILED,
                "what answers at machine '%s' does not speak QMP: it does not greet", qmp->path);
        return FALSE;
}

CrQmp *cr_qmp_open(const CrConfig *config, const char *path, gint64 deadline, GError **error)
{
        g_autoptr(CrQmp) qmp = g_new0(CrQmp, 1);
        g_autoptr(GError) problem = NULL;
        CR_AUTO_FD int found = -1;

        qmp->fd = -1;
        qmp->path = g_strdup(path);
        qmp->read = g_byte_array_new();
        qmp->deadline = deadline;
        found = find_socket(config, path, &problem);
        /* Its folder goes with the machine, in some places. */
        if (g_error_matches(problem, CR_ERROR, CR_ERROR_FILE_NOT_FOUND) || (found < 0 && !problem)) {
                set_off(qmp, error);
                return NULL;
        }
        if (found < 0) {
                g_propagate_error(error, g_steal_pointer(&problem));
                return NULL;
        }
        return connect_to(qmp, found, error) && greet(qmp, error) ? g_steal_pointer(&qmp) : NULL;
}

void cr_qmp_set_deadline(CrQmp *qmp, gint64 deadline)
{
        qmp->deadline = deadline;
}

void cr_qmp_close(CrQmp *qmp)
{
        if (!qmp)
                return;
        cr_fd_clear(&qmp->fd);
        g_byte_array_unref(qmp->read);
        g_free(qmp->path);
        g_free(qmp);
}
