/* The first pass over the fields that some maskers must see before they mask (shuffle, sequence, now_anchor): the same parts
 * from the same snapshot as the lanes read afterwards, only the fields wanted, one link, one thread. What was seen stays in
 * the plan. A part is not tried again: half of it would count twice. */
#include "src/lane/parts.h"
#include "src/refresh/run.h"

struct look {
    struct bau_run_store *store;
    struct bau_link *link;
    struct bau_mask_state *state;
    struct bau_rate *rate;
    struct bau_batch batch;
};

static bau_status look_at(struct look *l, struct bau_reader *reader, uint32_t dataset, struct bau_error *err)
{
    const struct bau_run_store *s = l->store;
    for (uint64_t first_row = 0;; first_row += l->batch.n_rows) {
        BAU_TRY(bau_stop_status(s->run->stop, err));
        BAU_TRY(bau_batch_reset(&l->batch, s->plan->datasets[dataset].dataset, err));
        BAU_TRY(s->source.connector->read_next(reader, &l->batch, err));
        if (l->batch.n_rows == 0)
            return BAU_OK;
        bau_rate_take(l->rate, l->batch.bytes, s->run->stop);
        BAU_TRY(bau_plan_observe(s->plan, dataset, first_row, &l->batch, l->state, err));
    }
}

static bau_status look_at_part(struct look *l, const struct bau_part *part, struct bau_error *err)
{
    const struct bau_connector *from = l->store->source.connector;
    const struct bau_dataset_plan *plan = &l->store->plan->datasets[part->dataset];
    const struct bau_read what = { .dataset = plan->dataset, .part = part, .want = plan->look };
    struct bau_reader *reader = NULL;
    BAU_TRY(from->read_open(l->link, &what, &reader, err));
    const bau_status status = look_at(l, reader, part->dataset, err);
    from->read_close(reader);
    return status;
}

static bau_status look_at_all(struct look *l, uint32_t n, struct bau_error *err)
{
    struct bau_run_store *s = l->store;
    const uint64_t rate =
        s->run->options->rate_bytes ? s->run->options->rate_bytes : s->run->project->limits.rate_bytes;
    uint32_t done = 0;
    BAU_TRY(bau_batch_init(&l->batch, err));
    BAU_TRY(bau_mask_state_new(s->plan, &l->state, err));
    if (rate)
        BAU_TRY(bau_rate_new(rate, &l->rate, err));
    for (uint32_t i = 0; i < s->parts.n; i++) {
        const struct bau_part *part = &s->parts.at[i];
        const struct bau_dataset_plan *plan = &s->plan->datasets[part->dataset];
        if (!plan->look)
            continue;
        bau_progress_phase(s->progress, "looking", plan->dataset->name, done++, n);
        BAU_TRY_NOTE(look_at_part(l, part, err), err, "%s, first pass", plan->dataset->name);
    }
    return bau_plan_settle(s->plan, err);
}

static bau_status look_over_link(struct look *l, uint32_t n, struct bau_error *err)
{
    struct bau_run_store *s = l->store;
    const struct bau_connector *from = s->source.connector;
    BAU_TRY(bau_stop_link(s->run->stop, from, l->link, true, err));
    const bau_status status = look_at_all(l, n, err);
    const bau_status off = bau_stop_link(s->run->stop, from, l->link, false, NULL);
    (void)off; /* taking off cannot fail */
    return status;
}

bau_status bau_run_look(struct bau_run_store *s, struct bau_error *err)
{
    struct look l = { .store = s };
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->parts.n; i++)
        n += s->plan->datasets[s->parts.at[i].dataset].look != NULL;
    if (n == 0)
        return bau_plan_settle(s->plan, err); /* no rows at all: still nothing to look at */
    BAU_TRY_NOTE(s->source.connector->link_open(s->source.side, &l.link, err), err, "store %s: source",
                 s->store->name);
    const bau_status status = look_over_link(&l, n, err);
    s->source.connector->link_close(l.link);
    bau_batch_release(&l.batch);
    bau_mask_state_free(l.state);
    bau_rate_free(l.rate);
    return status;
}
