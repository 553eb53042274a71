/* noise: adds a keyed amount to a number. The sign stays, zero stays zero under relative noise, a numeric
 * keeps its scale,
 * nothing leaves its type or precision. Equal numbers get equal noise, in every type.
 *
 * Exact decimal arithmetic for integers and numerics, so that 250, 250::numeric and a JSON 250 agree. With f
 * drawn
 * uniformly from 1..relative * 10^9 and v counted in units of its last digit:
 *     relative    delta = max(1, floor(|v| * f / 10^9)) units; 0 for v = 0
 *     absolute    delta = g * 10^-9, cut to v's scale, at least one unit, g drawn from 1..absolute * 10^9
 * and a drawn sign. |v| - delta below zero counts as delta - |v|. A sum that does not fit is replaced by the
 * difference.
 * Floats do the same in IEEE double, one rounding a step. NaN and infinities stay.
 *
 * distribution: f above is of the uniform one, where relative and absolute are the largest change. gaussian: they are the
 * standard deviation, laplace: the scale (mean change); f is then floor(relative * 10^9 * q), q the upper quantile of a uniform
 * tail probability from a table (quantiles.h), linear between its entries, at most 6.3 or 22.9.
 *
 * min and max: what the noise takes beyond becomes the bound; a value that is a bound itself may stay. */
#include <math.h>

#include "maskers/decimal.h"
#include "maskers/quantiles.h"

#define GIGA UINT64_C(1000000000)

enum { UNIFORM, GAUSSIAN, LAPLACE };

struct config {
    double relative, absolute;
    uint32_t distribution;
    const char *min, *max;
    struct bau_clamp clamp;
    uint64_t share, amount; /* relative and absolute times 10^9; one of them is 0 */
    uint32_t max_digits;    /* of a numeric; 0: no limit */
    uint32_t max_scale;
    const struct bau_mask_key *key;
};

static const struct bau_option options[] = {
    { "relative", BAU_OPTION_F64, offsetof(struct config, relative), NULL, 0, 1,
      "Largest change as a share of the value; 0.1 when neither is given.", 0, NULL, NULL, 0 },
    { "absolute", BAU_OPTION_F64, offsetof(struct config, absolute), NULL, 0, 1000000000,
      "Largest change as a number.", 0, NULL, NULL, 0 },
    { "distribution", BAU_OPTION_CHOICE, offsetof(struct config, distribution), "uniform", 0, 0,
      "How changes are spread; of gaussian and laplace relative or absolute is the standard deviation or "
      "scale.",
      0, "uniform|gaussian|laplace", NULL, 0 },
    { "min", BAU_OPTION_TEXT, offsetof(struct config, min), NULL, 0, 0, "The least number that comes out.", 0,
      NULL, "NUMBER", 0 },
    { "max", BAU_OPTION_TEXT, offsetof(struct config, max), NULL, 0, 0, "The greatest number that comes out.",
      0, NULL, "NUMBER", 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    if (c->relative > 0 && c->absolute > 0)
        return bau_error_set(err, BAU_E_USAGE, "give relative or absolute, not both");
    if (!(c->relative > 0) && !(c->absolute > 0))
        c->relative = 0.1;
    c->share = (uint64_t)llround(c->relative * 1e9);
    c->amount = (uint64_t)llround(c->absolute * 1e9);
    if (c->share == 0 && c->amount == 0)
        return bau_error_set(err, BAU_E_USAGE, "the noise is below 10^-9");
    c->max_digits = with->field && with->type == BAU_NUMERIC ? with->field->max_digits : 0;
    c->max_scale = with->field && with->field->scale > 0 ? (uint32_t)with->field->scale : 0;
    c->key = with->key;
    return bau_clamp_bind(&c->clamp, c->min, c->max, with, err);
}

struct draw {
    uint64_t f; /* 1..share or 1..amount */
    bool down;
};

static uint64_t drawn_size(const struct config *c, uint64_t random)
{
    const uint64_t scale = c->share + c->amount;
    if (c->distribution == UNIFORM)
        return 1 + bau_draw(random, scale);
    const uint64_t q =
        c->distribution == GAUSSIAN ? bau_normal_quantile(random) : bau_exponential_quantile(random);
    const bau_wide size = (bau_wide)scale * q / 1000000u;
    return size > INT64_MAX ? (uint64_t)INT64_MAX : (uint64_t)size;
}

static struct draw draw_of(const struct config *c, const uint8_t digest[16])
{
    return (struct draw){ .f = drawn_size(c, bau_bits64(digest)), .down = (digest[8] & 1u) != 0 };
}

/* ---- integers ---- */

static int64_t noisy_integer(const struct config *c, int64_t v, const uint8_t digest[16], int64_t most)
{
    const struct draw d = draw_of(c, digest);
    const uint64_t size = v < 0 ? -(uint64_t)v : (uint64_t)v;
    const bau_wide share = (bau_wide)size * d.f / GIGA;
    uint64_t delta = !c->share ? d.f / GIGA : share > UINT64_MAX ? UINT64_MAX : (uint64_t)share;
    if (delta == 0)
        delta = c->share && size == 0 ? 0 : 1;
    const uint64_t limit = (uint64_t)most + (v < 0); /* -32768 exists, 32768 does not */
    const bool down = d.down || delta > limit || size > limit - delta;
    uint64_t result = down ? (size >= delta ? size - delta : delta - size) : size + delta;
    if (result > limit)
        result = limit; /* the noise is wider than the type */
    return v < 0 ? (int64_t)-result : (int64_t)result;
}

static void noisy_integers(const struct config *c, const struct bau_column *in, const uint8_t (*digest)[16],
                           void *data)
{
    const uint32_t n = in->n_values;
    if (in->type == BAU_I16) {
        const int16_t *src = in->data;
        for (uint32_t i = 0; i < n; i++)
            ((int16_t *)data)[i] = (int16_t)noisy_integer(c, src[i], digest[i], INT16_MAX);
    } else if (in->type == BAU_I32) {
        const int32_t *src = in->data;
        for (uint32_t i = 0; i < n; i++)
            ((int32_t *)data)[i] = (int32_t)noisy_integer(c, src[i], digest[i], INT32_MAX);
    } else {
        const int64_t *src = in->data;
        for (uint32_t i = 0; i < n; i++)
            ((int64_t *)data)[i] = noisy_integer(c, src[i], digest[i], INT64_MAX);
    }
}

/* ---- floats: one operation a statement, so that no compiler fuses two ---- */

static double noisy_double(const struct config *c, double v, const uint8_t digest[16], double most)
{
    if (!isfinite(v) || (c->share && !(v > 0) && !(v < 0)))
        return v;
    const struct draw d = draw_of(c, digest);
    const double size = fabs(v), f = (double)d.f;
    const double part = f / 1e9;
    const double delta = c->share ? size * part : part;
    double result = d.down ? size - delta : size + delta;
    if (result > most)
        result = size - delta;
    return copysign(fabs(result), v);
}

static void noisy_floats(const struct config *c, const struct bau_column *in, const uint8_t (*digest)[16],
                         void *data)
{
    if (in->type == BAU_F32) {
        const float *src = in->data;
        for (uint32_t i = 0; i < in->n_values; i++) {
            const float noisy = (float)noisy_double(c, (double)src[i], digest[i], 3.4028234663852886e38);
            ((float *)data)[i] =
                isfinite(src[i]) ? noisy : src[i]; /* a NaN keeps its bits, which widening may change */
        }
    } else {
        const double *src = in->data;
        for (uint32_t i = 0; i < in->n_values; i++)
            ((double *)data)[i] = noisy_double(c, src[i], digest[i], 1.7976931348623157e308);
    }
}

/* ---- numerics: digits 0..9, most significant first, in units of the last digit ---- */

struct number {
    bool negative;
    uint32_t n, scale; /* digits in all, behind the point */
    uint8_t *digit;    /* n + 2, the first two are room for carries */
    uint8_t *delta;    /* the same */
};

/* False for anything but -?digits[.digits]. */
static bool read_number(const uint8_t *text, size_t len, struct number *out)
{
    out->negative = len > 0 && text[0] == '-';
    out->n = 2;
    out->scale = 0;
    out->digit[0] = out->digit[1] = 0;
    bool point = false;
    for (size_t i = out->negative; i < len; i++) {
        if (text[i] == '.' && !point && out->n > 2) {
            point = true;
        } else if (bau_is_digit(text[i])) {
            out->digit[out->n++] = (uint8_t)(text[i] - '0');
            out->scale += point;
        } else {
            return false;
        }
    }
    return out->n > 2 && (!point || out->scale > 0);
}

static bool is_zero(const uint8_t *digit, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (digit[i])
            return false;
    return true;
}

/* delta = floor(v * f / 10^9): long multiplication from the right, the last nine digits fall away. */
static void relative_delta(struct number *x, uint64_t f)
{
    uint64_t carry = 0;
    memset(x->delta, 0, x->n);
    for (uint32_t k = 0; k < x->n + 9; k++) { /* k-th digit of the product */
        if (k < x->n)
            carry += x->digit[x->n - 1 - k] * f;
        if (k >= 9 && k - 9 < x->n)
            x->delta[x->n - 1 - (k - 9)] = (uint8_t)(carry % 10);
        carry /= 10;
    }
}

/* delta = g * 10^-9 in units of 10^-scale. Digits before the number's first one are cut: they cannot fit
 * anyway. */
static void absolute_delta(struct number *x, uint64_t g)
{
    memset(x->delta, 0, x->n);
    uint32_t place = x->scale >= 9 ? x->scale - 9 : 0; /* from the right */
    for (uint32_t cut = x->scale; cut < 9; cut++)
        g /= 10;
    for (; g && place < x->n; g /= 10, place++)
        x->delta[x->n - 1 - place] = (uint8_t)(g % 10);
}

static void add_delta(const struct number *x, uint8_t *out)
{
    unsigned carry = 0;
    for (uint32_t i = x->n; i-- > 0;) {
        const unsigned sum = x->digit[i] + (unsigned)x->delta[i] + carry;
        carry = sum >= 10;
        out[i] = (uint8_t)(carry ? sum - 10 : sum);
    }
}

static void differ_delta(const struct number *x, uint8_t *out)
{
    const bool swap = memcmp(x->digit, x->delta, x->n) < 0;
    const uint8_t *large = swap ? x->delta : x->digit, *small = swap ? x->digit : x->delta;
    unsigned borrow = 0;
    for (uint32_t i = x->n; i-- > 0;) {
        const unsigned take = small[i] + borrow;
        borrow = large[i] < take;
        out[i] = (uint8_t)(large[i] + (borrow ? 10u : 0u) - take);
    }
}

static bool fits(const struct config *c, const struct number *x, const uint8_t *digit)
{
    uint32_t first = 0;
    while (first < x->n && digit[first] == 0)
        first++;
    const uint32_t whole = x->n - first > x->scale ? x->n - first - x->scale : 0;
    if (c->max_digits == 0)
        return whole <= 131072; /* what PostgreSQL's numeric takes before the point */
    return whole + c->max_scale <= c->max_digits;
}

static uint8_t *write_number(uint8_t *dst, const struct number *x, const uint8_t *digit)
{
    uint32_t first = 0;
    while (first + x->scale + 1 < x->n && digit[first] == 0)
        first++;
    if (x->negative && !is_zero(digit, x->n))
        *dst++ = '-';
    for (uint32_t i = first; i < x->n; i++) {
        if (i + x->scale == x->n && i > first)
            *dst++ = '.';
        *dst++ = (uint8_t)('0' + digit[i]);
    }
    return dst;
}

static uint8_t *noisy_number(const struct config *c, struct number *x, uint8_t *result,
                             const uint8_t digest[16], uint8_t *dst)
{
    const struct draw d = draw_of(c, digest);
    const bool zero = is_zero(x->digit, x->n);
    if (c->share)
        relative_delta(x, d.f);
    else
        absolute_delta(x, d.f);
    if (is_zero(x->delta, x->n))
        x->delta[x->n - 1] = c->share && zero ? 0 : 1;
    if (!d.down)
        add_delta(x, result);
    if (d.down || !fits(c, x, result))
        differ_delta(x, result);
    if (!fits(c, x, result))
        memset(result, 0, x->n); /* the noise is wider than the column */
    return write_number(dst, x, result);
}

static bool is_special(const uint8_t *text, size_t len)
{
    return (len == 3 && memcmp(text, "NaN", 3) == 0) || (len == 8 && memcmp(text, "Infinity", 8) == 0) ||
           (len == 9 && memcmp(text, "-Infinity", 9) == 0);
}

static bau_status noisy_numbers(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                                const uint8_t (*digest)[16], struct bau_column *out, struct bau_error *err)
{
    const uint8_t *src = in->data;
    size_t longest = 0;
    for (uint32_t i = 0; i < in->n_values; i++)
        if (in->offsets[i + 1] - in->offsets[i] > longest)
            longest = in->offsets[i + 1] - in->offsets[i];
    const size_t bytes = in->offsets[in->n_values] + 3 * (size_t)in->n_values; /* two carries, a sign */
    if (bytes > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "the numbers of a batch grow past 2 GiB");
    BAU_TRY(bau_column_make(out, in, BAU_NUMERIC, bytes, ctx->arena, err));
    uint8_t *room = bau_arena_take(ctx->arena, 3 * (longest + 2));
    if (!room)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    struct number x = { .digit = room, .delta = room + longest + 2 };
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const uint8_t *text = src + in->offsets[i];
        const size_t len = in->offsets[i + 1] - in->offsets[i];
        if (bau_column_present(in, i)) {
            if (is_special(text, len)) {
                memcpy(dst, text, len);
                dst += len;
            } else if (read_number(text, len, &x))
                dst = noisy_number(c, &x, room + 2 * (longest + 2), digest[i], dst);
            else
                return bau_mask_refuse(ctx, in, i, "is no decimal number", err);
        }
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

static bau_status add_noise(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                            struct bau_column *out, struct bau_error *err)
{
    uint8_t(*made)[16];
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, in, &made, err));
    const uint8_t(*digest)[16] = (const uint8_t(*)[16])made;
    if (in->type == BAU_NUMERIC)
        return noisy_numbers(c, ctx, in, digest, out, err);
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    if (BAU_TYPE_BIT(in->type) & BAU_TYPES_INT)
        noisy_integers(c, in, digest, out->data);
    else
        noisy_floats(c, in, digest, out->data);
    bau_mask_clear_nulls(in, out);
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct bau_column noisy;
    if (!c->min && !c->max)
        return add_noise(c, ctx, in, out, err);
    BAU_TRY(add_noise(c, ctx, in, &noisy, err));
    return bau_clamp_column(&c->clamp, ctx, &noisy, out, err);
}

const struct bau_masker bau_masker_noise = {
    .name = "noise",
    .summary = "Adds a keyed amount to a number; equal numbers get equal noise.",
    .accepts = BAU_TYPES_INT | BAU_TYPES_FLOAT | BAU_TYPE_BIT(BAU_NUMERIC),
    .traits = BAU_DETERMINISTIC | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_RANGE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_DECIMAL,
    .bind = bind,
    .apply = apply,
    .example_in = "1234.50",
    .example_options = "relative=0.1",
};
