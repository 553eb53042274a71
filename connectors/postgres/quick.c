/* See quick.h. Short values dominate, and a call of memcpy costs more than 32 bytes moved at once. */
#include "quick.h"

enum { JSON_OID = 114, JSONB_OID = 3802, BPCHAR_OID = 1042 };

#define EPOCH_DAYS 10957
#define EPOCH_US (INT64_C(10957) * 86400 * 1000000)

static bool is_binary(const struct bau_batch *batch)
{
    return batch->format[sizeof "pgcopy-" - 1] == PG_FORMAT_BINARY[sizeof "pgcopy-" - 1];
}

static bool is_bytes(bau_type type)
{
    return type == BAU_TEXT || type == BAU_JSON || type == BAU_BYTES;
}

static bool is_integer(bau_type type)
{
    return type == BAU_I16 || type == BAU_I32 || type == BAU_I64;
}

static bool open_column(const struct bau_batch *batch, struct bau_column *column, size_t bytes)
{
    const size_t words = ((size_t)batch->n_rows + 63) / 64 + 1;
    const bool variable = bau_type_width(column->field->type) == 0;
    uint64_t *valid = bau_arena_buffer(batch->arena, words * sizeof *valid);
    uint32_t *offsets =
        variable ? bau_arena_buffer(batch->arena, ((size_t)batch->n_rows + 1) * sizeof *offsets) : NULL;
    void *data = bau_arena_buffer(batch->arena, bytes + PG_QUICK_SLACK);
    if (!valid || !data || (variable && !offsets))
        return false;
    memset(valid, 0, words * sizeof *valid);
    column->valid = valid;
    column->offsets = offsets;
    column->data = data;
    column->type = column->field->type;
    column->n_values = batch->n_rows;
    column->n_nulls = 0;
    return true;
}

static void close_column(struct bau_column *column)
{
    column->form = BAU_FORM_TYPED;
    if (column->n_nulls == 0)
        column->valid = NULL;
}

static bool decode_bytes(const struct bau_batch *batch, struct bau_column *column)
{
    uint64_t bytes = 0;
    for (uint32_t r = 0; r < batch->n_rows; r++)
        bytes += column->spans[r].len == BAU_SPAN_NULL ? 0 : column->spans[r].len;
    if (bytes > INT32_MAX || !open_column(batch, column, (size_t)bytes))
        return false;
    const bool json = column->type == BAU_JSON;
    uint8_t *data = column->data;
    uint32_t at = 0;
    column->offsets[0] = 0;
    for (uint32_t r = 0; r < batch->n_rows; r++) {
        const struct bau_span span = column->spans[r];
        const bool present = span.len != BAU_SPAN_NULL;
        const uint8_t *p = batch->raw + span.at;
        uint32_t len = present ? span.len : 0;
        if (json && len && p[0] == 1) { /* jsonb's version; no JSON text starts so */
            p++;
            len--;
        }
        pg_quick_copy(data + at, p, len);
        at += len;
        column->offsets[r + 1] = at;
        column->n_nulls += !present;
        column->valid[r / 64] |= (uint64_t)present << (r % 64);
    }
    close_column(column);
    return true;
}

/* False for a length that is not the type's: the careful way says so. */
static bool decode_integers(const struct bau_batch *batch, struct bau_column *column)
{
    const uint32_t width = bau_type_width(column->field->type);
    for (uint32_t r = 0; r < batch->n_rows; r++)
        if (column->spans[r].len != width && column->spans[r].len != BAU_SPAN_NULL)
            return false;
    if (!open_column(batch, column, (size_t)batch->n_rows * width))
        return false;
    for (uint32_t r = 0; r < batch->n_rows; r++) {
        const struct bau_span span = column->spans[r];
        const bool present = span.len != BAU_SPAN_NULL;
        const uint8_t *p = batch->raw + span.at;
        const uint64_t v = !present ? 0 : width == 8 ? pg_get64(p) : width == 4 ? pg_get32(p) : pg_get16(p);
        if (width == 8)
            ((uint64_t *)column->data)[r] = v;
        else if (width == 4)
            ((uint32_t *)column->data)[r] = (uint32_t)v;
        else
            ((uint16_t *)column->data)[r] = (uint16_t)v;
        column->n_nulls += !present;
        column->valid[r / 64] |= (uint64_t)present << (r % 64);
    }
    close_column(column);
    return true;
}

bool pg_quick_decode(const struct bau_batch *batch, struct bau_column *column)
{
    const struct bau_field *field = column->field;
    if (!is_binary(batch) || field->list || field->native_type == BPCHAR_OID ||
        pg_is_network(field->native_type))
        return false;
    if (is_bytes(field->type))
        return decode_bytes(batch, column);
    return is_integer(field->type) && decode_integers(batch, column);
}

pg_quick pg_quick_kind(const struct bau_batch *batch, const struct bau_column *column)
{
    const struct bau_field *field = column->field;
    if (!is_binary(batch) || column->list_offsets || column->type != field->type ||
        pg_is_network(field->native_type))
        return PG_QUICK_NONE;
    if (column->type == BAU_JSON)
        return field->native_type == JSONB_OID  ? PG_QUICK_JSONB
               : field->native_type == JSON_OID ? PG_QUICK_BYTES
                                                : PG_QUICK_NONE;
    if (is_bytes(column->type))
        return PG_QUICK_BYTES;
    if (column->type == BAU_DATE)
        return PG_QUICK_DATE;
    if (column->type == BAU_TIMESTAMP || column->type == BAU_TIMESTAMPTZ)
        return PG_QUICK_INSTANT;
    return is_integer(column->type) ? PG_QUICK_FIXED : PG_QUICK_NONE;
}

static size_t encode_bytes(const struct bau_column *column, uint32_t row, bool version, uint8_t *to)
{
    const uint32_t from = column->offsets[row], len = column->offsets[row + 1] - from;
    if (len > PG_QUICK_MOST)
        return 0;
    pg_put32(to, len + version);
    to[4] = 1;
    pg_quick_copy(to + 4 + version, (const uint8_t *)column->data + from, len);
    return 4 + version + len;
}

static size_t encode_date(const struct bau_column *column, uint32_t row, uint8_t *to)
{
    int32_t v = ((const int32_t *)column->data)[row];
    const bool finite = v != INT32_MIN && v != INT32_MAX;
    if (finite && v < INT32_MIN + EPOCH_DAYS)
        return 0;
    v = finite ? v - EPOCH_DAYS : v;
    pg_put32(to, 4);
    pg_put32(to + 4, (uint32_t)v);
    return 8;
}

static size_t encode_instant(const struct bau_column *column, uint32_t row, uint8_t *to)
{
    int64_t v = ((const int64_t *)column->data)[row];
    const bool finite = v != INT64_MIN && v != INT64_MAX;
    if (finite && v < INT64_MIN + EPOCH_US)
        return 0;
    v = finite ? v - EPOCH_US : v;
    pg_put32(to, 8);
    pg_put64(to + 4, (uint64_t)v);
    return 12;
}

static size_t encode_fixed(const struct bau_column *column, uint32_t row, uint8_t *to)
{
    const uint32_t width = bau_type_width(column->type);
    pg_put32(to, width);
    if (width == 2)
        pg_put16(to + 4, ((const uint16_t *)column->data)[row]);
    else if (width == 4)
        pg_put32(to + 4, ((const uint32_t *)column->data)[row]);
    else
        pg_put64(to + 4, ((const uint64_t *)column->data)[row]);
    return 4 + width;
}

size_t pg_quick_encode(pg_quick kind, const struct bau_column *column, uint32_t row, uint8_t *to)
{
    if (kind != PG_QUICK_NONE && !bau_column_present(column, row)) {
        pg_put32(to, UINT32_MAX);
        return 4;
    }
    switch (kind) {
    case PG_QUICK_NONE: return 0;
    case PG_QUICK_BYTES: return encode_bytes(column, row, false, to);
    case PG_QUICK_JSONB: return encode_bytes(column, row, true, to);
    case PG_QUICK_FIXED: return encode_fixed(column, row, to);
    case PG_QUICK_DATE: return encode_date(column, row, to);
    case PG_QUICK_INSTANT: return encode_instant(column, row, to);
    }
    return 0;
}
