/* The contract of maskers, over the whole registry: M1 pure, M3 split-proof, nulls, declared traits, widest,
 * odd values.
 * A new masker is tested by being in the list. M2 is masker_golden.c. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <pthread.h>

#include "tests/support/masker.h"

#if defined(                                                                                                 \
    __SANITIZE_ADDRESS__) /* instrumented code takes twenty times as long; the plain build looks at them all */
#define MANY 50000
#else
#define MANY 1000000
#endif
enum { BATCH = 130, HUGE_BYTES = 1 << 20 };

/* ---- every masker on every type it takes ---- */

struct each {
    size_t masker;
    bau_type type;
};

static struct criterion_test_params every(uint32_t traits, uint32_t types)
{
    static struct each list[128 * BAU_TYPE_COUNT];
    size_t n = 0;
    for (size_t m = 0; m < bau_n_maskers && m < 128; m++)
        for (unsigned t = 0; t < BAU_TYPE_COUNT; t++)
            if ((bau_maskers[m]->accepts & types & BAU_TYPE_BIT(t)) &&
                (traits == 0 || (bau_maskers[m]->traits & traits)))
                list[n++] = (struct each){ m, (bau_type)t };
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
    static const char *const reserved[] = { "mask",  "domain",   "keep", "owner", "until",
                                            "canon", "fallback", "when", "drop" };
    for (size_t i = 0; i < bau_n_maskers; i++) {
        const struct bau_masker *m = bau_maskers[i];
        cr_expect(bau_masker_find(m->name) == m, "%s is listed twice", m->name);
        cr_expect(m->summary && m->summary[strlen(m->summary) - 1] == '.', "%s: summary", m->name);
        cr_expect(m->example_in && m->example_options, "%s: example", m->name);
        cr_expect(m->accepts && m->apply, "%s", m->name);
        cr_expect(!m->observe == !m->settle && !m->observe == !m->forget && !m->observe == !m->seen_bytes,
                  "%s: the first pass", m->name);
        cr_expect(!(m->traits & BAU_MAKES_NULLS) || (m->traits & BAU_CONSTANT), "%s: null is constant",
                  m->name);
        cr_expect(!(m->leaks & BAU_LEAKS_VALUE) == !(m->traits & (BAU_KEEPS_ALL | BAU_KEEPS_SOME)),
                  "%s: leaks", m->name);
        for (const struct bau_option *o = m->options; o && o->name; o++) {
            cr_expect(o->sentence && o->sentence[strlen(o->sentence) - 1] == '.', "%s.%s", m->name, o->name);
            cr_expect(o->offset < m->config_bytes, "%s.%s", m->name, o->name);
            for (size_t w = 0; w < BAU_COUNT(reserved); w++)
                cr_expect(strcmp(o->name, reserved[w]) != 0, "%s.%s is a word of every treatment", m->name,
                          o->name);
            for (const struct bau_option *other = m->options; other < o; other++)
                cr_expect(strcmp(other->name, o->name) != 0, "%s.%s twice", m->name, o->name);
        }
    }
    cr_expect(bau_masker_find("no such masker") == NULL);
}

EACH(split_at_every_cut, BAU_DETERMINISTIC, BAU_TYPES_ALL)
{
    struct bound b = bind_example(bau_maskers[at->masker], at->type);
    struct bau_arena *arena = bau_arena_new(1 << 16, 0), *part = bau_arena_new(1 << 16, 0);
    const struct bau_column in = make(b.masker, b.type, 0, BATCH, true, arena);
    const struct bau_column whole = run_fine(&b, &in, 0, arena);
    for (uint32_t cut = 0; cut <= BATCH; cut++) { /* 0 and BATCH: one side has no rows */
        bau_arena_reset(part);
        const struct bau_column left_in = make(b.masker, b.type, 0, cut, true, part);
        const struct bau_column right_in = make(b.masker, b.type, cut, BATCH, true, part);
        const struct bau_column left = run_fine(&b, &left_in, 0, part),
                                right = run_fine(&b, &right_in, cut, part);
        for (uint32_t i = 0; i < BATCH; i++)
            cr_assert(i < cut ? same_value(&whole, i, &left, i) : same_value(&whole, i, &right, i - cut),
                      "%s on %s: value %u differs when cut at %u", b.masker->name, bau_type_word(b.type), i,
                      cut);
    }
    bau_arena_free(arena);
    bau_arena_free(part);
    release(&b);
}

EACH(nulls_stay_and_no_value_passes, 0, BAU_TYPES_ALL)
{
    struct bound b = bind_example(bau_maskers[at->masker], at->type);
    const uint32_t traits = b.single->bound.run.traits;
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    const struct bau_column in = make(b.masker, b.type, 1000, 1000 + BATCH, true, arena);
    const struct bau_column out = run_fine(&b, &in, 1000, arena);
    const uint32_t widest = b.masker->widest ? b.masker->widest(b.config, b.type) : 0;
    uint32_t same = 0;
    for (uint32_t i = 0; i < BATCH; i++) {
        const bool present = bau_column_present(&in, i);
        cr_assert_eq(bau_column_present(&out, i), present && !(traits & BAU_MAKES_NULLS), "%s: null %u",
                     b.masker->name, i);
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
    else if (!(traits & (BAU_CONSTANT | BAU_KEEPS_SOME)) &&
             b.type != BAU_BOOL) /* half of all drawn truths agree */
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
    struct bound one = bind_example(bau_maskers[at->masker], at->type),
                 two = bind_example(bau_maskers[at->masker], at->type);
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct job j = { .bound = &two, .arena = arena };
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
    } texts[] = { { "", 0 },
                  { huge, HUGE_BYTES },
                  { "QQ\xff\xfe\x80QQ", 7 },
                  { "\xc3", 1 },
                  { "\xf0\x9f\x92", 3 },
                  { "\xed\xa0\x80", 3 },
                  { "Q\0QQQ", 5 },
                  { "\xe5\xbc\xa0\xe4\xbc\x9f", 6 },
                  { "-", 1 },
                  { ".", 1 },
                  { "{}", 2 } };
    for (size_t i = 0; i < BAU_COUNT(texts); i++) {
        bau_arena_reset(arena);
        const struct bau_column in = one_text(b.type, texts[i].bytes, texts[i].len, arena);
        struct bau_column out;
        struct bau_error err = { 0 };
        const bau_status status = run(&b, &in, 0, 0, arena, &out, &err);
        cr_assert(status == BAU_OK || status == BAU_E_DATA || status == BAU_E_LIMIT, "%s, text %zu: %s",
                  b.masker->name, i, err.text);
        if (status != BAU_OK) {
            cr_assert(strstr(err.text, "QQ") == NULL, "%s shows the value", b.masker->name);
            continue;
        }
        cr_assert_eq(bau_column_validate(&out, 1, BAU_VALIDATE_CONTENTS, &err), BAU_OK, "%s", err.text);
        cr_assert(texts[i].len == 0 || (b.single->bound.run.traits & (BAU_KEEPS_ALL | BAU_KEEPS_SOME)) ||
                      !same_value(&in, 0, &out, 0),
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
    look_fine(&b, &in, 0, arena);
    const struct bau_column out = run_fine(&b, &in, 0, arena);
    cr_assert_eq(count_distinct(&in), count_distinct(&out), "%s on %s: %u distinct values became %u",
                 b.masker->name, bau_type_word(b.type), count_distinct(&in), count_distinct(&out));
    bau_arena_free(arena);
    release(&b);
}
