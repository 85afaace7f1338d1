/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-store-sample.h"

#include <string.h>

#define N_SAMPLES 100
#define N_MUTATIONS 500

/* ---- making ---- */

START_TEST(a_new_plan_leads_to_a_copy_of_what_was_before)
{
        g_autoptr(GRand) rand = sample_rand();
        g_autoptr(CrCollection) before = sample_collection(rand);
        g_autoptr(CrPlan) plan = cr_plan_new(before, CR_OP_PREPARE);

        ck_assert(cr_id_equal(&plan->collection, &before->id));
        ck_assert_int_eq(plan->operation, CR_OP_PREPARE);
        ck_assert_uint_eq(plan->job, 0);
        ck_assert_uint_eq(plan->steps->len, 0);
        ck_assert(cr_id_is_none(&plan->dropped_point));
        ck_assert_ptr_ne(plan->after, before);
        sample_assert_equal(plan->after, before);
}
END_TEST

START_TEST(steps_are_kept_in_order)
{
        g_autoptr(CrCollection) before = cr_collection_new("shop");
        g_autoptr(CrPlan) plan = cr_plan_new(before, CR_OP_START);
        CrId disk = cr_id_new();
        const CrStep *first = cr_plan_add_step(plan, CR_STEP_CUT, &disk);
        const CrStep *second = cr_plan_add_step(plan, CR_STEP_DELETE, &disk);

        ck_assert_uint_eq(plan->steps->len, 2);
        ck_assert_ptr_eq(g_ptr_array_index(plan->steps, 0), first);
        ck_assert_ptr_eq(g_ptr_array_index(plan->steps, 1), second);
        ck_assert_int_eq(first->kind, CR_STEP_CUT);
        ck_assert_int_eq(second->kind, CR_STEP_DELETE);
        ck_assert(cr_id_equal(&second->disk, &disk));
        ck_assert_ptr_null(second->target);
}
END_TEST

/* ---- as text and back ---- */

static CrPlan *parse(const char *text)
{
        g_autoptr(GError) error = NULL;
        CrPlan *plan = cr_plan_from_json(text, &error);

        ck_assert_msg(plan != NULL, "%s in %.1000s", error ? error->message : "no error", text);
        return plan;
}

START_TEST(a_plan_comes_back_from_its_text_as_it_was)
{
        g_autoptr(GRand) rand = sample_rand();

        for (guint i = 0; i < N_SAMPLES; i++) {
                g_autoptr(CrPlan) plan = sample_plan(rand, sample_collection(rand), NULL), back = NULL;
                g_autofree char *text = cr_plan_to_json(plan), *again = NULL;

                back = parse(text);
                sample_assert_plans_equal(plan, back);
                again = cr_plan_to_json(back);
                ck_assert_str_eq(text, again);
        }
}
END_TEST

START_TEST(the_plan_of_a_deletion_comes_back_as_it_was)
{
        g_autoptr(GRand) rand = sample_rand();
        CrId id = cr_id_new();
        g_autoptr(CrPlan) plan = sample_plan(rand, NULL, &id), back = NULL;
        g_autofree char *text = cr_plan_to_json(plan);

        back = parse(text);
        ck_assert_ptr_null(back->after);
        sample_assert_plans_equal(plan, back);
}
END_TEST

START_TEST(the_largest_numbers_keep_value_and_sign)
{
        g_autoptr(CrCollection) before = cr_collection_new("shop");
        g_autoptr(CrPlan) plan = cr_plan_new(before, CR_OP_START), back = NULL;
        CrStep *step = cr_plan_add_step(plan, CR_STEP_CUT, &before->id);
        g_autofree char *text = NULL;

        step->path = g_strdup("/a");
        step->inode = (ino_t)G_MAXUINT64;
        plan->job = (guint64)G_MAXINT64 + 1;
        plan->owner = G_MAXUINT32;
        plan->after->last_apply = G_MININT64;
        plan->after->peer.sequence = G_MAXUINT64 - 1;
        text = cr_plan_to_json(plan);
        back = parse(text);
        ck_assert_uint_eq(((CrStep *)g_ptr_array_index(back->steps, 0))->inode, G_MAXUINT64);
        ck_assert_uint_eq(back->job, (guint64)G_MAXINT64 + 1);
        ck_assert_uint_eq(back->owner, G_MAXUINT32);
        ck_assert_int_eq(back->after->last_apply, G_MININT64);
        ck_assert_uint_eq(back->after->peer.sequence, G_MAXUINT64 - 1);
}
END_TEST

/* ---- what is not a plan ---- */

/* A plan with a bit of everything. */
static CrPlan *example(void)
{
        g_autoptr(GRand) rand = g_rand_new_with_seed(1);
        g_autoptr(CrPlan) plan = NULL;

        do {
                g_clear_pointer(&plan, cr_plan_free);
                plan = sample_plan(rand, sample_collection(rand), NULL);
        } while (plan->after->disks->len < 2 || plan->after->points->len < 2 ||
                 plan->after->layers->len < 4 || plan->after->divergences->len < 1 || plan->steps->len < 2 ||
                 ((CrDivergence *)g_ptr_array_index(plan->after->divergences, 0))->disks->len < 1);
        return g_steal_pointer(&plan);
}

static void assert_refused(const char *text, const char *what)
{
        GError *error = NULL;
        g_autoptr(CrPlan) plan = cr_plan_from_json(text, &error);

        ck_assert_msg(plan == NULL, "taken for a plan: %.1000s", text);
        ck_assert(g_utf8_validate(error->message, -1, NULL)); /* it may go out on the bus */
        assert_error(error, CR_ERROR_FAILED, what);
}

START_TEST(a_text_that_is_not_a_plan_is_refused)
{
        static const char *const texts[] = {"", " ", "null", "true", "[]", "{}", "1", "\"\"",
                "{\"format\":1}", "{\"format\":\"1\"}", "{\"format\":2}", "{", "}", "\\", "\"", "\"\\",
                "\"\\u", "\377", "{\"format\":1e300}", "{\"format\":99999999999999999999999999}",
                "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\ud800\\ud800\"", "// nothing",
                "/* nothing */ {}", "{'format':1}", "\xef\xbb\xbf{}", NULL};

        for (const char *const *text = texts; *text; text++)
                assert_refused(*text, "is not a plan");
}
END_TEST

START_TEST(brackets_without_end_do_not_exhaust_the_stack)
{
        static const char *const openings[] = {"[", "{\"a\":", "[{\"]\":", "[\"\\\"]\",", NULL};

        for (const char *const *opening = openings; *opening; opening++) {
                g_autoptr(GString) text = g_string_new(NULL);

                while (text->len < 1000000)
                        g_string_append(text, *opening);
                assert_refused(text->str, "nested too deeply");
        }
}
END_TEST

/* One change each that makes the example's text no plan; the replacement of the first place. */
static const struct {
        const char *find, *put, *what;
} changes[] = {
        {"{\"collection\":", "{\"collection\":null,\"x\":", "collection"},
        {"\"owner\":", "\"owner\":-1,\"x\":", "owner"},
        {"\"owner\":", "\"owner\":4294967296,\"x\":", "owner"},
        {"\"owner\":", "\"owner\":1.5,\"x\":", "owner"},
        {"\"owner\":", "\"owner\":\"1\",\"x\":", "owner"},
        {"\"job\":", "\"job\":1,\"x\":", "job"},
        {"\"job\":\"", "\"job\":\"-", "job"},
        {"\"job\":\"", "\"job\":\" ", "job"},
        {"\"job\":\"", "\"job\":\"99999999999999999999", "job"},
        {"\"job\":\"", "\"job\":\"x", "job"},
        {"\"created\":\"", "\"created\":\"x", "created"},
        {"\"operation\":\"", "\"operation\":\"x", "operation"},
        {"\"kind\":\"", "\"kind\":\"x", "kind"},
        {"\"state\":\"", "\"state\":\"x", "state"},
        {"\"role\":\"", "\"role\":\"x", "role"},
        {"\"path\":\"/", "\"path\":\"", "path"},
        {"\"head_path\":\"/", "\"head_path\":\"", "head_path"},
        {"\"format\":1", "\"format\":1,\"more\":1", "not known"},
        {"\"format\":1", "\"form\":1", "format"},
        {"\"format\":1", "\"format\":1,\"\377\":1", "UTF-8"},
        {"\"format\":1", "\"format\":2", "format"},
        {"\"last_error\":\"", "\"last_error\":\"\\ud83d\\ude00", "escape"},
        {"\"steps\":", "\"x\":", "steps"},
        {"\"steps\":[", "\"steps\":[null,", "not an object"},
        {"\"steps\":[", "\"steps\":[{},", "kind"},
        {"\"after\":{", "\"after\":{\"more\":0,", "not known"},
        {"\"after\":", "\"x\":", "after"},
        {"\"disks\":[", "\"disks\":[0,", "not an object"},
        {"\"settings\":\"", "\"settings\":\"x", "settings"},
        {"<uint32", "<int32", "settings"},
        {"\"has_relationship\":", "\"has_relationship\":1,\"x\":", "has_relationship"},
        {"\"divergences\":[{", "\"divergences\":[{\"more\":0,", "not known"},
        {"\"bytes\":\"", "\"bytes\":\"x", "bytes"},
};

START_TEST(a_change_that_makes_no_plan_is_refused)
{
        g_autoptr(CrPlan) plan = example();
        g_autofree char *text = cr_plan_to_json(plan);

        for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
                const char *at = strstr(text, changes[i].find);
                g_autofree char *changed = NULL;

                ck_assert_msg(at != NULL, "%s is not in %.1000s", changes[i].find, text);
                changed = g_strdup_printf(
                        "%.*s%s%s", (int)(at - text), text, changes[i].put, at + strlen(changes[i].find));
                assert_refused(changed, changes[i].what);
        }
}
END_TEST

/* ---- collections that do not fit together ---- */

static void assert_after_refused(CrPlan *plan, const char *what)
{
        g_autofree char *text = cr_plan_to_json(plan);

        assert_refused(text, what);
        cr_plan_free(plan);
}

#define ELEMENT(plan, array, type, index) ((type *)g_ptr_array_index((plan)->after->array, index))

START_TEST(a_collection_of_another_id_is_refused)
{
        CrPlan *plan = example();

        plan->collection = cr_id_new();
        assert_after_refused(plan, "another one");
}
END_TEST

START_TEST(ids_and_names_are_there_once)
{
        CrPlan *plan = example();

        ELEMENT(plan, disks, CrDisk, 1)->id = ELEMENT(plan, disks, CrDisk, 0)->id;
        assert_after_refused(plan, "twice disk");
        plan = example();
        g_free(ELEMENT(plan, disks, CrDisk, 1)->name);
        ELEMENT(plan, disks, CrDisk, 1)->name = g_strdup(ELEMENT(plan, disks, CrDisk, 0)->name);
        assert_after_refused(plan, "same name");
        plan = example();
        ELEMENT(plan, layers, CrLayer, 1)->id = ELEMENT(plan, layers, CrLayer, 0)->id;
        assert_after_refused(plan, "twice layer");
        plan = example();
        ELEMENT(plan, points, CrPoint, 1)->id = ELEMENT(plan, points, CrPoint, 0)->id;
        assert_after_refused(plan, "twice point");
        plan = example();
        ELEMENT(plan, points, CrPoint, 0)->parent = ELEMENT(plan, points, CrPoint, 1)->id;
        assert_after_refused(plan, "is not before point");
}
END_TEST

/* Adds a layer of the first disk above @parent. */
static CrLayer *add_layer(CrPlan *plan, const CrId *parent)
{
        CrLayer *layer = cr_layer_new();

        layer->id = cr_id_new();
        layer->disk = ELEMENT(plan, disks, CrDisk, 0)->id;
        layer->parent = *parent;
        layer->path = g_strdup("/layer");
        g_ptr_array_add(plan->after->layers, layer);
        return layer;
}

START_TEST(a_layer_refers_to_what_is_there)
{
        CrId none = CR_ID_NONE, unknown = cr_id_new();
        CrPlan *plan = example();

        add_layer(plan, &unknown);
        assert_after_refused(plan, "not before layer");
        plan = example();
        add_layer(plan, &add_layer(plan, &none)->id)->disk = ELEMENT(plan, disks, CrDisk, 1)->id;
        assert_after_refused(plan, "another disk");
        plan = example();
        add_layer(plan, &add_layer(plan, &none)->id)->template_path = g_strdup("/template");
        assert_after_refused(plan, "template");
        plan = example();
        add_layer(plan, &none)->disk = unknown;
        assert_after_refused(plan, "unknown disk");
        plan = example();
        add_layer(plan, &none)->point = unknown;
        assert_after_refused(plan, "unknown point");
        plan = example();
        add_layer(plan, &none)->kind = CR_LAYER_HEAD;
        add_layer(plan, &none)->kind = CR_LAYER_HEAD;
        assert_after_refused(plan, "second head");
        plan = example();
        ((CrDivergentDisk *)g_ptr_array_index(ELEMENT(plan, divergences, CrDivergence, 0)->disks, 0))->layer =
                unknown;
        assert_after_refused(plan, "unknown layer");
}
END_TEST

START_TEST(there_are_at_most_64_disks)
{
        CrPlan *plan = example();

        while (plan->after->disks->len <= CR_MAX_DISKS) {
                CrDisk *disk = cr_disk_new();

                disk->id = cr_id_new();
                disk->name = g_strdup_printf("disk%u", plan->after->disks->len);
                disk->head_path = g_strdup("/head");
                g_ptr_array_add(plan->after->disks, disk);
        }
        assert_after_refused(plan, "more disks");
}
END_TEST

/* ---- mutations ---- */

static void mutate(GRand *rand, GString *text)
{
        static const char *const tokens[] = {"{", "}", "[", "]", "\"", "\\", ",", ":", "null", "true", "-",
                "0", "1e9", "18446744073709551616", "\\u0000", "\\ud800", "\\ud83d\\ude00", "/*", "//", "#",
                "'", "\377", "\n", ""};
        gssize at = g_rand_int_range(rand, 0, (gint32)text->len);
        gssize end = at + g_rand_int_range(rand, 0, 9);

        if (g_rand_int_range(rand, 0, 4) == 0) {
                text->str[at] ^= (char)(1 << g_rand_int_range(rand, 0, 8));
                g_string_truncate(text, strlen(text->str));
                return;
        }
        g_string_erase(text, at, MIN(end, (gssize)text->len) - at);
        g_string_insert(text, at, tokens[g_rand_int_range(rand, 0, G_N_ELEMENTS(tokens))]);
}

START_TEST(no_mutation_does_harm)
{
        g_autoptr(GRand) rand = sample_rand();
        g_autoptr(CrPlan) plan = example();
        g_autofree char *text = cr_plan_to_json(plan);

        for (guint i = 0; i < N_MUTATIONS; i++) {
                g_autoptr(GString) mutated = g_string_new(text);
                g_autoptr(GError) error = NULL;
                g_autoptr(CrPlan) back = NULL, again = NULL;
                g_autofree char *written = NULL;

                for (gint n = g_rand_int_range(rand, 1, 4); n > 0 && mutated->len > 0; n--)
                        mutate(rand, mutated);
                back = cr_plan_from_json(mutated->str, &error);
                if (!back) {
                        ck_assert_msg(
                                g_error_matches(error, CR_ERROR, CR_ERROR_FAILED), "%s", error->message);
                        continue;
                }
                /* What is taken for a plan can be kept as one. */
                written = cr_plan_to_json(back);
                again = parse(written);
                sample_assert_plans_equal(back, again);
        }
}
END_TEST

/* ---- dropping a point ---- */

static CrPoint *add_point(CrCollection *collection, const CrId *parent)
{
        CrPoint *point = cr_point_new();

        point->id = cr_id_new();
        point->parent = *parent;
        point->held = TRUE;
        g_ptr_array_add(collection->points, point);
        return point;
}

/* A collection of one disk that was cut twice. */
static CrPlan *two_cuts(CrId *ret_first, CrId *ret_second)
{
        g_autoptr(CrCollection) before = cr_collection_new("shop");
        CrPlan *plan = cr_plan_new(before, CR_OP_REPLICATE);
        CrDisk *disk = cr_disk_new();
        CrId none = CR_ID_NONE;

        disk->id = cr_id_new();
        g_ptr_array_add(plan->after->disks, disk);
        *ret_first = add_point(plan->after, &none)->id;
        *ret_second = add_point(plan->after, ret_first)->id;
        add_layer(plan, &none)->point = *ret_first;
        add_layer(plan, &ELEMENT(plan, layers, CrLayer, 0)->id)->point = *ret_second;
        add_layer(plan, &ELEMENT(plan, layers, CrLayer, 1)->id)->kind = CR_LAYER_HEAD;
        plan->after->base_point = *ret_second;
        plan->dropped_point = *ret_second;
        return plan;
}

START_TEST(a_dropped_point_leaves_its_layers)
{
        CrId first, second;
        g_autoptr(CrPlan) plan = two_cuts(&first, &second);

        for (int i = 0; i < 2; i++) { /* a recovery may be carried out twice */
                cr_plan_drop_point(plan);
                ck_assert_uint_eq(plan->after->points->len, 1);
                ck_assert_ptr_null(cr_collection_point(plan->after, &second));
                ck_assert_uint_eq(plan->after->layers->len, 3);
                ck_assert(cr_id_equal(&ELEMENT(plan, layers, CrLayer, 0)->point, &first));
                ck_assert(cr_id_is_none(&ELEMENT(plan, layers, CrLayer, 1)->point));
                ck_assert(cr_id_equal(&plan->after->base_point, &first));
        }
}
END_TEST

START_TEST(what_followed_a_dropped_point_follows_its_parent)
{
        CrId first, second;
        g_autoptr(CrPlan) plan = two_cuts(&first, &second);
        const CrPoint *third = add_point(plan->after, &second);

        cr_plan_drop_point(plan);
        ck_assert(cr_id_equal(&third->parent, &first));
}
END_TEST

START_TEST(nothing_is_dropped_where_there_is_nothing_to_drop)
{
        CrId first, second;
        g_autoptr(CrPlan) plan = two_cuts(&first, &second);

        plan->dropped_point = CR_ID_NONE;
        cr_plan_drop_point(plan);
        ck_assert_uint_eq(plan->after->points->len, 2);
        plan->dropped_point = second;
        g_clear_pointer(&plan->after, cr_collection_free);
        cr_plan_drop_point(plan);
        ck_assert_ptr_null(plan->after);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_new_plan_leads_to_a_copy_of_what_was_before, steps_are_kept_in_order,
                a_plan_comes_back_from_its_text_as_it_was, the_plan_of_a_deletion_comes_back_as_it_was,
                the_largest_numbers_keep_value_and_sign, a_text_that_is_not_a_plan_is_refused,
                brackets_without_end_do_not_exhaust_the_stack, a_change_that_makes_no_plan_is_refused,
                a_collection_of_another_id_is_refused, ids_and_names_are_there_once,
                a_layer_refers_to_what_is_there, there_are_at_most_64_disks, no_mutation_does_harm,
                a_dropped_point_leaves_its_layers, what_followed_a_dropped_point_follows_its_parent,
                nothing_is_dropped_where_there_is_nothing_to_drop, NULL};

        return run_tests("plan", tests);
}
