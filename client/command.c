/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/command.h"

#include <stdio.h>

#include "client/error.h"
#include "client/json.h"
#include "client/verb.h"
#include "config.h"

typedef struct {
        CrClientOptions client;
        gboolean help;
        gboolean version;
        CrVerbOptions verb;
} Command;

static void command_clear(Command *command)
{
        g_free(command->client.address);
        g_free(command->client.host);
        cr_verb_options_clear(&command->verb);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Command, command_clear)

/* Options that stand before the verb or behind it. */
static void add_common_options(GOptionGroup *group, Command *command)
{
        const GOptionEntry entries[] = {
                {"help", 'h', 0, G_OPTION_ARG_NONE, &command->help, "Show this help", NULL},
                {"address", 0, 0, G_OPTION_ARG_FILENAME, &command->client.address,
                        "D-Bus address of the bus (default: the system bus)", "BUS"},
                {"host", 'H', 0, G_OPTION_ARG_FILENAME, &command->client.host,
                        "The service on another machine, by ssh", "[USER@]HOST"},
                {"json", 'j', 0, G_OPTION_ARG_NONE, &command->client.json, "Output for programs", NULL},
                {"no-ask-password", 0, 0, G_OPTION_ARG_NONE, &command->client.no_ask_password,
                        "Fail where authentication would be needed", NULL},
                {NULL},
        };
        g_option_group_add_entries(group, entries);
}

static GOptionContext *context_new(const char *parameters, Command *command, GOptionGroup **ret_group)
{
        GOptionContext *context = g_option_context_new(parameters);
        GOptionGroup *group = g_option_group_new("main", "", "", NULL, NULL);
        add_common_options(group, command);
        g_option_context_set_main_group(context, group);
        g_option_context_set_help_enabled(context, FALSE);
        *ret_group = group;
        return context;
}

static char *verb_list_text(void)
{
        GString *text = g_string_new("Verbs:\n");
        for (const CrVerb *verb = cr_verbs; verb->name != NULL; verb++)
                g_string_append_printf(text, "  %-20s %s\n", verb->name, verb->summary);
        g_string_append(text, "\nEvery verb has its own --help. See collectionctl(1).");
        return g_string_free(text, FALSE);
}

static GOptionContext *global_context(Command *command)
{
        GOptionGroup *group;
        GOptionContext *context = context_new("VERB ...", command, &group);
        const GOptionEntry version[] = {
                {"version", 0, 0, G_OPTION_ARG_NONE, &command->version, "Show the version", NULL},
                {NULL},
        };
        g_autofree char *verbs = verb_list_text();
        g_option_group_add_entries(group, version);
        g_option_context_set_strict_posix(context, TRUE);
        g_option_context_set_summary(
                context, "Replicate groups of virtual machine disks, and fail over and back.");
        g_option_context_set_description(context, verbs);
        return context;
}

static GOptionContext *verb_context(const CrVerb *verb, Command *command)
{
        GOptionGroup *group;
        g_autofree char *usage =
                g_strjoin(*verb->arguments == '\0' ? NULL : " ", verb->name, verb->arguments, NULL);
        GOptionContext *context = context_new(usage, command, &group);
        const GOptionEntry no_wait[] = {
                {"no-wait", 0, 0, G_OPTION_ARG_NONE, &command->verb.no_wait,
                        "Print the job's path, don't follow it", NULL},
                {NULL},
        };
        if (verb->starts_job)
                g_option_group_add_entries(group, no_wait);
        if (verb->add_options != NULL)
                verb->add_options(group, &command->verb);
        g_autofree char *summary =
                g_strdup_printf("%c%s.", g_ascii_toupper(verb->summary[0]), verb->summary + 1);
        g_option_context_set_summary(context, summary);
        return context;
}

static void print_help(GOptionContext *context)
{
        g_autofree char *help = g_option_context_get_help(context, TRUE, NULL);
        g_print("%s", help);
}

/* D-Bus carries UTF-8 only; words come as the shell's bytes, in UTF-8 or the locale's encoding. The first is
 * the program's name, for GOption. */
static GStrv words_to_utf8(char *const *words, GError **error)
{
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        g_strv_builder_add(builder, "collectionctl");
        for (; *words != NULL; words++) {
                g_autofree char *converted = NULL;
                if (!g_utf8_validate(*words, -1, NULL)) {
                        converted = g_locale_to_utf8(*words, -1, NULL, NULL, NULL);
                        if (converted == NULL) {
                                g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE,
                                        "an argument is neither UTF-8 nor in the locale's encoding");
                                return NULL;
                        }
                }
                g_strv_builder_add(builder, converted != NULL ? converted : *words);
        }
        return g_strv_builder_end(builder);
}

static gboolean check_arguments(
        const CrVerb *verb, const CrClientOptions *options, char **args, GError **error)
{
        guint n = g_strv_length(args);
        if (n < verb->min_args || n > verb->max_args) {
                g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE, "usage: collectionctl %s %s",
                        verb->name, verb->arguments);
                return FALSE;
        }
        if (options->address != NULL && options->host != NULL) {
                g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE,
                        "--address and --host exclude each other");
                return FALSE;
        }
        return TRUE;
}

static gboolean run_verb(const CrVerb *verb, Command *command, char **args, GError **error)
{
        if (!check_arguments(verb, &command->client, args, error))
                return FALSE;
        g_autoptr(CrClient) client = cr_client_new(&command->client, error);
        if (client == NULL)
                return FALSE;
        CrInvocation invocation = {
                .client = client,
                .verb = verb,
                .args = args,
                .options = command->verb,
        };
        return verb->run(&invocation, error);
}

/* Takes a "--" out that GOption left in. */
static char **skip_separator(char **args)
{
        return *args != NULL && g_str_equal(*args, "--") ? args + 1 : args;
}

/* @words: the verb and what stands behind it. */
static gboolean parse_verb(Command *command, char **words, GError **error)
{
        const CrVerb *verb = cr_verb_find(words[0]);
        if (verb == NULL) {
                g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE, "there is no verb '%s'", words[0]);
                return FALSE;
        }
        g_autoptr(GOptionContext) context = verb_context(verb, command);
        g_auto(GStrv) args = g_strdupv(words);
        if (!g_option_context_parse_strv(context, &args, error))
                return FALSE;
        if (command->help) {
                print_help(context);
                return TRUE;
        }
        return run_verb(verb, command, skip_separator(args + 1), error);
}

static gboolean parse_command(Command *command, char *const *words, GError **error)
{
        g_auto(GStrv) args = words_to_utf8(words, error);
        if (args == NULL)
                return FALSE;
        g_autoptr(GOptionContext) context = global_context(command);
        if (!g_option_context_parse_strv(context, &args, error))
                return FALSE;
        if (command->help)
                print_help(context);
        else if (command->version)
                g_print("collectionctl %s\n", CR_VERSION);
        else if (args[1] == NULL) {
                g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE, "a verb is missing");
                return FALSE;
        } else
                return parse_verb(command, args + 1, error);
        return TRUE;
}

static void print_error(const Command *command, const GError *error)
{
        if (command->client.json) {
                cr_json_print_error(cr_error_json(error));
                return;
        }
        g_autofree char *text = cr_error_text(error);
        g_printerr("collectionctl: %s\n", text);
        if (cr_error_exit_status(error) == 2)
                g_printerr("See 'collectionctl --help', or --help behind a verb.\n");
}

int cr_command_run(char *const *words)
{
        g_auto(Command) command = {0};
        g_autoptr(GError) error = NULL;
        if (!parse_command(&command, words, &error)) {
                print_error(&command, error);
                return cr_error_exit_status(error);
        }
        if (fflush(stdout) != 0 || ferror(stdout)) {
                g_printerr("collectionctl: what was to be shown could not be written\n");
                return 1;
        }
        return 0;
}
