/* The keyed kernels: AES-128 in batches, the PRF (AES-CMAC) and the permutation of [0, n), and the table that
 * picks the fastest implementation the CPU has. Everything here is a loop over plain pointers and a count.
 *
 * What these functions compute is frozen: the same key and the same input give the same output on any CPU,
 * with any table, in any release (invariant M2). The constructions are written out below so that they can be
 * re-implemented.
 */
#ifndef BAU_KERNEL_KERNELS_H
#define BAU_KERNEL_KERNELS_H

#include "bauta/base.h"

#define BAU_AES_BLOCK 16u
#define BAU_AES_ROUND_KEYS 11u

struct bau_aes_slots; /* OpenSSL contexts for CPUs without AES instructions */

/**
 * An expanded AES-128 key. Part of struct bau_prf and struct bau_perm; not used alone by callers.
 *
 * Ownership: the caller holds the struct; `slots` belongs to it until the release. It may be moved, not
 * copied.
 */
struct bau_aes {
    /* FIPS 197 order; zero without AES-NI */
    _Alignas(16) uint8_t round_keys[BAU_AES_ROUND_KEYS][BAU_AES_BLOCK];
    struct bau_aes_slots *slots;
};

/* Index into bau_prf.last: 0..16 bytes of message in the last block, or not the last block. */
#define BAU_PRF_MORE 17u

/** A PRF key: AES-128-CMAC (RFC 4493) with its derived constants. Caller-owned, fixed size, shared by any
 * threads. */
struct bau_prf {
    struct bau_aes aes;
    /* What is xored into a block of r message bytes: padding and K2 for r < 16, K1 for r = 16, nothing for
     * MORE. */
    _Alignas(16) uint8_t last[BAU_PRF_MORE + 1u][BAU_AES_BLOCK];
};

/**
 * Expand a 16-byte key.
 *
 * Errors:  false when OpenSSL has no memory or no AES; `prf` is then safe to release. The key may be wiped
 * afterwards.
 */
bool bau_prf_init(struct bau_prf *prf, const uint8_t key[16]) BAU_MUST_CHECK;

/** Wipe and free; takes NULL and a zeroed struct. */
void bau_prf_release(struct bau_prf *prf);

/**
 * The PRF of n byte strings.
 *
 * data     string i is data[offsets[i]] .. data[offsets[i + 1]]; no byte before offsets[0] or from
 *          offsets[n] on is read
 * offsets  n + 1 entries, never decreasing; need not start at 0
 * out      16 * n bytes, out[16 * i] is AES-CMAC(key, string i); may not overlap data
 *
 * Threads: any, `prf` is read only.   Never fails, never allocates.   Source: RFC 4493.
 */
void bau_prf_batch(const struct bau_prf *prf, const uint8_t *data, const uint32_t *offsets, uint32_t n,
                   uint8_t *out);

/** Below this size a permutation is an explicit table, from it on a Feistel network. */
#define BAU_PERM_TABLE_BELOW 1000000u
#define BAU_PERM_ROUNDS 8u

/**
 * A keyed permutation of [0, n), 1 <= n <= 2^64 - 1.
 *
 * Construction, all integers little endian, E = AES-128 under the key, and the 16-byte block
 *     B(t, x) = n as 8 bytes || x as 4 bytes || t as 1 byte || 3 zero bytes.
 *
 * n < 1,000,000: table[i] = i for all i; then for i = n - 1 down to 1 swap table[i] with table[j], where j
 *     is drawn uniformly from [0, i]: take the next 4-byte word w of the stream E(B(255, 0)) || E(B(255, 1))
 *     || …; m = w * (i + 1) (64 bit); while (m mod 2^32) < 2^32 mod (i + 1) take the next word;
 *     j = m div 2^32. The output of v is table[v].
 *
 * n >= 1,000,000: the generalised Feistel network of Black and Rogaway ("Ciphers with Arbitrary Finite
 *     Domains", CT-RSA 2002) with a = ceil(sqrt(n)), b = ceil(n / a), 8 rounds:
 *     L = v mod a, R = v div a; for t = 0..7 with m = a for even t and b for odd t:
 *         F = (first 8 bytes of E(B(t, R))) * m div 2^64;  (L, R) = (R, (L + F) mod m)
 *     then v = a * R + L; while v >= n, all of it again (cycle walking: a * b - n < a, so one in sqrt(n)).
 *
 * Ownership: the caller holds the struct and the table's memory, which must outlive it.
 */
struct bau_perm {
    struct bau_aes aes;
    uint64_t n, a, b;
    uint32_t *forward, *backward; /* NULL for the Feistel network */
};

/** Entries of the table that bau_perm_init wants for this n: 2 * n (forward and back) or 0. */
size_t bau_perm_table_entries(uint64_t n);

/**
 * Errors: false when n is 0, or OpenSSL has no memory or no AES; `perm` is then safe to release.
 * table   bau_perm_table_entries(n) entries of the caller's, NULL when that is 0
 */
bool bau_perm_init(struct bau_perm *perm, const uint8_t key[16], uint64_t n, uint32_t *table) BAU_MUST_CHECK;

/** Wipe the key and the table; takes NULL and a zeroed struct. */
void bau_perm_release(struct bau_perm *perm);

/** Map n_values values in place, each below perm->n (the caller has checked); `unpermute` is the inverse. Any
 * thread. */
void bau_perm_permute(const struct bau_perm *perm, uint64_t *values, uint32_t n_values);
void bau_perm_unpermute(const struct bau_perm *perm, uint64_t *values, uint32_t n_values);

struct bau_cipher;
struct bau_ff1;

/** One implementation of the hot loops. All of them compute the same; `generic` is the reference. */
struct bau_kernels {
    const char *name;
    /* ECB; in and out may not overlap */
    void (*aes)(const struct bau_aes *key, const uint8_t *in, uint8_t *out, uint32_t n_blocks);
    void (*prf)(const struct bau_prf *prf, const uint8_t *data, const uint32_t *offsets, uint32_t n,
                uint8_t *out);
    void (*feistel)(const struct bau_perm *perm, uint64_t *values, uint32_t n);
    void (*unfeistel)(const struct bau_perm *perm, uint64_t *values, uint32_t n);
    /* ff1.h: ECB under a key of any length; FF1 of values as words */
    void (*cipher)(const struct bau_cipher *key, const uint8_t *in, uint8_t *out, uint32_t n_blocks);
    void (*ff1)(const struct bau_ff1 *ff1, uint64_t *left, uint64_t *right, uint32_t n, bool decrypt);
};

/** The table of this process: the fastest one, or the one BAU_KERNELS names if this CPU has it. Chosen once.
 */
const struct bau_kernels *bau_kernels_get(void);

/** Every table this CPU can run, `generic` first; for tests and benchmarks. Returns the count. */
size_t bau_kernels_list(const struct bau_kernels *out[], size_t capacity);

#endif
