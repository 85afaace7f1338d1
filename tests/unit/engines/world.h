/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A temporary site with one collection of one disk, and what its guest must see: everything that is written
 * is written to a model too.
 */
#pragma once

#include "core/engine.h"
#include "core/error.h"
#include "core/lineage.h"
#include "core/plans.h"
#include "images.h"

#define WORLD_SIZE (8ull * 1024 * 1024) /* of the disk, at first */
#define WORLD_BLOCK (64ull * 1024)      /* in which it is written */

typedef struct World {
        const Images *images;
        const CrEngine *engine;
        char *root, *image_folder, *export_folder, *runtime_folder;
        CrConfig config;
        CrCollection *collection;
        CrDisk *disk;       /* of @collection */
        GByteArray *head;   /* what the guest sees */
        GHashTable *points; /* CrId -> GByteArray: what it saw */
} World;

extern World world;

/* Fixtures. world_images is set before. */
extern const Images *world_images;
void world_setup(void);
void world_teardown(void);

/* The path of @name in the folder of images. */
char *world_path(const char *name);

/* Defines the collection with a new image, a clone of @template (a path, or NULL). */
void world_define(const char *template);

/* Makes one layer at @path: CrEngine's create. */
gboolean world_create(const CrNewLayer *layer, ino_t *ret_inode, GError **error);

/* What probing says of the image at @path, as a head that is no part of the collection. */
CrLayer *world_probe(const char *path);

/* Probes the head, the only layer, anew: the test changed the image. */
void world_forget_head(void);

/* The guest writes one block of @pattern. */
void world_write(guint8 pattern, guint64 block);
void world_resize(guint64 size);

/* Plans, not yet carried out: what they need is made. */
CrPlan *world_plan_cut(void);
CrPlan *world_plan_prepare(const CrId *common);
CrPlan *world_plan_failover(const CrId *point);

/* Takes all steps of @plan. */
gboolean world_apply(const CrPlan *plan, GError **error);
/* The collection is now what it is after @plan (taken). */
void world_adopt(CrPlan *plan);
/* Both, with all steps taken twice. @plan: taken. */
void world_carry_out(CrPlan *plan);

/* A cut from beginning to end; the new point. */
CrId world_cut(void);

/* What the guest sees now is what it must see of @point. */
void world_note_point(const CrId *point);

CrLayer *world_head(void);                    /* NULL: none */
CrLayer *world_layer_at(const CrId *point);   /* must be there */
GPtrArray *world_chain(const CrLayer *layer); /* down from it */

/* The view of @layer as the engine serves it. */
GBytes *world_view(const CrLayer *layer);

/* Fails the test unless the view of the layer is what the guest saw. */
void world_check_point(const CrId *point);
void world_check_head(void);
void world_check_layer(const CrLayer *layer, const GByteArray *expected);
/* All points that are noted, and the head where there is one; and that no file is left over. */
void world_check_all(void);

/* The inode of what is at @path; 0: nothing. */
ino_t world_inode(const char *path);

/* The test fails when @error is not of this code, or does not name @what. Clears it. */
void world_assert_error(GError **error, CrError code, const char *what);
