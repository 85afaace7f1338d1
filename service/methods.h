/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of all methods: what each is about, who carries it out, and how its request and its answer are
 * made. */
#pragma once

#include "service/collections.h"
#include "service/method_call.h"

typedef enum CrTarget {
        CR_TARGET_NONE,
        CR_TARGET_COLLECTION, /* the first argument is its path; a second one of type o is a recovery point's
                                 or "/" */
        CR_TARGET_DIVERGENCE, /* called on it */
        CR_TARGET_JOB,        /* called on it */
        CR_TARGET_PEER,       /* the first argument is the calling site's dictionary */
} CrTarget;

typedef enum CrMode {
        CR_MODE_DIRECT,      /* answered by a function here */
        CR_MODE_JOB,         /* a worker; answered when that is ready, with a job */
        CR_MODE_CALL,        /* a worker that holds the collection; answered when it has ended */
        CR_MODE_READ,        /* a worker beside others; answered when it has ended */
        CR_MODE_SHARED,      /* likewise, and a second caller shares the answer */
        CR_MODE_UNSUPPORTED, /* the contract has it, this version does not */
} CrMode;

/* How a worker ended well. */
typedef struct CrOutcome {
        const char *job;  /* path; "/": nothing is left to do */
        GVariant *reply;  /* a{sv} of its READY=1; NULL: none */
        GVariant *result; /* a{sv} of its end; NULL: none */
} CrOutcome;

struct CrMethod {
        const char *interface, *member;
        CrTarget target;
        CrMode mode;
        CrOperation operation;
        /* Checks the arguments and adds the operation's own keys to the request. NULL: it has none. */
        gboolean (*request)(CrCall *call, GVariantDict *request, GError **error);
        /* The results, a tuple; NULL with an error when the worker's answer lacks something. A NULL function:
         * the job's path. */
        GVariant *(*answer)(CrCall *call, const CrOutcome *outcome, GError **error);
        /* Takes the call over. */
        void (*direct)(CrCall *call);
        /* The room that it takes among the bus's objects when it succeeds. NULL: none. *@ret_collections: 0
         * or 1. */
        CrRoom (*room)(const CrCall *call, guint *ret_collections);
};

/* Never NULL for what the vtables name. */
const CrMethod *cr_method_find(const char *interface, const char *member);
/* The whole table; *@ret_n is its length. */
const CrMethod *cr_methods(gsize *ret_n);

gboolean cr_method_needs_uid(const CrMethod *method);
