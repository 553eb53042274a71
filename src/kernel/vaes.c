/* The kernels for x86-64 with VAES and AVX-512 (Zen 4, Ice Lake and newer): 32 values side by side, four to a register.
 * What does not fill 32 goes to aesni.c. benchmarks/kernels.c shows what it brings. */
#include "src/kernel/ff1.h"
#include "src/kernel/internal.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#define TARGET __attribute__((target("vaes,avx512f,avx512bw,avx512dq,avx512vl,aes,sse4.1")))
#define INLINE TARGET static inline __attribute__((always_inline))
#define GROUPS 8
#define LANES 32

/* clang 14 has no word for VAES: CPUID leaf 7, ECX bit 9. What the system saves of AVX-512 is in the others. */
bool bau_vaes_here(void)
{
    unsigned a, b, c, d;
    return bau_aesni_here() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c >> 9 & 1u);
}

INLINE __m512i round_key(const uint8_t key[16])
{
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)key));
}

/* AES with the round keys of FIPS 197, as many rounds as the caller's constant says. */
INLINE void encrypt(const uint8_t (*keys)[BAU_AES_BLOCK], __m512i x[GROUPS], const uint32_t rounds)
{
    const __m512i first = round_key(keys[0]), last = round_key(keys[rounds]);
    for (unsigned g = 0; g < GROUPS; g++)
        x[g] = _mm512_xor_si512(x[g], first);
    for (uint32_t round = 1; round < rounds; round++) {
        const __m512i k = round_key(keys[round]);
        for (unsigned g = 0; g < GROUPS; g++)
            x[g] = _mm512_aesenc_epi128(x[g], k);
    }
    for (unsigned g = 0; g < GROUPS; g++)
        x[g] = _mm512_aesenclast_epi128(x[g], last);
}

/* ---- PRF ---- */

/* The block of a string at p of which `left` bytes are left, made ready to be xored into the state. Bytes that the mask
 * leaves out are not read. */
INLINE __m128i prf_block(const struct bau_prf *prf, const uint8_t *p, int64_t left)
{
    const size_t whole = left > 16 ? BAU_PRF_MORE : left > 0 ? (size_t)left : 0;
    const __mmask16 keep = (__mmask16)((UINT32_C(1) << (whole > 16 ? 16 : whole)) - 1);
    return _mm_xor_si128(_mm_maskz_loadu_epi8(keep, p), _mm_load_si128((const void *)prf->last[whole]));
}

INLINE __m512i prf_blocks(const struct bau_prf *prf, const uint8_t *data, const uint32_t *offsets, int64_t at)
{
    __m128i b[4];
    for (unsigned l = 0; l < 4; l++) {
        const int64_t left = (int64_t)offsets[l + 1] - (int64_t)offsets[l] - at;
        b[l] = prf_block(prf, data + offsets[l] + (left > 0 ? at : 0), left);
    }
    const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(b[0]), b[1], 1),
                  high = _mm256_inserti128_si256(_mm256_castsi128_si256(b[2]), b[3], 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/* 32 strings, for as many steps as the longest has blocks; a string that is done keeps its state. */
INLINE void prf_group(const struct bau_prf *prf, const uint8_t *data, const uint32_t *offsets, uint8_t *out)
{
    __m512i state[GROUPS], x[GROUPS];
    uint32_t longest = 0;
    for (unsigned i = 0; i < LANES; i++)
        longest = offsets[i + 1] - offsets[i] > longest ? offsets[i + 1] - offsets[i] : longest;
    for (unsigned g = 0; g < GROUPS; g++)
        state[g] = prf_blocks(prf, data, offsets + 4 * g, 0);
    encrypt(prf->aes.round_keys, state, 10);
    for (int64_t at = 16; at < longest; at += 16) {
        for (unsigned g = 0; g < GROUPS; g++)
            x[g] = _mm512_xor_si512(state[g], prf_blocks(prf, data, offsets + 4 * g, at));
        encrypt(prf->aes.round_keys, x, 10);
        for (unsigned g = 0; g < GROUPS; g++) {
            unsigned more = 0;
            for (unsigned l = 0; l < 4; l++)
                more |= (offsets[4 * g + l + 1] - offsets[4 * g + l] > at ? 3u : 0u) << (2 * l);
            state[g] = _mm512_mask_mov_epi64(state[g], (__mmask8)more, x[g]);
        }
    }
    for (unsigned g = 0; g < GROUPS; g++)
        _mm512_storeu_si512((void *)(out + 64 * (size_t)g), state[g]);
}

TARGET static void prf(const struct bau_prf *key, const uint8_t *data, const uint32_t *offsets, uint32_t n,
                       uint8_t *out)
{
    uint32_t i = 0;
    for (; data && n - i >= LANES; i += LANES)
        prf_group(key, data, offsets + i, out + 16 * (size_t)i);
    bau_kernels_aesni.prf(key, data, offsets + i, n - i, out + 16 * (size_t)i);
}

/* ---- words in and out of blocks ---- */

/* Four words, one to the upper half of each block. */
INLINE __m512i to_upper(const uint64_t words[4])
{
    const __m512i spread = _mm512_set_epi64(3, 3, 2, 2, 1, 1, 0, 0);
    const __m512i v = _mm512_castsi256_si512(_mm256_loadu_si256((const void *)words));
    return _mm512_maskz_permutexvar_epi64(0xAA, spread, v);
}

/* The lower halves of four blocks. */
INLINE void from_lower(uint64_t words[4], __m512i x)
{
    const __m512i pick = _mm512_set_epi64(6, 4, 2, 0, 6, 4, 2, 0);
    _mm256_storeu_si256((void *)words, _mm512_castsi512_si256(_mm512_permutexvar_epi64(pick, x)));
}

/* The bytes of every word the other way round. */
INLINE __m512i swap_words(__m512i x)
{
    const __m512i order =
        _mm512_broadcast_i32x4(_mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
    return _mm512_shuffle_epi8(x, order);
}

/* ---- permutation ---- */

/* One walk step of 32 values. */
INLINE void feistel_step(const struct bau_perm *p, uint64_t *values, const bool backward)
{
    uint64_t left[LANES], right[LANES], f[LANES];
    __m512i x[GROUPS];
    for (unsigned l = 0; l < LANES; l++) {
        right[l] = values[l] / p->a;
        left[l] = values[l] - right[l] * p->a;
    }
    for (unsigned round = 0; round < BAU_PERM_ROUNDS; round++) {
        const unsigned t = backward ? BAU_PERM_ROUNDS - 1 - round : round;
        const uint64_t m = t % 2 == 0 ? p->a : p->b;
        /* Forward (L, R) = (R, L + F(R)): which array is L alternates instead of moving. */
        uint64_t *changes = t % 2 == 0 ? left : right;
        const uint64_t *reads = t % 2 == 0 ? right : left;
        const __m512i rest =
            _mm512_broadcast_i64x2(_mm_set_epi64x((int64_t)((uint64_t)t << 32), (int64_t)p->n));
        for (unsigned g = 0; g < GROUPS; g++)
            x[g] = _mm512_or_si512(to_upper(reads + 4 * g), rest);
        encrypt(p->aes.round_keys, x, 10);
        for (unsigned g = 0; g < GROUPS; g++)
            from_lower(f + 4 * g, x[g]);
        for (unsigned l = 0; l < LANES; l++) {
            const uint64_t add = bau_scale(f[l], m);
            const uint64_t sum = backward ? changes[l] + m - add : changes[l] + add;
            changes[l] = sum >= m ? sum - m : sum;
        }
    }
    for (unsigned l = 0; l < LANES; l++)
        values[l] = p->a * right[l] + left[l];
}

TARGET static void feistel(const struct bau_perm *perm, uint64_t *values, uint32_t n)
{
    uint32_t i = 0;
    for (; n - i >= LANES; i += LANES)
        feistel_step(perm, values + i, false);
    for (uint32_t k = 0; k < i; k++)
        if (values[k] >= perm->n) /* one in sqrt(n) walks on */
            bau_kernels_aesni.feistel(perm, values + k, 1);
    bau_kernels_aesni.feistel(perm, values + i, n - i);
}

TARGET static void unfeistel(const struct bau_perm *perm, uint64_t *values, uint32_t n)
{
    uint32_t i = 0;
    for (; n - i >= LANES; i += LANES)
        feistel_step(perm, values + i, true);
    for (uint32_t k = 0; k < i; k++)
        if (values[k] >= perm->n)
            bau_kernels_aesni.unfeistel(perm, values + k, 1);
    bau_kernels_aesni.unfeistel(perm, values + i, n - i);
}

/* ---- FF1 ---- */

/* Round i of 32 values whose halves have at most four bytes (d = 8), under AES-256, forward. */
INLINE void ff1_round(const struct bau_ff1 *f, unsigned i, const uint64_t *reads, uint64_t *changes)
{
    uint64_t y[LANES];
    __m512i x[GROUPS];
    const uint64_t m = f->modulus[i % 2], inverse = f->inverse[i % 2];
    const __m512i constant = round_key(f->round[i]);
    for (unsigned g = 0; g < GROUPS; g++)
        x[g] = _mm512_xor_si512(constant, swap_words(to_upper(reads + 4 * g)));
    encrypt(f->key->round_keys, x, 14);
    for (unsigned g = 0; g < GROUPS; g++)
        from_lower(y + 4 * g, swap_words(x[g]));
    for (unsigned l = 0; l < LANES; l++) {
        const uint64_t rest = y[l] - bau_scale(y[l], inverse) * m; /* the quotient may be one too small */
        const uint64_t sum = changes[l] + (rest >= m ? rest - m : rest);
        changes[l] = sum >= m ? sum - m : sum;
    }
}

TARGET static void ff1_words(const struct bau_ff1 *f, uint64_t *left, uint64_t *right, uint32_t n,
                             bool decrypt)
{
    uint32_t i = 0;
    for (; f->d == 8 && f->key->rounds == 14 && !decrypt && n - i >= LANES; i += LANES)
        for (unsigned round = 0; round < BAU_FF1_ROUNDS; round += 2) {
            ff1_round(f, round, right + i, left + i);
            ff1_round(f, round + 1, left + i, right + i);
        }
    bau_ff1_words_aesni(f, left + i, right + i, n - i, decrypt);
}

TARGET static void aes(const struct bau_aes *key, const uint8_t *in, uint8_t *out, uint32_t n_blocks)
{
    __m512i x[GROUPS];
    uint32_t i = 0;
    for (; n_blocks - i >= LANES; i += LANES) {
        for (unsigned g = 0; g < GROUPS; g++)
            x[g] = _mm512_loadu_si512((const void *)(in + 16 * (size_t)i + 64 * (size_t)g));
        encrypt(key->round_keys, x, 10);
        for (unsigned g = 0; g < GROUPS; g++)
            _mm512_storeu_si512((void *)(out + 16 * (size_t)i + 64 * (size_t)g), x[g]);
    }
    bau_kernels_aesni.aes(key, in + 16 * (size_t)i, out + 16 * (size_t)i, n_blocks - i);
}

const struct bau_kernels bau_kernels_vaes = {
    .name = "vaes",
    .aes = aes,
    .prf = prf,
    .feistel = feistel,
    .unfeistel = unfeistel,
    .cipher = bau_cipher_aesni,
    .ff1 = ff1_words,
};

#endif
