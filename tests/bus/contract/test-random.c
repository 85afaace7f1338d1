/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random calls of every method that introspection/ describes, by a user who may nothing and by one who may
 * everything. The service lives on, and answers with documented errors only: no bare errno gets out.
 *
 * CONTRACT_SEED repeats a run; the seed is printed.
 */
#include "tests/bus/contract/pair.h"
#include "tests/bus/contract/random-message.h"

#include <gio/gio.h>
#include <string.h>

#define CALLS_OF_NOBODY 2500
#define CALLS_OF_OPERATOR 500 /* most of them take a worker */
#define LONG_WORD 5000U

typedef struct Method {
        char *interface, *member, *types;
} Method;

typedef struct Caller {
        sd_bus *bus;
        GPtrArray *methods; /* Method */
        Vocabulary vocabulary;
        GHashTable *seen; /* names of errors, and "" */
} Caller;

static void method_free(gpointer data)
{
        Method *method = data;

        g_free(method->interface);
        g_free(method->member);
        g_free(method->types);
        g_free(method);
}

static void add_method(GPtrArray *methods, const char *interface, const GDBusMethodInfo *info)
{
        g_autoptr(GString) types = g_string_new(NULL);
        Method *method = g_new0(Method, 1);

        for (GDBusArgInfo **argument = info->in_args; argument && *argument; argument++)
                g_string_append(types, (*argument)->signature);
        method->interface = g_strdup(interface);
        method->member = g_strdup(info->name);
        method->types = g_strdup(types->str);
        g_ptr_array_add(methods, method);
}

static void add_file(GPtrArray *methods, const char *path)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;
        g_autoptr(GDBusNodeInfo) node = NULL;

        ck_assert(g_file_get_contents(path, &text, NULL, NULL));
        node = g_dbus_node_info_new_for_xml(text, &error);
        ck_assert_msg(node != NULL, "%s: %s", path, error ? error->message : "");
        for (GDBusInterfaceInfo **interface = node->interfaces; *interface; interface++)
                for (GDBusMethodInfo **method = (*interface)->methods; method && *method; method++)
                        add_method(methods, (*interface)->name, *method);
}

/* What libsystemd answers for the service. */
static void add_standard(GPtrArray *methods)
{
        static const Method standard[] = {{"org.freedesktop.DBus.Properties", "Get", "ss"},
                {"org.freedesktop.DBus.Properties", "GetAll", "s"},
                {"org.freedesktop.DBus.Properties", "Set", "ssv"},
                {"org.freedesktop.DBus.ObjectManager", "GetManagedObjects", ""},
                {"org.freedesktop.DBus.Introspectable", "Introspect", ""},
                {"org.freedesktop.DBus.Peer", "Ping", ""}};

        for (gsize i = 0; i < G_N_ELEMENTS(standard); i++) {
                Method *method = g_new0(Method, 1);

                *method = (Method){g_strdup(standard[i].interface), g_strdup(standard[i].member),
                        g_strdup(standard[i].types)};
                g_ptr_array_add(methods, method);
        }
}

static GPtrArray *list_methods(void)
{
        GPtrArray *methods = g_ptr_array_new_with_free_func(method_free);
        g_autofree char *folder = g_build_filename(g_getenv("SOURCE_ROOT"), "introspection", NULL);
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
        const char *name;

        ck_assert_ptr_nonnull(dir);
        while ((name = g_dir_read_name(dir))) {
                g_autofree char *path = g_build_filename(folder, name, NULL);

                if (g_str_has_suffix(name, ".xml"))
                        add_file(methods, path);
        }
        ck_assert_uint_gt(methods->len, 40);
        add_standard(methods);
        return methods;
}

/* ---- answers ---- */

static gboolean is_standard(const char *name)
{
        static const char *const names[] = {"UnknownObject", "UnknownMethod", "UnknownInterface",
                "UnknownProperty", "InvalidArgs", "InteractiveAuthorizationRequired", "PropertyReadOnly",
                NULL};

        return g_str_has_prefix(name, "org.freedesktop.DBus.Error.") &&
               g_strv_contains(names, name + strlen("org.freedesktop.DBus.Error."));
}

/* Whether the name is documented, and the words end in its value. */
static gboolean is_documented(const Answer *answer)
{
        for (guint value = 32768; value <= 32779; value++) {
                g_autofree char *name = g_strconcat(ERROR_NAME(""), value_word(value), NULL);
                g_autofree char *tail = g_strdup_printf(" (%u %s)", value, value_word(value));

                if (strcmp(answer->error, name) == 0)
                        return g_str_has_suffix(answer->message, tail);
        }
        return FALSE;
}

static sd_bus_message *random_call(const Caller *caller)
{
        GRand *random = caller->vocabulary.random;
        const Method *method =
                caller->methods->pdata[g_rand_int_range(random, 0, (gint32)caller->methods->len)];
        const Method *other =
                caller->methods->pdata[g_rand_int_range(random, 0, (gint32)caller->methods->len)];
        gboolean is_managers = strcmp(method->interface, CR_MANAGER_INTERFACE) == 0 ||
                               strcmp(method->interface, CR_PEER_INTERFACE) == 0;
        gboolean is_astray = g_rand_int_range(random, 0, 10) == 0,
                 is_mistyped = g_rand_int_range(random, 0, 10) == 0;
        const char *path =
                is_managers && !is_astray ? MANAGER : pick(&caller->vocabulary, caller->vocabulary.paths);
        sd_bus_message *m = NULL;

        ck_assert_int_ge(sd_bus_message_new_method_call(
                                 caller->bus, &m, CR_BUS_NAME, path, method->interface, method->member),
                0);
        append_random(&caller->vocabulary, m, is_mistyped ? other->types : method->types);
        return m;
}

static void call_at_random(const Caller *caller, guint n)
{
        for (guint i = 0; i < n; i++) {
                sd_bus_message *m = sd_bus_message_ref(random_call(caller));
                g_auto(Answer) answer = answer_to(caller->bus, m);

                ck_assert_msg(!answer.error || is_standard(answer.error) || is_documented(&answer),
                        "call %u, %s of %s on %s: %s (%s)", i, sd_bus_message_get_member(m),
                        sd_bus_message_get_interface(m), sd_bus_message_get_path(m), answer.error,
                        answer.message);
                g_hash_table_add(caller->seen, g_strdup(answer.error ? answer.error : ""));
                sd_bus_message_unref(m);
        }
}

/* Calls that end at the first check would tell little. */
static void check_depth(GHashTable *seen)
{
        static const char *const names[] = {"", ERROR_NAME("AccessDenied"), ERROR_NAME("FileNotFound"),
                ERROR_NAME("IncorrectDataType"), ERROR_NAME("InvalidParameter"), ERROR_NAME("InvalidState"),
                ERROR_NAME("NotSupported"), "org.freedesktop.DBus.Error.InvalidArgs",
                "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"};

        for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
                ck_assert_msg(
                        g_hash_table_contains(seen, names[i]), "no call was answered by '%s'", names[i]);
}

static guint32 seed(void)
{
        const char *given = g_getenv("CONTRACT_SEED");
        guint32 value = given ? (guint32)g_ascii_strtoull(given, NULL, 10) : g_random_int();

        printf("CONTRACT_SEED=%u\n", value);
        return value;
}

START_TEST(only_documented_errors_answer)
{
        g_autofree char *point = NULL, *divergence = NULL, *root = NULL, *exports = NULL, *text = NULL;
        g_autoptr(GRand) random = g_rand_new_with_seed(seed());
        g_autoptr(GPtrArray) methods = list_methods();
        g_autoptr(sd_bus) nobody = NULL, operator_bus = NULL;

        pair_live(STAGE_PREPARED, NULL);
        point = pair_only(&pair_a, "point");
        divergence = pair_only(&pair_a, "divergence");
        root = pair_head(&pair_a, "root");
        exports = g_strdup_printf("%s/exports", pair_a.directory);
        text = g_strnfill(LONG_WORD, 'x');
        const char *const words[] = {"", "shop", "root", "data", root, exports, text, "/etc/passwd",
                pair_b.address, strrchr(point, '/') + 1, strrchr(divergence, '/') + 1,
                "00000000000000000000000000000000", "qcow2", "line\nfeed", "\x01", "\xe2\x80\xae", "%s%n",
                "18:30", "RecoveryConnectionPoint", "RecoveryHistory", "IncludedDisks", "ReplicationInterval",
                "ProtocolVersion", "HostId", "Sequence", "Collection", "Generation", "GenerationId",
                "Primary", "Transfer", "Point", "Base", "Disks", "State", "Version", CR_MANAGER_INTERFACE,
                CR_COLLECTION_INTERFACE, CR_JOB_INTERFACE, NULL};
        const char *const paths[] = {SHOP, SHOP, SHOP, SHOP, point, divergence, divergence, MANAGER, "/",
                MANAGER "/job/_1", MANAGER "/job/_2", MANAGER "/job/_99", MANAGER "/collection/none",
                MANAGER "/collection/sho_70", MANAGER "/collection/shop/point/x", "/org", NULL};
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        Caller caller = {NULL, methods, {random, words, paths}, seen};

        nobody = site_connect(&pair_a, "crtest-nobody");
        operator_bus = site_connect(&pair_a, "crtest-operator");
        caller.bus = nobody;
        call_at_random(&caller, CALLS_OF_NOBODY);
        caller.bus = operator_bus;
        call_at_random(&caller, CALLS_OF_OPERATOR);
        check_depth(seen);
        ck_assert(exists(pair_a.bus, MANAGER, CR_MANAGER_INTERFACE));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {only_documented_errors_answer, NULL};

        return run_bus_tests("random", tests, NULL, pair_end);
}
