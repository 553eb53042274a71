/* Characters of a text: strict UTF-8 (RFC 3629), no overlong forms, no surrogates. */
#ifndef BAU_MASKERS_UTF8_H
#define BAU_MASKERS_UTF8_H

#include "bauta/base.h"

/* Bytes of the character at p, which is before `end`, and its code point; 0 when there is none well-formed. */
static inline size_t bau_utf8_read(const uint8_t *p, const uint8_t *end, uint32_t *out)
{
    const uint32_t a = *p;
    *out = a;
    if (a < 0x80)
        return 1;
    const size_t n = a < 0xC2 || a > 0xF4 ? 0 : a < 0xE0 ? 2 : a < 0xF0 ? 3 : 4;
    if (n == 0 || (size_t)(end - p) < n)
        return 0;
    uint32_t c = a & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0u) != 0x80u)
            return 0;
        c = c << 6 | (p[i] & 0x3Fu);
    }
    if ((n == 3 && c < 0x800) || (n == 4 && (c < 0x10000 || c > 0x10FFFF)) || (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    *out = c;
    return n;
}

/* Characters of a text; a byte that is no part of well-formed UTF-8 counts as one. */
static inline size_t bau_utf8_count(const uint8_t *p, size_t len)
{
    const uint8_t *end = p + len;
    size_t n = 0;
    for (uint32_t c; p < end; n++) {
        const size_t step = bau_utf8_read(p, end, &c);
        p += step ? step : 1;
    }
    return n;
}

static inline bool bau_utf8_valid(const uint8_t *p, size_t len)
{
    const uint8_t *end = p + len;
    for (uint32_t c; p < end;) {
        const size_t step = bau_utf8_read(p, end, &c);
        if (!step)
            return false;
        p += step;
    }
    return true;
}

#endif
