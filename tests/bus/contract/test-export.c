/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Divergence.Export: folders that a caller may not name, and files that stay as they are. */
#include "tests/bus/contract/pair.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static char *divergence, *exports;

static void set_up(void)
{
        pair_live(STAGE_PREPARED, NULL);
        divergence = pair_only(&pair_a, "divergence");
        exports = g_strdup_printf("%s/exports", pair_a.directory);
}

static void tear_down(void)
{
        g_clear_pointer(&divergence, g_free);
        g_clear_pointer(&exports, g_free);
        pair_end();
}

static char *in_exports(const char *name)
{
        return g_strdup_printf("%s/%s", exports, name);
}

static Answer export_to(const char *folder)
{
        return ask(pair_a.bus, divergence, CR_DIVERGENCE_INTERFACE, "Export", "sa{sv}", folder, 0);
}

/* Everything below the exports' folder and what it is: names, kinds, sizes. */
static char *list_exports(void)
{
        char *arguments[] = {"find", exports, "-printf", "%P %y %s %i\n", NULL};
        char *output = NULL;

        ck_assert(g_spawn_sync(
                NULL, arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, NULL, NULL, NULL));
        return output;
}

static void check_export_refused(const char *folder, guint value, const char *object)
{
        g_autofree char *before = list_exports(), *after = NULL;
        g_auto(Answer) answer = export_to(folder);

        check_refused(pair_a.bus, &answer, value, object);
        after = list_exports();
        ck_assert_str_eq(before, after);
}

START_TEST(folders_that_a_caller_may_not_name)
{
        static const char *const bad[] = {"", "exports", "/", "/etc", "/tmp"};
        g_autofree char *up = in_exports("../images"), *twice = in_exports("/x"), *end = in_exports("");
        g_autofree char *images = g_strdup_printf("%s/images", pair_a.directory);
        g_autofree char *longer = g_strdup_printf("%s-too", exports), *nothing = in_exports("nothing");
        const char *const made[] = {up, twice, end, images, longer};

        must_run("mkdir", longer, NULL);
        for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
                check_export_refused(bad[i], 32773, bad[i]);
        for (gsize i = 0; i < G_N_ELEMENTS(made); i++)
                check_export_refused(made[i], 32773, made[i]);
        check_export_refused(nothing, 32779, nothing);
}
END_TEST

START_TEST(folders_that_are_links_or_no_folders)
{
        g_autofree char *link = in_exports("link"), *below = in_exports("link/sub"),
                        *file = in_exports("file");
        g_autofree char *real = in_exports("real"), *sub = in_exports("real/sub");

        must_run("mkdir", "-p", sub, NULL);
        must_run("ln", "-s", real, link, NULL);
        must_run("touch", file, NULL);
        check_export_refused(link, 32773, link);
        check_export_refused(below, 32773, below);
        check_export_refused(file, 32773, file);
}
END_TEST

START_TEST(what_lies_there_is_not_overwritten)
{
        static const char *const kinds[] = {
                "echo precious >", "ln -s /nonexistent", "ln -s /etc/passwd", "mkdir"};
        g_autofree char *folder = in_exports("here"), *target = in_exports("here/data.qcow2");

        must_run("mkdir", folder, NULL);
        for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
                g_autofree char *command = g_strdup_printf("%s %s", kinds[i], target);

                must_run("sh", "-c", command, NULL);
                check_export_refused(folder, 32773, target);
                must_run("rm", "-r", target, NULL);
        }
}
END_TEST

START_TEST(an_export_is_whole_and_the_next_one_leaves_it_alone)
{
        static const char *const disks[] = {"root", "data"};
        g_autofree char *listed = NULL;
        g_auto(Answer) answer = export_to(exports);

        check_started(&answer);
        check_completes(pair_a.bus, &answer);
        for (gsize i = 0; i < G_N_ELEMENTS(disks); i++) {
                g_autofree char *name = g_strdup_printf("%s.qcow2", disks[i]), *path = in_exports(name);

                ck_assert(disk_shows(path, 0, 65536, 1));
                ck_assert(disk_shows(path, 1 << 20, 65536, 2)); /* what the other site never had */
        }
        listed = list_exports();
        ck_assert_ptr_null(strstr(listed, ".part"));
        check_export_refused(exports, 32773, exports);
}
END_TEST

START_TEST(unknown_options_and_wrong_types)
{
        g_auto(Answer)
                option = ask(pair_a.bus, divergence, CR_DIVERGENCE_INTERFACE, "Export", "sa{sv}", exports, 1,
                        "Format", "s", "raw"),
                type = ask(pair_a.bus, divergence, CR_DIVERGENCE_INTERFACE, "Export", "oa{sv}", "/", 0);

        check_refused(pair_a.bus, &option, 32773, "'Format'");
        ck_assert_str_eq(type.error, "org.freedesktop.DBus.Error.InvalidArgs");
}
END_TEST

START_TEST(what_was_discarded_is_no_object_any_more)
{
        g_auto(Answer) discarded = ask(pair_a.bus, divergence, CR_DIVERGENCE_INTERFACE, "Discard", NULL),
                       gone = {0};

        check_started(&discarded);
        check_completes(pair_a.bus, &discarded);
        gone = export_to(exports);
        ck_assert_str_eq(gone.error, "org.freedesktop.DBus.Error.UnknownObject");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {folders_that_a_caller_may_not_name,
                folders_that_are_links_or_no_folders, what_lies_there_is_not_overwritten,
                an_export_is_whole_and_the_next_one_leaves_it_alone, unknown_options_and_wrong_types,
                what_was_discarded_is_no_object_any_more, NULL};

        return run_bus_tests("export", tests, set_up, tear_down);
}
