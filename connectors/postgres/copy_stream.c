/* The byte stream of COPY TO, binary and text: see copy_stream.h. */
#include "copy_stream.h"

#include "bytes.h"

enum { HEADER = 19, FLAG_OIDS = 1u << 16, CRITICAL_FLAGS = (int)0xFFFF0000 };

void pg_stream_init(struct pg_stream *stream, pg_transport transport, uint32_t n_wire)
{
    *stream = (struct pg_stream){ .transport = transport, .n_wire = n_wire };
}

bool pg_stream_in_rows(const struct pg_stream *stream)
{
    return stream->transport == PG_COPY_TEXT || (stream->header_got == HEADER && stream->extension == 0);
}

bau_status pg_stream_header(struct pg_stream *s, const uint8_t **bytes, size_t *len, struct bau_error *err)
{
    static const uint8_t signature[11] = { 'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xFF, '\r', '\n', 0 };
    if (s->transport == PG_COPY_TEXT)
        return BAU_OK;
    if (s->header_got < HEADER) {
        const size_t take = *len < HEADER - s->header_got ? *len : HEADER - s->header_got;
        memcpy(s->header + s->header_got, *bytes, take);
        s->header_got += (uint32_t)take;
        *bytes += take;
        *len -= take;
        if (s->header_got < HEADER)
            return BAU_OK;
        if (memcmp(s->header, signature, sizeof signature) != 0)
            return bau_error_set(err, BAU_E_BUG, "the stream does not start as a binary COPY does");
        if (pg_get32(s->header + 11) & (uint32_t)CRITICAL_FLAGS)
            return bau_error_set(err, BAU_E_BUG, "the binary COPY has flags we do not know");
        s->extension = pg_get32(s->header + 15);
        if (s->extension > INT32_MAX)
            return bau_error_set(err, BAU_E_BUG, "the binary COPY's header has a negative length");
    }
    const size_t skip = *len < s->extension ? *len : s->extension;
    *bytes += skip;
    *len -= skip;
    s->extension -= (uint32_t)skip;
    return BAU_OK;
}

typedef enum { ROW_WHOLE, ROW_CUT, ROW_NONE, ROW_BROKEN } row_got;

/* One row from `at` on; on ROW_WHOLE `out_end` is behind it. */
static row_got binary_row(struct pg_stream *s, const uint8_t *raw, size_t len, size_t at,
                          const struct pg_frames *f, size_t *out_end, struct bau_error *err)
{
    if (len - at < 2)
        return ROW_CUT;
    const uint16_t n = pg_get16(raw + at);
    at += 2;
    if (n == UINT16_MAX) {
        s->ended = true;
        *out_end = at;
        return ROW_NONE;
    }
    if (n != s->n_wire) {
        (void)bau_error_set(err, BAU_E_BUG, "a row has %u fields, expected %" PRIu32, n, s->n_wire);
        return ROW_BROKEN;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (len - at < 4)
            return ROW_CUT;
        const uint32_t size = pg_get32(raw + at);
        at += 4;
        if (f->spans[i])
            f->spans[i][f->n_rows] = (struct bau_span){ (uint32_t)at, size };
        if (size == UINT32_MAX)
            continue;
        if (size > BAU_VALUE_BYTES_MAX) {
            (void)bau_error_set(err, BAU_E_LIMIT, "a value of %" PRIu32 " bytes", size);
            return ROW_BROKEN;
        }
        if (len - at < size)
            return ROW_CUT;
        at += size;
    }
    *out_end = at;
    return ROW_WHOLE;
}

static void text_span(const struct pg_frames *f, uint32_t field, const uint8_t *raw, size_t from, size_t to)
{
    if (!f->spans[field])
        return;
    const bool null = to - from == 2 && raw[from] == '\\' && raw[from + 1] == 'N';
    f->spans[field][f->n_rows] =
        (struct bau_span){ (uint32_t)from, null ? BAU_SPAN_NULL : (uint32_t)(to - from) };
}

static row_got text_row(const struct pg_stream *s, const uint8_t *raw, size_t len, size_t at,
                        const struct pg_frames *f, size_t *out_end, struct bau_error *err)
{
    uint32_t field = 0;
    for (size_t from = at; at < len; at++) {
        const uint8_t c = raw[at];
        if (c == '\\') {
            at++; /* whatever follows is no border */
            continue;
        }
        if (c != '\t' && c != '\n')
            continue;
        if (field < s->n_wire) {
            if (at - from > BAU_VALUE_BYTES_MAX) {
                (void)bau_error_set(err, BAU_E_LIMIT, "a value of %zu bytes", at - from);
                return ROW_BROKEN;
            }
            text_span(f, field, raw, from, at);
            field++;
        } else if (s->n_wire > 0 || c == '\t' || at > from) {
            (void)bau_error_set(err, BAU_E_BUG, "a row has more than %" PRIu32 " fields", s->n_wire);
            return ROW_BROKEN;
        }
        from = at + 1;
        if (c == '\t')
            continue;
        if (field != s->n_wire) {
            (void)bau_error_set(err, BAU_E_BUG, "a row has %" PRIu32 " fields, expected %" PRIu32, field,
                                s->n_wire);
            return ROW_BROKEN;
        }
        *out_end = at + 1;
        return ROW_WHOLE;
    }
    return ROW_CUT;
}

bau_status pg_stream_rows(struct pg_stream *s, const uint8_t *raw, size_t len, size_t *at, size_t max_bytes,
                          struct pg_frames *f, struct bau_error *err)
{
    while (!s->ended && f->n_rows < f->max_rows && *at - f->row_at[0] < max_bytes) {
        size_t end = 0;
        const row_got got = s->transport == PG_COPY_BINARY ? binary_row(s, raw, len, *at, f, &end, err)
                                                           : text_row(s, raw, len, *at, f, &end, err);
        if (got == ROW_BROKEN)
            return err ? err->code : BAU_E_BUG;
        if (got == ROW_CUT)
            return BAU_OK;
        *at = end;
        if (got == ROW_NONE)
            break;
        f->row_at[++f->n_rows] = (uint32_t)end;
    }
    if (s->ended && *at != len)
        return bau_error_set(err, BAU_E_BUG, "bytes after the end of the binary COPY");
    return BAU_OK;
}

bau_status pg_stream_end(const struct pg_stream *s, size_t left, struct bau_error *err)
{
    if (left > 0 || (s->transport == PG_COPY_BINARY && !s->ended))
        return bau_error_set(err, BAU_E_SOURCE, "the COPY ended inside a row");
    return BAU_OK;
}
