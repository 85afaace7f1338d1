/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lies beside the images of an export: what is written is read again, and whatever else a medium may
 * bring is refused with a reason. */
#include "core/error.h"
#include "core/manifest.h"
#include "tree.h"
#include "unit.h"

#include <string.h>

#define MAX_DISKS 64 /* source: the contract */
#define SIZE G_GUINT64_CONSTANT(8589934592)

/* The point @number of @collection, with all disks. */
static CrManifest *export_of(const CrCollection *collection, guint number)
{
        CrManifest *manifest = cr_manifest_new();

        manifest->collection = collection->id;
        manifest->name = g_strdup(collection->name);
        manifest->point = tree_point_id(number);
        manifest->parent = tree_point_id(number - 1);
        manifest->origin = tree_layer_id(7, 7);
        manifest->created = G_GINT64_CONSTANT(1790000000123456);
        manifest->consistency = 3;
        for (guint i = 0; i < collection->disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(collection->disks, i);

                cr_manifest_add_disk(manifest, &disk->id, disk->name, SIZE + 512 * i)->digest =
                        tree_layer_id(i, 1);
        }
        return manifest;
}

/* Of two disks, "disk0" and "disk1". */
static char *sample(void)
{
        g_autoptr(CrCollection) collection = tree_new(2);
        g_autoptr(CrManifest) manifest = export_of(collection, 2);

        return cr_manifest_to_json(manifest);
}

static void assert_same_disks(const CrManifest *found, const CrManifest *wanted)
{
        ck_assert_uint_eq(found->disks->len, wanted->disks->len);
        for (guint i = 0; i < wanted->disks->len; i++) {
                const CrManifestDisk *disk = g_ptr_array_index(wanted->disks, i);
                const CrManifestDisk *other = g_ptr_array_index(found->disks, i);

                ck_assert_str_eq(other->id.text, disk->id.text);
                ck_assert_str_eq(other->name, disk->name);
                ck_assert_uint_eq(other->size, disk->size);
                ck_assert_str_eq(other->digest.text, disk->digest.text);
                ck_assert_ptr_eq(cr_manifest_disk(found, &disk->id), other);
        }
}

static void assert_is_read_again(const CrManifest *manifest)
{
        g_autofree char *text = cr_manifest_to_json(manifest);
        g_autoptr(GError) error = NULL;
        g_autoptr(CrManifest) found = cr_manifest_from_json(text, &error);

        ck_assert_msg(found != NULL, "%s", error ? error->message : "");
        ck_assert_uint_le(strlen(text), CR_MANIFEST_MAX);
        ck_assert_str_eq(found->collection.text, manifest->collection.text);
        ck_assert_str_eq(found->name, manifest->name);
        ck_assert_str_eq(found->point.text, manifest->point.text);
        ck_assert_str_eq(found->parent.text, manifest->parent.text);
        ck_assert_str_eq(found->origin.text, manifest->origin.text);
        ck_assert_int_eq(found->created, manifest->created);
        ck_assert_uint_eq(found->consistency, manifest->consistency);
        assert_same_disks(found, manifest);
}

START_TEST(what_is_written_is_read)
{
        g_autoptr(CrCollection) collection = tree_new(2);
        g_autoptr(CrManifest) first = export_of(collection, 1), second = export_of(collection, 2);
        CrId none = CR_ID_NONE;

        ck_assert(cr_id_is_none(&first->parent));
        assert_is_read_again(first);
        assert_is_read_again(second);
        ck_assert_ptr_null(cr_manifest_disk(second, &none));
        ck_assert_ptr_null(cr_manifest_disk(second, &collection->id));
}
END_TEST

/* As many disks as a collection may have, with the longest names, each character of which is written as two.
 */
START_TEST(the_largest_is_within_the_limit)
{
        g_autoptr(CrCollection) collection = tree_new(MAX_DISKS);
        g_autoptr(CrManifest) manifest = NULL;

        for (guint i = 0; i < MAX_DISKS; i++) {
                CrDisk *disk = g_ptr_array_index(collection->disks, i);

                g_free(disk->name);
                disk->name = g_strnfill(64, '"');
                disk->name[0] = (char)('0' + i);
        }
        manifest = export_of(collection, G_MAXUINT32);
        assert_is_read_again(manifest);
}
END_TEST

/* ---- what is none ---- */

/* The sample with the first @from replaced by @to. */
static char *damaged(const char *from, const char *to)
{
        g_autofree char *text = sample();
        const char *at = strstr(text, from);

        ck_assert_msg(at != NULL, "no %s in %s", from, text);
        return g_strdup_printf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* @what: in the reason. */
static void assert_refused(const char *text, int code, const char *what)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(CrManifest) manifest = cr_manifest_from_json(text, &error);

        ck_assert_msg(!manifest, "accepted: %s", text);
        assert_error(error, code, what);
}

#define DISK_0 "\"d0000000000000000000000000000000\""
#define DISK_1 "\"d0000001000000000000000000000000\""

static const struct {
        const char *from, *to, *what;
} damages[] = {
        /* of another type, or none */
        {"\"shop\"", "7", "name"},
        {"\"shop\"", "null", "name"},
        {"\"shop\"", "[\"shop\"]", "name"},
        {"\"shop\"", "\"\"", "name"},
        {"\"consistency\" : 3", "\"consistency\" : \"3\"", "consistency"},
        {"\"consistency\" : 3", "\"consistency\" : -1", "consistency"},
        {"\"consistency\" : 3", "\"consistency\" : 4294967296", "consistency"},
        {"\"consistency\" : 3", "\"consistency\" : 3.0", "consistency"},
        {"\"1790000000123456\"", "1790000000123456", "created"},
        {"\"1790000000123456\"", "\"now\"", "created"},
        {"\"1790000000123456\"", "\"9223372036854775808\"", "created"},
        /* missing, or one more */
        {"\"collection\" :", "\"collektion\" :", "collection"},
        {"\"point\" :", "\"pointer\" :", "point"},
        {"\"origin\" :", "\"origins\" :", "origin"},
        {"\"created\" :", "\"create\" :", "created"},
        {"\"disks\" :", "\"disk\" :", "disks"},
        {"\"name\" : \"disk1\",", "", "name"},
        {"\"name\" : \"shop\",", "\"name\" : \"shop\", \"owner\" : \"root\",", "not known"},
        {"\"name\" : \"disk1\",", "\"name\" : \"disk1\", \"path\" : \"/etc/passwd\",", "not known"},
        /* ids */
        {DISK_0, "\"\"", "id"},
        {DISK_0, "\"d000000000000000000000000000000\"", "id"},
        {DISK_0, "\"D0000000000000000000000000000000\"", "id"},
        {DISK_0, "\"d00000000000000000000000000000000\"", "id"},
        {DISK_0, "\"../../../../../../../etc/shadow_\"", "id"},
        {DISK_0, "null", "id"},
        {DISK_1, DISK_0, "same id"},
        {"\"a0000000000000000000000000000001\"", "\"none\"", "digest"},
        /* names of files */
        {"\"disk1\"", "\"../disk1\"", "name"},
        {"\"disk1\"", "\".\"", "name"},
        {"\"disk1\"", "\"a/b\"", "name"},
        {"\"disk1\"", "\"a\\nb\"", "name"},
        {"\"disk1\"", "\"\\ud800\"", "half a character"},
        {"\"disk1\"", "\"\xff\"", "UTF-8"},
        /* sizes */
        {"\"8589934592\"", "8589934592", "size"},
        {"\"8589934592\"", "\"-512\"", "size"},
        {"\"8589934592\"", "\"0\"", "size"},
        {"\"8589934592\"", "\"8589934593\"", "size"},
        {"\"8589934592\"", "\"9223372036854775808\"", "size"},
        {"\"8589934592\"", "\"18446744073709551616\"", "size"},
        /* another shape */
        {"[", "[ 7,", "not an object"},
        {"[", "[ [] ,", "not an object"},
        {"[", "[ [[[]]],", "too deeply"},
        {"{", "/* a comment */ {", "not JSON"},
        {"{", "[{", ""},
};

START_TEST(what_is_damaged_is_refused)
{
        for (gsize i = 0; i < G_N_ELEMENTS(damages); i++) {
                g_autofree char *text = damaged(damages[i].from, damages[i].to);

                assert_refused(text, CR_ERROR_INVALID_PARAMETER, damages[i].what);
        }
}
END_TEST

START_TEST(what_is_no_object_is_refused)
{
        static const char *const texts[] = {
                "", " ", "null", "7", "\"text\"", "[]", "{}", "{\"disks\" : []}", "{", "\xff", "[{}]"};

        for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
                assert_refused(texts[i], CR_ERROR_INVALID_PARAMETER, "not a manifest");
}
END_TEST

/* Whatever the rest is: only that version knows. */
START_TEST(another_format_is_not_supported)
{
        static const char *const formats[] = {
                "0", "2", "-1", "9223372036854775807", "1.0", "\"1\"", "null", "[1]"};

        for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
                g_autofree char *format = g_strdup_printf("\"format\" : %s", formats[i]);
                g_autofree char *text = damaged("\"format\" : 1", format);

                assert_refused(text, CR_ERROR_NOT_SUPPORTED, "format 1");
        }
}
END_TEST

START_TEST(what_breaks_off_is_refused)
{
        g_autofree char *text = sample();

        for (gsize length = strlen(text); length-- > 0;) {
                text[length] = '\0';
                assert_refused(text, CR_ERROR_INVALID_PARAMETER, "not a manifest");
        }
}
END_TEST

/* As large as a medium may bring it: nothing is read by recursion, and no name is as long as it likes. */
START_TEST(what_is_huge_is_refused)
{
        g_autofree char *brackets = g_strnfill(CR_MANIFEST_MAX, '['),
                        *letters = g_strnfill(CR_MANIFEST_MAX, 'a');
        g_autofree char *name = g_strdup_printf("\"%s\"", letters),
                        *digits = g_strnfill(CR_MANIFEST_MAX, '9');
        g_autofree char *size = g_strdup_printf("\"%s\"", digits);
        g_autofree char *long_name = damaged("\"disk1\"", name), *long_id = damaged(DISK_0, name);
        g_autofree char *large_size = damaged("\"8589934592\"", size),
                        *number = damaged("\"consistency\" : 3", digits);

        assert_refused(brackets, CR_ERROR_INVALID_PARAMETER, "too deeply");
        assert_refused(letters, CR_ERROR_INVALID_PARAMETER, "not a manifest");
        assert_refused(digits, CR_ERROR_INVALID_PARAMETER, "not a manifest");
        assert_refused(long_name, CR_ERROR_INVALID_PARAMETER, "name");
        assert_refused(long_id, CR_ERROR_INVALID_PARAMETER, "id");
        assert_refused(large_size, CR_ERROR_INVALID_PARAMETER, "size");
        assert_refused(number, CR_ERROR_INVALID_PARAMETER, "not a manifest");
}
END_TEST

/* ---- of which collection ---- */

static void assert_mismatch(const CrManifest *manifest, const CrCollection *collection, const char *what)
{
        g_autoptr(GError) error = NULL;

        ck_assert(!cr_manifest_match(manifest, collection, &error));
        assert_error(error, CR_ERROR_INVALID_PARAMETER, what);
}

START_TEST(it_is_matched_with_its_collection_and_no_other)
{
        g_autoptr(CrCollection) collection = tree_new(2), other = tree_new(2);
        g_autoptr(CrManifest) manifest = export_of(collection, 2);
        CrDisk *disk = g_ptr_array_index(collection->disks, 1);

        ck_assert(cr_manifest_match(manifest, collection, NULL));
        assert_mismatch(manifest, other, other->id.text);
        g_free(disk->name);
        disk->name = g_strdup("renamed");
        assert_mismatch(manifest, collection, "'renamed'");
}
END_TEST

START_TEST(it_has_exactly_the_disks_that_replicate)
{
        g_autoptr(CrCollection) collection = tree_new(3);
        g_autoptr(CrManifest) all = export_of(collection, 2), less = export_of(collection, 2);
        char *included[] = {"disk0", "disk2", NULL};

        ck_assert(cr_manifest_match(all, collection, NULL));
        g_ptr_array_remove_index(less->disks, 1);
        assert_mismatch(less, collection, "'disk1'");
        g_strfreev(collection->settings->included_disks);
        collection->settings->included_disks = g_strdupv(included);
        ck_assert(cr_manifest_match(less, collection, NULL));
        assert_mismatch(all, collection, "3 disks");
}
END_TEST

START_TEST(an_image_is_named_by_its_disk)
{
        g_autofree char *name = cr_manifest_image_name("root");

        ck_assert_str_eq(name, "root.qcow2");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {what_is_written_is_read, the_largest_is_within_the_limit,
                what_is_damaged_is_refused, what_is_no_object_is_refused, another_format_is_not_supported,
                what_breaks_off_is_refused, what_is_huge_is_refused,
                it_is_matched_with_its_collection_and_no_other, it_has_exactly_the_disks_that_replicate,
                an_image_is_named_by_its_disk, NULL};

        return run_tests("manifest", tests);
}
