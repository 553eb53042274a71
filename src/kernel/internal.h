/* Shared between the files of src/kernel only. */
#ifndef BAU_KERNEL_INTERNAL_H
#define BAU_KERNEL_INTERNAL_H

#include <string.h>

#include "src/kernel/kernels.h"

__extension__ typedef unsigned __int128 bau_u128;

#define BAU_PERM_STREAM 255u /* the t of B(t, x) for the table's stream; rounds use 0..7 */

extern const struct bau_kernels bau_kernels_generic;

/* Opens the OpenSSL contexts, and the round keys where the CPU has AES instructions. */
bool bau_aes_init(struct bau_aes *aes, const uint8_t key[16]) BAU_MUST_CHECK;
void bau_aes_release(struct bau_aes *aes);

/* generic.c: the contexts behind `slots`, for a key of 16, 24 or 32 bytes. NULL without memory; close takes
 * NULL. */
struct bau_aes_slots *bau_aes_slots_open(const uint8_t *key, size_t key_len) BAU_MUST_CHECK;
void bau_aes_slots_close(struct bau_aes_slots *slots);

struct bau_cipher;
struct bau_ff1;
void bau_ff1_words_generic(const struct bau_ff1 *f, uint64_t *left, uint64_t *right, uint32_t n,
                           bool decrypt);

#if defined(__x86_64__)
extern const struct bau_kernels bau_kernels_aesni;
extern const struct bau_kernels bau_kernels_vaes;
bool bau_aesni_here(void);
bool bau_vaes_here(void);
void bau_aesni_expand(struct bau_aes *aes, const uint8_t key[16]);
void bau_cipher_expand(struct bau_cipher *cipher, const uint8_t *key, size_t key_len);
void bau_cipher_aesni(const struct bau_cipher *key, const uint8_t *in, uint8_t *out, uint32_t n_blocks);
void bau_ff1_words_aesni(const struct bau_ff1 *f, uint64_t *left, uint64_t *right, uint32_t n, bool decrypt);
/* For bytes 0..15 of a message: which to keep. Row 16 and row BAU_PRF_MORE keep all. */
extern const uint8_t bau_prf_keep[BAU_PRF_MORE + 1u][BAU_AES_BLOCK];
#endif

static inline uint64_t bau_scale(uint64_t random, uint64_t bound)
{
    return (uint64_t)(((bau_u128)random * bound) >> 64);
}

/* Eight or four bytes as a little-endian integer, whatever the CPU: compiles to one load on x86 and ARM. */
static inline uint64_t bau_load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return BAU_LITTLE_ENDIAN ? v : __builtin_bswap64(v);
}

static inline uint32_t bau_load32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return BAU_LITTLE_ENDIAN ? v : __builtin_bswap32(v);
}

static inline void bau_store64(uint8_t *p, uint64_t v)
{
    const uint64_t stored = BAU_LITTLE_ENDIAN ? v : __builtin_bswap64(v);
    memcpy(p, &stored, sizeof stored);
}

/* The block B(t, x) of kernels.h. */
static inline void bau_perm_block(uint8_t out[16], uint64_t n, uint8_t t, uint32_t x)
{
    bau_store64(out, n);
    bau_store64(out + 8, (uint64_t)t << 32 | x);
}

#endif
