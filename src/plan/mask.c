/* Applies a plan to a batch: every replaced column gets new typed buffers, from unmasked inputs only.
 *
 * All outputs of a batch are computed before the first one is put in place, since a masker may look at another field of
 * the row (`by: id`) that is masked itself. */
#include <string.h>

#include "src/plan/document.h"
#include "src/plan/plan.h"

struct bau_mask_state {
    uint32_t n_columns;
    struct bau_column *out; /* one a field: outputs wait here until all are made */
    void *scratch;          /* as large as the neediest masker asks */
};

bau_status bau_mask_state_new(const struct bau_plan *plan, struct bau_mask_state **out, struct bau_error *err)
{
    uint32_t columns = 1;
    for (uint32_t d = 0; d < plan->n_datasets; d++)
        if (plan->datasets[d].dataset->n_fields > columns)
            columns = plan->datasets[d].dataset->n_fields;
    struct bau_mask_state *state = bau_alloc(sizeof *state);
    if (state) {
        state->n_columns = columns;
        state->out = bau_alloc_array(columns, sizeof *state->out);
        state->scratch = bau_alloc(plan->scratch_bytes);
    }
    if (!state || !state->out || !state->scratch) {
        bau_mask_state_free(state);
        return bau_error_set(err, BAU_E_NOMEM, "lane");
    }
    *out = state;
    return BAU_OK;
}

void bau_mask_state_free(struct bau_mask_state *state)
{
    if (!state)
        return;
    bau_free(state->out);
    bau_free(state->scratch);
    bau_free(state);
}

/* The row of every element of a repeated field. */
static bau_status rows_of(const struct bau_column *in, uint32_t n_rows, struct bau_arena *arena,
                          uint32_t **out, struct bau_error *err)
{
    uint32_t *rows = bau_arena_buffer(arena, (size_t)in->n_values * sizeof *rows);
    if (!rows)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t row = 0; row < n_rows; row++)
        for (uint32_t i = in->list_offsets[row]; i < in->list_offsets[row + 1]; i++)
            rows[i] = row;
    *out = rows;
    return BAU_OK;
}

bau_status bau_mask_state_ctx(struct bau_mask_state *state, const struct bau_bound *mask, uint64_t first_row,
                              const struct bau_batch *batch, uint32_t field,
                              const struct bau_column *by[BAU_BY_MOST], struct bau_mask_ctx *out,
                              struct bau_error *err)
{
    const struct bau_column *in = &batch->columns[field];
    uint32_t *rows = NULL;
    if (in->form != BAU_FORM_TYPED)
        return bau_error_set(err, BAU_E_BUG, "the reader did not give typed values");
    if (in->list_offsets)
        BAU_TRY(rows_of(in, batch->n_rows, batch->arena, &rows, err));
    for (uint32_t i = 0; i < mask->n_by; i++)
        by[i] = &batch->columns[mask->by[i]];
    *out = (struct bau_mask_ctx){
        .arena = batch->arena, .scratch = state->scratch, .fields = by, .rows = rows, .first_row = first_row
    };
    return BAU_OK;
}

static bau_status mask_field(const struct bau_action *action, struct bau_mask_state *state,
                             uint64_t first_row, const struct bau_batch *batch, uint32_t f,
                             struct bau_error *err)
{
    const struct bau_column *in = &batch->columns[f];
    struct bau_column *out = &state->out[f];
    const struct bau_column *by[BAU_BY_MOST];
    struct bau_mask_ctx ctx;
    BAU_TRY(bau_mask_state_ctx(state, &action->mask, first_row, batch, f, by, &ctx, err));
    if (action->kind == BAU_ACT_DOCUMENT)
        return bau_document_apply(action->document, batch->arena, state->scratch, batch->columns, ctx.rows,
                                  first_row, in, out, err);
    *out = *in;
    BAU_TRY(bau_sub_apply(&action->mask.run, &ctx, in, out, err));
    out->field = in->field;
    out->form = BAU_FORM_TYPED;
    out->list_offsets = in->list_offsets;
    out->spans = in->spans;
    return BAU_OK;
}

bau_status bau_plan_mask(const struct bau_plan *plan, struct bau_mask_state *state, uint32_t dataset,
                         uint64_t first_row, struct bau_batch *batch, struct bau_error *err)
{
    const struct bau_dataset_plan *p = &plan->datasets[dataset];
    if (!p->touched || batch->n_rows == 0)
        return BAU_OK;
    for (uint32_t f = 0; f < p->dataset->n_fields; f++)
        if (p->replaced[f])
            BAU_TRY_NOTE(mask_field(&p->actions[f], state, first_row, batch, f, err), err, "%s.%s.%s",
                         plan->store->name, p->dataset->name, p->dataset->fields[f].name);
    for (uint32_t f = 0; f < p->dataset->n_fields; f++)
        if (p->replaced[f])
            batch->columns[f] = state->out[f];
    return BAU_OK;
}
