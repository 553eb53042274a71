/* Columns taken apart and put together again by value: what maskers inside maskers need. */
#include <string.h>

#include "bauta/batch.h"

static bau_status make_valid(struct bau_column *out, struct bau_arena *arena, struct bau_error *err)
{
    const size_t words = ((size_t)out->n_values + 63) / 64;
    out->valid = bau_arena_buffer(arena, (words + 1) * sizeof *out->valid);
    if (!out->valid)
        return bau_error_set(err, BAU_E_NOMEM, "column of %u values", out->n_values);
    memset(out->valid, 0, words * sizeof *out->valid);
    return BAU_OK;
}

/* Buffers for n_values values of `bytes` bytes together; offsets[0] = 0. */
static bau_status make_data(struct bau_column *out, uint64_t bytes, struct bau_arena *arena,
                            struct bau_error *err)
{
    const uint32_t width = bau_type_width(out->type);
    if (bytes > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "a batch's column would pass 2 GiB");
    out->data = bau_arena_buffer(arena, width ? (size_t)out->n_values * width : (size_t)bytes);
    out->offsets = NULL;
    if (!width) {
        out->offsets = bau_arena_buffer(arena, ((size_t)out->n_values + 1) * sizeof *out->offsets);
        if (out->offsets)
            out->offsets[0] = 0;
    }
    if (!out->data || (!width && !out->offsets))
        return bau_error_set(err, BAU_E_NOMEM, "column of %u values", out->n_values);
    return BAU_OK;
}

/* Copies value `from` of `in` to place i of `out`. */
static void put(struct bau_column *out, uint32_t i, const struct bau_column *in, uint32_t from)
{
    const struct bau_slice v = bau_column_value(in, from);
    uint8_t *data = out->data;
    const bool present = bau_column_present(in, from);
    if (out->offsets) {
        memcpy(data + out->offsets[i], v.data, v.len);
        out->offsets[i + 1] = out->offsets[i] + (uint32_t)v.len;
    } else {
        memcpy(data + (size_t)i * v.len, v.data, v.len);
    }
    out->n_nulls += !present;
    out->valid[i / 64] |= (uint64_t)present << (i % 64);
}

bau_status bau_column_take(struct bau_column *out, const struct bau_column *in, const uint32_t *index,
                           uint32_t n, struct bau_arena *arena, struct bau_error *err)
{
    const struct bau_column from = *in;
    uint64_t bytes = 0;
    for (uint32_t i = 0; from.offsets && i < n; i++)
        bytes += from.offsets[index[i] + 1] - from.offsets[index[i]];
    *out =
        (struct bau_column){ .field = from.field, .form = BAU_FORM_TYPED, .type = from.type, .n_values = n };
    BAU_TRY(make_data(out, bytes, arena, err));
    BAU_TRY(make_valid(out, arena, err));
    for (uint32_t i = 0; i < n; i++)
        put(out, i, &from, index[i]);
    if (out->n_nulls == 0)
        out->valid = NULL;
    return BAU_OK;
}

bau_status bau_column_merge(struct bau_column *out, const struct bau_column *like,
                            const struct bau_column *const *parts, const uint32_t *which, const uint32_t *at,
                            struct bau_arena *arena, struct bau_error *err)
{
    const struct bau_column shape = *like;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < shape.n_values; i++)
        bytes += bau_column_value(parts[which[i]], at[i]).len;
    *out = shape;
    out->form = BAU_FORM_TYPED;
    out->n_nulls = 0;
    BAU_TRY(make_data(out, bytes, arena, err));
    BAU_TRY(make_valid(out, arena, err));
    for (uint32_t i = 0; i < shape.n_values; i++)
        put(out, i, parts[which[i]], at[i]);
    if (out->n_nulls == 0)
        out->valid = NULL;
    return BAU_OK;
}
