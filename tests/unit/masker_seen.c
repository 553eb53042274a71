/* Maskers that look at all values first: what they make of what they saw, however it was cut, and what they refuse. */
#include <criterion/criterion.h>

#include "maskers/digests.h"
#include "tests/support/single.h"

enum { ROWS = 3000 };

static struct bau_column fixed(bau_type type, const int64_t *v, uint32_t n, struct bau_arena *arena)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = type, .n_values = n };
    struct bau_column c;
    struct bau_error err;
    cr_assert_eq(bau_column_make(&c, &shape, type, 0, arena, &err), BAU_OK);
    for (uint32_t i = 0; i < n; i++)
        if (bau_type_width(type) == 8)
            ((int64_t *)c.data)[i] = v[i];
        else
            ((int32_t *)c.data)[i] = (int32_t)v[i];
    return c;
}

static int64_t at(const struct bau_column *c, uint32_t i)
{
    return bau_type_width(c->type) == 8 ? ((const int64_t *)c->data)[i] : ((const int32_t *)c->data)[i];
}

/* ---- sequence ---- */

Test(seen, sequence_is_dense_and_does_not_depend_on_cuts)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound one = bind_with(bau_masker_find("sequence"), BAU_I64, "start=100", NULL, 0),
                 two = bind_with(bau_masker_find("sequence"), BAU_I64, "start=100", NULL, 0);
    int64_t v[ROWS];
    uint8_t seen[ROWS] = { 0 };
    cr_assert_eq(one.status, BAU_OK, "%s", one.err.text);
    for (int64_t i = 0; i < ROWS; i++)
        v[i] = (i % 1000) * 7919 - 5; /* a thousand values, three times each */
    const struct bau_column in = fixed(BAU_I64, v, ROWS, arena);
    look_fine(&one, &in, 0, arena);
    for (uint32_t from = ROWS; from > 0; from -= 100) { /* from the end, in pieces, settled each time */
        const struct bau_column part = fixed(BAU_I64, v + from - 100, 100, arena);
        look_fine(&two, &part, from - 100, arena);
    }
    const struct bau_column out = run_fine(&one, &in, 0, arena), again = run_fine(&two, &in, 0, arena);
    for (uint32_t i = 0; i < ROWS; i++) {
        cr_assert(at(&out, i) >= 100 && at(&out, i) < 1100, "dense");
        cr_assert_eq(at(&out, i), at(&again, i), "cut and order do not matter");
        cr_assert_eq(at(&out, i), at(&out, i % 1000), "equal in, equal out");
        cr_assert(i >= 1000 || !seen[at(&out, i) - 100]);
        seen[at(&out, i) - 100] = 1;
    }
    const int64_t strange = 1;
    const struct bau_column other = fixed(BAU_I64, &strange, 1, arena);
    struct bau_column ignored;
    struct bau_error err;
    cr_assert_eq(run(&one, &other, 0, 0, arena, &ignored, &err), BAU_E_DATA);
    release(&one);
    release(&two);
    bau_arena_free(arena);
}

Test(seen, sequence_of_texts_has_a_prefix_and_zeros)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b = bind_with(bau_masker_find("sequence"), BAU_TEXT, "prefix=K- digits=4 start=9", NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    const struct bau_column in = make(b.masker, BAU_TEXT, 0, 50, true, arena);
    look_fine(&b, &in, 0, arena);
    const struct bau_column out = run_fine(&b, &in, 0, arena);
    bool seen[64] = { false };
    for (uint32_t i = 0; i < 50; i++) {
        const struct bau_slice v = bau_column_value(&out, i);
        char text[8] = "";
        if (!bau_column_present(&out, i))
            continue;
        cr_assert_eq(v.len, 6u);
        memcpy(text, v.data, 6);
        cr_assert(strncmp(text, "K-00", 4) == 0, "%s", text);
        const int n = atoi(text + 2) - 9;
        cr_assert(n >= 0 && n < 50 - (int)in.n_nulls && !seen[n], "nulls have no number");
        seen[n] = true;
    }
    release(&b);
    bau_arena_free(arena);
}

Test(seen, sequence_says_what_has_no_room)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound few = bind_with(bau_masker_find("sequence"), BAU_TEXT, "digits=1", NULL, 0),
                 late = bind_with(bau_masker_find("sequence"), BAU_I32, "start=2147483640", NULL, 0),
                 small = bind_with(bau_masker_find("sequence"), BAU_I64, "memory=64KiB", NULL, 0);
    struct bau_error err;
    cr_assert(few.status == BAU_OK && late.status == BAU_OK && small.status == BAU_OK);
    const struct bau_column text = make(few.masker, BAU_TEXT, 0, 10, false, arena);
    cr_expect_eq(look(&few, &text, 0, arena, &err), BAU_E_LIMIT);
    int64_t v[5000];
    for (int64_t i = 0; i < 5000; i++)
        v[i] = i;
    const struct bau_column eight = fixed(BAU_I32, v, 8, arena), nine = fixed(BAU_I32, v, 9, arena);
    cr_expect_eq(look(&late, &eight, 0, arena, &err), BAU_OK);
    cr_expect_eq(look(&late, &nine, 0, arena, &err), BAU_E_LIMIT);
    for (int64_t i = 0; i < 5000; i++)
        v[i] = i % 2048; /* just as many as 64 KiB hold */
    const struct bau_column fits = fixed(BAU_I64, v, 5000, arena);
    cr_expect_eq(look(&small, &fits, 0, arena, &err), BAU_OK);
    v[7] = -1;
    v[4500] = -2;
    const struct bau_column more = fixed(BAU_I64, v, 5000, arena);
    cr_expect_eq(look(&small, &more, 0, arena, &err), BAU_E_LIMIT);
    cr_expect(strstr(err.text, "'memory'") != NULL, "%s", err.text);
    release(&few);
    release(&late);
    release(&small);
    bau_arena_free(arena);
}

/* ---- now_anchor ---- */

Test(seen, now_anchor_moves_the_latest_date_to_the_day)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b = bind_with(bau_masker_find("now_anchor"), BAU_TIMESTAMP, "to=2026-01-31", NULL, 0),
                 of = bind_with(bau_masker_find("now_anchor"), BAU_DATE, "to=1970-02-01 of=other", NULL, 0);
    cr_assert(b.status == BAU_OK && of.status == BAU_OK, "%s%s", b.err.text, of.err.text);
    /* 2024-05-05T13:00 is the latest; 2026-01-31 is 636 days after 2024-05-05 (Python) */
    const int64_t latest = INT64_C(1714914000000000), shift = 636 * BAU_DAY_US;
    const int64_t v[] = { 0, latest, latest - 1, INT64_MAX, INT64_MIN, -BAU_DAY_US };
    const struct bau_column in = fixed(BAU_TIMESTAMP, v, 6, arena);
    look_fine(&b, &in, 0, arena);
    const struct bau_column out = run_fine(&b, &in, 0, arena);
    for (uint32_t i = 0; i < 6; i++)
        cr_assert_eq(at(&out, i), i == 3 || i == 4 ? v[i] : v[i] + shift, "%u", i);
    /* the field `of` holds the days 0 to 8: its latest moves to day 31 */
    int64_t days[ROWS];
    for (int64_t i = 0; i < ROWS; i++)
        days[i] = 1000 + i;
    const struct bau_column dates = fixed(BAU_DATE, days, ROWS, arena);
    look_fine(&of, &dates, 0, arena);
    const struct bau_column moved = run_fine(&of, &dates, 0, arena);
    for (uint32_t i = 0; i < ROWS; i++)
        cr_assert_eq(at(&moved, i), days[i] + 23);
    release(&b);
    release(&of);
    bau_arena_free(arena);
}

Test(seen, now_anchor_without_dates_moves_nothing)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b = bind_with(bau_masker_find("now_anchor"), BAU_DATE, "to=2026-01-31", NULL, 0);
    const int64_t v[] = { INT32_MAX };
    const struct bau_column in = fixed(BAU_DATE, v, 1, arena);
    look_fine(&b, &in, 0, arena);
    const struct bau_column out = run_fine(&b, &in, 0, arena);
    cr_assert_eq(at(&out, 0), INT32_MAX);
    release(&b);
    bau_arena_free(arena);
}

/* ---- shuffle ---- */

static int rising(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Row i holds i, so its output tells which row gave it. */
Test(seen, shuffle_is_a_derangement_of_rows)
{
    static const char *const options[] = { "by=id", "by=id group_by=owner" };
    for (size_t k = 0; k < BAU_COUNT(options); k++) {
        struct bau_arena *arena = bau_arena_new(1 << 16, 0);
        struct bound one = bind_with(bau_masker_find("shuffle"), BAU_I64, options[k], NULL, 0),
                     two = bind_with(bau_masker_find("shuffle"), BAU_I64, options[k], NULL, 0);
        int64_t v[ROWS];
        cr_assert_eq(one.status, BAU_OK, "%s", one.err.text);
        for (int64_t i = 0; i < ROWS; i++)
            v[i] = i;
        const struct bau_column in = fixed(BAU_I64, v, ROWS, arena);
        look_fine(&one, &in, 0, arena);
        for (uint32_t from = ROWS; from > 0; from -= 100) {
            const struct bau_column part = fixed(BAU_I64, v + from - 100, 100, arena);
            look_fine(&two, &part, from - 100, arena);
        }
        const struct bau_column out = run_fine(&one, &in, 0, arena), again = run_fine(&two, &in, 0, arena);
        int64_t got[ROWS];
        uint32_t near = 0;
        for (uint32_t i = 0; i < ROWS; i++) {
            got[i] = at(&out, i);
            cr_assert_eq(got[i], at(&again, i), "cut and order do not matter");
            cr_assert_neq(got[i], v[i], "nobody keeps their own");
            cr_assert(k == 0 || got[i] % 9 == i % 9, "within the group");
            near += llabs(got[i] - i) < 100;
        }
        cr_assert_lt(near, 500u, "spread over all rows");
        qsort(got, ROWS, sizeof *got, rising);
        cr_assert_eq(memcmp(got, v, sizeof v), 0, "the same values");
        release(&one);
        release(&two);
        bau_arena_free(arena);
    }
}

Test(seen, shuffle_of_texts_leaves_nulls)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b = bind_with(bau_masker_find("shuffle"), BAU_TEXT, "by=id", NULL, 0);
    const struct bau_column in = make(b.masker, BAU_TEXT, 0, 700, true, arena);
    look_fine(&b, &in, 0, arena);
    const struct bau_column out = run_fine(&b, &in, 0, arena);
    int given[700] = { 0 };
    for (uint32_t i = 0; i < 700; i++) {
        cr_assert_eq(bau_column_present(&in, i), bau_column_present(&out, i));
        for (uint32_t k = 0; bau_column_present(&out, i) && k < 700; k++)
            given[k] += same_value(&in, k, &out, i) - same_value(&in, k, &in, i);
    }
    for (uint32_t k = 0; k < 700; k++)
        cr_assert_eq(given[k], 0, "each value as often as before");
    release(&b);
    bau_arena_free(arena);
}

Test(seen, shuffle_refuses_the_lone_the_equal_and_too_many)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound lone = bind_with(bau_masker_find("shuffle"), BAU_I64, "by=id", NULL, 0),
                 kept = bind_with(bau_masker_find("shuffle"), BAU_I64, "by=id lone=keep", NULL, 0),
                 full = bind_with(bau_masker_find("shuffle"), BAU_I64, "by=id memory=64KiB", NULL, 0);
    int64_t v[ROWS] = { 77 };
    struct bau_column out;
    struct bau_error err;
    const struct bau_column one = fixed(BAU_I64, v, 1, arena), all = fixed(BAU_I64, v, ROWS, arena);
    look_fine(&lone, &one, 0, arena);
    look_fine(&kept, &one, 0, arena);
    cr_expect_eq(run(&lone, &one, 0, 0, arena, &out, &err), BAU_E_DATA);
    cr_expect(strstr(err.text, "alone") && !strstr(err.text, "77"), "%s", err.text);
    out = run_fine(&kept, &one, 0, arena);
    cr_expect_eq(at(&out, 0), 77);
    cr_expect_eq(look(&lone, &one, 0, arena, &err), BAU_E_DATA, "the row came twice");
    cr_expect(strstr(err.text, "tell rows apart") != NULL, "%s", err.text);
    cr_expect_eq(run(&kept, &one, 5, 0, arena, &out, &err), BAU_E_DATA, "a row that was not seen");
    cr_expect_eq(look(&full, &all, 0, arena, &err), BAU_E_LIMIT);
    cr_expect(strstr(err.text, "'memory'") != NULL, "%s", err.text);
    release(&lone);
    release(&kept);
    release(&full);
    bau_arena_free(arena);
}

/* ---- marginal ---- */

/* Half the rows hold 10, three tenths 20, the rest 200 values that occur a few times each. */
static struct bau_column skewed(bau_type type, uint32_t n, struct bau_arena *arena)
{
    int64_t *v = bau_arena_take(arena, n * sizeof *v);
    for (uint32_t i = 0; i < n; i++)
        v[i] = i % 10 < 5 ? 10 : i % 10 < 8 ? 20 : 1000 + i % 2000;
    return fixed(type, v, n, arena);
}

Test(seen, marginal_keeps_the_distribution)
{
    enum { MANY = 100000 };
    static const char *const options[] = { "by=id rare=100", "by=id rare=100 other=-1", "by=id rare=1" };
    for (size_t k = 0; k < BAU_COUNT(options); k++) {
        struct bau_arena *arena = bau_arena_new(1 << 16, 0);
        struct bound b = bind_with(bau_masker_find("marginal"), BAU_I32, options[k], NULL, 0);
        cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
        const struct bau_column in = skewed(BAU_I32, MANY, arena);
        look_fine(&b, &in, 0, arena);
        /* the owners are only nine: draw once for every value of a column of texts instead */
        struct bau_column ids = fixed(BAU_I32, (int64_t[]){ 0 }, 1, arena), out;
        uint32_t ten = 0, twenty = 0, minus = 0;
        for (int32_t i = 0; i < 20000; i++) {
            const struct bau_column one = fixed(BAU_I32, (int64_t[]){ 10 }, 1, arena);
            const struct bau_column *fields[] = { &ids };
            struct bau_mask_ctx ctx = { .arena = arena, .scratch = b.scratch, .fields = fields };
            struct bau_error err;
            ((int32_t *)ids.data)[0] = i;
            cr_assert_eq(bau_sub_apply(&b.single->bound.run, &ctx, &one, &out, &err), BAU_OK, "%s", err.text);
            ten += at(&out, 0) == 10;
            twenty += at(&out, 0) == 20;
            minus += at(&out, 0) == -1;
            cr_assert(at(&out, 0) >= 1000 ? k == 2 : at(&out, 0) == 10 || at(&out, 0) == 20 || k == 1);
            if (i % 1000 == 999)
                bau_arena_reset(arena), ids = fixed(BAU_I32, (int64_t[]){ 0 }, 1, arena);
        }
        const double all = k == 0 ? 0.8 : 1; /* the rare fifth is left out, merged, or kept */
        cr_expect(abs((int)(ten - 20000 * 0.5 / all)) < 400, "%s: %u", options[k], ten);
        cr_expect(abs((int)(twenty - 20000 * 0.3 / all)) < 400, "%s: %u", options[k], twenty);
        cr_expect(k == 1 ? abs((int)minus - 4000) < 300 : minus == 0, "%s: %u", options[k], minus);
        release(&b);
        bau_arena_free(arena);
    }
}

Test(seen, marginal_refuses)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound rare = bind_with(bau_masker_find("marginal"), BAU_I32, "by=id rare=100000", NULL, 0),
                 full = bind_with(bau_masker_find("marginal"), BAU_I32, "by=id memory=64KiB", NULL, 0),
                 blind = bind_with(bau_masker_find("marginal"), BAU_I32, "by=id", NULL, 0);
    struct bau_column out;
    struct bau_error err;
    int64_t v[ROWS];
    for (int64_t i = 0; i < ROWS; i++)
        v[i] = i;
    const struct bau_column in = fixed(BAU_I32, v, ROWS, arena);
    cr_expect_eq(look(&rare, &in, 0, arena, &err), BAU_E_DATA);
    cr_expect_eq(look(&full, &in, 0, arena, &err), BAU_E_LIMIT);
    cr_expect_eq(run(&blind, &in, 0, 0, arena, &out, &err), BAU_E_DATA, "nothing was seen");
    release(&rare);
    release(&full);
    release(&blind);
    bau_arena_free(arena);
}

static const struct refusal refused[] = {
    { "sequence", "prefix=x", BAU_I32, NULL, 0 },
    { "sequence", "prefix=ab digits=9", BAU_TEXT, NULL, 10 },
    { "sequence", "start=-1", BAU_I32, NULL, 0 },
    { "shuffle", "", BAU_I32, NULL, 0 },
    { "marginal", "", BAU_I32, NULL, 0 },
    { "marginal", "by=id other=40000", BAU_I16, NULL, 0 },
    { "marginal", "by=id other=x", BAU_NUMERIC, NULL, 0 },
    { "marginal", "by=id other=true", BAU_BOOL, NULL, 0 },
    { "marginal", "by=id other=unknown", BAU_TEXT, NULL, 5 },
    { "now_anchor", "", BAU_DATE, NULL, 0 }, /* no run, no day */
    { "now_anchor", "to=infinity", BAU_DATE, NULL, 0 },
    { "now_anchor", "to=tomorrow", BAU_DATE, NULL, 0 },
};

Test(seen, bind_refuses)
{
    for (size_t i = 0; i < BAU_COUNT(refused); i++)
        refusal_check(&refused[i], i);
}
