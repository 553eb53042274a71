/* Counters of one store's refresh. Relaxed: a display may be a moment behind, a result never comes from here. */
#include <stdio.h>
#include <string.h>

#include "bauta/log.h"
#include "src/lane/clock.h"
#include "src/lane/progress.h"

bau_status bau_progress_new(const struct bau_catalog *catalog, const struct bau_parts *parts,
                            uint32_t n_lanes, struct bau_progress **out, struct bau_error *err)
{
    struct bau_progress *p = bau_alloc(sizeof *p);
    struct bau_progress_dataset *datasets =
        bau_alloc_array((size_t)catalog->n_datasets + 1, sizeof *datasets);
    if (!p || !datasets) {
        bau_free(p);
        bau_free(datasets);
        return bau_error_set(err, BAU_E_NOMEM, "progress");
    }
    *p = (struct bau_progress){ .store = catalog->store,
                                .started_ms = bau_now_ms(),
                                .n_lanes = n_lanes,
                                .n_datasets = catalog->n_datasets,
                                .datasets = datasets };
    pthread_mutex_init(&p->lock, NULL);
    for (uint32_t d = 0; d < catalog->n_datasets; d++) {
        datasets[d].name = catalog->datasets[d].name;
        datasets[d].est_rows = catalog->datasets[d].est_rows;
    }
    for (uint32_t i = 0; i < parts->n; i++) {
        struct bau_progress_dataset *d = &datasets[parts->at[i].dataset];
        d->n_parts++;
        d->est_bytes += parts->at[i].est_bytes;
    }
    *out = p;
    return BAU_OK;
}

void bau_progress_free(struct bau_progress *p)
{
    if (!p)
        return;
    pthread_mutex_destroy(&p->lock);
    bau_free(p->datasets);
    bau_free(p);
}

void bau_progress_part_begin(struct bau_progress *p, uint32_t dataset)
{
    if (p)
        atomic_fetch_add_explicit(&p->datasets[dataset].parts_begun, 1, memory_order_relaxed);
}

void bau_progress_add(struct bau_progress *p, uint32_t dataset, uint64_t rows, uint64_t bytes)
{
    if (!p)
        return;
    atomic_fetch_add_explicit(&p->datasets[dataset].rows, rows, memory_order_relaxed);
    atomic_fetch_add_explicit(&p->datasets[dataset].bytes, bytes, memory_order_relaxed);
}

void bau_progress_take_back(struct bau_progress *p, uint32_t dataset, uint64_t rows, uint64_t bytes)
{
    if (!p)
        return;
    atomic_fetch_sub_explicit(&p->datasets[dataset].rows, rows, memory_order_relaxed);
    atomic_fetch_sub_explicit(&p->datasets[dataset].bytes, bytes, memory_order_relaxed);
    atomic_fetch_add_explicit(&p->retries, 1, memory_order_relaxed);
}

void bau_progress_part_done(struct bau_progress *p, uint32_t dataset)
{
    if (!p)
        return;
    struct bau_progress_dataset *d = &p->datasets[dataset];
    if (atomic_fetch_add_explicit(&d->parts_done, 1, memory_order_relaxed) + 1 == d->n_parts && p->say_done)
        bau_log(BAU_INFO, "dataset done", BAU_NAME("store", p->store), BAU_NAME("dataset", d->name),
                BAU_U64("rows", atomic_load_explicit(&d->rows, memory_order_relaxed)),
                BAU_BYTES_ITEM("bytes", atomic_load_explicit(&d->bytes, memory_order_relaxed)));
}

void bau_progress_lane(struct bau_progress *p, bool busy)
{
    if (p && busy)
        atomic_fetch_add_explicit(&p->lanes_busy, 1, memory_order_relaxed);
    else if (p)
        atomic_fetch_sub_explicit(&p->lanes_busy, 1, memory_order_relaxed);
}

void bau_progress_phase(struct bau_progress *p, const char *phase, const char *object, uint64_t done,
                        uint64_t total)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    snprintf(p->phase, sizeof p->phase, "%s", phase ? phase : "");
    snprintf(p->object, sizeof p->object, "%s", object ? object : "");
    p->phase_done = done;
    p->phase_total = total;
    pthread_mutex_unlock(&p->lock);
}

bau_progress_state bau_progress_state_of(const struct bau_progress_dataset *d)
{
    if (atomic_load_explicit(&d->parts_done, memory_order_relaxed) >= d->n_parts)
        return BAU_PROGRESS_DONE;
    return atomic_load_explicit(&d->parts_begun, memory_order_relaxed) ? BAU_PROGRESS_WORKING
                                                                       : BAU_PROGRESS_WAITING;
}

/* Estimates are a statistic of the server's: rows where it has counted, bytes of the heap where not. */
double bau_progress_fraction(const struct bau_progress_dataset *d)
{
    if (bau_progress_state_of(d) == BAU_PROGRESS_DONE)
        return 1;
    const double rows = (double)atomic_load_explicit(&d->rows, memory_order_relaxed);
    const double bytes = (double)atomic_load_explicit(&d->bytes, memory_order_relaxed);
    const double f = d->est_rows    ? rows / (double)d->est_rows
                     : d->est_bytes ? bytes / (double)d->est_bytes
                                    : 0;
    return f > 0.99 ? 0.99 : f;
}

struct bau_progress_total bau_progress_sum(const struct bau_progress *p, uint64_t now_ms)
{
    struct bau_progress_total t = { .lanes_busy = atomic_load_explicit(&p->lanes_busy, memory_order_relaxed),
                                    .elapsed_ms = now_ms - p->started_ms };
    double done = 0, all = 0;
    for (uint32_t i = 0; i < p->n_datasets; i++) {
        const struct bau_progress_dataset *d = &p->datasets[i];
        if (d->n_parts == 0)
            continue;
        const double weight = (double)d->est_bytes + 8192; /* an empty table is some work too */
        t.datasets++;
        t.datasets_done += bau_progress_state_of(d) == BAU_PROGRESS_DONE;
        t.rows += atomic_load_explicit(&d->rows, memory_order_relaxed);
        t.bytes += atomic_load_explicit(&d->bytes, memory_order_relaxed);
        done += weight * bau_progress_fraction(d);
        all += weight;
    }
    t.fraction = all > 0 ? done / all : 1;
    if (t.fraction > 0.01 && t.elapsed_ms > 2000)
        t.left_ms = (uint64_t)((double)t.elapsed_ms * (1 - t.fraction) / t.fraction);
    return t;
}
