/* Memory that runs out anywhere: every masker is bound and masks a batch while the first, the second, … request for memory
 * fails, until none is left that could. Each failure is BAU_E_NOMEM, frees what was taken and leaves the masker usable; one that
 * the masker gets over must not show in what it makes. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "tests/support/masker.h"
#include "tests/support/failing.h"

enum { ROWS = 40, EVERY_ONE = 250 };

/* Treatments beyond the examples, which ask for memory elsewhere. */
static const struct {
    const char *masker, *options;
    bau_type type;
} further[] = {
    { "noise", "distribution=gaussian relative=0.2", BAU_NUMERIC },
};

struct each {
    size_t masker;
    bau_type type;
    char options[256];
};

static struct each each_of[128 * BAU_TYPE_COUNT];

ParameterizedTestParameters(alloc_failure, bind_and_batch)
{
    size_t n = 0;
    for (size_t m = 0; m < bau_n_maskers && m < 128; m++)
        for (unsigned t = 0; t < BAU_TYPE_COUNT; t++)
            if (bau_maskers[m]->accepts & BAU_TYPE_BIT(t)) {
                struct each *at = &each_of[n++];
                *at = (struct each){ .masker = m, .type = (bau_type)t };
                example_for(bau_maskers[m], at->type, at->options, sizeof at->options);
            }
    for (size_t i = 0; i < BAU_COUNT(further); i++)
        for (size_t m = 0; m < bau_n_maskers && m < 128; m++)
            if (strcmp(bau_maskers[m]->name, further[i].masker) == 0) {
                each_of[n] = (struct each){ .masker = m, .type = further[i].type };
                snprintf(each_of[n].options, sizeof each_of[n].options, "%s", further[i].options);
                n++;
            }
    return cr_make_param_array(struct each, each_of, n);
}

struct subject {
    const struct each *at;
    const struct bau_masker *masker;
    struct bound words; /* lends its arena and its reading of the options */
    struct bau_keys *keys;
    struct bau_texts texts;
    struct bau_column in;
};

struct outcome {
    struct bound bound;
    struct bau_arena *arena;
    struct bau_column out;
    bau_status status;
    bool came; /* the request that was to fail */
};

static bau_status attempt(const struct subject *s, struct outcome *o)
{
    const struct bau_single_with with = { .masker = s->masker->name,
                                          .words = &s->texts,
                                          .domain = "test",
                                          .keys = s->keys,
                                          .type = s->at->type,
                                          .by_type = BAU_I32 };
    struct bound *b = &o->bound;
    BAU_TRY(bau_single_new(&with, &b->single, &b->err));
    b->config = b->single->bound.config;
    struct row_context room;
    const struct bau_bound *bound = &b->single->bound;
    const uint64_t number = fail_number, asked = fail_asked;
    fail_number = 0; /* the test's own requests */
    struct bau_mask_ctx ctx = context_of(b, 0, s->in.n_values, 0, o->arena, &room);
    fail_number = number;
    fail_asked = asked;
    if (s->masker->observe) {
        BAU_TRY(s->masker->observe(bound->config, bound->seen, &ctx, &s->in, &b->err));
        BAU_TRY(s->masker->settle(bound->config, bound->seen, &b->err));
    }
    o->out = s->in;
    return bau_sub_apply(&bound->run, &ctx, &s->in, &o->out, &b->err);
}

static struct outcome try_with(const struct subject *s, uint64_t failing)
{
    struct outcome o = { .bound = s->words, .arena = bau_arena_new(1 << 16, 0) };
    o.bound.single = NULL;
    fail_at(failing);
    o.status = attempt(s, &o);
    o.came = fail_off();
    return o;
}

static void done_with(struct outcome *o)
{
    bau_single_free(o->bound.single);
    bau_arena_free(o->arena);
}

static void same_columns(const struct subject *s, const struct outcome *a, const struct outcome *b,
                         uint64_t n)
{
    for (uint32_t i = 0; i < s->in.n_values && s->masker->traits & BAU_DETERMINISTIC; i++)
        cr_assert(same_value(&a->out, i, &b->out, i),
                  "%s on %s (%s): value %u differs after failure %" PRIu64, s->masker->name,
                  bau_type_word(s->at->type), s->at->options, i, n);
}

static void sweep(const struct subject *s, const struct outcome *fine)
{
    for (uint64_t n = 1;; n += n < EVERY_ONE ? 1 : n / 16) { /* names fold thousands of texts */
        const int64_t live = fail_live;
        struct outcome o = try_with(s, n);
        const char *name = s->masker->name, *type = bau_type_word(s->at->type), *with = s->at->options;
        if (o.status == BAU_OK)
            same_columns(s, fine, &o, n);
        else
            cr_assert(o.came && o.status == BAU_E_NOMEM, "%s on %s (%s), failure %" PRIu64 ": %d: %s", name,
                      type, with, n, (int)o.status, o.bound.err.text);
        done_with(&o);
        cr_assert_eq(fail_live, live, "%s on %s (%s), failure %" PRIu64 ": %" PRId64 " blocks are left", name,
                     type, with, n, fail_live - live);
        if (!o.came)
            break;
    }
}

ParameterizedTest(struct each *at, alloc_failure, bind_and_batch)
{
    struct subject s = { .at = at, .masker = bau_maskers[at->masker] };
    s.words = (struct bound){ .masker = s.masker,
                              .type = at->type,
                              .arena = bau_arena_new(1 << 16, 0),
                              .scratch_bytes = bau_project_scratch(NULL) };
    s.words.scratch = bau_alloc(s.words.scratch_bytes);
    s.texts = words_of(&s.words, at->options);
    s.in = make(s.masker, at->type, 0, ROWS, true, s.words.arena);
    cr_assert_eq(bau_keys_of(master, &s.keys, &s.words.err), BAU_OK);
    struct outcome fine = try_with(&s, 0);
    cr_assert_eq(fine.status, BAU_OK, "%s on %s (%s): %s", s.masker->name, bau_type_word(at->type),
                 at->options, fine.bound.err.text);
    sweep(&s, &fine);
    done_with(&fine);
    bau_keys_free(s.keys);
    bau_free(s.words.scratch);
    bau_arena_free(s.words.arena);
}
