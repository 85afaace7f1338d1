/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The verbs of collectionctl: one table, and what each of them gets when it runs.
 */
#pragma once

#include "client/client.h"

/* What the command line of a verb may say beside its arguments. */
typedef struct {
        gboolean no_wait;
        gboolean planned;
        gboolean include_suspended;
        char *point;
        char *peer;
        char *primary_address;
        char *type;
        char *directory;
        char *at;
        char **add;
        char **remove;
        char **machines;
} CrVerbOptions;

typedef struct CrVerb CrVerb;

typedef struct {
        CrClient *client;
        const CrVerb *verb;
        char **args; /* between verb->min_args and verb->max_args of them, NULL at the end */
        CrVerbOptions options;
} CrInvocation;

/* The generated call of a method that takes a collection and returns a job. */
typedef gboolean (*CrCollectionCall)(CrBusManager *manager, const char *collection, GDBusCallFlags flags,
        int timeout, char **ret_job, GCancellable *cancellable, GError **error);

struct CrVerb {
        const char *name;
        const char *arguments; /* as in the usage line */
        const char *summary;   /* one line */
        guint min_args;
        guint max_args;
        gboolean starts_job; /* and so has --no-wait */
        gboolean (*run)(CrInvocation *invocation, GError **error);
        void (*add_options)(GOptionGroup *group, CrVerbOptions *options); /* NULL: none */
        CrCollectionCall call;                                            /* for cr_verb_run_call() */
};

/* The table, in the order of the help text; its end has no name. */
extern const CrVerb cr_verbs[];

/* NULL when there is none of this name. */
const CrVerb *cr_verb_find(const char *name);

/* Runs verb->call on the collection that is the first argument, then follows the job. */
gboolean cr_verb_run_call(CrInvocation *invocation, GError **error);

/* a{sv} without entries, floating. */
GVariant *cr_verb_no_options(void);

void cr_verb_options_clear(CrVerbOptions *options);
