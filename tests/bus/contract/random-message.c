/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bus/contract/random-message.h"

#include <check.h>
#include <string.h>

#define ELEMENTS_MAX 4
#define MUST(expression) ck_assert_int_ge(expression, 0)

/* What a variant may hold. */
static const char *const variants[] = {"s", "s", "u", "t", "q", "b", "o", "y", "i", "d", "as", "a(ss)",
        "a(st)", "a{sv}", "v", "(ss)", "aas", NULL};

const char *pick(const Vocabulary *vocabulary, const char *const *from)
{
        return from[g_rand_int_range(vocabulary->random, 0, (gint32)g_strv_length((char **)from))];
}

/* Small, huge or anything. */
static guint64 number(const Vocabulary *vocabulary)
{
        guint64 any = (guint64)g_rand_int(vocabulary->random) << 32 | g_rand_int(vocabulary->random);

        switch (g_rand_int_range(vocabulary->random, 0, 3)) {
        case 0:
                return any % 4;
        case 1:
                return G_MAXUINT64 - any % 2;
        default:
                return any;
        }
}

static void append_basic(const Vocabulary *vocabulary, sd_bus_message *m, char type)
{
        guint64 value = number(vocabulary);

        switch (type) {
        case 's':
                MUST(sd_bus_message_append_basic(m, type, pick(vocabulary, vocabulary->words)));
                break;
        case 'o':
                MUST(sd_bus_message_append_basic(m, type, pick(vocabulary, vocabulary->paths)));
                break;
        case 'g':
                MUST(sd_bus_message_append_basic(m, type, pick(vocabulary, variants)));
                break;
        case 'b':
                MUST(sd_bus_message_append_basic(m, type, &(int){value % 2}));
                break;
        case 'd':
                MUST(sd_bus_message_append_basic(m, type, &(double){(double)value}));
                break;
        default: /* the machine is a little-endian one: the lower bytes */
                MUST(sd_bus_message_append_basic(m, type, &value));
        }
}

static void append_one(const Vocabulary *vocabulary, sd_bus_message *m, const GVariantType *type);

static void append_members(const Vocabulary *vocabulary, sd_bus_message *m, const GVariantType *type)
{
        for (const GVariantType *member = g_variant_type_first(type); member;
                member = g_variant_type_next(member))
                append_one(vocabulary, m, member);
}

static void append_array(const Vocabulary *vocabulary, sd_bus_message *m, const GVariantType *type)
{
        const GVariantType *element = g_variant_type_element(type);
        g_autofree char *text = g_variant_type_dup_string(element);

        MUST(sd_bus_message_open_container(m, 'a', text));
        for (int n = g_rand_int_range(vocabulary->random, 0, ELEMENTS_MAX); n > 0; n--)
                append_one(vocabulary, m, element);
        MUST(sd_bus_message_close_container(m));
}

static void append_variant(const Vocabulary *vocabulary, sd_bus_message *m)
{
        const char *type = pick(vocabulary, variants);

        MUST(sd_bus_message_open_container(m, 'v', type));
        append_random(vocabulary, m, type);
        MUST(sd_bus_message_close_container(m));
}

static void append_one(const Vocabulary *vocabulary, sd_bus_message *m, const GVariantType *type)
{
        g_autofree char *text = g_variant_type_dup_string(type), *inner = NULL;

        if (g_variant_type_is_array(type)) {
                append_array(vocabulary, m, type);
        } else if (g_variant_type_is_variant(type)) {
                append_variant(vocabulary, m);
        } else if (g_variant_type_is_basic(type)) {
                append_basic(vocabulary, m, *text);
        } else {
                inner = g_strndup(text + 1, strlen(text) - 2);
                MUST(sd_bus_message_open_container(m, g_variant_type_is_tuple(type) ? 'r' : 'e', inner));
                append_members(vocabulary, m, type);
                MUST(sd_bus_message_close_container(m));
        }
}

void append_random(const Vocabulary *vocabulary, sd_bus_message *message, const char *types)
{
        g_autofree char *tuple = g_strdup_printf("(%s)", types);
        g_autoptr(GVariantType) type = g_variant_type_new(tuple);

        append_members(vocabulary, message, type);
}
