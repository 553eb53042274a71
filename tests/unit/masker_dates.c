/* Maskers of dates against vectors that Python's datetime made and against slow loops over the calendar. */
#include <criterion/criterion.h>
#include <time.h>

#include "maskers/calendar.h"
#include "tests/support/masker.h"
#include "tests/support/single.h"

/* Every day of ten thousand years against counting. */
Test(dates, calendar_counts_days)
{
    static const uint32_t length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int64_t day = BAU_FIRST_DAY;
    for (int32_t y = 1; y <= 9999; y++)
        for (uint32_t m = 1; m <= 12; m++) {
            const bool leap = m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
            for (uint32_t d = 1; d <= length[m - 1] + leap; d++, day++) {
                const struct bau_civil at = bau_civil_of(day);
                cr_assert(at.year == y && at.month == m && at.day == d, "day %" PRId64, day);
                cr_assert_eq(bau_days_of(y, m, d), day);
            }
        }
    cr_assert_eq(day, BAU_LAST_DAY + 1);
}

/* Python: datetime.date(...).replace / isocalendar, datetime(...).replace; text cut on its own clock. */
static const struct single cut[] = {
#include "tests/support/samples/date_vectors.h"
    { "date_truncate", "unit=month", BAU_DATE, "infinity", "infinity" },
    { "date_truncate", "unit=month", BAU_DATE, "-infinity", "-infinity" },
    { "date_truncate", "unit=year", BAU_TIMESTAMPTZ, "infinity", "infinity" },
    { "date_truncate", "unit=month", BAU_TEXT, "infinity", "infinity" },
    { "date_truncate", "unit=month", BAU_TEXT, "-infinity", "-infinity" },
    { "date_truncate", "unit=month", BAU_TEXT, "1987-04-12", "1987-04-01" },
    { "date_truncate", "unit=month", BAU_TEXT, "1987-04-12 17:05:09.25+02", "1987-04-01 00:00:00.00+02" },
    { "date_truncate", "unit=hour", BAU_TEXT, "1987-04-12T17:05:09Z", "1987-04-12T17:00:00Z" },
    { "date_truncate", "unit=minute", BAU_TEXT, "1987-04-12T17:05:09.1-03:30",
      "1987-04-12T17:05:00.0-03:30" },
    { "date_truncate", "unit=minute", BAU_TEXT, "1987-04-12T17:05", "1987-04-12T17:05" },
    { "date_truncate", "unit=week", BAU_TEXT, "2020-03-01T00:00", "2020-02-24T00:00" },
    { "date_truncate", "unit=year", BAU_TEXT, "1987-02-29", NULL },
    { "date_truncate", "unit=year", BAU_TEXT, "1987-4-12", NULL },
    { "date_truncate", "unit=year", BAU_TEXT, "12.04.1987", NULL },
    { "date_truncate", "unit=year", BAU_TEXT, "1987-04-12 ", NULL },
    { "date_truncate", "unit=year", BAU_TEXT, "1987-04-12T25:00", NULL },
    { "date_truncate", "unit=year", BAU_TEXT, "1987-04-12T05:00+2", NULL },
    { "date_truncate", "unit=year", BAU_TEXT, "inf", NULL },
    { "date_truncate", "unit=year", BAU_DATE, "#2932897", NULL },
    { "date_truncate", "unit=year", BAU_DATE, "#-719163", NULL },
    { "date_truncate", "unit=year", BAU_TIMESTAMP, "#253402300800000000", NULL },
};

Test(dates, truncate)
{
    for (size_t i = 0; i < BAU_COUNT(cut); i++)
        single_check(&cut[i], i);
}

/* HIPAA: 89 stays, 90 and above are one category. */
static const struct single ages[] = {
    { "age_topcode", "", BAU_I16, "88", "88" },
    { "age_topcode", "", BAU_I16, "89", "89" },
    { "age_topcode", "", BAU_I16, "90", "90" },
    { "age_topcode", "", BAU_I16, "91", "90" },
    { "age_topcode", "", BAU_I32, "117", "90" },
    { "age_topcode", "", BAU_I64, "5000000000", "90" },
    { "age_topcode", "", BAU_I32, "-3", "-3" },
    { "age_topcode", "over=79", BAU_I32, "80", "80" },
    { "age_topcode", "over=79", BAU_I32, "89", "80" },
    { "age_topcode", "", BAU_NUMERIC, "89.99", "89.99" },
    { "age_topcode", "", BAU_NUMERIC, "90.5", "90" },
    { "age_topcode", "", BAU_NUMERIC, "-95", "-95" },
    { "age_topcode", "", BAU_NUMERIC, "99999999999999999999999", "90" },
    { "age_topcode", "", BAU_NUMERIC, "NaN", NULL },
    { "age_topcode", "", BAU_TEXT, "0101", "90" },
    { "age_topcode", "", BAU_TEXT, "42", "42" },
    { "age_topcode", "", BAU_TEXT, "ninety", NULL },
    { "age_topcode", "", BAU_TEXT, "90.", NULL },
    { "age_topcode", "", BAU_TEXT, ".5", NULL },
    { "age_topcode", "", BAU_TEXT, "", NULL },
    { "age_topcode", "as_of=2026-06-15", BAU_DATE, "1936-06-15", "1936-01-01" }, /* 90 that day */
    { "age_topcode", "as_of=2026-06-15", BAU_DATE, "1936-06-16", "1936-06-16" }, /* 89 */
    { "age_topcode", "as_of=2026-06-15", BAU_DATE, "1850-12-31", "1936-01-01" },
    { "age_topcode", "as_of=2026-06-15", BAU_DATE, "2001-12-31", "2001-12-31" },
    { "age_topcode", "as_of=2026-06-15", BAU_DATE, "infinity", "infinity" },
    { "age_topcode", "as_of=2026-06-15", BAU_DATE, "-infinity", "-infinity" },
    { "age_topcode", "as_of=2026-02-28", BAU_DATE, "1936-02-29", "1936-02-29" }, /* 90 on 1 March */
    { "age_topcode", "as_of=2026-03-01", BAU_DATE, "1936-02-29", "1936-01-01" },
    { "age_topcode", "as_of=2028-02-29", BAU_DATE, "1938-02-28", "1938-01-01" },
    { "age_topcode", "as_of=2028-02-29", BAU_DATE, "1938-03-01", "1938-03-01" },
};

Test(dates, age_topcode)
{
    for (size_t i = 0; i < BAU_COUNT(ages); i++)
        single_check(&ages[i], i);
}

static const struct bau_field digit = {
    .name = "a", .native = "numeric(3,2)", .type = BAU_NUMERIC, .max_digits = 3, .scale = 2
};
static const struct refusal refused[] = {
    { "date_truncate", "unit=hour", BAU_DATE, NULL, 0 },
    { "date_truncate", "unit=day", BAU_DATE, NULL, 0 },
    { "age_topcode", "", BAU_DATE, NULL, 0 },
    { "age_topcode", "as_of=2026-02-29", BAU_DATE, NULL, 0 },
    { "age_topcode", "as_of=2026-02-01x", BAU_DATE, NULL, 0 },
    { "age_topcode", "as_of=0060-01-01", BAU_DATE, NULL, 0 },
    { "age_topcode", "", BAU_NUMERIC, &digit, 0 },
    { "date_shift", "by=id grain=hour", BAU_DATE, NULL, 0 },
    { "date_shift", "by=id days=6 keep_weekday=true", BAU_DATE, NULL, 0 },
    { "date_shift", "by=id keep_weekday=true grain=hour", BAU_TIMESTAMP, NULL, 0 },
    { "date_shift", "by=id not_before=soon", BAU_DATE, NULL, 0 },
    { "date_shift", "by=id not_after=infinity", BAU_TIMESTAMP, NULL, 0 },
    { "date_shift", "by=id days=30 not_before=2020-01-01 not_after=2020-02-20", BAU_DATE, NULL, 0 },
};

Test(dates, bind_refuses)
{
    for (size_t i = 0; i < BAU_COUNT(refused); i++)
        refusal_check(&refused[i], i);
}

/* ---- date_shift and date_interval over many rows of nine owners ---- */

enum { ROWS = 2700 };

static struct bau_column rows_of(bau_type type, int64_t first, int64_t step, struct bau_arena *arena)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = type, .n_values = ROWS };
    struct bau_column c;
    struct bau_error err;
    cr_assert_eq(bau_column_make(&c, &shape, type, 0, arena, &err), BAU_OK);
    for (int64_t i = 0; i < ROWS; i++)
        if (type == BAU_DATE)
            ((int32_t *)c.data)[i] = (int32_t)(first + i * step);
        else
            ((int64_t *)c.data)[i] = first + i * step;
    return c;
}

static int64_t at(const struct bau_column *c, uint32_t i)
{
    return c->type == BAU_DATE ? ((const int32_t *)c->data)[i] : ((const int64_t *)c->data)[i];
}

static const struct {
    bau_type type;
    const char *options;
    int64_t most, step; /* largest shift and its grain in the type's unit */
} shifts[] = {
    { BAU_DATE, "days=3 by=id", 3, 1 },
    { BAU_DATE, "days=60 by=id keep_weekday=true", 56, 7 },
    { BAU_TIMESTAMP, "days=2 by=id grain=hour", 2 * BAU_DAY_US, INT64_C(3600000000) },
    { BAU_TIMESTAMPTZ, "days=1 by=id grain=minute", BAU_DAY_US, INT64_C(60000000) },
    { BAU_TIMESTAMP, "days=1 by=id grain=second", BAU_DAY_US, INT64_C(1000000) },
    { BAU_TIMESTAMP, "days=14 by=id keep_weekday=true", 14 * BAU_DAY_US, 7 * BAU_DAY_US },
};

Test(dates, shift_is_one_step_count_an_owner)
{
    for (size_t k = 0; k < BAU_COUNT(shifts); k++) {
        struct bau_arena *arena = bau_arena_new(1 << 16, 0);
        struct bound b = bind_with(bau_masker_find("date_shift"), shifts[k].type, shifts[k].options, NULL, 0);
        cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
        const struct bau_column in = rows_of(shifts[k].type, 5, 1, arena), out = run_fine(&b, &in, 0, arena);
        int64_t seen[9] = { 0 };
        for (uint32_t i = 0; i < ROWS; i++) {
            const int64_t d = at(&out, i) - at(&in, i);
            cr_assert(d != 0 && d % shifts[k].step == 0 && d >= -shifts[k].most && d <= shifts[k].most);
            cr_assert(seen[i % 9] == 0 || seen[i % 9] == d, "one shift an owner");
            seen[i % 9] = d;
        }
        release(&b);
        bau_arena_free(arena);
    }
}

Test(dates, shift_stays_in_bounds)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    /* 1970-01-01 .. 1976-12-31 in, days 0..2556 */
    struct bound b = bind_with(bau_masker_find("date_shift"), BAU_DATE,
                               "days=200 by=id not_before=1970-03-02 not_after=1974-06-30", NULL, 0),
                 plain = bind_with(bau_masker_find("date_shift"), BAU_DATE, "days=200 by=id", NULL, 0),
                 timed = bind_with(bau_masker_find("date_shift"), BAU_TIMESTAMP,
                                   "days=1 by=id not_after=1970-01-02", NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    const struct bau_column in = rows_of(BAU_DATE, 0, 1, arena), out = run_fine(&b, &in, 0, arena),
                            free_out = run_fine(&plain, &in, 0, arena);
    uint32_t mirrored = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        const int64_t v = at(&in, i), to = at(&out, i), shift = at(&free_out, i) - v;
        cr_assert(to >= 60 && to <= 1641 && to != v); /* days of the bounds, by Python */
        if (v < 60 || v > 1641)
            cr_assert_eq(to, v < 60 ? 60 : 1641);
        else if (v + shift >= 60 && v + shift <= 1641)
            cr_assert_eq(to, v + shift);
        else {
            cr_assert_eq(to, v - shift);
            mirrored++;
        }
    }
    cr_assert_gt(mirrored, 50u);
    const struct bau_column ts = rows_of(BAU_TIMESTAMP, 0, INT64_C(60000000), arena),
                            ts_out = run_fine(&timed, &ts, 0, arena);
    for (uint32_t i = 0; i < ROWS; i++)
        cr_assert_leq(at(&ts_out, i), 2 * BAU_DAY_US - 1); /* the whole of 2 January */
    release(&b);
    release(&plain);
    release(&timed);
    bau_arena_free(arena);
}

Test(dates, interval_keeps_order_and_gap_within_jitter)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    for (unsigned k = 0; k < 2; k++) {
        const bau_type type = k ? BAU_TIMESTAMP : BAU_DATE;
        const int64_t unit = k ? BAU_DAY_US : 1;
        struct bound b =
            bind_with(bau_masker_find("date_interval"), type, "anchor=a by=id days=10 jitter=25", NULL, 0);
        const struct bau_column in = rows_of(type, -504 * unit, unit, arena),
                                out = run_fine(&b, &in, 0, arena);
        int64_t shift[9] = { 0 };
        for (uint32_t i = 0; i < ROWS; i++) /* the anchor of row i is day i % 9 */
            if (at(&in, i) == i % 9 * unit)
                shift[i % 9] = at(&out, i) - at(&in, i);
        for (uint32_t i = 0; i < ROWS; i++) {
            const int64_t anchor = i % 9 * unit, gap = at(&in, i) - anchor;
            const int64_t got = at(&out, i) - anchor - shift[i % 9];
            const double ratio = gap ? (double)got / (double)gap : 1;
            cr_assert((gap > 0) - (gap < 0) == (got > 0) - (got < 0), "row %u", i);
            cr_assert(llabs(gap) < 20 * unit || (ratio > 0.7 && ratio <= 1.25), "row %u: %f", i, ratio);
            if (i >= 9)
                cr_assert_geq(at(&out, i), at(&out, i - 9), "order of one owner");
        }
        for (unsigned o = 0; o < 9; o++)
            cr_assert(shift[o] != 0 && llabs(shift[o]) <= 10 * unit && shift[o] % unit == 0);
        release(&b);
    }
    bau_arena_free(arena);
}
