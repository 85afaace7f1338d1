/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may depend on whom: what the C files of each folder include. */
#include "run.h"
#include "tree.h"

#include <string.h>

typedef struct Folder {
        const char *name;
        const char *folders[6];   /* whose headers it may include, besides its own */
        const char *libraries[6]; /* which libraries' headers, of those below */
} Folder;

/* The table of docs' "Folders, and who may depend on whom". */
static const Folder folders[] = {
        {"core", {NULL}, {"glib", "json-glib", "sqlite", NULL}},
        {"engines", {"core", NULL}, {"glib", "json-glib", NULL}},
        {"transfer", {"core", NULL}, {"glib", "libnbd", "xxhash", NULL}},
        {"worker", {"core", "engines", "transfer", NULL}, {"glib", "json-glib", "libsystemd", NULL}},
        {"polkit", {NULL}, {"glib", "libsystemd", NULL}},
        {"service", {"core", "polkit", NULL}, {"glib", "libsystemd", NULL}},
        {"peer", {NULL}, {"glib", NULL}},
        {"client", {"introspection", NULL}, {"glib", "json-glib", NULL}},
};

/* How the headers of each library begin. What is not here belongs to the C library or the kernel, but for
 * `strangers`. */
static const struct {
        const char *prefix, *library;
} headers[] = {
        {"glib", "glib"},
        {"gio/", "glib"},
        {"gmodule", "glib"},
        {"gobject/", "glib"},
        {"json-glib/", "json-glib"},
        {"libnbd", "libnbd"},
        {"sqlite3", "sqlite"},
        {"systemd/", "libsystemd"},
        {"xxh", "xxhash"},
};

/* GIO brings a D-Bus of its own: the client's. The daemon and its workers speak with sd-bus, the rest not at
 * all. */
#define GDBUS "\\bg_d?bus_[a-z]"

/* Libraries that nobody here links. */
static const char *const strangers[] = {"check.h", "curl/", "dbus/", "libvirt/", "libxml/", "polkit", NULL};

static const Folder *folder_of(const char *name)
{
        for (gsize i = 0; i < G_N_ELEMENTS(folders); i++)
                if (strcmp(folders[i].name, name) == 0)
                        return &folders[i];
        return NULL;
}

/* For <...>. */
static gboolean may_include_library(const Folder *folder, const char *header)
{
        for (const char *const *stranger = strangers; *stranger; stranger++)
                if (g_str_has_prefix(header, *stranger))
                        return FALSE;
        for (gsize i = 0; i < G_N_ELEMENTS(headers); i++)
                if (g_str_has_prefix(header, headers[i].prefix))
                        return g_strv_contains(folder->libraries, headers[i].library);
        return !strstr(header, "..");
}

/* For "...": a header of another folder is named from the top of the tree, so that this can see it. */
static gboolean may_include_file(const Folder *folder, const char *header)
{
        g_auto(GStrv) parts = g_strsplit(header, "/", 2);

        if (strstr(header, ".."))
                return FALSE;
        if (!parts[0] || !parts[1] || strcmp(parts[0], folder->name) == 0)
                return TRUE;
        return g_strv_contains(folder->folders, parts[0]);
}

static gboolean may_include(const Folder *folder, char bracket, const char *header)
{
        return bracket == '<' ? may_include_library(folder, header) : may_include_file(folder, header);
}

static guint check_file(const Folder *folder, const char *path)
{
        g_autoptr(GRegex) include =
                g_regex_new("^[ \t]*#[ \t]*include[ \t]*([<\"])([^>\"]+)[>\"]", G_REGEX_MULTILINE, 0, NULL);
        g_autofree char *text = tree_read(path);
        g_autoptr(GMatchInfo) match = NULL;
        guint n = 0;

        for (g_regex_match(include, text, 0, &match); g_match_info_matches(match); n++) {
                g_autofree char *bracket = g_match_info_fetch(match, 1);
                g_autofree char *header = g_match_info_fetch(match, 2);

                ck_assert_msg(may_include(folder, *bracket, header), "%s must not include %s", path, header);
                g_match_info_next(match, NULL);
        }
        return n;
}

static gboolean uses_gdbus(const char *text)
{
        return g_regex_match_simple(GDBUS, text, 0, 0);
}

START_TEST(only_the_client_uses_gdbus)
{
        static const char *const suffixes[] = {".c", ".h", NULL};

        ck_assert(uses_gdbus("bus = g_bus_get_sync("));
        ck_assert(uses_gdbus("\tg_dbus_proxy_new("));
        ck_assert(!uses_gdbus("sd_bus_open(); debug_bus_y();"));
        for (gsize f = 0; f < G_N_ELEMENTS(folders); f++) {
                g_autoptr(GPtrArray) paths = tree_list_folder(folders[f].name, suffixes);

                for (guint i = 0; i < paths->len && strcmp(folders[f].name, "client") != 0; i++) {
                        g_autofree char *text = tree_read(paths->pdata[i]);

                        ck_assert_msg(!uses_gdbus(text), "%s uses GDBus", (char *)paths->pdata[i]);
                }
        }
}
END_TEST

START_TEST(knows_what_is_forbidden)
{
        const Folder *core = folder_of("core"), *service = folder_of("service");

        ck_assert(may_include(core, '<', "sqlite3.h"));
        ck_assert(may_include(core, '<', "sys/stat.h"));
        ck_assert(may_include(core, '"', "core/store.h"));
        ck_assert(may_include(core, '"', "config.h"));
        ck_assert(!may_include(core, '<', "systemd/sd-bus.h"));
        ck_assert(!may_include(core, '<', "libnbd.h"));
        ck_assert(!may_include(core, '<', "polkit/polkit.h"));
        ck_assert(!may_include(core, '"', "engines/qcow2/engine.h"));
        ck_assert(!may_include(core, '"', "../service/job.h"));
        ck_assert(may_include(service, '"', "polkit/authorize.h"));
        ck_assert(!may_include(service, '"', "worker/run.h"));
        ck_assert(!may_include(service, '<', "sqlite3.h"));
        ck_assert(!may_include(folder_of("transfer"), '"', "engines/qcow2/engine.h"));
        ck_assert(!may_include(folder_of("client"), '"', "core/error.h"));
        ck_assert(!may_include(folder_of("client"), '<', "systemd/sd-bus.h"));
}
END_TEST

START_TEST(every_folder_includes_what_it_may)
{
        static const char *const suffixes[] = {".c", ".h", ".c.in", ".h.in", NULL};
        const Folder *folder = &folders[_i];
        g_autoptr(GPtrArray) paths = tree_list_folder(folder->name, suffixes);
        guint n = 0;

        for (guint i = 0; i < paths->len; i++)
                n += check_file(folder, paths->pdata[i]);
        ck_assert_msg(n > 0, "%s/ includes nothing at all", folder->name);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("includes");
        TCase *tcase = tcase_create("includes");

        tcase_add_test(tcase, knows_what_is_forbidden);
        tcase_add_test(tcase, only_the_client_uses_gdbus);
        tcase_add_loop_test(tcase, every_folder_includes_what_it_may, 0, G_N_ELEMENTS(folders));
        suite_add_tcase(suite, tcase);
        return run_suite(suite);
}
