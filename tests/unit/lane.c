/* Scheduling of lanes against a store that lives in this file: every row arrives once, whatever the cut; parts are tried
 * again and leave nothing behind (W1); the first error wins and everyone is joined; a stop wakes whoever is blocked. */
#include "bauta/log.h"
#include "src/lane/clock.h"
#include "src/lane/lane.h"
#include "src/lane/progress.h"
#include "src/lane/stop.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { DATASETS = 3, ROWS_A_PART = 1000, PARTS_MAX = 40 };

/* What goes wrong, when. */
struct trouble {
    bau_status code;
    bau_retry retry;
    uint32_t part;   /* number of the part it strikes */
    atomic_int left; /* how many times still */
};

struct bau_side {
    bool write;
    uint32_t batch_rows;
};
struct bau_link {
    const struct bau_side *side;
    atomic_bool interrupted;
};
struct bau_reader {
    struct bau_link *link;
    struct bau_part part;
    uint32_t batch_rows, given;
};
struct bau_writer {
    struct bau_link *link;
    struct bau_part part;
    uint64_t rows, sum, next_seq;
};

static struct trouble read_trouble, write_trouble, commit_trouble;
static atomic_bool block_reader, block_writer;
static atomic_int links_opened, links_open, readers_open, writers_open;
static uint64_t wrong_count, big_bytes;
static atomic_int big_unwritten, big_most;
static pthread_mutex_t store_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t stored_rows[DATASETS], stored_sum[DATASETS]; /* under store_lock */

static bau_status strike(struct trouble *t, uint32_t part, struct bau_error *err)
{
    if (t->code == BAU_OK || t->part != part || atomic_fetch_sub(&t->left, 1) <= 0)
        return BAU_OK;
    bau_error_set(err, t->code, "trouble");
    err->retry = t->retry;
    return t->code;
}

/* A blocking call of a driver: returns when interrupted only. */
static bau_status block(struct bau_link *link, struct bau_error *err)
{
    while (!atomic_load(&link->interrupted))
        usleep(1000);
    return bau_error_set(err, BAU_E_IO, "interrupted");
}

static bau_status link_open(struct bau_side *side, struct bau_link **out, struct bau_error *err)
{
    *out = bau_alloc(sizeof **out);
    if (!*out)
        return bau_error_set(err, BAU_E_NOMEM, "link");
    (*out)->side = side;
    atomic_fetch_add(&links_opened, 1);
    atomic_fetch_add(&links_open, 1);
    return BAU_OK;
}

static void link_close(struct bau_link *link)
{
    atomic_fetch_sub(&links_open, 1);
    bau_free(link);
}

static void link_interrupt(struct bau_link *link)
{
    atomic_store(&link->interrupted, true);
}

static bau_status read_open(struct bau_link *link, const struct bau_read *what, struct bau_reader **out,
                            struct bau_error *err)
{
    *out = bau_alloc(sizeof **out);
    if (!*out)
        return bau_error_set(err, BAU_E_NOMEM, "reader");
    const uint32_t most = link->side->batch_rows;
    **out =
        (struct bau_reader){ .link = link, .part = *what->part, .batch_rows = most ? most : BAU_BATCH_ROWS };
    atomic_fetch_add(&readers_open, 1);
    return BAU_OK;
}

/* Row i of a part holds its number in eight bytes. */
static bau_status fill(struct bau_reader *r, struct bau_batch *into, uint32_t n, struct bau_error *err)
{
    uint64_t *values = bau_arena_buffer(into->arena, n * sizeof *values + big_bytes);
    uint32_t *row_at = bau_arena_buffer(into->arena, (n + 1u) * sizeof *row_at);
    if (!values || !row_at)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t i = 0; i <= n; i++)
        row_at[i] = i * (uint32_t)sizeof *values;
    for (uint32_t i = 0; i < n; i++)
        values[i] = r->part.from + r->given + i;
    into->format = "fake";
    into->raw = (const uint8_t *)values;
    into->raw_len = n * sizeof *values;
    into->row_at = row_at;
    into->n_rows = n;
    into->bytes = into->raw_len + big_bytes;
    r->given += n;
    return BAU_OK;
}

static bau_status read_next(struct bau_reader *r, struct bau_batch *into, struct bau_error *err)
{
    const uint32_t rows = (uint32_t)(r->part.to - r->part.from);
    if (atomic_load(&block_reader))
        return block(r->link, err);
    if (r->given >= rows / 2)
        BAU_TRY(strike(&read_trouble, r->part.number, err));
    const uint32_t left = rows - r->given;
    if (big_bytes && left) {
        const int n = atomic_fetch_add(&big_unwritten, 1) + 1;
        if (n > atomic_load(&big_most))
            atomic_store(&big_most, n);
    }
    return left ? fill(r, into, left < r->batch_rows ? left : r->batch_rows, err) : BAU_OK;
}

static void read_close(struct bau_reader *r)
{
    atomic_fetch_sub(&readers_open, 1);
    bau_free(r);
}

static bau_status write_open(struct bau_link *link, const struct bau_write *what, struct bau_writer **out,
                             struct bau_error *err)
{
    *out = bau_alloc(sizeof **out);
    if (!*out)
        return bau_error_set(err, BAU_E_NOMEM, "writer");
    **out = (struct bau_writer){ .link = link, .part = *what->part };
    atomic_fetch_add(&writers_open, 1);
    return BAU_OK;
}

static bau_status write_next(struct bau_writer *w, const struct bau_batch *batch, struct bau_error *err)
{
    if (atomic_load(&block_writer))
        return block(w->link, err);
    if (batch->seq != w->next_seq++)
        return bau_error_set(err, BAU_E_BUG, "batches out of order");
    if (w->rows >= ROWS_A_PART / 2)
        BAU_TRY(strike(&write_trouble, w->part.number, err));
    for (uint32_t i = 0; i < batch->n_rows; i++) {
        uint64_t value;
        memcpy(&value, batch->raw + batch->row_at[i], sizeof value);
        w->sum += value;
    }
    w->rows += batch->n_rows;
    if (big_bytes)
        atomic_fetch_sub(&big_unwritten, 1);
    return BAU_OK;
}

static bau_status write_commit(struct bau_writer *w, uint64_t *out_rows, struct bau_error *err)
{
    BAU_TRY(strike(&commit_trouble, w->part.number, err));
    pthread_mutex_lock(&store_lock);
    stored_rows[w->part.dataset] += w->rows;
    stored_sum[w->part.dataset] += w->sum;
    pthread_mutex_unlock(&store_lock);
    *out_rows = w->rows + wrong_count;
    return BAU_OK;
}

static void write_close(struct bau_writer *w)
{
    atomic_fetch_sub(&writers_open, 1);
    bau_free(w);
}

static const struct bau_connector fake = {
    .name = "fake",
    .caps = BAU_CAN_READ | BAU_CAN_WRITE,
    .link_open = link_open,
    .link_close = link_close,
    .link_interrupt = link_interrupt,
    .read_open = read_open,
    .read_next = read_next,
    .read_close = read_close,
    .write_open = write_open,
    .write_next = write_next,
    .write_commit = write_commit,
    .write_close = write_close,
};

/* ── a run ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const struct bau_field field = { .name = "id", .type = BAU_I64 };
static const struct bau_dataset datasets[DATASETS] = { { .name = "a", .n_fields = 1, .fields = &field },
                                                       { .name = "b", .n_fields = 1, .fields = &field },
                                                       { .name = "c", .n_fields = 1, .fields = &field } };
static const struct bau_catalog catalog = { .store = "s", .n_datasets = DATASETS, .datasets = datasets };
static const bau_want want[] = { BAU_WANT_FRAME };
static const bool replaced[] = { false };
static const struct bau_dataset_plan plans[DATASETS] = {
    { .dataset = &datasets[0], .want = want, .replaced = replaced },
    { .dataset = &datasets[1], .want = want, .replaced = replaced },
    { .dataset = &datasets[2], .want = want, .replaced = replaced }
};
static const struct bau_store store = { .name = "s" };
static const struct bau_plan plan = {
    .catalog = &catalog, .store = &store, .n_datasets = DATASETS, .datasets = plans
};
static struct bau_part list[PARTS_MAX];
static const struct bau_parts parts = { PARTS_MAX, list };
static struct bau_side source = { .write = false }, target = { .write = true };
static struct bau_stop *stop;
static struct bau_progress *progress;
static struct bau_error err;
static uint64_t rows[DATASETS];

static void setup(void)
{
    bau_log_setup(BAU_LOG_SILENT, BAU_ERROR, STDERR_FILENO, "0");
    for (uint32_t i = 0; i < PARTS_MAX; i++)
        list[i] = (struct bau_part){ .dataset = i % DATASETS,
                                     .number = i,
                                     .of = PARTS_MAX,
                                     .from = i * ROWS_A_PART,
                                     .to = (i + 1) * ROWS_A_PART,
                                     .est_bytes = i * 7 % 11 };
    cr_assert_eq(bau_stop_new(true, &stop, &err), BAU_OK);
    cr_assert_eq(bau_progress_new(&catalog, &parts, 2, &progress, &err), BAU_OK);
}

/* Whatever happened: nothing is left open. */
static void teardown(void)
{
    cr_assert_eq(atomic_load(&links_open), 0);
    cr_assert_eq(atomic_load(&readers_open), 0);
    cr_assert_eq(atomic_load(&writers_open), 0);
    cr_assert_eq(atomic_load(&progress->lanes_busy), 0);
    bau_progress_free(progress);
    bau_stop_free(stop);
}

TestSuite(lane, .init = setup, .fini = teardown, .timeout = 60);

static bau_status go(uint32_t n_lanes, uint32_t batch_rows)
{
    const struct bau_lanes_run run = { .reader = &fake,
                                       .writer = &fake,
                                       .source = &source,
                                       .target = &target,
                                       .plan = &plan,
                                       .parts = &parts,
                                       .n_lanes = n_lanes,
                                       .progress = progress,
                                       .stop = stop };
    source.batch_rows = batch_rows;
    return bau_lanes_run(&run, rows, &err);
}

static void everything_arrived_once(void)
{
    uint64_t all = 0, sum = 0, counted = 0;
    for (size_t d = 0; d < DATASETS; d++) {
        all += stored_rows[d];
        sum += stored_sum[d];
        counted += progress->datasets[d].rows;
        cr_assert_eq(rows[d], stored_rows[d]);
    }
    const uint64_t n = (uint64_t)PARTS_MAX * ROWS_A_PART;
    cr_assert_eq(all, n);
    cr_assert_eq(sum, n * (n - 1) / 2);
    cr_assert_eq(counted, n);
}

static void again(void)
{
    memset(stored_rows, 0, sizeof stored_rows);
    memset(stored_sum, 0, sizeof stored_sum);
    bau_progress_free(progress);
    cr_assert_eq(bau_progress_new(&catalog, &parts, 2, &progress, &err), BAU_OK);
}

Test(lane, any_cut_any_number_of_lanes)
{
    static const uint32_t lanes[] = { 1, 2, 8 }, cuts[] = { 1, 7, 1000, 0 };
    for (size_t l = 0; l < BAU_COUNT(lanes); l++)
        for (size_t c = 0; c < BAU_COUNT(cuts); c++) {
            again();
            cr_assert_eq(go(lanes[l], cuts[c]), BAU_OK, "%s", err.text);
            everything_arrived_once();
        }
}

Test(lane, links_are_opened_once_a_lane)
{
    cr_assert_eq(go(2, 100), BAU_OK);
    cr_assert(atomic_load(&links_opened) <= 4, "%d", atomic_load(&links_opened));
}

static void set_trouble(struct trouble *t, bau_status code, bau_retry retry, int times)
{
    t->code = code;
    t->retry = retry;
    t->part = 17;
    atomic_store(&t->left, times);
}

Test(lane, reader_lost_its_connection)
{
    set_trouble(&read_trouble, BAU_E_SOURCE, BAU_RETRY_RECONNECT, 2);
    cr_assert_eq(go(1, 100), BAU_OK, "%s", err.text);
    everything_arrived_once();
    cr_assert_eq(atomic_load(&links_opened), 4, "two lost source links were opened anew");
    cr_assert_eq(progress->retries, 2);
}

Test(lane, writer_met_a_deadlock)
{
    set_trouble(&write_trouble, BAU_E_TARGET, BAU_RETRY_BACKOFF, 2);
    cr_assert_eq(go(1, 100), BAU_OK, "%s", err.text);
    everything_arrived_once();
    cr_assert_eq(atomic_load(&links_opened), 2, "the same links served");
}

Test(lane, writer_lost_its_connection)
{
    set_trouble(&write_trouble, BAU_E_TARGET, BAU_RETRY_RECONNECT, 1);
    cr_assert_eq(go(2, 33), BAU_OK, "%s", err.text);
    everything_arrived_once();
}

Test(lane, both_ends_in_trouble)
{
    set_trouble(&read_trouble, BAU_E_SOURCE, BAU_RETRY_RECONNECT, 2);
    set_trouble(&write_trouble, BAU_E_TARGET, BAU_RETRY_RECONNECT, 2);
    cr_assert_eq(go(2, 10), BAU_OK, "%s", err.text);
    everything_arrived_once();
}

Test(lane, commit_met_a_serialization_failure)
{
    set_trouble(&commit_trouble, BAU_E_TARGET, BAU_RETRY_BACKOFF, 1);
    cr_assert_eq(go(2, 100), BAU_OK, "%s", err.text);
    everything_arrived_once();
}

Test(lane, connection_lost_in_a_commit_is_not_tried_again)
{
    set_trouble(&commit_trouble, BAU_E_TARGET, BAU_RETRY_RECONNECT, 1);
    cr_assert_eq(go(2, 100), BAU_E_TARGET);
    cr_assert_str_eq(err.text, "c: lost while committing: trouble");
}

Test(lane, gives_up_after_five_more_tries)
{
    set_trouble(&read_trouble, BAU_E_SOURCE, BAU_RETRY_BACKOFF, 6);
    const uint64_t from = bau_now_ms();
    cr_assert_eq(go(2, 100), BAU_E_SOURCE);
    cr_assert_str_eq(err.text, "c: trouble");
    cr_assert(bau_now_ms() - from >= 250 + 500 + 1000 + 2000 + 4000);
}

Test(lane, errors_that_stay_end_the_run)
{
    set_trouble(&read_trouble, BAU_E_DATA, BAU_RETRY_NO, 1);
    cr_assert_eq(go(4, 100), BAU_E_DATA);
    cr_assert_str_eq(err.text, "c: trouble");
}

Test(lane, writer_errors_wake_a_blocked_reader)
{
    set_trouble(&write_trouble, BAU_E_TARGET, BAU_RETRY_NO, 1);
    cr_assert_eq(go(3, 50), BAU_E_TARGET);
    cr_assert_str_eq(err.text, "c: trouble");
}

Test(lane, counts_must_agree)
{
    wrong_count = 1;
    cr_assert_eq(go(2, 100), BAU_E_VERIFY);
    cr_assert(strstr(err.text, "1000 rows read, 1001 written") != NULL, "%s", err.text);
}

static void *later(void *number)
{
    usleep(100000);
    if (number)
        kill(getpid(), *(int *)number);
    else
        bau_stop_deadline(stop, 1);
    return NULL;
}

static void stops(atomic_bool *blocked, int *number, bau_status code)
{
    pthread_t thread;
    atomic_store(blocked, true);
    cr_assert_eq(pthread_create(&thread, NULL, later, number), 0);
    const uint64_t from = bau_now_ms();
    cr_assert_eq(go(4, 10), code, "%s", err.text);
    cr_assert(bau_now_ms() - from < 5000);
    pthread_join(thread, NULL);
}

Test(lane, signal_wakes_blocked_writers)
{
    int number = SIGTERM;
    stops(&block_writer, &number, BAU_E_CANCELLED);
}

Test(lane, signal_wakes_blocked_readers)
{
    int number = SIGINT;
    stops(&block_reader, &number, BAU_E_CANCELLED);
}

Test(lane, deadline_wakes_blocked_readers)
{
    stops(&block_reader, NULL, BAU_E_DEADLINE);
}

Test(lane, a_run_stopped_before_it_begins)
{
    struct bau_error e;
    bau_error_set(&e, BAU_E_CANCELLED, "x");
    bau_stop_fail(stop, &e);
    cr_assert_eq(go(4, 10), BAU_E_CANCELLED);
}

Test(lane, big_batches_do_not_pile_up)
{
    big_bytes = 17u * 1024 * 1024;
    for (uint32_t i = 0; i < PARTS_MAX; i++)
        list[i].to = list[i].from + (i < 3 ? 10 : 0);
    cr_assert_eq(go(1, 2), BAU_OK);
    cr_assert_eq(atomic_load(&big_most), 1, "%d", atomic_load(&big_most));
}

Test(lane, empty_parts)
{
    for (uint32_t i = 0; i < PARTS_MAX; i++)
        list[i].to = list[i].from;
    cr_assert_eq(go(2, 100), BAU_OK);
    cr_assert_eq(rows[0] + rows[1] + rows[2], 0);
}
