/* The contract of maskers, over the whole registry: M1 pure, M2 stable (golden file), M3 split-proof, nulls, declared
 * traits, widest, odd values. A new masker is tested by being in the list.
 *
 * Values are made from the masker's own example, so that they conform: its digits, or else its letters, count up.
 * BAUTA_GOLDEN=write writes the golden file instead of comparing. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/mask_key.h"

#ifndef BAU_GOLDEN_FILE
#define BAU_GOLDEN_FILE "tests/golden/maskers.txt"
#endif

enum { BATCH = 130, MANY = 1000000, HUGE_BYTES = 1 << 20 };

struct bound {
    const struct bau_masker *masker;
    bau_type type;
    struct bau_arena *arena;
    struct bau_mask_key *key;
    void *config, *scratch;
    bool by; /* a FIELD option is set */
    bau_status status;
    struct bau_error err;
};

static const uint8_t master[32] = {7, 201, 33, 90, 14, 255, 68, 3, 121, 77, 42, 250, 9, 181, 60, 22,
                                   99, 5, 173, 218, 30, 146, 87, 64, 12, 240, 51, 190, 111, 36, 202, 8};

/* A value that fits the type, for an option named `value`. */
static const char *literal(bau_type type)
{
    static const char *const text[BAU_TYPE_COUNT] = {
        [BAU_BOOL] = "true",       [BAU_I16] = "-12",
        [BAU_I32] = "70000",       [BAU_I64] = "5000000000",
        [BAU_F32] = "1.5",         [BAU_F64] = "-2.25",
        [BAU_DATE] = "2000-02-29", [BAU_TIME] = "13:45:00.5",
        [BAU_UUID] = "00000000-0000-4000-8000-00000000000a", [BAU_TIMESTAMP] = "2000-02-29T12:00:01",
        [BAU_TIMESTAMPTZ] = "2000-02-29T12:00:00+02:00", [BAU_TEXT] = "unknown",
        [BAU_NUMERIC] = "12.50",   [BAU_JSON] = "{\"a\":[1]}",
        [BAU_BYTES] = "\\x00ff10",
    };
    return text[type];
}

static bau_status set_options(struct bound *b, const char *settings)
{
    char copy[256], *rest = copy;
    snprintf(copy, sizeof copy, "%s", settings);
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        char *value = strchr(word, '=');
        if (!value)
            continue;
        *value++ = '\0';
        const struct bau_option *o = bau_option_find(b->masker->options, word);
        if (!o)
            return bau_error_set(&b->err, BAU_E_USAGE, "no option %s", word);
        b->by = b->by || (o->flags & BAU_OPTION_FIELD);
        if (strcmp(word, "value") == 0 && b->type != BAU_TEXT)
            value = (char *)(uintptr_t)literal(b->type);
        BAU_TRY(bau_option_set(o, b->config, value, b->arena, &b->err));
    }
    return BAU_OK;
}

static bau_status start(struct bound *b, const char *settings, const struct bau_field *field, uint32_t max_chars)
{
    const struct bau_masker *m = b->masker;
    BAU_TRY(bau_mask_key_new(master, "", "test", m->name, m->canon, b->arena, &b->key, &b->err));
    if (m->options)
        BAU_TRY(bau_options_default(m->options, b->config, b->arena, &b->err));
    BAU_TRY(set_options(b, settings));
    const struct bau_mask_bind with = {.masker = m->name, .domain = "test", .field = field, .type = b->type,
                                       .max_chars = max_chars, .key = b->key, .arena = b->arena};
    return m->bind ? m->bind(b->config, &with, &b->err) : BAU_OK;
}

static struct bound bind_with(const struct bau_masker *m, bau_type type, const char *settings,
                              const struct bau_field *field, uint32_t max_chars)
{
    struct bound b = {.masker = m, .type = type, .arena = bau_arena_new(1 << 16, BAU_ARENA_PRIVATE)};
    cr_assert(b.arena != NULL);
    b.config = bau_arena_zero(b.arena, m->config_bytes + 1);
    b.scratch = bau_alloc(m->scratch_bytes + 1);
    b.status = start(&b, settings, field, max_chars);
    return b;
}

static struct bound bind_example(const struct bau_masker *m, bau_type type)
{
    struct bound b = bind_with(m, type, m->example_options, NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s on %s: %s", m->name, bau_type_word(type), b.err.text);
    return b;
}

static void release(struct bound *b)
{
    if (b->masker->unbind)
        b->masker->unbind(b->config);
    bau_mask_key_release(b->key);
    bau_free(b->scratch);
    bau_arena_free(b->arena);
}

/* ---- columns ---- */

/* Counts the example's digits (but the first) up by `i`, or its letters when it has no digits. */
static size_t vary(const char *example, uint64_t i, uint8_t *out)
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

static size_t value_of(const struct bau_masker *m, bau_type type, uint64_t i, uint8_t out[64])
{
    const int64_t n = (int64_t)(i * 7919 % 1000003) - 20;
    const int16_t i16 = (int16_t)(i & 0xffff);
    const int32_t i32 = (int32_t)n, date = (int32_t)(n % 40000);
    const int64_t us = n * 1000003;
    const float f32 = (float)n / 4;
    const double f64 = (double)n / 8;
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
    case BAU_UUID: memcpy(out, "\x8f\x14\xe4\x5f\xce\xea\x46\x7f\xa0\xe6\xb5\xa1", 12); memcpy(out + 12, &i32, 4); return 16;
    case BAU_NUMERIC:
        return (size_t)snprintf((char *)out, 64, m->accepts & BAU_TYPES_FLOAT ? "%" PRId64 ".%02d" : "%" PRId64, n,
                                (int)(i % 100));
    case BAU_JSON: return (size_t)snprintf((char *)out, 64, "{\"n\":%" PRId64 "}", n);
    case BAU_TEXT:
    case BAU_BYTES:
    case BAU_OTHER:
    case BAU_TYPE_COUNT: break;
    }
    return vary(m->example_in, i, out);
}

/* Values from `from` to `to`; every seventh is null when `nulls`. */
static struct bau_column make(const struct bau_masker *m, bau_type type, uint32_t from, uint32_t to, bool nulls,
                              struct bau_arena *arena)
{
    const uint32_t n = to - from;
    const struct bau_column shape = {.form = BAU_FORM_TYPED, .type = type, .n_values = n};
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

static struct bau_column one_text(bau_type type, const void *bytes, size_t len, struct bau_arena *arena)
{
    const struct bau_column shape = {.form = BAU_FORM_TYPED, .type = type, .n_values = 1};
    struct bau_column c;
    struct bau_error err;
    cr_assert_eq(bau_column_make(&c, &shape, type, len, arena, &err), BAU_OK);
    if (len)
        memcpy(c.data, bytes, len);
    c.offsets[1] = (uint32_t)len;
    return c;
}

/* Who the rows `from` to `to` belong to: nine entities, as text. */
static struct bau_column owners(uint32_t from, uint32_t to, struct bau_arena *arena)
{
    const struct bau_column shape = {.form = BAU_FORM_TYPED, .type = BAU_I32, .n_values = to - from};
    struct bau_column c;
    struct bau_error err;
    cr_assert_eq(bau_column_make(&c, &shape, BAU_I32, 0, arena, &err), BAU_OK);
    for (uint32_t i = from; i < to; i++)
        ((int32_t *)c.data)[i - from] = (int32_t)(i % 9);
    return c;
}

static bau_status run(const struct bound *b, const struct bau_column *in, uint32_t from, uint64_t first_row,
                      struct bau_arena *arena, struct bau_column *out, struct bau_error *err)
{
    const struct bau_column by = owners(from, from + in->n_values, arena);
    const struct bau_column *const fields[] = {&by, &by, &by, &by};
    struct bau_mask_ctx ctx = {.arena = arena, .scratch = b->scratch, .fields = b->by ? fields : NULL,
                               .first_row = first_row};
    memset(b->scratch, 0xA5, b->masker->scratch_bytes);
    *out = *in;
    return b->masker->apply(b->config, &ctx, in, out, err);
}

static struct bau_column run_fine(const struct bound *b, const struct bau_column *in, uint32_t from,
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

static bool same_value(const struct bau_column *a, uint32_t i, const struct bau_column *b, uint32_t k)
{
    if (bau_column_present(a, i) != bau_column_present(b, k))
        return false;
    const struct bau_slice x = bau_column_value(a, i), y = bau_column_value(b, k);
    return x.len == y.len && (x.len == 0 || memcmp(x.data, y.data, x.len) == 0);
}

static uint32_t chars_of(struct bau_slice s)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += (s.data[i] & 0xC0u) != 0x80u;
    return n;
}

/* ---- every masker on every type it takes ---- */

struct each {
    size_t masker;
    bau_type type;
};

static struct criterion_test_params every(uint32_t traits, uint32_t types)
{
    static struct each list[64 * BAU_TYPE_COUNT];
    size_t n = 0;
    for (size_t m = 0; m < bau_n_maskers && m < 64; m++)
        for (unsigned t = 0; t < BAU_TYPE_COUNT; t++)
            if ((bau_maskers[m]->accepts & types & BAU_TYPE_BIT(t)) &&
                (traits == 0 || (bau_maskers[m]->traits & traits)))
                list[n++] = (struct each){m, (bau_type)t};
    return cr_make_param_array(struct each, list, n);
}

#define EACH(name, traits, types)                                                                            \
    ParameterizedTestParameters(maskers, name)                                                               \
    {                                                                                                        \
        return every(traits, types);                                                                         \
    }                                                                                                        \
    ParameterizedTest(struct each *at, maskers, name)

Test(maskers, registry_is_sound)
{
    for (size_t i = 0; i < bau_n_maskers; i++) {
        const struct bau_masker *m = bau_maskers[i];
        cr_expect(bau_masker_find(m->name) == m, "%s is listed twice", m->name);
        cr_expect(m->summary && m->summary[strlen(m->summary) - 1] == '.', "%s: summary", m->name);
        cr_expect(m->example_in && m->example_options, "%s: example", m->name);
        cr_expect(m->accepts && m->apply, "%s", m->name);
        cr_expect(!(m->traits & BAU_MAKES_NULLS) || (m->traits & BAU_CONSTANT), "%s: null is constant", m->name);
        cr_expect(!(m->leaks & BAU_LEAKS_VALUE) || (m->traits & BAU_KEEPS_ALL), "%s: leaks", m->name);
        for (const struct bau_option *o = m->options; o && o->name; o++) {
            cr_expect(o->sentence && o->sentence[strlen(o->sentence) - 1] == '.', "%s.%s", m->name, o->name);
            cr_expect(o->offset < m->config_bytes, "%s.%s", m->name, o->name);
            for (const struct bau_option *other = m->options; other < o; other++)
                cr_expect(strcmp(other->name, o->name) != 0, "%s.%s twice", m->name, o->name);
        }
    }
    cr_expect(bau_masker_find("no such masker") == NULL);
}

EACH(split_at_every_cut, 0, BAU_TYPES_ALL)
{
    struct bound b = bind_example(bau_maskers[at->masker], at->type);
    struct bau_arena *arena = bau_arena_new(1 << 16, 0), *part = bau_arena_new(1 << 16, 0);
    const struct bau_column in = make(b.masker, b.type, 0, BATCH, true, arena);
    const struct bau_column whole = run_fine(&b, &in, 0, arena);
    for (uint32_t cut = 0; cut <= BATCH; cut++) { /* 0 and BATCH: one side has no rows */
        bau_arena_reset(part);
        const struct bau_column left_in = make(b.masker, b.type, 0, cut, true, part);
        const struct bau_column right_in = make(b.masker, b.type, cut, BATCH, true, part);
        const struct bau_column left = run_fine(&b, &left_in, 0, part), right = run_fine(&b, &right_in, cut, part);
        for (uint32_t i = 0; i < BATCH; i++)
            cr_assert(i < cut ? same_value(&whole, i, &left, i) : same_value(&whole, i, &right, i - cut),
                      "%s on %s: value %u differs when cut at %u", b.masker->name, bau_type_word(b.type), i, cut);
    }
    bau_arena_free(arena);
    bau_arena_free(part);
    release(&b);
}

EACH(nulls_stay_and_no_value_passes, 0, BAU_TYPES_ALL)
{
    struct bound b = bind_example(bau_maskers[at->masker], at->type);
    const uint32_t traits = b.masker->traits;
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    const struct bau_column in = make(b.masker, b.type, 1000, 1000 + BATCH, true, arena);
    const struct bau_column out = run_fine(&b, &in, 1000, arena);
    const uint32_t widest = b.masker->widest ? b.masker->widest(b.config, b.type) : 0;
    uint32_t same = 0;
    for (uint32_t i = 0; i < BATCH; i++) {
        const bool present = bau_column_present(&in, i);
        cr_assert_eq(bau_column_present(&out, i), present && !(traits & BAU_MAKES_NULLS), "%s: null %u", b.masker->name, i);
        if (!bau_column_present(&out, i))
            continue;
        same += same_value(&in, i, &out, i);
        const struct bau_slice from = bau_column_value(&in, i), to = bau_column_value(&out, i);
        if (traits & BAU_KEEPS_LENGTH)
            cr_assert_eq(from.len, to.len);
        if (b.type == BAU_TEXT)
            cr_assert_leq(chars_of(to), widest ? widest : chars_of(from), "%s: too wide", b.masker->name);
    }
    if (traits & BAU_KEEPS_ALL)
        cr_assert_eq(same, BATCH - in.n_nulls);
    else if (!(traits & BAU_CONSTANT))
        cr_assert_leq(same, 4u, "%s on %s passed %u values", b.masker->name, bau_type_word(b.type), same);
    bau_arena_free(arena);
    release(&b);
}

struct job {
    struct bound *bound;
    struct bau_arena *arena;
    struct bau_column in, out;
    bau_status status;
};

static void *work(void *p)
{
    struct job *j = p;
    struct bau_error err;
    j->status = run(j->bound, &j->in, 0, 123456, j->arena, &j->out, &err);
    return NULL;
}

EACH(same_in_another_thread_binding_and_place, BAU_DETERMINISTIC, BAU_TYPES_ALL)
{
    struct bound one = bind_example(bau_maskers[at->masker], at->type), two = bind_example(bau_maskers[at->masker], at->type);
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct job j = {.bound = &two, .arena = arena};
    j.in = make(one.masker, one.type, 0, BATCH, false, arena);
    const struct bau_column here = run_fine(&one, &j.in, 0, arena);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, work, &j), 0);
    pthread_join(thread, NULL);
    cr_assert_eq(j.status, BAU_OK);
    for (uint32_t i = 0; i < BATCH; i++)
        cr_assert(same_value(&here, i, &j.out, i), "%s: value %u", one.masker->name, i);
    bau_arena_free(arena);
    release(&one);
    release(&two);
}

/* Texts that no one should send: masked or refused, never passed on, never shown. */
EACH(odd_texts, 0, BAU_TYPE_BIT(BAU_TEXT) | BAU_TYPE_BIT(BAU_BYTES) | BAU_TYPE_BIT(BAU_NUMERIC))
{
    struct bound b = bind_example(bau_maskers[at->masker], at->type);
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    char *huge = malloc(HUGE_BYTES + 1);
    memset(huge, 'Q', HUGE_BYTES);
    huge[HUGE_BYTES] = '\0';
    const struct {
        const char *bytes;
        size_t len;
    } texts[] = {{"", 0}, {huge, HUGE_BYTES}, {"QQ\xff\xfe\x80QQ", 7}, {"\xc3", 1}, {"\xf0\x9f\x92", 3},
                 {"\xed\xa0\x80", 3}, {"Q\0QQQ", 5}, {"\xe5\xbc\xa0\xe4\xbc\x9f", 6}, {"-", 1}, {".", 1}, {"{}", 2}};
    for (size_t i = 0; i < BAU_COUNT(texts); i++) {
        bau_arena_reset(arena);
        const struct bau_column in = one_text(b.type, texts[i].bytes, texts[i].len, arena);
        struct bau_column out;
        struct bau_error err = {0};
        const bau_status status = run(&b, &in, 0, 0, arena, &out, &err);
        cr_assert(status == BAU_OK || status == BAU_E_DATA || status == BAU_E_LIMIT, "%s, text %zu: %s", b.masker->name,
                  i, err.text);
        if (status != BAU_OK) {
            cr_assert(strstr(err.text, "QQ") == NULL, "%s shows the value", b.masker->name);
            continue;
        }
        cr_assert_eq(bau_column_validate(&out, 1, BAU_VALIDATE_CONTENTS, &err), BAU_OK, "%s", err.text);
        cr_assert(texts[i].len == 0 || (b.masker->traits & BAU_KEEPS_ALL) || !same_value(&in, 0, &out, 0),
                  "%s passes text %zu", b.masker->name, i);
    }
    free(huge);
    bau_arena_free(arena);
    release(&b);
}

/* ---- distinct in, distinct out ---- */

static int by_bytes(const void *a, const void *b)
{
    const struct bau_slice *x = a, *y = b;
    const int c = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);
    return c ? c : (x->len > y->len) - (x->len < y->len);
}

static uint32_t count_distinct(const struct bau_column *c)
{
    struct bau_slice *all = malloc(((size_t)c->n_values + 1) * sizeof *all);
    uint32_t n = c->n_values > 0;
    for (uint32_t i = 0; i < c->n_values; i++)
        all[i] = bau_column_value(c, i);
    qsort(all, c->n_values, sizeof *all, by_bytes);
    for (uint32_t i = 1; i < c->n_values; i++)
        n += by_bytes(&all[i - 1], &all[i]) != 0;
    free(all);
    return n;
}

EACH(distinct_stay_distinct, BAU_BIJECTIVE | BAU_COLLISION_BOUND, BAU_TYPES_ALL & ~BAU_TYPE_BIT(BAU_BOOL))
{
    struct bound b = bind_example(bau_maskers[at->masker], at->type);
    struct bau_arena *arena = bau_arena_new(1 << 20, 0);
    const uint32_t n = b.type == BAU_I16 ? 65536 : MANY; /* all of int2 */
    const struct bau_column in = make(b.masker, b.type, 0, n, false, arena);
    const struct bau_column out = run_fine(&b, &in, 0, arena);
    cr_assert_eq(count_distinct(&in), count_distinct(&out), "%s on %s: %u distinct values became %u", b.masker->name,
                 bau_type_word(b.type), count_distinct(&in), count_distinct(&out));
    bau_arena_free(arena);
    release(&b);
}

Test(maskers, permute_fills_its_range)
{
    struct bound b = bind_with(bau_masker_find("permute"), BAU_I32, "min=-7 max=999992", NULL, 0);
    struct bau_arena *arena = bau_arena_new(1 << 20, 0);
    const struct bau_column shape = {.form = BAU_FORM_TYPED, .type = BAU_I32, .n_values = MANY};
    struct bau_column in, out;
    struct bau_error err;
    uint8_t *seen = calloc(1, MANY);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    cr_assert_eq(bau_column_make(&in, &shape, BAU_I32, 0, arena, &err), BAU_OK);
    for (int32_t i = 0; i < MANY; i++)
        ((int32_t *)in.data)[i] = i - 7;
    out = run_fine(&b, &in, 0, arena);
    for (int32_t i = 0; i < MANY; i++) {
        const int32_t v = ((const int32_t *)out.data)[i];
        cr_assert(v >= -7 && v <= 999992 && !seen[v + 7]);
        seen[v + 7] = 1;
    }
    ((int32_t *)in.data)[5] = 999993;
    cr_assert_eq(run(&b, &in, 0, 100, arena, &out, &err), BAU_E_DATA);
    cr_assert(strstr(err.text, "row 106") && !strstr(err.text, "999993"), "%s", err.text);
    free(seen);
    bau_arena_free(arena);
    release(&b);
}

Test(maskers, permute_keeps_magnitude_and_agrees_between_types)
{
    struct bound b = bind_with(bau_masker_find("permute"), BAU_I64, "", NULL, 0),
                 text = bind_with(bau_masker_find("permute"), BAU_TEXT, "", NULL, 0);
    static const int64_t edges[] = {0, 1, 32767, 32768, INT32_MAX, INT64_C(2147483648), (INT64_C(1) << 53) - 1,
                                    INT64_C(1) << 53, INT64_MAX, -1, -32768, -32769, INT32_MIN, INT64_MIN};
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    for (size_t i = 0; i < BAU_COUNT(edges); i++) {
        const struct bau_column shape = {.form = BAU_FORM_TYPED, .type = BAU_I64, .n_values = 1};
        struct bau_column in, out;
        struct bau_error err;
        char spelled[32];
        cr_assert_eq(bau_column_make(&in, &shape, BAU_I64, 0, arena, &err), BAU_OK);
        memcpy(in.data, &edges[i], 8);
        out = run_fine(&b, &in, 0, arena);
        int64_t v;
        memcpy(&v, out.data, 8);
        const uint64_t x = (uint64_t)(edges[i] ^ (edges[i] >> 63)), y = (uint64_t)(v ^ (v >> 63));
        cr_expect_eq(edges[i] < 0, v < 0);
        cr_expect((x >> 15 == 0) == (y >> 15 == 0) && (x >> 31 == 0) == (y >> 31 == 0) && (x >> 53 == 0) == (y >> 53 == 0));
        snprintf(spelled, sizeof spelled, "%" PRId64, edges[i]);
        const struct bau_column as_text = one_text(BAU_TEXT, spelled, strlen(spelled), arena);
        out = run_fine(&text, &as_text, 0, arena);
        snprintf(spelled, sizeof spelled, "%" PRId64, v);
        const struct bau_slice got = bau_column_value(&out, 0);
        cr_expect(got.len == strlen(spelled) && memcmp(got.data, spelled, got.len) == 0);
    }
    bau_arena_free(arena);
    release(&b);
    release(&text);
}

/* ---- single maskers: what the general tests cannot know ---- */

static const struct {
    const char *masker, *options;
    bau_type type;
    const char *in, *want; /* want: NULL: refused as BAU_E_DATA */
} cases[] = {
    {"redact", "", BAU_TEXT, "caf\xc3\xa9", "****"},
    {"redact", "keep_first=1 keep_last=1", BAU_TEXT, "caf\xc3\xa9", "c**\xc3\xa9"},
    {"redact", "keep_first=2 keep_last=2", BAU_TEXT, "caf\xc3\xa9", "****"},
    {"redact", "fill=\xe2\x96\x88", BAU_TEXT, "ab", "\xe2\x96\x88\xe2\x96\x88"},
    {"constant", "value=x", BAU_TEXT, "anything", "x"},
    {"phone", "", BAU_TEXT, "call me", NULL},
    {"phone", "", BAU_TEXT, "1234", NULL},
    {"phone", "", BAU_TEXT, "+49 30 1234567 ext 5", NULL},
    {"phone_reserved", "", BAU_TEXT, "none", NULL},
    {"uuid", "", BAU_TEXT, "8f14e45f-ceea-467f-a0e6b5a1b4b5c6d7", NULL},
    {"permute", "", BAU_TEXT, "12x", NULL},
    {"permute", "", BAU_NUMERIC, "9223372036854775808", NULL},
    {"noise", "", BAU_NUMERIC, "NaN", "NaN"},
    {"noise", "", BAU_NUMERIC, "-Infinity", "-Infinity"},
    {"noise", "", BAU_NUMERIC, "0.00", "0.00"},
    {"noise", "", BAU_NUMERIC, "1e5", NULL},
};

Test(maskers, single_values)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        struct bound b = bind_with(bau_masker_find(cases[i].masker), cases[i].type, cases[i].options, NULL, 0);
        cr_assert_eq(b.status, BAU_OK, "case %zu: %s", i, b.err.text);
        const struct bau_column in = one_text(cases[i].type, cases[i].in, strlen(cases[i].in), arena);
        struct bau_column out;
        struct bau_error err;
        const bau_status status = run(&b, &in, 0, 0, arena, &out, &err);
        cr_expect_eq(status, cases[i].want ? BAU_OK : BAU_E_DATA, "case %zu", i);
        if (status == BAU_OK && cases[i].want) {
            const struct bau_slice got = bau_column_value(&out, 0);
            cr_expect(got.len == strlen(cases[i].want) && memcmp(got.data, cases[i].want, got.len) == 0,
                      "case %zu: %.*s", i, (int)got.len, (const char *)got.data);
        }
        release(&b);
    }
    bau_arena_free(arena);
}

static const struct bau_field money = {.name = "m", .native = "numeric(6,2)", .type = BAU_NUMERIC, .max_digits = 6, .scale = 2};
static const char *const labels[] = {"new", "old"};
static const struct bau_field state = {.name = "s", .native = "state", .type = BAU_TEXT, .n_labels = 2, .labels = labels};

static const struct {
    const char *masker, *options;
    bau_type type;
    const struct bau_field *field;
    uint32_t max_chars;
} refused[] = {
    {"email", "domain=gmail.com", BAU_TEXT, NULL, 0},
    {"email", "domain=example.com.", BAU_TEXT, NULL, 0},
    {"email", "domain=.test", BAU_TEXT, NULL, 0},
    {"email", "", BAU_TEXT, NULL, 35},
    {"first_name", "locale=xx", BAU_TEXT, NULL, 0},
    {"first_name", "", BAU_TEXT, NULL, 1},
    {"person_name", "", BAU_TEXT, NULL, 2},
    {"permute", "min=5", BAU_I32, NULL, 0},
    {"permute", "min=5 max=5", BAU_I32, NULL, 0},
    {"permute", "min=0 max=40000", BAU_I16, NULL, 0},
    {"permute", "min=0 max=3000000000", BAU_I32, NULL, 0},
    {"permute", "", BAU_NUMERIC, &money, 0},
    {"permute", "min=0 max=99999", BAU_NUMERIC, &money, 0},
    {"noise", "relative=0.5 absolute=2", BAU_I32, NULL, 0},
    {"redact", "fill=ab", BAU_TEXT, NULL, 0},
    {"constant", "value=later", BAU_TEXT, &state, 0},
    {"constant", "value=toolong", BAU_TEXT, NULL, 3},
    {"hash_token", "bytes=32", BAU_TEXT, NULL, 40},
};

Test(maskers, bind_refuses)
{
    for (size_t i = 0; i < BAU_COUNT(refused); i++) {
        struct bound b = bind_with(bau_masker_find(refused[i].masker), refused[i].type, refused[i].options,
                                   refused[i].field, refused[i].max_chars);
        cr_expect_eq(b.status, BAU_E_USAGE, "case %zu: %s %s", i, refused[i].masker, refused[i].options);
        release(&b);
    }
}

Test(maskers, narrow_columns_get_narrow_values)
{
    static const char *const names[] = {"email", "first_name", "last_name", "person_name"};
    static const uint32_t rooms[] = {36, 8, 8, 16};
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    for (size_t i = 0; i < BAU_COUNT(names); i++) {
        struct bound b = bind_with(bau_masker_find(names[i]), BAU_TEXT, "", NULL, rooms[i]);
        cr_assert_eq(b.status, BAU_OK, "%s: %s", names[i], b.err.text);
        cr_expect_leq(b.masker->widest(b.config, BAU_TEXT), rooms[i], "%s", names[i]);
        const struct bau_column in = make(b.masker, BAU_TEXT, 0, 5000, false, arena), out = run_fine(&b, &in, 0, arena);
        for (uint32_t k = 0; k < 5000; k++)
            cr_assert_leq(chars_of(bau_column_value(&out, k)), rooms[i], "%s", names[i]);
        release(&b);
    }
    bau_arena_free(arena);
}

Test(maskers, noise_keeps_precision_and_scale)
{
    struct bound b = bind_with(bau_masker_find("noise"), BAU_NUMERIC, "relative=1", &money, 0);
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    cr_assert_eq(b.status, BAU_OK);
    for (int i = 0; i < 5000; i++) {
        char text[16];
        const int n = snprintf(text, sizeof text, "%s%d.%02d", i % 2 ? "-" : "", 5000 + i, i % 100);
        const struct bau_column in = one_text(BAU_NUMERIC, text, (size_t)n, arena), out = run_fine(&b, &in, 0, arena);
        const struct bau_slice got = bau_column_value(&out, 0);
        char read[32] = "", *end;
        memcpy(read, got.data, got.len < 31 ? got.len : 31);
        const double v = strtod(read, &end);
        cr_assert(*end == '\0' && got.data[got.len - 3] == '.', "%s -> %s", text, read);
        cr_assert(v < 10000 && v > -10000 && (i % 2 ? v <= 0 : v >= 0), "%s -> %s", text, read);
        cr_assert(strcmp(text, read) != 0);
    }
    bau_arena_free(arena);
    release(&b);
}

Test(maskers, date_shift_keeps_intervals_and_stays_in_range)
{
    struct bound b = bind_with(bau_masker_find("date_shift"), BAU_DATE, "days=3 by=id", NULL, 0);
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    const struct bau_column shape = {.form = BAU_FORM_TYPED, .type = BAU_DATE, .n_values = 900};
    struct bau_column in, out;
    struct bau_error err;
    cr_assert_eq(bau_column_make(&in, &shape, BAU_DATE, 0, arena, &err), BAU_OK);
    for (int32_t i = 0; i < 900; i++)
        ((int32_t *)in.data)[i] = i == 17 ? INT32_MAX : i == 18 ? INT32_MIN : i * 3;
    out = run_fine(&b, &in, 0, arena);
    int32_t shift[9] = {0};
    for (int32_t i = 0; i < 900; i++) {
        const int32_t from = ((const int32_t *)in.data)[i], to = ((const int32_t *)out.data)[i];
        if (i == 17 || i == 18) {
            cr_assert_eq(from, to);
            continue;
        }
        cr_assert(to - from != 0 && to - from >= -3 && to - from <= 3);
        cr_assert(shift[i % 9] == 0 || shift[i % 9] == to - from, "one shift an entity");
        shift[i % 9] = to - from;
    }
    for (int32_t i = 0; i < 900; i++)
        ((int32_t *)in.data)[i] = 2932896;
    cr_assert_eq(run(&b, &in, 0, 0, arena, &out, &err), BAU_E_DATA);
    bau_arena_free(arena);
    release(&b);
}

/* ---- M2: the same bytes in every release ---- */

/* Numbers in decimal, floats exactly, text as it is, what would break a line as \xNN. */
static void print_value(FILE *to, const struct bau_column *c, uint32_t i)
{
    const struct bau_slice v = bau_column_value(c, i);
    int16_t i16 = 0;
    int32_t i32 = 0;
    int64_t i64 = 0;
    float f32 = 0;
    double f64 = 0;
    switch (c->type) {
    case BAU_I16: memcpy(&i16, v.data, 2); fprintf(to, "%d", i16); return;
    case BAU_I32:
    case BAU_DATE: memcpy(&i32, v.data, 4); fprintf(to, "%" PRId32, i32); return;
    case BAU_I64:
    case BAU_TIME:
    case BAU_TIMESTAMP:
    case BAU_TIMESTAMPTZ: memcpy(&i64, v.data, 8); fprintf(to, "%" PRId64, i64); return;
    case BAU_F32: memcpy(&f32, v.data, 4); fprintf(to, "%a", (double)f32); return;
    case BAU_F64: memcpy(&f64, v.data, 8); fprintf(to, "%a", f64); return;
    case BAU_BOOL:
    case BAU_UUID:
    case BAU_TEXT:
    case BAU_NUMERIC:
    case BAU_JSON:
    case BAU_BYTES:
    case BAU_OTHER:
    case BAU_TYPE_COUNT: break;
    }
    const bool text = c->type == BAU_TEXT || c->type == BAU_NUMERIC || c->type == BAU_JSON;
    for (size_t k = 0; k < v.len; k++)
        fprintf(to, v.data[k] >= 0x20 && v.data[k] != '\\' && (text || v.data[k] < 0x7f) ? "%c" : "\\x%02x", v.data[k]);
}

static void print_masker(FILE *to, const struct bau_masker *m, bau_type type)
{
    struct bound b = bind_example(m, type);
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    const struct bau_column in = make(m, type, 0, 8, false, arena), out = run_fine(&b, &in, 0, arena);
    for (uint32_t i = 0; i < in.n_values; i++) {
        fprintf(to, "%s\t%s\t%s\t", m->name, bau_type_word(type), m->example_options);
        print_value(to, &in, i);
        fputc('\t', to);
        if (bau_column_present(&out, i))
            print_value(to, &out, i);
        else
            fputs("null", to);
        fputc('\n', to);
    }
    bau_arena_free(arena);
    release(&b);
}

/* Options and scripts that the examples do not show. */
static const struct {
    const char *masker, *options;
    bau_type type;
    const char *in;
} pinned[] = {
    {"person_name", "", BAU_TEXT, "Анна Иванова"},
    {"person_name", "", BAU_TEXT, "张伟"},
    {"person_name", "", BAU_TEXT, "佐藤 はな"},
    {"person_name", "", BAU_TEXT, "김민수"},
    {"person_name", "", BAU_TEXT, "Γιώργος Παπαδόπουλος"},
    {"person_name", "", BAU_TEXT, "محمد علي"},
    {"person_name", "", BAU_TEXT, "राम शर्मा"},
    {"person_name", "locale=de order=family_first gender=f", BAU_TEXT, "Ada Lovelace"},
    {"first_name", "gender=m", BAU_TEXT, "Ada"},
    {"last_name", "gender=f", BAU_TEXT, "Иванов"},
    {"email", "style=token domain=mail.test", BAU_TEXT, "ada@example.org"},
    {"email", "", BAU_TEXT, " ADA.LOVELACE@analytical.co.uk"},
    {"hash_token", "bytes=32", BAU_TEXT, "secret"},
    {"permute", "min=1 max=99999", BAU_I32, NULL},
    {"permute", "min=0 max=9999999999", BAU_I64, NULL},
    {"noise", "absolute=2.5", BAU_NUMERIC, "10.000"},
    {"noise", "relative=0.000001", BAU_NUMERIC, "123456789012345678901234567890.123456789"},
    {"phone", "", BAU_TEXT, "0000 000"},
    {"phone", "", BAU_TEXT, "(212) 555-0187"},
    {"phone_reserved", "", BAU_TEXT, "+44 20 7946 0018"},
    {"uuid", "", BAU_TEXT, "{8F14E45F-CEEA-467F-A0E6-B5A1B4B5C6D7}"},
};

static void print_pinned(FILE *to, size_t at)
{
    struct bound b = bind_with(bau_masker_find(pinned[at].masker), pinned[at].type, pinned[at].options, NULL, 0);
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    cr_assert_eq(b.status, BAU_OK, "%s: %s", pinned[at].masker, b.err.text);
    const struct bau_column in = pinned[at].in ? one_text(pinned[at].type, pinned[at].in, strlen(pinned[at].in), arena)
                                               : make(b.masker, b.type, 3, 4, false, arena);
    const struct bau_column out = run_fine(&b, &in, 0, arena);
    fprintf(to, "%s\t%s\t%s\t", pinned[at].masker, bau_type_word(pinned[at].type), pinned[at].options);
    print_value(to, &in, 0);
    fputc('\t', to);
    print_value(to, &out, 0);
    fputc('\n', to);
    bau_arena_free(arena);
    release(&b);
}

Test(maskers, golden)
{
    const char *mode = getenv("BAUTA_GOLDEN");
    const bool write = mode && strcmp(mode, "write") == 0;
    char *text = NULL;
    size_t len = 0;
    FILE *to = write ? fopen(BAU_GOLDEN_FILE, "w") : open_memstream(&text, &len);
    cr_assert(to != NULL);
    for (size_t m = 0; m < bau_n_maskers; m++)
        for (unsigned t = 0; t < BAU_TYPE_COUNT; t++)
            if (bau_maskers[m]->accepts & BAU_TYPE_BIT(t))
                print_masker(to, bau_maskers[m], (bau_type)t);
    for (size_t i = 0; i < BAU_COUNT(pinned); i++)
        print_pinned(to, i);
    fclose(to);
    if (write)
        return;
    FILE *from = fopen(BAU_GOLDEN_FILE, "r");
    cr_assert(from != NULL, "no file %s; run with BAUTA_GOLDEN=write once", BAU_GOLDEN_FILE);
    char line[4096];
    const char *at = text;
    for (int n = 1; fgets(line, sizeof line, from); n++) {
        const size_t size = strlen(line);
        cr_assert(strncmp(at, line, size) == 0, "line %d: the output of a released masker changed (M2): %s", n, line);
        at += size;
    }
    cr_assert(*at == '\0', "there are maskers that %s does not have; run with BAUTA_GOLDEN=write", BAU_GOLDEN_FILE);
    fclose(from);
    free(text);
}
