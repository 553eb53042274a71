/* Canonical forms: see canon.h. Fast paths first: ASCII text needs no Unicode tables. */
#include "src/core/canon.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "src/kernel/text.h"

void bau_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    const int64_t z = days + 719468;
    const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    const unsigned of_era = (unsigned)(z - era * 146097);
    const unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned mp = (5 * of_year + 2) / 153;
    *day = of_year - (153 * mp + 2) / 5 + 1;
    *month = mp < 10 ? mp + 3 : mp - 9;
    *year = (int64_t)year_of_era + era * 400 + (*month <= 2);
}

static size_t spell_date(int64_t days, char out[64])
{
    int64_t year;
    unsigned month, day;
    bau_civil_from_days(days, &year, &month, &day);
    return (size_t)snprintf(out, 64, "%04" PRId64 "-%02u-%02u", year, month, day);
}

static size_t spell_instant(int64_t us, char out[64])
{
    const int64_t day_us = INT64_C(86400000000);
    const int64_t days = us / day_us - (us % day_us < 0);
    const int64_t rest = us - days * day_us;
    size_t n = spell_date(days, out);
    n += (size_t)snprintf(out + n, 64 - n, "T%02d:%02d:%02d", (int)(rest / 3600000000),
                          (int)(rest / 60000000 % 60), (int)(rest / 1000000 % 60));
    if (rest % 1000000) {
        n += (size_t)snprintf(out + n, 64 - n, ".%06d", (int)(rest % 1000000));
        while (out[n - 1] == '0')
            n--;
    }
    return n;
}

static size_t spell_real(double value, int digits, char out[64])
{
    for (int p = 1; p <= digits; p++) { /* shortest that reads back equal */
        const int n = snprintf(out, 64, "%.*g", p, value);
        if (p == digits ||
            (digits > 9 ? strtod(out, NULL) == value : (float)strtod(out, NULL) == (float)value))
            return (size_t)n;
    }
    return 0;
}

static inline size_t spell_integer(int64_t value, uint8_t out[25])
{
    out[0] = '-';
    return value < 0 ? 1 + bau_spell64(out + 1, 0 - (uint64_t)value) : bau_spell64(out, (uint64_t)value);
}

static size_t spell_uuid(const uint8_t *u, char out[64])
{
    static const char hex[] = "0123456789abcdef";
    size_t n = 0;
    for (unsigned i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[n++] = '-';
        out[n++] = hex[u[i] >> 4];
        out[n++] = hex[u[i] & 15];
    }
    return n;
}

static size_t spell_fixed(const struct bau_column *in, uint32_t i, char out[64])
{
    switch (in->type) {
    case BAU_BOOL: return (size_t)snprintf(out, 64, "%s", ((const uint8_t *)in->data)[i] ? "true" : "false");
    case BAU_F32: return spell_real((double)((const float *)in->data)[i], 9, out);
    case BAU_F64: return spell_real(((const double *)in->data)[i], 17, out);
    case BAU_DATE: {
        const int32_t d = ((const int32_t *)in->data)[i];
        if (d == INT32_MIN || d == INT32_MAX)
            return (size_t)snprintf(out, 64, "%s", d < 0 ? "-infinity" : "infinity");
        return spell_date(d, out);
    }
    case BAU_TIMESTAMP:
    case BAU_TIMESTAMPTZ: {
        const int64_t t = ((const int64_t *)in->data)[i];
        if (t == INT64_MIN || t == INT64_MAX)
            return (size_t)snprintf(out, 64, "%s", t < 0 ? "-infinity" : "infinity");
        return spell_instant(t, out);
    }
    case BAU_UUID: return spell_uuid((const uint8_t *)in->data + (size_t)i * 16, out);
    case BAU_I16:
    case BAU_I32:
    case BAU_I64:
    case BAU_TIME: /* integer_column */
    case BAU_TEXT:
    case BAU_NUMERIC:
    case BAU_JSON:
    case BAU_BYTES:
    case BAU_OTHER:
    case BAU_TYPE_COUNT: break;
    }
    return 0;
}

static inline int64_t integer_at(const void *data, const uint32_t width, uint32_t i)
{
    return width == 4   ? ((const int32_t *)data)[i]
           : width == 2 ? ((const int16_t *)data)[i]
                        : ((const int64_t *)data)[i];
}

enum { EIGHT = 8 };

/* Eight integers of 0 to 99999999, as keys are more often than not; `at` as they are spelled. False: they are others. */
static inline bool eight_small(const void *data, const uint32_t width, uint32_t i, uint8_t *start,
                               uint32_t *at, uint32_t *offsets)
{
    uint32_t small[EIGHT];
    uint64_t digits[EIGHT];
    bool wide = false;
    for (uint32_t k = 0; k < EIGHT; k++) {
        const uint64_t value = (uint64_t)integer_at(data, width, i + k);
        wide |= value > 99999999;
        small[k] = (uint32_t)value;
    }
    if (wide)
        return false;
    bau_digits8_many(digits, small);
    for (uint32_t k = 0; k < EIGHT; k++) {
        *at += (uint32_t)bau_put8(start + *at, digits[k]);
        offsets[k] = *at;
    }
    return true;
}

/* One loop a width, with and without nulls: keys are integers more often than not. */
static inline void integers_of(const struct bau_column *in, const uint32_t width, const bool nulls,
                               uint8_t *start, uint32_t *offsets)
{
    uint32_t at = 0, i = 0;
    while (i < in->n_values) {
        if (!nulls && in->n_values - i >= EIGHT &&
            eight_small(in->data, width, i, start, &at, offsets + i + 1)) {
            i += EIGHT;
            continue;
        }
        const uint32_t to = in->n_values - i < EIGHT ? in->n_values : i + EIGHT;
        for (; i < to; i++) {
            const uint32_t n = (uint32_t)spell_integer(integer_at(in->data, width, i), start + at);
            at += !nulls || bau_column_present(in, i) ? n : 0;
            offsets[i + 1] = at;
        }
    }
}

static void integer_column(const struct bau_column *in, struct bau_column *out)
{
    const uint32_t width = bau_type_width(in->type);
    if (in->valid)
        integers_of(in, width, true, out->data, out->offsets);
    else if (width == 4)
        integers_of(in, 4, false, out->data, out->offsets);
    else if (width == 8)
        integers_of(in, 8, false, out->data, out->offsets);
    else
        integers_of(in, 2, false, out->data, out->offsets);
}

static bau_status fixed_column(struct bau_arena *arena, const struct bau_column *in, struct bau_column *out,
                               struct bau_error *err)
{
    BAU_TRY(bau_column_make(out, in, BAU_TEXT, (size_t)in->n_values * 64, arena, err));
    if (BAU_TYPE_BIT(in->type) & (BAU_TYPES_INT | BAU_TYPE_BIT(BAU_TIME))) {
        integer_column(in, out);
        return BAU_OK;
    }
    uint8_t *to = out->data;
    uint32_t at = 0;
    for (uint32_t i = 0; i < in->n_values; i++) {
        char text[64];
        const size_t n = bau_column_present(in, i) ? spell_fixed(in, i, text) : 0;
        memcpy(to + at, text, n);
        at += (uint32_t)n;
        out->offsets[i + 1] = at;
    }
    return BAU_OK;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct bau_slice trim(struct bau_slice v)
{
    while (v.len && is_space(v.data[0])) {
        v.data++;
        v.len--;
    }
    while (v.len && is_space(v.data[v.len - 1]))
        v.len--;
    return v;
}

/* -007.50 → -7.5, 7.00 → 7, -0 → 0. What is no decimal number stays as it is. */
static size_t spell_decimal(struct bau_slice v, uint8_t *out)
{
    const struct bau_slice t = trim(v);
    size_t i = t.len && (t.data[0] == '-' || t.data[0] == '+'), n = 0, dot = t.len;
    bool digits = false;
    for (size_t j = i; j < t.len; j++) {
        if (t.data[j] == '.' && dot == t.len)
            dot = j;
        else if (t.data[j] >= '0' && t.data[j] <= '9')
            digits = true;
        else
            digits = false, j = t.len, dot = SIZE_MAX;
    }
    if (!digits || dot == SIZE_MAX) {
        memcpy(out, t.data, t.len);
        return t.len;
    }
    size_t end = t.len;
    while (end > dot && (t.data[end - 1] == '0' || t.data[end - 1] == '.'))
        end--;
    while (i + 1 < dot && i + 1 < end && t.data[i] == '0')
        i++;
    const bool zero = end == i || (end == i + 1 && t.data[i] == '0');
    if (t.data[0] == '-' && !zero)
        out[n++] = '-';
    if (zero || t.data[i] == '.')
        out[n++] = '0';
    if (!zero) {
        memcpy(out + n, t.data + i, end - i);
        n += end - i;
    }
    return n;
}

static size_t spell_digits(struct bau_slice v, uint8_t *out, bool e164)
{
    size_t n = 0, digits = 0;
    for (size_t i = 0; i < v.len; i++)
        if (v.data[i] >= '0' && v.data[i] <= '9') {
            out[n++] = v.data[i];
            digits++;
        } else if (e164 && v.data[i] == '+' && n == 0)
            out[n++] = '+';
    if (e164 && n >= 2 && out[0] == '0' && out[1] == '0') {
        out[1] = '+';
        memmove(out, out + 1, n - 1);
        n--;
    }
    return n;
}

/* Trim, NFKC, case fold. ASCII needs no tables; what is not UTF-8 is trimmed only. Returns SIZE_MAX when memory ran out;
 * `room` is what `out` can take. */
static size_t spell_fold(struct bau_slice v, uint8_t *out, size_t room)
{
    const struct bau_slice t = trim(v);
    uint8_t any = 0;
    for (size_t i = 0; i < t.len; i++) {
        any |= t.data[i];
        out[i] = (uint8_t)(t.data[i] | ((t.data[i] >= 'A' && t.data[i] <= 'Z') ? 0x20 : 0));
    }
    if (!(any & 0x80))
        return t.len;
    utf8proc_uint8_t *folded = NULL;
    const utf8proc_ssize_t n =
        utf8proc_map(t.data, (utf8proc_ssize_t)t.len, &folded,
                     UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD);
    if (n == UTF8PROC_ERROR_NOMEM)
        return SIZE_MAX;
    if (n < 0 || (size_t)n > room) {
        memcpy(out, t.data, t.len);
        bau_free(folded);
        return t.len;
    }
    memcpy(out, folded, (size_t)n);
    bau_free(folded);
    return (size_t)n;
}

static size_t spell_text(bau_canon canon, struct bau_slice v, uint8_t *out, size_t room)
{
    switch (canon) {
    case BAU_CANON_NONE: break;
    case BAU_CANON_TRIM: v = trim(v); break;
    case BAU_CANON_FOLD:
    case BAU_CANON_EMAIL: return spell_fold(v, out, room);
    case BAU_CANON_DIGITS: return spell_digits(v, out, false);
    case BAU_CANON_E164: return spell_digits(v, out, true);
    case BAU_CANON_DECIMAL: return spell_decimal(v, out);
    }
    memcpy(out, v.data, v.len);
    return v.len;
}

/* Upper case and what is not ASCII, anywhere in the bytes. */
static bool may_fold(const uint8_t *data, size_t n)
{
    uint8_t any = 0;
    for (size_t i = 0; i < n; i++)
        any |= (uint8_t)((data[i] & 0x80) | ((uint8_t)(data[i] - 'A') < 26 ? 1 : 0));
    return any != 0;
}

static bool all_digits(const uint8_t *data, size_t n)
{
    uint8_t odd = 0;
    for (size_t i = 0; i < n; i++)
        odd |= (uint8_t)(data[i] - '0') > 9;
    return !odd;
}

/* Whether no value has white space at its ends. */
static bool is_trimmed(const struct bau_column *in)
{
    const uint8_t *data = in->data;
    bool space = false;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const uint32_t from = in->offsets[i], to = in->offsets[i + 1];
        space |= to > from && (data[from] <= ' ' || data[to - 1] <= ' ');
    }
    return !space;
}

/* Most columns are in their canonical form already: then nothing is copied. */
static bool is_canonical(bau_canon canon, const struct bau_column *in)
{
    const size_t bytes = in->offsets[in->n_values];
    switch (canon) {
    case BAU_CANON_NONE: return true;
    case BAU_CANON_TRIM: return is_trimmed(in);
    case BAU_CANON_FOLD:
    case BAU_CANON_EMAIL: return !may_fold(in->data, bytes) && is_trimmed(in);
    case BAU_CANON_DIGITS: return all_digits(in->data, bytes);
    case BAU_CANON_DECIMAL:
    case BAU_CANON_E164: break;
    }
    return false;
}

bau_status bau_canon_column(bau_canon canon, struct bau_arena *arena, const struct bau_column *in,
                            struct bau_column *out, struct bau_error *err)
{
    if (bau_type_width(in->type))
        return fixed_column(arena, in, out, err);
    if (in->type == BAU_NUMERIC)
        canon = BAU_CANON_DECIMAL; /* 42 and 42.00 are one number */
    if (in->type == BAU_BYTES || in->type == BAU_OTHER || in->type == BAU_JSON || is_canonical(canon, in)) {
        *out = *in;
        out->type = BAU_TEXT;
        return BAU_OK;
    }
    /* Folding grows text by at most 18 times (U+FDFA); two bytes more serve "0." of a decimal. */
    const size_t bytes = in->offsets[in->n_values];
    const bool folds = canon == BAU_CANON_FOLD || canon == BAU_CANON_EMAIL;
    uint8_t any = 0;
    for (size_t i = 0; folds && i < bytes; i++)
        any |= ((const uint8_t *)in->data)[i];
    const size_t room = (any & 0x80 ? bytes * 18 : bytes) + 2 * (size_t)in->n_values;
    BAU_TRY(bau_column_make(out, in, BAU_TEXT, room, arena, err));
    uint8_t *to = out->data;
    size_t at = 0;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const struct bau_slice v = bau_column_value(in, i);
        const size_t n = v.len ? spell_text(canon, v, to + at, room - at) : 0;
        if (n == SIZE_MAX)
            return bau_error_set(err, BAU_E_NOMEM, "batch");
        at += n;
        out->offsets[i + 1] = (uint32_t)at;
    }
    return BAU_OK;
}
