/* round: to the nearest multiple of a number, or to some significant digits; halves away from zero.
 *
 * Integers and numerics exactly, of any length; a numeric keeps its places (and gets those of the multiple). Where the result
 * would not fit the column it is rounded towards zero instead. Floats: to a multiple m * 10^-p by v * 10^p, / m, + 1/2, floor,
 * * m, / 10^p, each rounded once by IEEE; to digits by their exact decimal value. NaN and infinities stay. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "maskers/decimal.h"

enum { DIGITS_MAX = 15 };

struct config {
    const char *to;
    uint32_t digits;
    struct bau_decimal multiple; /* units 0: significant digits */
    uint32_t max_whole;          /* digits of a numeric before the point; 0: no limit */
};

static const struct bau_option options[] = {
    { "to", BAU_OPTION_TEXT, offsetof(struct config, to), NULL, 0, 0,
      "The number that results are multiples of, such as 100 or 0.05.", 0, NULL, "NUMBER", 0 },
    { "digits", BAU_OPTION_U32, offsetof(struct config, digits), "0", 0, DIGITS_MAX,
      "How many significant digits are left, instead of `to`.", 0, NULL, NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    struct bau_room ignored;
    if (!c->to == !c->digits)
        return bau_error_set(err, BAU_E_USAGE, "give to or digits, one of them");
    if (c->to && (!bau_decimal_read(c->to, strlen(c->to), &c->multiple) || c->multiple.units <= 0))
        return bau_error_set(err, BAU_E_USAGE,
                             "to: '%.40s' is no decimal number above 0 of at most 18 digits and %u places",
                             c->to, BAU_PLACES_MAX);
    if (with->type == BAU_NUMERIC && with->field && with->field->max_digits && with->field->scale >= 0 &&
        (uint32_t)with->field->scale < with->field->max_digits)
        c->max_whole = with->field->max_digits - (uint32_t)with->field->scale;
    return bau_room_of(with, c->multiple.places, &ignored, err);
}

/* ---- integers ---- */

static int64_t round_integer(const struct config *c, int64_t v, uint64_t most)
{
    const uint64_t size = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    uint64_t step = (uint64_t)c->multiple.units;
    if (c->digits) {
        uint64_t beyond = size;
        for (uint32_t k = 0; k < c->digits; k++)
            beyond /= 10;
        for (step = 1; beyond; beyond /= 10)
            step *= 10;
    }
    const uint64_t rest = size % step, low = size - rest, limit = most + (v < 0);
    const uint64_t to = rest >= step - rest && step <= limit - low ? low + step : low;
    return v < 0 ? (int64_t)(0 - to) : (int64_t)to;
}

static void round_integers(const struct config *c, const struct bau_column *in, void *data)
{
    for (uint32_t i = 0; i < in->n_values; i++)
        if (in->type == BAU_I16)
            ((int16_t *)data)[i] = (int16_t)round_integer(c, ((const int16_t *)in->data)[i], INT16_MAX);
        else if (in->type == BAU_I32)
            ((int32_t *)data)[i] = (int32_t)round_integer(c, ((const int32_t *)in->data)[i], INT32_MAX);
        else
            ((int64_t *)data)[i] = round_integer(c, ((const int64_t *)in->data)[i], INT64_MAX);
}

/* ---- floats: one operation a statement, so that no compiler fuses two ---- */

/* The digits of `v` behind the first ones become zeros. */
static double cut_digits(const struct config *c, double v)
{
    char text[64];
    const int n = snprintf(text, sizeof text, "%.17e", v);
    uint32_t seen = 0;
    for (int i = 0; i < n && text[i] != 'e'; i++)
        if (bau_is_digit((uint8_t)text[i]) && ++seen > c->digits)
            text[i] = '0';
    return strtod(text, NULL);
}

static double round_double(const struct config *c, double v, double most)
{
    char text[64];
    if (!isfinite(v))
        return v;
    if (c->digits) {
        snprintf(text, sizeof text, "%.*e", (int)c->digits - 1, v);
        const double to = strtod(text, NULL);
        return fabs(to) > most ? cut_digits(c, v) : to;
    }
    const double size = fabs(v), ten = (double)bau_power_of_ten(c->multiple.places),
                 m = (double)c->multiple.units;
    const double scaled = size * ten;
    const double share = scaled / m;
    if (!(share < 4503599627370496.0)) /* 2^52: a float that large is a multiple as far as it can tell */
        return v;
    const double half = share + 0.5;
    double whole = floor(half);
    if (whole * m > most * ten)
        whole = floor(share);
    const double units = whole * m;
    return copysign(units / ten, v);
}

static void round_floats(const struct config *c, const struct bau_column *in, void *data)
{
    for (uint32_t i = 0; i < in->n_values; i++)
        if (in->type == BAU_F32)
            ((float *)data)[i] =
                (float)round_double(c, (double)((const float *)in->data)[i], 3.4028234663852886e38);
        else
            ((double *)data)[i] = round_double(c, ((const double *)in->data)[i], 1.7976931348623157e308);
}

/* ---- numerics: digits 0..9, most significant first; one in front is room for a carry ---- */

struct number {
    bool negative;
    uint32_t n, scale; /* digits in all, behind the point */
    uint8_t *digit;
};

/* False for anything but -?digits[.digits]. Fills zeros up to `places` behind the point. */
static bool read_number(const uint8_t *text, size_t len, uint32_t places, struct number *out)
{
    out->negative = len > 0 && text[0] == '-';
    out->n = 1;
    out->scale = 0;
    out->digit[0] = 0;
    bool point = false;
    for (size_t i = out->negative; i < len; i++) {
        if (text[i] == '.' && !point && out->n > 1)
            point = true;
        else if (!bau_is_digit(text[i]))
            return false;
        else {
            out->digit[out->n++] = (uint8_t)(text[i] - '0');
            out->scale += point;
        }
    }
    if (out->n == 1 || (point && out->scale == 0))
        return false;
    for (; out->scale < places; out->scale++)
        out->digit[out->n++] = 0;
    return true;
}

static uint32_t first_digit(const struct number *x)
{
    uint32_t at = 0;
    while (at < x->n && x->digit[at] == 0)
        at++;
    return at;
}

/* Adds 10^(n - at) units: one at the digit before `at`. Room is there: the first digit is 0 before. */
static void carry_into(struct number *x, uint32_t at)
{
    while (at-- > 0 && ++x->digit[at] == 10)
        x->digit[at] = 0;
}

static bool fits(const struct config *c, const struct number *x)
{
    const uint32_t first = first_digit(x), before = x->n - x->scale;
    return c->max_whole == 0 || first >= before || before - first <= c->max_whole;
}

static void round_digits(const struct config *c, struct number *x)
{
    const uint32_t cut = first_digit(x) + c->digits;
    if (cut >= x->n)
        return;
    const bool up = x->digit[cut] >= 5;
    memset(x->digit + cut, 0, x->n - cut);
    if (!up)
        return;
    carry_into(x, cut);
    if (!fits(c, x)) { /* 99.96 in numeric(4,2): the carry is taken back, 99.9 */
        memset(x->digit, 0, x->n);
        memset(x->digit + cut - c->digits, 9, c->digits);
    }
}

/* digits[0..end) += v or -= v, counted in the last of them. */
static void change_by(struct number *x, uint32_t end, uint64_t v, bool add)
{
    uint32_t carry = 0;
    for (uint32_t i = end; i-- > 0 && (v || carry); v /= 10) {
        const uint32_t by = (uint32_t)(v % 10) + carry, was = x->digit[i];
        carry = add ? was + by >= 10 : was < by;
        x->digit[i] = (uint8_t)(add ? was + by - 10 * carry : was + 10 * carry - by);
    }
}

static void round_multiple(const struct config *c, struct number *x)
{
    const uint64_t step = (uint64_t)c->multiple.units;
    const uint32_t end = x->n - (x->scale - c->multiple.places); /* digits from here on fall away */
    uint64_t rest = 0;
    for (uint32_t i = 0; i < end; i++)
        rest = (uint64_t)(((bau_wide)rest * 10 + x->digit[i]) % step);
    const bool half = end < x->n && x->digit[end] >= 5;
    const bool up = rest > step - 1 - rest || (rest == step - 1 - rest && half);
    memset(x->digit + end, 0, x->n - end);
    change_by(x, end, rest, false);
    if (!up)
        return;
    change_by(x, end, step, true);
    if (!fits(c, x))
        change_by(x, end, step, false);
}

static uint8_t *write_number(uint8_t *dst, const struct number *x)
{
    uint32_t first = first_digit(x);
    if (x->negative && first < x->n)
        *dst++ = '-';
    if (first + x->scale + 1 > x->n)
        first = x->n - x->scale - 1;
    for (uint32_t i = first; i < x->n; i++) {
        if (i + x->scale == x->n && i > first)
            *dst++ = '.';
        *dst++ = (uint8_t)('0' + x->digit[i]);
    }
    return dst;
}

static bool is_special(struct bau_slice v)
{
    return (v.len == 3 && memcmp(v.data, "NaN", 3) == 0) ||
           (v.len == 8 && memcmp(v.data, "Infinity", 8) == 0) ||
           (v.len == 9 && memcmp(v.data, "-Infinity", 9) == 0);
}

/* Writes the rounded form of one value; NULL when it is no number. */
static uint8_t *put_rounded(const struct config *c, struct bau_slice v, uint8_t *room, uint8_t *dst)
{
    struct number x = { .digit = room };
    if (is_special(v)) {
        memcpy(dst, v.data, v.len);
        return dst + v.len;
    }
    if (!read_number(v.data, v.len, c->multiple.places, &x))
        return NULL;
    if (c->digits)
        round_digits(c, &x);
    else
        round_multiple(c, &x);
    return write_number(dst, &x);
}

static bau_status round_numbers(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                                struct bau_column *out, struct bau_error *err)
{
    const size_t more = BAU_PLACES_MAX + 4; /* places, a point, a carry, a zero before the point */
    size_t longest = 0;
    for (uint32_t i = 0; i < in->n_values; i++)
        longest = bau_column_value(in, i).len > longest ? bau_column_value(in, i).len : longest;
    const size_t bytes = in->offsets[in->n_values] + more * in->n_values;
    if (bytes > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "the numbers of a batch grow past 2 GiB");
    BAU_TRY(bau_column_make(out, in, BAU_NUMERIC, bytes, ctx->arena, err));
    uint8_t *room = bau_arena_take(ctx->arena, longest + more);
    if (!room)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i))
            dst = put_rounded(c, bau_column_value(in, i), room, dst);
        if (!dst)
            return bau_mask_refuse(ctx, in, i, "is no decimal number", err);
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    if (in->type == BAU_NUMERIC)
        return round_numbers(c, ctx, in, out, err);
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    if (BAU_TYPE_BIT(in->type) & BAU_TYPES_INT)
        round_integers(c, in, out->data);
    else
        round_floats(c, in, out->data);
    bau_mask_clear_nulls(in, out);
    return BAU_OK;
}

const struct bau_masker bau_masker_round = {
    .name = "round",
    .summary = "Rounds a number to a multiple or to some significant digits.",
    .accepts = BAU_TYPES_INT | BAU_TYPES_FLOAT | BAU_TYPE_BIT(BAU_NUMERIC),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_ORDER | BAU_LEAKS_PREFIX | BAU_LEAKS_FREQUENCY |
             BAU_LEAKS_FORMAT | BAU_LEAKS_RANGE | BAU_LEAKS_VALUE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .example_in = "1234.50",
    .example_options = "to=100",
};
