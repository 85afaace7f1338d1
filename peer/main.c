/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the other site's key may run here over ssh (a forced command of authorized_keys): a bridge to the
 * system bus, where polkit and the service decide, and the sockets of this site's transfers. It runs as the
 * peer's account, which owns nothing.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gio/gio.h>

#include "config.h"
#include "peer/authorized_key.h"
#include "peer/relay.h"
#include "peer/request.h"

static char *public_key, *bus_address;
static char *runtime_directory;
static gboolean show_version;

static const GOptionEntry entries[] = {
        {"authorized-key", 0, 0, G_OPTION_ARG_FILENAME, &public_key,
                "Print the line for authorized_keys that lets in the other site's public key in FILE (-: the "
                "standard input)",
                "FILE"},
        {"bus", 0, 0, G_OPTION_ARG_STRING, &bus_address, "The bus of the service (the system bus)",
                "ADDRESS"},
        {"runtime-directory", 0, 0, G_OPTION_ARG_FILENAME, &runtime_directory,
                "The service's folder of sockets (/run/collection-replication)", "DIR"},
        {"version", 0, 0, G_OPTION_ARG_NONE, &show_version, "Show the version", NULL},
        {NULL},
};

static gboolean fail(int errnum, GError **error, const char *what)
{
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errnum), "%s: %s", what, g_strerror(errnum));
        return FALSE;
}

/* The options that this call was given, for the line that it prints. */
static char *own_command(void)
{
        GString *command = g_string_new(CR_PKGLIBEXECDIR "/collection-replication-peer");

        if (bus_address)
                g_string_append_printf(command, " --bus=%s", bus_address);
        if (runtime_directory)
                g_string_append_printf(command, " --runtime-directory=%s", runtime_directory);
        return g_string_free(command, FALSE);
}

static gboolean print_authorized_key(GError **error)
{
        g_autofree char *command = own_command();
        g_autofree char *line = NULL;

        if (strpbrk(command, "\"\\\n")) {
                g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        "a quote, a backslash or a line break can't be part of a line of authorized_keys");
                return FALSE;
        }
        line = cr_authorized_key(public_key, command, error);
        return line && (fputs(line, stdout) != EOF || fail(errno, error, "the line can't be written"));
}

static gboolean bridge(GError **error)
{
        char *argv[] = {(char *)"systemd-stdio-bridge", NULL, NULL};
        g_autofree char *option = bus_address ? g_strconcat("--bus-path=", bus_address, NULL) : NULL;

        argv[1] = option;
        execvp(argv[0], argv);
        return fail(errno, error, "systemd-stdio-bridge can't be started");
}

static gboolean transfer(const char *name, GError **error)
{
        g_autofree char *path =
                g_build_filename(runtime_directory ? runtime_directory : "/run/collection-replication",
                        "transfers", name, NULL);
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path)
                return fail(ENAMETOOLONG, error, path);
        if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
                return fail(errno, error, "the transfer's socket can't be opened");
        return cr_relay(fd, STDIN_FILENO, STDOUT_FILENO, error);
}

static gboolean serve(GError **error)
{
        const char *command = g_getenv("SSH_ORIGINAL_COMMAND");
        g_auto(CrPeerRequest) request = {0};

        if (!cr_peer_request_parse(command ? command : "", &request, error))
                return FALSE;
        return request.kind == CR_PEER_REQUEST_BUS ? bridge(error) : transfer(request.socket, error);
}

static gboolean run(int argc, char **argv, GError **error)
{
        g_autoptr(GOptionContext) context =
                g_option_context_new("- let the other site's replication service in, by ssh");

        g_option_context_set_summary(context,
                "A forced command: without options it carries out what the caller's ssh asked for\n"
                "($SSH_ORIGINAL_COMMAND), which is the bus or one transfer, and nothing else.");
        g_option_context_add_main_entries(context, entries, NULL);
        if (!g_option_context_parse(context, &argc, &argv, error))
                return FALSE;
        if (argc > 1) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                        "unexpected argument '%s'; see --help", argv[1]);
                return FALSE;
        }
        if (show_version) {
                puts("collection-replication-peer " CR_VERSION);
                return TRUE;
        }
        return public_key ? print_authorized_key(error) : serve(error);
}

int main(int argc, char **argv)
{
        g_autoptr(GError) error = NULL;

        setlocale(LC_ALL, "");
        if (run(argc, argv, &error))
                return EXIT_SUCCESS;
        fprintf(stderr, "collection-replication-peer: %s\n", error->message);
        return error->domain == G_OPTION_ERROR ? 2 : EXIT_FAILURE;
}
