/* Rows taken out of a batch: what is left lies together again, so that a writer still copies runs. */
#include <string.h>

#include "bauta/batch.h"

struct kept {
    uint32_t n;
    uint32_t *rows;   /* indexes of the rows that stay, in order */
    uint32_t *row_at; /* n + 1: where they start in the new raw */
};

static bool stays(const uint64_t *keep, uint32_t row)
{
    return (keep[row / 64] >> (row % 64)) & 1u;
}

static bau_status choose(const struct bau_batch *b, const uint64_t *keep, struct kept *out,
                         struct bau_error *err)
{
    out->rows = bau_arena_buffer(b->arena, ((size_t)b->n_rows + 1) * sizeof *out->rows);
    out->row_at = bau_arena_buffer(b->arena, ((size_t)b->n_rows + 1) * sizeof *out->row_at);
    if (!out->rows || !out->row_at)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    out->n = 0;
    out->row_at[0] = 0;
    for (uint32_t row = 0; row < b->n_rows; row++)
        if (stays(keep, row)) {
            out->row_at[out->n + 1] = out->row_at[out->n] + b->row_at[row + 1] - b->row_at[row];
            out->rows[out->n++] = row;
        }
    return BAU_OK;
}

/* Rows that follow each other are copied at once. */
static bau_status copy_raw(struct bau_batch *b, const struct kept *k, struct bau_error *err)
{
    uint8_t *raw = bau_arena_buffer(b->arena, k->row_at[k->n]);
    if (!raw)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t i = 0, end; i < k->n; i = end) {
        end = i + 1;
        while (end < k->n && k->rows[end] == k->rows[end - 1] + 1)
            end++;
        memcpy(raw + k->row_at[i], b->raw + b->row_at[k->rows[i]], k->row_at[end] - k->row_at[i]);
    }
    b->raw = raw;
    b->raw_len = b->bytes = k->row_at[k->n];
    return BAU_OK;
}

static bau_status take_spans(const struct bau_batch *b, const struct kept *k, struct bau_column *column,
                             struct bau_error *err)
{
    if (!column->spans)
        return BAU_OK;
    struct bau_span *spans = bau_arena_buffer(b->arena, ((size_t)k->n + 1) * sizeof *spans);
    if (!spans)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t i = 0; i < k->n; i++) {
        spans[i] = column->spans[k->rows[i]];
        spans[i].at = spans[i].at - b->row_at[k->rows[i]] + k->row_at[i];
    }
    column->spans = spans;
    return BAU_OK;
}

/* The elements of the lists of the rows that stay. */
static bau_status list_index(const struct bau_batch *b, const struct kept *k, struct bau_column *column,
                             uint32_t **out, uint32_t *out_n, struct bau_error *err)
{
    uint32_t *offsets = bau_arena_buffer(b->arena, ((size_t)k->n + 1) * sizeof *offsets);
    uint32_t *index = bau_arena_buffer(b->arena, ((size_t)column->n_values + 1) * sizeof *index);
    if (!offsets || !index)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    offsets[0] = 0;
    for (uint32_t i = 0; i < k->n; i++) {
        uint32_t n = offsets[i];
        for (uint32_t v = column->list_offsets[k->rows[i]]; v < column->list_offsets[k->rows[i] + 1]; v++)
            index[n++] = v;
        offsets[i + 1] = n;
    }
    column->list_offsets = offsets;
    *out = index;
    *out_n = offsets[k->n];
    return BAU_OK;
}

static bau_status take_typed(const struct bau_batch *b, const struct kept *k, struct bau_column *column,
                             struct bau_error *err)
{
    uint32_t *index = k->rows, n = k->n;
    if (column->list_offsets)
        BAU_TRY(list_index(b, k, column, &index, &n, err));
    const struct bau_column whole = *column;
    BAU_TRY(bau_column_take(column, &whole, index, n, b->arena, err));
    column->list_offsets = whole.list_offsets;
    column->spans = whole.spans;
    return BAU_OK;
}

bau_status bau_batch_filter(struct bau_batch *batch, const uint64_t *keep, struct bau_error *err)
{
    struct kept k = { 0 };
    BAU_TRY(choose(batch, keep, &k, err));
    if (k.n == batch->n_rows)
        return BAU_OK;
    for (uint32_t c = 0; c < batch->n_columns; c++) {
        struct bau_column *column = &batch->columns[c];
        if (column->form == BAU_FORM_FRAME)
            continue;
        BAU_TRY(take_spans(batch, &k, column, err));
        if (column->form == BAU_FORM_TYPED)
            BAU_TRY(take_typed(batch, &k, column, err));
        else
            column->n_values = k.n;
    }
    BAU_TRY(copy_raw(batch, &k, err));
    batch->row_at = k.row_at;
    batch->n_rows = k.n;
    return BAU_OK;
}
