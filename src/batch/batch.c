/* Batches and columns: see include/bauta/batch.h for the invariants B1–B7. */
#include "bauta/batch.h"

#include <string.h>

#define BATCH_CHUNK ((size_t)1 << 20)

bau_status bau_batch_init(struct bau_batch *batch, struct bau_error *err)
{
    *batch = (struct bau_batch){ .arena = bau_arena_new(BATCH_CHUNK, BAU_ARENA_PRIVATE) };
    return batch->arena ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "batch");
}

static void give_back(struct bau_batch *batch)
{
    if (batch->adopted && batch->adopted_free)
        batch->adopted_free(batch->adopted);
    batch->adopted = NULL;
    batch->adopted_free = NULL;
}

void bau_batch_release(struct bau_batch *batch)
{
    if (!batch)
        return;
    give_back(batch);
    bau_arena_free(batch->arena);
    *batch = (struct bau_batch){ 0 };
}

void bau_batch_drop(struct bau_batch *batch)
{
    give_back(batch);
    bau_arena_reset(batch->arena);
    *batch = (struct bau_batch){ .arena = batch->arena };
}

bau_status bau_batch_reset(struct bau_batch *batch, const struct bau_dataset *dataset, struct bau_error *err)
{
    struct bau_arena *arena = batch->arena;
    give_back(batch);
    bau_arena_reset(arena);
    struct bau_column *columns = bau_arena_zero(arena, (dataset->n_fields + 1) * sizeof *columns);
    if (!columns)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t f = 0; f < dataset->n_fields; f++)
        columns[f] = (struct bau_column){ .field = &dataset->fields[f], .type = dataset->fields[f].type };
    *batch = (struct bau_batch){
        .dataset = dataset, .arena = arena, .n_columns = dataset->n_fields, .columns = columns
    };
    return BAU_OK;
}

/* Takes over what the output shares with the input: field, shape, nulls. */
static void share(struct bau_column *out, const struct bau_column *in, bau_type type)
{
    const struct bau_column from = *in;
    *out = (struct bau_column){ .field = from.field,
                                .form = BAU_FORM_TYPED,
                                .type = type,
                                .n_values = from.n_values,
                                .n_nulls = from.n_nulls,
                                .valid = from.valid,
                                .list_offsets = from.list_offsets,
                                .spans = from.spans };
}

bau_status bau_column_make(struct bau_column *out, const struct bau_column *in, bau_type type,
                           size_t data_bytes, struct bau_arena *arena, struct bau_error *err)
{
    const uint32_t width = bau_type_width(type);
    share(out, in, type);
    if (width)
        data_bytes = (size_t)out->n_values * width;
    out->data = bau_arena_buffer(arena, data_bytes);
    if (!width) {
        if (data_bytes > INT32_MAX)
            return bau_error_set(err, BAU_E_LIMIT, "a batch's column would pass 2 GiB");
        out->offsets = bau_arena_buffer(arena, ((size_t)out->n_values + 1) * sizeof *out->offsets);
        if (out->offsets)
            out->offsets[0] = 0;
    }
    if (!out->data || (!width && !out->offsets))
        return bau_error_set(err, BAU_E_NOMEM, "column of %u values", out->n_values);
    return BAU_OK;
}

bau_status bau_column_like(struct bau_column *out, const struct bau_column *in, struct bau_arena *arena,
                           struct bau_error *err)
{
    const struct bau_column from = *in;
    const uint32_t width = bau_type_width(from.type);
    const size_t bytes = width ? (size_t)from.n_values * width : from.offsets[from.n_values];
    share(out, &from, from.type);
    out->offsets = from.offsets;
    out->data = bau_arena_buffer(arena, bytes);
    return out->data ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "column of %u values", from.n_values);
}

bau_status bau_column_nulls(struct bau_column *out, const struct bau_column *in, struct bau_arena *arena,
                            struct bau_error *err)
{
    const struct bau_column from = *in;
    BAU_TRY(bau_column_make(out, &from, from.type, 0, arena, err));
    const size_t words = ((size_t)from.n_values + 63) / 64;
    out->valid = bau_arena_buffer(arena, words * sizeof *out->valid);
    if (!out->valid)
        return bau_error_set(err, BAU_E_NOMEM, "column of %u values", from.n_values);
    memset(out->valid, 0, words * sizeof *out->valid);
    if (out->offsets)
        memset(out->offsets, 0, ((size_t)from.n_values + 1) * sizeof *out->offsets);
    else
        memset(out->data, 0, (size_t)from.n_values * bau_type_width(from.type));
    out->n_nulls = from.n_values;
    if (from.n_values == 0)
        out->valid = NULL;
    return BAU_OK;
}
