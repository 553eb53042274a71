/* The civil calendar by eras of 400 years that begin in March, so that the leap day comes last. */
#include "maskers/calendar.h"

#include <string.h>

int64_t bau_days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    const int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct bau_civil bau_civil_of(int64_t days)
{
    const uint32_t z = (uint32_t)(days + 719468); /* from 0000-03-01: positive for every year from 1 on */
    const uint32_t era = z / 146097, of_era = z % 146097;
    const uint32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
    const uint32_t mp = (5 * of_year + 2) / 153;
    const uint32_t month = mp < 10 ? mp + 3 : mp - 9;
    return (struct bau_civil){ .year = (int32_t)(year + era * 400 + (month <= 2)),
                               .month = month,
                               .day = of_year - (153 * mp + 2) / 5 + 1 };
}

/* `n` digits as a number, or -1. */
static int32_t scan_digits(struct bau_scan *s, unsigned n)
{
    int32_t v = 0;
    for (unsigned i = 0; i < n; i++, s->at++) {
        if (s->at == s->end || *s->at < '0' || *s->at > '9')
            return -1;
        v = v * 10 + (*s->at - '0');
    }
    return v;
}

bool bau_scan_char(struct bau_scan *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

bool bau_scan_date(struct bau_scan *s, int64_t *out_days)
{
    static const uint8_t length[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const int32_t year = scan_digits(s, 4);
    if (year < 1 || !bau_scan_char(s, '-'))
        return false;
    const int32_t month = scan_digits(s, 2);
    if (month < 1 || month > 12 || !bau_scan_char(s, '-'))
        return false;
    const int32_t day = scan_digits(s, 2);
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day < 1 || day > length[month - 1] || (month == 2 && day == 29 && !leap))
        return false;
    *out_days = bau_days_of(year, month, day);
    return true;
}

static bool at_digit(const struct bau_scan *s)
{
    return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

bool bau_scan_time(struct bau_scan *s, int64_t *out_us)
{
    const int32_t hour = scan_digits(s, 2);
    if (hour < 0 || hour > 23 || !bau_scan_char(s, ':'))
        return false;
    const int32_t minute = scan_digits(s, 2);
    if (minute < 0 || minute > 59)
        return false;
    int64_t us = (hour * 60 + minute) * INT64_C(60000000);
    if (bau_scan_char(s, ':')) {
        const int32_t second = scan_digits(s, 2);
        if (second < 0 || second > 59)
            return false;
        us += second * INT64_C(1000000);
        if (bau_scan_char(s, '.')) {
            int64_t unit = 100000;
            if (!at_digit(s))
                return false;
            for (; at_digit(s); s->at++, unit /= 10)
                us += (*s->at - '0') * unit;
        }
    }
    *out_us = us;
    return true;
}

bool bau_scan_zone(struct bau_scan *s, int64_t *us)
{
    if (s->at == s->end || bau_scan_char(s, 'Z'))
        return true;
    const int64_t sign = *s->at == '-' ? 1 : -1; /* east of Greenwich is earlier in UTC */
    if (!bau_scan_char(s, '-') && !bau_scan_char(s, '+'))
        return false;
    const int32_t hour = scan_digits(s, 2);
    const int32_t minute = bau_scan_char(s, ':') ? scan_digits(s, 2) : 0;
    if (hour < 0 || hour > 15 || minute < 0 || minute > 59)
        return false;
    *us += sign * (hour * 60 + minute) * INT64_C(60000000);
    return true;
}

static bool is_word(const char *text, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(text, word, len) == 0;
}

bool bau_read_instant(const char *text, size_t len, bau_type type, int64_t *out)
{
    const bool past = is_word(text, len, "-infinity");
    if (past || is_word(text, len, "infinity")) {
        if (type == BAU_DATE)
            *out = past ? INT32_MIN : INT32_MAX;
        else
            *out = past ? INT64_MIN : INT64_MAX;
        return true;
    }
    struct bau_scan s = { text, text + len };
    int64_t days, us = 0;
    if (!bau_scan_date(&s, &days))
        return false;
    if (type != BAU_DATE) {
        if ((bau_scan_char(&s, ' ') || bau_scan_char(&s, 'T')) && !bau_scan_time(&s, &us))
            return false;
        us += days * BAU_DAY_US;
        if (type == BAU_TIMESTAMPTZ && !bau_scan_zone(&s, &us))
            return false;
    }
    *out = type == BAU_DATE ? days : us;
    return s.at == s.end;
}
