/* numeric's wire form ↔ ASCII decimal, exact in both directions.
 *
 * Wire: int16 number of digits, weight, sign, display scale, then digits to the base 10000. The value is the sum of
 * digit[i] * 10000 ^ (weight - i); the display scale says how many decimals are shown. Source: numeric_send and
 * numeric_recv of PostgreSQL. */
#include "codec.h"

enum {
    SIGN_MINUS = 0x4000,
    SIGN_NAN = 0xC000,
    SIGN_INFINITY = 0xD000,
    SIGN_MINUS_INFINITY = 0xF000,
    SCALE_MAX = 0x3FFF,
    GROUP = 4, /* decimal digits in one of base 10000 */
};

static bau_status add_word(struct pg_build *b, const char *word, struct bau_error *err)
{
    uint8_t *to = pg_build_add(b, strlen(word), err);
    if (!to)
        return err ? err->code : BAU_E_NOMEM;
    memcpy(to, word, strlen(word));
    return BAU_OK;
}

static uint16_t group_at(const uint8_t *digits, int32_t n, int32_t i)
{
    return i >= 0 && i < n ? pg_get16(digits + 2 * (size_t)i) : 0;
}

static void four(char *to, uint16_t group)
{
    to[0] = (char)('0' + group / 1000 % 10);
    to[1] = (char)('0' + group / 100 % 10);
    to[2] = (char)('0' + group / 10 % 10);
    to[3] = (char)('0' + group % 10);
}

bau_status pg_numeric_decode(struct pg_build *b, const uint8_t *p, size_t len, struct bau_error *err)
{
    if (len < 8)
        return pg_malformed("numeric", len, err);
    const int32_t n = pg_get16(p), weight = (int16_t)pg_get16(p + 2);
    const uint16_t sign = pg_get16(p + 4), scale = pg_get16(p + 6);
    if (sign == SIGN_NAN || sign == SIGN_INFINITY || sign == SIGN_MINUS_INFINITY)
        return add_word(b, sign == SIGN_NAN ? "NaN" : sign == SIGN_INFINITY ? "Infinity" : "-Infinity", err);
    if (len != 8 + 2 * (size_t)n || (sign != 0 && sign != SIGN_MINUS) || scale > SCALE_MAX)
        return pg_malformed("numeric", len, err);
    const uint8_t *digits = p + 8;
    for (int32_t i = 0; i < n; i++)
        if (group_at(digits, n, i) > 9999)
            return pg_malformed("numeric", len, err);
    const size_t whole = weight >= 0 ? ((size_t)weight + 1) * GROUP : 1;
    char *to = (char *)pg_build_open(b, 1 + whole + 1 + scale + GROUP, err);
    if (!to)
        return err ? err->code : BAU_E_NOMEM;
    size_t at = 0;
    if (sign == SIGN_MINUS)
        to[at++] = '-';
    const size_t first = at;
    for (int32_t i = 0; i <= weight; i++) {
        four(to + at, group_at(digits, n, i));
        at += GROUP;
    }
    size_t zeros = 0;
    while (first + zeros + 1 < at && to[first + zeros] == '0')
        zeros++;
    memmove(to + first, to + first + zeros, at - first - zeros);
    at -= zeros;
    if (at == first)
        to[at++] = '0';
    if (scale > 0) {
        to[at++] = '.';
        const size_t end = at + scale;
        for (int32_t i = weight + 1; at < end; i++, at += GROUP)
            four(to + at, group_at(digits, n, i));
        at = end;
    }
    pg_build_shut(b, at);
    return BAU_OK;
}

static bool is(struct bau_slice s, const char *word)
{
    return s.len == strlen(word) && memcmp(s.data, word, s.len) == 0;
}

struct decimal { /* where the digits of an ASCII decimal lie */
    bool minus;
    const uint8_t *whole, *fraction;
    size_t n_whole, n_fraction;
};

static size_t digits_at(const uint8_t *p, size_t len)
{
    size_t n = 0;
    while (n < len && p[n] >= '0' && p[n] <= '9')
        n++;
    return n;
}

static bool take_apart(struct bau_slice s, struct decimal *d)
{
    size_t at = 0;
    *d = (struct decimal){ 0 };
    if (s.len > 0 && s.data[0] == '-') {
        d->minus = true;
        at++;
    }
    d->whole = s.data + at;
    d->n_whole = digits_at(d->whole, s.len - at);
    at += d->n_whole;
    if (at < s.len && s.data[at] == '.') {
        d->fraction = s.data + at + 1;
        d->n_fraction = digits_at(d->fraction, s.len - at - 1);
        at += 1 + d->n_fraction;
        if (d->n_fraction == 0)
            return false;
    }
    return d->n_whole > 0 && at == s.len && d->n_fraction <= SCALE_MAX && d->n_whole <= 131072;
}

bool pg_numeric_valid(struct bau_slice ascii)
{
    struct decimal d;
    return is(ascii, "NaN") || is(ascii, "Infinity") || is(ascii, "-Infinity") || take_apart(ascii, &d);
}

/* Decimal digit `i` counted from the point: -1 is the ones, 0 the tenths. */
static uint16_t digit_of(const struct decimal *d, int64_t i)
{
    if (i < 0)
        return (uint64_t)-i <= d->n_whole ? (uint16_t)(d->whole[d->n_whole - (size_t)-i] - '0') : 0;
    return (size_t)i < d->n_fraction ? (uint16_t)(d->fraction[i] - '0') : 0;
}

static uint16_t group_of(const struct decimal *d, int64_t place)
{
    uint16_t group = 0;
    for (int64_t i = -(place + 1) * GROUP; i < -place * GROUP; i++)
        group = (uint16_t)(group * 10 + digit_of(d, i));
    return group;
}

static void add_header(struct bau_text *out, uint16_t n, int16_t weight, uint16_t sign, uint16_t scale)
{
    uint8_t head[12];
    pg_put32(head, 8u + 2u * n);
    pg_put16(head + 4, n);
    pg_put16(head + 6, (uint16_t)weight);
    pg_put16(head + 8, sign);
    pg_put16(head + 10, scale);
    bau_text_addn(out, head, sizeof head);
}

bau_status pg_numeric_encode(struct bau_slice ascii, struct bau_text *out, struct bau_error *err)
{
    if (is(ascii, "NaN") || is(ascii, "Infinity") || is(ascii, "-Infinity")) {
        const bool infinite = ascii.data[0] != 'N';
        add_header(out, 0, 0,
                   ascii.data[0] == '-' ? SIGN_MINUS_INFINITY
                   : infinite           ? SIGN_INFINITY
                                        : SIGN_NAN,
                   infinite ? 32 : 0); /* as numeric_send fills it */
        return BAU_OK;
    }
    struct decimal d;
    if (!take_apart(ascii, &d))
        return bau_error_set(err, BAU_E_DATA, "a masked value of %zu bytes is no decimal number", ascii.len);
    int64_t high = (int64_t)((d.n_whole + GROUP - 1) / GROUP) - 1;
    int64_t low = -(int64_t)((d.n_fraction + GROUP - 1) / GROUP);
    while (high >= low && group_of(&d, high) == 0)
        high--;
    while (low <= high && group_of(&d, low) == 0)
        low++;
    const bool zero = high < low;
    add_header(out, zero ? 0 : (uint16_t)(high - low + 1), zero ? 0 : (int16_t)high,
               d.minus && !zero ? SIGN_MINUS : 0, (uint16_t)d.n_fraction);
    for (int64_t place = high; place >= low; place--) {
        uint8_t group[2];
        pg_put16(group, group_of(&d, place));
        bau_text_addn(out, group, sizeof group);
    }
    return BAU_OK;
}
