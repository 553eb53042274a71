/* The text of JSON strings: finding their ends, decoding and writing escapes. */
#include "src/kernel/json_internal.h"

#include <string.h>

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

const uint8_t *bau_json_plain_end_generic(const uint8_t *p, const uint8_t *end)
{
    while (p < end && is_plain(*p))
        p++;
    return p;
}

static bool tail(uint8_t c)
{
    return (c & 0xC0u) == 0x80u;
}

size_t bau_utf8_length(const uint8_t *p, const uint8_t *end)
{
    const size_t left = (size_t)(end - p);
    if (left == 0)
        return 0;
    const uint8_t c = p[0];
    if (c < 0x80)
        return 1;
    if (c >= 0xC2 && c <= 0xDF)
        return left >= 2 && tail(p[1]) ? 2 : 0;
    if (c >= 0xE0 && c <= 0xEF) {
        const uint8_t low = c == 0xE0 ? 0xA0 : 0x80, high = c == 0xED ? 0x9F : 0xBF;
        return left >= 3 && p[1] >= low && p[1] <= high && tail(p[2]) ? 3 : 0;
    }
    if (c >= 0xF0 && c <= 0xF4) {
        const uint8_t low = c == 0xF0 ? 0x90 : 0x80, high = c == 0xF4 ? 0x8F : 0xBF;
        return left >= 4 && p[1] >= low && p[1] <= high && tail(p[2]) && tail(p[3]) ? 4 : 0;
    }
    return 0;
}

static size_t put(uint32_t c, uint8_t out[4])
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xC0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xE0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (c & 0x3F));
    return 4;
}

/* Four hexadecimal digits, or -1. */
static int32_t hex4(const uint8_t *p, const uint8_t *end)
{
    int32_t v = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        const uint8_t c = p[i], low = (uint8_t)(c | 0x20);
        if (c >= '0' && c <= '9')
            v = v * 16 + (c - '0');
        else if (low >= 'a' && low <= 'f')
            v = v * 16 + (low - 'a' + 10);
        else
            return -1;
    }
    return v;
}

/* After \u: one unit or a pair of surrogates. */
static size_t next_unicode(const uint8_t **p, const uint8_t *end, uint8_t out[4])
{
    const int32_t first = hex4(*p, end);
    if (first < 0 || (first >= 0xDC00 && first <= 0xDFFF))
        return 0;
    *p += 4;
    if (first < 0xD800 || first > 0xDBFF)
        return put((uint32_t)first, out);
    if (end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
        return 0;
    const int32_t second = hex4(*p + 2, end);
    if (second < 0xDC00 || second > 0xDFFF)
        return 0;
    *p += 6;
    return put(0x10000u + ((uint32_t)(first - 0xD800) << 10) + (uint32_t)(second - 0xDC00), out);
}

size_t bau_json_next(const uint8_t **p, const uint8_t *end, uint8_t out[4])
{
    if (**p != '\\') {
        const size_t n = bau_utf8_length(*p, end);
        for (size_t i = 0; i < n; i++)
            out[i] = (*p)[i];
        *p += n;
        return n;
    }
    if (end - *p < 2)
        return 0;
    const uint8_t c = (*p)[1];
    *p += 2;
    if (c == 'u')
        return next_unicode(p, end, out);
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *which = c ? strchr(from, c) : NULL;
    if (!which)
        return 0;
    out[0] = (uint8_t)to[which - from];
    return 1;
}

bool bau_json_unescape(const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
    const uint8_t *p = in, *end = in ? in + len : in;
    size_t n = 0;
    while (p < end) {
        const uint8_t *plain = bau_json_plain_end(p, end);
        if (plain > p) {
            memmove(out + n, p, (size_t)(plain - p));
            n += (size_t)(plain - p);
            p = plain;
            continue;
        }
        uint8_t c[4];
        const size_t wrote = bau_json_next(&p, end, c);
        if (wrote == 0)
            return false;
        memcpy(out + n, c, wrote);
        n += wrote;
    }
    *out_len = n;
    return true;
}

/* Whether eight bytes hold one that JSON wants escaped: below 0x20, a quote, a backslash. Source: "Determine if a word has a
 * byte less than n", Anderson's bit hacks; a false alarm costs a look at each byte. */
static bool needs_escape(uint64_t v)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    const uint64_t quote = v ^ ones * '"', slash = v ^ ones * '\\';
    return (((v - ones * 0x20) & ~v) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & tops;
}

/* A byte that does want it. */
static size_t escape_one(uint8_t c, uint8_t *out)
{
    static const char hex[] = "0123456789abcdef", from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *which = c ? strchr(from, c) : NULL;
    out[0] = '\\';
    if (which) {
        out[1] = (uint8_t)to[which - from];
        return 2;
    }
    memcpy(out + 1, "u00", 3);
    out[4] = (uint8_t)hex[c >> 4];
    out[5] = (uint8_t)hex[c & 15];
    return 6;
}

size_t bau_json_escape(const uint8_t *in, size_t len, uint8_t *out)
{
    size_t n = 0, i = 0;
    while (i < len) {
        uint64_t v;
        if (len - i >= sizeof v) {
            memcpy(&v, in + i, sizeof v);
            if (!needs_escape(v)) {
                memcpy(out + n, &v, sizeof v);
                n += sizeof v;
                i += sizeof v;
                continue;
            }
        }
        const size_t stop = len - i < sizeof v ? len : i + sizeof v;
        for (; i < stop; i++) {
            if (in[i] >= 0x20 && in[i] != '"' && in[i] != '\\')
                out[n++] = in[i];
            else
                n += escape_one(in[i], out + n);
        }
    }
    return n;
}
