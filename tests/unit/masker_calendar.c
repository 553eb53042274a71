/* Instants as options and anchors spell them; the reference is the C library's timegm. */
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "maskers/calendar.h"

static const struct {
    const char *text;
    int year, month, day, hour, minute, second;
    long us;
} good[] = {
    { "2024-02-29", 2024, 2, 29, 0, 0, 0, 0 },
    { "2024-02-29 23:59:59.123456", 2024, 2, 29, 23, 59, 59, 123456 },
    { "2024-02-29T23:59:59.1234567", 2024, 2, 29, 23, 59, 59, 123456 },
    { "1969-12-31T23:59", 1969, 12, 31, 23, 59, 0, 0 },
    { "1900-03-01 00:00:01.5", 1900, 3, 1, 0, 0, 1, 500000 },
    { "2024-02-29 12:00:00Z", 2024, 2, 29, 12, 0, 0, 0 },
    { "2024-02-29 12:00:00+02", 2024, 2, 29, 10, 0, 0, 0 },
    { "2024-02-29 12:00:00-03:30", 2024, 2, 29, 15, 30, 0, 0 },
    { "2024-02-29 12:00+15:59", 2024, 2, 28, 20, 1, 0, 0 },
};

static const char *const bad[] = {
    "",
    "2023-02-29",
    "2024-13-01",
    "2024-2-1",
    "2024-02-29 ",
    "2024-02-29 24:00",
    "2024-02-29 12",
    "2024-02-29 12:60",
    "2024-02-29 12:00:60",
    "2024-02-29 12:00:00.",
    "2024-02-29 12:00:00.x",
    "2024-02-29 12:00:00 +02",
    "2024-02-29 12:00:00+16",
    "2024-02-29 12:00:00+02:60",
    "2024-02-29 12:00:00*02",
    "2024-02-29 12:00:00+02 ",
    "infinite",
};

Test(calendar, instants)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct tm t = { .tm_year = good[i].year - 1900,
                        .tm_mon = good[i].month - 1,
                        .tm_mday = good[i].day,
                        .tm_hour = good[i].hour,
                        .tm_min = good[i].minute,
                        .tm_sec = good[i].second };
        int64_t got = 0;
        cr_expect(bau_read_instant(good[i].text, strlen(good[i].text), BAU_TIMESTAMPTZ, &got), "%s",
                  good[i].text);
        cr_expect_eq(got, (int64_t)timegm(&t) * 1000000 + good[i].us, "%s", good[i].text);
    }
    int64_t day = 0;
    cr_expect(bau_read_instant("2000-01-01", 10, BAU_DATE, &day));
    cr_expect_eq(day, 946684800 / 86400);
}

Test(calendar, what_is_none)
{
    int64_t got;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(bau_read_instant(bad[i], strlen(bad[i]), BAU_TIMESTAMPTZ, &got), "%s", bad[i]);
    cr_expect_not(bau_read_instant("2024-02-29 12:00Z", 17, BAU_TIMESTAMP, &got), "no zone without one");
    cr_expect_not(bau_read_instant("2024-02-29 12:00", 16, BAU_DATE, &got), "no time of a day");
}

Test(calendar, infinity)
{
    int64_t got;
    cr_expect(bau_read_instant("infinity", 8, BAU_DATE, &got) && got == INT32_MAX);
    cr_expect(bau_read_instant("-infinity", 9, BAU_DATE, &got) && got == INT32_MIN);
    cr_expect(bau_read_instant("infinity", 8, BAU_TIMESTAMP, &got) && got == INT64_MAX);
    cr_expect(bau_read_instant("-infinity", 9, BAU_TIMESTAMPTZ, &got) && got == INT64_MIN);
}
