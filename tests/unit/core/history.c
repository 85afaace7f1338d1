/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "history.h"

#include "core/lineage.h"

#define HEAD 999999 /* the number of every head's layer */

static HistorySite *sender(History *history)
{
        return &history->sites[history->sender];
}

static HistorySite *receiver(History *history)
{
        return &history->sites[1 - history->sender];
}

History *history_new(guint32 seed)
{
        History *history = g_new0(History, 1);
        guint n_disks;

        history->random = g_rand_new_with_seed(seed);
        history->next = 1;
        n_disks = (guint)g_rand_int_range(history->random, 1, 4);
        for (guint i = 0; i < 2; i++) {
                HistorySite *site = &history->sites[i];

                site->collection = tree_new(n_disks);
                site->n_disks = n_disks;
                site->collection->settings->recovery_history =
                        (guint16)g_rand_int_range(history->random, 0, 4);
        }
        history->sites[0].primary = history->sites[0].headed = TRUE;
        tree_add_layers(history->sites[0].collection, HEAD, 0, CR_LAYER_HEAD, 0);
        history->sites[1].collection->role = CR_ROLE_REPLICA;
        return history;
}

void history_free(History *history)
{
        for (guint i = 0; i < 2; i++)
                cr_collection_free(history->sites[i].collection);
        g_rand_free(history->random);
        g_free(history);
}

/* ---- changes, each to the collection and to the model ---- */

static void remove_layers(CrCollection *collection, guint number)
{
        for (guint i = 0; i < collection->disks->len; i++)
                g_ptr_array_remove(collection->layers, tree_layer(collection, i, number));
}

static void add_layers(HistorySite *site, guint number, guint below, guint point)
{
        tree_add_layers(site->collection, number, below, CR_LAYER_FROZEN, point);
        site->lower[number] = below;
        site->present[number] = TRUE;
        site->held[number] = point != 0;
}

static void set_base(HistorySite *site, guint point)
{
        site->collection->base_point = tree_point_id(point);
}

static void place_head(HistorySite *site, guint top)
{
        tree_add_layers(site->collection, HEAD, top, CR_LAYER_HEAD, 0);
        site->top = top;
        site->headed = TRUE;
}

static void add_row(HistorySite *site, const History *history, guint point, gboolean held)
{
        if (site->known[point])
                return;
        tree_add_point(site->collection, point, history->parent[point], held);
        site->known[point] = TRUE;
        site->rows[site->n_rows++] = point;
}

/* The nearest point at or below @number. */
static guint point_at(const HistorySite *site, guint number)
{
        while (number && !site->held[number])
                number = site->lower[number];
        return number;
}

/* A cut: the head freezes, a new one stands above it. A dropped one leaves a layer that is no point. */
static void cut(History *history, HistorySite *site, gboolean dropped)
{
        guint number = history->next++;

        history->parent[number] = point_at(site, site->top);
        remove_layers(site->collection, HEAD);
        add_layers(site, number, site->top, dropped ? 0 : number);
        if (!dropped) {
                add_row(site, history, number, TRUE);
                set_base(site, number);
        }
        place_head(site, number);
}

/* The points that the receiver has not heard of, the oldest first. */
static void tell_lineage(const History *history, HistorySite *site, guint point)
{
        if (!point || site->known[point])
                return;
        tell_lineage(history, site, history->parent[point]);
        add_row(site, history, point, FALSE);
}

static void set_state(HistorySite *site, CrRole role, CrState state)
{
        site->collection->role = role;
        site->collection->state = state;
        site->primary = role == CR_ROLE_PRIMARY;
        site->keeps_all = state == CR_STATE_FAILED_OVER || state == CR_STATE_COMMITTED ||
                          state == CR_STATE_PREPARED_FOR_REVERSE_REPLICATION;
}

static void set_failover_point(HistorySite *site, guint point)
{
        site->failover_point = point;
        site->collection->failover_point = tree_point_id(point);
}

/* The sender's newest point arrives above the newest that both have. */
static void transfer(History *history)
{
        HistorySite *from = sender(history), *to = receiver(history);
        guint point = point_at(from, from->top), base = history_shared(from, to);

        if (!point || to->held[point])
                return;
        g_assert(base || !to->top);
        tell_lineage(history, to, history->parent[point]);
        add_row(to, history, point, TRUE);
        add_layers(to, point, base, point);
        to->top = to->sealed = from->confirmed = point;
        set_base(to, point);
        from->collection->peer.confirmed_point = tree_point_id(point);
        set_state(to, CR_ROLE_REPLICA, CR_STATE_REPLICATING);
        set_state(from, CR_ROLE_PRIMARY, CR_STATE_REPLICATING);
        set_failover_point(from, 0);
}

/* Any of the points that the replica stands on. */
static guint choose_point(History *history, const HistorySite *site)
{
        guint chosen = site->top;

        for (guint point = site->top; point; point = site->lower[point])
                if (site->held[point] && g_rand_int_range(history->random, 0, 3) == 0)
                        chosen = point;
        return chosen;
}

static void fail_over(History *history)
{
        HistorySite *site = receiver(history);
        guint point = choose_point(history, site);

        place_head(site, point);
        set_state(site, CR_ROLE_PRIMARY, CR_STATE_FAILED_OVER);
        set_failover_point(site, point);
        history->sender = 1 - history->sender;
        history->partition = TRUE;
}

static void set_aside(History *history, HistorySite *site, guint common)
{
        guint number = history->next++;

        remove_layers(site->collection, HEAD);
        tree_add_layers(site->collection, number, site->top, CR_LAYER_SET_ASIDE, 0);
        tree_add_divergence(site->collection, number, common);
        site->aside_head = number;
        site->aside_top = site->top;
        site->aside_common = common;
        site->headed = FALSE;
}

/* The former head goes; what it stood on stays for retention to see to. */
static void discard(HistorySite *site)
{
        remove_layers(site->collection, site->aside_head);
        g_ptr_array_set_size(site->collection->divergences, 0);
        site->aside_head = site->aside_top = 0;
}

static void revert_failover(History *history)
{
        HistorySite *site = sender(history);

        if (site->aside_head)
                discard(site);
        set_aside(history, site, site->failover_point);
        site->top = site->sealed;
        set_base(site, site->sealed);
        set_failover_point(site, 0);
        set_state(site, CR_ROLE_REPLICA, CR_STATE_REPLICATING);
        history->sender = 1 - history->sender;
        history->partition = FALSE;
}

static void prepare(History *history)
{
        HistorySite *site = receiver(history);
        guint common = history_common(site, sender(history));

        g_assert(common);
        set_aside(history, site, common);
        site->top = common;
        set_base(site, common);
        set_state(site, CR_ROLE_REPLICA, CR_STATE_PREPARED_FOR_REVERSE_REPLICATION);
        history->partition = FALSE;
}

static void undo_prepare(History *history)
{
        HistorySite *site = receiver(history);
        guint top = site->aside_top;

        remove_layers(site->collection, site->aside_head);
        g_ptr_array_set_size(site->collection->divergences, 0);
        site->aside_head = site->aside_top = 0;
        place_head(site, top);
        set_base(site, point_at(site, top));
        set_state(site, CR_ROLE_PRIMARY, CR_STATE_REPLICATING);
        history->partition = TRUE;
}

void history_drop(HistorySite *site, guint number)
{
        CrId id = tree_point_id(number);

        for (guint i = 0; i < HISTORY_MAX; i++)
                if (site->lower[i] == number)
                        site->lower[i] = site->lower[number];
        for (guint i = 0; i < site->collection->layers->len; i++) {
                CrLayer *layer = g_ptr_array_index(site->collection->layers, i);
                guint disk = 0;

                while (disk < site->n_disks &&
                        !cr_id_equal(&layer->parent, &tree_layer(site->collection, disk, number)->id))
                        disk++;
                if (disk < site->n_disks)
                        layer->parent = tree_layer_id(disk, site->lower[number]);
        }
        remove_layers(site->collection, number);
        cr_collection_point(site->collection, &id)->held = FALSE;
        site->present[number] = site->held[number] = FALSE;
}

/* ---- what may happen now ---- */

static gboolean is_replicating(const History *history)
{
        return sender((History *)history)->collection->state == CR_STATE_REPLICATING;
}

static void step_while_replicating(History *history, guint event)
{
        if (event < 4)
                cut(history, sender(history), FALSE);
        else if (event < 5)
                cut(history, sender(history), TRUE);
        else if (event < 8)
                transfer(history);
        else if (receiver(history)->top)
                fail_over(history);
}

static void step_while_failed_over(History *history, guint event)
{
        HistorySite *site = sender(history), *other = receiver(history);

        if (history->partition && event < 4)
                cut(history, other, event == 0);
        else if (history->partition && event < 7)
                prepare(history);
        else if (!history->partition && event < 2)
                undo_prepare(history);
        else if (history->partition && event < 8 && site->collection->state == CR_STATE_FAILED_OVER)
                revert_failover(history);
        else if (site->collection->state == CR_STATE_FAILED_OVER)
                set_state(site, CR_ROLE_PRIMARY, CR_STATE_COMMITTED);
        else if (!history->partition) {
                cut(history, site, FALSE);
                if (event != 9)
                        transfer(history);
        }
}

static void step_while_failed_over_checked(History *history, guint event)
{
        /* One divergence at a time keeps the model plain: the older one is discarded before the next. */
        if (history->partition && receiver(history)->aside_head)
                discard(receiver(history));
        step_while_failed_over(history, event);
}

void history_step(History *history)
{
        guint event = (guint)g_rand_int_range(history->random, 0, 10);

        if (history->next + 3 >= HISTORY_MAX)
                return;
        if (is_replicating(history))
                step_while_replicating(history, event);
        else
                step_while_failed_over_checked(history, event);
}

/* ---- the plain answers ---- */

GPtrArray *history_peer_points(const HistorySite *site)
{
        GPtrArray *points = g_ptr_array_new_with_free_func(g_free);

        for (guint i = 1; i < HISTORY_MAX; i++)
                if (site->known[i]) {
                        CrPeerPoint *point = g_new0(CrPeerPoint, 1);

                        point->id = tree_point_id(i);
                        point->held = site->held[i];
                        g_ptr_array_add(points, point);
                }
        return points;
}

guint history_common(const HistorySite *site, const HistorySite *other)
{
        guint number = site->top;

        while (number && !(site->held[number] && other->held[number]))
                number = site->lower[number];
        return number;
}

guint history_shared(const HistorySite *site, const HistorySite *other)
{
        guint shared = history_common(site, other);

        for (guint i = 0; i < site->n_rows && !history_common(site, other); i++)
                if (site->held[site->rows[i]] && other->held[site->rows[i]])
                        shared = site->rows[i];
        return shared;
}

gboolean history_is_ancestor(const History *history, const HistorySite *site, guint ancestor, guint point)
{
        while (point != ancestor && point && site->known[point])
                point = history->parent[point];
        return point == ancestor;
}

static gboolean is_in_divergence(const HistorySite *site, guint number)
{
        guint below = site->aside_top;

        if (!site->aside_head)
                return FALSE;
        while (below && below != number && below != site->aside_common)
                below = site->lower[below];
        return below == number;
}

gboolean history_is_pinned(const History *history, const HistorySite *site, guint number)
{
        if (site->headed && number == site->top)
                return TRUE;
        if (is_in_divergence(site, number))
                return TRUE;
        if (!site->held[number])
                return FALSE;
        if (site->keeps_all || number == site->failover_point)
                return TRUE;
        if (!site->primary)
                return number == site->top;
        return !site->confirmed || history_is_ancestor(history, site, site->confirmed, number);
}

/* How many held points lie above @number on the way down from the top, counted from the newest one that both
 * have. */
gboolean history_is_expired(const History *history, const HistorySite *site, guint number)
{
        guint latest = site->primary ? site->confirmed : site->top, newer = 0;
        gboolean passed = FALSE;

        if (!latest || !site->held[number] || history_is_pinned(history, site, number))
                return FALSE;
        for (guint below = site->top; below; below = site->lower[below]) {
                if (below == number)
                        return passed && newer > site->collection->settings->recovery_history;
                passed = passed || below == latest;
                if (passed && site->held[below])
                        newer++;
        }
        /* Off that way: of a branch that was abandoned. */
        return passed;
}
