/* Typed columns out of the frames of a batch: one walk to count, one to copy. See redis.h for frames. */
#include "redis.h"

#include <string.h>

struct column {
    uint32_t n;         /* values so far */
    uint64_t bytes;     /* of text */
    uint32_t row_first; /* values before this row */
    bool wanted;
};

static bool utf8(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n;) {
        const uint8_t b = p[i];
        const size_t more = b < 0x80             ? 0
                            : (b & 0xE0) == 0xC0 ? 1
                            : (b & 0xF0) == 0xE0 ? 2
                            : (b & 0xF8) == 0xF0 ? 3
                                                 : 9;
        if (more > 3 || more >= n - i)
            return false;
        uint32_t c = more ? b & (0x3Fu >> more) : b;
        for (size_t k = 1; k <= more; k++) {
            if ((p[i + k] & 0xC0) != 0x80)
                return false;
            c = c << 6 | (p[i + k] & 0x3Fu);
        }
        static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
        if (c < least[more] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
            return false;
        i += more + 1;
    }
    return true;
}

typedef bau_status (*chunk_fn)(struct bau_batch *batch, struct column *columns, uint32_t row,
                               const struct redis_chunk *chunk, const uint8_t *bytes, struct bau_error *err);

static bau_status count(struct bau_batch *batch, struct column *columns, uint32_t row,
                        const struct redis_chunk *chunk, const uint8_t *bytes, struct bau_error *err)
{
    const struct bau_field *field = &batch->dataset->fields[chunk->column];
    struct column *c = &columns[chunk->column];
    if (field->type == BAU_TEXT && !utf8(bytes, chunk->len))
        return bau_error_set(
            err, BAU_E_DATA,
            "%s of row %u of the batch, %u bytes, is no UTF-8 text and cannot be masked as such; "
            "keep it by a rule, or leave its keys to another template",
            field->name, row + 1, chunk->len);
    if (!field->list && c->n > c->row_first)
        return bau_error_set(err, BAU_E_DATA, "%s stands twice in one value", field->name);
    c->n++;
    c->bytes += chunk->len;
    return BAU_OK;
}

static bau_status copy(struct bau_batch *batch, struct column *columns, uint32_t row,
                       const struct redis_chunk *chunk, const uint8_t *bytes, struct bau_error *err)
{
    (void)err;
    struct bau_column *out = &batch->columns[chunk->column];
    struct column *c = &columns[chunk->column];
    const uint32_t at = out->list_offsets ? c->n : row;
    if (out->type == BAU_F64)
        memcpy((uint8_t *)out->data + (size_t)at * 8, bytes, 8);
    else {
        memcpy((uint8_t *)out->data + c->bytes, bytes, chunk->len);
        out->offsets[at + 1] = (uint32_t)(c->bytes + chunk->len);
    }
    if (out->valid)
        out->valid[at / 64] |= UINT64_C(1) << (at % 64);
    c->n++;
    c->bytes += chunk->len;
    return BAU_OK;
}

/* What a column holds for a row without a value, and where a row's list ends. */
static void end_row(const struct bau_batch *batch, struct column *columns, uint32_t row, bool copying)
{
    for (uint32_t f = 0; f < batch->n_columns; f++) {
        struct column *c = &columns[f];
        const struct bau_column *out = &batch->columns[f];
        if (!c->wanted)
            continue;
        if (copying && out->list_offsets)
            out->list_offsets[row + 1] = c->n;
        else if (copying && out->offsets)
            out->offsets[row + 1] = (uint32_t)c->bytes;
        c->row_first = c->n;
    }
}

static bau_status walk(struct bau_batch *batch, struct column *columns, bool copying, struct bau_error *err)
{
    const chunk_fn each = copying ? copy : count;
    for (uint32_t row = 0; row < batch->n_rows; row++) {
        struct redis_head head;
        const uint8_t *at = redis_take_head(batch->raw + batch->row_at[row], &head);
        for (uint32_t i = 0; i < head.n_parts + head.n_items; i++) {
            struct redis_chunk chunk;
            at = redis_take_chunk(at, &chunk);
            if (chunk.column != REDIS_NONE && columns[chunk.column].wanted)
                BAU_TRY(each(batch, columns, row, &chunk, at, err));
            at += chunk.len;
        }
        end_row(batch, columns, row, copying);
    }
    return BAU_OK;
}

static bau_status make(struct bau_batch *batch, uint32_t f, struct column *c, struct bau_error *err)
{
    struct bau_column *out = &batch->columns[f];
    const bool list = batch->dataset->fields[f].list;
    const uint32_t n = list ? c->n : batch->n_rows;
    const size_t words = ((size_t)n + 63) / 64;
    if (c->bytes > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "a batch's column would pass 2 GiB");
    out->form = BAU_FORM_TYPED;
    out->n_values = n;
    out->n_nulls = n - c->n;
    out->data = bau_arena_buffer(batch->arena, out->type == BAU_F64 ? (size_t)n * 8 : (size_t)c->bytes);
    out->offsets =
        out->type == BAU_F64 ? NULL : bau_arena_buffer(batch->arena, ((size_t)n + 1) * sizeof(uint32_t));
    out->list_offsets =
        list ? bau_arena_buffer(batch->arena, ((size_t)batch->n_rows + 1) * sizeof(uint32_t)) : NULL;
    out->valid = out->n_nulls ? bau_arena_buffer(batch->arena, words * sizeof(uint64_t)) : NULL;
    if (!out->data || (out->type != BAU_F64 && !out->offsets) || (list && !out->list_offsets) ||
        (out->n_nulls && !out->valid))
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    if (out->valid)
        memset(out->valid, 0, words * sizeof(uint64_t));
    if (out->offsets)
        out->offsets[0] = 0;
    if (list)
        out->list_offsets[0] = 0;
    *c = (struct column){ .wanted = true };
    return BAU_OK;
}

bau_status redis_fill_columns(const struct redis_set *set, const bau_want *want, struct bau_batch *batch,
                              struct bau_error *err)
{
    struct column *columns = bau_arena_zero(batch->arena, ((size_t)batch->n_columns + 1) * sizeof *columns);
    bool any = false;
    if (!columns)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t f = 0; f < batch->n_columns; f++) {
        columns[f].wanted = want[f] != BAU_WANT_FRAME && f != set->opaque;
        any = any || columns[f].wanted;
    }
    if (!any)
        return BAU_OK;
    BAU_TRY(walk(batch, columns, false, err));
    for (uint32_t f = 0; f < batch->n_columns; f++)
        if (columns[f].wanted)
            BAU_TRY(make(batch, f, &columns[f], err));
    return walk(batch, columns, true, err);
}
