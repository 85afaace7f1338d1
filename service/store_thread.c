/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store_thread.h"

#define PENDING_MAX 1024

struct CrStoreThread {
        CrStore *store;
        GThread *thread;
        GAsyncQueue *requests;
        GAsyncQueue *completed;
        gint waking;   /* atomic: a delivery is on its way to the main loop */
        guint pending; /* requests without a delivered completion; the main loop's */
};

typedef struct Request {
        CrStoreWork work; /* NULL: the last one */
        CrStoreDone done;
        gpointer data;
} Request;

static void deliver(CrStoreThread *thread, Request *request)
{
        thread->pending--;
        request->done(request->data);
        g_free(request);
}

static gboolean on_completed(gpointer userdata)
{
        CrStoreThread *thread = userdata;
        Request *request;

        /* Before looking: what completes from here on wakes the loop again. */
        g_atomic_int_set(&thread->waking, 0);
        while ((request = g_async_queue_try_pop(thread->completed)))
                deliver(thread, request);
        return G_SOURCE_REMOVE;
}

static void complete(CrStoreThread *thread, Request *request)
{
        g_async_queue_push(thread->completed, request);
        if (g_atomic_int_compare_and_exchange(&thread->waking, 0, 1))
                g_idle_add_full(G_PRIORITY_DEFAULT, on_completed, thread, NULL);
}

static gpointer thread_main(gpointer userdata)
{
        CrStoreThread *thread = userdata;

        for (;;) {
                Request *request = g_async_queue_pop(thread->requests);

                if (!request->work) {
                        g_free(request);
                        return NULL;
                }
                request->work(thread->store, request->data);
                complete(thread, request);
        }
}

CrStoreThread *cr_store_thread_new(CrStore *store)
{
        CrStoreThread *thread = g_new0(CrStoreThread, 1);

        thread->store = store;
        thread->requests = g_async_queue_new();
        thread->completed = g_async_queue_new();
        thread->thread = g_thread_new("store", thread_main, thread);
        return thread;
}

void cr_store_thread_drain(CrStoreThread *thread)
{
        /* A completion may submit the next request. */
        while (thread->pending > 0)
                deliver(thread, g_async_queue_pop(thread->completed));
}

CrStoreThread *cr_store_thread_free(CrStoreThread *thread)
{
        if (!thread)
                return NULL;
        cr_store_thread_drain(thread);
        g_async_queue_push(thread->requests, g_new0(Request, 1));
        g_thread_join(thread->thread);
        while (g_source_remove_by_user_data(thread))
                ;
        g_async_queue_unref(thread->requests);
        g_async_queue_unref(thread->completed);
        cr_store_close(thread->store);
        g_free(thread);
        return NULL;
}

void cr_store_thread_submit(CrStoreThread *thread, CrStoreWork work, CrStoreDone done, gpointer data)
{
        Request *request = g_new(Request, 1);

        *request = (Request){work, done, data};
        thread->pending++;
        g_async_queue_push(thread->requests, request);
}

gboolean cr_store_thread_is_full(CrStoreThread *thread)
{
        return thread->pending >= PENDING_MAX;
}
