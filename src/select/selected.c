/* What a selection asks of batches: wants of readers and writers, and the columns of a node out of a batch. */
#include <string.h>

#include "src/select/selection.h"

static bau_status wants_of(struct bau_selection *s, struct bau_selected *one,
                           const struct bau_dataset_plan *plan, struct bau_error *err)
{
    const uint32_t n = plan->dataset->n_fields;
    bau_want *want = bau_arena_take(s->arena, (n + 1) * sizeof *want);
    bool *replaced = bau_arena_take(s->arena, n + 1);
    if (!want || !replaced)
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    memcpy(want, plan->want, n * sizeof *want);
    memcpy(replaced, plan->replaced, n);
    one->want = want;
    one->replaced = replaced;
    if (one->node == BAU_NO_NODE)
        return BAU_OK;
    const struct bau_subset_dataset *node = &s->graph.datasets[one->node];
    for (uint32_t i = 0; i < node->n_identity; i++)
        if (one->fields[node->identity[i]] != BAU_MADE)
            want[one->fields[node->identity[i]]] = BAU_WANT_TYPED;
    for (uint32_t i = 0; i < one->n_made; i++)
        if (want[one->made[i]] == BAU_WANT_FRAME)
            want[one->made[i]] = BAU_WANT_VIEW;
    for (uint32_t k = 0; k < one->n_nullings; k++) {
        const struct bau_subset_edge *e = &s->graph.edges[one->nullings[k].edge];
        for (uint32_t i = 0; i < e->n_columns; i++)
            want[one->fields[e->child_columns[i]]] = BAU_WANT_TYPED;
        if (e->when_column != BAU_SUBSET_NONE)
            want[one->fields[e->when_column]] = BAU_WANT_TYPED;
        for (uint32_t i = 0; i < one->nullings[k].n_fields; i++)
            replaced[one->nullings[k].fields[i]] = true;
    }
    return BAU_OK;
}

bau_status bau_selection_wants(struct bau_selection *selection, uint32_t store, const struct bau_plan *plan,
                               struct bau_error *err)
{
    for (uint32_t d = 0; d < plan->n_datasets; d++)
        if (plan->datasets[d].dataset->kind == BAU_DATASET_ROWS)
            BAU_TRY(wants_of(selection, &selection->of[store][d], &plan->datasets[d], err));
    return BAU_OK;
}

/* ── the bytes that tell rows apart ──────────────────────────────────────────────────────────────────────────────── */

/* Length and bytes of every field, one after the other; a null has a length that no value has. */
static size_t write_row(const struct bau_selected *s, const struct bau_batch *b, uint32_t row, uint8_t *out)
{
    size_t at = 0;
    for (uint32_t i = 0; i < s->n_made; i++) {
        const struct bau_span span = b->columns[s->made[i]].spans[row];
        if (out)
            memcpy(out + at, &span.len, sizeof span.len);
        at += sizeof span.len;
        if (span.len == BAU_SPAN_NULL)
            continue;
        if (out && span.len)
            memcpy(out + at, b->raw + span.at, span.len);
        at += span.len;
    }
    return at;
}

static bau_status make_rows(const struct bau_selected *s, struct bau_batch *b, const struct bau_column **out,
                            struct bau_error *err)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_BYTES, .n_values = b->n_rows };
    struct bau_column *made = bau_arena_zero(b->arena, sizeof *made);
    size_t bytes = 0;
    for (uint32_t row = 0; row < b->n_rows; row++)
        bytes += write_row(s, b, row, NULL);
    if (!made)
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    if (bytes > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "rows without a key above 2 GiB in one batch");
    BAU_TRY(bau_column_make(made, &shape, BAU_BYTES, bytes, b->arena, err));
    bytes = 0;
    for (uint32_t row = 0; row < b->n_rows; row++) {
        bytes += write_row(s, b, row, (uint8_t *)made->data + bytes);
        made->offsets[row + 1] = (uint32_t)bytes;
    }
    *out = made;
    return BAU_OK;
}

bau_status bau_selected_columns(const struct bau_selected *selected, struct bau_batch *batch,
                                const bool *needed, const struct bau_column **out, struct bau_error *err)
{
    for (uint32_t i = 0; i < selected->n_columns; i++) {
        out[i] = NULL;
        if (!needed[i])
            continue;
        if (selected->fields[i] == BAU_MADE)
            BAU_TRY(make_rows(selected, batch, &out[i], err));
        else
            out[i] = &batch->columns[selected->fields[i]];
    }
    return BAU_OK;
}
