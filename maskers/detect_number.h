/* Groups of digits as people write numbers: for the detectors of numbers. */
#ifndef BAU_MASKERS_DETECT_NUMBER_H
#define BAU_MASKERS_DETECT_NUMBER_H

#include "maskers/detect.h"

enum { BAU_GROUPS = 12, BAU_GROUP_DIGITS = 34 };

struct bau_groups {
    uint32_t n, n_digits;
    bool plus;
    uint8_t size[BAU_GROUPS];        /* digits */
    uint8_t sep[BAU_GROUPS];         /* the character before it; 0: none; 'x': more than one */
    bool paren[BAU_GROUPS];          /* stands in parentheses */
    size_t end[BAU_GROUPS];          /* in the text, past the group and its parenthesis */
    uint8_t digit[BAU_GROUP_DIGITS]; /* values 0..9 of all groups */
};

/* The groups from text[at] on: a blank, hyphen, point or slash between them, a plus before them. False: none, or too many
 * digits in a row. */
bool bau_groups_read(const uint8_t *text, size_t len, size_t at, struct bau_groups *out) BAU_MUST_CHECK;

/* The sum of digits times weights. */
static inline uint32_t bau_weighted(const uint8_t *digit, const uint8_t *weight, size_t n)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (uint32_t)digit[i] * weight[i];
    return sum;
}

/* ISO/IEC 7812-1 annex B. */
static inline bool bau_luhn(const uint8_t *digit, size_t n)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t d = digit[n - 1 - i], twice = 2 * d;
        sum += i % 2 ? (twice > 9 ? twice - 9 : twice) : d;
    }
    return sum % 10 == 0;
}

#endif
