/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bus/contract/pair.h"

#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

Site pair_a, pair_b;

static const char *const disks[] = {"root", "data"};

char *pair_head(const Site *site, const char *disk)
{
        return g_strdup_printf(
                "%s/%s/%s.qcow2", site->directory, site == &pair_a ? "images" : "replicas/shop", disk);
}

static void write_both(const Site *site, guint64 offset, guint8 byte)
{
        for (gsize i = 0; i < G_N_ELEMENTS(disks); i++) {
                g_autofree char *head = pair_head(site, disks[i]);

                ck_assert(disk_write(head, offset, 65536, byte));
        }
}

static void make_images(void)
{
        for (gsize i = 0; i < G_N_ELEMENTS(disks); i++) {
                g_autofree char *head = pair_head(&pair_a, disks[i]);

                disk_make(head, DISK_SIZE);
        }
        write_both(&pair_a, 0, 1);
}

static void define(void)
{
        g_autofree char *root = pair_head(&pair_a, "root"), *data = pair_head(&pair_a, "data");
        g_autofree char *path = manager_path(
                pair_a.bus, "DefineCollection", "sa(ss)a{sv}", "shop", 2, "root", root, "data", data, 0);

        ck_assert_str_eq(path, SHOP);
}

void pair_relate(void)
{
        pair_step(&pair_a, "CreateReplicationRelationship", "oa{sv}", SHOP, 2, "RecoveryConnectionPoint", "s",
                pair_b.address, "PrimaryConnectionPoint", "s", pair_a.address);
}

void pair_step(Site *site, const char *member, const char *types, ...)
{
        g_auto(Answer) answer = {0};
        sd_bus_message *m = NULL;
        va_list arguments;

        ck_assert_int_ge(sd_bus_message_new_method_call(
                                 site->bus, &m, CR_BUS_NAME, MANAGER, CR_MANAGER_INTERFACE, member),
                0);
        va_start(arguments, types);
        ck_assert_int_ge(sd_bus_message_appendv(m, types, arguments), 0);
        va_end(arguments);
        answer = answer_to(site->bus, m);
        ck_assert_msg(!answer.error, "%s: %s: %s", member, answer.error, answer.message);
        check_completes(site->bus, &answer);
}

static void take_over(void)
{
        write_both(&pair_a, 1 << 20, 2);
        pair_step(&pair_b, "InitiateFailover", "ooa{sv}", SHOP, "/", 0);
}

void pair_live(Stage stage, const char *more_a)
{
        site_start(&pair_a, 1, more_a);
        site_start(&pair_b, 2, NULL);
        make_images();
        if (stage >= STAGE_DEFINED)
                define();
        if (stage >= STAGE_READY)
                pair_relate();
        if (stage >= STAGE_REPLICATING)
                pair_step(&pair_a, "StartReplication", "oqst", SHOP, 1, "", UINT64_C(0));
        if (stage >= STAGE_TAKEN_OVER)
                take_over();
        if (stage >= STAGE_PREPARED)
                pair_step(&pair_a, "PrepareForReverseReplication", "o", SHOP);
}

void pair_end(void)
{
        site_clear(&pair_a);
        site_clear(&pair_b);
}

char *pair_state(const Site *site)
{
        return get_string(site->bus, SHOP, CR_COLLECTION_INTERFACE, "State");
}

/* ---- what is in the tree ---- */

static char *take_match(sd_bus_message *reply, const char *prefix)
{
        g_autofree char *found = NULL;
        const char *path;

        ck_assert_int_gt(sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}"), 0);
        while (sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}") > 0) {
                ck_assert_int_gt(sd_bus_message_read(reply, "o", &path), 0);
                if (g_str_has_prefix(path, prefix)) {
                        ck_assert_msg(!found, "there are %s and %s", found, path);
                        found = g_strdup(path);
                }
                ck_assert_int_gt(sd_bus_message_skip(reply, "a{sa{sv}}"), 0);
                ck_assert_int_ge(sd_bus_message_exit_container(reply), 0);
        }
        return g_steal_pointer(&found);
}

char *pair_only(const Site *site, const char *kind)
{
        g_autofree char *prefix = g_strdup_printf("%s/%s/", SHOP, kind);
        g_autoptr(sd_bus_message) reply =
                call(site->bus, MANAGER, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL);
        char *found = take_match(reply, prefix);

        ck_assert_msg(found != NULL, "there is no %s", kind);
        return found;
}

/* ---- the preparation ---- */

/* What must be the same after a refusal: state, and which file lies at each head's path. */
static char *fingerprint(void)
{
        g_autofree char *state = pair_state(&pair_a);
        GString *text = g_string_new(state);

        for (gsize i = 0; i < G_N_ELEMENTS(disks); i++) {
                g_autofree char *head = pair_head(&pair_a, disks[i]);
                struct stat st = {0};

                (void)lstat(head, &st);
                g_string_append_printf(text, " %s:%" G_GUINT64_FORMAT, disks[i], (guint64)st.st_ino);
        }
        return g_string_free(text, FALSE);
}

void check_prepare_refused(guint value, const char *object)
{
        g_autofree char *before = fingerprint(), *after = NULL;
        g_auto(Answer) answer = ask_manager(pair_a.bus, "PrepareForReverseReplication", "o", SHOP);

        check_refused(pair_a.bus, &answer, value, object);
        ck_assert_msg(strstr(answer.message, "'shop'") != NULL, "'%s' does not name the collection",
                answer.message);
        after = fingerprint();
        ck_assert_str_eq(before, after);
}

/* The preview's Blockers, to where they begin. */
static void enter_blockers(sd_bus_message *reply)
{
        const char *key = "";

        ck_assert_int_gt(sd_bus_message_enter_container(reply, 'a', "{sv}"), 0);
        while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
                ck_assert_int_gt(sd_bus_message_read(reply, "s", &key), 0);
                if (strcmp(key, "Blockers") == 0)
                        break;
                ck_assert_int_gt(sd_bus_message_skip(reply, "v"), 0);
                ck_assert_int_ge(sd_bus_message_exit_container(reply), 0);
        }
        ck_assert_str_eq(key, "Blockers");
        ck_assert_int_gt(sd_bus_message_enter_container(reply, 'v', "a(us)"), 0);
        ck_assert_int_gt(sd_bus_message_enter_container(reply, 'a', "(us)"), 0);
}

void check_prepare_blocked(guint value, const char *object)
{
        g_autoptr(sd_bus_message) reply = call_manager(pair_a.bus, "PreviewReverseReplication", "o", SHOP);
        g_autoptr(GString) seen = g_string_new(NULL);
        gboolean found = FALSE;
        const char *message;
        guint32 blocker;

        enter_blockers(reply);
        while (sd_bus_message_read(reply, "(us)", &blocker, &message) > 0) {
                found |= blocker == value && strstr(message, object);
                g_string_append_printf(seen, " %u %s;", blocker, message);
        }
        ck_assert_msg(found, "the preview does not tell of %u (%s):%s", value, object, seen->str);
        check_prepare_refused(value, object);
}
