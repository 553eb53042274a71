/* The usual values of fpe, six to sixteen decimal digits with or without separators, eight digits at a time. */
#ifndef BAU_MASKERS_FPE_DIGITS_H
#define BAU_MASKERS_FPE_DIGITS_H

#include "maskers/common.h"
#include "src/kernel/text.h"

enum { BAU_DIGITS_TEXT = 48, BAU_DIGITS_MOST = 16 }; /* bytes of a text, digits in it */

#define BAU_DIGITS_ZEROS UINT64_C(0x3030303030303030)

static inline bool bau_are_digits8(uint64_t x)
{
    const uint64_t high = UINT64_C(0xF0F0F0F0F0F0F0F0), sixes = UINT64_C(0x0606060606060606);
    return (((x & high) ^ BAU_DIGITS_ZEROS) | (((x + sixes) & high) ^ BAU_DIGITS_ZEROS)) == 0;
}

/* The digits of a text as two numbers, of n div 2 digits and the rest; n in *out_n. False: it is something else (too long, no or
 * too many digits, a byte that `odd` names), which is for the general way. */
static inline bool bau_digits_read(const uint8_t *p, uint32_t len, const uint8_t odd[256], uint32_t *out_n,
                                   uint64_t *left, uint64_t *right)
{
    uint8_t buffer[8 + BAU_DIGITS_TEXT] = { 0 }, *digits = buffer + 8;
    uint32_t n = 0, bad = 0;
    if (len > BAU_DIGITS_TEXT)
        return false;
    if (len == 16 && bau_are_digits8(bau_text_load(p)) && bau_are_digits8(bau_text_load(p + 8))) {
        *out_n = 16;
        *left = bau_number8(bau_text_load(p) - BAU_DIGITS_ZEROS);
        *right = bau_number8(bau_text_load(p + 8) - BAU_DIGITS_ZEROS);
        return true;
    }
    for (uint32_t k = 0; k < len; k++) {
        const uint8_t digit = (uint8_t)(p[k] - '0');
        digits[n] = digit;
        n += digit < 10;
        bad |= odd[p[k]];
    }
    if (bad || n < 2 || n > BAU_DIGITS_MOST)
        return false;
    const uint32_t u = n / 2, v = n - u;
    *out_n = n;
    *left = bau_number8(bau_text_load(digits + u - 8)); /* zeros stand before the first */
    *right = bau_number8(bau_text_load(digits + n - 8) & UINT64_MAX << 8 * (8 - v));
    return true;
}

/* The text with other digits; writes up to eight bytes more than it has. */
static inline uint8_t *bau_digits_write(uint8_t *dst, const uint8_t *p, uint32_t len, uint32_t n,
                                        uint64_t left, uint64_t right)
{
    uint8_t buffer[24], *digits = n == len ? dst : buffer;
    const uint32_t u = n / 2, v = n - u;
    bau_text_store(digits, (bau_digits8((uint32_t)left) + BAU_DIGITS_ZEROS) >> 8 * (8 - u));
    bau_text_store(digits + u, (bau_digits8((uint32_t)right) + BAU_DIGITS_ZEROS) >> 8 * (8 - v));
    for (uint32_t k = 0, at = 0; n != len && k < len; k++) {
        const bool digit = bau_is_digit(p[k]);
        dst[k] = digit ? buffer[at] : p[k];
        at += digit;
    }
    return dst + len;
}

#endif
