/* The watcher sleeps in poll(2) on a pipe. A signal writes its number there, everyone else writes a
 * zero to wake it. Nothing else happens in a signal handler. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "src/lane/clock.h"
#include "src/lane/stop.h"

enum { WAKE = 0, AGAIN_MS = 500 };

struct entry {
    const struct bau_connector *connector;
    struct bau_link *link;
    bool interrupting;
};

struct bau_stop {
    atomic_bool stopped, quit; /* quit: the watcher shall end */
    int wake[2];
    bool signals, watching;
    struct sigaction old_int, old_term;
    pthread_t watcher;
    pthread_mutex_t lock;   /* guards everything below */
    pthread_cond_t changed; /* stopped, or an interrupt returned */
    struct bau_error first;
    uint64_t deadline_at, snapshot_until, timeout_ms, snapshot_ms; /* at and until: 0 is none */
    struct entry *entries;
    size_t n, room;
};

/* What a handler may know: where to write. -1: no run listens. */
static volatile sig_atomic_t signal_pipe = -1;

static void on_signal(int number)
{
    const int keep = errno;
    const unsigned char byte = (unsigned char)number;
    const int fd = (int)signal_pipe;
    if (fd >= 0 && write(fd, &byte, 1) < 0) {
        /* the pipe is full of wake-ups: one of them will do */
    }
    errno = keep;
}

static void wake(struct bau_stop *stop, unsigned char byte)
{
    if (write(stop->wake[1], &byte, 1) < 0) {
        /* full: the watcher is about to wake anyway */
    }
}

static bool fail(struct bau_stop *stop, const struct bau_error *err)
{
    pthread_mutex_lock(&stop->lock);
    const bool first = !atomic_load_explicit(&stop->stopped, memory_order_relaxed);
    if (first) {
        stop->first = *err;
        atomic_store_explicit(&stop->stopped, true, memory_order_release);
        pthread_cond_broadcast(&stop->changed);
    }
    pthread_mutex_unlock(&stop->lock);
    return first;
}

void bau_stop_fail(struct bau_stop *stop, const struct bau_error *err)
{
    if (fail(stop, err))
        wake(stop, WAKE);
}

bool bau_stop_is(const struct bau_stop *stop)
{
    return atomic_load_explicit(&stop->stopped, memory_order_acquire);
}

bau_status bau_stop_status(struct bau_stop *stop, struct bau_error *err)
{
    if (!bau_stop_is(stop))
        return BAU_OK;
    pthread_mutex_lock(&stop->lock);
    const bau_status code = stop->first.code;
    if (err)
        *err = stop->first;
    pthread_mutex_unlock(&stop->lock);
    return code;
}

/* ── the watcher ─────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Milliseconds the watcher may sleep; -1: until woken. Fails the run when a limit has passed. */
static int check_limits(struct bau_stop *stop)
{
    struct bau_error err;
    const uint64_t now = bau_now_ms();
    pthread_mutex_lock(&stop->lock);
    const uint64_t deadline = stop->deadline_at, snapshot = stop->snapshot_until;
    const uint64_t timeout_ms = stop->timeout_ms, snapshot_ms = stop->snapshot_ms;
    pthread_mutex_unlock(&stop->lock);
    if (deadline && now >= deadline) {
        bau_error_set(&err, BAU_E_DEADLINE, "the run took longer than its limit of %" PRIu64 " s",
                      timeout_ms / 1000u);
        fail(stop, &err);
        return 0;
    }
    if (snapshot && now >= snapshot) {
        bau_error_set(&err, BAU_E_SOURCE,
                      "the source's snapshot was held longer than its limit of %" PRIu64 " s",
                      snapshot_ms / 1000u);
        fail(stop, &err);
        return 0;
    }
    uint64_t next = deadline && (!snapshot || deadline < snapshot) ? deadline : snapshot;
    if (!next)
        return -1;
    next -= now;
    return next > 3600000u ? 3600000 : (int)next + 1;
}

/* Interrupts every link once. The lock is not held during an interrupt, which talks to a server. */
static void interrupt_all(struct bau_stop *stop)
{
    pthread_mutex_lock(&stop->lock);
    for (size_t i = 0; i < stop->n; i++) {
        const struct entry e = stop->entries[i];
        stop->entries[i].interrupting = true;
        pthread_mutex_unlock(&stop->lock);
        e.connector->link_interrupt(e.link);
        pthread_mutex_lock(&stop->lock);
        for (size_t j = 0; j < stop->n; j++) /* entries may have moved, but this one waits for us */
            if (stop->entries[j].link == e.link && stop->entries[j].interrupting) {
                stop->entries[j].interrupting = false;
                i = j;
                break;
            }
        pthread_cond_broadcast(&stop->changed);
    }
    pthread_mutex_unlock(&stop->lock);
}

static void note_signal(struct bau_stop *stop, int number)
{
    struct bau_error err;
    bau_error_set(&err, BAU_E_CANCELLED, "stopped by %s", number == SIGINT ? "SIGINT" : "SIGTERM");
    err.sys = number;
    fail(stop, &err);
}

static void *watch(void *self)
{
    struct bau_stop *stop = self;
    struct pollfd on = { .fd = stop->wake[0], .events = POLLIN };
    while (!atomic_load(&stop->quit)) {
        int sleep_ms = check_limits(stop);
        if (bau_stop_is(stop)) {
            interrupt_all(stop);
            sleep_ms = AGAIN_MS;
        }
        if (poll(&on, 1, sleep_ms) <= 0)
            continue;
        unsigned char bytes[64];
        const ssize_t n = read(stop->wake[0], bytes, sizeof bytes);
        for (ssize_t i = 0; i < n; i++)
            if (bytes[i] != WAKE)
                note_signal(stop, bytes[i]);
    }
    return NULL;
}

/* ── life ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool make_pipe(int fds[2])
{
    if (pipe(fds) != 0)
        return false;
    for (int i = 0; i < 2; i++)
        if (fcntl(fds[i], F_SETFD, FD_CLOEXEC) != 0 || fcntl(fds[i], F_SETFL, O_NONBLOCK) != 0)
            return false;
    return true;
}

/* The watcher takes no signals itself: they go to the main thread and come here through the pipe. */
static bool start_watcher(struct bau_stop *stop)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    stop->watching = pthread_create(&stop->watcher, NULL, watch, stop) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return stop->watching;
}

static void take_signals(struct bau_stop *stop)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    signal_pipe = stop->wake[1];
    sigaction(SIGINT, &action, &stop->old_int);
    sigaction(SIGTERM, &action, &stop->old_term);
    stop->signals = true;
}

bau_status bau_stop_new(bool signals, struct bau_stop **out, struct bau_error *err)
{
    struct bau_stop *stop = bau_alloc(sizeof *stop);
    if (!stop)
        return bau_error_set(err, BAU_E_NOMEM, "stop");
    stop->wake[0] = stop->wake[1] = -1;
    atomic_init(&stop->stopped, false);
    atomic_init(&stop->quit, false);
    pthread_mutex_init(&stop->lock, NULL);
    if (!bau_cond_init(&stop->changed) || !make_pipe(stop->wake) || !start_watcher(stop)) {
        const int sys = errno;
        bau_stop_free(stop);
        const bau_status status = bau_error_set(err, BAU_E_IO, "the watcher thread could not start");
        if (err)
            err->sys = sys;
        return status;
    }
    if (signals)
        take_signals(stop);
    *out = stop;
    return BAU_OK;
}

void bau_stop_free(struct bau_stop *stop)
{
    if (!stop)
        return;
    if (stop->signals) {
        sigaction(SIGINT, &stop->old_int, NULL);
        sigaction(SIGTERM, &stop->old_term, NULL);
        signal_pipe = -1;
    }
    if (stop->watching) {
        atomic_store(&stop->quit, true);
        wake(stop, WAKE);
        pthread_join(stop->watcher, NULL);
    }
    for (int i = 0; i < 2; i++)
        if (stop->wake[i] >= 0)
            close(stop->wake[i]);
    pthread_cond_destroy(&stop->changed);
    pthread_mutex_destroy(&stop->lock);
    bau_free(stop->entries);
    bau_free(stop);
}

/* ── limits, links, waiting ──────────────────────────────────────────────────────────────────────────────────────── */

static void set_limit(struct bau_stop *stop, uint64_t *at, uint64_t *length, uint64_t ms)
{
    pthread_mutex_lock(&stop->lock);
    *at = ms ? bau_now_ms() + ms : 0;
    *length = ms;
    pthread_mutex_unlock(&stop->lock);
    wake(stop, WAKE);
}

void bau_stop_deadline(struct bau_stop *stop, uint64_t timeout_ms)
{
    set_limit(stop, &stop->deadline_at, &stop->timeout_ms, timeout_ms);
}

void bau_stop_snapshot_age(struct bau_stop *stop, uint64_t ms)
{
    set_limit(stop, &stop->snapshot_until, &stop->snapshot_ms, ms);
}

static bau_status add_link(struct bau_stop *stop, const struct bau_connector *connector,
                           struct bau_link *link, struct bau_error *err)
{
    if (stop->n == stop->room) {
        const size_t room = stop->room ? stop->room * 2 : 16;
        struct entry *grown = bau_realloc(stop->entries, room * sizeof *grown);
        if (!grown)
            return bau_error_set(err, BAU_E_NOMEM, "list of links");
        stop->entries = grown;
        stop->room = room;
    }
    stop->entries[stop->n++] = (struct entry){ .connector = connector, .link = link };
    return BAU_OK;
}

static size_t find_link(const struct bau_stop *stop, const struct bau_link *link)
{
    size_t i = 0;
    while (i < stop->n && stop->entries[i].link != link)
        i++;
    return i;
}

static void drop_link(struct bau_stop *stop, const struct bau_link *link)
{
    size_t i;
    while ((i = find_link(stop, link)) < stop->n && stop->entries[i].interrupting)
        pthread_cond_wait(&stop->changed, &stop->lock);
    if (i < stop->n) {
        memmove(&stop->entries[i], &stop->entries[i + 1], (stop->n - i - 1) * sizeof *stop->entries);
        stop->n--;
    }
}

bau_status bau_stop_link(struct bau_stop *stop, const struct bau_connector *connector, struct bau_link *link,
                         bool on, struct bau_error *err)
{
    bau_status status = BAU_OK;
    pthread_mutex_lock(&stop->lock);
    if (on)
        status = add_link(stop, connector, link, err);
    else
        drop_link(stop, link);
    pthread_mutex_unlock(&stop->lock);
    if (on && status == BAU_OK && bau_stop_is(stop))
        wake(stop, WAKE);
    return status;
}

bool bau_stop_wait_until(struct bau_stop *stop, uint64_t at_ms)
{
    const struct timespec until = bau_at_ms(at_ms);
    pthread_mutex_lock(&stop->lock);
    while (!bau_stop_is(stop) && bau_now_ms() < at_ms)
        if (pthread_cond_timedwait(&stop->changed, &stop->lock, &until) == ETIMEDOUT)
            break;
    pthread_mutex_unlock(&stop->lock);
    return bau_stop_is(stop);
}
