/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/record.h"
#include "test-store-sample.h"

#include <string.h>

#define N_SAMPLES 100

START_TEST(a_new_collection_is_disabled_at_generation_1)
{
        g_autoptr(CrCollection) collection = cr_collection_new("shop"), other = cr_collection_new("shop");

        ck_assert_str_eq(collection->name, "shop");
        ck_assert_int_eq(collection->state, CR_STATE_DISABLED);
        ck_assert_int_eq(collection->role, CR_ROLE_NONE);
        ck_assert_uint_eq(collection->generation.number, 1);
        ck_assert(!cr_id_is_none(&collection->generation.id));
        ck_assert(!cr_id_is_none(&collection->id));
        ck_assert(!cr_id_equal(&collection->id, &other->id));
        ck_assert(!collection->has_relationship);
        ck_assert_uint_eq(collection->settings->replication_interval, 300);
        ck_assert_str_eq(collection->last_error, "");
        ck_assert_uint_eq(collection->disks->len + collection->layers->len + collection->points->len +
                                  collection->divergences->len,
                0);
}
END_TEST

START_TEST(a_copy_is_equal_and_shares_nothing)
{
        g_autoptr(GRand) rand = sample_rand();

        for (guint i = 0; i < N_SAMPLES; i++) {
                g_autoptr(CrCollection) collection = sample_collection(rand);
                g_autoptr(CrCollection) first = cr_collection_copy(collection), second = NULL;

                sample_assert_equal(collection, first);
                second = cr_collection_copy(first);
                /* What the first owns is gone: the sanitizer or valgrind tells whether the second uses it. */
                g_clear_pointer(&first, cr_collection_free);
                sample_assert_equal(collection, second);
        }
}
END_TEST

/* ---- no field is forgotten in the tables ---- */

static gsize size_of(const CrField *field)
{
        switch (field->type) {
        case CR_FIELD_ID:
                return sizeof(CrId);
        case CR_FIELD_WORD:
        case CR_FIELD_COUNT:
        case CR_FIELD_BOOLEAN:
                return sizeof(int);
        default:
                return 8;
        }
}

static gsize round_up(gsize offset, gsize alignment)
{
        return (offset + alignment - 1) / alignment * alignment;
}

/* Between fields there may be nothing but padding, also that at the end of a nested structure; @n_pointers
 * arrays come last. */
static void check_gapless(const CrRecord *record, gsize size, gsize n_pointers)
{
        gsize end = 0;

        for (const CrField *field = record->fields; field->name; field++) {
                gsize alignment = field->type == CR_FIELD_ID ? 1 : size_of(field);

                ck_assert_msg(field->offset == round_up(end, alignment) || field->offset == round_up(end, 8),
                        "%s: there is a field before %s that is not in the table", record->name, field->name);
                end = field->offset + size_of(field);
        }
        ck_assert_msg(round_up(end, 8) + 8 * n_pointers == size, "%s: its last field is not in the table",
                record->name);
}

START_TEST(the_tables_name_every_field)
{
        check_gapless(&cr_collection_record, sizeof(CrCollection), 4);
        check_gapless(&cr_disk_record, sizeof(CrDisk), 0);
        check_gapless(&cr_layer_record, sizeof(CrLayer), 0);
        check_gapless(&cr_point_record, sizeof(CrPoint), 0);
        check_gapless(&cr_divergence_record, sizeof(CrDivergence), 1);
        check_gapless(&cr_divergent_disk_record, sizeof(CrDivergentDisk), 0);
}
END_TEST

/* ---- looking up ---- */

static CrLayer *add_layer(CrCollection *collection, const CrId *disk, CrLayerKind kind)
{
        CrLayer *layer = cr_layer_new();

        layer->id = cr_id_new();
        layer->disk = *disk;
        layer->kind = kind;
        g_ptr_array_add(collection->layers, layer);
        return layer;
}

static CrDisk *add_disk(CrCollection *collection, const char *name)
{
        CrDisk *disk = cr_disk_new();

        disk->id = cr_id_new();
        disk->name = g_strdup(name);
        g_ptr_array_add(collection->disks, disk);
        return disk;
}

START_TEST(disks_and_layers_are_found)
{
        g_autoptr(CrCollection) collection = cr_collection_new("shop");
        const CrDisk *root = add_disk(collection, "root"), *data = add_disk(collection, "data");
        CrLayer *frozen = add_layer(collection, &data->id, CR_LAYER_FROZEN);
        const CrLayer *aside = add_layer(collection, &root->id, CR_LAYER_SET_ASIDE);
        const CrLayer *head = add_layer(collection, &data->id, CR_LAYER_HEAD);
        CrId point = frozen->point = cr_id_new(), unknown = cr_id_new(), none = CR_ID_NONE;

        ck_assert_ptr_eq(cr_collection_disk(collection, &data->id), data);
        ck_assert_ptr_null(cr_collection_disk(collection, &unknown));
        ck_assert_ptr_eq(cr_collection_disk_by_name(collection, "data"), data);
        ck_assert_ptr_null(cr_collection_disk_by_name(collection, "dat"));
        ck_assert_ptr_eq(cr_collection_layer(collection, &aside->id), aside);
        ck_assert_ptr_null(cr_collection_layer(collection, &none));
        ck_assert_ptr_eq(cr_collection_head(collection, &data->id), head);
        ck_assert_ptr_null(cr_collection_head(collection, &root->id));
        ck_assert_ptr_eq(cr_collection_layer_at(collection, &data->id, &point), frozen);
        ck_assert_ptr_null(cr_collection_layer_at(collection, &root->id, &point));
        /* A head is at no point: none is not a point that it could be found by. */
        ck_assert_ptr_null(cr_collection_layer_at(collection, &data->id, &none));
}
END_TEST

START_TEST(points_and_divergences_are_found)
{
        g_autoptr(CrCollection) collection = cr_collection_new("shop");
        CrPoint *point = cr_point_new();
        CrDivergence *divergence = cr_divergence_new();
        CrId unknown = cr_id_new();

        point->id = cr_id_new();
        divergence->id = cr_id_new();
        g_ptr_array_add(collection->points, point);
        g_ptr_array_add(collection->divergences, divergence);
        ck_assert_ptr_eq(cr_collection_point(collection, &point->id), point);
        ck_assert_ptr_null(cr_collection_point(collection, &unknown));
        ck_assert_ptr_eq(cr_collection_divergence(collection, &divergence->id), divergence);
        ck_assert_ptr_null(cr_collection_divergence(collection, &unknown));
}
END_TEST

START_TEST(a_generation_is_its_number_and_its_id)
{
        CrGeneration a = {2, cr_id_new()}, b = a, c = a;

        ck_assert(cr_generation_equal(&a, &b));
        b.number = 3;
        c.id = cr_id_new();
        ck_assert(!cr_generation_equal(&a, &b));
        ck_assert(!cr_generation_equal(&a, &c));
}
END_TEST

/* ---- the last error ---- */

START_TEST(a_last_error_is_replaced_and_taken_away)
{
        g_autoptr(CrCollection) collection = cr_collection_new("shop");

        cr_collection_set_last_error(collection, 32774, "in use");
        ck_assert_uint_eq(collection->last_error_value, 32774);
        ck_assert_str_eq(collection->last_error, "in use");
        cr_collection_set_last_error(collection, 0, NULL);
        ck_assert_uint_eq(collection->last_error_value, 0);
        ck_assert_str_eq(collection->last_error, "");
}
END_TEST

START_TEST(a_last_error_is_bounded_and_valid_utf8_whatever_is_given)
{
        g_autoptr(CrCollection) collection = cr_collection_new("shop");

        for (gsize shift = 0; shift < 4; shift++) {
                g_autoptr(GString) text = g_string_new(NULL);

                for (gsize i = 0; i < shift; i++)
                        g_string_append_c(text, 'x');
                while (text->len < 100000)
                        g_string_append(text, "€");
                cr_collection_set_last_error(collection, 32768, text->str);
                ck_assert_uint_ge(strlen(collection->last_error), 4000);
                ck_assert_uint_le(strlen(collection->last_error), 4096);
                ck_assert(g_utf8_validate(collection->last_error, -1, NULL));
        }
        cr_collection_set_last_error(collection, 32768, "a\377b");
        ck_assert(g_utf8_validate(collection->last_error, -1, NULL));
}
END_TEST

/* ---- names ---- */

#define LONGEST "0123456789012345678901234567890123456789012345678901234567890123" /* 64 bytes */

START_TEST(names_are_checked)
{
        static const struct {
                const char *name, *fault;
        } bad[] = {{"", "is empty"}, {LONGEST "4", "longer than 64"}, {"a\377", "not valid UTF-8"},
                {"a\nb", "control character"}, {"a\177", "control character"},
                {"a\302\205", "control character"}};

        for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
                GError *error = NULL;

                ck_assert(!cr_name_check("collection", bad[i].name, &error));
                ck_assert_ptr_nonnull(strstr(error->message, "collection"));
                assert_error(error, CR_ERROR_INVALID_PARAMETER, bad[i].fault);
                ck_assert(!cr_name_check_disk(bad[i].name, &error));
                assert_error(error, CR_ERROR_INVALID_PARAMETER, bad[i].fault);
        }
        ck_assert(cr_name_check("collection", "../Läden & Büros", NULL));
        ck_assert(cr_name_check("collection", LONGEST, NULL));
}
END_TEST

START_TEST(the_name_of_a_disk_is_safe_as_a_file_name)
{
        GError *error = NULL;

        ck_assert(cr_name_check_disk("vda.1", NULL));
        ck_assert(!cr_name_check_disk("a/b", &error));
        assert_error(error, CR_ERROR_INVALID_PARAMETER, "'a/b'");
        ck_assert(!cr_name_check_disk("..", &error));
        assert_error(error, CR_ERROR_INVALID_PARAMETER, "'..'");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_new_collection_is_disabled_at_generation_1,
                a_copy_is_equal_and_shares_nothing, the_tables_name_every_field, disks_and_layers_are_found,
                points_and_divergences_are_found, a_generation_is_its_number_and_its_id,
                a_last_error_is_replaced_and_taken_away,
                a_last_error_is_bounded_and_valid_utf8_whatever_is_given, names_are_checked,
                the_name_of_a_disk_is_safe_as_a_file_name, NULL};

        return run_tests("model", tests);
}
