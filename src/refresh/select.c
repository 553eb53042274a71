/* `subset:` before any key is read: names against the catalogs, conditions and expressions against the servers. */
#include <string.h>

#include "src/refresh/run.h"

static bau_status make_selection(struct bau_run *run, struct bau_error *err)
{
    struct bau_findings findings = { 0 };
    struct bau_selection_store *stores =
        bau_arena_zero(run->arena, ((size_t)run->n_stores + 1) * sizeof *stores);
    if (!stores)
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    for (uint32_t i = 0; i < run->n_stores; i++)
        stores[i] = (struct bau_selection_store){ run->stores[i].store, run->stores[i].catalog };
    const bau_status status =
        bau_selection_new(run->project, stores, run->n_stores, run->arena, &findings, &run->selection, err);
    for (uint32_t i = 0; i < findings.n; i++)
        bau_run_finding(run, &findings.at[i]);
    BAU_TRY(status);
    for (uint32_t i = 0; i < run->n_stores; i++)
        BAU_TRY(bau_selection_wants(run->selection, i, run->stores[i].plan, err));
    return BAU_OK;
}

/* ── what only the server can judge ──────────────────────────────────────────────────────────────────────────────── */

static bau_status read_one(struct bau_run_store *s, struct bau_link *link, const struct bau_read *what,
                           struct bau_batch *batch, struct bau_error *err)
{
    const struct bau_connector *c = s->source.connector;
    struct bau_reader *reader = NULL;
    BAU_TRY(c->read_open(link, what, &reader, err));
    bau_status status = bau_batch_reset(batch, what->dataset, err);
    if (status == BAU_OK)
        status = c->read_next(reader, batch, err);
    c->read_close(reader);
    return status;
}

/* Where the expression that field f of `one->read` stands for is written. */
static struct bau_at written_at(const struct bau_run *run, const struct bau_selected *one, uint32_t f)
{
    const struct bau_selection *s = run->selection;
    if (f == one->flag)
        return s->nodes[one->node].from->at;
    for (uint32_t k = 0; k < s->graph.n_edges; k++)
        if (s->graph.edges[k].child == one->node && one->fields[s->graph.edges[k].child_columns[0]] == f)
            return s->edges[k].at;
    return run->project->subset.at;
}

static bau_status try_expression(struct bau_run_store *s, struct bau_link *link, struct bau_batch *batch,
                                 uint32_t d, uint32_t f, struct bau_error *err)
{
    const struct bau_selected *one = &s->run->selection->of[s - s->run->stores][d];
    const struct bau_part part = { .dataset = d, .of = 1, .to = UINT64_MAX };
    bau_want *want = bau_arena_zero(s->run->arena, one->read->n_fields * sizeof *want);
    if (!want)
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    want[f] = BAU_WANT_TYPED;
    const struct bau_read what = {
        .dataset = one->read, .part = &part, .want = want, .narrow = true, .most_rows = 1
    };
    const bau_status status = read_one(s, link, &what, batch, err);
    if (status == BAU_OK || strncmp(err->sqlstate, "42", 2) != 0)
        return status;
    const struct bau_finding finding = {
        .code = BAU_E_USAGE,
        .at = written_at(s->run, one, f),
        .object = bau_arena_printf(s->run->arena, "%s.%s", s->store->name, s->catalog->datasets[d].name),
        .text = bau_arena_printf(s->run->arena, "the server does not understand the %s (SQLSTATE %s)",
                                 f == one->flag ? "condition" : "expression", err->sqlstate)
    };
    bau_run_finding(s->run, &finding);
    return bau_error_set(err, BAU_E_USAGE, BAU_AT_FORMAT ": %s", BAU_AT_ARGS(finding.at),
                         finding.text ? finding.text : "");
}

static bau_status try_expressions(struct bau_run_store *s, struct bau_link *link, struct bau_error *err)
{
    struct bau_batch batch = { 0 };
    bau_status status = bau_batch_init(&batch, err);
    for (uint32_t d = 0; d < s->catalog->n_datasets && status == BAU_OK; d++) {
        const struct bau_selected *one = &s->run->selection->of[s - s->run->stores][d];
        for (uint32_t f = s->catalog->datasets[d].n_fields;
             one->read && f < one->read->n_fields && status == BAU_OK; f++)
            status = try_expression(s, link, &batch, d, f, err);
    }
    bau_batch_release(&batch);
    return status;
}

static bool has_expressions(const struct bau_run_store *s)
{
    for (uint32_t d = 0; d < s->catalog->n_datasets; d++) {
        const struct bau_selected *one = &s->run->selection->of[s - s->run->stores][d];
        if (one->read && one->read->n_fields > s->catalog->datasets[d].n_fields)
            return true;
    }
    return false;
}

bau_status bau_run_select(struct bau_run *run, struct bau_error *err)
{
    if (!run->project->subset.at.file)
        return BAU_OK;
    BAU_TRY(make_selection(run, err));
    for (uint32_t i = 0; i < run->n_stores; i++) {
        struct bau_run_store *s = &run->stores[i];
        const struct bau_connector *c = s->source.connector;
        struct bau_link *link = NULL;
        if (!has_expressions(s))
            continue;
        BAU_TRY_NOTE(c->link_open(s->source.side, &link, err), err, "store %s: source", s->store->name);
        bau_status status = bau_stop_link(run->stop, c, link, true, err);
        if (status == BAU_OK) {
            status = try_expressions(s, link, err);
            const bau_status off = bau_stop_link(run->stop, c, link, false, NULL);
            (void)off; /* taking off cannot fail */
        }
        c->link_close(link);
        BAU_TRY(status);
    }
    return BAU_OK;
}
