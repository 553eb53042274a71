/* The shared part list and the rate limit. */
#include <pthread.h>
#include <stdlib.h>

#include "src/lane/clock.h"
#include "src/lane/parts.h"

struct bau_part_list {
    pthread_mutex_t lock; /* guards next */
    uint32_t n, next;
    const struct bau_part **order;
};

static int largest_first(const void *a, const void *b)
{
    const struct bau_part *const *pa = a, *const *pb = b;
    const struct bau_part *x = *pa, *y = *pb;
    if (x->est_bytes != y->est_bytes)
        return x->est_bytes > y->est_bytes ? -1 : 1;
    if (x->dataset != y->dataset)
        return x->dataset < y->dataset ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

bau_status bau_part_list_new(const struct bau_parts *parts, struct bau_part_list **out, struct bau_error *err)
{
    struct bau_part_list *list = bau_alloc(sizeof *list);
    const struct bau_part **order = bau_alloc_array((size_t)parts->n + 1, sizeof *order);
    if (!list || !order) {
        bau_free(list);
        bau_free(order);
        return bau_error_set(err, BAU_E_NOMEM, "list of parts");
    }
    pthread_mutex_init(&list->lock, NULL);
    list->order = order;
    list->n = parts->n;
    for (uint32_t i = 0; i < parts->n; i++)
        order[i] = &parts->at[i];
    qsort(order, parts->n, sizeof *order, largest_first);
    *out = list;
    return BAU_OK;
}

void bau_part_list_free(struct bau_part_list *list)
{
    if (!list)
        return;
    pthread_mutex_destroy(&list->lock);
    bau_free(list->order);
    bau_free(list);
}

const struct bau_part *bau_part_list_take(struct bau_part_list *list)
{
    pthread_mutex_lock(&list->lock);
    const struct bau_part *part = list->next < list->n ? list->order[list->next++] : NULL;
    pthread_mutex_unlock(&list->lock);
    return part;
}

/* ── rate ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct bau_rate {
    pthread_mutex_t lock; /* guards due_us */
    uint64_t bytes_per_s;
    uint64_t due_us; /* when everything taken so far is paid for */
};

bau_status bau_rate_new(uint64_t bytes_per_s, struct bau_rate **out, struct bau_error *err)
{
    struct bau_rate *rate = bau_alloc(sizeof *rate);
    if (!rate)
        return bau_error_set(err, BAU_E_NOMEM, "rate limit");
    pthread_mutex_init(&rate->lock, NULL);
    rate->bytes_per_s = bytes_per_s;
    *out = rate;
    return BAU_OK;
}

void bau_rate_free(struct bau_rate *rate)
{
    if (!rate)
        return;
    pthread_mutex_destroy(&rate->lock);
    bau_free(rate);
}

void bau_rate_take(struct bau_rate *rate, uint64_t bytes, struct bau_stop *stop)
{
    enum { BURST_US = 250000 };
    if (!rate)
        return;
    const uint64_t now_us = bau_now_ms() * 1000u;
    pthread_mutex_lock(&rate->lock);
    if (rate->due_us < now_us)
        rate->due_us = now_us;
    rate->due_us += (uint64_t)((double)bytes * 1e6 / (double)rate->bytes_per_s);
    const uint64_t due_us = rate->due_us;
    pthread_mutex_unlock(&rate->lock);
    if (due_us > now_us + BURST_US)
        bau_stop_wait_until(stop, (due_us - BURST_US) / 1000u);
}
