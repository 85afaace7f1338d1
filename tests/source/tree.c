/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tree.h"

#include <check.h>
#include <gio/gio.h>
#include <string.h>

const char *tree_root(void)
{
        const char *root = g_getenv("SOURCE_ROOT");

        ck_assert_msg(root != NULL, "SOURCE_ROOT is not set");
        return root;
}

static char *path_below_root(const char *path)
{
        return g_build_filename(tree_root(), path, NULL);
}

/* Git refuses a tree of another owner, which is what CI's may be, unless it is told that this is meant. */
static char *list_with_git(void)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GSubprocess) git = NULL;
        g_autofree char *output = NULL;

        git = g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "git", "-c", "safe.directory=*", "-C",
                tree_root(), "ls-files", NULL);
        ck_assert_msg(git != NULL, "%s", error ? error->message : "");
        ck_assert_msg(
                g_subprocess_communicate_utf8(git, NULL, NULL, &output, NULL, &error), "%s", error->message);
        ck_assert_msg(g_subprocess_get_successful(git), "git ls-files failed");
        return g_steal_pointer(&output);
}

GPtrArray *tree_list_tracked(void)
{
        g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *output = list_with_git();
        g_auto(GStrv) lines = g_strsplit(output, "\n", -1);

        for (char **line = lines; *line; line++) {
                g_autofree char *absolute = path_below_root(*line);

                if (**line && g_file_test(absolute, G_FILE_TEST_IS_REGULAR))
                        g_ptr_array_add(paths, g_strdup(*line));
        }
        ck_assert_uint_gt(paths->len, 0);
        return g_steal_pointer(&paths);
}

static gboolean has_suffix(const char *name, const char *const *suffixes)
{
        for (; *suffixes; suffixes++)
                if (g_str_has_suffix(name, *suffixes))
                        return TRUE;
        return FALSE;
}

static void add_files(GPtrArray *paths, const char *folder, const char *const *suffixes)
{
        g_autofree char *absolute = path_below_root(folder);
        g_autoptr(GError) error = NULL;
        g_autoptr(GDir) dir = g_dir_open(absolute, 0, &error);
        const char *name;

        ck_assert_msg(dir != NULL, "%s", error ? error->message : "");
        while ((name = g_dir_read_name(dir))) {
                g_autofree char *path = g_build_filename(folder, name, NULL);
                g_autofree char *file = path_below_root(path);

                if (g_file_test(file, G_FILE_TEST_IS_DIR))
                        add_files(paths, path, suffixes);
                else if (has_suffix(name, suffixes))
                        g_ptr_array_add(paths, g_steal_pointer(&path));
        }
}

GPtrArray *tree_list_folder(const char *folder, const char *const *suffixes)
{
        GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);

        add_files(paths, folder, suffixes);
        return paths;
}

char *tree_read(const char *path)
{
        g_autofree char *absolute = path_below_root(path);
        g_autoptr(GError) error = NULL;
        char *text = NULL;

        ck_assert_msg(g_file_get_contents(absolute, &text, NULL, &error), "%s", error ? error->message : "");
        return text;
}
