/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The one table that says what each method of the bus API asks of its caller. Deny by default: a method that
 * the table does not name is nobody's. Methods of the standard interfaces (Properties, ObjectManager,
 * Introspectable, Peer) are answered by the bus library and are not in it; no property is writable. */

#include <stdbool.h>
#include <stddef.h>

#define CR_ACTION_PREFIX "org.example.CollectionReplication."

typedef enum CrAccess {
        CR_ACCESS_CHECKED,          /* whoever polkit allows the action */
        CR_ACCESS_OWNER_OR_CHECKED, /* the object's owner; anyone else as above */
        CR_ACCESS_READING,          /* changes nothing and tells what properties tell: everybody */
} CrAccess;

/* One row. A member of NULL stands for every method of the interface; an action of NULL goes with
 * CR_ACCESS_READING and with nothing else. All strings are static. */
typedef struct CrActionRule {
        const char *interface;
        const char *member;
        const char *action;
        CrAccess access;
} CrActionRule;

/* The whole table, for those who compare it with something; *ret_n is its length. */
const CrActionRule *cr_action_rules(size_t *ret_n);

/* The row that governs the method, or NULL when there is none: then the caller must be denied. */
const CrActionRule *cr_action_rule_of(const char *interface, const char *member);

/* The polkit action that the method needs, or NULL. NULL never means permission: deny, unless
 * cr_action_is_reading_only() says that nothing is needed. */
const char *cr_action_of(const char *interface, const char *member);

/* Whether the method is open to everybody who may send it. */
bool cr_action_is_reading_only(const char *interface, const char *member);

/* Whether the owner of the object that the method is called on needs no polkit action for it. */
bool cr_action_is_open_to_owner(const char *interface, const char *member);
