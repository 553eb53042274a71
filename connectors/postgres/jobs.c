/* A phase of jobs on parallel connections: largest first, never two that would wait for each other's lock on a table. */
#include "target.h"

#include <stdlib.h>
#include <string.h>

enum { DEADLOCK_TRIES = 5 };

struct pool {
    struct bau_side *side;
    const struct bau_target_plan *plan;
    const char *phase;
    struct pg_job *jobs;
    uint32_t n;
    pthread_mutex_t mutex; /* guards the rest, and the state of jobs */
    pthread_cond_t changed;
    uint32_t n_started, n_done;
    int32_t *use; /* per dataset: jobs that share the table, or -1: one has it alone */
    bool failed;
    struct bau_error err; /* the first */
};

static bool stopped(const struct bau_target_plan *plan)
{
    return plan->watch.stopped && plan->watch.stopped(plan->watch.self);
}

static bool table_free(const struct pool *pool, const struct pg_job *job)
{
    if (job->dataset == BAU_NO_DATASET)
        return true;
    return job->exclusive ? pool->use[job->dataset] == 0 : pool->use[job->dataset] >= 0;
}

/* The largest job that may start now; waits while all that are left have to. NULL: no more work. */
static struct pg_job *take(struct pool *pool)
{
    struct pg_job *job = NULL;
    (void)pthread_mutex_lock(&pool->mutex);
    while (!job && !pool->failed && pool->n_started < pool->n) {
        for (uint32_t i = 0; i < pool->n && !job; i++)
            if (!pool->jobs[i].started && table_free(pool, &pool->jobs[i]))
                job = &pool->jobs[i];
        if (!job)
            (void)pthread_cond_wait(&pool->changed, &pool->mutex);
    }
    if (job) {
        job->started = true;
        pool->n_started++;
        if (job->dataset != BAU_NO_DATASET)
            pool->use[job->dataset] += job->exclusive ? -1 : 1;
    }
    (void)pthread_mutex_unlock(&pool->mutex);
    return job;
}

static void give_back(struct pool *pool, const struct pg_job *job)
{
    (void)pthread_mutex_lock(&pool->mutex);
    if (job->dataset != BAU_NO_DATASET)
        pool->use[job->dataset] -= job->exclusive ? -1 : 1;
    const uint64_t done = ++pool->n_done;
    (void)pthread_cond_broadcast(&pool->changed);
    (void)pthread_mutex_unlock(&pool->mutex);
    if (pool->plan->watch.step)
        pool->plan->watch.step(pool->plan->watch.self, pool->phase, job->entry->name, done, pool->n);
}

static void fail(struct pool *pool, const struct bau_error *err)
{
    (void)pthread_mutex_lock(&pool->mutex);
    if (!pool->failed)
        pool->err = *err;
    pool->failed = true;
    (void)pthread_cond_broadcast(&pool->changed);
    (void)pthread_mutex_unlock(&pool->mutex);
}

static bau_status run_job(struct pool *pool, struct bau_link *link, const struct pg_job *job,
                          struct bau_error *err)
{
    bau_status status = BAU_OK;
    for (uint32_t i = 0; i < DEADLOCK_TRIES; i++) {
        if (stopped(pool->plan))
            return bau_error_set(err, BAU_E_CANCELLED, "stopped during %s", pool->phase);
        status = pg_make_entry(pool->side, link->conn, job->entry, job->sql, job->sees_rows, NULL, err);
        if (status == BAU_OK || err->retry != BAU_RETRY_BACKOFF)
            break;
    }
    if (status != BAU_OK && stopped(pool->plan))
        return bau_error_set(err, BAU_E_CANCELLED, "stopped during %s", pool->phase);
    return status;
}

static bau_status work(struct pool *pool, struct bau_error *err)
{
    struct bau_link *link = NULL;
    const struct bau_watch *watch = &pool->plan->watch;
    BAU_TRY(pg_write_link_open(pool->side, &link, err));
    if (watch->busy)
        watch->busy(watch->self, link, true);
    bau_status status = BAU_OK;
    for (struct pg_job *job = take(pool); job; job = take(pool)) {
        status = run_job(pool, link, job, err);
        give_back(pool, job);
        if (status != BAU_OK)
            break;
    }
    if (watch->busy)
        watch->busy(watch->self, link, false);
    pg_link_close(link);
    return status;
}

static void *worker(void *of_pool)
{
    struct pool *pool = of_pool;
    struct bau_error err;
    if (work(pool, &err) != BAU_OK)
        fail(pool, &err);
    return NULL;
}

static int by_weight(const void *of_a, const void *of_b)
{
    const struct pg_job *a = of_a, *b = of_b;
    if (a->weight != b->weight)
        return a->weight < b->weight ? 1 : -1;
    return (a->order > b->order) - (a->order < b->order);
}

/* The calling thread works too, so that one job needs no thread. */
static bau_status run_all(struct pool *pool, uint32_t n_threads, struct bau_error *err)
{
    pthread_t *threads = n_threads > 1 ? bau_alloc_array(n_threads, sizeof *threads) : NULL;
    uint32_t n = 0;
    if (n_threads > 1 && !threads)
        return bau_error_set(err, BAU_E_NOMEM, "%s", pool->phase);
    while (n + 1 < n_threads && pthread_create(&threads[n], NULL, worker, pool) == 0)
        n++;
    (void)worker(pool);
    for (uint32_t i = 0; i < n; i++)
        (void)pthread_join(threads[i], NULL);
    bau_free(threads);
    if (!pool->failed)
        return BAU_OK;
    *err = pool->err;
    return err->code;
}

bau_status pg_jobs_run(struct bau_side *side, const struct bau_target_plan *plan, const char *phase,
                       struct pg_job *jobs, uint32_t n, struct bau_error *err)
{
    if (n == 0)
        return BAU_OK;
    for (uint32_t i = 0; i < n; i++)
        jobs[i].order = i;
    qsort(jobs, n, sizeof *jobs, by_weight);
    struct pool pool = { .side = side, .plan = plan, .phase = phase, .jobs = jobs, .n = n };
    pool.use = bau_alloc_array(plan->catalog->n_datasets + 1u, sizeof *pool.use);
    if (!pool.use)
        return bau_error_set(err, BAU_E_NOMEM, "%s", phase);
    (void)pthread_mutex_init(&pool.mutex, NULL);
    (void)pthread_cond_init(&pool.changed, NULL);
    uint32_t n_threads = plan->jobs < n ? plan->jobs : n;
    if (pg_by_schema(side) || n_threads == 0)
        n_threads = 1;
    const bau_status status = run_all(&pool, n_threads, err);
    (void)pthread_cond_destroy(&pool.changed);
    (void)pthread_mutex_destroy(&pool.mutex);
    bau_free(pool.use);
    return status;
}
