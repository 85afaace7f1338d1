/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include "client/command.h"

static const char objects[] =
        "{objectpath '" SHOP
        "': {'org.example.CollectionReplication.Collection': {'Name': <'shop'>, 'Role': <'primary'>,"
        " 'State': <'replicating'>, 'ReplicationHealth': <uint16 2>, 'PendingBytes': <uint64 2048>,"
        " 'LastReplicationTime': <uint64 1700000000000000>, 'CurrentJob': <objectpath '" JOB "'>,"
        " 'Disks': <[('root', '/images/root.qcow2', uint64 1073741824)]>,"
        " 'HealthIssues': <[('slow', 'the disk\033 is slow')]>, 'LastError': <(uint32 32772, 'late (32772 "
        "Timeout)')>,"
        " 'Settings': <{'RecoveryHistory': <uint16 4>, 'IncludedDisks': <['root']>}>}},"
        " '" SHOP "/point/" POINT "': {'org.example.CollectionReplication.RecoveryPoint': {'Id': <'" POINT
        "'>,"
        " 'Size': <uint64 1024>, 'ConsistencyLevel': <uint16 3>}},"
        " '" SHOP "/point/" POINT_2 "': {'org.example.CollectionReplication.RecoveryPoint': {'Id': <'" POINT_2
        "'>,"
        " 'Parent': <'" POINT "'>}},"
        " '" SHOP "/divergence/" DIVERGENCE
        "': {'org.example.CollectionReplication.Divergence': {'Id': <'" DIVERGENCE
        "'>, 'Disks': <[('root', '/d', uint64 1024), ('data', '/e', uint64 1024)]>}},"
        " '" JOB
        "': {'org.example.CollectionReplication.Job': {'Id': <uint64 7>, 'Operation': <'ReplicateNow'>,"
        " 'Collection': <objectpath '" SHOP "'>, 'State': <'completed'>, 'Phase': <'checking'>,"
        " 'Result': <{'BytesSent': <uint64 1536>, 'Duration': <uint64 3200000>,"
        " 'Paths': <[('root', '/out/root')]>}>}},"
        " '" SHOP "2/point/" FOREIGN_POINT
        "': {'org.example.CollectionReplication.RecoveryPoint': {'Id': <'" FOREIGN_POINT "'>}},"
        " '" FOREIGN_JOB "': {'org.example.CollectionReplication.Job': {'Id': <uint64 8>,"
        " 'Collection': <objectpath '" SHOP "2'>}}}";

FakeService *service;
GString *output;
GString *errors;

static void on_output(const char *text)
{
        g_string_append(output, text);
}

static void on_error(const char *text)
{
        g_string_append(errors, text);
}

void fixture_set_up(void)
{
        service = fake_service_new(objects);
        output = g_string_new(NULL);
        errors = g_string_new(NULL);
        g_set_print_handler(on_output);
        g_set_printerr_handler(on_error);
}

void fixture_tear_down(void)
{
        fake_service_free(service);
        g_string_free(output, TRUE);
        g_string_free(errors, TRUE);
}

int run(const char *line)
{
        g_autofree char *all = g_strdup_printf("--address=%s %s", fake_service_address(service), line);
        g_auto(GStrv) words = g_strsplit(all, " ", -1);
        g_string_truncate(output, 0);
        g_string_truncate(errors, 0);
        return cr_command_run(words);
}

void assert_contains(const GString *text, const char *part)
{
        ck_assert_msg(strstr(text->str, part) != NULL, "'%s' is not in '%s'", part, text->str);
}

JsonNode *parse(const GString *text)
{
        g_autoptr(GError) error = NULL;
        JsonNode *node = json_from_string(text->str, &error);
        ck_assert_msg(node != NULL, "%s: %s", text->str, error == NULL ? "" : error->message);
        return node;
}
