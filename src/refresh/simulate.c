/* CHECK constraints over masked rows, before anything is written: a few rows of each table that has one over a masked field
 * are read and masked as a refresh would, and the source's own server says what its CHECKs make of them.
 *
 * Rows that break a CHECK at the source already (a constraint that was added NOT VALID) are no fault of a rule. What the
 * server cannot evaluate this way is told as a warning. */
#include <stdio.h>
#include <string.h>

#include "src/refresh/run.h"

enum { SAMPLE_ROWS = 1024, SAMPLE_ROWS_LEAST = 16, SAMPLE_BYTES = BAU_BATCH_BYTES / 2 };

struct simulation {
    struct bau_run_store *s;
    struct bau_link *link;
    struct bau_mask_state *state;
    struct bau_batch batch;
    struct bau_checked *sums; /* of one dataset's checks, over its samples */
    uint32_t n_rows;          /* in those samples */
    bool refused;
    struct bau_error first;
};

/* ── which ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* A column that the server computes changes with those it is computed from. */
static bool concerns(const struct bau_dataset_plan *plan, const struct bau_check *check)
{
    for (uint32_t i = 0; i < check->n_fields; i++)
        if (plan->replaced[check->fields[i]] || plan->dataset->fields[check->fields[i]].generated)
            return plan->touched;
    return false;
}

static bool has_any(const struct bau_dataset_plan *plan)
{
    for (uint32_t c = 0; plan->dataset->kind == BAU_DATASET_ROWS && c < plan->dataset->n_checks; c++)
        if (concerns(plan, &plan->dataset->checks[c]))
            return true;
    return false;
}

/* ── findings ────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* The masked field of the CHECK whose rule stands in the file; else any masked one, else the first. */
static uint32_t blamed(const struct bau_dataset_plan *plan, const struct bau_check *check)
{
    uint32_t field = UINT32_MAX;
    for (uint32_t i = 0; i < check->n_fields; i++) {
        const uint32_t f = check->fields[i];
        if (plan->replaced[f] && plan->actions[f].at.file)
            return f;
        if (field == UINT32_MAX && plan->replaced[f])
            field = f;
    }
    return field == UINT32_MAX ? check->fields[0] : field;
}

static bau_status report(struct simulation *x, const struct bau_dataset_plan *plan,
                         const struct bau_check *check, const struct bau_checked *sum, struct bau_error *err)
{
    struct bau_run *run = x->s->run;
    const uint32_t f = blamed(plan, check);
    const char *kind = check->of_type ? "domain constraint" : "CHECK";
    char before[64] = "";
    if (sum->broken_before)
        snprintf(before, sizeof before, " (of the same rows %u break it unmasked)", sum->broken_before);
    struct bau_finding finding = { .code = sum->why[0] ? BAU_OK : BAU_E_USAGE, .at = plan->actions[f].at };
    finding.object = bau_arena_printf(run->arena, "%s.%s.%s", x->s->store->name, plan->dataset->name,
                                      plan->dataset->fields[f].name);
    finding.text = sum->why[0]
                       ? bau_arena_printf(run->arena, "%s '%s' could not be tried on masked rows: %s", kind,
                                          check->name, sum->why)
                       : bau_arena_printf(run->arena, "masked, %u of %u sampled rows break %s '%s'%s: %s",
                                          sum->broken, x->n_rows, kind, check->name, before, check->text);
    if (!finding.object || !finding.text)
        return bau_error_set(err, BAU_E_NOMEM, "findings");
    bau_run_finding(run, &finding);
    if (sum->why[0] || x->refused)
        return BAU_OK;
    x->refused = true;
    (void)(finding.at.file ? bau_error_set(&x->first, BAU_E_USAGE, BAU_AT_FORMAT ": %s: %s",
                                           BAU_AT_ARGS(finding.at), finding.object, finding.text)
                           : bau_error_set(&x->first, BAU_E_USAGE, "%s: %s", finding.object, finding.text));
    return BAU_OK;
}

/* ── samples ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* No more rows than one batch takes, so that the reader comes to its end by itself. */
static uint32_t sample_rows(const struct bau_dataset *d)
{
    const uint64_t each = d->est_rows ? d->est_bytes / d->est_rows : 0;
    const uint64_t fit = each ? SAMPLE_BYTES / each : SAMPLE_ROWS;
    return fit < SAMPLE_ROWS_LEAST ? SAMPLE_ROWS_LEAST : fit > SAMPLE_ROWS ? SAMPLE_ROWS : (uint32_t)fit;
}

static bau_status open_link(struct simulation *x, struct bau_error *err)
{
    const struct bau_connector *c = x->s->source.connector;
    struct bau_link *made = NULL;
    if (x->link)
        return BAU_OK;
    BAU_TRY(bau_mask_state_new(x->s->plan, &x->state, err));
    BAU_TRY(bau_batch_init(&x->batch, err));
    BAU_TRY(c->split(x->s->source.side, x->s->catalog, x->s->run->arena, &x->s->parts, err));
    BAU_TRY(c->link_open(x->s->source.side, &made, err));
    const bau_status status = bau_stop_link(x->s->run->stop, c, made, true, err);
    if (status == BAU_OK)
        x->link = made;
    else
        c->link_close(made);
    return status;
}

static bau_status read_sample(struct simulation *x, const struct bau_read *what, struct bau_error *err)
{
    const struct bau_connector *c = x->s->source.connector;
    struct bau_reader *reader = NULL;
    BAU_TRY(c->read_open(x->link, what, &reader, err));
    bau_status status = bau_batch_reset(&x->batch, what->dataset, err);
    if (status == BAU_OK)
        status = c->read_next(reader, &x->batch, err);
    c->read_close(reader);
    return status;
}

/* One part's first rows: read, masked, and every CHECK that is concerned asked. */
static bau_status try_part(struct simulation *x, const struct bau_dataset_plan *plan,
                           const struct bau_part *part, const bau_want *want, struct bau_error *err)
{
    const struct bau_dataset *d = plan->dataset;
    const struct bau_read what = { .dataset = d, .part = part, .want = want, .most_rows = sample_rows(d) };
    BAU_TRY(read_sample(x, &what, err));
    if (x->batch.n_rows == 0)
        return BAU_OK;
    x->n_rows += x->batch.n_rows;
    BAU_TRY(bau_plan_mask(x->s->plan, x->state, part->dataset, 0, &x->batch, err));
    for (uint32_t c = 0; c < d->n_checks; c++) {
        struct bau_checked said = { 0 };
        if (!concerns(plan, &d->checks[c]) || x->sums[c].why[0])
            continue;
        BAU_TRY(x->s->source.connector->check_rows(x->link, &what, plan->replaced, &d->checks[c], &x->batch,
                                                   &said, err));
        x->sums[c].broken += said.broken;
        x->sums[c].broken_before += said.broken_before;
        memcpy(x->sums[c].why, said.why, sizeof said.why);
    }
    return bau_stop_status(x->s->run->stop, err);
}

/* The first part of the dataset, the one in the middle and the last. */
static bau_status try_parts(struct simulation *x, const struct bau_dataset_plan *plan, uint32_t d,
                            const bau_want *want, struct bau_error *err)
{
    const struct bau_parts *parts = &x->s->parts;
    for (uint32_t i = 0; i < parts->n; i++) {
        const struct bau_part *part = &parts->at[i];
        if (part->dataset == d &&
            (part->number == 0 || part->number == part->of / 2 || part->number + 1 == part->of))
            BAU_TRY(try_part(x, plan, part, want, err));
    }
    return BAU_OK;
}

static bau_status try_dataset(struct simulation *x, uint32_t at, struct bau_error *err)
{
    const struct bau_dataset_plan *plan = &x->s->plan->datasets[at];
    const struct bau_dataset *d = plan->dataset;
    struct bau_arena *arena = x->s->run->arena;
    bau_want *want = bau_arena_take(arena, d->n_fields * sizeof *want);
    x->sums = bau_arena_zero(arena, d->n_checks * sizeof *x->sums);
    if (!want || !x->sums)
        return bau_error_set(err, BAU_E_NOMEM, "sample");
    memcpy(want, plan->want, d->n_fields * sizeof *want);
    for (uint32_t c = 0; c < d->n_checks; c++)
        for (uint32_t i = 0; i < d->checks[c].n_fields; i++) {
            const uint32_t f = d->checks[c].fields[i];
            if (want[f] == BAU_WANT_FRAME && !d->fields[f].generated)
                want[f] = BAU_WANT_VIEW;
        }
    x->n_rows = 0;
    BAU_TRY(open_link(x, err));
    BAU_TRY(try_parts(x, plan, at, want, err));
    for (uint32_t c = 0; c < d->n_checks; c++)
        if (x->sums[c].why[0] || x->sums[c].broken > x->sums[c].broken_before)
            BAU_TRY(report(x, plan, &d->checks[c], &x->sums[c], err));
    return BAU_OK;
}

static void release(struct simulation *x)
{
    const struct bau_connector *c = x->s->source.connector;
    bau_batch_release(&x->batch);
    bau_mask_state_free(x->state);
    if (!x->link)
        return;
    const bau_status off = bau_stop_link(x->s->run->stop, c, x->link, false, NULL);
    (void)off; /* taking off cannot fail */
    c->link_close(x->link);
}

static bau_status try_store(struct bau_run_store *s, struct simulation *x, struct bau_error *err)
{
    for (uint32_t d = 0; d < s->plan->n_datasets; d++)
        if (has_any(&s->plan->datasets[d]))
            BAU_TRY_NOTE(try_dataset(x, d, err), err, "store %s: a sample for CHECK constraints",
                         s->store->name);
    return BAU_OK;
}

bau_status bau_run_simulate(struct bau_run *run, struct bau_error *err)
{
    bool refused = false;
    for (uint32_t i = 0; i < run->n_stores; i++) {
        struct bau_run_store *s = &run->stores[i];
        if (!(s->source.connector->caps & BAU_CAN_CHECK))
            continue;
        struct simulation x = { .s = s };
        const bau_status status = try_store(s, &x, err);
        release(&x);
        BAU_TRY(status);
        if (x.refused && !refused)
            *err = x.first;
        refused = refused || x.refused;
    }
    return refused ? BAU_E_USAGE : BAU_OK;
}
