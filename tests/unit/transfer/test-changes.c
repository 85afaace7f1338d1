/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which blocks count as changed, of layers written in known places; no more than those are told. */
#include "run.h"

#include <stdio.h>
#include <string.h>

#include "transfer.h"

#define K 1024u
#define SIZE (2048u * K + 512u)

/* A tree of layers: "base" and "fork" below, "y1" and "y2" on the one branch, "x" on the other. */
static char *layer(Folder *folder, const char *name, const char *below, guint64 size, const char *writes)
{
        g_autofree char *file = g_strconcat(name, ".qcow2", NULL);
        char *path = folder_file(folder, file);
        g_auto(GStrv) commands = g_strsplit(writes, ";", -1);
        Script *script = script_new();

        image_create(path, LAYER_OPTIONS, below, size);
        for (char **command = commands; *command; command++)
                script_add(script, "%s", *command);
        script_run(script, path);
        return path;
}

/* All that changed, as "offset+length" or "offset+length z", in order. */
static char *told(CrChangesSpec *spec, Server *view, Server *other)
{
        g_autoptr(CrNbd) view_nbd = open_server(view, TRUE),
                         other_nbd = other ? open_server(other, TRUE) : NULL;
        g_autoptr(CrChanges) changes = NULL;
        g_autoptr(GError) error = NULL;
        guint64 data = 0, estimate;
        GString *text = g_string_new(NULL);

        spec->view = view_nbd;
        spec->other = other_nbd;
        changes = cr_changes_new(spec);
        for (CrExtent extent; cr_changes_next(changes, &extent, &error);) {
                data += extent.zero ? 0 : extent.length;
                g_string_append_printf(text, "%s%" G_GUINT64_FORMAT "+%" G_GUINT64_FORMAT "%s",
                        text->len ? " " : "", extent.offset, extent.length, extent.zero ? "z" : "");
        }
        ck_assert_msg(error == NULL, "%s", error ? error->message : "");
        ck_assert(cr_copy_estimate(spec, &estimate, NULL));
        ck_assert_uint_eq(estimate, data);
        return g_string_free(text, FALSE);
}

typedef struct Case {
        guint depth, other_depth;
        gboolean with_other;
        guint64 changed_from;
        const char *expected;
} Case;

static const Case cases[] = {
        /* One layer, its data joined, its zeroes apart, the disk's odd end. */
        {1, 0, FALSE, G_MAXUINT64, "65536+4096z 69632+8192 2097152+512"},
        /* Two layers; the block of which the upper one has a half is data. */
        {2, 0, FALSE, G_MAXUINT64, "65536+4096z 69632+8192 81920+4096z 131072+4096 2097152+512"},
        /* With the other branch, which wrote over nothing, over the same, and elsewhere. */
        {2, 1, TRUE, G_MAXUINT64,
                "65536+4096z 69632+8192 81920+4096z 131072+4096 524288+4096 1048576+8192z 2097152+512"},
        /* All beyond a size counts. */
        {1, 0, FALSE, SIZE - 512 - 8192 + 1, "65536+4096z 69632+8192 2088960+8192z 2097152+512"},
        {1, 0, FALSE, SIZE, "65536+4096z 69632+8192 2097152+512"},
        /* A whole copy: all that is there, without zeroes. */
        {G_MAXUINT, 0, FALSE, G_MAXUINT64, "0+4096 69632+8192 131072+4096 524288+4096 2097152+512"},
};

START_TEST(known_writes)
{
        g_autoptr(Folder) folder = folder_new();
        g_autofree char *base = layer(folder, "base", NULL, SIZE, "write -P 1 0 4k;write -P 1 512k 4k");
        g_autofree char *fork = layer(folder, "fork", base, SIZE, "write -P 2 65536 4k");
        g_autofree char *y1 = layer(folder, "y1", fork, SIZE, "write -P 3 131072 512;write -z 80k 4k");
        g_autofree char *y2 = layer(folder, "y2", y1, SIZE,
                "write -z 64k 4k;write -P 4 68k 4k;write -P 5 73728 512;write -P 6 2097152 512");
        g_autofree char *x =
                layer(folder, "x", fork, SIZE, "write -P 7 68k 4k;write -P 8 512k 4k;write -P 9 1M 8k");
        g_autoptr(Server) y_server = serve(folder, y2, FALSE), x_server = serve(folder, x, FALSE);
        const Case *test = &cases[_i];
        CrChangesSpec spec = {
                .depth = test->depth, .other_depth = test->other_depth, .changed_from = test->changed_from};
        g_autofree char *text = told(&spec, y_server, test->with_other ? x_server : NULL);

        ck_assert_str_eq(text, test->expected);
}
END_TEST

/* The other branch's disk is longer, or shorter, than what is sent. */
START_TEST(other_sizes)
{
        static const guint64 sizes[] = {1024 * K, 3072 * K};
        /* Extents of a kind join across the edge. */
        static const char *const expected[] = {
                "0+4096 524288+4096z 1048576+1049088z", "0+4096 524288+4096z 2093056+4608z"};
        g_autoptr(Folder) folder = folder_new();
        g_autofree char *fork = layer(folder, "fork", NULL, SIZE, "write -z 0 4k");
        g_autofree char *y = layer(folder, "y", fork, SIZE, "write -P 3 0 4k");
        g_autofree char *x = layer(folder, "x", fork, sizes[_i],
                _i == 0 ? "write -P 1 512k 4k" : "write -P 1 512k 4k;write -P 1 2044k 1M");
        g_autoptr(Server) y_server = serve(folder, y, FALSE), x_server = serve(folder, x, FALSE);
        CrChangesSpec spec = {.depth = 1, .other_depth = 1, .changed_from = MIN(sizes[_i], SIZE)};
        g_autofree char *text = told(&spec, y_server, x_server);

        ck_assert_str_eq(text, expected[_i]);
}
END_TEST

static guint64 peak_memory(void)
{
        g_autofree char *status = NULL;
        const char *line;
        guint64 kib = 0;

        ck_assert(g_file_get_contents("/proc/self/status", &status, NULL, NULL));
        line = strstr(status, "VmHWM:");
        ck_assert_ptr_nonnull(line);
        kib = g_ascii_strtoull(line + strlen("VmHWM:"), NULL, 10);
        ck_assert_uint_gt(kib, 0);
        return kib * K;
}

START_TEST(vast_sparse_disk)
{
        const guint64 size = (guint64)16 << 40;
        g_autoptr(Folder) folder = folder_new();
        g_autofree char *base = layer(folder, "base", NULL, size, "write -P 1 1T 4k");
        g_autofree char *y = layer(folder, "y", base, size, "write -P 1 8T 4k;write -P 1 17592186040320 4k");
        g_autoptr(Server) server = serve(folder, y, FALSE);
        CrChangesSpec linear = {.depth = 1, .changed_from = G_MAXUINT64},
                      whole = {.depth = G_MAXUINT, .changed_from = G_MAXUINT64};
        guint64 before = peak_memory();
        g_autofree char *changed = told(&linear, server, NULL), *all = told(&whole, server, NULL);

        ck_assert_str_eq(changed, "8796093022208+4096 17592186040320+4096");
        ck_assert_str_eq(all, "1099511627776+4096 8796093022208+4096 17592186040320+4096");
        ck_assert_uint_lt(peak_memory() - before, 64 * K * K); /* some of it valgrind's */
}
END_TEST

/* A layer of @n blocks of data with holes between them. */
static char *comb(Folder *folder, guint n)
{
        g_autofree char *raw = folder_file(folder, "comb.raw");
        char *path = folder_file(folder, "comb.qcow2");
        FILE *file = fopen(raw, "w");

        ck_assert_ptr_nonnull(file);
        for (guint i = 0; i < n; i++) {
                ck_assert_int_eq(fseeko(file, (off_t)i * 8192, SEEK_SET), 0);
                ck_assert_int_eq(fputc('x', file), 'x');
        }
        ck_assert_int_eq(ftruncate(fileno(file), (off_t)n * 8192), 0);
        ck_assert_int_eq(fclose(file), 0);
        run_command((const char *const[]){"qemu-img", "convert", "-S", "4k", "-f", "raw", "-O", "qcow2", "-o",
                            LAYER_OPTIONS, raw, path, NULL},
                FALSE);
        return path;
}

/* More changes than one answer, or what is kept of one, can hold; the other branch, which is asked meanwhile,
 * is all zeroes. */
START_TEST(many_small_extents)
{
        const guint n = 100000;
        g_autoptr(Folder) folder = folder_new();
        g_autofree char *y = comb(folder, n),
                        *x = layer(folder, "x", NULL, (guint64)n * 8192, "write -z 0 4k");
        g_autoptr(Server) y_server = serve(folder, y, FALSE), x_server = serve(folder, x, FALSE);
        g_autoptr(CrNbd) view = open_server(y_server, TRUE), other = open_server(x_server, TRUE);
        g_autoptr(CrChanges) changes = cr_changes_new(&(CrChangesSpec){
                .view = view, .depth = 1, .other = other, .other_depth = 1, .changed_from = G_MAXUINT64});
        g_autoptr(GError) error = NULL;
        guint64 next = 0;

        for (CrExtent extent; cr_changes_next(changes, &extent, &error); next += 8192) {
                ck_assert(!extent.zero);
                ck_assert_uint_eq(extent.offset, next);
                ck_assert_uint_eq(extent.length, 4096);
        }
        ck_assert_ptr_null(error);
        ck_assert_uint_eq(next, (guint64)n * 8192);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("changes");
        TCase *tcase = tcase_create("changes");

        tcase_set_timeout(tcase, 300);
        tcase_add_loop_test(tcase, known_writes, 0, G_N_ELEMENTS(cases));
        tcase_add_loop_test(tcase, other_sizes, 0, 2);
        tcase_add_test(tcase, vast_sparse_disk);
        tcase_add_test(tcase, many_small_extents);
        suite_add_tcase(suite, tcase);
        return run_suite(suite);
}
