/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random trees of layers: what the receiver shows afterwards is what the sender shows. */
#include "run.h"

#include "transfer.h"

#define N_ROUNDS 10

typedef struct Layer {
        char *path;
        guint64 size;
} Layer;

static void layer_free(gpointer layer)
{
        g_free(((Layer *)layer)->path);
        g_free(layer);
}

/* One round: a tree that grows. */
typedef struct Tree {
        GRand *rand;
        Folder *folder;
        gboolean resizes;
        GPtrArray *layers; /* Layer */
} Tree;

static const char *const cluster_options[] = {LAYER_OPTIONS, LAYER_OPTIONS, "cluster_size=512",
        "cluster_size=4k", "cluster_size=64k", "cluster_size=2M"};

static guint64 random_size(Tree *tree)
{
        guint64 sectors = (guint64)g_rand_int_range(tree->rand, 1, 6000);

        return g_rand_boolean(tree->rand) ? sectors * 512 : (sectors / 8 + 1) * 4096;
}

static void add_write(Tree *tree, Script *script, guint64 size)
{
        static const guint64 units[] = {4096, 512, 65536, 512}, longest[] = {1, 1, 8, 1500};
        static const char *const commands[] = {
                "write -P 1", "write -P 2", "write -P 3", "write -P 0", "write -z", "write -z -u", "discard"};
        guint kind = (guint)g_rand_int_range(tree->rand, 0, G_N_ELEMENTS(units));
        guint64 offset =
                (guint64)g_rand_int_range(tree->rand, 0, (gint32)(size / units[kind] + 1)) * units[kind];
        guint64 length = (guint64)g_rand_int_range(tree->rand, 1, (gint32)longest[kind] + 1) * units[kind];

        offset = MIN(offset, size - 512);
        script_add(script, "%s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                commands[g_rand_int_range(tree->rand, 0, G_N_ELEMENTS(commands))], offset,
                MIN(length, size - offset));
}

static Layer *add_layer(Tree *tree, const Layer *below)
{
        Layer *layer = g_new0(Layer, 1);
        Script *script = script_new();
        guint n_writes = (guint)g_rand_int_range(tree->rand, 1, 12);

        layer->path = g_strdup_printf("%s/layer-%u.qcow2", tree->folder->path, tree->layers->len);
        layer->size = below && !(tree->resizes && g_rand_int_range(tree->rand, 0, 3) == 0)
                              ? below->size
                              : random_size(tree);
        image_create(layer->path,
                cluster_options[g_rand_int_range(tree->rand, 0, G_N_ELEMENTS(cluster_options))],
                below ? below->path : NULL, layer->size);
        for (guint i = 0; i < n_writes; i++)
                add_write(tree, script, layer->size);
        script_run(script, layer->path);
        g_ptr_array_add(tree->layers, layer);
        return layer;
}

/* @n layers above @top; *@changed_from comes down to the smallest size among them. */
static const Layer *grow(Tree *tree, const Layer *top, guint n, guint64 *changed_from)
{
        for (guint i = 0; i < n; i++) {
                top = add_layer(tree, top);
                *changed_from = MIN(*changed_from, top->size);
        }
        return top;
}

static char *copy_view(Tree *tree, const Layer *layer)
{
        char *path = folder_file(tree->folder, "copy.qcow2");

        run_command((const char *const[]){"qemu-img", "convert", "-f", "qcow2", "-O", "qcow2", layer->path,
                            path, NULL},
                FALSE);
        return path;
}

static Transfer transfer_of(Tree *tree, const Layer *y, guint depth, const char *path)
{
        return (Transfer){
                .view = y->path, .size = y->size, .depth = depth, .changed_from = G_MAXUINT64, .layer = path};
}

static void round_of_branches(Tree *tree, gboolean forked)
{
        g_autofree char *path = folder_file(tree->folder, "new.qcow2"), *below = NULL;
        guint64 ignored = G_MAXUINT64, smallest;
        const Layer *fork = grow(tree, NULL, (guint)g_rand_int_range(tree->rand, 1, 4), &ignored), *x, *y;
        guint n_x = forked ? (guint)g_rand_int_range(tree->rand, 1, 4) : 0;
        guint n_y = (guint)g_rand_int_range(tree->rand, 1, 4);
        Transfer transfer;

        smallest = fork->size;
        x = grow(tree, fork, n_x, &smallest);
        y = grow(tree, fork, n_y, &smallest);
        below = copy_view(tree, x);
        transfer = transfer_of(tree, y, n_y, path);
        transfer.below = below;
        transfer.other = forked ? x->path : NULL;
        transfer.other_depth = n_x;
        if (tree->resizes)
                transfer.changed_from = smallest;
        transfer_run(tree->folder, &transfer);
        ck_assert(images_equal(y->path, path));
}

static void round_of_whole(Tree *tree)
{
        g_autofree char *path = folder_file(tree->folder, "new.qcow2");
        guint64 ignored = G_MAXUINT64;
        const Layer *y = grow(tree, NULL, (guint)g_rand_int_range(tree->rand, 1, 5), &ignored);
        Transfer transfer = transfer_of(tree, y, G_MAXUINT, path);

        transfer_run(tree->folder, &transfer);
        ck_assert(images_equal(y->path, path));
}

typedef enum Kind { LINEAR, FORKED, RESIZED_LINEAR, RESIZED_FORKED, WHOLE, N_KINDS } Kind;

START_TEST(receiver_shows_the_same)
{
        g_autoptr(GRand) rand = seeded_rand();
        Kind kind = (Kind)_i;

        for (guint i = 0; i < N_ROUNDS; i++) {
                g_autoptr(Folder) folder = folder_new();
                Tree tree = {.rand = rand,
                        .folder = folder,
                        .resizes = kind >= RESIZED_LINEAR,
                        .layers = g_ptr_array_new_with_free_func(layer_free)};

                if (kind == WHOLE)
                        round_of_whole(&tree);
                else
                        round_of_branches(&tree, kind == FORKED || kind == RESIZED_FORKED);
                g_ptr_array_unref(tree.layers);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("roundtrip");
        TCase *tcase = tcase_create("roundtrip");

        tcase_set_timeout(tcase, 600);
        tcase_add_loop_test(tcase, receiver_shows_the_same, 0, N_KINDS);
        suite_add_tcase(suite, tcase);
        return run_suite(suite);
}
