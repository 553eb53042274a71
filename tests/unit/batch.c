/* Batches: what the invariants B1 to B7 allow, and that each broken one is named. */
#include <criterion/criterion.h>
#include <string.h>

#include "bauta/batch.h"

#define ROWS 70u /* more than one word of validity bits */

static const struct bau_field fields[] = {
    { .name = "text", .type = BAU_TEXT, .nullable = true },
    { .name = "number", .type = BAU_I32, .nullable = true },
    { .name = "list", .type = BAU_I64, .list = true },
    { .name = "view", .type = BAU_OTHER },
};
static const struct bau_dataset dataset = { .name = "public.t",
                                            .n_fields = BAU_COUNT(fields),
                                            .fields = fields };

enum { TEXT, NUMBER, LIST, VIEW };

static void *buffer(struct bau_batch *b, size_t bytes)
{
    void *p = bau_arena_buffer(b->arena, bytes);
    cr_assert_not_null(p);
    memset(p, 0, bytes);
    return p;
}

static void fill_rows(struct bau_batch *b)
{
    uint32_t *row_at = buffer(b, (ROWS + 1) * sizeof *row_at);
    struct bau_span *spans = buffer(b, ROWS * sizeof *spans);
    uint8_t *raw = buffer(b, ROWS * 4);
    for (uint32_t r = 0; r < ROWS; r++) {
        row_at[r + 1] = (r + 1) * 4;
        spans[r] = (struct bau_span){ r * 4, r % 7 ? 4 : BAU_SPAN_NULL };
    }
    b->raw = raw;
    b->raw_len = ROWS * 4;
    b->row_at = row_at;
    b->n_rows = ROWS;
    b->format = "test";
    b->columns[VIEW].form = BAU_FORM_VIEW;
    b->columns[VIEW].spans = spans;
}

/* Row r holds "ab" and r; every seventh is null in both; the list of row r has r % 3 elements. */
static void fill_columns(struct bau_batch *b)
{
    uint64_t *valid = buffer(b, 2 * sizeof *valid);
    uint32_t *offsets = buffer(b, (ROWS + 1) * sizeof *offsets),
             *lists = buffer(b, (ROWS + 1) * sizeof *lists), nulls = 0;
    uint8_t *text = buffer(b, ROWS * 2);
    int32_t *numbers = buffer(b, ROWS * sizeof *numbers);
    for (uint32_t r = 0; r < ROWS; r++) {
        const bool present = r % 7 != 0;
        nulls += !present;
        valid[r / 64] |= (uint64_t)present << (r % 64);
        offsets[r + 1] = offsets[r] + (present ? 2 : 0);
        memcpy(text + offsets[r], "ab", present ? 2 : 0);
        numbers[r] = present ? (int32_t)r : 0;
        lists[r + 1] = lists[r] + r % 3;
    }
    struct bau_column *c = b->columns;
    c[TEXT] = (struct bau_column){ &fields[TEXT], BAU_FORM_TYPED, BAU_TEXT, ROWS, nulls,
                                   valid,         offsets,        text,     NULL, NULL };
    c[NUMBER] = (struct bau_column){ &fields[NUMBER], BAU_FORM_TYPED, BAU_I32, ROWS, nulls,
                                     valid,           NULL,           numbers, NULL, NULL };
    c[LIST] = (struct bau_column){ .field = &fields[LIST],
                                   .form = BAU_FORM_TYPED,
                                   .type = BAU_I64,
                                   .n_values = lists[ROWS],
                                   .data = buffer(b, lists[ROWS] * 8),
                                   .list_offsets = lists };
}

static void make(struct bau_batch *b)
{
    struct bau_error err;
    cr_assert_eq(bau_batch_init(b, &err), BAU_OK);
    cr_assert_eq(bau_batch_reset(b, &dataset, &err), BAU_OK);
    fill_rows(b);
    fill_columns(b);
}

Test(batch, a_good_one_passes_every_level)
{
    struct bau_batch b;
    struct bau_error err;
    make(&b);
    for (int level = BAU_VALIDATE_SHAPE; level <= BAU_VALIDATE_CONTENTS; level++)
        cr_expect_eq(bau_batch_validate(&b, (bau_validate_level)level, &err), BAU_OK, "level %d: %s", level,
                     err.text);
    cr_assert_eq(bau_batch_reset(&b, &dataset, &err), BAU_OK);
    cr_assert(b.n_rows == 0 && b.columns[TEXT].form == BAU_FORM_FRAME &&
              b.columns[TEXT].field == &fields[TEXT]);
    cr_assert_eq(bau_batch_validate(&b, BAU_VALIDATE_CONTENTS, &err), BAU_OK,
                 "an empty one is the end of a part");
    bau_batch_release(&b);
    bau_batch_release(&b); /* takes a zeroed one */
    bau_batch_release(NULL);
}

/* Row `row` of `whole` is row `at` of `b`. */
static void same_row(const struct bau_batch *b, uint32_t at, const struct bau_batch *whole, uint32_t row)
{
    const uint32_t len = whole->row_at[row + 1] - whole->row_at[row];
    cr_assert_eq(b->row_at[at + 1] - b->row_at[at], len);
    cr_assert_eq(memcmp(b->raw + b->row_at[at], whole->raw + whole->row_at[row], len), 0);
    const struct bau_span is = b->columns[VIEW].spans[at], was = whole->columns[VIEW].spans[row];
    cr_assert_eq(is.at - b->row_at[at], was.at - whole->row_at[row]);
    cr_assert_eq(is.len, was.len);
    for (int c = TEXT; c <= NUMBER; c++) {
        const struct bau_slice x = bau_column_value(&b->columns[c], at),
                               y = bau_column_value(&whole->columns[c], row);
        cr_assert_eq(bau_column_present(&b->columns[c], at), bau_column_present(&whole->columns[c], row));
        cr_assert(x.len == y.len && memcmp(x.data, y.data, x.len) == 0);
    }
    const uint32_t *is_list = b->columns[LIST].list_offsets, *was_list = whole->columns[LIST].list_offsets;
    cr_assert_eq(is_list[at + 1] - is_list[at], was_list[row + 1] - was_list[row]);
    for (uint32_t i = 0; i < is_list[at + 1] - is_list[at]; i++)
        cr_assert_eq(((int64_t *)b->columns[LIST].data)[is_list[at] + i],
                     ((int64_t *)whole->columns[LIST].data)[was_list[row] + i]);
}

Test(batch, rows_are_taken_out)
{
    static const uint64_t masks[][2] = {
        { 0, 0 },       { ~UINT64_C(0), ~UINT64_C(0) },       { 1, 0 },
        { 0, 1u << 5 }, { UINT64_C(0x5555555555555555), 21 }, { UINT64_C(0xF00F0FF0), 63 }
    };
    for (size_t m = 0; m < BAU_COUNT(masks); m++) {
        struct bau_batch b, whole;
        struct bau_error err;
        make(&b);
        make(&whole);
        for (uint32_t i = 0; i < whole.raw_len; i++)
            ((uint8_t *)(uintptr_t)b.raw)[i] = ((uint8_t *)(uintptr_t)whole.raw)[i] = (uint8_t)(i * 7);
        for (uint32_t i = 0; i < whole.columns[LIST].n_values; i++)
            ((int64_t *)b.columns[LIST].data)[i] = ((int64_t *)whole.columns[LIST].data)[i] = i * 11;
        cr_assert_eq(bau_batch_filter(&b, masks[m], &err), BAU_OK, "%s", err.text);
        cr_assert_eq(bau_batch_validate(&b, BAU_VALIDATE_CONTENTS, &err), BAU_OK, "mask %zu: %s", m,
                     err.text);
        uint32_t at = 0;
        for (uint32_t row = 0; row < ROWS; row++)
            if ((masks[m][row / 64] >> (row % 64)) & 1u)
                same_row(&b, at++, &whole, row);
        cr_assert_eq(b.n_rows, at);
        bau_batch_release(&b);
        bau_batch_release(&whole);
    }
}

/* One thing broken at a time, and the level that sees it. */
static void many_nulls(struct bau_batch *b)
{
    b->columns[TEXT].n_nulls = ROWS + 1;
}
static void no_bits(struct bau_batch *b)
{
    b->columns[TEXT].valid = NULL;
}
static void too_few(struct bau_batch *b)
{
    b->columns[NUMBER].n_values = ROWS - 1;
}
static void no_data(struct bau_batch *b)
{
    b->columns[NUMBER].data = NULL;
}
static void crooked(struct bau_batch *b)
{
    b->columns[NUMBER].data = (uint8_t *)b->columns[NUMBER].data + 4;
}
static void no_offsets(struct bau_batch *b)
{
    b->columns[TEXT].offsets = NULL;
}
static void late_start(struct bau_batch *b)
{
    b->columns[TEXT].offsets[0] = 1;
}
static void list_short(struct bau_batch *b)
{
    b->columns[LIST].list_offsets[ROWS] -= 1;
}
static void falling(struct bau_batch *b)
{
    b->columns[TEXT].offsets[9] = 0;
}
static void far_away(struct bau_batch *b)
{
    b->columns[TEXT].offsets[ROWS] = (uint32_t)INT32_MAX + 1;
}
static void list_falls(struct bau_batch *b)
{
    b->columns[LIST].list_offsets[5] = 0;
}
static void loud_null(struct bau_batch *b)
{
    ((int32_t *)b->columns[NUMBER].data)[7] = 1;
}
static void long_null(struct bau_batch *b)
{
    b->columns[TEXT].valid[0] &= ~UINT64_C(2);
}
static void miscounted(struct bau_batch *b)
{
    b->columns[NUMBER].n_nulls -= 1;
}
static void bits_behind(struct bau_batch *b)
{
    b->columns[NUMBER].valid[1] |= UINT64_C(1) << 63;
}
static void no_raw(struct bau_batch *b)
{
    b->raw = NULL;
}
static void no_dataset(struct bau_batch *b)
{
    b->dataset = NULL;
}
static void columns_off(struct bau_batch *b)
{
    b->n_columns -= 1;
}
static void row_outside(struct bau_batch *b)
{
    b->raw_len -= 1;
}

static uint32_t *spoil_row(struct bau_batch *b)
{
    uint32_t *row_at = bau_arena_buffer(b->arena, (ROWS + 1) * sizeof *row_at);
    cr_assert_not_null(row_at);
    memcpy(row_at, b->row_at, (ROWS + 1) * sizeof *row_at);
    b->row_at = row_at;
    return row_at;
}
static void rows_fall(struct bau_batch *b)
{
    spoil_row(b)[3] = 1;
}

static void span_outside(struct bau_batch *b)
{
    struct bau_span *spans = bau_arena_buffer(b->arena, ROWS * sizeof *spans);
    cr_assert_not_null(spans);
    memcpy(spans, b->columns[VIEW].spans, ROWS * sizeof *spans);
    spans[ROWS - 1] = (struct bau_span){ (ROWS - 1) * 4, 5 };
    b->columns[VIEW].spans = spans;
}

Test(batch, each_broken_invariant_is_named)
{
    static const struct {
        void (*spoil)(struct bau_batch *);
        bau_validate_level level;
        const char *rule;
    } cases[] = {
        { many_nulls, BAU_VALIDATE_SHAPE, "B3" },     { no_bits, BAU_VALIDATE_SHAPE, "B3" },
        { too_few, BAU_VALIDATE_SHAPE, "B4" },        { no_data, BAU_VALIDATE_SHAPE, "B2" },
        { crooked, BAU_VALIDATE_SHAPE, "B2" },        { no_offsets, BAU_VALIDATE_SHAPE, "B1" },
        { late_start, BAU_VALIDATE_SHAPE, "B1" },     { list_short, BAU_VALIDATE_SHAPE, "B4" },
        { falling, BAU_VALIDATE_OFFSETS, "B1" },      { far_away, BAU_VALIDATE_OFFSETS, "B1" },
        { list_falls, BAU_VALIDATE_OFFSETS, "B1" },   { loud_null, BAU_VALIDATE_CONTENTS, "B3" },
        { long_null, BAU_VALIDATE_CONTENTS, "B3" },   { miscounted, BAU_VALIDATE_CONTENTS, "B3" },
        { bits_behind, BAU_VALIDATE_CONTENTS, "B1" }, { no_raw, BAU_VALIDATE_SHAPE, "B6" },
        { no_dataset, BAU_VALIDATE_SHAPE, "B6" },     { columns_off, BAU_VALIDATE_SHAPE, "B6" },
        { row_outside, BAU_VALIDATE_OFFSETS, "B5" },  { rows_fall, BAU_VALIDATE_OFFSETS, "B5" },
        { span_outside, BAU_VALIDATE_OFFSETS, "B5" },
    };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        struct bau_batch b;
        struct bau_error err = { 0 };
        make(&b);
        cases[i].spoil(&b);
        for (int level = BAU_VALIDATE_SHAPE; level < (int)cases[i].level; level++)
            cr_expect_eq(bau_batch_validate(&b, (bau_validate_level)level, &err), BAU_OK, "case %zu: %s", i,
                         err.text);
        cr_expect_eq(bau_batch_validate(&b, cases[i].level, &err), BAU_E_BUG, "case %zu", i);
        cr_expect(strstr(err.text, cases[i].rule), "case %zu: want %s in: %s", i, cases[i].rule, err.text);
        bau_batch_release(&b);
    }
}

Test(batch, columns_made_from_others_share_their_shape)
{
    struct bau_batch b;
    struct bau_error err;
    struct bau_column out;
    make(&b);
    const struct bau_column *in = &b.columns[TEXT];
    cr_assert_eq(bau_column_like(&out, in, b.arena, &err), BAU_OK);
    cr_assert(out.offsets == in->offsets && out.valid == in->valid && out.n_nulls == in->n_nulls &&
              out.data != in->data);
    cr_assert_eq((uintptr_t)out.data % BAU_ALIGN, 0);

    cr_assert_eq(bau_column_make(&out, in, BAU_I16, 0, b.arena, &err), BAU_OK);
    cr_assert(out.type == BAU_I16 && !out.offsets && out.valid == in->valid);
    cr_assert_eq(bau_column_make(&out, in, BAU_TEXT, 10, b.arena, &err), BAU_OK);
    cr_assert(out.offsets != in->offsets && out.offsets[0] == 0);
    cr_assert_eq(bau_column_make(&out, in, BAU_TEXT, (size_t)INT32_MAX + 1, b.arena, &err), BAU_E_LIMIT);

    for (int c = TEXT; c <= LIST; c++) {
        struct bau_column nulls;
        cr_assert_eq(bau_column_nulls(&nulls, &b.columns[c], b.arena, &err), BAU_OK);
        cr_expect_eq(nulls.n_nulls, nulls.n_values);
        cr_expect_eq(bau_column_validate(&nulls, ROWS, BAU_VALIDATE_CONTENTS, &err), BAU_OK, "%s", err.text);
    }
    struct bau_column none = *in;
    none.n_values = none.n_nulls = 0;
    cr_assert_eq(bau_column_nulls(&out, &none, b.arena, &err), BAU_OK);
    cr_assert(out.n_nulls == 0 && !out.valid);
    bau_batch_release(&b);
}

static int given_back;
static void give_back(void *block)
{
    (void)block;
    given_back++;
}

Test(batch, a_foreign_block_goes_back_once)
{
    struct bau_batch b;
    struct bau_error err;
    int block = 0;
    make(&b);
    b.adopted = &block;
    b.adopted_free = give_back;
    cr_assert_eq(bau_batch_reset(&b, &dataset, &err), BAU_OK);
    cr_assert_eq(given_back, 1);
    b.adopted = &block;
    b.adopted_free = give_back;
    bau_batch_release(&b);
    cr_assert_eq(given_back, 2);
}
