/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-files.h"

#include "unit.h"

static void image_free(gpointer data)
{
        Image *image = data;

        g_free(image->below);
        g_free(image);
}

Files *files_new(void)
{
        return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, image_free);
}

Image *files_find(Files *files, const char *path)
{
        return g_hash_table_lookup(files, path);
}

Image *files_create(Files *files, const char *path, const char *below, guint64 size)
{
        static ino_t last = 100;
        Image *image = g_new0(Image, 1);

        ck_assert_msg(!files_find(files, path), "%s is there already", path);
        image->inode = ++last;
        image->below = g_strdup(below);
        image->size = size;
        for (guint i = 0; i < FILES_BLOCKS; i++)
                image->blocks[i] = -1;
        g_hash_table_insert(files, g_strdup(path), image);
        return image;
}

void files_resize(Image *image, guint64 size)
{
        for (guint64 i = size; i < FILES_BLOCKS; i++)
                image->blocks[i] = -1;
        /* What is new shows zeroes, whatever lies below. */
        for (guint64 i = image->size; i < size; i++)
                image->blocks[i] = 0;
        image->size = size;
}

static int block(Files *files, const Image *image, guint64 i)
{
        while (image && i < image->size) {
                if (image->blocks[i] >= 0)
                        return image->blocks[i];
                image = image->below ? files_find(files, image->below) : NULL;
        }
        return 0;
}

void files_view(Files *files, const char *path, int ret[FILES_BLOCKS], guint64 *ret_size)
{
        const Image *image = files_find(files, path);

        ck_assert_msg(image, "%s is missing", path);
        *ret_size = image->size;
        for (guint64 i = 0; i < FILES_BLOCKS; i++)
                ret[i] = i < image->size ? block(files, image, i) : 0;
}

/* ---- steps ---- */

static void move(Files *files, const char *from, const char *to, ino_t inode)
{
        gpointer path, image;

        ck_assert_msg(!files_find(files, to), "%s would be overwritten", to);
        ck_assert_msg(g_hash_table_steal_extended(files, from, &path, &image), "%s is missing", from);
        ck_assert_uint_eq(((Image *)image)->inode, inode);
        g_free(path);
        g_hash_table_insert(files, g_strdup(to), image);
}

static void merge(Files *files, const CrStep *step)
{
        Image *upper = files_find(files, step->path), *lower = files_find(files, step->target);

        ck_assert_msg(upper && lower, "%s or %s is missing", step->path, step->target);
        ck_assert_uint_eq(upper->inode, step->inode);
        ck_assert_uint_eq(lower->inode, step->target_inode);
        ck_assert_str_eq(upper->below, step->target);
        /* Of a head that its owner resized the plan knows no size: the file tells. */
        files_resize(lower, upper->size);
        for (guint64 i = 0; i < upper->size; i++)
                if (upper->blocks[i] >= 0)
                        lower->blocks[i] = upper->blocks[i];
        g_hash_table_remove(files, step->path);
        move(files, step->target, step->path, step->target_inode);
}

static void apply(Files *files, const CrStep *step)
{
        switch (step->kind) {
        case CR_STEP_CUT:
                move(files, step->path, step->target, step->inode);
                move(files, step->staged, step->path, step->staged_inode);
                break;
        case CR_STEP_PLACE_HEAD:
                move(files, step->staged, step->path, step->staged_inode);
                break;
        case CR_STEP_SET_ASIDE:
                move(files, step->path, step->target, step->inode);
                break;
        case CR_STEP_PUT_BACK:
                move(files, step->target, step->path, step->inode);
                break;
        case CR_STEP_DELETE:
                ck_assert_uint_eq(files_find(files, step->path)->inode, step->inode);
                g_hash_table_remove(files, step->path);
                break;
        case CR_STEP_MERGE:
                merge(files, step);
                break;
        default:
                ck_abort_msg("a step of kind %d", step->kind);
        }
}

void files_apply(Files *files, const CrPlan *plan)
{
        for (guint i = 0; i < plan->steps->len; i++)
                apply(files, g_ptr_array_index(plan->steps, i));
}
