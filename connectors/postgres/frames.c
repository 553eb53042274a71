/* Rows of COPY, binary and text, taken apart and put together again: see bauta/frames.h. */
#include "codec.h"
#include "copy_stream.h"

static bau_status cut_with(pg_transport transport, const struct bau_batch *batch, uint32_t n,
                           struct bau_span *const *out, struct bau_error *err)
{
    struct pg_stream stream;
    struct bau_span **spans = bau_arena_take(batch->arena, ((size_t)n + 1) * sizeof *spans);
    uint32_t *row_at = bau_arena_take(batch->arena, ((size_t)batch->n_rows + 1) * sizeof *row_at);
    if (!spans || !row_at)
        return bau_error_set(err, BAU_E_NOMEM, "rows");
    for (uint32_t i = 0; i < n; i++)
        spans[i] = out[i];
    struct pg_frames frames = { .max_rows = batch->n_rows, .row_at = row_at, .spans = spans };
    size_t at = row_at[0] = batch->row_at[0];
    const uint32_t end = batch->row_at[batch->n_rows];
    pg_stream_init(&stream, transport, n);
    BAU_TRY(pg_stream_rows(&stream, batch->raw, end, &at, SIZE_MAX, &frames, err));
    return frames.n_rows == batch->n_rows && at == end
               ? BAU_OK
               : bau_error_set(err, BAU_E_BUG, "rows are not framed as the batch says");
}

static bau_status cut_binary(const struct bau_batch *batch, uint32_t n, struct bau_span *const *out,
                             struct bau_error *err)
{
    return cut_with(PG_COPY_BINARY, batch, n, out, err);
}

static bau_status cut_text(const struct bau_batch *batch, uint32_t n, struct bau_span *const *out,
                           struct bau_error *err)
{
    return cut_with(PG_COPY_TEXT, batch, n, out, err);
}

static bool is_null(const struct bau_column *column, uint32_t row)
{
    return column->list_offsets ? column->spans[row].len == BAU_SPAN_NULL : !bau_column_present(column, row);
}

static bau_status encode_binary(const struct bau_batch *batch, const struct bau_column *column, uint32_t row,
                                struct bau_text *out, bool *out_null, struct bau_error *err)
{
    *out_null = is_null(column, row);
    if (*out_null)
        return BAU_OK;
    const size_t start = out->len;
    BAU_TRY(pg_encode_value(batch, column, row, out, err));
    if (out->failed)
        return bau_error_set(err, BAU_E_NOMEM, "value");
    memmove(out->data + start, out->data + start + 4, out->len - start - 4); /* without the length word */
    out->len -= 4;
    return BAU_OK;
}

static bau_status encode_text(const struct bau_batch *batch, const struct bau_column *column, uint32_t row,
                              struct bau_text *out, bool *out_null, struct bau_error *err)
{
    *out_null = is_null(column, row);
    if (*out_null)
        return BAU_OK;
    BAU_TRY(pg_encode_value(batch, column, row, out, err));
    return out->failed ? bau_error_set(err, BAU_E_NOMEM, "value") : BAU_OK;
}

static size_t join_binary(const struct bau_slice *values, uint32_t n, uint8_t *to, uint32_t *at)
{
    size_t len = 2;
    pg_put16(to, (uint16_t)n);
    for (uint32_t i = 0; i < n; i++) {
        pg_put32(to + len, values[i].data ? (uint32_t)values[i].len : UINT32_MAX);
        len += 4;
        at[i] = (uint32_t)len;
        if (values[i].data && values[i].len)
            memcpy(to + len, values[i].data, values[i].len);
        len += values[i].data ? values[i].len : 0;
    }
    return len;
}

static size_t join_text(const struct bau_slice *values, uint32_t n, uint8_t *to, uint32_t *at)
{
    size_t len = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            to[len++] = '\t';
        at[i] = (uint32_t)len;
        if (!values[i].data)
            memcpy(to + len, "\\N", 2);
        else if (values[i].len)
            memcpy(to + len, values[i].data, values[i].len);
        len += values[i].data ? values[i].len : 2;
    }
    to[len++] = '\n';
    return len;
}

static const struct bau_frames binary = { .format = PG_FORMAT_BINARY,
                                          .row = 2,
                                          .value = 4,
                                          .cut = cut_binary,
                                          .encode = encode_binary,
                                          .join = join_binary,
                                          .decode = pg_decode_column };
static const struct bau_frames text = { .format = PG_FORMAT_TEXT,
                                        .row = 1,
                                        .value = 3,
                                        .cut = cut_text,
                                        .encode = encode_text,
                                        .join = join_text,
                                        .decode = pg_decode_column };
const struct bau_frames *const pg_frames_list[] = { &binary, &text, NULL };
