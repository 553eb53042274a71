/* Lanes. Each has two threads and a rotation of three batches between them:
 *
 *   front (reader, leads)                       back (writer)
 *   take a part, BEGIN ──────────────────────▶  write_open
 *   read_next → mask → hand over  ── full ───▶  write_next
 *   next empty batch             ◀── empty ──
 *   end of part: END ────────────────────────▶  write_commit, rows counted
 *   error: ABORT ────────────────────────────▶  write_close, the part rolls back
 *   result of the attempt        ◀─────────────
 *
 * The front opens and uses the source's link, the back the target's; both are kept over parts. A part that fails with
 * an error known to pass is tried again, up to five times; anything else stops the run. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "bauta/log.h"
#include "src/lane/clock.h"
#include "src/lane/journal.h"
#include "src/lane/lane.h"
#include "src/lane/parts.h"
#include "src/lane/progress.h"

enum {
    N_BATCHES = 3,
    OVERLAP_BYTES_MAX = 16 * 1024 * 1024, /* a larger batch is written before the next one is read */
    RETRIES_MAX = 5,
    BACKOFF_FIRST_MS = 250,
};

#ifdef NDEBUG
static const bau_validate_level check_level = BAU_VALIDATE_SHAPE;
#else
static const bau_validate_level check_level = BAU_VALIDATE_CONTENTS;
#endif

typedef enum { ORDER_BEGIN, ORDER_END, ORDER_ABORT, ORDER_QUIT, N_ORDERS } lane_order;

struct shared {
    const struct bau_lanes_run *run;
    struct bau_part_list *list;
    struct bau_rate *rate;
    pthread_mutex_t lock; /* guards rows */
    uint64_t *rows;       /* committed, per dataset */
};

struct lane {
    struct shared *shared;
    const struct bau_lanes_run *run;
    pthread_t front, back;
    struct bau_batch batches[N_BATCHES];

    pthread_mutex_t lock; /* guards the rotation: everything up to the blank line */
    pthread_cond_t to_back, to_front;
    bool orders[N_ORDERS]; /* given and not yet carried out: END may come before BEGIN was seen */
    const struct bau_part *part;
    uint32_t first_full, n_full;    /* ring of batches; the one being written still counts as full */
    bool back_working, back_failed; /* working: from BEGIN until the attempt's result is there */
    struct bau_error back_error;
    uint64_t rows_committed;

    struct bau_link *source; /* front only */
    struct bau_mask_state *mask;
    struct bau_picker *picker;            /* of the part; NULL: every row */
    struct bau_link *target;              /* back only */
    uint64_t rows_written, bytes_written; /* back while working, front afterwards */
};

/* ── links ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status open_link(struct lane *lane, const struct bau_connector *connector, struct bau_side *side,
                            struct bau_link **link, struct bau_error *err)
{
    if (*link)
        return BAU_OK;
    struct bau_link *made = NULL;
    BAU_TRY(connector->link_open(side, &made, err));
    const bau_status status = bau_stop_link(lane->run->stop, connector, made, true, err);
    if (status != BAU_OK) {
        connector->link_close(made);
        return status;
    }
    *link = made;
    return BAU_OK;
}

static void close_link(struct lane *lane, const struct bau_connector *connector, struct bau_link **link)
{
    if (!*link)
        return;
    const bau_status off = bau_stop_link(lane->run->stop, connector, *link, false, NULL);
    (void)off; /* taking off cannot fail */
    connector->link_close(*link);
    *link = NULL;
}

static bool may_pass(const struct bau_error *err)
{
    return err->retry != BAU_RETRY_NO;
}

/* ── back: the writer ────────────────────────────────────────────────────────────────────────────────────────────── */

/* Waits for the next batch, which stays in the ring while it is written, or for the part's end: NULL. */
static struct bau_batch *next_batch(struct lane *lane, bool *out_abort)
{
    pthread_mutex_lock(&lane->lock);
    while (lane->n_full == 0 && !lane->orders[ORDER_END] && !lane->orders[ORDER_ABORT])
        pthread_cond_wait(&lane->to_back, &lane->lock);
    *out_abort = lane->orders[ORDER_ABORT];
    struct bau_batch *batch = lane->n_full && !*out_abort ? &lane->batches[lane->first_full] : NULL;
    pthread_mutex_unlock(&lane->lock);
    return batch;
}

static void batch_written(struct lane *lane, struct bau_batch *batch)
{
    if (batch->bytes > OVERLAP_BYTES_MAX)
        bau_batch_drop(batch); /* the other two of the rotation would keep theirs as well */
    pthread_mutex_lock(&lane->lock);
    lane->first_full = (lane->first_full + 1) % N_BATCHES;
    lane->n_full--;
    pthread_cond_signal(&lane->to_front);
    pthread_mutex_unlock(&lane->lock);
}

static bau_status write_batch(struct lane *lane, struct bau_writer *writer, const struct bau_batch *batch,
                              struct bau_error *err)
{
    BAU_TRY_NOTE(bau_batch_validate(batch, check_level, err), err, "batch to write");
    BAU_TRY(lane->run->writer->write_next(writer, batch, err));
    lane->rows_written += batch->n_rows;
    lane->bytes_written += batch->bytes;
    bau_progress_add(lane->run->progress, lane->part->dataset, batch->n_rows, batch->bytes);
    return BAU_OK;
}

/* A connection lost inside a commit leaves open whether the rows arrived: writing them again might double them. */
static bau_status commit(struct lane *lane, struct bau_writer *writer, uint64_t *out_rows,
                         struct bau_error *err)
{
    const bau_status status = lane->run->writer->write_commit(writer, out_rows, err);
    if (status != BAU_OK && err->retry == BAU_RETRY_RECONNECT) {
        bau_error_note(err, "lost while committing");
        err->retry = BAU_RETRY_NO;
    }
    return status;
}

/* Batches until END or ABORT. ABORT gives BAU_E_CANCELLED, which the front knows to be its own doing. */
static bau_status write_batches(struct lane *lane, struct bau_writer *writer, uint64_t *out_rows,
                                struct bau_error *err)
{
    for (;;) {
        bool aborted;
        struct bau_batch *batch = next_batch(lane, &aborted);
        if (aborted)
            return bau_error_set(err, BAU_E_CANCELLED, "part given up");
        if (!batch)
            return commit(lane, writer, out_rows, err);
        BAU_TRY(write_batch(lane, writer, batch, err));
        batch_written(lane, batch);
    }
}

static bau_status write_part(struct lane *lane, uint64_t *out_rows, struct bau_error *err)
{
    const struct bau_lanes_run *run = lane->run;
    const struct bau_dataset_plan *plan = &run->plan->datasets[lane->part->dataset];
    const struct bau_write what = { .dataset = plan->dataset,
                                    .part = lane->part,
                                    .replaced = bau_chosen_replaced(run->chosen, plan, lane->part->dataset) };
    struct bau_writer *writer = NULL;
    BAU_TRY(open_link(lane, run->writer, run->target, &lane->target, err));
    BAU_TRY(run->writer->write_open(lane->target, &what, &writer, err));
    const bau_status status = write_batches(lane, writer, out_rows, err);
    run->writer->write_close(writer);
    return status;
}

static void attempt_over(struct lane *lane, bau_status status, const struct bau_error *err, uint64_t rows)
{
    pthread_mutex_lock(&lane->lock);
    lane->back_failed = status != BAU_OK;
    if (lane->back_failed)
        lane->back_error = *err;
    lane->rows_committed = rows;
    lane->back_working = false;
    pthread_cond_signal(&lane->to_front);
    pthread_mutex_unlock(&lane->lock);
}

/* Between parts: whatever an attempt left behind is not looked at. False: QUIT. */
static bool next_part(struct lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    while (!lane->orders[ORDER_BEGIN] && !lane->orders[ORDER_QUIT])
        pthread_cond_wait(&lane->to_back, &lane->lock);
    const bool part = lane->orders[ORDER_BEGIN];
    lane->orders[ORDER_BEGIN] = false;
    pthread_mutex_unlock(&lane->lock);
    return part;
}

static void *back_main(void *self)
{
    struct lane *lane = self;
    while (next_part(lane)) {
        struct bau_error err = { 0 };
        uint64_t rows = 0;
        const bau_status status = write_part(lane, &rows, &err);
        if (status != BAU_OK && status != BAU_E_CANCELLED && !may_pass(&err)) {
            bau_error_note(&err, "%s", lane->run->plan->datasets[lane->part->dataset].dataset->name);
            bau_stop_fail(lane->run->stop, &err); /* now: the front may be deep in a read */
        }
        if (status != BAU_OK && err.retry == BAU_RETRY_RECONNECT)
            close_link(lane, lane->run->writer, &lane->target);
        attempt_over(lane, status, &err, rows);
    }
    close_link(lane, lane->run->writer, &lane->target);
    return NULL;
}

/* ── front: the reader ───────────────────────────────────────────────────────────────────────────────────────────── */

static void order_back(struct lane *lane, lane_order order)
{
    pthread_mutex_lock(&lane->lock);
    if (order == ORDER_BEGIN) {
        lane->first_full = lane->n_full = 0;
        lane->rows_written = lane->bytes_written = 0;
        lane->back_working = true;
        lane->back_failed = false;
        lane->orders[ORDER_END] = lane->orders[ORDER_ABORT] = false;
    }
    lane->orders[order] = true;
    pthread_cond_signal(&lane->to_back);
    pthread_mutex_unlock(&lane->lock);
}

/* Waits until the ring has fewer than `below` full batches. NULL: the back gave up. */
static struct bau_batch *empty_batch(struct lane *lane, uint32_t below)
{
    pthread_mutex_lock(&lane->lock);
    while (lane->back_working && lane->n_full >= below)
        pthread_cond_wait(&lane->to_front, &lane->lock);
    struct bau_batch *batch =
        lane->back_working ? &lane->batches[(lane->first_full + lane->n_full) % N_BATCHES] : NULL;
    pthread_mutex_unlock(&lane->lock);
    return batch;
}

static void hand_over(struct lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    lane->n_full++;
    pthread_cond_signal(&lane->to_back);
    pthread_mutex_unlock(&lane->lock);
}

static void wait_back(struct lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    while (lane->back_working)
        pthread_cond_wait(&lane->to_front, &lane->lock);
    pthread_mutex_unlock(&lane->lock);
}

/* One batch read and masked; n_rows 0 at the end of the part. */
static bau_status fill(struct lane *lane, struct bau_reader *reader, uint64_t seq, uint64_t first_row,
                       struct bau_batch *batch, struct bau_error *err)
{
    const struct bau_lanes_run *run = lane->run;
    const struct bau_dataset_plan *plan = &run->plan->datasets[lane->part->dataset];
    do {
        if (bau_stop_is(run->stop))
            return bau_error_set(err, BAU_E_CANCELLED, "stopped");
        BAU_TRY(bau_batch_reset(batch, plan->dataset, err));
        BAU_TRY(run->reader->read_next(reader, batch, err));
        batch->seq = seq;
        if (batch->n_rows == 0)
            return BAU_OK;
        BAU_TRY_NOTE(bau_batch_validate(batch, check_level, err), err, "batch as read");
        bau_rate_take(lane->shared->rate, batch->bytes, run->stop);
        if (lane->picker)
            BAU_TRY(bau_picker_rows(lane->picker, batch, err));
    } while (batch->n_rows == 0);
    if (plan->touched)
        BAU_TRY(bau_plan_mask(run->plan, lane->mask, lane->part->dataset, first_row, batch, err));
    return lane->picker ? bau_picker_nulls(lane->picker, batch, err) : BAU_OK;
}

/* Reads the part to its end, or until the back gave up (then BAU_OK too: the back's error tells). */
static bau_status read_batches(struct lane *lane, struct bau_reader *reader, uint64_t *out_rows,
                               struct bau_error *err)
{
    uint64_t seq = 0;
    uint32_t below = N_BATCHES;
    for (;;) {
        struct bau_batch *batch = empty_batch(lane, below);
        if (!batch)
            return BAU_OK;
        if (bau_stop_is(lane->run->stop))
            return bau_error_set(err, BAU_E_CANCELLED, "stopped");
        BAU_TRY(fill(lane, reader, seq++, *out_rows, batch, err));
        if (batch->n_rows == 0)
            return BAU_OK;
        *out_rows += batch->n_rows;
        below = batch->bytes > OVERLAP_BYTES_MAX ? 1 : N_BATCHES;
        hand_over(lane);
    }
}

static bau_status read_part(struct lane *lane, uint64_t *out_rows, struct bau_error *err)
{
    const struct bau_lanes_run *run = lane->run;
    const struct bau_dataset_plan *plan = &run->plan->datasets[lane->part->dataset];
    const uint32_t dataset = lane->part->dataset;
    const struct bau_read what = { .dataset = plan->dataset,
                                   .part = lane->part,
                                   .want = bau_chosen_want(run->chosen, plan, dataset),
                                   .keys = bau_chosen_keys(run->chosen, dataset) };
    struct bau_reader *reader = NULL;
    BAU_TRY(open_link(lane, run->reader, run->source, &lane->source, err));
    BAU_TRY(bau_picker_new(run->chosen, dataset, &lane->picker, err));
    bau_status status = run->reader->read_open(lane->source, &what, &reader, err);
    if (status == BAU_OK) {
        status = read_batches(lane, reader, out_rows, err);
        run->reader->read_close(reader);
    }
    bau_picker_free(lane->picker);
    lane->picker = NULL;
    return status;
}

/* One attempt at a part. When both ends failed, the error that would not pass decides. */
static bau_status attempt(struct lane *lane, struct bau_error *err)
{
    uint64_t rows_read = 0;
    order_back(lane, ORDER_BEGIN);
    const bau_status status = read_part(lane, &rows_read, err);
    order_back(lane, status == BAU_OK ? ORDER_END : ORDER_ABORT);
    wait_back(lane);
    if (status != BAU_OK && err->retry == BAU_RETRY_RECONNECT)
        close_link(lane, lane->run->reader, &lane->source);
    const bool back_counts = lane->back_failed && lane->back_error.code != BAU_E_CANCELLED;
    if (back_counts && (status == BAU_OK || (may_pass(err) && !may_pass(&lane->back_error)))) {
        *err = lane->back_error;
        return err->code;
    }
    if (status != BAU_OK)
        return status;
    if (lane->rows_committed != rows_read)
        return bau_error_set(err, BAU_E_VERIFY, "%" PRIu64 " rows read, %" PRIu64 " written", rows_read,
                             lane->rows_committed);
    return BAU_OK;
}

static void part_done(struct lane *lane, uint64_t started_ms)
{
    const struct bau_part *part = lane->part;
    pthread_mutex_lock(&lane->shared->lock);
    lane->shared->rows[part->dataset] += lane->rows_committed;
    pthread_mutex_unlock(&lane->shared->lock);
    bau_progress_part_done(lane->run->progress, part->dataset);
    bau_journal_add(lane->run->journal, "part done", BAU_NAME("store", lane->run->plan->store->name),
                    BAU_NAME("dataset", lane->run->plan->datasets[part->dataset].dataset->name),
                    BAU_U64("number", part->number), BAU_U64("of", part->of),
                    BAU_U64("rows", lane->rows_committed), BAU_BYTES_ITEM("bytes", lane->bytes_written),
                    BAU_MS("ms", bau_now_ms() - started_ms));
}

/* Tries a part until it is done or will not pass. False: the run is stopped. */
static bool do_part(struct lane *lane)
{
    const struct bau_lanes_run *run = lane->run;
    const char *name = run->plan->datasets[lane->part->dataset].dataset->name;
    const uint64_t started_ms = bau_now_ms();
    bau_progress_part_begin(run->progress, lane->part->dataset);
    for (uint32_t tried = 0;; tried++) {
        struct bau_error err = { 0 };
        if (attempt(lane, &err) == BAU_OK) {
            part_done(lane, started_ms);
            return true;
        }
        bau_progress_take_back(run->progress, lane->part->dataset, lane->rows_written, lane->bytes_written);
        bau_error_note(&err, "%s", name);
        if (bau_stop_is(run->stop))
            return false;
        if (!may_pass(&err) || tried == RETRIES_MAX) {
            bau_stop_fail(run->stop, &err);
            return false;
        }
        bau_log(BAU_WARN, "part is tried again", BAU_NAME("dataset", name),
                BAU_U64("part", lane->part->number), BAU_U64("attempt", tried + 2u), BAU_FAILURE(&err));
        if (bau_stop_wait_until(run->stop, bau_now_ms() + ((uint64_t)BACKOFF_FIRST_MS << tried)))
            return false;
    }
}

static void *front_main(void *self)
{
    struct lane *lane = self;
    struct bau_error err;
    if (bau_mask_state_new(lane->run->plan, &lane->mask, &err) != BAU_OK)
        bau_stop_fail(lane->run->stop, &err);
    while (!bau_stop_is(lane->run->stop) && (lane->part = bau_part_list_take(lane->shared->list))) {
        bau_progress_lane(lane->run->progress, true);
        const bool done = do_part(lane);
        bau_progress_lane(lane->run->progress, false);
        if (!done)
            break;
    }
    order_back(lane, ORDER_QUIT);
    close_link(lane, lane->run->reader, &lane->source);
    bau_mask_state_free(lane->mask);
    return NULL;
}

/* ── all lanes ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status lane_init(struct lane *lane, struct shared *shared, struct bau_error *err)
{
    *lane = (struct lane){ .shared = shared, .run = shared->run };
    pthread_mutex_init(&lane->lock, NULL);
    if (!bau_cond_init(&lane->to_back) || !bau_cond_init(&lane->to_front))
        return bau_error_set(err, BAU_E_NOMEM, "lane");
    for (size_t i = 0; i < N_BATCHES; i++)
        BAU_TRY(bau_batch_init(&lane->batches[i], err));
    return BAU_OK;
}

static void lane_release(struct lane *lane)
{
    for (size_t i = 0; i < N_BATCHES; i++)
        bau_batch_release(&lane->batches[i]);
    pthread_cond_destroy(&lane->to_back);
    pthread_cond_destroy(&lane->to_front);
    pthread_mutex_destroy(&lane->lock);
}

/* Starts both threads or none. */
static bool lane_start(struct lane *lane)
{
    if (pthread_create(&lane->back, NULL, back_main, lane) != 0)
        return false;
    if (pthread_create(&lane->front, NULL, front_main, lane) == 0)
        return true;
    order_back(lane, ORDER_QUIT);
    pthread_join(lane->back, NULL);
    return false;
}

static bau_status run_lanes(const struct bau_lanes_run *run, struct shared *shared, struct lane *lanes,
                            struct bau_error *err)
{
    uint32_t started = 0, made = 0;
    bau_status status = BAU_OK;
    while (made < run->n_lanes && status == BAU_OK)
        status = lane_init(&lanes[made++], shared, err);
    for (; status == BAU_OK && started < run->n_lanes; started++)
        if (!lane_start(&lanes[started])) {
            struct bau_error no_thread;
            bau_error_set(&no_thread, BAU_E_NOMEM, "a thread could not be started");
            bau_stop_fail(run->stop, &no_thread);
            break;
        }
    for (uint32_t i = 0; i < started; i++) {
        pthread_join(lanes[i].front, NULL);
        pthread_join(lanes[i].back, NULL);
    }
    for (uint32_t i = 0; i < made; i++)
        lane_release(&lanes[i]);
    return status == BAU_OK ? bau_stop_status(run->stop, err) : status;
}

bau_status bau_lanes_run(const struct bau_lanes_run *run, uint64_t *out_rows, struct bau_error *err)
{
    struct shared shared = { .run = run, .rows = out_rows };
    struct lane *lanes = bau_alloc_array(run->n_lanes, sizeof *lanes);
    memset(out_rows, 0, run->plan->n_datasets * sizeof *out_rows);
    bau_status status =
        lanes ? bau_part_list_new(run->parts, &shared.list, err) : bau_error_set(err, BAU_E_NOMEM, "lanes");
    if (status == BAU_OK && run->rate_bytes)
        status = bau_rate_new(run->rate_bytes, &shared.rate, err);
    pthread_mutex_init(&shared.lock, NULL);
    if (status == BAU_OK)
        status = run_lanes(run, &shared, lanes, err);
    pthread_mutex_destroy(&shared.lock);
    bau_rate_free(shared.rate);
    bau_part_list_free(shared.list);
    bau_free(lanes);
    return status;
}
