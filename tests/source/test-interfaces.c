/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What introspection/ describes, is described whole; and every method in it is somebody's, by polkit's table
 * and the bus policy. */
#include "interfaces.h"
#include "run.h"
#include "tree.h"

#include <string.h>

#include "polkit/actions.h"

#define BUS_POLICY "data/org.example.CollectionReplication.conf"

/* A mere word is no documentation; "0 to 100." is. */
#define DOCUMENTATION_MIN 8U

static gboolean is_documented(GDBusAnnotationInfo **annotations)
{
        const char *text = g_dbus_annotation_info_lookup(annotations, "org.gtk.GDBus.DocString");
        g_autofree char *stripped = g_strstrip(g_strdup(text ? text : ""));

        return strlen(stripped) >= DOCUMENTATION_MIN;
}

static void check_documented(
        GDBusAnnotationInfo **annotations, const char *interface, const char *member, const char *arg)
{
        ck_assert_msg(is_documented(annotations), "%s%s%s%s%s is not documented", interface,
                *member ? "." : "", member, *arg ? ", argument " : "", arg);
}

static void check_args(GDBusArgInfo **args, const char *interface, const char *member)
{
        for (; args && *args; args++) {
                ck_assert_msg((*args)->name != NULL, "an argument of %s.%s has no name", interface, member);
                check_documented((*args)->annotations, interface, member, (*args)->name);
        }
}

static void check_methods(GDBusMethodInfo **methods, const char *interface)
{
        for (; methods && *methods; methods++) {
                check_documented((*methods)->annotations, interface, (*methods)->name, "");
                check_args((*methods)->in_args, interface, (*methods)->name);
                check_args((*methods)->out_args, interface, (*methods)->name);
        }
}

static void check_signals(GDBusSignalInfo **signals, const char *interface)
{
        for (; signals && *signals; signals++) {
                check_documented((*signals)->annotations, interface, (*signals)->name, "");
                check_args((*signals)->args, interface, (*signals)->name);
        }
}

static void check_properties(GDBusPropertyInfo **properties, const char *interface)
{
        for (; properties && *properties; properties++)
                check_documented((*properties)->annotations, interface, (*properties)->name, "");
}

START_TEST(recognizes_missing_documentation)
{
        g_autoptr(GDBusNodeInfo) node =
                g_dbus_node_info_new_for_xml("<node><interface name='a.b'>"
                                             "<method name='Bare'/>"
                                             "<method name='Brief'><annotation "
                                             "name='org.gtk.GDBus.DocString' value='  None.  '/></method>"
                                             "<method name='Full'><annotation name='org.gtk.GDBus.DocString' "
                                             "value='Does what it says.'/></method>"
                                             "</interface></node>",
                        NULL);
        GDBusMethodInfo **methods = node->interfaces[0]->methods;

        ck_assert(!is_documented(methods[0]->annotations));
        ck_assert(!is_documented(methods[1]->annotations));
        ck_assert(is_documented(methods[2]->annotations));
}
END_TEST

START_TEST(everything_is_documented)
{
        g_autoptr(GPtrArray) interfaces = interfaces_load();

        for (guint i = 0; i < interfaces->len; i++) {
                const GDBusInterfaceInfo *interface = interfaces->pdata[i];

                check_documented(interface->annotations, interface->name, "", "");
                check_methods(interface->methods, interface->name);
                check_signals(interface->signals, interface->name);
                check_properties(interface->properties, interface->name);
        }
}
END_TEST

START_TEST(every_method_has_an_action_or_only_reads)
{
        g_autoptr(GPtrArray) interfaces = interfaces_load();
        guint n_checked = 0;

        for (guint i = 0; i < interfaces->len; i++) {
                const GDBusInterfaceInfo *interface = interfaces->pdata[i];

                for (GDBusMethodInfo **method = interface->methods; method && *method;
                        method++, n_checked++) {
                        gboolean has_action = cr_action_of(interface->name, (*method)->name) != NULL;
                        gboolean reads = cr_action_is_reading_only(interface->name, (*method)->name);

                        ck_assert_msg(has_action != reads, "%s.%s has %s", interface->name, (*method)->name,
                                reads ? "an action though it only reads"
                                      : "no action and does not only read");
                }
        }
        ck_assert_uint_gt(n_checked, 0);
}
END_TEST

static gboolean is_described(GPtrArray *interfaces, const CrActionRule *rule)
{
        for (guint i = 0; i < interfaces->len; i++) {
                GDBusInterfaceInfo *interface = interfaces->pdata[i];

                if (strcmp(interface->name, rule->interface) == 0)
                        return !rule->member || g_dbus_interface_info_lookup_method(interface, rule->member);
        }
        return FALSE;
}

START_TEST(every_row_of_the_table_is_a_method)
{
        g_autoptr(GPtrArray) interfaces = interfaces_load();
        size_t n;
        const CrActionRule *rules = cr_action_rules(&n);

        ck_assert_uint_gt(n, 0);
        for (size_t i = 0; i < n; i++)
                ck_assert_msg(is_described(interfaces, &rules[i]), "introspection/ has no method %s.%s",
                        rules[i].interface, rules[i].member ? rules[i].member : "*");
}
END_TEST

START_TEST(no_property_is_writable)
{
        g_autoptr(GPtrArray) interfaces = interfaces_load();

        for (guint i = 0; i < interfaces->len; i++) {
                const GDBusInterfaceInfo *interface = interfaces->pdata[i];

                for (GDBusPropertyInfo **p = interface->properties; p && *p; p++)
                        ck_assert_msg((*p)->flags == G_DBUS_PROPERTY_INFO_FLAGS_READABLE,
                                "%s.%s is writable, past every authorization", interface->name, (*p)->name);
        }
}
END_TEST

START_TEST(the_bus_lets_every_interface_pass)
{
        g_autoptr(GPtrArray) interfaces = interfaces_load();
        g_autofree char *policy = tree_read(BUS_POLICY);

        for (guint i = 0; i < interfaces->len; i++) {
                const GDBusInterfaceInfo *interface = interfaces->pdata[i];
                g_autofree char *rule = g_strdup_printf("send_interface=\"%s\"/>", interface->name);

                ck_assert_msg(
                        strstr(policy, rule) != NULL, "%s does not allow %s", BUS_POLICY, interface->name);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("interfaces");
        TCase *tcase = tcase_create("interfaces");

        tcase_add_test(tcase, recognizes_missing_documentation);
        tcase_add_test(tcase, everything_is_documented);
        tcase_add_test(tcase, every_method_has_an_action_or_only_reads);
        tcase_add_test(tcase, every_row_of_the_table_is_a_method);
        tcase_add_test(tcase, no_property_is_writable);
        tcase_add_test(tcase, the_bus_lets_every_interface_pass);
        suite_add_tcase(suite, tcase);
        return run_suite(suite);
}
