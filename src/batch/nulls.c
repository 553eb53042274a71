/* Single values of a column made null. */
#include <string.h>

#include "bauta/batch.h"

static bool is_set(const uint64_t *bits, uint32_t i)
{
    return (bits[i / 64] >> (i % 64)) & 1u;
}

bau_status bau_column_null_some(struct bau_column *out, const struct bau_column *in, const uint64_t *rows,
                                struct bau_arena *arena, struct bau_error *err)
{
    const size_t words = ((size_t)in->n_values + 63) / 64, width = bau_type_width(in->type);
    uint64_t *valid = bau_arena_buffer(arena, (words + 1) * sizeof *valid);
    BAU_TRY(bau_column_make(out, in, in->type, in->offsets ? in->offsets[in->n_values] : 0, arena, err));
    if (!valid)
        return bau_error_set(err, BAU_E_NOMEM, "column");
    memset(valid, 0, (words + 1) * sizeof *valid);
    out->n_nulls = 0;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const bool stays = bau_column_present(in, i) && !is_set(rows, i);
        const struct bau_slice v = bau_column_value(in, i);
        valid[i / 64] |= (uint64_t)stays << (i % 64);
        out->n_nulls += !stays;
        if (width && stays)
            memcpy((uint8_t *)out->data + i * width, v.data, width);
        else if (width)
            memset((uint8_t *)out->data + i * width, 0, width);
        else {
            if (stays && v.len)
                memcpy((uint8_t *)out->data + out->offsets[i], v.data, v.len);
            out->offsets[i + 1] = out->offsets[i] + (stays ? (uint32_t)v.len : 0);
        }
    }
    out->valid = out->n_nulls ? valid : NULL;
    return BAU_OK;
}
