/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the sites hold on their disks, compared with the model. Which file is which, their stores say. */
#include <string.h>

#include "core/lineage.h"
#include "core/store.h"
#include "tests/story/random/story.h"

#define CHAIN_SLACK 4u /* docs: chains stay under the history and this, pins aside */

static void add_view(GArray *views, const char *path, const Contents *wanted)
{
        View view = {.path = g_strdup(path), .wanted = wanted};

        g_array_append_val(views, view);
}

static GArray *views_new(void)
{
        GArray *views = g_array_new(FALSE, FALSE, sizeof(View));

        g_array_set_clear_func(views, (GDestroyNotify)view_clear);
        return views;
}

static void check_views(Story *story, guint s, GArray *views)
{
        g_autofree char *wrong = views_check(views, story->folder);

        if (wrong)
                story_fail(story, "site %c: %s", 'A' + (int)s, wrong);
}

void story_check_heads(Story *story, guint s)
{
        const Half *half = &story->model.half[s];
        g_autoptr(GArray) views = views_new();

        if (!half->exists || !half->has_head)
                return;
        for (guint i = 0; i < N_DISKS; i++)
                add_view(views, story->shown[s].paths[i], &half->head.disk[i]);
        check_views(story, s, views);
}

static guint disk_index(const CrCollection *collection, const CrId *id)
{
        for (guint i = 0; i < collection->disks->len; i++)
                if (cr_id_equal(&((CrDisk *)collection->disks->pdata[i])->id, id))
                        return i;
        ck_abort_msg("a layer of no disk");
        return 0;
}

static const CrDivergence *divergence_of(const CrCollection *collection, const CrLayer *layer)
{
        for (guint i = 0; i < collection->divergences->len; i++) {
                const CrDivergence *divergence = collection->divergences->pdata[i];

                for (guint j = 0; j < divergence->disks->len; j++)
                        if (cr_id_equal(&((CrDivergentDisk *)divergence->disks->pdata[j])->layer, &layer->id))
                                return divergence;
        }
        return NULL;
}

/* What the layer should show; NULL: it is no point's any more. */
static const Cut *cut_of(Story *story, guint s, const CrCollection *collection, const CrLayer *layer)
{
        const CrPoint *point = cr_collection_point(collection, &layer->point);
        const Known *known = story_known(story, &layer->point);
        Half *half = &story->model.half[s];

        switch (layer->kind) {
        case CR_LAYER_HEAD:
                return &half->head;
        case CR_LAYER_SET_ASIDE: {
                const CrDivergence *divergence = divergence_of(collection, layer);
                const ModelDivergence *expected = divergence ? half_divergence(half, &divergence->id) : NULL;

                if (!expected)
                        story_fail(story, "%s was set aside for nothing", layer->path);
                return &expected->cut;
        }
        case CR_LAYER_RECEIVING:
                story_fail(story, "%s is left of a transfer", layer->path);
        case CR_LAYER_FROZEN:
                break;
        }
        return point && point->held && known ? &known->cut : NULL;
}

static void check_layers(Story *story, guint s, const CrCollection *collection)
{
        g_autoptr(GArray) views = views_new();

        for (guint i = 0; i < collection->layers->len; i++) {
                const CrLayer *layer = collection->layers->pdata[i];
                const Cut *cut = cut_of(story, s, collection, layer);

                if (cut)
                        add_view(views, layer->path, &cut->disk[disk_index(collection, &layer->disk)]);
        }
        check_views(story, s, views);
}

static guint count_children(const CrCollection *collection, const CrLayer *layer)
{
        guint n = 0;

        for (guint i = 0; i < collection->layers->len; i++)
                n += cr_id_equal(&((CrLayer *)collection->layers->pdata[i])->parent, &layer->id);
        return n;
}

/* Layers on the way down from what the machine, or the next transfer, stands on. */
static void check_chain(Story *story, guint s, const CrCollection *collection, const CrDisk *disk)
{
        const CrLayer *top = cr_collection_head(collection, &disk->id);
        guint n = 0;

        if (!top)
                top = cr_collection_layer_at(collection, &disk->id, &collection->base_point);
        g_autoptr(GPtrArray) chain = top ? cr_lineage_chain(collection, &top->id, NULL) : g_ptr_array_new();
        for (guint i = 0; i < chain->len; i++) {
                const CrLayer *layer = chain->pdata[i];

                n += !cr_lineage_is_pinned(collection, layer, NULL) && count_children(collection, layer) < 2;
        }
        if (n > story->model.half[s].history + CHAIN_SLACK)
                story_fail(story,
                        "site %c: disk %s stands on %u layers that nothing pins, with a history of %u",
                        'A' + (int)s, disk->name, n, story->model.half[s].history);
}

static gboolean is_layer(const CrCollection *collection, const char *path)
{
        for (guint i = 0; i < collection->layers->len; i++)
                if (strcmp(((CrLayer *)collection->layers->pdata[i])->path, path) == 0)
                        return TRUE;
        return FALSE;
}

/* Beside the head of the first disk, where those of the others are, too. */
static void check_files(Story *story, guint s, const CrCollection *collection)
{
        g_autofree char *beside = g_path_get_dirname(story->shown[s].paths[0]);
        g_autofree char *folder =
                g_build_filename(beside, ".collection-replication", collection->id.text, NULL);
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
        const char *name;

        while (dir && (name = g_dir_read_name(dir))) {
                g_autofree char *path = g_build_filename(folder, name, NULL);

                if (!is_layer(collection, path))
                        story_fail(story, "site %c: %s belongs to nothing", 'A' + (int)s, path);
        }
}

static void check_site(Story *story, guint s)
{
        g_autofree char *directory = g_build_filename(story->sites[s].directory, "state", NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(CrStore) store = cr_store_open(directory, &error);
        g_autoptr(CrCollection) collection =
                store ? cr_store_load(store, &story->shown[s].id, CR_LOAD_ALL, &error) : NULL;

        if (!collection)
                story_fail(story, "site %c: %s", 'A' + (int)s, error->message);
        check_layers(story, s, collection);
        check_files(story, s, collection);
        for (guint i = 0; i < collection->disks->len && story->model.half[s].is_pruned; i++)
                check_chain(story, s, collection, collection->disks->pdata[i]);
}

void story_check_all(Story *story)
{
        for (guint s = 0; s < 2; s++)
                if (story->runs[s] && story->model.half[s].exists)
                        check_site(story, s);
}
