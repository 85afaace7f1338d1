/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/core/unit.h"

#include "service/interfaces.h"
#include "service/job.h"
#include "service/objects.h"

#define SECOND G_USEC_PER_SEC

static CrJobData job;

static void set_up(void)
{
        CrId id = cr_id_new();

        cr_job_data_init(&job, 7, "ReplicateNow", &id, "/c/shop", 1000, 50 * SECOND);
}

static void tear_down(void)
{
        cr_job_data_clear(&job);
}

/* By the property's name, with the vtable's order. */
static GVariant *get(const char *property)
{
        CrObject *object = cr_object_new(NULL, "/job", &cr_job_interface, cr_job_data_values(&job));
        GVariant *value = cr_object_get(object, property);

        cr_object_free(object);
        ck_assert_ptr_nonnull(value);
        return value;
}

#define assert_property(name, text)                                                                          \
        do {                                                                                                 \
                g_autoptr(GVariant) value_ = get(name);                                                      \
                g_autofree char *text_ = g_variant_print(value_, FALSE);                                     \
                ck_assert_str_eq(text_, text);                                                               \
        } while (0)

START_TEST(a_new_job_runs_and_can_be_cancelled)
{
        assert_property("Id", "7");
        assert_property("Operation", "'ReplicateNow'");
        assert_property("Collection", "'/c/shop'");
        assert_property("Owner", "1000");
        assert_property("StartTime", "50000000");
        assert_property("State", "'running'");
        assert_property("JobState", "4");
        assert_property("Cancelable", "true");
        assert_property("EndTime", "0");
        assert_property("ReturnValue", "4096");
        assert_property("Result", "{}");
        ck_assert(!cr_job_data_has_ended(&job));
}
END_TEST

START_TEST(a_completed_job_has_a_result_with_its_duration)
{
        g_autoptr(GVariant) result = g_variant_ref_sink(g_variant_new_parsed("{'Point': <'p'>}"));
        guint64 duration, sent;

        cr_job_data_end(&job, NULL, result, 53 * SECOND);
        assert_property("State", "'completed'");
        assert_property("JobState", "7");
        assert_property("PercentComplete", "100");
        assert_property("ReturnValue", "0");
        assert_property("ErrorName", "''");
        assert_property("Cancelable", "false");
        assert_property("EndTime", "53000000");
        ck_assert(g_variant_lookup(job.result, "Duration", "t", &duration));
        ck_assert(g_variant_lookup(job.result, "BytesSent", "t", &sent));
        ck_assert(g_variant_lookup(job.result, "Point", "&s", NULL));
        ck_assert_uint_eq(duration, 3 * SECOND);
}
END_TEST

START_TEST(a_failed_job_has_the_documented_value)
{
        g_autoptr(GError) error = g_error_new(CR_ERROR, CR_ERROR_TIMEOUT, "the peer did not answer");

        cr_job_data_end(&job, error, NULL, 53 * SECOND);
        assert_property("State", "'failed'");
        assert_property("JobState", "10");
        assert_property("ReturnValue", "32772");
        assert_property("ErrorName", "'org.example.CollectionReplication.Error.Timeout'");
        assert_property("ErrorMessage", "'the peer did not answer (32772 Timeout)'");
}
END_TEST

START_TEST(a_cancelled_job_counts_as_failed_under_its_own_name)
{
        g_autoptr(GError) error = g_error_new(CR_ERROR, CR_ERROR_CANCELLED, "cancelled");

        cr_job_data_end(&job, error, NULL, 53 * SECOND);
        assert_property("State", "'cancelled'");
        assert_property("JobState", "8");
        assert_property("ReturnValue", "32768");
        assert_property("ErrorName", "'org.example.CollectionReplication.Error.Cancelled'");
}
END_TEST

START_TEST(a_clock_set_back_gives_no_huge_duration)
{
        guint64 duration;

        cr_job_data_end(&job, NULL, NULL, 10 * SECOND);
        ck_assert(g_variant_lookup(job.result, "Duration", "t", &duration));
        ck_assert_uint_eq(duration, 0);
}
END_TEST

START_TEST(the_store_gives_back_what_it_got)
{
        g_autoptr(GError) error = g_error_new(CR_ERROR, CR_ERROR_IN_USE, "in use");
        g_autoptr(CrJobRecord) record = NULL;
        CrJobData loaded;

        cr_job_data_end(&job, error, NULL, 53 * SECOND);
        record = cr_job_data_to_record(&job);
        cr_job_data_from_record(&loaded, record);
        g_autoptr(GVariant) before = g_variant_ref_sink(cr_job_data_values(&job));
        g_autoptr(GVariant) after = g_variant_ref_sink(cr_job_data_values(&loaded));
        ck_assert(g_variant_equal(before, after));
        cr_job_data_clear(&loaded);
}
END_TEST

START_TEST(a_row_that_makes_no_sense_is_a_failed_job)
{
        g_autoptr(CrJobRecord) record = cr_job_data_to_record(&job);
        CrJobData loaded;

        g_free(record->state);
        record->state = g_strdup("sleeping");
        g_free(record->result);
        record->result = g_strdup("{'a': ");
        cr_job_data_from_record(&loaded, record);
        ck_assert_int_eq(loaded.state, CR_JOB_FAILED);
        ck_assert_uint_eq(g_variant_n_children(loaded.result), 0);
        cr_job_data_clear(&loaded);
}
END_TEST

START_TEST(the_newest_64_stay_15_minutes_and_others_60_seconds)
{
        cr_job_data_end(&job, NULL, NULL, 100 * SECOND);
        ck_assert_int_eq(cr_job_data_expires(&job, 0), 100 * SECOND + 15 * 60 * SECOND);
        ck_assert_int_eq(cr_job_data_expires(&job, 63), 100 * SECOND + 15 * 60 * SECOND);
        ck_assert_int_eq(cr_job_data_expires(&job, 64), 160 * SECOND);
        job.scheduled = TRUE;
        ck_assert_int_eq(cr_job_data_expires(&job, 0), 100 * SECOND + 15 * 60 * SECOND);
        ck_assert_int_eq(cr_job_data_expires(&job, 1), 160 * SECOND);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_new_job_runs_and_can_be_cancelled,
                a_completed_job_has_a_result_with_its_duration, a_failed_job_has_the_documented_value,
                a_cancelled_job_counts_as_failed_under_its_own_name, a_clock_set_back_gives_no_huge_duration,
                the_store_gives_back_what_it_got, a_row_that_makes_no_sense_is_a_failed_job,
                the_newest_64_stay_15_minutes_and_others_60_seconds, NULL};

        return run_tests_with("job", tests, set_up, tear_down);
}
