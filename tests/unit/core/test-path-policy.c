/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "core/path_policy.h"
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * root/images/disk.img             a file; "images" is configured
 * root/images/sub/deep/disk.img    a file
 * root/images/sub/nested/disk.img  a file; "nested" is configured as well, and is a link to root/outside
 * root/images/link.img, link-out.img  links to files inside and outside
 * root/images/linked               a link to "sub"
 * root/images/pipe, root/images/folder
 * root/images-more/disk.img        not inside, though the names begin alike
 * root/outside/disk.img
 * root/configured-link             a link to "images", configured too
 */
static char *root;
static char *directories[4];

static char *at(const char *name)
{
        return g_build_filename(root, name, NULL);
}

static void make_folder(const char *name)
{
        g_autofree char *path = at(name);

        ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void make_file(const char *name)
{
        g_autofree char *path = at(name);

        ck_assert(g_file_set_contents(path, name, -1, NULL));
}

static void make_link(const char *target, const char *name)
{
        g_autofree char *path = at(name);

        ck_assert_int_eq(symlink(target, path), 0);
}

static const char *const folders[] = {
        "images", "images/sub", "images/sub/deep", "images/folder", "images-more", "outside"};
static const char *const files[] = {"images/disk.img", "images/sub/deep/disk.img", "images-more/disk.img",
        "outside/disk.img", "images/...", "images/..disk"};
/* Relative ones, since absolute ones lead out of any folder. */
static const char *const links[][2] = {{"../../outside", "images/sub/nested"},
        {"disk.img", "images/link.img"}, {"../outside/disk.img", "images/link-out.img"},
        {"sub", "images/linked"}, {"images", "configured-link"}, {"nowhere", "images/dangling"},
        {"/etc/passwd", "images/absolute"}};

static void make_tree(void)
{
        g_autofree char *pipe = NULL;

        root = g_dir_make_tmp("cr-path-XXXXXX", NULL);
        pipe = at("images/pipe");
        for (gsize i = 0; i < G_N_ELEMENTS(folders); i++)
                make_folder(folders[i]);
        for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
                make_file(files[i]);
        for (gsize i = 0; i < G_N_ELEMENTS(links); i++)
                make_link(links[i][0], links[i][1]);
        ck_assert_int_eq(mkfifo(pipe, 0600), 0);
        directories[0] = at("images");
        directories[1] = at("images/sub/nested");
        directories[2] = at("configured-link");
}

static void remove_tree(void)
{
        g_autofree char *pipe = at("images/pipe");

        unlink(pipe);
        for (gsize i = 0; i < G_N_ELEMENTS(links); i++) {
                g_autofree char *path = at(links[i][1]);
                unlink(path);
        }
        for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
                g_autofree char *path = at(files[i]);
                unlink(path);
        }
        for (gsize i = G_N_ELEMENTS(folders); i-- > 0;) {
                g_autofree char *path = at(folders[i]);
                rmdir(path);
        }
        rmdir(root);
        for (gsize i = 0; i < G_N_ELEMENTS(directories); i++)
                g_clear_pointer(&directories[i], g_free);
        g_clear_pointer(&root, g_free);
}

static const struct {
        const char *path;
        const char *content; /* of what is opened; NULL: refused */
        int code;
} cases[] = {
        {"images/disk.img", "images/disk.img", 0},
        {"images/sub/deep/disk.img", "images/sub/deep/disk.img", 0},
        {"images/sub/nested/disk.img", "outside/disk.img", 0}, /* the more specific one is what someone set */
        {"configured-link/disk.img", "images/disk.img", 0},
        {"images/...", "images/...", 0},
        {"images/..disk", "images/..disk", 0},
        {"images/link.img", NULL, CR_ERROR_INVALID_PARAMETER},
        {"images/link-out.img", NULL, CR_ERROR_INVALID_PARAMETER},
        {"images/dangling", NULL, CR_ERROR_INVALID_PARAMETER},
        {"images/absolute", NULL, CR_ERROR_INVALID_PARAMETER},
        {"images/linked/deep/disk.img", NULL, CR_ERROR_INVALID_PARAMETER},
        {"configured-link/linked/deep/disk.img", NULL, CR_ERROR_INVALID_PARAMETER},
        {"images/pipe", NULL, CR_ERROR_INVALID_PARAMETER},
        {"images/folder", NULL, CR_ERROR_INVALID_PARAMETER},
        {"images/disk.img/x", NULL, CR_ERROR_INVALID_PARAMETER},
        {"images/missing", NULL, CR_ERROR_FILE_NOT_FOUND},
        {"images/missing/disk.img", NULL, CR_ERROR_FILE_NOT_FOUND},
        {"images", NULL, CR_ERROR_INVALID_PARAMETER},
        {"images/", NULL, CR_ERROR_INVALID_PARAMETER},
        {"images/disk.img/", NULL, CR_ERROR_INVALID_PARAMETER},
        {"images//disk.img", NULL, CR_ERROR_INVALID_PARAMETER},
        {"images/./disk.img", NULL, CR_ERROR_INVALID_PARAMETER},
        {"images/../outside/disk.img", NULL, CR_ERROR_INVALID_PARAMETER},
        {"images/sub/../disk.img", NULL, CR_ERROR_INVALID_PARAMETER},
        {"images/sub/..", NULL, CR_ERROR_INVALID_PARAMETER},
        {"images-more/disk.img", NULL, CR_ERROR_INVALID_PARAMETER},
        {"outside/disk.img", NULL, CR_ERROR_INVALID_PARAMETER},
};

static void check_content(int file, const char *wanted)
{
        char content[100] = "";

        ck_assert_int_gt(file, 2);
        ck_assert_int_ge(read(file, content, sizeof content - 1), 0);
        ck_assert_str_eq(content, wanted);
        ck_assert(fcntl(file, F_GETFD) & FD_CLOEXEC);
        close(file);
}

START_TEST(only_regular_files_inside_are_opened)
{
        for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *path = g_strconcat(root, "/", cases[i].path, NULL);
                g_autoptr(GError) error = NULL;
                int file = cr_path_open_file(directories, path, O_RDONLY, &error);

                if (cases[i].content) {
                        ck_assert_msg(file >= 0, "%s", error ? error->message : "");
                        check_content(file, cases[i].content);
                } else {
                        ck_assert_msg(file == -1, "%s", cases[i].path);
                        assert_error(error, cases[i].code, path);
                }
        }
}
END_TEST

START_TEST(a_path_that_is_not_absolute_is_refused)
{
        static const char *const paths[] = {"", "disk.img", "images/disk.img", "./x", "/", "//", "/.."};

        for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
                g_autoptr(GError) error = NULL;
                const char *name;

                ck_assert_int_eq(cr_path_open_file(directories, paths[i], O_RDONLY, &error), -1);
                assert_error(error, CR_ERROR_INVALID_PARAMETER, paths[i]);
                ck_assert_int_eq(cr_path_open_parent(directories, paths[i], &name, NULL), -1);
                ck_assert_int_eq(cr_path_open_directory(directories, paths[i], NULL), -1);
                ck_assert(!cr_path_is_inside(directories, paths[i]));
                ck_assert(!cr_path_is_normal(paths[i]));
        }
}
END_TEST

START_TEST(a_file_opens_for_writing_when_asked)
{
        g_autofree char *path = at("images/disk.img");
        int readable = cr_path_open_file(directories, path, O_RDONLY, NULL);
        int writable = cr_path_open_file(directories, path, O_RDWR, NULL);

        ck_assert_int_eq(write(readable, "x", 1), -1);
        ck_assert_int_eq(write(writable, "i", 1), 1);
        close(readable);
        close(writable);
}
END_TEST

static ino_t inode_of(const char *path)
{
        struct stat status;

        ck_assert_int_eq(stat(path, &status), 0);
        return status.st_ino;
}

/* -1 when it is refused, with @code; else whether it is the folder @wanted. */
static void check_parent(const char *name, const char *wanted, int code)
{
        g_autofree char *path = at(name), *folder_path = wanted ? at(wanted) : NULL;
        g_autoptr(GError) error = NULL;
        const char *last = NULL;
        int folder = cr_path_open_parent(directories, path, &last, &error);
        struct stat status;

        if (!wanted) {
                ck_assert_int_eq(folder, -1);
                assert_error(error, code, path);
                return;
        }
        ck_assert_msg(folder >= 0, "%s", error ? error->message : "");
        ck_assert_int_eq(fstat(folder, &status), 0);
        ck_assert_uint_eq(status.st_ino, inode_of(folder_path));
        ck_assert_ptr_eq(last, strrchr(path, '/') + 1);
        ck_assert(fcntl(folder, F_GETFD) & FD_CLOEXEC);
        close(folder);
}

START_TEST(the_parent_of_a_file_that_need_not_be_there)
{
        check_parent("images/new.img", "images", 0);
        check_parent("images/sub/deep/new.img", "images/sub/deep", 0);
        check_parent("images/link.img", "images", 0); /* the name itself is not looked at */
        check_parent("images/sub/nested/new.img", "outside", 0);
        check_parent("images/linked/new.img", NULL, CR_ERROR_INVALID_PARAMETER);
        check_parent("images/linked/deep/new.img", NULL, CR_ERROR_INVALID_PARAMETER);
        check_parent("images/disk.img/new.img", NULL, CR_ERROR_INVALID_PARAMETER);
        check_parent("images/missing/new.img", NULL, CR_ERROR_FILE_NOT_FOUND);
        check_parent("images-more/new.img", NULL, CR_ERROR_INVALID_PARAMETER);
}
END_TEST

static void check_directory(const char *name, int code)
{
        g_autofree char *path = at(name);
        g_autoptr(GError) error = NULL;
        int folder = cr_path_open_directory(directories, path, &error);

        if (code != 0) {
                ck_assert_int_eq(folder, -1);
                assert_error(error, code, path);
                return;
        }
        ck_assert_msg(folder >= 0, "%s", error ? error->message : "");
        ck_assert_int_eq(fsync(folder), 0);
        ck_assert(fcntl(folder, F_GETFD) & FD_CLOEXEC);
        close(folder);
}

START_TEST(folders_inside_or_equal_are_opened)
{
        check_directory("images", 0);
        check_directory("configured-link", 0);
        check_directory("images/sub", 0);
        check_directory("images/sub/nested", 0);
        check_directory("images/linked", CR_ERROR_INVALID_PARAMETER);
        check_directory("images/linked/deep", CR_ERROR_INVALID_PARAMETER);
        check_directory("images/disk.img", CR_ERROR_INVALID_PARAMETER);
        check_directory("images/pipe", CR_ERROR_INVALID_PARAMETER);
        check_directory("images/missing", CR_ERROR_FILE_NOT_FOUND);
        check_directory("outside", CR_ERROR_INVALID_PARAMETER);
        check_directory("images-more", CR_ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(a_link_is_called_a_link)
{
        g_autofree char *path = at("images/link.img");
        g_autoptr(GError) error = NULL;

        ck_assert_int_eq(cr_path_open_file(directories, path, O_RDONLY, &error), -1);
        assert_error(error, CR_ERROR_INVALID_PARAMETER, "symbolic link");
}
END_TEST

/* The number that the next descriptor gets tells whether one was left open. */
START_TEST(no_descriptor_is_left_open)
{
        int before = dup(STDIN_FILENO), after;

        close(before);
        for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *path = g_strconcat(root, "/", cases[i].path, NULL);
                const char *name;

                close(cr_path_open_file(directories, path, O_RDONLY, NULL));
                close(cr_path_open_parent(directories, path, &name, NULL));
                close(cr_path_open_directory(directories, path, NULL));
        }
        after = dup(STDIN_FILENO);
        ck_assert_int_eq(after, before);
        close(after);
}
END_TEST

START_TEST(inside_is_a_question_of_whole_names)
{
        char *list[] = {(char *)"/a/b", NULL};

        ck_assert(cr_path_is_inside(list, "/a/b/c"));
        ck_assert(cr_path_is_inside(list, "/a/b/c/d"));
        ck_assert(!cr_path_is_inside(list, "/a/b"));
        ck_assert(!cr_path_is_inside(list, "/a/bc"));
        ck_assert(!cr_path_is_inside(list, "/a/bc/d"));
        ck_assert(!cr_path_is_inside(list, "/a"));
        ck_assert(!cr_path_is_inside(list, "/a/b/../c"));
        ck_assert(!cr_path_is_inside(list, "/a/b/c/"));
        ck_assert(!cr_path_is_inside(list, "/x/a/b/c"));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {only_regular_files_inside_are_opened,
                a_path_that_is_not_absolute_is_refused, a_file_opens_for_writing_when_asked,
                the_parent_of_a_file_that_need_not_be_there, folders_inside_or_equal_are_opened,
                a_link_is_called_a_link, no_descriptor_is_left_open, inside_is_a_question_of_whole_names,
                NULL};

        return run_tests_with("path-policy", tests, make_tree, remove_tree);
}
