/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/verb.h"

#include "client/outcome.h"
#include "client/verb-collection.h"
#include "client/verb-divergence.h"
#include "client/verb-failover.h"
#include "client/verb-job.h"
#include "client/verb-relationship.h"
#include "client/verb-replication.h"
#include "client/verb-reverse.h"

#define ANY G_MAXUINT
/* A verb whose method takes a collection and returns a job. */
#define CALL(verb, method, text)                                                                             \
        {                                                                                                    \
                verb, "NAME", text, 1, 1, TRUE, cr_verb_run_call, NULL, cr_bus_manager_call_##method##_sync  \
        }

const CrVerb cr_verbs[] = {
        {"list", "", "list the collections", 0, 0, FALSE, cr_verb_list},
        {"show", "NAME", "show everything about a collection", 1, 1, FALSE, cr_verb_show},
        {"define", "NAME DISK=PATH...",
                "make disks (a name and the absolute path of an image each) a collection", 2, ANY, FALSE,
                cr_verb_define, cr_verb_define_options},
        {"destroy", "NAME", "forget a collection; on a replica its received data is deleted", 1, 1, TRUE,
                cr_verb_destroy},
        {"update-disks", "NAME", "add disks to a collection and take others out", 1, 1, TRUE,
                cr_verb_update_disks, cr_verb_update_disks_options},
        CALL("cancel-update", cancel_update_disk_set, "cancel an update-disks"),

        {"create-relationship", "NAME [KEY=VALUE...]", "make this site the primary and the peer the replica",
                1, ANY, TRUE, cr_verb_create_relationship, cr_verb_create_relationship_options},
        {"remove-relationship", "NAME", "end the replication relationship", 1, 1, TRUE,
                cr_verb_remove_relationship},
        {"settings", "NAME [KEY=VALUE...]", "show the settings of a relationship, or change some", 1, ANY,
                TRUE, cr_verb_settings},

        {"start", "NAME", "start the initial replication", 1, 1, TRUE, cr_verb_start, cr_verb_start_options},
        {"import", "NAME DIRECTORY", "take in an exported initial replication, on the recovery side", 2, 2,
                TRUE, cr_verb_import},
        CALL("cancel-initial", cancel_initial_replication,
                "cancel an initial replication, also a scheduled one"),
        CALL("replicate", replicate_now, "one replication cycle, now"),
        CALL("suspend", suspend_replication, "stop replicating for a while"),
        CALL("resume", resume_replication, "take replication up again"),
        {"resync", "NAME", "compare both sides and send what differs", 1, 1, TRUE, cr_verb_resync,
                cr_verb_resync_options},
        CALL("cancel-resync", cancel_resynchronize, "cancel a resynchronization, also a scheduled one"),
        {"verify", "NAME", "compare both sides, changing nothing", 1, 1, TRUE, cr_verb_verify},
        {"points", "NAME", "list the recovery points of a collection, oldest first", 1, 1, FALSE,
                cr_verb_points},
        {"statistics", "NAME", "what the replication did", 1, 1, FALSE, cr_verb_statistics},
        CALL("reset-statistics", reset_replication_statistics, "begin the statistics anew"),

        {"failover", "NAME", "take over, on the recovery side; planned: hand over, on the primary", 1, 1,
                TRUE, cr_verb_failover, cr_verb_failover_options},
        {"revert-failover", "NAME", "take a failover back that is not committed", 1, 1, TRUE,
                cr_verb_revert_failover, cr_verb_revert_failover_options},
        CALL("commit-failover", commit_failover, "make a failover final"),
        {"test", "NAME", "make an isolated test copy of a replica", 1, 1, TRUE, cr_verb_test,
                cr_verb_test_options},
        CALL("end-test", revert_test_replica_collection, "destroy the test copy of a replica"),

        {"preview", "NAME", "what prepare would do, and what stands in its way", 1, 1, FALSE,
                cr_verb_preview},
        CALL("prepare", prepare_for_reverse_replication,
                "prepare a former primary to be fed back by the side that took over"),
        CALL("undo-prepare", revert_prepare_for_reverse_replication, "undo a prepare"),
        {"reverse", "NAME [KEY=VALUE...]", "replicate the other way, from the side that took over", 1, ANY,
                TRUE, cr_verb_reverse},
        CALL("release-fence", release_fence, "let a returning primary's machines start"),

        {"divergences", "NAME", "list what was set aside", 1, 1, FALSE, cr_verb_divergences},
        {"export", "NAME DIVERGENCE-ID DIRECTORY", "write stand-alone copies of what was set aside", 3, 3,
                TRUE, cr_verb_export},
        {"discard", "NAME DIVERGENCE-ID", "delete what was set aside, for good", 2, 2, TRUE, cr_verb_discard},

        {"jobs", "[NAME]", "list the jobs, of one collection or all", 0, 1, FALSE, cr_verb_jobs},
        {"wait", "JOB", "follow a job to its end", 1, 1, FALSE, cr_verb_wait},
        {"cancel", "JOB", "cancel a job", 1, 1, FALSE, cr_verb_cancel},
        {"monitor", "", "print what happens, until interrupted", 0, 0, FALSE, cr_verb_monitor},
        {NULL},
};

const CrVerb *cr_verb_find(const char *name)
{
        for (const CrVerb *verb = cr_verbs; verb->name != NULL; verb++)
                if (g_str_equal(verb->name, name))
                        return verb;
        return NULL;
}

gboolean cr_verb_run_call(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        g_autofree char *job = NULL;
        if (collection == NULL ||
                !invocation->verb->call(client->manager, collection, cr_client_flags(client),
                        cr_client_timeout(client), &job, NULL, error))
                return FALSE;
        return cr_outcome_of_job(invocation, job, error);
}

GVariant *cr_verb_no_options(void)
{
        return g_variant_new_array(G_VARIANT_TYPE("{sv}"), NULL, 0);
}

void cr_verb_options_clear(CrVerbOptions *options)
{
        g_free(options->point);
        g_free(options->peer);
        g_free(options->primary_address);
        g_free(options->type);
        g_free(options->directory);
        g_free(options->at);
        g_strfreev(options->add);
        g_strfreev(options->remove);
        g_strfreev(options->machines);
}
