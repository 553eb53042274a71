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
};

Test(dates, bind_refuses)
{
    for (size_t i = 0; i < BAU_COUNT(refused); i++)
        refusal_check(&refused[i], i);
}
