/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/id.h"
#include "worker/ssh.h"

#define FAR_PROGRAM "collection-replication-peer"
/* s that a shared connection outlives its last user: the cycles of the shortest interval find it open. */
#define PERSIST "ControlPersist=60"

struct CrSsh {
        char *user, *host; /* user: NULL: as ssh's configuration says */
        int port;          /* -1: likewise */
        char *config, *control_path, *log;
};

CrSsh *cr_ssh_new(const char *address, const char *config, const char *directory, GError **error)
{
        g_autoptr(GUri) uri = g_uri_parse(address, G_URI_FLAGS_NONE, NULL);
        g_autoptr(CrSsh) ssh = g_new0(CrSsh, 1);
        CrId id = cr_id_new();

        if (!uri || !g_str_equal(g_uri_get_scheme(uri), "ssh") || !g_uri_get_host(uri)) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "'%s' is not the address of a peer: ssh://[USER@]HOST[:PORT]", address);
                return NULL;
        }
        ssh->user = g_strdup(g_uri_get_user(uri));
        ssh->host = g_strdup(g_uri_get_host(uri));
        ssh->port = g_uri_get_port(uri);
        ssh->config = g_strdup(config);
        ssh->control_path = g_strdup_printf("ControlPath=%s/ssh-%%C", directory);
        ssh->log = g_strdup_printf("%s/ssh-%.12s.log", directory, id.text);
        return g_steal_pointer(&ssh);
}

void cr_ssh_free(CrSsh *ssh)
{
        if (ssh->log)
                (void)unlink(ssh->log);
        g_free(ssh->user);
        g_free(ssh->host);
        g_free(ssh->config);
        g_free(ssh->control_path);
        g_free(ssh->log);
        g_free(ssh);
}

static void add(GStrvBuilder *argv, const char *option, const char *value)
{
        g_strv_builder_add_many(argv, option, value, NULL);
}

/* The options before the host. What is given here wins over the configuration file. */
static GStrvBuilder *begin(const CrSsh *ssh)
{
        GStrvBuilder *argv = g_strv_builder_new();

        g_strv_builder_add_many(argv, "ssh", "-xT", NULL);
        add(argv, "-F", ssh->config);
        add(argv, "-E", ssh->log);
        add(argv, "-o", "BatchMode=yes");
        add(argv, "-o", "StrictHostKeyChecking=yes");
        add(argv, "-o", "ConnectTimeout=10");
        /* A link that is cut for seconds heals; half a minute of silence is its end. */
        add(argv, "-o", "ServerAliveInterval=5");
        add(argv, "-o", "ServerAliveCountMax=6");
        if (ssh->user)
                add(argv, "-l", ssh->user);
        if (ssh->port > 0) {
                g_autofree char *port = g_strdup_printf("%d", ssh->port);
                add(argv, "-p", port);
        }
        return argv;
}

static char **end(GStrvBuilder *owned, const CrSsh *ssh, const char *command)
{
        g_autoptr(GStrvBuilder) argv = owned;

        add(argv, "--", ssh->host);
        g_strv_builder_add(argv, command);
        return g_strv_builder_end(argv);
}

char *cr_ssh_bus_address(const CrSsh *ssh)
{
        GStrvBuilder *builder = begin(ssh);
        GString *address = g_string_new("unixexec:path=ssh");

        add(builder, "-o", "ControlMaster=auto");
        add(builder, "-o", ssh->control_path);
        add(builder, "-o", PERSIST);
        g_auto(GStrv) argv = end(builder, ssh, FAR_PROGRAM " bus");
        for (guint i = 1; argv[i]; i++) {
                g_autofree char *escaped = g_uri_escape_string(argv[i], "/", FALSE);

                g_string_append_printf(address, ",argv%u=%s", i, escaped);
        }
        return g_string_free(address, FALSE);
}

char **cr_ssh_transfer_command(const CrSsh *ssh, const char *name)
{
        GStrvBuilder *builder = begin(ssh);
        g_autofree char *command = g_strdup_printf(FAR_PROGRAM " transfer %s", name);

        /* The shared connection is one stream on one processor. */
        add(builder, "-o", "ControlPath=none");
        return end(builder, ssh, command);
}

char *cr_ssh_complaint(const CrSsh *ssh)
{
        g_autofree char *text = NULL;

        if (!g_file_get_contents(ssh->log, &text, NULL, NULL))
                return NULL;
        g_strstrip(text);
        const char *last = strrchr(text, '\n');
        g_autofree char *line = g_utf8_make_valid(last ? last + 1 : text, -1);
        return *line != '\0' ? g_strdelimit(g_strstrip(g_steal_pointer(&line)), "\r", ' ') : NULL;
}
