/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/collections.h"

#include <string.h>

#include "core/error.h"
#include "service/health.h"
#include "service/interfaces.h"
#include "service/log.h"
#include "service/names.h"
#include "service/object_path.h"
#include "service/service.h"
#include "service/shown.h"

/* GetManagedObjects at the limit stays under this: half of what the bus daemon takes as one message. Source:
 * the contract. */
#define LIST_BYTES_MAX (16U * 1024U * 1024U)

/* In that list, without names and paths: a collection with all of its property names and settings; a point; a
 * divergence. Measured, rounded up. */
#define COLLECTION_BYTES 2600U
#define POINT_BYTES 500U
#define DIVERGENCE_BYTES 500U
#define DISK_BYTES 64U

/* Beside the history: the latest point, and one that is just being added. */
#define POINTS_BESIDE_HISTORY 2U

struct CrCollections {
        CrService *service;
        GHashTable *by_id; /* id -> CrShown, owned */
        CrRoom reserved;
};

static void shown_free(CrShown *shown)
{
        g_ptr_array_unref(shown->children);
        g_free(shown->name);
        g_free(shown);
}

CrCollections *cr_collections_new(CrService *service)
{
        CrCollections *collections = g_new0(CrCollections, 1);

        collections->service = service;
        collections->by_id =
                g_hash_table_new_full(cr_id_hash, cr_id_hash_equal, NULL, (GDestroyNotify)shown_free);
        return collections;
}

CrCollections *cr_collections_free(CrCollections *collections)
{
        if (collections)
                g_hash_table_unref(collections->by_id);
        g_free(collections);
        return NULL;
}

const CrShown *cr_collections_find(CrCollections *collections, const CrId *id)
{
        return g_hash_table_lookup(collections->by_id, id);
}

const CrShown *cr_collections_find_path(CrCollections *collections, const char *path)
{
        CrObject *object = cr_objects_find(collections->service->objects, path);
        g_autoptr(GVariant) text = NULL;
        CrId id;

        if (!object || object->interface != &cr_collection_interface)
                return NULL;
        text = cr_object_get(object, "Id");
        return cr_id_parse(g_variant_get_string(text, NULL), &id) ? cr_collections_find(collections, &id)
                                                                  : NULL;
}

const CrShown *cr_collections_find_name(CrCollections *collections, const char *name)
{
        g_autofree char *path = cr_object_path_collection(name);

        return cr_collections_find_path(collections, path);
}

guint cr_collections_count(const CrCollections *collections)
{
        return g_hash_table_size(collections->by_id);
}

/* Where a divergence lies is told by its layers, and so is whether there are too many. */
static gboolean needs_layers(CrStore *store, const CrCollection *shown, GError **error)
{
        guint most = 0;

        return shown->divergences->len > 0 ||
               (cr_store_most_layers(store, &shown->id, &most, error) && cr_health_needs_layers(shown, most));
}

CrCollection *cr_collections_load(CrStore *store, const CrId *id, GError **error)
{
        g_autoptr(GError) own_error = NULL;
        g_autoptr(CrCollection) collection = cr_store_load(store, id, CR_LOAD_SHOWN, &own_error);

        if (collection && needs_layers(store, collection, &own_error)) {
                cr_collection_free(collection);
                collection = cr_store_load(store, id, CR_LOAD_ALL, &own_error);
        }
        if (own_error && !g_error_matches(own_error, CR_ERROR, CR_ERROR_FILE_NOT_FOUND)) {
                g_propagate_error(error, g_steal_pointer(&own_error));
                return NULL;
        }
        return g_steal_pointer(&collection);
}

CrCollection *cr_collections_load_test(CrStore *store, const CrCollection *c, GError **error)
{
        return c && !cr_id_is_none(&c->test_collection)
                       ? cr_collections_load(store, &c->test_collection, error)
                       : NULL;
}

CrRoom cr_collections_room(const char *name, gsize variable, guint history, guint n_divergences)
{
        g_autofree char *path = cr_object_path_collection(name);
        guint points = history + POINTS_BESIDE_HISTORY;
        /* Its path is in that of a child, and once more in the child's properties. */
        gsize child = 2 * strlen(path);

        return (CrRoom){
                1 + points + n_divergences,
                COLLECTION_BYTES + strlen(path) + strlen(name) + variable + points * (POINT_BYTES + child) +
                        n_divergences * (DIVERGENCE_BYTES + child + variable),
        };
}

static CrRoom room_of(const CrCollection *c)
{
        g_autoptr(GVariant) settings = g_variant_ref_sink(cr_settings_to_variant(c->settings));
        gsize variable = g_variant_get_size(settings);

        for (guint i = 0; i < c->disks->len; i++) {
                const CrDisk *disk = c->disks->pdata[i];

                variable += DISK_BYTES + strlen(disk->name) + (disk->head_path ? strlen(disk->head_path) : 0);
        }
        return cr_collections_room(c->name, variable, c->settings->recovery_history, c->divergences->len);
}

gboolean cr_collections_check_room(
        CrCollections *collections, guint more_collections, const CrRoom *more, GError **error)
{
        const CrConfig *config = collections->service->config;

        if (more_collections > 0 &&
                cr_collections_count(collections) + more_collections > config->max_collections)
                g_set_error(error, CR_ERROR, CR_ERROR_OUT_OF_MEMORY,
                        "there are %u collections, and MaxCollections= allows %u",
                        cr_collections_count(collections), config->max_collections);
        else if (more->objects > 0 && collections->reserved.objects + more->objects > config->max_objects)
                g_set_error(error, CR_ERROR, CR_ERROR_OUT_OF_MEMORY,
                        "%u more objects are needed, %u are reserved, and MaxObjects= allows %u",
                        more->objects, collections->reserved.objects, config->max_objects);
        else if (more->bytes > 0 && collections->reserved.bytes + more->bytes > LIST_BYTES_MAX)
                g_set_error(error, CR_ERROR, CR_ERROR_OUT_OF_MEMORY,
                        "the list of all objects would be longer than a message on the bus may be; use "
                        "shorter names and paths");
        else
                return TRUE;
        return FALSE;
}

static void reserve(CrCollections *collections, CrShown *shown, CrRoom room)
{
        collections->reserved.objects += room.objects - shown->room.objects;
        collections->reserved.bytes += room.bytes - shown->room.bytes;
        shown->room = room;
}

static CrShownNow now_of(CrCollections *collections, const CrId *id)
{
        CrService *service = collections->service;

        return (CrShownNow){
                .current_job = cr_tasks_current_job(service->tasks, id),
                .waiting_for = cr_recovery_waiting_for(service->recovery, id),
                .statistics = cr_counts_find(service->counts, id),
                .times = cr_schedule_times(service->schedule, id),
                .now = g_get_real_time(),
        };
}

static void hide_child(CrCollections *collections, CrObject *child)
{
        cr_objects_remove(collections->service->objects, child);
}

static void hide(CrCollections *collections, CrShown *shown)
{
        for (guint i = 0; i < shown->children->len; i++)
                hide_child(collections, shown->children->pdata[i]);
        cr_objects_remove(collections->service->objects, shown->object);
        cr_schedule_forget(collections->service->schedule, &shown->id);
        cr_counts_forget(collections->service->counts, &shown->id);
        reserve(collections, shown, (CrRoom){0, 0});
        g_hash_table_remove(collections->by_id, &shown->id);
}

/* Shows one point or divergence; takes it out of @before, those that were shown. */
static void show_child(CrCollections *collections, CrShown *shown, GHashTable *before, const char *path,
        const CrInterface *interface, GVariant *values)
{
        CrObjects *objects = collections->service->objects;
        CrObject *object = cr_objects_find(objects, path);

        if (object)
                cr_object_update(object, values);
        else
                object = cr_objects_add(objects, path, interface, values);
        g_hash_table_remove(before, object);
        g_ptr_array_add(shown->children, object);
}

static void show_points(CrCollections *collections, CrShown *shown, GHashTable *before, const CrCollection *c)
{
        for (guint i = 0; i < c->points->len; i++) {
                const CrPoint *point = c->points->pdata[i];
                g_autofree char *path = cr_object_path_point(shown->object->path, &point->id);

                if (point->held)
                        show_child(collections, shown, before, path, &cr_point_interface,
                                cr_shown_point(point, shown->object->path));
        }
}

static void show_divergences(
        CrCollections *collections, CrShown *shown, GHashTable *before, const CrCollection *c)
{
        for (guint i = 0; i < c->divergences->len; i++) {
                const CrDivergence *divergence = c->divergences->pdata[i];
                g_autofree char *path = cr_object_path_divergence(shown->object->path, &divergence->id);

                show_child(collections, shown, before, path, &cr_divergence_interface,
                        cr_shown_divergence(c, divergence, shown->object->path));
        }
}

static void show_children(CrCollections *collections, CrShown *shown, const CrCollection *c)
{
        g_autoptr(GHashTable) before = g_hash_table_new(NULL, NULL);
        GHashTableIter iter;
        gpointer child;

        for (guint i = 0; i < shown->children->len; i++)
                g_hash_table_add(before, shown->children->pdata[i]);
        g_ptr_array_set_size(shown->children, 0);
        show_points(collections, shown, before, c);
        show_divergences(collections, shown, before, c);
        g_hash_table_iter_init(&iter, before);
        while (g_hash_table_iter_next(&iter, &child, NULL))
                hide_child(collections, child);
}

static CrShown *show_new(CrCollections *collections, const CrCollection *c, GVariant *values)
{
        g_autofree char *path = cr_object_path_collection(c->name);
        CrShown *shown = g_new0(CrShown, 1);

        shown->id = c->id;
        shown->name = g_strdup(c->name);
        shown->children = g_ptr_array_new();
        shown->object = cr_objects_add(collections->service->objects, path, &cr_collection_interface, values);
        g_hash_table_insert(collections->by_id, &shown->id, shown);
        return shown;
}

/* A test copy went in the same transaction as the note of it. */
static void note_test(CrCollections *collections, CrShown *shown, const CrId *test)
{
        CrId former = shown->test;

        shown->test = *test;
        if (!cr_id_is_none(&former) && !cr_id_equal(&former, test))
                cr_collections_show(collections, &former, NULL);
}

void cr_collections_show(CrCollections *collections, const CrId *id, const CrCollection *loaded)
{
        CrShown *shown = g_hash_table_lookup(collections->by_id, id);
        CrShownNow now;

        if (!loaded && shown)
                hide(collections, shown);
        if (!loaded)
                return;
        cr_schedule_update(collections->service->schedule, loaded);
        now = now_of(collections, id);
        if (shown)
                cr_object_update(shown->object, cr_shown_collection(loaded, &now));
        else
                shown = show_new(collections, loaded, cr_shown_collection(loaded, &now));
        shown->history = loaded->settings->recovery_history;
        note_test(collections, shown, &loaded->test_collection);
        reserve(collections, shown, room_of(loaded));
        show_children(collections, shown, loaded);
}

void cr_collections_show_both(
        CrCollections *collections, const CrId *id, const CrCollection *loaded, const CrCollection *test)
{
        if (test)
                cr_collections_show(collections, &test->id, test);
        cr_collections_show(collections, id, loaded);
}

typedef struct Refresh {
        CrCollections *collections;
        CrId id;
        CrCollection *loaded;
        GError *error;
} Refresh;

static void refresh_work(CrStore *store, gpointer data)
{
        Refresh *refresh = data;

        refresh->loaded = cr_collections_load(store, &refresh->id, &refresh->error);
}

static void refresh_done(gpointer data)
{
        Refresh *refresh = data;

        if (refresh->error)
                cr_log(G_LOG_LEVEL_WARNING, NULL, refresh->id.text, 0, "The collection can't be loaded: %s",
                        refresh->error->message);
        else
                cr_collections_show(refresh->collections, &refresh->id, refresh->loaded);
        g_clear_pointer(&refresh->loaded, cr_collection_free);
        g_clear_error(&refresh->error);
        g_free(refresh);
}

void cr_collections_refresh(CrCollections *collections, const CrId *id)
{
        Refresh *refresh = g_new0(Refresh, 1);

        refresh->collections = collections;
        refresh->id = *id;
        cr_store_thread_submit(collections->service->store, refresh_work, refresh_done, refresh);
}

void cr_collections_show_job(CrCollections *collections, const CrId *id)
{
        const CrShown *shown = cr_collections_find(collections, id);
        const char *job = cr_tasks_current_job(collections->service->tasks, id);

        if (shown)
                cr_object_set(
                        shown->object, "CurrentJob", g_variant_new_object_path(job ? job : CR_NULL_PATH));
}
