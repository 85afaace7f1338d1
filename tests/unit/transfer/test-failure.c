/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Servers that die, hang, refuse, run out of room, and callers that cancel. */
#include "run.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/error.h"
#include "transfer.h"
#include "transfer/nbd_io.h"

#define SIZE (64u << 20) /* much more than is under way at once */

/* Two sides, ready to copy a full disk. */
typedef struct Sides {
        Folder *folder;
        Server *sender, *receiver;
        CrNbd *view, *target;
        guint n_reports;
} Sides;

static Server *serve_with_fault(
        Folder *folder, const char *path, const char *event, int errnum, const char *extra)
{
        g_autofree char *options = g_strdup_printf(
                "driver=qcow2,file.driver=blkdebug,file.image.driver=file,file.image.filename=%s,"
                "file.inject-error.0.event=%s,file.inject-error.0.errno=%d",
                path, event, errnum);

        return serve_options(folder, options, extra);
}

/* @reading, @writing: events of blkdebug at which that side fails, with @errnum; NULL: never. */
static Sides *sides_new(const char *reading, const char *writing, int errnum)
{
        Sides *sides = g_new0(Sides, 1);
        g_autofree char *from = NULL, *to = NULL;

        sides->folder = folder_new();
        from = folder_file(sides->folder, "from.qcow2");
        to = folder_file(sides->folder, "to.qcow2");
        image_create(from, LAYER_OPTIONS, NULL, SIZE);
        image_do(from, "write -P 1 0 64M");
        image_create(to, LAYER_OPTIONS, NULL, SIZE);
        sides->sender = reading ? serve_with_fault(sides->folder, from, reading, errnum, "--allocation-depth")
                                : serve(sides->folder, from, FALSE);
        sides->receiver = writing ? serve_with_fault(sides->folder, to, writing, errnum, "--persistent")
                                  : serve(sides->folder, to, TRUE);
        sides->view = open_server(sides->sender, TRUE);
        sides->target = open_server(sides->receiver, FALSE);
        return sides;
}

static void sides_free(Sides *sides)
{
        cr_nbd_close(sides->view);
        cr_nbd_close(sides->target);
        server_free(sides->sender);
        server_free(sides->receiver);
        folder_free(sides->folder);
        g_free(sides);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sides, sides_free)

/* Copies, which must fail with @code and name @server (NULL: no server is to blame). */
static void copy_fails(
        Sides *sides, CrCopyProgress progress, CrError code, const Server *server, const char *words)
{
        CrChangesSpec spec = {.view = sides->view, .depth = G_MAXUINT, .changed_from = G_MAXUINT64};
        g_autoptr(GError) error = NULL;
        CrCopyResult result;

        ck_assert(!cr_copy_changes(&spec, sides->target, progress, sides, &result, &error));
        ck_assert_ptr_nonnull(error);
        ck_assert_msg(g_error_matches(error, CR_ERROR, (int)code), "%d: %s", error->code, error->message);
        ck_assert_msg(!server || strstr(error->message, server->socket_path), "%s", error->message);
        ck_assert_msg(strstr(error->message, words) != NULL, "%s", error->message);
        /* Whatever was under way, its callbacks are over. */
        ck_assert_ptr_null(cr_nbd_handle(sides->view));
        ck_assert_ptr_null(cr_nbd_handle(sides->target));
        ck_assert(!cr_copy_changes(&spec, sides->target, NULL, NULL, &result, NULL));
}

/* While the receiver does not move, what was read waits for it: the transfer is in its middle. */
static gboolean kill_sender(guint64 done, void *userdata)
{
        Sides *sides = userdata;

        ck_assert_uint_lt(done, SIZE);
        if (++sides->n_reports == 2) {
                server_kill(sides->sender);
                server_signal(sides->receiver, SIGCONT);
        }
        return TRUE;
}

START_TEST(sender_dies)
{
        g_autoptr(Sides) sides = sides_new(NULL, NULL, 0);

        server_signal(sides->receiver, SIGSTOP);
        copy_fails(sides, kill_sender, CR_ERROR_NOT_AVAILABLE, sides->sender, "");
        ck_assert_uint_ge(sides->n_reports, 2);
}
END_TEST

static gboolean kill_receiver(guint64 done, void *userdata)
{
        Sides *sides = userdata;

        ck_assert_uint_lt(done, SIZE);
        if (++sides->n_reports == 2)
                server_kill(sides->receiver);
        return TRUE;
}

START_TEST(receiver_dies)
{
        g_autoptr(Sides) sides = sides_new(NULL, NULL, 0);

        server_signal(sides->receiver, SIGSTOP);
        copy_fails(sides, kill_receiver, CR_ERROR_NOT_AVAILABLE, sides->receiver, "");
        ck_assert_uint_ge(sides->n_reports, 2);
}
END_TEST

static gboolean cancel(guint64 done, void *userdata)
{
        Sides *sides = userdata;

        return ++sides->n_reports < 3;
}

START_TEST(cancelled_while_the_receiver_hangs)
{
        g_autoptr(Sides) sides = sides_new(NULL, NULL, 0);

        server_signal(sides->receiver, SIGSTOP);
        copy_fails(sides, cancel, CR_ERROR_CANCELLED, NULL, "cancelled");
        ck_assert_uint_eq(sides->n_reports, 3);
}
END_TEST

START_TEST(cancelled_while_the_sender_hangs)
{
        g_autoptr(Sides) sides = sides_new(NULL, NULL, 0);

        server_signal(sides->sender, SIGSTOP);
        copy_fails(sides, cancel, CR_ERROR_CANCELLED, NULL, "cancelled");
        ck_assert_uint_eq(sides->n_reports, 3);
}
END_TEST

START_TEST(receiver_hangs)
{
        g_autoptr(Sides) sides = sides_new(NULL, NULL, 0);

        server_signal(sides->receiver, SIGSTOP);
        cr_nbd_set_patience(sides->target, 1000);
        copy_fails(sides, NULL, CR_ERROR_TIMEOUT, sides->receiver, "did not answer for 1 s");
}
END_TEST

START_TEST(sender_hangs)
{
        g_autoptr(Sides) sides = sides_new(NULL, NULL, 0);

        server_signal(sides->sender, SIGSTOP);
        cr_nbd_set_patience(sides->view, 1000);
        copy_fails(sides, NULL, CR_ERROR_TIMEOUT, sides->sender, "did not answer for 1 s");
}
END_TEST

START_TEST(read_error)
{
        g_autoptr(Sides) sides = sides_new("read_aio", NULL, 5);

        copy_fails(sides, NULL, CR_ERROR_FAILED, sides->sender, "Input/output error");
}
END_TEST

START_TEST(no_room)
{
        g_autoptr(Sides) sides = sides_new(NULL, "write_aio", 28);

        copy_fails(sides, NULL, CR_ERROR_FAILED, sides->receiver, "make room");
}
END_TEST

START_TEST(flush_fails)
{
        g_autoptr(Sides) sides = sides_new(NULL, "flush_to_disk", 5);

        copy_fails(sides, NULL, CR_ERROR_FAILED, sides->receiver, "Input/output error");
}
END_TEST

START_TEST(wrong_size)
{
        g_autoptr(Sides) sides = sides_new(NULL, NULL, 0);
        g_autofree char *path = folder_file(sides->folder, "small.qcow2");
        g_autoptr(Server) server = NULL;
        g_autoptr(CrNbd) target = NULL;
        g_autoptr(GError) error = NULL;
        CrCopyResult result;

        image_create(path, LAYER_OPTIONS, NULL, SIZE - 512);
        server = serve(sides->folder, path, TRUE);
        target = open_server(server, FALSE);
        ck_assert(!cr_copy_changes(
                &(CrChangesSpec){.view = sides->view, .depth = 1, .changed_from = G_MAXUINT64}, target, NULL,
                NULL, &result, &error));
        ck_assert(g_error_matches(error, CR_ERROR, CR_ERROR_FAILED));
        ck_assert_ptr_nonnull(strstr(error->message, "67108352"));
}
END_TEST

START_TEST(no_server)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(Folder) folder = folder_new();
        g_autofree char *path = folder_file(folder, "none.sock");

        ck_assert_ptr_null(cr_nbd_open(path, FALSE, &error));
        ck_assert(g_error_matches(error, CR_ERROR, CR_ERROR_NOT_AVAILABLE));
        ck_assert_ptr_nonnull(strstr(error->message, path));
}
END_TEST

/* A listening socket behind which nobody speaks. */
static int listen_at(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_ge(fd, 0);
        g_strlcpy(address.sun_path, path, sizeof address.sun_path);
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
        ck_assert_int_eq(listen(fd, 1), 0);
        return fd;
}

START_TEST(silent_server)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(Folder) folder = folder_new();
        g_autofree char *path = folder_file(folder, "silent.sock");
        int fd = listen_at(path);

        ck_assert_ptr_null(cr_nbd_open_within(path, FALSE, 200, &error));
        ck_assert(g_error_matches(error, CR_ERROR, CR_ERROR_TIMEOUT));
        ck_assert_ptr_nonnull(strstr(error->message, path));
        close(fd);
}
END_TEST

START_TEST(server_without_depth)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(Folder) folder = folder_new();
        g_autofree char *path = folder_file(folder, "disk.qcow2");
        g_autoptr(Server) server = NULL;
        g_autoptr(CrNbd) plain = NULL;

        image_create(path, LAYER_OPTIONS, NULL, 1u << 20);
        server = serve(folder, path, TRUE);
        ck_assert_ptr_null(cr_nbd_open(server->socket_path, TRUE, &error));
        ck_assert(g_error_matches(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED));
        plain = open_server(server, FALSE);
        ck_assert_uint_eq(cr_nbd_size(plain), 1u << 20);
}
END_TEST

/* Metadata that can't be had is no end of the changes. */
START_TEST(changes_of_a_dead_server)
{
        g_autoptr(Sides) sides = sides_new(NULL, NULL, 0);
        CrChangesSpec spec = {.view = sides->view, .depth = 1, .changed_from = G_MAXUINT64};
        g_autoptr(GError) error = NULL;
        guint64 bytes;

        server_kill(sides->sender);
        ck_assert(!cr_copy_estimate(&spec, &bytes, &error));
        ck_assert(g_error_matches(error, CR_ERROR, CR_ERROR_NOT_AVAILABLE));
        ck_assert_ptr_nonnull(strstr(error->message, sides->sender->socket_path));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("failure");
        TCase *tcase = tcase_create("failure");

        tcase_set_timeout(tcase, 300);
        tcase_add_test(tcase, sender_dies);
        tcase_add_test(tcase, receiver_dies);
        tcase_add_test(tcase, cancelled_while_the_receiver_hangs);
        tcase_add_test(tcase, cancelled_while_the_sender_hangs);
        tcase_add_test(tcase, receiver_hangs);
        tcase_add_test(tcase, sender_hangs);
        tcase_add_test(tcase, read_error);
        tcase_add_test(tcase, no_room);
        tcase_add_test(tcase, flush_fails);
        tcase_add_test(tcase, wrong_size);
        tcase_add_test(tcase, no_server);
        tcase_add_test(tcase, silent_server);
        tcase_add_test(tcase, server_without_depth);
        tcase_add_test(tcase, changes_of_a_dead_server);
        suite_add_tcase(suite, tcase);
        return run_suite(suite);
}
