/* categorical: only labels come out, as often as their weights say; enums, booleans, rows. */
#include <criterion/criterion.h>
#include <math.h>

#include "tests/support/single.h"

enum { ROWS = 60000 };

static uint32_t count_of(const struct bau_column *c, const char *label)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n_values; i++) {
        const struct bau_slice v = bau_column_value(c, i);
        n += v.len == strlen(label) && memcmp(v.data, label, v.len) == 0;
    }
    return n;
}

Test(categorical, labels_come_by_weight)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b = bind_with(bau_masker_find("categorical"), BAU_TEXT,
                               "values=new=5|paid=3 values=sent values=caf\xc3\xa9=x=1", NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    cr_expect_eq(b.masker->widest(b.config, BAU_TEXT), 6u); /* café=x */
    const struct bau_column in = make(b.masker, BAU_TEXT, 0, ROWS, false, arena),
                            out = run_fine(&b, &in, 0, arena);
    static const char *const label[] = { "new", "paid", "sent", "caf\xc3\xa9=x" };
    static const double weight[] = { 0.5, 0.3, 0.1, 0.1 };
    uint32_t all = 0;
    for (size_t k = 0; k < BAU_COUNT(label); k++) {
        const uint32_t n = count_of(&out, label[k]);
        cr_expect(fabs(n - weight[k] * ROWS) < 5 * sqrt(weight[k] * ROWS), "%s: %u", label[k], n);
        all += n;
    }
    cr_expect_eq(all, (uint32_t)ROWS, "nothing but labels");
    release(&b);
    bau_arena_free(arena);
}

static const char *const labels[] = { "new", "old", "gone" };
static const struct bau_field state = {
    .name = "s", .native = "state", .type = BAU_TEXT, .n_labels = 3, .labels = labels
};
static const struct bau_field digit = {
    .name = "n", .native = "numeric(1,0)", .type = BAU_NUMERIC, .max_digits = 1, .scale = 0
};

Test(categorical, enums_and_booleans_have_their_own_labels)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b = bind_with(bau_masker_find("categorical"), BAU_TEXT, "", &state, 0),
                 truth = bind_with(bau_masker_find("categorical"), BAU_BOOL, "", NULL, 0),
                 number = bind_with(bau_masker_find("categorical"), BAU_I32, "values=-7|40=3", NULL, 0);
    cr_assert(b.status == BAU_OK && truth.status == BAU_OK && number.status == BAU_OK);
    const struct bau_column in = make(b.masker, BAU_TEXT, 0, ROWS, false, arena),
                            out = run_fine(&b, &in, 0, arena);
    uint32_t all = 0;
    for (size_t k = 0; k < BAU_COUNT(labels); k++) {
        const uint32_t n = count_of(&out, labels[k]);
        cr_expect(fabs(n - ROWS / 3.0) < 5 * sqrt(ROWS / 3.0), "%s: %u", labels[k], n);
        all += n;
    }
    cr_expect_eq(all, (uint32_t)ROWS);
    const struct bau_column numbers = make(number.masker, BAU_I32, 0, ROWS, false, arena),
                            drawn = run_fine(&number, &numbers, 0, arena);
    uint32_t forty = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        const int32_t v = ((const int32_t *)drawn.data)[i];
        cr_assert(v == -7 || v == 40);
        forty += v == 40;
    }
    cr_expect(fabs(forty - 0.75 * ROWS) < 600, "%u", forty);
    uint32_t yes = 0;
    for (uint64_t k = 0; k < 64;
         k++) { /* one value, 64 keys would be better: two values, both labels or one */
        const struct bau_column bools = make(truth.masker, BAU_BOOL, 0, 2, false, arena),
                                got = run_fine(&truth, &bools, 0, arena);
        cr_assert(((const uint8_t *)got.data)[0] <= 1 && ((const uint8_t *)got.data)[1] <= 1);
        yes += ((const uint8_t *)got.data)[0];
    }
    cr_expect(yes == 0 || yes == 64, "equal in, equal out");
    release(&b);
    release(&truth);
    release(&number);
    bau_arena_free(arena);
}

Test(categorical, rows_draw_for_themselves)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b =
        bind_with(bau_masker_find("categorical"), BAU_TEXT, "values=a|b|c|d|e|f|g|h per=row by=id", NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    const struct bau_column in = make(b.masker, BAU_TEXT, 0, 900, false, arena),
                            out = run_fine(&b, &in, 0, arena);
    uint32_t distinct = 0;
    for (uint32_t i = 0; i < 900; i++) { /* nine owners: a label an owner, whatever the value */
        cr_assert(same_value(&out, i, &out, i % 9));
        distinct += i && !same_value(&out, 0, &out, i);
    }
    cr_expect(distinct > 0);
    release(&b);
    bau_arena_free(arena);
}

static const struct refusal refused[] = {
    { "categorical", "", BAU_TEXT, NULL, 0 },
    { "categorical", "", BAU_I32, NULL, 0 },
    { "categorical", "values=new|later", BAU_TEXT, &state, 0 },
    { "categorical", "values=short|longer", BAU_TEXT, NULL, 5 },
    { "categorical", "values=a=0|b", BAU_TEXT, NULL, 0 },
    { "categorical", "values=a=b", BAU_TEXT, NULL, 0 },
    { "categorical", "values=a=", BAU_TEXT, NULL, 0 },
    { "categorical", "values=a=4294967296", BAU_TEXT, NULL, 0 },
    { "categorical", "values=yes|no", BAU_BOOL, NULL, 0 },
    { "categorical", "values=1|x", BAU_I32, NULL, 0 },
    { "categorical", "values=1|40000", BAU_I16, NULL, 0 },
    { "categorical", "values=1|1.5", BAU_I64, NULL, 0 },
    { "categorical", "values=1|10", BAU_NUMERIC, &digit, 0 },
    { "categorical", "values=a|b per=row", BAU_TEXT, NULL, 0 },
    { "categorical", "values=a|b by=id", BAU_TEXT, NULL, 0 },
};

Test(categorical, bind_refuses)
{
    for (size_t i = 0; i < BAU_COUNT(refused); i++)
        refusal_check(&refused[i], i);
}
