#include "src/lane/pick.h"

#include <string.h>

#include "src/plan/plan.h"

struct bau_picker {
    const struct bau_selection *selection;
    const struct bau_selected *selected;
    struct bau_subset_test *test;
    bool filters;                /* not every row stays */
    bool *identity, *references; /* n_columns: what the two tests look at */
    const struct bau_column **columns;
    uint64_t **orphans; /* n_nullings: of the batch at hand, in its arena */
};

static const struct bau_selected *selected_of(const struct bau_chosen *chosen, uint32_t dataset)
{
    return chosen ? &chosen->selection->of[chosen->store][dataset] : NULL;
}

const bau_want *bau_chosen_want(const struct bau_chosen *chosen, const struct bau_dataset_plan *plan,
                                uint32_t dataset)
{
    return chosen ? selected_of(chosen, dataset)->want : plan->want;
}

const bool *bau_chosen_replaced(const struct bau_chosen *chosen, const struct bau_dataset_plan *plan,
                                uint32_t dataset)
{
    return chosen ? selected_of(chosen, dataset)->replaced : plan->replaced;
}

const struct bau_key_list *bau_chosen_keys(const struct bau_chosen *chosen, uint32_t dataset)
{
    return chosen && chosen->keys[dataset].n ? &chosen->keys[dataset] : NULL;
}

uint64_t bau_chosen_rows(const struct bau_chosen *chosen, uint32_t dataset)
{
    const struct bau_selected *s = selected_of(chosen, dataset);
    if (!s || (s->node == BAU_NO_NODE && !s->empty))
        return UINT64_MAX;
    return s->node == BAU_NO_NODE ? 0 : bau_subset_count_of(chosen->subset, s->node).kept;
}

/* ── one part ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status prepare(struct bau_picker *p, struct bau_error *err)
{
    const struct bau_selected *s = p->selected;
    const struct bau_subset_dataset *node = &p->selection->graph.datasets[s->node];
    p->identity = bau_alloc(s->n_columns + 1);
    p->references = bau_alloc(s->n_columns + 1);
    p->columns = bau_alloc_array(s->n_columns + 1u, sizeof *p->columns);
    p->orphans = bau_alloc_array(s->n_nullings + 1u, sizeof *p->orphans);
    if (!p->identity || !p->references || !p->columns || !p->orphans)
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    for (uint32_t i = 0; i < node->n_identity; i++)
        p->identity[node->identity[i]] = true;
    for (uint32_t k = 0; k < s->n_nullings; k++) {
        const struct bau_subset_edge *e = &p->selection->graph.edges[s->nullings[k].edge];
        for (uint32_t i = 0; i < e->n_columns; i++)
            p->references[e->child_columns[i]] = true;
        if (e->when_column != BAU_SUBSET_NONE)
            p->references[e->when_column] = true;
    }
    return BAU_OK;
}

bau_status bau_picker_new(const struct bau_chosen *chosen, uint32_t dataset, struct bau_picker **out,
                          struct bau_error *err)
{
    const struct bau_selected *s = selected_of(chosen, dataset);
    *out = NULL;
    if (!s || s->node == BAU_NO_NODE)
        return BAU_OK;
    const struct bau_subset_count count = bau_subset_count_of(chosen->subset, s->node);
    const bool filters = count.kept < count.seen || count.seen == 0;
    if (!filters && s->n_nullings == 0)
        return BAU_OK;
    struct bau_picker *p = bau_alloc(sizeof *p);
    if (!p)
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    *p = (struct bau_picker){ .selection = chosen->selection, .selected = s, .filters = filters };
    bau_status status = prepare(p, err);
    if (status == BAU_OK)
        status = bau_subset_test_new(chosen->subset, s->node, &p->test, err);
    if (status != BAU_OK) {
        bau_picker_free(p);
        return status;
    }
    *out = p;
    return BAU_OK;
}

void bau_picker_free(struct bau_picker *p)
{
    if (!p)
        return;
    bau_subset_test_free(p->test);
    bau_free(p->identity);
    bau_free(p->references);
    bau_free(p->columns);
    bau_free(p->orphans);
    bau_free(p);
}

static uint64_t *bits(struct bau_batch *batch)
{
    const size_t words = (size_t)batch->n_rows / 64 + 1;
    uint64_t *made = bau_arena_buffer(batch->arena, words * sizeof *made);
    if (made)
        memset(made, 0, words * sizeof *made);
    return made;
}

bau_status bau_picker_rows(struct bau_picker *p, struct bau_batch *batch, struct bau_error *err)
{
    const struct bau_selected *s = p->selected;
    if (p->filters) {
        uint64_t *keep = bits(batch);
        if (!keep)
            return bau_error_set(err, BAU_E_NOMEM, "subset");
        BAU_TRY(bau_selected_columns(s, batch, p->identity, p->columns, err));
        BAU_TRY(bau_subset_test_rows(p->test, p->columns, batch->n_rows, keep, err));
        BAU_TRY(bau_batch_filter(batch, keep, err));
    }
    if (batch->n_rows == 0 || s->n_nullings == 0)
        return BAU_OK;
    BAU_TRY(bau_selected_columns(s, batch, p->references, p->columns, err));
    for (uint32_t k = 0; k < s->n_nullings; k++) {
        p->orphans[k] = bits(batch);
        if (!p->orphans[k])
            return bau_error_set(err, BAU_E_NOMEM, "subset");
        BAU_TRY(bau_subset_test_orphans(p->test, s->nullings[k].edge, p->columns, batch->n_rows,
                                        p->orphans[k], err));
    }
    return BAU_OK;
}

bau_status bau_picker_nulls(struct bau_picker *p, struct bau_batch *batch, struct bau_error *err)
{
    const struct bau_selected *s = p->selected;
    for (uint32_t k = 0; k < s->n_nullings; k++)
        for (uint32_t i = 0; i < s->nullings[k].n_fields; i++) {
            struct bau_column *column = &batch->columns[s->nullings[k].fields[i]];
            const struct bau_column old = *column;
            BAU_TRY(bau_column_null_some(column, &old, p->orphans[k], batch->arena, err));
        }
    return BAU_OK;
}
