/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "polkit/actions.h"

#include <string.h>

#define MANAGER "org.example.CollectionReplication"
#define PEER MANAGER ".Peer"
#define DIVERGENCE MANAGER ".Divergence"
#define JOB MANAGER ".Job"

#define CHECKED(interface, member, action)                                                                   \
        {                                                                                                    \
                interface, member, CR_ACTION_PREFIX action, CR_ACCESS_CHECKED                                \
        }
#define OWNER_OR(interface, member, action)                                                                  \
        {                                                                                                    \
                interface, member, CR_ACTION_PREFIX action, CR_ACCESS_OWNER_OR_CHECKED                       \
        }
#define READING(interface, member)                                                                           \
        {                                                                                                    \
                interface, member, NULL, CR_ACCESS_READING                                                   \
        }

static const CrActionRule rules[] = {
        CHECKED(MANAGER, "DefineCollection", "manage"),
        CHECKED(MANAGER, "DestroyCollection", "manage"),
        CHECKED(MANAGER, "UpdateDiskSet", "manage"),
        CHECKED(MANAGER, "CancelUpdateDiskSet", "manage"),
        CHECKED(MANAGER, "CreateReplicationRelationship", "manage"),
        CHECKED(MANAGER, "ModifyReplicationSettings", "manage"),
        CHECKED(MANAGER, "RemoveReplicationRelationship", "manage"),
        CHECKED(MANAGER, "ImportInitialReplication", "manage"),
        CHECKED(MANAGER, "ReleaseFence", "manage"),

        CHECKED(MANAGER, "StartReplication", "replicate"),
        CHECKED(MANAGER, "ReplicateNow", "replicate"),
        CHECKED(MANAGER, "SuspendReplication", "replicate"),
        CHECKED(MANAGER, "ResumeReplication", "replicate"),
        CHECKED(MANAGER, "Resynchronize", "replicate"),
        CHECKED(MANAGER, "Verify", "replicate"),
        CHECKED(MANAGER, "CancelInitialReplication", "replicate"),
        CHECKED(MANAGER, "CancelResynchronize", "replicate"),
        CHECKED(MANAGER, "ResetReplicationStatistics", "replicate"),

        CHECKED(MANAGER, "InitiateFailover", "failover"),
        CHECKED(MANAGER, "RevertFailover", "failover"),
        CHECKED(MANAGER, "CommitFailover", "failover"),
        CHECKED(MANAGER, "InitiatePlannedFailover", "failover"),
        CHECKED(MANAGER, "RevertPlannedFailover", "failover"),
        CHECKED(MANAGER, "TestReplicaCollection", "failover"),
        CHECKED(MANAGER, "RevertTestReplicaCollection", "failover"),

        CHECKED(MANAGER, "PrepareForReverseReplication", "prepare-for-reverse-replication"),
        CHECKED(MANAGER, "RevertPrepareForReverseReplication", "prepare-for-reverse-replication"),
        CHECKED(MANAGER, "ReverseReplicationRelationship", "reverse-replication"),
        CHECKED(MANAGER, "PreviewReverseReplication", "preview"),

        READING(MANAGER, "GetCollection"),
        READING(MANAGER, "GetReplicationStatistics"),

        CHECKED(DIVERGENCE, "Export", "export"),
        CHECKED(DIVERGENCE, "Discard", "discard"),

        OWNER_OR(JOB, "Cancel", "cancel-any-job"),
        READING(JOB, "Wait"),

        CHECKED(PEER, NULL, "peer"),
};

const CrActionRule *cr_action_rules(size_t *ret_n)
{
        *ret_n = sizeof(rules) / sizeof(rules[0]);
        return rules;
}

static bool rule_governs(const CrActionRule *rule, const char *interface, const char *member)
{
        return strcmp(rule->interface, interface) == 0 &&
               (!rule->member || strcmp(rule->member, member) == 0);
}

const CrActionRule *cr_action_rule_of(const char *interface, const char *member)
{
        if (!interface || !member)
                return NULL;
        for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
                if (rule_governs(&rules[i], interface, member))
                        return &rules[i];
        return NULL;
}

const char *cr_action_of(const char *interface, const char *member)
{
        const CrActionRule *rule = cr_action_rule_of(interface, member);

        return rule ? rule->action : NULL;
}

bool cr_action_is_reading_only(const char *interface, const char *member)
{
        const CrActionRule *rule = cr_action_rule_of(interface, member);

        return rule && rule->access == CR_ACCESS_READING;
}

bool cr_action_is_open_to_owner(const char *interface, const char *member)
{
        const CrActionRule *rule = cr_action_rule_of(interface, member);

        return rule && rule->access == CR_ACCESS_OWNER_OR_CHECKED;
}
