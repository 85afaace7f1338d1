/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one thread that uses the store once the service runs, so that the bus thread never waits for a disk.
 * Requests are carried out one after the other, in the order in which they came, and their completions are
 * delivered in that order to the main loop.
 */
#pragma once

#include "core/store.h"

typedef struct CrStoreThread CrStoreThread;

/* In the store's thread: may touch @data, which nobody else does until the completion. */
typedef void (*CrStoreWork)(CrStore *store, gpointer data);
/* In the main loop; owns @data. */
typedef void (*CrStoreDone)(gpointer data);

/* Takes ownership of @store. */
CrStoreThread *cr_store_thread_new(CrStore *store);
/* Waits for all requests and delivers their completions, and what those ask for. */
void cr_store_thread_drain(CrStoreThread *thread);
/* Waits for all requests, delivers what completions are left, closes the store. NULL is fine; returns NULL.
 */
CrStoreThread *cr_store_thread_free(CrStoreThread *thread);

void cr_store_thread_submit(CrStoreThread *thread, CrStoreWork work, CrStoreDone done, gpointer data);

/* Whether so many requests wait that no new work should be taken from callers. */
gboolean cr_store_thread_is_full(CrStoreThread *thread);
