/* vector: embeddings, which can give away the text they were made of, become zeros or keyed random directions of the same
 * dimension: text as pgvector spells it, [0.1,-2,3e-5], and arrays of floats.
 *
 * unit: every component is a normal deviate (bau_normal_quantile of the first half of PRF(vector's PRF || its index as 4 bytes,
 * little endian) under the subkey "vector", the sign from the next bit), all divided by their Euclidean length: uniform over
 * the sphere. Text gets nine places. Equal vectors get equal ones; nearness is lost. zero: zeros only.
 *
 * A text that is no vector of at most 16000 numbers is BAU_E_DATA. A null among an array's elements stays and counts as 0. */
#include <math.h>

#include "maskers/decimal.h"
#include "maskers/quantiles.h"
#include "src/kernel/kernels.h"

enum { ZERO, UNIT };
enum { DIMENSIONS_MAX = 16000, PLACES = 9, COMPONENT_CHARS = 13, MESSAGE = 20 };

struct config {
    uint32_t to;
    struct bau_prf prf;
};

static const struct bau_option options[] = {
    { "to", BAU_OPTION_CHOICE, offsetof(struct config, to), "unit", 0, 0,
      "What a vector becomes: zeros, or a random one of length 1.", 0, "zero|unit", NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    uint8_t subkey[32];
    BAU_TRY(bau_mask_subkey(with->key, "vector", subkey, err));
    const bool made = bau_prf_init(&c->prf, subkey);
    bau_wipe(subkey, sizeof subkey);
    return made ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "key");
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_prf_release(&c->prf);
}

/* ---- reading ---- */

static size_t digits(const uint8_t *p, size_t at, size_t len)
{
    const size_t from = at;
    while (at < len && bau_is_digit(p[at]))
        at++;
    return at - from;
}

/* The place behind -?digits[.digits][e[+-]digits], or `at` when there is none. */
static size_t skip_number(const uint8_t *p, size_t at, size_t len)
{
    size_t to = at + (at < len && p[at] == '-'), n = digits(p, to, len);
    if (n == 0)
        return at;
    to += n;
    if (to < len && p[to] == '.') {
        n = digits(p, to + 1, len);
        if (n == 0)
            return at;
        to += n + 1;
    }
    if (to < len && (p[to] | 0x20) == 'e') {
        const size_t sign = to + 1 < len && (p[to + 1] == '-' || p[to + 1] == '+');
        n = digits(p, to + 1 + sign, len);
        if (n == 0)
            return at;
        to += n + 1 + sign;
    }
    return to;
}

/* How many numbers "[1,2.5,-3e-4]" has; 0: it is no vector. */
static uint32_t count_numbers(struct bau_slice v)
{
    uint32_t n = 0;
    if (v.len < 3 || v.data[0] != '[')
        return 0;
    for (size_t at = 1; n < DIMENSIONS_MAX; at++) {
        const size_t to = skip_number(v.data, at, v.len);
        if (to == at || to == v.len)
            return 0;
        n++;
        at = to;
        if (v.data[at] == ']')
            return at + 1 == v.len ? n : 0;
        if (v.data[at] != ',')
            return 0;
    }
    return 0;
}

/* ---- directions ---- */

struct room { /* for the longest vector of a batch */
    uint8_t *message;
    uint32_t *offsets;
    uint8_t (*digest)[16];
    double *component;
};

static bau_status make_room(struct room *out, struct bau_arena *arena, uint32_t longest,
                            struct bau_error *err)
{
    const size_t n = (size_t)longest + 1;
    *out = (struct room){ .message = bau_arena_take(arena, n * MESSAGE),
                          .offsets = bau_arena_take(arena, n * sizeof *out->offsets),
                          .digest = bau_arena_take(arena, n * 16),
                          .component = bau_arena_take(arena, n * sizeof *out->component) };
    if (!out->message || !out->offsets || !out->digest || !out->component)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t i = 0; i <= longest; i++)
        out->offsets[i] = i * MESSAGE;
    return BAU_OK;
}

static void put_direction(const struct config *c, struct room *r, const uint8_t *bytes, uint32_t len,
                          uint32_t n)
{
    const uint32_t whole[] = { 0, len };
    uint8_t own[16];
    double square = 0;
    bau_prf_batch(&c->prf, bytes, whole, 1, own);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t *m = r->message + (size_t)i * MESSAGE;
        memcpy(m, own, 16);
        for (unsigned k = 0; k < 4; k++)
            m[16 + k] = (uint8_t)(i >> (8 * k));
    }
    bau_prf_batch(&c->prf, r->message, r->offsets, n, (uint8_t *)r->digest);
    for (uint32_t i = 0; i < n; i++) {
        const double size = (double)(bau_normal_quantile(bau_bits64(r->digest[i])) + 1); /* never all zeros */
        r->component[i] = r->digest[i][8] & 1u ? -size : size;
        const double one = size * size;
        square += one;
    }
    const double length = sqrt(square);
    for (uint32_t i = 0; i < n; i++)
        r->component[i] /= length;
}

/* ---- text ---- */

static uint8_t *put_text(const struct config *c, const struct room *r, uint32_t n, uint8_t *dst)
{
    for (uint32_t i = 0; i < n; i++) {
        *dst++ = i ? ',' : '[';
        if (c->to == ZERO) {
            *dst++ = '0';
            continue;
        }
        const double scaled = fabs(r->component[i]) * 1e9;
        const int64_t units = (int64_t)floor(scaled + 0.5);
        dst += bau_decimal_write(r->component[i] < 0 ? -units : units, PLACES, dst);
    }
    *dst++ = ']';
    return dst;
}

static bau_status mask_texts(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                             struct bau_column *out, struct bau_error *err)
{
    uint32_t *n = bau_arena_take(ctx->arena, ((size_t)in->n_values + 1) * sizeof *n), longest = 0;
    uint64_t bytes = 0;
    struct room r;
    if (!n)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t i = 0; i < in->n_values; i++) {
        n[i] = bau_column_present(in, i) ? count_numbers(bau_column_value(in, i)) : 0;
        if (n[i] == 0 && bau_column_present(in, i))
            return bau_mask_refuse(ctx, in, i, "is no vector such as [0.25,-1]", err);
        longest = n[i] > longest ? n[i] : longest;
        bytes += (uint64_t)n[i] * COMPONENT_CHARS + 2;
    }
    if (bytes > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "the vectors of a batch grow past 2 GiB");
    BAU_TRY(bau_column_make(out, in, BAU_TEXT, (size_t)bytes + BAU_TEXT_SLACK, ctx->arena, err));
    BAU_TRY(make_room(&r, ctx->arena, longest, err));
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const struct bau_slice v = bau_column_value(in, i);
        if (n[i] && c->to == UNIT)
            put_direction(c, &r, v.data, (uint32_t)v.len, n[i]);
        if (n[i])
            dst = put_text(c, &r, n[i], dst);
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

/* ---- arrays of floats: a list is a vector ---- */

/* The elements as doubles, little endian: what the PRF reads. Infinite and NaN ones too. */
static void put_bytes(const struct bau_column *in, uint32_t from, uint32_t n, uint8_t *dst)
{
    for (uint32_t i = 0; i < n; i++) {
        const double v = in->type == BAU_F32 ? (double)((const float *)in->data)[from + i]
                                             : ((const double *)in->data)[from + i];
        uint64_t bits;
        memcpy(&bits, &v, 8);
        for (unsigned k = 0; k < 8; k++)
            dst[8 * (size_t)i + k] = (uint8_t)(bits >> (8 * k));
    }
}

static void mask_list(const struct config *c, struct room *r, const struct bau_column *in, uint32_t from,
                      uint32_t n, uint8_t *bytes, void *data)
{
    if (c->to == UNIT) {
        put_bytes(in, from, n, bytes);
        put_direction(c, r, bytes, 8 * n, n);
    }
    for (uint32_t i = 0; i < n; i++) {
        const double v = c->to == UNIT ? r->component[i] : 0;
        if (in->type == BAU_F32)
            ((float *)data)[from + i] = (float)v;
        else
            ((double *)data)[from + i] = v;
    }
}

/* How many lists the values fall into; a field that is no array has vectors of one number. */
static uint32_t list_end(const struct bau_column *in, uint32_t from, uint32_t *row)
{
    if (!in->list_offsets)
        return from + 1;
    while (in->list_offsets[*row + 1] <= from)
        ++*row;
    return in->list_offsets[*row + 1];
}

static bau_status mask_floats(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                              struct bau_column *out, struct bau_error *err)
{
    uint32_t longest = 0, row = 0;
    struct room r;
    for (uint32_t from = 0; from < in->n_values;) {
        const uint32_t to = list_end(in, from, &row);
        longest = to - from > longest ? to - from : longest;
        from = to;
    }
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    BAU_TRY(make_room(&r, ctx->arena, longest, err));
    uint8_t *bytes = bau_arena_take(ctx->arena, 8 * (size_t)longest);
    if (!bytes)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    row = 0;
    for (uint32_t from = 0; from < in->n_values;) {
        const uint32_t to = list_end(in, from, &row);
        mask_list(c, &r, in, from, to - from, bytes, out->data);
        from = to;
    }
    bau_mask_clear_nulls(in, out);
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    if (in->type == BAU_TEXT)
        return mask_texts(config, ctx, in, out, err);
    return mask_floats(config, ctx, in, out, err);
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    return type == BAU_TEXT && c->to == UNIT ? DIMENSIONS_MAX * COMPONENT_CHARS + 2 : 0;
}

const struct bau_masker bau_masker_vector = {
    .name = "vector",
    .summary = "Replaces an embedding by zeros or a random unit vector of the same dimension.",
    .accepts = BAU_TYPES_FLOAT | BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .unbind = unbind,
    .example_in = "[0.125,-0.5,0.75]",
    .example_options = "",
};
