/* Hexadecimal and decimal text, many characters at a time. What is written is the same on any CPU. */
#ifndef BAU_KERNEL_TEXT_H
#define BAU_KERNEL_TEXT_H

#include <string.h>

#include "bauta/base.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Sixteen bytes as 32 lower-case hexadecimal digits. */
void bau_hex16_generic(uint8_t out[32], const uint8_t in[16]);
/* SSE2 is part of every x86-64, so there is nothing to choose at run time. */
static inline void bau_hex16(uint8_t out[32], const uint8_t in[16])
{
#if defined(__SSE2__)
    const __m128i v = _mm_loadu_si128((const void *)in), low = _mm_set1_epi8(15);
    const __m128i high = _mm_and_si128(_mm_srli_epi16(v, 4), low), rest = _mm_and_si128(v, low);
    const __m128i nibbles[2] = { _mm_unpacklo_epi8(high, rest), _mm_unpackhi_epi8(high, rest) };
    for (size_t i = 0; i < 2; i++) {
        const __m128i letter = _mm_cmpgt_epi8(nibbles[i], _mm_set1_epi8(9));
        const __m128i add =
            _mm_add_epi8(_mm_set1_epi8('0'), _mm_and_si128(letter, _mm_set1_epi8('a' - 10 - '0')));
        _mm_storeu_si128((void *)(out + 16 * i), _mm_add_epi8(nibbles[i], add));
    }
#else
    bau_hex16_generic(out, in);
#endif
}

/* The first byte of the eight is the lowest: one load or store on x86 and ARM. */
static inline uint64_t bau_text_load(const uint8_t p[8])
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return BAU_LITTLE_ENDIAN ? v : __builtin_bswap64(v);
}

static inline void bau_text_store(uint8_t p[8], uint64_t v)
{
    const uint64_t stored = BAU_LITTLE_ENDIAN ? v : __builtin_bswap64(v);
    memcpy(p, &stored, sizeof stored);
}

/* The eight decimal digits of v < 10^8 as numbers, the first digit in the lowest byte. The divisions are products with
 * reciprocals that are exact in these ranges (tests/unit/kernel_text.c tries them all). */
static inline uint64_t bau_digits8(uint32_t v)
{
    const uint64_t fours = v / 10000 | (uint64_t)(v % 10000) << 32;
    const uint64_t hundreds = ((fours * 10486) >> 20) & UINT64_C(0x0000007F0000007F);
    const uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
    const uint64_t tens = ((twos * 103) >> 10) & UINT64_C(0x000F000F000F000F);
    return tens | (twos - 10 * tens) << 8;
}

/* The same for eight numbers: out[i] for v[i]. */
static inline void bau_digits8_many(uint64_t out[8], const uint32_t v[8])
{
#if defined(__SSE2__)
    for (size_t i = 0; i < 8; i += 2) {
        const __m128i x = _mm_set_epi32(0, (int)v[i + 1], 0, (int)v[i]);
        const __m128i high = _mm_srli_epi64(_mm_mul_epu32(x, _mm_set1_epi64x(INT64_C(3518437209))), 45);
        const __m128i low = _mm_sub_epi32(x, _mm_mul_epu32(high, _mm_set1_epi64x(10000)));
        const __m128i fours = _mm_or_si128(high, _mm_slli_epi64(low, 32));
        const __m128i hundreds = _mm_srli_epi16(_mm_mulhi_epu16(fours, _mm_set1_epi16(5243)), 3);
        const __m128i ones = _mm_sub_epi16(fours, _mm_mullo_epi16(hundreds, _mm_set1_epi16(100)));
        const __m128i twos = _mm_or_si128(hundreds, _mm_slli_epi32(ones, 16));
        const __m128i tens = _mm_mulhi_epu16(twos, _mm_set1_epi16(6554));
        const __m128i rest = _mm_sub_epi16(twos, _mm_mullo_epi16(tens, _mm_set1_epi16(10)));
        _mm_storeu_si128((void *)(out + i), _mm_or_si128(tens, _mm_slli_epi16(rest, 8)));
    }
#else
    for (size_t i = 0; i < 8; i++)
        out[i] = bau_digits8(v[i]);
#endif
}

/* The reverse: the number that eight digits (as numbers) spell. */
static inline uint32_t bau_number8(uint64_t digits)
{
    digits = (digits * 10 + (digits >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
    digits = (digits * 100 + (digits >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
    return (uint32_t)(digits * 10000 + (digits >> 32));
}

/* Eight digits without leading zeros; writes eight bytes, returns how many count. */
static inline size_t bau_put8(uint8_t out[8], uint64_t digits)
{
    const unsigned leading = (unsigned)__builtin_ctzll(digits | UINT64_C(1) << 56) & ~7u; /* bits */
    bau_text_store(out, (digits + UINT64_C(0x3030303030303030)) >> leading);
    return 8 - leading / 8;
}

static inline size_t bau_spell8(uint8_t out[8], uint32_t v)
{
    return bau_put8(out, bau_digits8(v));
}

/* Of any v; writes up to 24 bytes. */
static inline size_t bau_spell64(uint8_t out[24], uint64_t v)
{
    if (v < 100000000)
        return bau_spell8(out, (uint32_t)v);
    const uint64_t all = v / 100000000;
    size_t n;
    if (all < 100000000) {
        n = bau_spell8(out, (uint32_t)all);
    } else {
        n = bau_spell8(out, (uint32_t)(all / 100000000));
        bau_text_store(out + n, bau_digits8((uint32_t)(all % 100000000)) + UINT64_C(0x3030303030303030));
        n += 8;
    }
    bau_text_store(out + n, bau_digits8((uint32_t)(v % 100000000)) + UINT64_C(0x3030303030303030));
    return n + 8;
}

#endif
