/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/show.h"

#include "client/format.h"
#include "client/properties.h"
#include "client/setting.h"
#include "client/table.h"
#include "client/text.h"
#include "client/words.h"

/* One line, unless there is nothing to tell. */
static void print_line(const char *label, const char *value)
{
        g_autofree char *printable = cr_text_printable(value);
        if (*printable != '\0' && !g_str_equal(printable, "-"))
                g_print("%18s: %s\n", label, printable);
}

static void print_string(GVariant *properties, const char *label, const char *key)
{
        print_line(label, cr_properties_string(properties, key));
}

static void print_time(GVariant *properties, const char *label, const char *key)
{
        g_autofree char *time = cr_format_time(cr_properties_number(properties, key));
        print_line(label, time);
}

static void print_members(GVariant *properties)
{
        g_autoptr(GVariant) members = cr_properties_value(properties, "Members", "as");
        g_autofree const char **names = members == NULL ? NULL : g_variant_get_strv(members, NULL);
        g_autofree char *joined = names == NULL ? g_strdup("") : g_strjoinv(", ", (char **)names);
        print_line("Machines", joined);
}

static void print_issues(GVariant *properties)
{
        g_autoptr(GVariant) issues = cr_properties_value(properties, "HealthIssues", "a(ss)");
        for (gsize i = 0; issues != NULL && i < g_variant_n_children(issues); i++) {
                const char *id, *words;
                g_variant_get_child(issues, i, "(&s&s)", &id, &words);
                g_autofree char *line = g_strdup_printf("%s (%s)", words, id);
                print_line("Issue", line);
        }
}

static void print_last_error(GVariant *properties)
{
        guint32 value;
        const char *message;
        g_autoptr(GVariant) last = cr_properties_value(properties, "LastError", "(us)");
        if (last == NULL)
                return;
        g_variant_get(last, "(u&s)", &value, &message);
        if (value != 0)
                print_line("Last error", message);
}

static void print_disks(GVariant *properties)
{
        const char *const headings[] = {"DISK", ">SIZE", "PATH", NULL};
        g_autoptr(GVariant) disks = cr_properties_value(properties, "Disks", "a(sst)");
        g_autoptr(CrTable) table = cr_table_new(headings);
        for (gsize i = 0; disks != NULL && i < g_variant_n_children(disks); i++) {
                const char *name, *path;
                guint64 bytes;
                g_variant_get_child(disks, i, "(&s&st)", &name, &path, &bytes);
                g_autofree char *size = cr_format_size(bytes);
                const char *const cells[] = {name, size, path};
                cr_table_add(table, cells);
        }
        g_print("\n");
        cr_table_print(table);
}

void cr_show_collection(GVariant *properties)
{
        g_autofree char *pending = cr_format_size(cr_properties_number(properties, "PendingBytes"));
        g_autofree char *job = cr_words_job(cr_properties_string(properties, "CurrentJob"));
        g_autofree char *generation =
                g_strdup_printf("%" G_GUINT64_FORMAT, cr_properties_number(properties, "Generation"));
        print_string(properties, "Name", "Name");
        print_string(properties, "Id", "Id");
        print_string(properties, "Role", "Role");
        print_string(properties, "State", "State");
        print_line("Health", cr_words_health(cr_properties_number(properties, "ReplicationHealth")));
        print_issues(properties);
        print_last_error(properties);
        print_line("Job", job);
        print_string(properties, "Peer", "Peer");
        print_string(properties, "Engine", "Engine");
        print_members(properties);
        print_line("Generation", generation);
        print_line("Pending", pending);
        print_time(properties, "Last replication", "LastReplicationTime");
        print_time(properties, "Last applied", "LastApplyTime");
        print_time(properties, "Next replication", "NextReplicationTime");
        print_time(properties, "Scheduled", "ScheduledTime");
        print_disks(properties);
}

static int compare_strings(gconstpointer a, gconstpointer b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys of an a{sv}, sorted; free the array, the strings are @dictionary's. */
static GPtrArray *sorted_keys(GVariant *dictionary)
{
        GPtrArray *keys = g_ptr_array_new();
        for (gsize i = 0; i < g_variant_n_children(dictionary); i++) {
                const char *key;
                g_variant_get_child(dictionary, i, "{&sv}", &key, NULL);
                g_ptr_array_add(keys, (gpointer)key);
        }
        g_ptr_array_sort(keys, compare_strings);
        return keys;
}

void cr_show_settings(GVariant *settings)
{
        g_autoptr(GPtrArray) keys = sorted_keys(settings);
        for (guint i = 0; i < keys->len; i++) {
                g_autoptr(GVariant) value = g_variant_lookup_value(settings, keys->pdata[i], NULL);
                g_autofree char *typed = cr_setting_format(value);
                g_autofree char *printable = cr_text_printable(typed);
                g_print("%s=%s\n", (const char *)keys->pdata[i], printable);
        }
}

/* The unit of a statistic is in its name, as introspection/ documents it. */
static char *format_statistic(GVariant *statistics, const char *key)
{
        guint64 number = cr_properties_number(statistics, key);
        if (g_str_has_suffix(key, "Time"))
                return cr_format_time(number);
        if (g_str_has_suffix(key, "Size"))
                return cr_format_size(number);
        if (g_str_has_suffix(key, "Latency"))
                return g_strdup_printf("%" G_GUINT64_FORMAT " s", number);
        if (g_str_equal(key, "ReplicationHealth"))
                return g_strdup(cr_words_health(number));
        return g_strdup_printf("%" G_GUINT64_FORMAT, number);
}

void cr_show_statistics(GVariant *statistics, char *const *issues)
{
        g_autoptr(GPtrArray) keys = sorted_keys(statistics);
        for (guint i = 0; i < keys->len; i++) {
                g_autofree char *value = format_statistic(statistics, keys->pdata[i]);
                g_print("%42s: %s\n", (const char *)keys->pdata[i], value);
        }
        for (; *issues != NULL; issues++) {
                g_autofree char *printable = cr_text_printable(*issues);
                g_print("%42s: %s\n", "Issue", printable);
        }
}

static void print_preview_disks(GVariant *preview)
{
        const char *const headings[] = {"DISK", ">SET ASIDE HERE", ">TO RECEIVE", NULL};
        g_autoptr(GVariant) disks = cr_properties_value(preview, "Disks", "a(stt)");
        g_autoptr(CrTable) table = cr_table_new(headings);
        for (gsize i = 0; disks != NULL && i < g_variant_n_children(disks); i++) {
                const char *name;
                guint64 divergent, receive;
                g_variant_get_child(disks, i, "(&stt)", &name, &divergent, &receive);
                g_autofree char *aside = cr_format_size(divergent);
                g_autofree char *wanted = cr_format_size(receive);
                const char *const cells[] = {name, aside, wanted};
                cr_table_add(table, cells);
        }
        g_print("\n");
        cr_table_print(table);
}

static void print_blockers(GVariant *preview)
{
        g_autoptr(GVariant) blockers = cr_properties_value(preview, "Blockers", "a(us)");
        gsize n = blockers == NULL ? 0 : g_variant_n_children(blockers);
        g_print("\n%s\n", n == 0 ? "Nothing stands in the way." : "It would fail now:");
        for (gsize i = 0; i < n; i++) {
                const char *message;
                g_variant_get_child(blockers, i, "(u&s)", NULL, &message);
                g_autofree char *printable = cr_text_printable(message);
                g_print("  %s\n", printable);
        }
}

void cr_show_preview(GVariant *preview)
{
        g_autofree char *aside = cr_format_size(cr_properties_number(preview, "DivergentBytes"));
        g_autofree char *receive = cr_format_size(cr_properties_number(preview, "BytesToReceive"));
        g_autofree char *duration = cr_format_duration(cr_properties_number(preview, "EstimatedDuration"));
        print_string(preview, "Common point", "CommonPoint");
        print_time(preview, "Cut", "CommonPointTime");
        print_line("Set aside here", aside);
        print_line("To receive", receive);
        print_line("Estimated duration", duration);
        print_preview_disks(preview);
        print_blockers(preview);
}
