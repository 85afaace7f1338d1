/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables agree: every method of the vtables has its row, every row is a method, and polkit's table knows
 * each. */
#include "tests/unit/core/unit.h"

#include <string.h>

#include "polkit/actions.h"
#include "service/interfaces.h"
#include "service/methods.h"

static const CrInterface *const interfaces[] = {&cr_manager_interface, &cr_peer_interface,
        &cr_collection_interface, &cr_point_interface, &cr_divergence_interface, &cr_job_interface};

static const sd_bus_vtable *method_of_vtable(const CrInterface *interface, const char *member)
{
        for (const sd_bus_vtable *entry = interface->vtable; entry->type != _SD_BUS_VTABLE_END; entry++)
                if (entry->type == _SD_BUS_VTABLE_METHOD && strcmp(entry->x.method.member, member) == 0)
                        return entry;
        return NULL;
}

static gboolean has_row(const char *interface, const char *member)
{
        gsize n;
        const CrMethod *methods = cr_methods(&n);

        for (gsize i = 0; i < n; i++)
                if (strcmp(methods[i].interface, interface) == 0 && strcmp(methods[i].member, member) == 0)
                        return TRUE;
        return FALSE;
}

START_TEST(every_method_has_a_row_and_the_one_handler)
{
        guint n = 0;

        for (gsize i = 0; i < G_N_ELEMENTS(interfaces); i++)
                for (const sd_bus_vtable *entry = interfaces[i]->vtable; entry->type != _SD_BUS_VTABLE_END;
                        entry++) {
                        if (entry->type != _SD_BUS_VTABLE_METHOD)
                                continue;
                        ck_assert_msg(has_row(interfaces[i]->name, entry->x.method.member), "%s",
                                entry->x.method.member);
                        ck_assert_ptr_eq(entry->x.method.handler, cr_method_handle);
                        n++;
                }
        ck_assert_uint_gt(n, 0);
}
END_TEST

static const CrInterface *interface_of(const char *name)
{
        for (gsize i = 0; i < G_N_ELEMENTS(interfaces); i++)
                if (strcmp(interfaces[i]->name, name) == 0)
                        return interfaces[i];
        ck_abort_msg("no interface %s", name);
        return NULL;
}

START_TEST(every_row_is_a_method_that_polkit_knows)
{
        gsize n;
        const CrMethod *methods = cr_methods(&n);

        for (gsize i = 0; i < n; i++) {
                const CrMethod *m = &methods[i];

                ck_assert_msg(
                        method_of_vtable(interface_of(m->interface), m->member) != NULL, "%s", m->member);
                ck_assert_msg(
                        cr_action_rule_of(m->interface, m->member) != NULL, "%s is nobody's", m->member);
        }
}
END_TEST

START_TEST(every_row_can_be_carried_out)
{
        gsize n;
        const CrMethod *methods = cr_methods(&n);

        for (gsize i = 0; i < n; i++) {
                const CrMethod *m = &methods[i];
                gboolean works = m->mode == CR_MODE_DIRECT ? m->direct != NULL
                                                           : m->mode == CR_MODE_UNSUPPORTED || m->answer;

                ck_assert_msg(works, "%s has nothing that answers it", m->member);
        }
}
END_TEST

/* Who is asked "on which collection?" must say so first. */
START_TEST(the_first_argument_is_what_the_row_says)
{
        gsize n;
        const CrMethod *methods = cr_methods(&n);

        for (gsize i = 0; i < n; i++) {
                const CrMethod *m = &methods[i];
                const char *signature =
                        method_of_vtable(interface_of(m->interface), m->member)->x.method.signature;

                if (m->target == CR_TARGET_COLLECTION)
                        ck_assert_msg(*signature == 'o', "%s takes %s", m->member, signature);
                if (m->target == CR_TARGET_PEER)
                        ck_assert_msg(
                                g_str_has_prefix(signature, "a{sv}"), "%s takes %s", m->member, signature);
        }
}
END_TEST

START_TEST(operations_are_called_as_their_methods)
{
        gsize n;
        const CrMethod *methods = cr_methods(&n);

        for (gsize i = 0; i < n; i++) {
                const CrMethod *m = &methods[i];

                if (m->mode == CR_MODE_DIRECT || m->mode == CR_MODE_UNSUPPORTED ||
                        m->operation == CR_OP_RECEIVE)
                        continue;
                ck_assert_str_eq(cr_operation_word(m->operation), m->member);
        }
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {every_method_has_a_row_and_the_one_handler,
                every_row_is_a_method_that_polkit_knows, every_row_can_be_carried_out,
                the_first_argument_is_what_the_row_says, operations_are_called_as_their_methods, NULL};

        return run_tests("methods", tests);
}
