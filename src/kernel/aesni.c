/* The kernels for x86-64 with AES-NI: eight values side by side, so that the eight independent chains hide
 * the latency of an AES round. benchmarks/kernels.c shows what it brings over `generic`. */
#include "src/kernel/internal.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define TARGET __attribute__((target("aes,sse4.1")))
#define INLINE TARGET static inline __attribute__((always_inline))
#define LANES 8

const uint8_t bau_prf_keep[BAU_PRF_MORE + 1u][BAU_AES_BLOCK] = {
    { 0 },
    { 255 },
    { 255, 255 },
    { 255, 255, 255 },
    { 255, 255, 255, 255 },
    { 255, 255, 255, 255, 255 },
    { 255, 255, 255, 255, 255, 255 },
    { 255, 255, 255, 255, 255, 255, 255 },
    { 255, 255, 255, 255, 255, 255, 255, 255 },
    { 255, 255, 255, 255, 255, 255, 255, 255, 255 },
    { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 },
    { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 },
    { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 },
    { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 },
    { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 },
    { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 },
    { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 },
    { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 },
};

bool bau_aesni_here(void)
{
    return __builtin_cpu_supports("aes") && __builtin_cpu_supports("sse4.1");
}

INLINE __m128i load(const uint8_t *p)
{
    return _mm_loadu_si128((const void *)p);
}

INLINE void store(uint8_t *p, __m128i v)
{
    _mm_storeu_si128((void *)p, v);
}

INLINE __m128i next_key(__m128i k, __m128i assist)
{
    k = _mm_xor_si128(k, _mm_slli_si128(k, 4));
    k = _mm_xor_si128(k, _mm_slli_si128(k, 8));
    return _mm_xor_si128(k, _mm_shuffle_epi32(assist, 0xff));
}

/* The round constant must be known to the compiler, hence one line a round. */
TARGET void bau_aesni_expand(struct bau_aes *aes, const uint8_t key[16])
{
    __m128i k = load(key);
    store(aes->round_keys[0], k);
    store(aes->round_keys[1], k = next_key(k, _mm_aeskeygenassist_si128(k, 0x01)));
    store(aes->round_keys[2], k = next_key(k, _mm_aeskeygenassist_si128(k, 0x02)));
    store(aes->round_keys[3], k = next_key(k, _mm_aeskeygenassist_si128(k, 0x04)));
    store(aes->round_keys[4], k = next_key(k, _mm_aeskeygenassist_si128(k, 0x08)));
    store(aes->round_keys[5], k = next_key(k, _mm_aeskeygenassist_si128(k, 0x10)));
    store(aes->round_keys[6], k = next_key(k, _mm_aeskeygenassist_si128(k, 0x20)));
    store(aes->round_keys[7], k = next_key(k, _mm_aeskeygenassist_si128(k, 0x40)));
    store(aes->round_keys[8], k = next_key(k, _mm_aeskeygenassist_si128(k, 0x80)));
    store(aes->round_keys[9], k = next_key(k, _mm_aeskeygenassist_si128(k, 0x1b)));
    store(aes->round_keys[10], next_key(k, _mm_aeskeygenassist_si128(k, 0x36)));
}

INLINE void encrypt(const struct bau_aes *key, __m128i x[], const unsigned lanes)
{
    const __m128i first = load(key->round_keys[0]), last = load(key->round_keys[10]);
    for (unsigned l = 0; l < lanes; l++)
        x[l] = _mm_xor_si128(x[l], first);
    for (unsigned round = 1; round < 10; round++) {
        const __m128i k = load(key->round_keys[round]);
        for (unsigned l = 0; l < lanes; l++)
            x[l] = _mm_aesenc_si128(x[l], k);
    }
    for (unsigned l = 0; l < lanes; l++)
        x[l] = _mm_aesenclast_si128(x[l], last);
}

TARGET static void aes(const struct bau_aes *key, const uint8_t *in, uint8_t *out, uint32_t n_blocks)
{
    __m128i x[LANES];
    uint32_t i = 0;
    for (; n_blocks - i >= LANES; i += LANES) {
        for (unsigned l = 0; l < LANES; l++)
            x[l] = load(in + 16 * (size_t)(i + l));
        encrypt(key, x, LANES);
        for (unsigned l = 0; l < LANES; l++)
            store(out + 16 * (size_t)(i + l), x[l]);
    }
    for (; i < n_blocks; i++) {
        x[0] = load(in + 16 * (size_t)i);
        encrypt(key, x, 1);
        store(out + 16 * (size_t)i, x[0]);
    }
}

/* `left` bytes (at most 16 count) from p, where 16 may not be readable. */
INLINE __m128i load_part(const uint8_t *p, int64_t left)
{
    uint8_t bytes[16] = { 0 };
    if (left > 0)
        memcpy(bytes, p, left < 16 ? (size_t)left : 16);
    return load(bytes);
}

/* `lanes` strings side by side, for as many steps as the longest has blocks; a lane that is done keeps its
 * state. wide: 16 bytes can be read at the end of every string. */
INLINE void prf_group(const struct bau_prf *prf, const uint8_t *data, const uint32_t *offsets,
                      const unsigned lanes, const bool wide, uint8_t *out)
{
    __m128i state[LANES], x[LANES];
    const uint8_t *start[LANES];
    int64_t left[LANES], longest = 0;
    for (unsigned l = 0; l < lanes; l++) {
        start[l] = data ? data + offsets[l] : data;
        left[l] = (int64_t)offsets[l + 1] - (int64_t)offsets[l];
        longest = left[l] > longest ? left[l] : longest;
        const size_t r = left[l] > 16 ? BAU_PRF_MORE : (size_t)left[l];
        const __m128i block = wide ? load(start[l]) : load_part(start[l], left[l]);
        state[l] = _mm_xor_si128(_mm_and_si128(block, load(bau_prf_keep[r])), load(prf->last[r]));
    }
    encrypt(&prf->aes, state, lanes);
    for (int64_t at = 16; at < longest; at += 16) {
        for (unsigned l = 0; l < lanes; l++) {
            const int64_t now = left[l] - at;
            const uint8_t *p = now > 0 ? start[l] + at : start[l];
            const size_t r = now > 16 ? BAU_PRF_MORE : now > 0 ? (size_t)now : 0;
            const __m128i block = _mm_and_si128(wide ? load(p) : load_part(p, now), load(bau_prf_keep[r]));
            x[l] = _mm_xor_si128(_mm_xor_si128(state[l], block), load(prf->last[r]));
        }
        encrypt(&prf->aes, x, lanes);
        for (unsigned l = 0; l < lanes; l++)
            state[l] = _mm_blendv_epi8(x[l], state[l], _mm_set1_epi8(left[l] > at ? 0 : -1));
    }
    for (unsigned l = 0; l < lanes; l++)
        store(out + 16 * (size_t)l, state[l]);
}

TARGET static void prf(const struct bau_prf *key, const uint8_t *data, const uint32_t *offsets, uint32_t n,
                       uint8_t *out)
{
    uint32_t i = 0;
    for (; n - i >= LANES && (uint64_t)offsets[i + LANES] + 16 <= offsets[n]; i += LANES)
        prf_group(key, data, offsets + i, LANES, true, out + 16 * (size_t)i);
    for (; n - i >= LANES; i += LANES)
        prf_group(key, data, offsets + i, LANES, false, out + 16 * (size_t)i);
    for (; i < n; i++)
        prf_group(key, data, offsets + i, 1, false, out + 16 * (size_t)i);
}

/* One walk step of `lanes` values. */
INLINE void feistel_step(const struct bau_perm *p, uint64_t *values, const unsigned lanes,
                         const bool backward)
{
    uint64_t left[LANES], right[LANES];
    __m128i x[LANES];
    for (unsigned l = 0; l < lanes; l++) {
        left[l] = values[l] % p->a;
        right[l] = values[l] / p->a;
    }
    for (unsigned round = 0; round < BAU_PERM_ROUNDS; round++) {
        const unsigned t = backward ? BAU_PERM_ROUNDS - 1 - round : round;
        const uint64_t m = t % 2 == 0 ? p->a : p->b;
        for (unsigned l = 0; l < lanes; l++) {
            const uint64_t half = backward ? left[l] : right[l];
            x[l] = _mm_set_epi64x((int64_t)((uint64_t)t << 32 | half), (int64_t)p->n);
        }
        encrypt(&p->aes, x, lanes);
        for (unsigned l = 0; l < lanes; l++) {
            const uint64_t f = bau_scale((uint64_t)_mm_cvtsi128_si64(x[l]), m);
            const uint64_t was = backward ? right[l] : left[l];
            const uint64_t sum = backward ? was + m - f : was + f, now = sum >= m ? sum - m : sum;
            const uint64_t l_was = left[l], r_was = right[l];
            left[l] = backward ? now : r_was;
            right[l] = backward ? l_was : now;
        }
    }
    for (unsigned l = 0; l < lanes; l++)
        values[l] = p->a * right[l] + left[l];
}

INLINE void walk(const struct bau_perm *p, uint64_t *values, uint32_t n, const bool backward)
{
    uint32_t i = 0;
    for (; n - i >= LANES; i += LANES)
        feistel_step(p, values + i, LANES, backward);
    for (; i < n; i++)
        feistel_step(p, values + i, 1, backward);
    for (i = 0; i < n; i++) {
        while (values[i] >= p->n) /* one in sqrt(n) */
            feistel_step(p, values + i, 1, backward);
    }
}

TARGET static void feistel(const struct bau_perm *perm, uint64_t *values, uint32_t n)
{
    walk(perm, values, n, false);
}

TARGET static void unfeistel(const struct bau_perm *perm, uint64_t *values, uint32_t n)
{
    walk(perm, values, n, true);
}

const struct bau_kernels bau_kernels_aesni = {
    .name = "aesni",
    .aes = aes,
    .prf = prf,
    .feistel = feistel,
    .unfeistel = unfeistel,
    .cipher = bau_cipher_aesni,
    .ff1 = bau_ff1_words_aesni,
};

#endif
