/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the other site's key may ask for, the line that lets it in, and the relay between. */
#include <check.h>
#include <gio/gio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer/authorized_key.h"
#include "peer/relay.h"
#include "peer/request.h"

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINPvLp0bHNMP+lTnIicl9HKG9Kisj4dIEssMHBD/HcdS"

START_TEST(the_bus_and_a_transfer_may_be_asked_for)
{
        g_auto(CrPeerRequest) bus = {0}, transfer = {0};

        ck_assert(cr_peer_request_parse("collection-replication-peer bus", &bus, NULL));
        ck_assert_int_eq(bus.kind, CR_PEER_REQUEST_BUS);
        ck_assert(cr_peer_request_parse(
                "collection-replication-peer transfer 0123456789ab.nbd", &transfer, NULL));
        ck_assert_int_eq(transfer.kind, CR_PEER_REQUEST_TRANSFER);
        ck_assert_str_eq(transfer.socket, "0123456789ab.nbd");
}
END_TEST

static const char *const hostile[] = {
        "",
        "bus",
        "sh",
        "collection-replication-peer",
        "collection-replication-peer  bus",
        "collection-replication-peer bus ",
        "collection-replication-peer bus\n",
        "collection-replication-peer bus; id",
        "/bin/collection-replication-peer bus",
        "collection-replication-peer transfer",
        "collection-replication-peer transfer ",
        "collection-replication-peer transfer ../../x.nbd",
        "collection-replication-peer transfer 0123456789ab.nbd/x",
        "collection-replication-peer transfer 0123456789AB.nbd",
        "collection-replication-peer transfer 0123456789ab.nbd\nid",
        "collection-replication-peer transfer 0123456789ab.nbd id",
        "collection-replication-peer transfer \xff\xff",
};

START_TEST(nothing_else_may)
{
        g_auto(CrPeerRequest) request = {0};
        g_autoptr(GError) error = NULL;

        ck_assert_msg(!cr_peer_request_parse(hostile[_i], &request, &error), "'%s'", hostile[_i]);
        ck_assert(g_error_matches(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE));
        ck_assert_ptr_null(request.socket);
}
END_TEST

static char *line_of(const char *text, GError **error)
{
        g_autofree char *path = NULL;
        int fd = g_file_open_tmp("cr-key-XXXXXX", &path, NULL);
        char *line;

        ck_assert_int_ge(fd, 0);
        close(fd);
        ck_assert(g_file_set_contents(path, text, -1, NULL));
        line = cr_authorized_key(path, "/usr/libexec/collection-replication-peer", error);
        unlink(path);
        return line;
}

START_TEST(a_public_key_is_let_in_for_the_one_program)
{
        static const char *const ends[] = {"", "\n", " site a\n"};

        for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
                g_autofree char *text = g_strconcat(KEY, ends[i], NULL);
                g_autofree char *line = line_of(text, NULL);
                g_autofree char *wanted =
                        g_strconcat("command=\"/usr/libexec/collection-replication-peer\",restrict ", KEY,
                                i == 2 ? " site a\n" : "\n", NULL);

                ck_assert_pstr_eq(line, wanted);
        }
}
END_TEST

START_TEST(what_is_not_one_public_key_is_refused)
{
        static const char *const texts[] = {"", "\n", "ssh-ed25519\n", KEY "\n" KEY "\n",
                "command=\"sh\" " KEY "\n", "no-pty " KEY "\n\n", "-----BEGIN OPENSSH PRIVATE KEY-----\n",
                "# a comment\n" KEY "\n"};

        for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autoptr(GError) error = NULL;
                g_autofree char *line = line_of(texts[i], &error);

                ck_assert_msg(line == NULL, "'%s' became '%s'", texts[i], line);
                ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
        }
}
END_TEST

/* More than any buffer on the way holds; in whole writes of 1000. */
#define N_NUMBERS 150000u

/* What the far end of the socket does: says all that it hears once more, and then that it was all. */
static gpointer echo(gpointer data)
{
        int fd = GPOINTER_TO_INT(data);
        char buffer[10007];
        gssize n;

        while ((n = read(fd, buffer, sizeof buffer)) > 0)
                ck_assert_int_eq(write(fd, buffer, (gsize)n), n);
        ck_assert_int_eq(write(fd, "end", 3), 3);
        close(fd);
        return NULL;
}

static gpointer feed(gpointer data)
{
        int fd = GPOINTER_TO_INT(data);

        guint numbers[1000];

        for (guint i = 0; i < N_NUMBERS; i++) {
                numbers[i % G_N_ELEMENTS(numbers)] = i;
                if ((i + 1) % G_N_ELEMENTS(numbers) == 0)
                        ck_assert_int_eq(write(fd, numbers, sizeof numbers), sizeof numbers);
        }
        close(fd);
        return NULL;
}

static gpointer check_output(gpointer data)
{
        g_autofree guint *back = g_malloc((N_NUMBERS + 1) * sizeof *back);
        gsize got = 0;
        gssize n;

        while ((n = read(GPOINTER_TO_INT(data), (char *)back + got, (N_NUMBERS + 1) * sizeof *back - got)) >
                0)
                got += (gsize)n;
        ck_assert_uint_eq(got, N_NUMBERS * sizeof *back + 3);
        for (guint i = 0; i < N_NUMBERS; i++)
                ck_assert_uint_eq(back[i], i);
        return NULL;
}

START_TEST(bytes_go_both_ways_until_the_far_end_is_done)
{
        int sockets[2], input[2], output[2];
        g_autoptr(GError) error = NULL;
        GThread *threads[3];

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
        ck_assert_int_eq(pipe(input), 0);
        ck_assert_int_eq(pipe(output), 0);
        threads[0] = g_thread_new("echo", echo, GINT_TO_POINTER(sockets[1]));
        threads[1] = g_thread_new("feed", feed, GINT_TO_POINTER(input[1]));
        threads[2] = g_thread_new("output", check_output, GINT_TO_POINTER(output[0]));
        ck_assert_msg(cr_relay(sockets[0], input[0], output[1], &error), "%s", error ? error->message : "");
        close(output[1]);
        for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
                g_thread_join(threads[i]);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("peer");
        TCase *tcase = tcase_create("peer");
        SRunner *runner;
        int n_failed;

        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, the_bus_and_a_transfer_may_be_asked_for);
        tcase_add_loop_test(tcase, nothing_else_may, 0, G_N_ELEMENTS(hostile));
        tcase_add_test(tcase, a_public_key_is_let_in_for_the_one_program);
        tcase_add_test(tcase, what_is_not_one_public_key_is_refused);
        tcase_add_test(tcase, bytes_go_both_ways_until_the_far_end_is_done);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
