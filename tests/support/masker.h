/* For tests of maskers: one bound to a fixed key, columns of values that suit it, and a run over them.
 *
 * Values are made from the masker's own example, so that they conform: its digits, or else its letters,
 * count up. */
#ifndef BAU_TESTS_MASKER_H
#define BAU_TESTS_MASKER_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/mask_key.h"
#include "src/plan/build.h"
#include "tests/support/samples.h"

struct bound {
    const struct bau_masker *masker;
    bau_type type;
    struct bau_arena *arena;
    struct bau_single *single;
    const void *config;             /* of the masker */
    const struct bau_mask_key *key; /* its key, unless it has maskers inside */
    void *scratch;
    size_t scratch_bytes;
    bau_status status;
    struct bau_error err;
    char options[256]; /* bind_example: what it was bound with */
};

static const uint8_t master[32] = { 7,  201, 33,  90,  14, 255, 68, 3,  121, 77,  42, 250, 9,   181, 60,  22,
                                    99, 5,   173, 218, 30, 146, 87, 64, 12,  240, 51, 190, 111, 36,  202, 8 };

/* A value that fits the type, for an option named `value`. */
static const char *literal(bau_type type)
{
    static const char *const text[BAU_TYPE_COUNT] = {
        [BAU_BOOL] = "true",
        [BAU_I16] = "-12",
        [BAU_I32] = "70000",
        [BAU_I64] = "5000000000",
        [BAU_F32] = "1.5",
        [BAU_F64] = "-2.25",
        [BAU_DATE] = "2000-02-29",
        [BAU_TIME] = "13:45:00.5",
        [BAU_UUID] = "00000000-0000-4000-8000-00000000000a",
        [BAU_TIMESTAMP] = "2000-02-29T12:00:01",
        [BAU_TIMESTAMPTZ] = "2000-02-29T12:00:00+02:00",
        [BAU_TEXT] = "unknown",
        [BAU_NUMERIC] = "12.50",
        [BAU_JSON] = "{\"a\":[1]}",
        [BAU_BYTES] = "\\x00ff10",
    };
    return text[type];
}

/* "a=1 b=[c, d]" → words; a space inside brackets belongs to its word. `value` is one that the type can hold. */
static inline struct bau_texts words_of(const struct bound *b, const char *settings)
{
    struct bau_texts out = { .at = bau_arena_take(b->arena, 32 * sizeof *out.at) };
    for (const char *at = settings; *(at += strspn(at, " ")) && out.n < 32;) {
        size_t n = 0;
        for (int depth = 0; at[n] && (depth > 0 || at[n] != ' '); n++)
            depth += (strchr("[{", at[n]) != NULL) - (strchr("]}", at[n]) != NULL);
        const bool value = strncmp(at, "value=", 6) == 0 && b->type != BAU_TEXT;
        out.at[out.n++] = value ? bau_arena_printf(b->arena, "value=%s", literal(b->type))
                                : bau_arena_textn(b->arena, at, n);
        at += n;
    }
    return out;
}

static inline struct bound bind_with(const struct bau_masker *m, bau_type type, const char *settings,
                                     const struct bau_field *field, uint32_t max_chars)
{
    struct bound b = { .masker = m, .type = type, .arena = bau_arena_new(1 << 16, BAU_ARENA_PRIVATE) };
    struct bau_keys *keys;
    const size_t scratch = bau_project_scratch(NULL);
    cr_assert(b.arena != NULL);
    cr_assert_eq(bau_keys_of(master, &keys, &b.err), BAU_OK);
    b.scratch_bytes = scratch;
    b.scratch = bau_alloc(scratch);
    const struct bau_texts words = words_of(&b, settings);
    const struct bau_single_with with = { .masker = m->name,
                                          .words = &words,
                                          .domain = "test",
                                          .keys = keys,
                                          .type = type,
                                          .by_type = BAU_I32,
                                          .field = field,
                                          .max_chars = max_chars };
    b.status = bau_single_new(&with, &b.single, &b.err);
    bau_keys_free(keys);
    if (b.status == BAU_OK) {
        b.config = b.single->bound.config;
        b.key = b.single->plan->bound[0].key;
    }
    return b;
}

/* Examples of maskers that hold maskers of the whole value are for text: here is one for every type, with a value of the
 * type at the %s. */
static const struct {
    const char *masker, *options, *other;
} whole_examples[] = {
    { "chain", "steps=[{keep: as it is}, {mask: constant, value: '%s'}]", "steps=[{keep: as it is}]" },
    { "switch", "cases=[{when: value is null, keep: as it is}] else={mask: constant, value: '%s'}",
      "cases=[{when: true, keep: as it is}]" },
};

static inline void example_for(const struct bau_masker *m, bau_type type, char *out, size_t room)
{
    snprintf(out, room, "%s", m->example_options);
    for (size_t i = 0; type != BAU_TEXT && i < BAU_COUNT(whole_examples); i++)
        if (strcmp(whole_examples[i].masker, m->name) == 0) {
            const char *options = literal(type) ? whole_examples[i].options : whole_examples[i].other;
            const size_t at = literal(type) ? (size_t)(strstr(options, "%s") - options) : strlen(options);
            snprintf(out, room, "%.*s%s%s", (int)at, options, literal(type) ? literal(type) : "",
                     options[at] ? options + at + 2 : "");
        }
}

static inline void release(struct bound *b)
{
    bau_single_free(b->single);
    bau_free(b->scratch);
    bau_arena_free(b->arena);
}

/* ---- columns ---- */

/* Counts the example's digits (but the first) up by `i`, or its letters when it has no digits. */
static inline size_t vary(const char *example, uint64_t i, uint8_t *out)
{
    const size_t len = strlen(example);
    memcpy(out, example, len);
    const char *first = strpbrk(example, "0123456789");
    for (size_t k = len; k-- > 0 && i;) {
        if (first) {
            if (out[k] >= '0' && out[k] <= '9' && example + k != first) {
                out[k] = (uint8_t)('0' + ((uint64_t)(out[k] - '0') + i) % 10);
                i /= 10;
            }
        } else if ((out[k] | 0x20) >= 'a' && (out[k] | 0x20) <= 'z') {
            out[k] = (uint8_t)('a' + i % 26);
            i /= 26;
        }
    }
    return len;
}

/* A fraction between -most and most. */
static inline size_t number_within(bau_type type, uint32_t most, uint64_t i, uint8_t out[64])
{
    const double f64 = (double)(i * 7919 % (20000 * (uint64_t)most)) / 10000 - (double)most;
    const float f32 = (float)f64;
    if (type == BAU_F64)
        memcpy(out, &f64, sizeof f64);
    else if (type == BAU_F32)
        memcpy(out, &f32, sizeof f32);
    else
        return (size_t)snprintf((char *)out, 64, "%.4f", f64);
    return bau_type_width(type);
}

/* Integers of a masker that has samples: the digits of the sample. */
static inline bool sample_number(const struct bau_masker *m, uint64_t i, int64_t *out)
{
    for (size_t s = 0; samples[s].masker; s++) {
        uint8_t text[64];
        uint64_t v = 0;
        if (strcmp(samples[s].masker, m->name) != 0)
            continue;
        const size_t len = samples[s].make(i, text);
        for (size_t k = 0; k < len; k++)
            v = text[k] >= '0' && text[k] <= '9' ? v * 10 + (uint64_t)(text[k] - '0') : v;
        *out = (int64_t)v;
        return true;
    }
    return false;
}

static inline size_t value_of(const struct bau_masker *m, bau_type type, uint64_t i, uint8_t out[64])
{
    int64_t n = (int64_t)(i * 7919 % 1000003) - 20;
    const bool sampled =
        (BAU_TYPE_BIT(type) & (BAU_TYPES_INT | BAU_TYPE_BIT(BAU_NUMERIC))) && sample_number(m, i, &n);
    const int16_t i16 = (int16_t)(i & 0xffff);
    const int32_t i32 = (int32_t)n, date = (int32_t)(n % 40000);
    const int64_t us = n * 1000003;
    const float f32 = (float)n / 4;
    const double f64 = (double)n / 8;
    for (size_t s = 0; number_ranges[s].masker; s++)
        if (strcmp(number_ranges[s].masker, m->name) == 0)
            return number_within(type, number_ranges[s].most, i, out);
    switch (type) {
    case BAU_BOOL: out[0] = i & 1; return 1;
    case BAU_I16: memcpy(out, &i16, 2); return 2;
    case BAU_I32: memcpy(out, &i32, 4); return 4;
    case BAU_I64: memcpy(out, &n, 8); return 8;
    case BAU_F32: memcpy(out, &f32, 4); return 4;
    case BAU_F64: memcpy(out, &f64, 8); return 8;
    case BAU_DATE: memcpy(out, &date, 4); return 4;
    case BAU_TIME:
    case BAU_TIMESTAMP:
    case BAU_TIMESTAMPTZ: memcpy(out, &us, 8); return 8;
    case BAU_UUID:
        memcpy(out, "\x8f\x14\xe4\x5f\xce\xea\x46\x7f\xa0\xe6\xb5\xa1", 12);
        memcpy(out + 12, &i32, 4);
        return 16;
    case BAU_NUMERIC:
        return (size_t)snprintf((char *)out, 64,
                                m->accepts & BAU_TYPES_FLOAT && !sampled ? "%" PRId64 ".%02d" : "%" PRId64, n,
                                (int)(i % 100));
    case BAU_JSON: return (size_t)snprintf((char *)out, 64, "{\"n\":%" PRId64 "}", n);
    case BAU_TEXT:
    case BAU_BYTES:
    case BAU_OTHER:
    case BAU_TYPE_COUNT: break;
    }
    char typed[64]; /* a row may be for one type: "objectid:bytes" */
    snprintf(typed, sizeof typed, "%s:%s", m->name, bau_type_word(type));
    for (size_t s = 0; samples[s].masker; s++)
        if (strcmp(samples[s].masker, typed) == 0)
            return samples[s].make(i, out);
    for (size_t s = 0; samples[s].masker; s++)
        if (strcmp(samples[s].masker, m->name) == 0)
            return samples[s].make(i, out);
    return vary(m->example_in, i, out);
}

/* Values from `from` to `to`; every seventh is null when `nulls`. */
static inline struct bau_column make(const struct bau_masker *m, bau_type type, uint32_t from, uint32_t to,
                                     bool nulls, struct bau_arena *arena)
{
    const uint32_t n = to - from;
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = type, .n_values = n };
    struct bau_column c;
    struct bau_error err;
    cr_assert_eq(bau_column_make(&c, &shape, type, (size_t)n * 64, arena, &err), BAU_OK);
    const size_t words = n / 64 + 1;
    c.valid = bau_arena_buffer(arena, 8 * words);
    memset(c.valid, 0, 8 * words);
    uint8_t *dst = c.data;
    size_t at = 0;
    for (uint32_t i = 0; i < n; i++) {
        const bool null = nulls && (from + i) % 7 == 3;
        size_t len = value_of(m, type, from + i, dst + at);
        if (null)
            memset(dst + at, 0, len);
        if (null && c.offsets)
            len = 0;
        at += len;
        c.n_nulls += null;
        c.valid[i / 64] |= (uint64_t)!null << (i % 64);
        if (c.offsets)
            c.offsets[i + 1] = (uint32_t)at;
    }
    if (!c.n_nulls)
        c.valid = NULL;
    return c;
}

static inline struct bau_column one_text(bau_type type, const void *bytes, size_t len,
                                         struct bau_arena *arena)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = type, .n_values = 1 };
    struct bau_column c;
    struct bau_error err;
    cr_assert_eq(bau_column_make(&c, &shape, type, len, arena, &err), BAU_OK);
    if (len)
        memcpy(c.data, bytes, len);
    c.offsets[1] = (uint32_t)len;
    return c;
}

/* Who the rows `from` to `to` belong to: nine entities, as text. */
static inline struct bau_column owners(uint32_t from, uint32_t to, struct bau_arena *arena)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_I32, .n_values = to - from };
    struct bau_column c;
    struct bau_error err;
    cr_assert_eq(bau_column_make(&c, &shape, BAU_I32, 0, arena, &err), BAU_OK);
    for (uint32_t i = from; i < to; i++)
        ((int32_t *)c.data)[i - from] = (int32_t)(i % 9);
    return c;
}

/* The owner of each row; a day of 1970 or the row's number where an option asks for a date or what tells rows apart. */
static inline void row_fields(const struct bound *b, const struct bau_column *owner,
                              const struct bau_column *day, const struct bau_column *number,
                              const struct bau_column *out[BAU_BY_MOST])
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < BAU_BY_MOST; i++)
        out[i] = owner;
    for (const struct bau_option *o = b->masker->options; o && o->name; o++) {
        const char *field = NULL;
        if (o->flags & BAU_OPTION_FIELD)
            memcpy(&field, (const char *)b->config + o->offset, sizeof field);
        if (field && o->value_name && strcmp(o->value_name, BAU_DATE_FIELD) == 0)
            out[n] = day;
        if (field && o->value_name && strcmp(o->value_name, BAU_UNIQUE_FIELD) == 0)
            out[n] = number;
        n += field != NULL;
    }
}

struct row_context {
    struct bau_column owner, day, number;
    const struct bau_column *fields[BAU_BY_MOST];
};

static inline struct bau_mask_ctx context_of(const struct bound *b, uint32_t from, uint32_t n,
                                             uint64_t first_row, struct bau_arena *arena,
                                             struct row_context *room)
{
    room->owner = owners(from, from + n, arena);
    room->number = owners(from, from + n, arena);
    for (uint32_t i = 0; i < n; i++)
        ((int32_t *)room->number.data)[i] = (int32_t)(from + i);
    room->day = room->owner;
    room->day.type = BAU_DATE;
    row_fields(b, &room->owner, &room->day, &room->number, room->fields);
    memset(b->scratch, 0xA5, b->scratch_bytes);
    return (struct bau_mask_ctx){
        .arena = arena, .scratch = b->scratch, .fields = room->fields, .first_row = first_row
    };
}

static inline bau_status run(const struct bound *b, const struct bau_column *in, uint32_t from,
                             uint64_t first_row, struct bau_arena *arena, struct bau_column *out,
                             struct bau_error *err)
{
    struct row_context room;
    struct bau_mask_ctx ctx = context_of(b, from, in->n_values, first_row, arena, &room);
    *out = *in;
    return bau_sub_apply(&b->single->bound.run, &ctx, in, out, err);
}

/* The first pass of maskers that have one. */
static inline bau_status look(const struct bound *b, const struct bau_column *in, uint32_t from,
                              struct bau_arena *arena, struct bau_error *err)
{
    struct row_context room;
    const struct bau_bound *bound = &b->single->bound;
    struct bau_mask_ctx ctx = context_of(b, from, in->n_values, from, arena, &room);
    BAU_TRY(bound->masker->observe(bound->config, bound->seen, &ctx, in, err));
    return bound->masker->settle(bound->config, bound->seen, err);
}

static inline void look_fine(const struct bound *b, const struct bau_column *in, uint32_t from,
                             struct bau_arena *arena)
{
    struct bau_error err;
    if (b->masker->observe)
        cr_assert_eq(look(b, in, from, arena, &err), BAU_OK, "%s: %s", b->masker->name, err.text);
}

/* With its example's options; a first pass has seen the sample values 0 to 1999. */
static inline struct bound bind_example(const struct bau_masker *m, bau_type type)
{
    char options[256];
    example_for(m, type, options, sizeof options);
    struct bound b = bind_with(m, type, options, NULL, 0);
    memcpy(b.options, options, sizeof options);
    cr_assert_eq(b.status, BAU_OK, "%s on %s: %s", m->name, bau_type_word(type), b.err.text);
    if (m->observe) {
        const struct bau_column in = make(m, type, 0, 2000, false, b.arena);
        look_fine(&b, &in, 0, b.arena);
    }
    return b;
}

static inline struct bau_column run_fine(const struct bound *b, const struct bau_column *in, uint32_t from,
                                         struct bau_arena *arena)
{
    struct bau_column out;
    struct bau_error err;
    cr_assert_eq(run(b, in, from, from, arena, &out, &err), BAU_OK, "%s on %s: %s", b->masker->name,
                 bau_type_word(b->type), err.text);
    cr_assert_eq(bau_column_validate(&out, out.n_values, BAU_VALIDATE_CONTENTS, &err), BAU_OK, "%s on %s: %s",
                 b->masker->name, bau_type_word(b->type), err.text);
    cr_assert_eq(out.n_values, in->n_values);
    cr_assert_eq(out.type, in->type);
    return out;
}

static inline bool same_value(const struct bau_column *a, uint32_t i, const struct bau_column *b, uint32_t k)
{
    if (bau_column_present(a, i) != bau_column_present(b, k))
        return false;
    const struct bau_slice x = bau_column_value(a, i), y = bau_column_value(b, k);
    return x.len == y.len && (x.len == 0 || memcmp(x.data, y.data, x.len) == 0);
}

static inline uint32_t chars_of(struct bau_slice s)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += (s.data[i] & 0xC0u) != 0x80u;
    return n;
}

#endif
