/* date_interval: an anchor is the same day however its column spells it; without one a date is its own anchor. */
#include <criterion/criterion.h>

#include "maskers/calendar.h"
#include "tests/support/masker.h"

enum { ROWS = 90 };

static struct bau_column column(bau_type type, size_t text_bytes, struct bau_arena *arena)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = type, .n_values = ROWS };
    struct bau_column c;
    struct bau_error err;
    cr_assert_eq(bau_column_make(&c, &shape, type, text_bytes, arena, &err), BAU_OK);
    return c;
}

static void put(struct bau_column *c, uint32_t i, int64_t v)
{
    if (c->type == BAU_DATE)
        ((int32_t *)c->data)[i] = (int32_t)v;
    else
        ((int64_t *)c->data)[i] = v;
}

static int64_t get(const struct bau_column *c, uint32_t i)
{
    return c->type == BAU_DATE ? ((const int32_t *)c->data)[i] : ((const int64_t *)c->data)[i];
}

static int64_t day_of(bau_type type)
{
    return type == BAU_DATE ? 1 : BAU_DAY_US;
}

/* Row i: day 10 + i % 9 of January 1970, as `type` spells it. */
static struct bau_column anchors(bau_type type, struct bau_arena *arena)
{
    struct bau_column c = column(type, type == BAU_TEXT ? ROWS * 10 : 0, arena);
    for (uint32_t i = 0; i < ROWS; i++)
        if (type == BAU_TEXT) {
            char text[16];
            snprintf(text, sizeof text, "1970-01-%02u", 11 + i % 9);
            memcpy((uint8_t *)c.data + i * 10, text, 10);
            c.offsets[i + 1] = (i + 1) * 10;
        } else
            put(&c, i, (10 + i % 9) * day_of(type));
    return c;
}

static bau_status apply(const struct bound *b, const struct bau_column *in, const struct bau_column *anchor,
                        struct bau_arena *arena, struct bau_column *out, struct bau_error *err)
{
    struct row_context room;
    struct bau_mask_ctx ctx = context_of(b, 0, in->n_values, 0, arena, &room);
    room.fields[0] = anchor;
    *out = *in;
    return bau_sub_apply(&b->single->bound.run, &ctx, in, out, err);
}

static struct bau_column days(bau_type type, struct bau_arena *arena)
{
    struct bau_column c = column(type, 0, arena);
    for (uint32_t i = 0; i < ROWS; i++)
        put(&c, i, ((int64_t)i * 37 - 400) * day_of(type));
    return c;
}

Test(date_interval, an_anchor_in_any_spelling)
{
    static const bau_type types[] = { BAU_DATE, BAU_TIMESTAMP, BAU_TIMESTAMPTZ },
                          spelled[] = { BAU_DATE, BAU_TIMESTAMP, BAU_TIMESTAMPTZ, BAU_TEXT };
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    for (size_t t = 0; t < BAU_COUNT(types); t++) {
        struct bound b = bind_with(bau_masker_find("date_interval"), types[t],
                                   "anchor=a by=id days=10 jitter=25", NULL, 0);
        struct bau_column first = { 0 };
        for (size_t s = 0; s < BAU_COUNT(spelled); s++) {
            const struct bau_column in = days(types[t], arena), anchor = anchors(spelled[s], arena);
            struct bau_column out;
            struct bau_error err;
            cr_assert_eq(apply(&b, &in, &anchor, arena, &out, &err), BAU_OK, "%s", err.text);
            if (s == 0)
                first = out;
            for (uint32_t i = 0; i < ROWS; i++)
                cr_assert_eq(get(&out, i), get(&first, i), "type %zu, anchor %zu, row %u", t, s, i);
        }
        release(&b);
    }
    bau_arena_free(arena);
}

/* None, or none that can be read, or none of this calendar: then the date itself moves by its owner's shift alone. */
Test(date_interval, without_an_anchor)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b =
        bind_with(bau_masker_find("date_interval"), BAU_DATE, "anchor=a by=id days=10 jitter=25", NULL, 0);
    const struct bau_column in = days(BAU_DATE, arena);
    struct bau_column words = anchors(BAU_TEXT, arena), never = anchors(BAU_DATE, arena), out[2];
    struct bau_error err;
    for (uint32_t i = 0; i < ROWS; i++) {
        memcpy((uint8_t *)words.data + i * 10, "some day, ", 10);
        put(&never, i, INT32_MAX);
    }
    cr_assert_eq(apply(&b, &in, &words, arena, &out[0], &err), BAU_OK, "%s", err.text);
    cr_assert_eq(apply(&b, &in, &never, arena, &out[1], &err), BAU_OK, "%s", err.text);
    for (uint32_t i = 0; i < ROWS; i++)
        for (unsigned k = 0; k < 2; k++) {
            const int64_t moved = get(&out[k], i) - get(&in, i);
            cr_assert(moved != 0 && moved >= -10 && moved <= 10);
            cr_assert_eq(moved, get(&out[0], i % 9) - get(&in, i % 9), "one shift an owner");
        }
    const struct bau_column number = column(BAU_I32, 0, arena);
    struct bau_column unused;
    cr_expect_eq(apply(&b, &in, &number, arena, &unused, &err), BAU_E_DATA);
    cr_expect_not_null(strstr(err.text, "not a date"));
    release(&b);
    bau_arena_free(arena);
}

Test(date_interval, edges)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b = bind_with(bau_masker_find("date_interval"), BAU_TIMESTAMP,
                               "anchor=a by=id days=10 jitter=25", NULL, 0);
    const struct bau_column anchor = anchors(BAU_TIMESTAMP, arena);
    struct bau_column in = column(BAU_TIMESTAMP, 0, arena), out;
    struct bau_error err;
    for (uint32_t i = 0; i < ROWS; i++)
        put(&in, i,
            i % 3 == 0   ? INT64_MIN
            : i % 3 == 1 ? INT64_MAX
                         : get(&anchor, i) + 1); /* a microsecond behind its anchor */
    cr_assert_eq(apply(&b, &in, &anchor, arena, &out, &err), BAU_OK, "%s", err.text);
    for (uint32_t i = 0; i < ROWS; i++)
        if (i % 3 < 2)
            cr_assert_eq(get(&out, i), get(&in, i), "infinity stays");
        else
            cr_assert_eq((get(&out, i) - get(&anchor, i) - 1) % BAU_DAY_US, 0,
                         "the smallest gap does not vanish");
    for (uint32_t i = 0; i < ROWS; i++)
        put(&in, i, (BAU_LAST_DAY + 1) * BAU_DAY_US - 1);
    cr_expect_eq(apply(&b, &in, &in, arena, &out, &err), BAU_E_DATA);
    cr_expect_not_null(strstr(err.text, "leaves the years"));
    release(&b);
    bau_arena_free(arena);
}
