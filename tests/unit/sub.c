/* Maskers inside maskers: columns taken apart and merged against a slow reference, values that a masker refuses, the
 * fields of the row that each of them sees. The maskers here are made for the test. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "maskers/common.h"

enum { N = 300 };

static struct bau_arena *arena;

static void open_arena(void)
{
    arena = bau_arena_new(1 << 16, 0);
    cr_assert(arena != NULL);
}

static void close_arena(void)
{
    bau_arena_free(arena);
}
TestSuite(sub, .init = open_arena, .fini = close_arena);

struct value { /* what the reference keeps of one */
    bool present;
    uint8_t bytes[16];
    uint32_t len;
};

/* `n` values of type text or int8, some null, from a small fixed generator. */
static struct bau_column make(bau_type type, uint32_t n, uint32_t seed, struct value *values)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = type, .n_values = n };
    const uint32_t width = bau_type_width(type);
    struct bau_column c;
    struct bau_error err;
    cr_assert_eq(bau_column_make(&c, &shape, type, (size_t)n * 16, arena, &err), BAU_OK);
    c.valid = bau_arena_buffer(arena, 8 * (n / 64 + 1));
    memset(c.valid, 0, 8 * (n / 64 + 1));
    uint8_t *dst = c.data;
    for (uint32_t i = 0; i < n; i++) {
        struct value *v = &values[i];
        seed = seed * 1664525u + 1013904223u;
        v->present = seed >> 28 != 0;
        v->len = width ? width : v->present ? (seed >> 20) % 9 : 0;
        for (uint32_t k = 0; k < v->len; k++)
            v->bytes[k] = v->present ? (uint8_t)(width ? (seed >> (k % 4 * 8)) : 'a' + (seed >> k) % 26) : 0;
        if (v->len)
            memcpy(dst, v->bytes, v->len);
        dst += v->len;
        if (c.offsets)
            c.offsets[i + 1] = c.offsets[i] + v->len;
        c.n_nulls += !v->present;
        c.valid[i / 64] |= (uint64_t)v->present << (i % 64);
    }
    if (c.n_nulls == 0)
        c.valid = NULL;
    return c;
}

static void expect(const struct bau_column *c, uint32_t i, const struct value *want)
{
    const struct bau_slice got = bau_column_value(c, i);
    cr_assert_eq(bau_column_present(c, i), want->present, "value %u", i);
    cr_assert_eq(got.len, want->len, "value %u", i);
    cr_assert(got.len == 0 || memcmp(got.data, want->bytes, got.len) == 0, "value %u", i);
}

static void valid(const struct bau_column *c, uint32_t n_rows)
{
    struct bau_error err;
    cr_assert_eq(bau_column_validate(c, n_rows, BAU_VALIDATE_CONTENTS, &err), BAU_OK, "%s", err.text);
}

Test(sub, take_gives_the_values_in_the_order_asked)
{
    static const bau_type types[] = { BAU_TEXT, BAU_I64, BAU_BOOL };
    static struct value values[N];
    uint32_t index[2 * N];
    struct bau_error err;
    for (size_t t = 0; t < BAU_COUNT(types); t++) {
        const struct bau_column in = make(types[t], N, 7, values);
        for (uint32_t n = 0; n <= 2 * N; n += 50) {
            struct bau_column out;
            for (uint32_t i = 0; i < n; i++)
                index[i] = (i * 37 + n) % N; /* repeats and leaves out */
            cr_assert_eq(bau_column_take(&out, &in, index, n, arena, &err), BAU_OK);
            cr_assert_eq(out.n_values, n);
            valid(&out, n);
            for (uint32_t i = 0; i < n; i++)
                expect(&out, i, &values[index[i]]);
        }
    }
}

Test(sub, merge_puts_parts_together_and_keeps_the_shape)
{
    static const bau_type types[] = { BAU_TEXT, BAU_I64 };
    static struct value values[3][N];
    uint32_t which[N], at[N], lists[] = { 0, 100, 100, N };
    struct bau_error err;
    for (size_t t = 0; t < BAU_COUNT(types); t++) {
        struct bau_column part[3], like, out;
        const struct bau_column *parts[] = { &part[0], &part[1], &part[2] };
        for (uint32_t p = 0; p < 3; p++)
            part[p] = make(types[t], N, 11 + p, values[p]);
        like = part[0];
        like.list_offsets = lists;
        for (uint32_t i = 0; i < N; i++) {
            which[i] = i % 7 % 3;
            at[i] = (i * 13) % N;
        }
        cr_assert_eq(bau_column_merge(&out, &like, parts, which, at, arena, &err), BAU_OK);
        valid(&out, 3);
        cr_assert(out.list_offsets == lists);
        for (uint32_t i = 0; i < N; i++)
            expect(&out, i, &values[which[i]][at[i]]);
    }
}

/* ---- maskers of this test ---- */

/* Doubles every text; refuses those that begin with `config`'s character. */
static bau_status apply_double(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                               struct bau_column *out, struct bau_error *err)
{
    const struct bau_column from = *in;
    BAU_TRY(bau_column_make(out, &from, from.type, 2 * (size_t)from.offsets[from.n_values], ctx->arena, err));
    uint8_t *dst = out->data;
    for (uint32_t i = 0; i < from.n_values; i++) {
        const struct bau_slice v = bau_column_value(&from, i);
        if (v.len && v.data[0] == *(const char *)config)
            return bau_mask_refuse(ctx, &from, i, "begins badly", err);
        memcpy(dst + out->offsets[i], v.data, v.len);
        memcpy(dst + out->offsets[i] + v.len, v.data, v.len);
        out->offsets[i + 1] = out->offsets[i] + 2 * (uint32_t)v.len;
    }
    return BAU_OK;
}

/* Replaces each text by one character a field of the row that it sees: '0' + its int4. `config` says how many. */
static bau_status apply_fields(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                               struct bau_column *out, struct bau_error *err)
{
    const struct bau_column from = *in;
    const uint32_t n = *(const uint32_t *)config;
    BAU_TRY(bau_column_make(out, &from, from.type, (size_t)from.n_values * n, ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < from.n_values; i++) {
        const uint32_t row = ctx->rows ? ctx->rows[i] : i;
        for (uint32_t f = 0; f < n && bau_column_present(&from, i); f++)
            *dst++ = (uint8_t)('0' + ((const int32_t *)ctx->fields[f]->data)[row]);
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

struct outer { /* runs a sub, as a chain of one would */
    struct bau_sub inner;
};

static bau_status apply_outer(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                              struct bau_column *out, struct bau_error *err)
{
    const struct outer *c = config;
    return bau_sub_apply(&c->inner, ctx, in, out, err);
}

static const struct bau_masker doubler = { .name = "double", .apply = apply_double };
static const struct bau_masker fielder = { .name = "fields", .apply = apply_fields };
static const struct bau_masker passer = { .name = "outer", .apply = apply_outer };
static const char bad = 'x', never = '\0', vowel = 'a';

static struct bau_column texts(const char *const *list, uint32_t n)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_TEXT, .n_values = n };
    struct bau_column c;
    struct bau_error err;
    cr_assert_eq(bau_column_make(&c, &shape, BAU_TEXT, (size_t)n * 64, arena, &err), BAU_OK);
    c.valid = bau_arena_buffer(arena, 8 * (n / 64 + 1));
    memset(c.valid, 0, 8 * (n / 64 + 1));
    uint8_t *dst = c.data;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t len = list[i] ? (uint32_t)strlen(list[i]) : 0;
        if (len)
            memcpy(dst + c.offsets[i], list[i], len);
        c.offsets[i + 1] = c.offsets[i] + len;
        c.valid[i / 64] |= (uint64_t)(list[i] != NULL) << (i % 64);
        c.n_nulls += list[i] == NULL;
    }
    return c;
}

static void expect_texts(const struct bau_column *c, const char *const *want, uint32_t n)
{
    valid(c, n);
    cr_assert_eq(c->n_values, n);
    for (uint32_t i = 0; i < n; i++) {
        const struct bau_slice got = bau_column_value(c, i);
        cr_assert_eq(bau_column_present(c, i), want[i] != NULL, "value %u", i);
        cr_assert(!want[i] || (got.len == strlen(want[i]) && memcmp(got.data, want[i], got.len) == 0),
                  "value %u: %.*s, not %s", i, (int)got.len, (const char *)got.data, want[i]);
    }
}

/* ---- fallback ---- */

Test(sub, only_values_that_are_refused_go_to_the_fallback)
{
    static const uint32_t one = 1;
    const struct bau_sub fallback = { .masker = &fielder, .config = &one, .type = BAU_TEXT };
    const struct bau_sub sub = {
        .masker = &doubler, .config = &bad, .type = BAU_TEXT, .fallback = &fallback
    };
    static const char *const in[] = { "a", NULL, "xb", "", "c", "xd", "xe", NULL, "f" }, *const want[] = {
        "aa", NULL, "2", "", "cc", "5", "6", NULL, "ff"
    };
    const uint32_t n = BAU_COUNT(in);
    int32_t numbers[9] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };
    const struct bau_column field = { .type = BAU_I32, .n_values = n, .data = numbers },
                            *const fields[] = { &field }, column = texts(in, n);
    struct bau_mask_ctx ctx = { .arena = arena, .fields = fields, .first_row = 100 };
    struct bau_column out;
    struct bau_error err;
    cr_assert_eq(bau_sub_apply(&sub, &ctx, &column, &out, &err), BAU_OK, "%s", err.text);
    expect_texts(&out, want, n);
}

/* Every subset of eight values refused: the result is what the values masked one by one would be. */
Test(sub, halving_equals_value_by_value)
{
    const struct bau_sub fallback = { .masker = &doubler, .config = &never, .type = BAU_TEXT },
                         keep = { .reason = "test", .type = BAU_TEXT };
    for (uint32_t mask = 0; mask < 256; mask++) {
        char text[8][4];
        const char *in[8];
        for (uint32_t i = 0; i < 8; i++) {
            snprintf(text[i], sizeof text[i], "%c%u", mask >> i & 1 ? 'x' : 'o', i);
            in[i] = text[i];
        }
        const struct bau_sub sub = {
            .masker = &doubler, .config = &bad, .type = BAU_TEXT, .fallback = mask % 2 ? &fallback : &keep
        };
        struct bau_mask_ctx ctx = { .arena = arena };
        const struct bau_column column = texts(in, 8);
        struct bau_column out;
        struct bau_error err;
        cr_assert_eq(bau_sub_apply(&sub, &ctx, &column, &out, &err), BAU_OK, "%s", err.text);
        for (uint32_t i = 0; i < 8; i++) {
            char want[8];
            const struct bau_slice got = bau_column_value(&out, i);
            snprintf(want, sizeof want, "%s%s", in[i], in[i][0] == 'x' && mask % 2 == 0 ? "" : in[i]);
            cr_assert(got.len == strlen(want) && memcmp(got.data, want, got.len) == 0, "%u of %u", i, mask);
        }
        bau_arena_reset(arena);
    }
}

Test(sub, a_fallback_may_refuse_too_and_names_the_row)
{
    static const uint32_t rows[] = { 40, 41, 42 };
    const struct bau_sub
        last = { .masker = &doubler, .config = &vowel, .type = BAU_TEXT },
        fallback = { .masker = &doubler, .config = &bad, .type = BAU_TEXT, .fallback = &last },
        sub = { .masker = &doubler, .config = &bad, .type = BAU_TEXT, .fallback = &fallback },
        alone = { .masker = &doubler, .config = &vowel, .type = BAU_TEXT, .fallback = &last };
    static const char *const fine[] = { "k", "xyz", "m" }, *const want[] = { "kk", "xyzxyz", "mm" },
                             *const secret[] = { "k", "m", "abc" };
    struct bau_mask_ctx ctx = { .arena = arena, .first_row = 1000, .rows = rows };
    struct bau_column column = texts(fine, 3), out;
    struct bau_error err;
    cr_assert_eq(bau_sub_apply(&sub, &ctx, &column, &out, &err), BAU_OK, "%s", err.text);
    expect_texts(&out, want, 3);
    column = texts(secret, 3);
    cr_assert_eq(bau_sub_apply(&alone, &ctx, &column, &out, &err), BAU_E_DATA);
    cr_assert(strstr(err.text, "row 1043") && !strstr(err.text, "abc"), "%s", err.text);
}

/* ---- text for maskers of numbers ---- */

Test(sub, text_goes_to_a_masker_of_numbers_as_its_spelling)
{
    static const char *const in[] = { "1", NULL, "-12.50" }, *const want[] = { "11", NULL, "-12.50-12.50" };
    static const char *const odd[] = { "", "-", "1.", ".5", "1e5", " 1", "1,2", "NaN", "--1", "1.2.3" };
    const struct bau_sub sub = { .masker = &doubler, .config = &never, .type = BAU_NUMERIC };
    struct bau_mask_ctx ctx = { .arena = arena };
    struct bau_column column = texts(in, 3), out;
    struct bau_error err;
    cr_assert_eq(bau_sub_apply(&sub, &ctx, &column, &out, &err), BAU_OK, "%s", err.text);
    cr_assert_eq(out.type, BAU_TEXT);
    expect_texts(&out, want, 3);
    for (size_t i = 0; i < BAU_COUNT(odd); i++) {
        column = texts(&odd[i], 1);
        cr_assert_eq(bau_sub_apply(&sub, &ctx, &column, &out, &err), BAU_E_DATA, "'%s'", odd[i]);
    }
    column.type = BAU_I64; /* only text is relabelled */
    cr_assert_eq(bau_sub_apply(&sub, &ctx, &column, &out, &err), BAU_E_BUG);
}

/* ---- fields of the row ---- */

/* outer(at 1) { outer(at 2) { fields(at 1), fallback fields(at 0) } }: each counts from its parent's first. */
Test(sub, fields_start_where_each_sub_says)
{
    static const uint32_t one = 1, two = 2;
    int32_t numbers[6][2] = { { 0, 0 }, { 1, 1 }, { 2, 2 }, { 3, 7 }, { 4, 8 }, { 5, 9 } };
    struct bau_column field[6];
    const struct bau_column *fields[6];
    for (uint32_t f = 0; f < 6; f++) {
        field[f] = (struct bau_column){ .type = BAU_I32, .n_values = 2, .data = numbers[f] };
        fields[f] = &field[f];
    }
    const struct bau_sub fallback = { .masker = &fielder, .config = &one, .type = BAU_TEXT, .at_field = 2 };
    const struct outer innermost = {
        { .masker = &fielder, .config = &two, .type = BAU_TEXT, .at_field = 1 }
    };
    const struct outer middle = {
        { .masker = &passer, .config = &innermost, .type = BAU_TEXT, .at_field = 2 }
    };
    struct bau_sub top = { .masker = &passer, .config = &middle, .type = BAU_TEXT, .at_field = 0 };
    static const char *const in[] = { "p", "x" }, *const want[] = { "34", "78" };
    static const char *const mixed[] = { "pp", "8" };
    struct bau_mask_ctx ctx = { .arena = arena, .fields = fields };
    const struct bau_column column = texts(in, 2);
    struct bau_column out;
    struct bau_error err;
    cr_assert_eq(bau_sub_apply(&top, &ctx, &column, &out, &err), BAU_OK, "%s", err.text);
    expect_texts(&out, want, 2); /* 2 + 1: fields 3 and 4 */
    /* A sub that starts at 2 and whose fallback starts 2 further on: field 4. */
    const struct bau_sub sub = {
        .masker = &doubler, .config = &bad, .type = BAU_TEXT, .at_field = 2, .fallback = &fallback
    };
    cr_assert_eq(bau_sub_apply(&sub, &ctx, &column, &out, &err), BAU_OK, "%s", err.text);
    expect_texts(&out, mixed, 2);
}
