/* One value of COPY's text form ↔ one typed value: COPY's escapes, then the spelling of the type's output function under
 * the session settings of connection.c (ISO dates in UTC, hex bytea, shortest exact floats). */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec.h"

/* ── COPY's escapes ──────────────────────────────────────────────────────────────────────────────────────────────── */

static const char escaped[] = "\b\f\n\r\t\v\\", letters[] = "bfnrtv\\";

size_t pg_copy_unescape(const uint8_t *p, size_t len, uint8_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = p[i];
        if (c == '\\' && i + 1 < len) {
            c = p[++i];
            const char *letter = c ? strchr(letters, c) : NULL;
            c = letter ? (uint8_t)escaped[letter - letters] : c;
        }
        out[n++] = c;
    }
    return n;
}

void pg_copy_escape(const uint8_t *p, size_t len, struct bau_text *out)
{
    size_t from = 0;
    for (size_t i = 0; i < len; i++) {
        const char *found = p[i] && (p[i] < ' ' || p[i] == '\\') ? strchr(escaped, p[i]) : NULL;
        if (!found)
            continue;
        bau_text_addn(out, p + from, i - from);
        bau_text_addn(out, "\\", 1);
        bau_text_addn(out, letters + (found - escaped), 1);
        from = i + 1;
    }
    bau_text_addn(out, p + from, len - from);
}

/* ── text → value ────────────────────────────────────────────────────────────────────────────────────────────────── */

static int hex(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bau_status decode_bytes(struct pg_build *b, const uint8_t *p, size_t len, struct bau_error *err)
{
    if (len < 2 || len % 2 || p[0] != '\\' || p[1] != 'x')
        return pg_malformed("bytea", len, err);
    uint8_t *to = pg_build_add(b, len / 2 - 1, err);
    if (!to)
        return err ? err->code : BAU_E_NOMEM;
    for (size_t i = 2; i < len; i += 2) {
        const int high = hex(p[i]), low = hex(p[i + 1]);
        if (high < 0 || low < 0)
            return pg_malformed("bytea", len, err);
        *to++ = (uint8_t)(high << 4 | low);
    }
    return BAU_OK;
}

static bool parse_uuid(const uint8_t *p, size_t len, uint8_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < len && n < 16; i++) {
        if (p[i] == '-')
            continue;
        if (i + 1 >= len || hex(p[i]) < 0 || hex(p[i + 1]) < 0)
            return false;
        out[n++] = (uint8_t)(hex(p[i]) << 4 | hex(p[i + 1]));
        i++;
    }
    return len == 36 && n == 16;
}

static bool parse_int(const char *text, size_t len, unsigned width, uint8_t *out)
{
    char *end = NULL;
    errno = 0;
    const int64_t v = strtoll(text, &end, 10);
    if (len == 0 || end != text + len || errno || isspace((unsigned char)text[0]))
        return false;
    if ((width == 2 && (v < INT16_MIN || v > INT16_MAX)) || (width == 4 && (v < INT32_MIN || v > INT32_MAX)))
        return false;
    const int16_t v16 = (int16_t)v;
    const int32_t v32 = (int32_t)v;
    memcpy(out, width == 2 ? (const void *)&v16 : width == 4 ? (const void *)&v32 : &v, width);
    return true;
}

static bool parse_float(const char *text, size_t len, unsigned width, uint8_t *out)
{
    char *end = NULL;
    if (len == 0)
        return false;
    if (width == 4) {
        const float v = strtof(text, &end);
        memcpy(out, &v, sizeof v);
    } else {
        const double v = strtod(text, &end);
        memcpy(out, &v, sizeof v);
    }
    return end == text + len;
}

static bool parse_instant(bau_type type, const uint8_t *p, size_t len, uint8_t *out)
{
    int64_t v;
    if (!pg_instant_parse(type, p, len, &v))
        return false;
    const int32_t days = (int32_t)v;
    memcpy(out, type == BAU_DATE ? (const void *)&days : &v, bau_type_width(type));
    return true;
}

static bool parse_fixed(bau_type type, const uint8_t *p, size_t len, uint8_t *out)
{
    char text[400]; /* shortest exact floats and 64-bit numbers are far below */
    if (len >= sizeof text)
        return false;
    memcpy(text, p, len);
    text[len] = '\0';
    switch (type) {
    case BAU_BOOL: *out = text[0] == 't'; return len == 1 && (text[0] == 't' || text[0] == 'f');
    case BAU_I16:
    case BAU_I32:
    case BAU_I64: return parse_int(text, len, bau_type_width(type), out);
    case BAU_F32:
    case BAU_F64: return parse_float(text, len, bau_type_width(type), out);
    case BAU_DATE:
    case BAU_TIME:
    case BAU_TIMESTAMP:
    case BAU_TIMESTAMPTZ: return parse_instant(type, p, len, out);
    case BAU_UUID: return parse_uuid(p, len, out);
    case BAU_TEXT:
    case BAU_NUMERIC:
    case BAU_JSON:
    case BAU_BYTES:
    case BAU_OTHER:
    case BAU_TYPE_COUNT: break;
    }
    return false;
}

bau_status pg_text_decode(struct pg_build *b, const uint8_t *p, size_t len, bool blank_padded,
                          struct bau_error *err)
{
    if (b->type == BAU_BYTES)
        return decode_bytes(b, p, len, err);
    if (b->width) {
        uint8_t *to = pg_build_add(b, b->width, err);
        if (!to)
            return err ? err->code : BAU_E_NOMEM;
        return parse_fixed(b->type, p, len, to) ? BAU_OK : pg_malformed(bau_type_word(b->type), len, err);
    }
    if (b->type == BAU_NUMERIC && !pg_numeric_valid((struct bau_slice){ p, len }))
        return pg_malformed("numeric", len, err);
    while (blank_padded && len > 0 && p[len - 1] == ' ')
        len--;
    uint8_t *to = pg_build_add(b, len, err);
    if (!to)
        return err ? err->code : BAU_E_NOMEM;
    memcpy(to, p, len);
    return BAU_OK;
}

/* ── value → text ────────────────────────────────────────────────────────────────────────────────────────────────── */

static void add_float(double v, int digits, struct bau_text *out)
{
    if (v != v)
        bau_text_add(out, "NaN");
    else if (v - v != 0)
        bau_text_add(out, v > 0 ? "Infinity" : "-Infinity");
    else
        bau_text_addf(out, "%.*g", digits, v);
}

static void add_hex(struct bau_slice value, struct bau_text *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < value.len; i++) {
        const char pair[2] = { digits[value.data[i] >> 4], digits[value.data[i] & 15] };
        bau_text_addn(out, pair, sizeof pair);
    }
}

static void add_uuid(struct bau_slice value, struct bau_text *out)
{
    static const uint8_t ends[] = { 4, 6, 8, 10, 16 };
    size_t from = 0;
    for (size_t i = 0; i < BAU_COUNT(ends); i++) {
        if (i)
            bau_text_add(out, "-");
        add_hex((struct bau_slice){ value.data + from, ends[i] - from }, out);
        from = ends[i];
    }
}

static int64_t load_int(struct bau_slice value)
{
    int16_t v16;
    int32_t v32;
    int64_t v64;
    if (value.len == 2)
        return memcpy(&v16, value.data, 2), v16;
    if (value.len == 4)
        return memcpy(&v32, value.data, 4), v32;
    return memcpy(&v64, value.data, 8), v64;
}

static void encode_fixed(bau_type type, struct bau_slice value, struct bau_text *out)
{
    float single;
    double twice;
    char text[64];
    switch (type) {
    case BAU_BOOL: bau_text_add(out, value.data[0] ? "t" : "f"); break;
    case BAU_I16:
    case BAU_I32:
    case BAU_I64: bau_text_addf(out, "%" PRId64, load_int(value)); break;
    case BAU_F32:
        memcpy(&single, value.data, sizeof single);
        add_float((double)single, 9, out);
        break;
    case BAU_F64:
        memcpy(&twice, value.data, sizeof twice);
        add_float(twice, 17, out);
        break;
    case BAU_DATE:
    case BAU_TIME:
    case BAU_TIMESTAMP:
    case BAU_TIMESTAMPTZ: bau_text_addn(out, text, pg_instant_format(type, load_int(value), text)); break;
    case BAU_UUID: add_uuid(value, out); break;
    case BAU_TEXT:
    case BAU_NUMERIC:
    case BAU_JSON:
    case BAU_BYTES:
    case BAU_OTHER:
    case BAU_TYPE_COUNT: break;
    }
}

bau_status pg_text_encode(bau_type type, struct bau_slice value, struct bau_text *out, struct bau_error *err)
{
    const uint32_t width = bau_type_width(type);
    if (width && width != value.len)
        return bau_error_set(err, BAU_E_BUG, "a %s of %zu bytes", bau_type_word(type), value.len);
    if (width) {
        encode_fixed(type, value, out);
    } else if (type == BAU_BYTES) {
        bau_text_add(out, "\\x");
        add_hex(value, out);
    } else {
        bau_text_addn(out, value.data, value.len);
    }
    return BAU_OK;
}
