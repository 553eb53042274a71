/* A keyed, tweaked permutation of [0, size) for identifiers: size from 1 to 2^126, another size and tweak a
 * value.
 *
 * Construction (frozen, M2). K1, K2: the two halves of the subkey; PRF: AES-128-CMAC; integers little endian.
 *     T = PRF(K1, context): what must not be mixed up with another value, such as the characters that stay
 *     a = ceil(sqrt(size)), b = ceil(size / a), L = v mod a, R = v div a
 *     for r = 0, 1, … rounds - 1, m = a for even r and b for odd r:
 *         F = PRF(K2, T xor (R as 8 bytes || r as 8 bytes)) as a number of 128 bits * m div 2^128
 *         (L, R) = (R, (L + F) mod m)
 *     v = a * R + L; while v >= size, all of it again.
 * This is the generalised Feistel network of Black and Rogaway (CT-RSA 2002) with cycle walking. Ten rounds
 * from a million values on, as FF1; small domains need more to resist attacks over many tweaks (Hoang,
 * Tessaro, Trieu, CRYPTO 2018): 20 below a million, 36 below a thousand. */
#ifndef BAU_MASKERS_RANK_H
#define BAU_MASKERS_RANK_H

#include "maskers/common.h"
#include "src/kernel/kernels.h"

enum { BAU_RANK_CHUNK = 128 };

struct bau_rank { /* the key */
    struct bau_prf tweak, round;
    uint32_t offsets[BAU_RANK_CHUNK + 1]; /* 0, 16, 32 … */
};

struct bau_rank_shape {
    bau_wide size;
    uint64_t a, b;
    uint32_t rounds;
};

struct bau_rank_item {
    bau_wide value; /* below shape->size */
    const struct bau_rank_shape *shape;
    uint8_t tweak[16];
};

struct bau_rank_work {
    uint64_t left[BAU_RANK_CHUNK], right[BAU_RANK_CHUNK];
    uint64_t modulus[2][BAU_RANK_CHUNK], tweak[2][BAU_RANK_CHUNK];
    uint8_t message[BAU_RANK_CHUNK][16], digest[BAU_RANK_CHUNK][16];
};

bau_status bau_rank_bind(struct bau_rank *rank, const struct bau_mask_key *key, const char *label,
                         struct bau_error *err) BAU_MUST_CHECK;
void bau_rank_release(struct bau_rank *rank);

/* size: 1 to 2^126 */
void bau_rank_shape_init(struct bau_rank_shape *shape, bau_wide size);

/* At most BAU_RANK_CHUNK items in place. */
void bau_rank_permute(const struct bau_rank *rank, struct bau_rank_work *work, struct bau_rank_item *items,
                      uint32_t n);

/* floor(the first 16 bytes as a number * m / 2^128) */
static inline uint64_t bau_rank_scale(const uint8_t digest[16], uint64_t m)
{
    const bau_wide low = ((bau_wide)bau_bits64(digest) * m) >> 64;
    return (uint64_t)(((bau_wide)bau_bits64(digest + 8) * m + low) >> 64);
}

#endif
