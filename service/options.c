/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/options.h"

#include "config.h"

#define DEFAULT_CONFIG CR_SYSCONFDIR "/collection-replication/collection-replicationd.conf"
#define DEFAULT_STATE_DIRECTORY "/var/lib/collection-replication"
#define DEFAULT_RUNTIME_DIRECTORY "/run/collection-replication"

/* Absolute, with the default for none; takes @given. */
static char *resolve(char *given, const char *otherwise)
{
        g_autofree char *path = given ? given : g_strdup(otherwise);

        return g_canonicalize_filename(path, NULL);
}

gboolean cr_options_parse(
        int *argc, char ***argv, CrServiceOptions *ret, CrCommand *ret_command, GError **error)
{
        char *config = NULL, *state = NULL, *runtime = NULL;
        gboolean version = FALSE, failpoints = FALSE;
        const GOptionEntry entries[] = {
                {"config", 0, 0, G_OPTION_ARG_FILENAME, &config, "The configuration (" DEFAULT_CONFIG ")",
                        "FILE"},
                {"state-directory", 0, 0, G_OPTION_ARG_FILENAME, &state,
                        "The folder of the database (" DEFAULT_STATE_DIRECTORY ")", "DIR"},
                {"runtime-directory", 0, 0, G_OPTION_ARG_FILENAME, &runtime,
                        "The folder of locks and sockets (" DEFAULT_RUNTIME_DIRECTORY ")", "DIR"},
                {"version", 0, 0, G_OPTION_ARG_NONE, &version, "Show the version", NULL},
                {"list-failpoints", 0, 0, G_OPTION_ARG_NONE, &failpoints, "List the failpoints of this build",
                        NULL},
                {NULL},
        };
        g_autoptr(GOptionContext) context = g_option_context_new("- the Collection Replication service");
        gboolean ok;

        g_option_context_add_main_entries(context, entries, NULL);
        ok = g_option_context_parse(context, argc, argv, error);
        if (ok && *argc > 1) {
                g_set_error(
                        error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "unexpected argument: %s", (*argv)[1]);
                ok = FALSE;
        }
        ret->config_required = config != NULL;
        ret->config = resolve(config, DEFAULT_CONFIG);
        ret->state_directory = resolve(state, DEFAULT_STATE_DIRECTORY);
        ret->runtime_directory = resolve(runtime, DEFAULT_RUNTIME_DIRECTORY);
        *ret_command = version      ? CR_COMMAND_VERSION
                       : failpoints ? CR_COMMAND_LIST_FAILPOINTS
                                    : CR_COMMAND_RUN;
        return ok;
}

void cr_options_clear(CrServiceOptions *options)
{
        g_free(options->config);
        g_free(options->state_directory);
        g_free(options->runtime_directory);
}
