/* Days, civil dates and their ISO 8601 spelling, for maskers of dates. Proleptic Gregorian calendar, years 1 to 9999; what
 * is read is what `constant` takes: 2024-02-29, 13:45[:00[.5]], 2024-02-29[T ]13:45:00 with Z or +01:00, infinity. */
#ifndef BAU_MASKERS_CALENDAR_H
#define BAU_MASKERS_CALENDAR_H

#include <stddef.h>

#include "bauta/type.h"

#define BAU_FIRST_DAY INT64_C(-719162) /* 0001-01-01 */
#define BAU_LAST_DAY INT64_C(2932896)  /* 9999-12-31 */
#define BAU_DAY_US INT64_C(86400000000)

struct bau_civil {
    int32_t year;
    uint32_t month, day; /* from 1 */
};

/* Days since 1970-01-01; year from 0. */
int64_t bau_days_of(int64_t year, int64_t month, int64_t day);
/* `days` within BAU_FIRST_DAY..BAU_LAST_DAY. */
struct bau_civil bau_civil_of(int64_t days);
/* The day of a number of microseconds since 1970, rounded down. */
static inline int64_t bau_day_of_us(int64_t us)
{
    return us / BAU_DAY_US - (us % BAU_DAY_US < 0);
}

/* Text that is being read. Each function moves `at` past what it took; after a false its place is undefined. */
struct bau_scan {
    const char *at, *end;
};
bool bau_scan_char(struct bau_scan *s, char c);
bool bau_scan_date(struct bau_scan *s, int64_t *out_days);
bool bau_scan_time(struct bau_scan *s, int64_t *out_us); /* digits past the sixth of a second count nothing */
/* Z, +hh, +hh:mm, -hh:mm or nothing at the end: takes the distance from UTC off `us`. */
bool bau_scan_zone(struct bau_scan *s, int64_t *us);

/* A whole text as a BAU_DATE (days), BAU_TIMESTAMP or BAU_TIMESTAMPTZ (microseconds); infinities as the type has them. */
bool bau_read_instant(const char *text, size_t len, bau_type type, int64_t *out);

#endif
