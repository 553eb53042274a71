/* FF1 for x86-64 with AES-NI: eight values side by side, as in aesni.c. benchmarks/kernels.c shows what it
 * brings. */
#include "src/kernel/ff1.h"
#include "src/kernel/internal.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <openssl/crypto.h>
#include <string.h>

#define TARGET __attribute__((target("aes,sse4.1")))
#define INLINE TARGET static inline __attribute__((always_inline))
#define LANES 8

INLINE __m128i load(const uint8_t *p)
{
    return _mm_loadu_si128((const void *)p);
}

INLINE void store(uint8_t *p, __m128i v)
{
    _mm_storeu_si128((void *)p, v);
}

/* SubWord(RotWord(w)) and SubWord(w) of FIPS 197, by the instruction made for it, without its round constant.
 * */
INLINE uint32_t sub_rot_word(uint32_t w)
{
    return (uint32_t)_mm_extract_epi32(_mm_aeskeygenassist_si128(_mm_set1_epi32((int)w), 0), 1);
}

INLINE uint32_t sub_word(uint32_t w)
{
    return (uint32_t)_mm_extract_epi32(_mm_aeskeygenassist_si128(_mm_set1_epi32((int)w), 0), 0);
}

/* FIPS 197 section 5.2, words little endian as the instructions want them. */
TARGET void bau_cipher_expand(struct bau_cipher *cipher, const uint8_t *key, size_t key_len)
{
    const uint32_t words = (uint32_t)(key_len / 4), all = 4 * (cipher->rounds + 1);
    uint32_t w[4 * BAU_CIPHER_ROUND_KEYS], constant = 1;
    memcpy(w, key, key_len);
    for (uint32_t i = words; i < all; i++) {
        uint32_t t = w[i - 1];
        if (i % words == 0) {
            /* RotWord moves the first byte to the end; the instruction does so on words that are little
             * endian */
            t = sub_rot_word(t) ^ constant;
            constant = constant << 1 ^ (constant >> 7) * 0x11bu;
        } else if (words > 6 && i % words == 4) {
            t = sub_word(t);
        }
        w[i] = w[i - words] ^ t;
    }
    memcpy(cipher->round_keys, w, 4 * (size_t)all);
    OPENSSL_cleanse(w, sizeof w);
}

INLINE void encrypt(const struct bau_cipher *key, __m128i x[], const uint32_t rounds, const unsigned lanes)
{
    const __m128i first = load(key->round_keys[0]), last = load(key->round_keys[rounds]);
    for (unsigned l = 0; l < lanes; l++)
        x[l] = _mm_xor_si128(x[l], first);
    for (uint32_t round = 1; round < rounds; round++) {
        const __m128i k = load(key->round_keys[round]);
        for (unsigned l = 0; l < lanes; l++)
            x[l] = _mm_aesenc_si128(x[l], k);
    }
    for (unsigned l = 0; l < lanes; l++)
        x[l] = _mm_aesenclast_si128(x[l], last);
}

TARGET void bau_cipher_aesni(const struct bau_cipher *key, const uint8_t *in, uint8_t *out, uint32_t n_blocks)
{
    for (uint32_t i = 0; i < n_blocks; i++) {
        __m128i x = load(in + 16 * (size_t)i);
        encrypt(key, &x, key->rounds, 1);
        store(out + 16 * (size_t)i, x);
    }
}

/* y mod m, y being the first 8 bytes of the block (d = 8) or the first 12 (d = 12). inverse = floor(2^64 /
 * m), so the quotient is at most one too small. */
INLINE uint64_t reduce(__m128i block, uint64_t m, uint64_t inverse, const bool longer)
{
    const uint64_t y = __builtin_bswap64((uint64_t)_mm_cvtsi128_si64(block));
    const uint64_t rest = y - (uint64_t)(((bau_u128)y * inverse) >> 64) * m, r = rest >= m ? rest - m : rest;
    if (!longer)
        return r;
    const uint32_t low = __builtin_bswap32((uint32_t)_mm_extract_epi32(block, 2));
    return (uint64_t)(((bau_u128)r << 32 | low) % m);
}

/* Round i: `changes` takes the number that `reads` gives. */
INLINE void ff1_round(const struct bau_ff1 *f, unsigned i, const uint64_t *reads, uint64_t *changes,
                      const uint32_t rounds, const unsigned lanes, const bool decrypt, const bool longer)
{
    __m128i x[LANES];
    const uint64_t m = f->modulus[i % 2], inverse = f->inverse[i % 2];
    const __m128i constant = load(f->round[i]);
    for (unsigned l = 0; l < lanes; l++)
        x[l] = _mm_xor_si128(constant, _mm_set_epi64x((int64_t)__builtin_bswap64(reads[l]), 0));
    encrypt(f->key, x, rounds, lanes);
    for (unsigned l = 0; l < lanes; l++) {
        const uint64_t y = reduce(x[l], m, inverse, longer);
        const uint64_t add =
            decrypt ? y : m - y; /* was + y or was - y modulo m, without a sum that overflows */
        changes[l] = changes[l] >= add ? changes[l] - add : changes[l] + (m - add);
    }
}

INLINE void ff1_lanes(const struct bau_ff1 *f, uint64_t *left, uint64_t *right, const uint32_t rounds,
                      const unsigned lanes, const bool decrypt, const bool longer)
{
    for (unsigned i = 0; i < BAU_FF1_ROUNDS; i += 2) {
        if (decrypt) {
            ff1_round(f, BAU_FF1_ROUNDS - 1 - i, left, right, rounds, lanes, true, longer);
            ff1_round(f, BAU_FF1_ROUNDS - 2 - i, right, left, rounds, lanes, true, longer);
        } else {
            ff1_round(f, i, right, left, rounds, lanes, false, longer);
            ff1_round(f, i + 1, left, right, rounds, lanes, false, longer);
        }
    }
}

INLINE void ff1_all(const struct bau_ff1 *f, uint64_t *left, uint64_t *right, uint32_t n,
                    const uint32_t rounds, const bool decrypt, const bool longer)
{
    uint32_t i = 0;
    for (; n - i >= LANES; i += LANES)
        ff1_lanes(f, left + i, right + i, rounds, LANES, decrypt, longer);
    for (; i < n; i++)
        ff1_lanes(f, left + i, right + i, rounds, 1, decrypt, longer);
}

/* The usual shape (halves of at most four bytes, AES-256, forward) is a loop of constants; the others share
 * one. */
TARGET void bau_ff1_words_aesni(const struct bau_ff1 *f, uint64_t *left, uint64_t *right, uint32_t n,
                                bool decrypt)
{
    if (f->d == 8 && f->key->rounds == 14 && !decrypt)
        ff1_all(f, left, right, n, 14, false, false);
    else if (f->d == 8)
        ff1_all(f, left, right, n, f->key->rounds, decrypt, false);
    else
        ff1_all(f, left, right, n, f->key->rounds, decrypt, true);
}

#endif
