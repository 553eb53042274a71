/* Canonical bytes of keys. Variable parts are preceded by their length, so that ('a','bc') and ('ab','c') differ. */
#include "src/subset/tuple.h"

#include <math.h>
#include <string.h>
#include <utf8proc.h>

enum {
    OF_INTEGER = BAU_TYPES_INT,
    OF_TEXT = BAU_TYPE_BIT(BAU_TEXT),
    OF_NUMBER = BAU_TYPES_INT | BAU_TYPE_BIT(BAU_NUMERIC),
};

bool bau_tuple_fits(bau_type parent, bau_type child)
{
    const uint32_t bit = BAU_TYPE_BIT(child);
    if (bau_tuple_is_integer(parent) || parent == BAU_NUMERIC)
        return (bit & (OF_NUMBER | OF_TEXT)) != 0;
    if (BAU_TYPE_BIT(parent) & BAU_TYPES_FLOAT)
        return (bit & BAU_TYPES_FLOAT) != 0;
    if (parent == BAU_UUID)
        return child == BAU_UUID || child == BAU_TEXT;
    return parent == child && parent != BAU_JSON && parent != BAU_OTHER;
}

/* ── decimals ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

struct decimal { /* -?whole[.part], both without needless zeros */
    bool negative;
    struct bau_slice whole, part;
};

static bool decimal_of(struct bau_slice text, struct decimal *out)
{
    const uint8_t *at = text.data, *const end = text.data + text.len;
    *out = (struct decimal){ .negative = at < end && *at == '-' };
    at += at < end && (*at == '-' || *at == '+');
    const uint8_t *const from = at;
    while (at < end && is_digit(*at))
        at++;
    out->whole = (struct bau_slice){ from, (size_t)(at - from) };
    if (at < end && *at == '.') {
        const uint8_t *const dot = ++at;
        while (at < end && is_digit(*at))
            at++;
        out->part = (struct bau_slice){ dot, (size_t)(at - dot) };
    }
    if (at != end || out->whole.len + out->part.len == 0)
        return false;
    while (out->whole.len && *out->whole.data == '0') {
        out->whole.data++;
        out->whole.len--;
    }
    while (out->part.len && out->part.data[out->part.len - 1] == '0')
        out->part.len--;
    if (out->whole.len + out->part.len == 0)
        out->negative = false;
    return true;
}

static bool integer_of(struct bau_slice text, int64_t *out)
{
    struct decimal d;
    if (!decimal_of(text, &d) || d.part.len || d.whole.len > 19)
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < d.whole.len; i++)
        v = v * 10 + (uint64_t)(d.whole.data[i] - '0'); /* 19 digits stay below 2^64 */
    if (v > (uint64_t)INT64_MAX + d.negative)
        return false;
    *out = (int64_t)(d.negative ? 0 - v : v);
    return true;
}

bool bau_tuple_integer(const struct bau_column *in, uint32_t i, int64_t *out)
{
    int16_t narrow;
    int32_t middle;
    const struct bau_slice v = bau_column_value(in, i);
    if (in->type == BAU_I64) {
        memcpy(out, v.data, sizeof(*out));
    } else if (in->type == BAU_I32) {
        memcpy(&middle, v.data, sizeof(middle));
        *out = middle;
    } else if (in->type == BAU_I16) {
        memcpy(&narrow, v.data, sizeof(narrow));
        *out = narrow;
    } else {
        return integer_of(v, out);
    }
    return true;
}

/* ── parts of a tuple ────────────────────────────────────────────────────────────────────────────────────────────── */

static void add_sized(struct bau_text *out, const void *bytes, size_t n)
{
    const uint32_t len = (uint32_t)n;
    bau_text_addn(out, &len, sizeof(len));
    bau_text_addn(out, bytes, n);
}

static bool add_decimal(struct bau_text *out, const struct bau_column *in, uint32_t i)
{
    char digits[24];
    struct bau_slice text = bau_column_value(in, i);
    int64_t v;
    struct decimal d;
    if (bau_tuple_is_integer(in->type)) {
        if (!bau_tuple_integer(in, i, &v))
            return false;
        bool below = v < 0;
        uint64_t rest = below ? 0 - (uint64_t)v : (uint64_t)v;
        size_t at = sizeof(digits);
        do
            digits[--at] = (char)('0' + rest % 10);
        while (rest /= 10);
        if (below)
            digits[--at] = '-';
        text = (struct bau_slice){ (const uint8_t *)digits + at, sizeof(digits) - at };
    }
    if (!decimal_of(text, &d)) { /* NaN and the infinities equal themselves */
        add_sized(out, text.data, text.len);
        return in->type == BAU_NUMERIC;
    }
    const uint32_t len = (uint32_t)(d.negative + d.whole.len + (d.part.len ? 1 + d.part.len : 0));
    bau_text_addn(out, &len, sizeof(len));
    bau_text_addn(out, "-", d.negative);
    bau_text_addn(out, d.whole.data, d.whole.len);
    if (d.part.len) {
        bau_text_addn(out, ".", 1);
        bau_text_addn(out, d.part.data, d.part.len);
    }
    return true;
}

/* lower() a character at a time, as citext compares. Bytes that are no UTF-8 stay. */
static void add_folded(struct bau_text *out, struct bau_slice v)
{
    const size_t head = out->len;
    add_sized(out, "", 0);
    for (size_t at = 0; at < v.len;) {
        utf8proc_int32_t code;
        uint8_t lower[4];
        utf8proc_ssize_t n = utf8proc_iterate(v.data + at, (utf8proc_ssize_t)(v.len - at), &code);
        if (n <= 0) {
            bau_text_addn(out, v.data + at++, 1);
            continue;
        }
        bau_text_addn(out, lower, (size_t)utf8proc_encode_char(utf8proc_tolower(code), lower));
        at += (size_t)n;
    }
    if (out->failed)
        return;
    const uint32_t len = (uint32_t)(out->len - head - sizeof(len));
    memcpy(out->data + head, &len, sizeof(len));
}

static void add_text(struct bau_text *out, const struct bau_subset_column *like, struct bau_slice v)
{
    while (like->text == BAU_SUBSET_TEXT_PADDED && v.len && v.data[v.len - 1] == ' ')
        v.len--;
    if (like->text == BAU_SUBSET_TEXT_FOLDED)
        add_folded(out, v);
    else
        add_sized(out, v.data, v.len);
}

static void add_float(struct bau_text *out, const struct bau_column *in, uint32_t i)
{
    double v;
    float narrow;
    if (in->type == BAU_F32) {
        memcpy(&narrow, bau_column_value(in, i).data, sizeof(narrow));
        v = narrow;
    } else {
        memcpy(&v, bau_column_value(in, i).data, sizeof(v));
    }
    if (isnan(v))
        v = (double)NAN;
    if (v >= 0 && v <= 0)
        v = 0;
    bau_text_addn(out, &v, sizeof(v));
}

static int hex_of(uint8_t c)
{
    if (is_digit(c))
        return c - '0';
    c |= 0x20u;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A uuid as PostgreSQL reads it: 32 hex digits, dashes after any group of four, braces around. */
static bool add_uuid_text(struct bau_text *out, struct bau_slice v)
{
    uint8_t id[16] = { 0 };
    uint32_t n = 0;
    if (v.len >= 2 && v.data[0] == '{' && v.data[v.len - 1] == '}')
        v = (struct bau_slice){ v.data + 1, v.len - 2 };
    for (size_t i = 0; i < v.len; i++) {
        if (v.data[i] == '-' && n && n < 32 && n % 4 == 0)
            continue;
        const int h = hex_of(v.data[i]);
        if (h < 0 || n == 32)
            return false;
        id[n / 2] = (uint8_t)(id[n / 2] << 4 | h);
        n++;
    }
    bau_text_addn(out, id, sizeof(id));
    return n == 32;
}

void bau_tuple_add(struct bau_text *out, const struct bau_subset_column *like, const struct bau_column *in,
                   uint32_t i, bool *out_match)
{
    const struct bau_slice v = bau_column_value(in, i);
    int64_t integer = 0;
    uint8_t order[8];
    *out_match = true;
    if (bau_tuple_is_integer(like->type)) {
        *out_match = bau_tuple_integer(in, i, &integer);
        const uint64_t biased = bau_tuple_bias(integer);
        for (uint32_t k = 0; k < 8; k++)
            order[k] = (uint8_t)(biased >> (56 - 8 * k));
        bau_text_addn(out, order, sizeof(order));
    } else if (like->type == BAU_NUMERIC) {
        *out_match = add_decimal(out, in, i);
    } else if (like->type == BAU_TEXT) {
        add_text(out, like, v);
    } else if (BAU_TYPE_BIT(like->type) & BAU_TYPES_FLOAT) {
        add_float(out, in, i);
    } else if (like->type == BAU_UUID && in->type == BAU_TEXT) {
        *out_match = add_uuid_text(out, v);
    } else if (bau_type_width(like->type)) {
        bau_text_addn(out, v.data, v.len);
    } else {
        add_sized(out, v.data, v.len);
    }
}
