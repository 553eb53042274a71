/* Which rows a refresh keeps: key columns in through the lanes' own parts, the closure, and what it means for the parts.
 *
 * As many threads as there are lanes, each with one link, take parts of every store's datasets that the subset asks for. A part
 * is a feed: what fails with an error known to pass is fed again from its start. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/lane/clock.h"
#include "src/lane/parts.h"
#include "src/refresh/choose.h"

enum { RETRIES_MAX = 5, BACKOFF_FIRST_MS = 250, PAGE_BYTES = 8192, KEYS_MOST = 100000 };

struct reading { /* the threads over one store */
    struct bau_run_store *s;
    uint32_t store;
    const struct bau_seek *seek;
    struct bau_part_list *list;
    struct bau_rate *rate;
    bool **needed;        /* per dataset: columns of its node; NULL: not read */
    bau_want **wants;     /* per dataset: fields of `read` */
    pthread_mutex_t lock; /* guards done and the row that is sought */
    uint32_t done, n;
};

struct feeder {
    struct reading *r;
    pthread_t thread;
    struct bau_link *link;
    struct bau_batch batch;
    struct bau_listed *listed; /* of the part */
};

static const struct bau_selected *selected_of(const struct reading *r, uint32_t dataset)
{
    return &r->s->run->selection->of[r->store][dataset];
}

/* ── one batch ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status flags_of(struct feeder *f, const struct bau_selected *one,
                           const struct bau_column *const *columns, uint64_t **out, struct bau_error *err)
{
    const size_t words = (size_t)f->batch.n_rows / 64 + 1;
    *out = NULL;
    if (one->flag == UINT32_MAX && !f->listed)
        return BAU_OK;
    uint64_t *bits = bau_arena_buffer(f->batch.arena, words * sizeof *bits);
    if (!bits)
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    *out = bits;
    if (f->listed)
        return bau_listed_rows(f->listed, &f->r->s->run->selection->graph.datasets[one->node], columns,
                               f->batch.n_rows, bits, err);
    const struct bau_column *c = &f->batch.columns[one->flag];
    memset(bits, 0, words * sizeof *bits);
    for (uint32_t i = 0; i < f->batch.n_rows; i++) {
        if (!bau_column_present(c, i))
            continue;
        const struct bau_slice v = bau_column_value(c, i);
        if (v.len == 4 && memcmp(v.data, "true", 4) == 0)
            bits[i / 64] |= UINT64_C(1) << (i % 64);
    }
    return BAU_OK;
}

static bau_status seek(struct feeder *f, const struct bau_selected *one, uint32_t dataset,
                       const struct bau_column *const *columns, struct bau_error *err)
{
    struct reading *r = f->r;
    if (!r->seek || r->seek->node != one->node || one->n_made)
        return BAU_OK;
    pthread_mutex_lock(&r->lock);
    const bau_status status = bau_seek_row(r->seek, r->s->run, one, dataset, columns, f->batch.n_rows, err);
    pthread_mutex_unlock(&r->lock);
    return status;
}

static bau_status feed_batches(struct feeder *f, struct bau_reader *reader, const struct bau_part *part,
                               struct bau_subset_feed *feed, const struct bau_column **columns,
                               struct bau_error *err)
{
    struct reading *r = f->r;
    const struct bau_selected *one = selected_of(r, part->dataset);
    for (;;) {
        uint64_t *flags = NULL;
        BAU_TRY(bau_stop_status(r->s->run->stop, err));
        BAU_TRY(bau_batch_reset(&f->batch, one->read, err));
        BAU_TRY(r->s->source.connector->read_next(reader, &f->batch, err));
        if (f->batch.n_rows == 0)
            return bau_subset_feed_commit(feed, err);
        bau_rate_take(r->rate, f->batch.bytes, r->s->run->stop);
        BAU_TRY(bau_selected_columns(one, &f->batch, r->needed[part->dataset], columns, err));
        BAU_TRY(flags_of(f, one, columns, &flags, err));
        BAU_TRY(bau_subset_feed_rows(feed, columns, f->batch.n_rows, flags, err));
        BAU_TRY(seek(f, one, part->dataset, columns, err));
    }
}

/* ── one part ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status open_link(struct feeder *f, struct bau_error *err)
{
    const struct bau_run_store *s = f->r->s;
    struct bau_link *made = NULL;
    if (f->link)
        return BAU_OK;
    BAU_TRY(s->source.connector->link_open(s->source.side, &made, err));
    const bau_status status = bau_stop_link(s->run->stop, s->source.connector, made, true, err);
    if (status == BAU_OK)
        f->link = made;
    else
        s->source.connector->link_close(made);
    return status;
}

static void close_link(struct feeder *f)
{
    const struct bau_run_store *s = f->r->s;
    if (!f->link)
        return;
    const bau_status off = bau_stop_link(s->run->stop, s->source.connector, f->link, false, NULL);
    (void)off; /* taking off cannot fail */
    s->source.connector->link_close(f->link);
    f->link = NULL;
}

static bau_status feed_rows(struct feeder *f, const struct bau_part *part, struct bau_subset_feed *feed,
                            const struct bau_column **columns, struct bau_error *err)
{
    const struct bau_connector *c = f->r->s->source.connector;
    const struct bau_read what = { .dataset = selected_of(f->r, part->dataset)->read,
                                   .part = part,
                                   .want = f->r->wants[part->dataset],
                                   .narrow = true };
    struct bau_reader *reader = NULL;
    BAU_TRY(open_link(f, err));
    BAU_TRY(c->read_open(f->link, &what, &reader, err));
    const bau_status status = feed_batches(f, reader, part, feed, columns, err);
    c->read_close(reader);
    return status;
}

static bau_status feed_part(struct feeder *f, const struct bau_part *part, struct bau_error *err)
{
    const struct bau_selection *selection = f->r->s->run->selection;
    const struct bau_selected *one = selected_of(f->r, part->dataset);
    const struct bau_from_rule *from = selection->nodes[one->node].from;
    const struct bau_column **columns = bau_alloc_array((size_t)one->n_columns + 1, sizeof *columns);
    struct bau_subset_feed *feed = NULL;
    bau_status status = columns ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "subset");
    if (status == BAU_OK && from && from->listed)
        status = bau_listed_new(from, &f->listed, err);
    if (status == BAU_OK)
        status = bau_subset_feed_new(f->r->s->run->subset, one->node, &feed, err);
    if (status == BAU_OK)
        status = feed_rows(f, part, feed, columns, err);
    bau_subset_feed_free(feed);
    bau_listed_free(f->listed);
    f->listed = NULL;
    bau_free(columns);
    return status;
}

/* False: the run is stopped. */
static bool do_part(struct feeder *f, const struct bau_part *part)
{
    const struct bau_run_store *s = f->r->s;
    const char *name = s->catalog->datasets[part->dataset].name;
    for (uint32_t tried = 0;; tried++) {
        struct bau_error err = { 0 };
        if (feed_part(f, part, &err) == BAU_OK) {
            pthread_mutex_lock(&f->r->lock);
            bau_progress_phase(s->progress, "choosing rows", name, ++f->r->done, f->r->n);
            pthread_mutex_unlock(&f->r->lock);
            return true;
        }
        if (err.retry == BAU_RETRY_RECONNECT)
            close_link(f);
        if (err.retry == BAU_RETRY_NO || tried == RETRIES_MAX) {
            bau_error_note(&err, "store %s: %s", s->store->name, name);
            bau_stop_fail(s->run->stop, &err);
            return false;
        }
        if (bau_stop_wait_until(s->run->stop, bau_now_ms() + ((uint64_t)BACKOFF_FIRST_MS << tried)))
            return false;
    }
}

static void *feeder_main(void *self)
{
    struct feeder *f = self;
    struct bau_error err = { 0 };
    const struct bau_part *part;
    if (bau_batch_init(&f->batch, &err) != BAU_OK)
        bau_stop_fail(f->r->s->run->stop, &err);
    while (!bau_stop_is(f->r->s->run->stop) && (part = bau_part_list_take(f->r->list)))
        if (!do_part(f, part))
            break;
    close_link(f);
    bau_batch_release(&f->batch);
    return NULL;
}

/* ── one store ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status wants_of(struct reading *r, uint32_t d, struct bau_error *err)
{
    const struct bau_run *run = r->s->run;
    const struct bau_selected *one = selected_of(r, d);
    if (one->node == BAU_NO_NODE || !one->read)
        return BAU_OK;
    const struct bau_subset_dataset *node = &run->selection->graph.datasets[one->node];
    const struct bau_from_rule *from = run->selection->nodes[one->node].from;
    bool *needed = bau_arena_zero(run->arena, (size_t)one->n_columns + 1);
    bau_want *want = bau_arena_zero(run->arena, ((size_t)one->read->n_fields + 1) * sizeof *want);
    if (!needed || !want)
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    if (!bau_subset_reads(run->subset, one->node, needed))
        return BAU_OK;
    const bool sought = r->seek && r->seek->node == one->node;
    for (uint32_t i = 0; i < node->n_identity && ((from && from->listed) || sought); i++)
        needed[node->identity[i]] = true;
    for (uint32_t c = 0; c < one->n_columns; c++) {
        if (needed[c] && one->fields[c] != BAU_MADE)
            want[one->fields[c]] = BAU_WANT_TYPED;
        for (uint32_t i = 0; needed[c] && one->fields[c] == BAU_MADE && i < one->n_made; i++)
            if (want[one->made[i]] == BAU_WANT_FRAME)
                want[one->made[i]] = BAU_WANT_VIEW;
    }
    if (one->flag != UINT32_MAX)
        want[one->flag] = BAU_WANT_TYPED;
    r->needed[d] = needed;
    r->wants[d] = want;
    return BAU_OK;
}

static bau_status parts_to_read(struct reading *r, struct bau_parts *out, struct bau_error *err)
{
    const struct bau_parts *all = &r->s->parts;
    *out =
        (struct bau_parts){ .at = bau_arena_take(r->s->run->arena, ((size_t)all->n + 1) * sizeof *out->at) };
    if (!out->at)
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    for (uint32_t i = 0; i < all->n; i++)
        if (r->wants[all->at[i].dataset])
            out->at[out->n++] = all->at[i];
    return BAU_OK;
}

static bau_status run_feeders(struct reading *r, struct bau_error *err)
{
    struct bau_run *run = r->s->run;
    const uint32_t most = r->n < run->lanes ? r->n : run->lanes;
    struct feeder *feeders = bau_alloc_array((size_t)most + 1, sizeof *feeders);
    uint32_t started = 0;
    if (!feeders)
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    for (; started < most; started++) {
        feeders[started].r = r;
        if (pthread_create(&feeders[started].thread, NULL, feeder_main, &feeders[started]) != 0) {
            struct bau_error no_thread;
            bau_error_set(&no_thread, BAU_E_NOMEM, "a thread could not be started");
            bau_stop_fail(run->stop, &no_thread);
            break;
        }
    }
    for (uint32_t i = 0; i < started; i++)
        pthread_join(feeders[i].thread, NULL);
    bau_free(feeders);
    return bau_stop_status(run->stop, err);
}

static bau_status read_keys(struct reading *r, struct bau_error *err)
{
    struct bau_run *run = r->s->run;
    const uint64_t rate =
        run->options->rate_bytes ? run->options->rate_bytes : run->project->limits.rate_bytes;
    struct bau_display *display = NULL;
    struct bau_parts parts;
    r->needed = bau_arena_zero(run->arena, ((size_t)r->s->catalog->n_datasets + 1) * sizeof *r->needed);
    r->wants = bau_arena_zero(run->arena, ((size_t)r->s->catalog->n_datasets + 1) * sizeof *r->wants);
    if (!r->needed || !r->wants)
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    for (uint32_t d = 0; d < r->s->catalog->n_datasets; d++)
        BAU_TRY(wants_of(r, d, err));
    BAU_TRY(parts_to_read(r, &parts, err));
    r->n = parts.n;
    BAU_TRY(bau_part_list_new(&parts, &r->list, err));
    if (rate)
        BAU_TRY(bau_rate_new(rate, &r->rate, err));
    BAU_TRY(bau_progress_new(r->s->catalog, &parts, run->lanes, &r->s->progress, err));
    bau_display_show(r->s->progress, STDERR_FILENO, run->options->plain, &display);
    bau_progress_phase(r->s->progress, "choosing rows", "", 0, r->n);
    const bau_status status = run_feeders(r, err);
    bau_display_hide(display);
    return status;
}

static bau_status choose_store(struct bau_run *run, uint32_t i, const struct bau_seek *seek,
                               struct bau_error *err)
{
    struct reading r = { .s = &run->stores[i], .store = i, .seek = seek };
    pthread_mutex_init(&r.lock, NULL);
    const bau_status status = read_keys(&r, err);
    pthread_mutex_destroy(&r.lock);
    bau_part_list_free(r.list);
    bau_rate_free(r.rate);
    bau_progress_free(r.s->progress);
    r.s->progress = NULL;
    return status;
}

/* ── the closure ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool stopped(void *self)
{
    const struct bau_run *run = self;
    return bau_stop_is(run->stop);
}

static bau_status make_subset(struct bau_run *run, struct bau_error *err)
{
    const struct bau_subset_rules *rules = &run->project->subset;
    struct bau_subset_options options = { .memory = rules->memory,
                                          .folder = getenv("TMPDIR"),
                                          .fit = rules->fit || rules->rows,
                                          .stopped = stopped,
                                          .self = run };
    BAU_TRY(bau_keys_subset(run->keys, options.key, err));
    return bau_subset_new(&run->selection->graph, &options, &run->subset, err);
}

/* What datasets outside the graph take of a budget; false: all of it. */
static bool take_whole(const struct bau_run *run, uint64_t *bytes, uint64_t *rows)
{
    uint64_t whole_bytes = 0, whole_rows = 0;
    for (uint32_t i = 0; i < run->n_stores; i++)
        for (uint32_t d = 0; d < run->stores[i].catalog->n_datasets; d++) {
            const struct bau_selected *one = &run->selection->of[i][d];
            const struct bau_dataset *dataset = &run->stores[i].catalog->datasets[d];
            if (dataset->kind != BAU_DATASET_ROWS || one->node != BAU_NO_NODE || one->empty)
                continue;
            whole_bytes += dataset->est_bytes;
            whole_rows += dataset->est_rows;
        }
    const bool fits = (!*bytes || whole_bytes < *bytes) && (!*rows || whole_rows < *rows);
    *bytes -= *bytes && fits ? whole_bytes : 0;
    *rows -= *rows && fits ? whole_rows : 0;
    return fits;
}

static bau_status close_over(struct bau_run *run, struct bau_error *err)
{
    const struct bau_subset_rules *rules = &run->project->subset;
    uint64_t bytes = rules->fit, rows = rules->rows, share = 0;
    if (!bytes && !rows)
        return bau_subset_run(run->subset, err);
    bau_status status =
        take_whole(run, &bytes, &rows)
            ? bau_subset_fit(run->subset, bytes, rows, &share, err)
            : bau_error_set(err, BAU_E_LIMIT, "datasets that are kept in full exceed it already");
    if (status == BAU_E_LIMIT) {
        bau_error_note(err, BAU_AT_FORMAT ": the subset's budget", BAU_AT_ARGS(rules->at));
        return err->code = BAU_E_USAGE;
    }
    bau_journal_add(run->journal, "subset fitted",
                    BAU_U64("start_rows_kept_of_a_million", (share * 1000000) >> 32));
    return status;
}

/* ── what it means for the parts ─────────────────────────────────────────────────────────────────────────────────── */

static uint64_t bytes_of(const struct bau_run_store *s, uint32_t d)
{
    return s->catalog->datasets[d].est_bytes;
}

/* A page of the table and most of one of the index for each row, against all pages of the table. */
static bool by_key_is_cheaper(uint64_t rows, uint64_t table_bytes)
{
    return rows <= KEYS_MOST && rows * 2 * PAGE_BYTES < table_bytes;
}

static bau_status keys_for(struct bau_run_store *s, uint32_t d, struct bau_key_list *out,
                           struct bau_error *err)
{
    const struct bau_chosen *chosen = s->chosen;
    const struct bau_selected *one = &chosen->selection->of[chosen->store][d];
    const struct bau_subset_dataset *node = &chosen->selection->graph.datasets[one->node];
    const uint64_t kept = bau_subset_count_of(chosen->subset, one->node).kept;
    if (kept == 0 || one->n_made || node->n_identity != 1 || !by_key_is_cheaper(kept, bytes_of(s, d)))
        return BAU_OK;
    int64_t *values = bau_arena_take(s->run->arena, (size_t)kept * sizeof *values);
    if (!values)
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    if (bau_subset_kept_integers(chosen->subset, one->node, values, kept) != kept)
        return BAU_OK;
    *out = (struct bau_key_list){ one->fields[node->identity[0]], kept, values };
    return BAU_OK;
}

/* A part that is read by keys is the whole dataset; others are those that have kept rows, smaller by their share. */
static void keep_parts(struct bau_run_store *s)
{
    const struct bau_chosen *chosen = s->chosen;
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->parts.n; i++) {
        struct bau_part part = s->parts.at[i];
        const struct bau_selected *one = &chosen->selection->of[chosen->store][part.dataset];
        const bool by_key = chosen->keys[part.dataset].n > 0;
        if ((one->node == BAU_NO_NODE && one->empty) || (by_key && part.number > 0))
            continue;
        if (one->node != BAU_NO_NODE) {
            const struct bau_subset_count count = bau_subset_count_of(chosen->subset, one->node);
            const double share = count.seen ? (double)count.kept / (double)count.seen : 0;
            if (count.kept == 0)
                continue;
            part.est_bytes = (uint64_t)((double)part.est_bytes * share * (by_key ? part.of : 1)) + 1;
            part.est_rows = (uint64_t)((double)part.est_rows * share * (by_key ? part.of : 1)) + 1;
        }
        if (by_key) {
            part.of = 1;
            part.from = 0;
            part.to = UINT64_MAX;
        }
        s->parts.at[n++] = part;
    }
    s->parts.n = n;
}

static bau_status apply(struct bau_run_store *s, uint32_t i, struct bau_error *err)
{
    struct bau_run *run = s->run;
    struct bau_key_list *keys =
        bau_arena_zero(run->arena, ((size_t)s->catalog->n_datasets + 1) * sizeof *keys);
    s->chosen = bau_arena_zero(run->arena, sizeof *s->chosen);
    if (!keys || !s->chosen)
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    *s->chosen = (struct bau_chosen){ run->selection, run->subset, i, keys };
    for (uint32_t d = 0; d < s->catalog->n_datasets; d++)
        if (run->selection->of[i][d].read)
            BAU_TRY(keys_for(s, d, &keys[d], err));
    keep_parts(s);
    return BAU_OK;
}

static void journal(struct bau_run *run)
{
    const struct bau_subset_graph *g = &run->selection->graph;
    for (uint32_t n = 0; n < g->n_datasets; n++) {
        const struct bau_subset_count c = bau_subset_count_of(run->subset, n);
        bau_journal_add(run->journal, "subset", BAU_NAME("dataset", g->datasets[n].name),
                        BAU_U64("rows", c.seen), BAU_U64("starts", c.starts),
                        BAU_U64("dependants", c.dependants), BAU_U64("kept", c.kept));
    }
}

bau_status bau_run_choose_seeking(struct bau_run *run, const struct bau_seek *seek, struct bau_error *err)
{
    for (uint32_t i = 0; i < run->n_stores; i++) {
        struct bau_run_store *s = &run->stores[i];
        BAU_TRY_NOTE(s->source.connector->split(s->source.side, s->catalog, run->arena, &s->parts, err), err,
                     "store %s: source", s->store->name);
    }
    if (!run->selection)
        return bau_stop_status(run->stop, err);
    BAU_TRY_NOTE(make_subset(run, err), err, "subset");
    for (uint32_t i = 0; i < run->n_stores; i++)
        BAU_TRY(choose_store(run, i, seek, err));
    BAU_TRY(close_over(run, err));
    journal(run);
    for (uint32_t i = 0; i < run->n_stores; i++)
        BAU_TRY(apply(&run->stores[i], i, err));
    return bau_stop_status(run->stop, err);
}

bau_status bau_run_choose(struct bau_run *run, struct bau_error *err)
{
    return bau_run_choose_seeking(run, NULL, err);
}
