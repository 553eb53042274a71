/* Checks B1–B7 of include/bauta/batch.h at three costs: shape (constant), offsets (one pass over offsets), contents. */
#include "bauta/batch.h"

#include <string.h>

#define BROKEN(rule, ...) return bau_error_set(err, BAU_E_BUG, rule ": " __VA_ARGS__)

static bau_status check_shape(const struct bau_column *c, uint32_t n_rows, struct bau_error *err)
{
    if (c->n_nulls > c->n_values)
        BROKEN("B3", "%u nulls of %u values", c->n_nulls, c->n_values);
    if (c->n_nulls && !c->valid)
        BROKEN("B3", "nulls without validity bits");
    if (!c->list_offsets && c->n_values != n_rows)
        BROKEN("B4", "%u values in %u rows", c->n_values, n_rows);
    if (!c->data || (bau_type_width(c->type) && (uintptr_t)c->data % BAU_ALIGN != 0))
        BROKEN("B2", "data buffer is %s", c->data ? "misaligned" : "missing");
    if (!bau_type_width(c->type) && !c->offsets)
        BROKEN("B1", "no offsets");
    if (c->offsets && c->offsets[0] != 0)
        BROKEN("B1", "offsets start at %u", c->offsets[0]);
    if (c->list_offsets && (c->list_offsets[0] != 0 || c->list_offsets[n_rows] != c->n_values))
        BROKEN("B4", "list offsets do not cover the values");
    return BAU_OK;
}

static bau_status check_rising(const uint32_t *offsets, uint32_t n, const char *what, struct bau_error *err)
{
    for (uint32_t i = 0; i < n; i++)
        if (offsets[i + 1] < offsets[i] || offsets[i + 1] > INT32_MAX)
            BROKEN("B1", "%s fall or pass INT32_MAX at %u", what, i);
    return BAU_OK;
}

static bau_status check_nulls(const struct bau_column *c, struct bau_error *err)
{
    uint32_t nulls = 0;
    for (uint32_t i = 0; i < c->n_values; i++) {
        if (bau_column_present(c, i))
            continue;
        nulls++;
        const struct bau_slice v = bau_column_value(c, i);
        if (c->offsets && v.len)
            BROKEN("B3", "null %u has length %zu", i, v.len);
        for (size_t b = 0; !c->offsets && b < v.len; b++)
            if (v.data[b])
                BROKEN("B3", "null %u holds bytes", i);
    }
    if (nulls != c->n_nulls)
        BROKEN("B3", "%u nulls counted, %u said", nulls, c->n_nulls);
    if (c->valid && c->n_values % 64 && c->valid[c->n_values / 64] >> (c->n_values % 64))
        BROKEN("B1", "validity bits are set past the end");
    return BAU_OK;
}

bau_status bau_column_validate(const struct bau_column *column, uint32_t n_rows, bau_validate_level level,
                               struct bau_error *err)
{
    if (column->form != BAU_FORM_TYPED)
        return BAU_OK;
    BAU_TRY(check_shape(column, n_rows, err));
    if (level == BAU_VALIDATE_SHAPE)
        return BAU_OK;
    if (column->offsets)
        BAU_TRY(check_rising(column->offsets, column->n_values, "offsets", err));
    if (column->list_offsets)
        BAU_TRY(check_rising(column->list_offsets, n_rows, "list offsets", err));
    return level == BAU_VALIDATE_CONTENTS ? check_nulls(column, err) : BAU_OK;
}

static bau_status check_frames(const struct bau_batch *batch, struct bau_error *err)
{
    for (uint32_t r = 0; batch->row_at && r < batch->n_rows; r++)
        if (batch->row_at[r + 1] < batch->row_at[r] || batch->row_at[r + 1] > batch->raw_len)
            BROKEN("B5", "row %u lies outside the raw bytes", r);
    for (uint32_t f = 0; f < batch->n_columns; f++) {
        const struct bau_span *spans =
            batch->columns[f].form == BAU_FORM_FRAME ? NULL : batch->columns[f].spans;
        for (uint32_t r = 0; spans && r < batch->n_rows; r++) {
            const size_t len = spans[r].len == BAU_SPAN_NULL ? 0 : spans[r].len;
            if (spans[r].at > batch->raw_len || len > batch->raw_len - spans[r].at)
                BROKEN("B5", "field %u of row %u lies outside the raw bytes", f, r);
        }
    }
    return BAU_OK;
}

bau_status bau_batch_validate(const struct bau_batch *batch, bau_validate_level level, struct bau_error *err)
{
    if (batch->n_rows == 0)
        return BAU_OK;
    if (!batch->dataset || !batch->raw || batch->n_columns != batch->dataset->n_fields)
        BROKEN("B6", "batch without dataset, bytes or columns");
    if (level != BAU_VALIDATE_SHAPE)
        BAU_TRY(check_frames(batch, err));
    for (uint32_t f = 0; f < batch->n_columns; f++)
        BAU_TRY_NOTE(bau_column_validate(&batch->columns[f], batch->n_rows, level, err), err, "%s.%s",
                     batch->dataset->name, batch->dataset->fields[f].name);
    return BAU_OK;
}
