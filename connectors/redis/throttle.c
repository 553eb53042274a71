/* See throttle.h. The pace is a schedule: each ask moves the moment at which the next one may start. The probe has a level: a PING
 * that took longer than max_latency raises it, ten in a row that did not lower it. With each level the groups of keys are
 * halved, later pauses are doubled; the highest level is slow, yet no standstill, since the cause may be somebody else. */
#include "throttle.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "bauta/log.h"

enum {
    EVERY_MS = 100,
    CALM = 10,
    LEVEL_MOST = 8,
    PAUSES_FROM = 4,
    GROUP_LEAST = 4,
    SLICE_MS = 100,
    SUSTAINED = 3
};

struct redis_throttle {
    const struct redis_config *config;
    const char *store;
    pthread_mutex_t lock;
    uint64_t free_us; /* under the lock: when the next ask may start */
    atomic_uint level;
    /* probe */
    bool probing;
    pthread_t thread;
    struct redis_client *client;
    int over[2]; /* a pipe, closed when it is over */
    unsigned highest;
    uint64_t slow, slowest_us;
};

static uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ── the pace ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static uint64_t cost_us(const struct redis_config *c, uint64_t keys, uint64_t bytes)
{
    const double by_keys = c->keys_per_second ? (double)keys * 1e6 / (double)c->keys_per_second : 0;
    const double by_bytes = c->bytes_per_second ? (double)bytes * 1e6 / (double)c->bytes_per_second : 0;
    const double longer = by_keys > by_bytes ? by_keys : by_bytes;
    return longer > 1e15 ? (uint64_t)1e15 : (uint64_t)longer;
}

static uint64_t pause_us(const struct redis_throttle *t)
{
    const unsigned level = atomic_load(&t->level);
    return level < PAUSES_FROM ? 0 : UINT64_C(1000) << (level - PAUSES_FROM);
}

bau_status redis_throttle_wait(struct redis_throttle *t, const struct redis_client *client, uint64_t keys,
                               uint64_t bytes, struct bau_error *err)
{
    if (!t)
        return BAU_OK;
    uint64_t now = now_us();
    (void)pthread_mutex_lock(&t->lock);
    uint64_t start = t->free_us > now ? t->free_us : now;
    t->free_us = start + cost_us(t->config, keys, bytes);
    (void)pthread_mutex_unlock(&t->lock);
    for (start += pause_us(t); now < start; now = now_us()) {
        const uint64_t left = (start - now) / 1000 + 1;
        if (redis_client_stopped(client))
            return bau_error_set(err, BAU_E_CANCELLED, "stopped");
        (void)poll(NULL, 0, (int)(left < SLICE_MS ? left : SLICE_MS));
    }
    return BAU_OK;
}

/* Groups of no more than a tenth of a second, so that the pace is even. */
uint32_t redis_throttle_group(const struct redis_throttle *t, uint32_t most)
{
    if (!t)
        return most;
    const uint64_t each = t->config->keys_per_second ? t->config->keys_per_second / 10 + 1 : most;
    const uint32_t full = (uint32_t)(each < most ? each : most), n = full >> atomic_load(&t->level),
                   least = full < GROUP_LEAST ? full : GROUP_LEAST;
    return n > least ? n : least;
}

/* ── the probe ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static void judge(struct redis_throttle *t, uint64_t took_us, unsigned *calm)
{
    const unsigned level = atomic_load(&t->level);
    if (took_us <= t->config->max_latency_ms * 1000) {
        if (++*calm < CALM || level == 0)
            return;
        *calm = 0;
        atomic_store(&t->level, level - 1);
        bau_log(BAU_DEBUG, "the source answers in time", BAU_NAME("store", t->store),
                BAU_U64("level", level - 1));
        return;
    }
    *calm = 0;
    t->slow++;
    t->slowest_us = took_us > t->slowest_us ? took_us : t->slowest_us;
    if (level == LEVEL_MOST)
        return;
    atomic_store(&t->level, level + 1);
    t->highest = level + 1 > t->highest ? level + 1 : t->highest;
    bau_log(BAU_DEBUG, "the source answers late", BAU_NAME("store", t->store), BAU_U64("us", took_us),
            BAU_U64("level", level + 1));
}

/* The slowest of the server, or of a cluster's masters; UINT64_MAX: one does not answer any more. */
static uint64_t ping(const struct redis_throttle *t)
{
    struct redis_cluster *cl = redis_client_cluster(t->client);
    uint64_t slowest = 0;
    for (uint32_t i = 0; i < (cl ? redis_cluster_nodes(cl) : 1); i++) {
        struct redis_client *c = t->client;
        struct bau_error ignored;
        if (cl && (!redis_cluster_master(cl, i) || redis_cluster_node(cl, i, &c, &ignored) != BAU_OK))
            continue;
        const uint64_t start = now_us();
        if (redis_call(c, NULL, &ignored, "PING", NULL) != BAU_OK)
            return UINT64_MAX;
        const uint64_t took = now_us() - start;
        slowest = took > slowest ? took : slowest;
    }
    return slowest;
}

static void *probe(void *self)
{
    struct redis_throttle *t = self;
    unsigned calm = 0;
    for (;;) {
        struct pollfd over = { .fd = t->over[0], .events = POLLIN };
        const int got = poll(&over, 1, EVERY_MS);
        if (got < 0 && errno == EINTR)
            continue;
        if (got != 0)
            return NULL;
        const uint64_t took = ping(t);
        if (took == UINT64_MAX)
            return NULL; /* the lanes learn by themselves when the server is gone */
        judge(t, took, &calm);
    }
}

static bau_status start_probe(struct bau_side *side, struct redis_throttle *t, struct bau_error *err)
{
    BAU_TRY(redis_connect(side, side->address.db, &t->client, err));
    if (pipe(t->over) != 0)
        return bau_error_set(err, BAU_E_IO, "no pipe for the latency probe");
    t->probing = pthread_create(&t->thread, NULL, probe, t) == 0;
    if (t->probing)
        return BAU_OK;
    close(t->over[0]);
    close(t->over[1]);
    return bau_error_set(err, BAU_E_NOMEM, "no thread for the latency probe");
}

bau_status redis_throttle_start(struct bau_side *side, struct redis_throttle **out, struct bau_error *err)
{
    struct redis_throttle *t = bau_alloc(sizeof *t);
    if (!t || pthread_mutex_init(&t->lock, NULL) != 0) {
        bau_free(t);
        return bau_error_set(err, BAU_E_NOMEM, "throttle");
    }
    t->config = side->config;
    t->store = side->with.store;
    const bau_status status = side->config->max_latency_ms ? start_probe(side, t, err) : BAU_OK;
    if (status != BAU_OK) {
        redis_throttle_stop(t);
        return status;
    }
    *out = t;
    return BAU_OK;
}

void redis_throttle_stop(struct redis_throttle *t)
{
    if (!t)
        return;
    if (t->probing) {
        close(t->over[1]);
        redis_client_cut(t->client);
        (void)pthread_join(t->thread, NULL);
        close(t->over[0]);
        if (t->slow)
            bau_log(t->highest >= SUSTAINED ? BAU_INFO : BAU_DEBUG,
                    "the source answered later than max_latency, so it was read more slowly",
                    BAU_NAME("store", t->store), BAU_U64("times", t->slow),
                    BAU_U64("slowest_us", t->slowest_us), BAU_U64("level", t->highest));
    }
    redis_client_close(t->client);
    (void)pthread_mutex_destroy(&t->lock);
    bau_free(t);
}
