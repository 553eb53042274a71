/* One value of COPY's binary form ↔ one typed value. The server counts days and microseconds from 2000-01-01. */
#include "codec.h"

#define EPOCH_DAYS 10957
#define EPOCH_US (INT64_C(10957) * 86400 * 1000000)

bau_status pg_malformed(const char *what, size_t len, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_BUG, "the server sent %zu bytes that are no %s", len, what);
}

static uint64_t shift_instant(uint64_t wire, bool *out_far)
{
    int64_t v = (int64_t)wire;
    if (v == INT64_MIN || v == INT64_MAX)
        return wire;
    *out_far = v > INT64_MAX - 1 - EPOCH_US;
    return *out_far ? 0 : (uint64_t)(v + EPOCH_US);
}

static uint32_t shift_date(uint32_t wire)
{
    const int32_t v = (int32_t)wire;
    return v == INT32_MIN || v == INT32_MAX || v > INT32_MAX - 1 - EPOCH_DAYS ? wire
                                                                              : (uint32_t)(v + EPOCH_DAYS);
}

static bau_status decode_fixed(struct pg_build *b, const uint8_t *p, size_t len, struct bau_error *err)
{
    if (len != b->width)
        return pg_malformed(bau_type_word(b->type), len, err);
    uint8_t *to = pg_build_add(b, b->width, err);
    if (!to)
        return err ? err->code : BAU_E_NOMEM;
    bool far = false;
    if (b->width == 1) {
        *to = *p != 0;
    } else if (b->width == 2) {
        const uint16_t v = pg_get16(p);
        memcpy(to, &v, sizeof v);
    } else if (b->width == 4) {
        const uint32_t v = b->type == BAU_DATE ? shift_date(pg_get32(p)) : pg_get32(p);
        memcpy(to, &v, sizeof v);
    } else if (b->width == 8) {
        const bool instant = b->type == BAU_TIMESTAMP || b->type == BAU_TIMESTAMPTZ;
        const uint64_t v = instant ? shift_instant(pg_get64(p), &far) : pg_get64(p);
        memcpy(to, &v, sizeof v);
    } else {
        memcpy(to, p, b->width);
    }
    return far ? bau_error_set(err, BAU_E_LIMIT, "a timestamp after the year 294246") : BAU_OK;
}

bau_status pg_binary_decode(struct pg_build *b, const uint8_t *p, size_t len, bool blank_padded,
                            struct bau_error *err)
{
    if (b->width)
        return decode_fixed(b, p, len, err);
    if (b->type == BAU_NUMERIC)
        return pg_numeric_decode(b, p, len, err);
    if (b->type == BAU_JSON && len > 0 && p[0] == 1) { /* jsonb's version; no JSON text starts so */
        p++;
        len--;
    }
    while (blank_padded && len > 0 && p[len - 1] == ' ')
        len--;
    uint8_t *to = pg_build_add(b, len, err);
    if (!to)
        return err ? err->code : BAU_E_NOMEM;
    memcpy(to, p, len);
    return BAU_OK;
}

static bau_status encode_fixed(bau_type type, struct bau_slice value, struct bau_text *out,
                               struct bau_error *err)
{
    uint8_t bytes[4 + 16];
    uint8_t *to = bytes + 4;
    if (value.len != bau_type_width(type))
        return bau_error_set(err, BAU_E_BUG, "a %s of %zu bytes", bau_type_word(type), value.len);
    pg_put32(bytes, (uint32_t)value.len);
    if (value.len == 2) {
        uint16_t v;
        memcpy(&v, value.data, sizeof v);
        pg_put16(to, v);
    } else if (value.len == 4) {
        int32_t v;
        memcpy(&v, value.data, sizeof v);
        if (type == BAU_DATE && v != INT32_MIN && v != INT32_MAX) {
            if (v < INT32_MIN + EPOCH_DAYS)
                return bau_error_set(err, BAU_E_DATA, "a date before what the server can hold");
            v -= EPOCH_DAYS;
        }
        pg_put32(to, (uint32_t)v);
    } else if (value.len == 8) {
        int64_t v;
        memcpy(&v, value.data, sizeof v);
        if ((type == BAU_TIMESTAMP || type == BAU_TIMESTAMPTZ) && v != INT64_MIN && v != INT64_MAX) {
            if (v < INT64_MIN + EPOCH_US)
                return bau_error_set(err, BAU_E_DATA, "a timestamp before what the server can hold");
            v -= EPOCH_US;
        }
        pg_put64(to, (uint64_t)v);
    } else {
        memcpy(to, value.data, value.len);
    }
    bau_text_addn(out, bytes, 4 + value.len);
    return BAU_OK;
}

bau_status pg_binary_encode(bau_type type, struct bau_slice value, bool jsonb, struct bau_text *out,
                            struct bau_error *err)
{
    if (bau_type_width(type))
        return encode_fixed(type, value, out, err);
    if (type == BAU_NUMERIC)
        return pg_numeric_encode(value, out, err);
    if (value.len >= INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "a masked value of %zu bytes", value.len);
    uint8_t head[5] = { [4] = 1 };
    pg_put32(head, (uint32_t)(value.len + jsonb));
    bau_text_addn(out, head, jsonb ? 5 : 4);
    bau_text_addn(out, value.data, value.len);
    return BAU_OK;
}
