/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operations that a worker can carry out, one file each (small siblings share one). */
#pragma once

#include "worker/worker.h"

gboolean cr_operation_define(CrWorker *worker, GError **error);
gboolean cr_operation_destroy(CrWorker *worker, GError **error);
gboolean cr_operation_create_relationship(CrWorker *worker, GError **error);
gboolean cr_operation_remove_relationship(CrWorker *worker, GError **error);
gboolean cr_operation_modify_settings(CrWorker *worker, GError **error);
gboolean cr_operation_start(CrWorker *worker, GError **error);
gboolean cr_operation_import_initial(CrWorker *worker, GError **error);
gboolean cr_operation_seed(CrWorker *worker, GError **error);
gboolean cr_operation_replicate(CrWorker *worker, GError **error);
gboolean cr_operation_failover(CrWorker *worker, GError **error);
gboolean cr_operation_revert_failover(CrWorker *worker, GError **error);
gboolean cr_operation_commit_failover(CrWorker *worker, GError **error);
gboolean cr_operation_planned_failover(CrWorker *worker, GError **error);
gboolean cr_operation_revert_planned_failover(CrWorker *worker, GError **error);
gboolean cr_operation_test_failover(CrWorker *worker, GError **error);
gboolean cr_operation_revert_test_failover(CrWorker *worker, GError **error);
gboolean cr_operation_preview(CrWorker *worker, GError **error);
gboolean cr_operation_prepare(CrWorker *worker, GError **error);
gboolean cr_operation_undo_prepare(CrWorker *worker, GError **error);
gboolean cr_operation_reverse(CrWorker *worker, GError **error);
gboolean cr_operation_export(CrWorker *worker, GError **error);
gboolean cr_operation_discard(CrWorker *worker, GError **error);
gboolean cr_operation_receive(CrWorker *worker, GError **error);
gboolean cr_operation_estimate(CrWorker *worker, GError **error);
gboolean cr_operation_resynchronize(CrWorker *worker, GError **error);
gboolean cr_operation_verify(CrWorker *worker, GError **error);
gboolean cr_operation_digest(CrWorker *worker, GError **error);
gboolean cr_operation_establish(CrWorker *worker, GError **error);
gboolean cr_operation_dissolve(CrWorker *worker, GError **error);
gboolean cr_operation_update_disks(CrWorker *worker, GError **error);
gboolean cr_operation_cancel_update_disks(CrWorker *worker, GError **error);
gboolean cr_operation_adapt_disks(CrWorker *worker, GError **error);
gboolean cr_operation_suspend(CrWorker *worker, GError **error);
gboolean cr_operation_resume(CrWorker *worker, GError **error);
gboolean cr_operation_cancel_initial(CrWorker *worker, GError **error);
gboolean cr_operation_cancel_resynchronize(CrWorker *worker, GError **error);
gboolean cr_operation_recover(CrWorker *worker, GError **error);
