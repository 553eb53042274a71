/* FF1, the format-preserving encryption of NIST SP 800-38G (and of the second draft of its Revision 1, which
 * makes a domain of at least a million values mandatory), over AES-128, -192 or -256.
 *
 * Notation of the standard: a value is n numerals below `radix`, its left half A has u = n div 2 of them, its
 * right half B has v = n - u. Ten rounds; in each, the halves being numbers (most significant numeral first),
 *     R = CBC-MAC(P || T || 0 … 0 || i || NUM(B)),  y = the first d bytes of R || E(R xor 1) || E(R xor 2) …,
 *     (A, B) = (B, (A + y) mod radix^m), m = u in even rounds, v in odd ones.
 * P holds radix, u, n and the length of the tweak T only, so everything before the round's number i is
 * absorbed once, when a shape (radix, n, tweak) is set up. */
#ifndef BAU_KERNEL_FF1_H
#define BAU_KERNEL_FF1_H

#include "src/kernel/kernels.h"

#define BAU_FF1_ROUNDS 10u
#define BAU_FF1_LEAST 1000000u    /* smallest radix^n: SP 800-38G Rev. 1 (second draft), section 5 */
#define BAU_FF1_NUMERALS 4096u    /* most numerals of one value here (the standard allows 2^32 - 1) */
#define BAU_CIPHER_ROUND_KEYS 15u /* AES-256 */

/** An AES key of any length. Caller-owned; may be moved, not copied; read only once made, any thread. */
struct bau_cipher {
    _Alignas(16) uint8_t round_keys[BAU_CIPHER_ROUND_KEYS][BAU_AES_BLOCK]; /* zero without AES-NI */
    uint32_t rounds;                                                       /* 10, 12 or 14 */
    struct bau_aes_slots *slots;
};

/** key_len: 16, 24 or 32. False for another length, or when OpenSSL has no memory; then safe to release. */
bool bau_cipher_init(struct bau_cipher *cipher, const uint8_t *key, size_t key_len) BAU_MUST_CHECK;
/** Wipes; takes NULL and a zeroed struct. */
void bau_cipher_release(struct bau_cipher *cipher);

/** FF1 for values of one radix and length under one tweak. Plain data: may be copied, wiped, dropped. Secret. */
struct bau_ff1 {
    const struct bau_cipher *key; /* borrowed */
    uint32_t radix, n, u, v;      /* numerals: all, left, right */
    uint32_t b, d;                /* bytes of NUM(B), bytes of y */
    /* radix^u and radix^v, and floor(2^64 / them); modulus[1] = 0 when radix^v >= 2^64: then only
     * bau_ff1_numerals works */
    uint64_t modulus[2], inverse[2];
    /* CBC-MAC before the blocks that hold NUM(B), xored with what is constant in the first of those: one a
     * round */
    _Alignas(16) uint8_t round[BAU_FF1_ROUNDS][BAU_AES_BLOCK];
};

/**
 * Set up a shape.
 *
 * radix      2..65536
 * n          2..BAU_FF1_NUMERALS, and radix^n >= BAU_FF1_LEAST
 * tweak_len  up to 2^32 - 1; the tweak is not needed afterwards
 *
 * Errors: false outside these bounds.   Cost: some AES blocks and radix^v; keep shapes that come again.
 */
bool bau_ff1_init(struct bau_ff1 *ff1, const struct bau_cipher *key, uint32_t radix, uint32_t n,
                  const uint8_t *tweak, size_t tweak_len) BAU_MUST_CHECK;

/** True when the halves fit into words: bau_ff1_words may be used. */
static inline bool bau_ff1_has_words(const struct bau_ff1 *ff1)
{
    return ff1->modulus[1] != 0;
}

/**
 * Encrypt (or decrypt) n_values values in place, given as numbers: left[i] < radix^u, right[i] < radix^v.
 * Only where bau_ff1_has_words. Any thread, allocates nothing.
 */
void bau_ff1_words(const struct bau_ff1 *ff1, uint64_t *left, uint64_t *right, uint32_t n_values,
                   bool decrypt);

/** Encrypt (or decrypt) one value of ff1->n numerals, each below the radix, in place, however long. */
void bau_ff1_numerals(const struct bau_ff1 *ff1, uint16_t *numerals, bool decrypt);

#endif
