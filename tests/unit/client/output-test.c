/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What people and programs read.
 */
#include <signal.h>
#include <unistd.h>

#include "fixture.h"

START_TEST(people_read_tables)
{
        ck_assert_int_eq(run("list"), 0);
        ck_assert_str_eq(output->str,
                "NAME  ROLE     STATE        HEALTH   LAST REPLICATION     PENDING  JOB\n"
                "shop  primary  replicating  warning  2023-11-14 22:13:20  2.0 KiB    7\n");
        ck_assert_int_eq(run("points shop"), 0);
        assert_contains(output, POINT "  -    group crash  1.0 KiB");
        ck_assert_int_eq(run("divergences shop"), 0);
        assert_contains(output, DIVERGENCE "  -          discarded   2.0 KiB");
        ck_assert_int_eq(run("jobs shop"), 0);
        assert_contains(output, "  7  ReplicateNow  shop        completed");
        ck_assert_ptr_null(strstr(output->str, "shop2"));
        ck_assert_int_eq(run("jobs"), 0);
        assert_contains(output, "shop2");
        ck_assert_int_eq(run("statistics shop"), 0);
        assert_contains(output, "ReplicationSize: 2.0 KiB\n");
        assert_contains(output, "MaxReplicationLatency: 7 s\n");
        assert_contains(output, "Issue: disk is slow\n");
        ck_assert_int_eq(run("settings shop"), 0);
        ck_assert_str_eq(output->str, "IncludedDisks=root\nRecoveryHistory=4\n");
}
END_TEST

START_TEST(people_read_a_collection)
{
        ck_assert_int_eq(run("show shop"), 0);
        assert_contains(output, "Name: shop\n");
        assert_contains(output, "Health: warning\n");
        assert_contains(output, "Issue: the disk? is slow (slow)\n");
        assert_contains(output, "Last error: late (32772 Timeout)\n");
        assert_contains(output, "Job: 7\n");
        assert_contains(output, "root  1.0 GiB  /images/root.qcow2\n");
}
END_TEST

START_TEST(people_read_a_preview)
{
        ck_assert_int_eq(run("preview shop"), 0);
        assert_contains(output, "Set aside here: 1.0 MiB\n");
        assert_contains(output, "To receive: 2.0 KiB\n");
        assert_contains(output, "It would fail now:\n  disk 'root' is open (32774 InUse)\n");
}
END_TEST

START_TEST(programs_read_objects_by_their_properties)
{
        ck_assert_int_eq(run("--json list"), 0);
        g_autoptr(JsonNode) list = parse(output);
        JsonObject *collection = json_array_get_object_element(json_node_get_array(list), 0);
        ck_assert_str_eq(json_object_get_string_member(collection, "Path"), SHOP);
        ck_assert_int_eq(json_object_get_int_member(collection, "PendingBytes"), 2048);

        ck_assert_int_eq(run("show shop --json"), 0);
        g_autoptr(JsonNode) show = parse(output);
        JsonArray *disks = json_object_get_array_member(json_node_get_object(show), "Disks");
        ck_assert_str_eq(json_array_get_string_element(json_array_get_array_element(disks, 0), 0), "root");

        ck_assert_int_eq(run("points shop --json"), 0);
        g_autoptr(JsonNode) points = parse(output);
        ck_assert_uint_eq(json_array_get_length(json_node_get_array(points)), 2);

        ck_assert_int_eq(run("preview shop --json"), 0);
        g_autoptr(JsonNode) preview = parse(output);
        ck_assert_int_eq(json_object_get_int_member(json_node_get_object(preview), "BytesToReceive"), 2048);

        ck_assert_int_eq(run("statistics shop --json"), 0);
        g_autoptr(JsonNode) statistics = parse(output);
        ck_assert(json_object_has_member(json_node_get_object(statistics), "HealthIssues"));
}
END_TEST

/* Makes things happen until the monitor has shown one of them twice (it may have begun in the middle of the
 * first time), then interrupts it. */
static gboolean on_tick(gpointer data)
{
        fake_service_emit(service);
        const char *first = strstr(output->str, data);
        if (first == NULL || strstr(first + 1, data) == NULL)
                return G_SOURCE_CONTINUE;
        kill(getpid(), SIGINT);
        return G_SOURCE_REMOVE;
}

START_TEST(people_watch_what_happens)
{
        g_timeout_add(20, on_tick, "job 7 ended");
        ck_assert_int_eq(run("monitor"), 0);
        assert_contains(output, " the service is there\n");
        assert_contains(output, " job 7 new: Verify? of shop\n");
        assert_contains(output, " job 7 ended: Verify of shop: late (32772 Timeout)\n");
        assert_contains(output, " /job/_7 Phase='comparing");
        ck_assert_ptr_null(strchr(output->str, '\033'));
}
END_TEST

START_TEST(programs_watch_one_object_a_line)
{
        g_timeout_add(20, on_tick, "JobEnded");
        ck_assert_int_eq(run("--json monitor"), 0);
        g_auto(GStrv) lines = g_strsplit(output->str, "\n", -1);
        for (char **line = lines; **line != '\0'; line++) {
                g_autoptr(GString) text = g_string_new(*line);
                g_autoptr(JsonNode) node = parse(text);
                JsonObject *event = json_node_get_object(node);
                if (g_str_equal(json_object_get_string_member(event, "Member"), "JobEnded"))
                        ck_assert_int_eq(json_array_get_int_element(
                                                 json_object_get_array_member(event, "Arguments"), 4),
                                32772);
        }
        assert_contains(output, "\"Member\":\"PropertiesChanged\"");
}
END_TEST

TCase *output_case(void)
{
        TCase *tcase = tcase_create("output");
        tcase_add_checked_fixture(tcase, fixture_set_up, fixture_tear_down);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, people_read_tables);
        tcase_add_test(tcase, people_read_a_collection);
        tcase_add_test(tcase, people_read_a_preview);
        tcase_add_test(tcase, programs_read_objects_by_their_properties);
        tcase_add_test(tcase, people_watch_what_happens);
        tcase_add_test(tcase, programs_watch_one_object_a_line);
        return tcase;
}
