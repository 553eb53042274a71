/* Dates and times as text ↔ numbers, in the proleptic Gregorian calendar, as DateStyle ISO and TimeZone UTC spell them:
 * "2024-02-29", "2024-02-29 23:59:59.5", "…+00", "… BC", "infinity". Year 0 is 1 BC. */
#include <stdio.h>

#include "codec.h"

#define DAY_US INT64_C(86400000000)

/* Days since 1970-01-01. Years are counted from March so that leap days come last; 400 years are 146097 days. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    const int64_t era = (year >= 0 ? year : year - 399) / 400;
    const int64_t of_era = year - era * 400;
    const int64_t of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + (int64_t)day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil_of(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const int64_t of_era = days - era * 146097;
    const int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    const int64_t m = (5 * of_year + 2) / 153;
    *day = (unsigned)(of_year - (153 * m + 2) / 5 + 1);
    *month = (unsigned)(m < 10 ? m + 3 : m - 9);
    *year = years + era * 400 + (*month <= 2);
}

struct cursor {
    const uint8_t *p, *end;
};

static bool take(struct cursor *c, const char *word)
{
    const size_t n = strlen(word);
    if ((size_t)(c->end - c->p) < n || memcmp(c->p, word, n) != 0)
        return false;
    c->p += n;
    return true;
}

static bool number(struct cursor *c, size_t least, size_t most, int64_t *out)
{
    size_t n = 0;
    int64_t v = 0;
    for (; n < most && c->p < c->end && *c->p >= '0' && *c->p <= '9'; n++)
        v = v * 10 + (*c->p++ - '0');
    *out = v;
    return n >= least;
}

static bool clock_part(struct cursor *c, int64_t *out_us)
{
    int64_t h, m, s, us = 0;
    if (!number(c, 2, 2, &h) || !take(c, ":") || !number(c, 2, 2, &m) || !take(c, ":") ||
        !number(c, 2, 2, &s))
        return false;
    if (take(c, ".")) {
        int64_t scale = 100000;
        if (c->p == c->end || *c->p < '0' || *c->p > '9')
            return false;
        for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; scale /= 10)
            us += (*c->p++ - '0') * scale;
    }
    *out_us = ((h * 60 + m) * 60 + s) * 1000000 + us;
    return h <= 24 && m < 60 && s <= 60;
}

bool pg_instant_parse(bau_type type, const uint8_t *p, size_t len, int64_t *out)
{
    struct cursor c = { p, p + len };
    if (type == BAU_TIME)
        return clock_part(&c, out) && c.p == c.end;
    const bool date = type == BAU_DATE;
    const bool minus = take(&c, "-infinity");
    if (minus || take(&c, "infinity")) {
        *out = minus ? (date ? INT32_MIN : INT64_MIN) : (date ? INT32_MAX : INT64_MAX);
        return c.p == c.end;
    }
    int64_t year, month, day, us = 0;
    if (!number(&c, 4, 9, &year) || !take(&c, "-") || !number(&c, 2, 2, &month) || !take(&c, "-") ||
        !number(&c, 2, 2, &day) || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    if (!date && (!take(&c, " ") || !clock_part(&c, &us)))
        return false;
    if (type == BAU_TIMESTAMPTZ && !take(&c, "+00"))
        return false;
    if (take(&c, " BC"))
        year = 1 - year;
    const int64_t days = days_of(year, (unsigned)month, (unsigned)day);
    if (date) {
        *out = days;
        return c.p == c.end && days > INT32_MIN && days < INT32_MAX;
    }
    if (days > INT64_MAX / DAY_US - 1 || days < INT64_MIN / DAY_US + 1)
        return false;
    *out = days * DAY_US + us;
    return c.p == c.end;
}

static size_t format_clock(int64_t us, char *out, size_t room)
{
    const int64_t s = us / 1000000, rest = us % 1000000;
    int n = snprintf(out, room, "%02d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
    if (rest) {
        n += snprintf(out + n, room - (size_t)n, ".%06d", (int)rest);
        while (out[n - 1] == '0')
            out[--n] = '\0';
    }
    return (size_t)n;
}

size_t pg_instant_format(bau_type type, int64_t value, char out[64])
{
    const bool date = type == BAU_DATE;
    if (type == BAU_TIME)
        return format_clock(value, out, 64);
    if (value == (date ? INT32_MAX : INT64_MAX))
        return (size_t)snprintf(out, 64, "infinity");
    if (value == (date ? INT32_MIN : INT64_MIN))
        return (size_t)snprintf(out, 64, "-infinity");
    int64_t days = value, us = 0, year;
    if (!date) {
        days = value / DAY_US - (value % DAY_US < 0);
        us = value - days * DAY_US;
    }
    unsigned month, day;
    civil_of(days, &year, &month, &day);
    const bool bc = year <= 0;
    size_t n = (size_t)snprintf(out, 64, "%04" PRId64 "-%02u-%02u", bc ? 1 - year : year, month, day);
    if (!date) {
        out[n++] = ' ';
        n += format_clock(us, out + n, 64 - n);
    }
    n += (size_t)snprintf(out + n, 64 - n, "%s%s", type == BAU_TIMESTAMPTZ ? "+00" : "", bc ? " BC" : "");
    return n;
}
