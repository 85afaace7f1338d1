/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Asks polkit whether the sender of a method call may do what it asks for, without ever waiting for the
 * answer. Whatever goes wrong on the way counts as no.
 *
 * Every check is asked first without a dialog. Only one that a person's password could change, and whose
 * message allows it, is asked again with one. So whoever needs no dialog is never behind those who do, and a
 * caller who opens dialogs and leaves them open keeps nobody out but others who need one. */

#include <systemd/sd-bus.h>

/* The most checks that one sender, and all of them together, may have pending: each keeps a message in
 * memory. At most half of the latter may be waiting for a person. */
#define CR_CHECKS_PER_SENDER_MAX 64U
#define CR_CHECKS_MAX 1024U

typedef enum CrVerdict {
        CR_VERDICT_ALLOWED,
        CR_VERDICT_DENIED,
        CR_VERDICT_CHALLENGE, /* the caller could authenticate, but its message lacks the interactive flag */
        CR_VERDICT_UNAVAILABLE, /* polkit can't be asked, which counts as denied */
        CR_VERDICT_GONE, /* the caller has left, or the authority is being freed: nobody wants an answer */
} CrVerdict;

/* Called exactly once for each check that was accepted, from the event loop or from cr_authority_free(),
 * never from within cr_authority_check(): it is the place to release `userdata`. `why` is an English clause
 * for an error message ("" when allowed), valid during the call. The function may start new checks and may
 * free the authority, unless that is being freed already. */
typedef void (*CrVerdictFunc)(CrVerdict verdict, const char *why, void *userdata);

typedef struct CrAuthority CrAuthority;

/* `bus` is a connection to the message bus that carries both the callers and polkit; a reference is kept.
 * This asks the bus daemon for one match and waits for that answer, so call it at start. Returns 0 or a
 * negative errno. */
int cr_authority_new(sd_bus *bus, CrAuthority **ret);

/* Withdraws all pending checks, telling each CR_VERDICT_GONE. NULL is fine; returns NULL. */
CrAuthority *cr_authority_free(CrAuthority *a);

/* How many checks wait for an answer. */
unsigned cr_authority_count_pending(const CrAuthority *a);

/* Starts a check of `action_id` for the sender of `call`, of which a reference is kept. `collection` (its
 * name; NULL: none) and `operation` (the method's name) are passed to rules and to the dialog; the former is
 * cut at 64 bytes and freed of control characters for that, as it may be unchecked yet. Polkit has 10 s to
 * answer, a person for ever. Returns 0, or negative, and then `done` is never called and the caller must be
 * denied: -ENOBUFS at a limit above, -EINVAL if the message did not come over a message bus, or what sending
 * met. */
int cr_authority_check(CrAuthority *a, sd_bus_message *call, const char *action_id, const char *collection,
        const char *operation, CrVerdictFunc done, void *userdata);
