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
    struct bau_picker *picker; /* of the part; NULL: every row */
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
        if (l->picker)
            BAU_TRY(bau_picker_rows(l->picker, &l->batch, err));
        if (l->batch.n_rows == 0)
            continue;
        BAU_TRY(bau_plan_observe(s->plan, dataset, first_row, &l->batch, l->state, err));
    }
}

/* What is looked at, and what tells the rows of a subset apart. */
static bau_status wants_of(const struct look *l, uint32_t dataset, const bau_want **out,
                           struct bau_error *err)
{
    const struct bau_dataset_plan *plan = &l->store->plan->datasets[dataset];
    *out = plan->look;
    if (!l->store->chosen)
        return BAU_OK;
    const bau_want *chosen = bau_chosen_want(l->store->chosen, plan, dataset);
    bau_want *both = bau_arena_take(l->store->run->arena, (plan->dataset->n_fields + 1) * sizeof *both);
    if (!both)
        return bau_error_set(err, BAU_E_NOMEM, "first pass");
    for (uint32_t f = 0; f < plan->dataset->n_fields; f++)
        both[f] = chosen[f] > plan->look[f] ? chosen[f] : plan->look[f];
    *out = both;
    return BAU_OK;
}

static bau_status look_at_part(struct look *l, const struct bau_part *part, struct bau_error *err)
{
    const struct bau_connector *from = l->store->source.connector;
    const struct bau_dataset_plan *plan = &l->store->plan->datasets[part->dataset];
    struct bau_read what = { .dataset = plan->dataset, .part = part };
    struct bau_reader *reader = NULL;
    BAU_TRY(wants_of(l, part->dataset, &what.want, err));
    BAU_TRY(bau_picker_new(l->store->chosen, part->dataset, &l->picker, err));
    bau_status status = from->read_open(l->link, &what, &reader, err);
    if (status == BAU_OK) {
        status = look_at(l, reader, part->dataset, err);
        from->read_close(reader);
    }
    bau_picker_free(l->picker);
    l->picker = NULL;
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
