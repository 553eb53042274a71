/* FF1: set-up of shapes, and the form that works for every radix and length. Numbers too long for a word are
 * limbs of 32 bits, least significant first. */
#include "src/kernel/ff1.h"
#include "src/kernel/internal.h"

#include <openssl/crypto.h>
#include <string.h>

enum { LIMBS = BAU_FF1_NUMERALS / 2 * 2 / 4 + 4 }; /* NUM(B) of the longest value at radix 2^16, and y */

struct number {
    uint32_t n; /* limbs in use; 0: zero */
    uint32_t limb[LIMBS];
};

bool bau_cipher_init(struct bau_cipher *cipher, const uint8_t *key, size_t key_len)
{
    memset(cipher, 0, sizeof *cipher);
    if (key_len != 16 && key_len != 24 && key_len != 32)
        return false;
    cipher->rounds = (uint32_t)(key_len / 4 + 6);
#if defined(__x86_64__)
    if (bau_aesni_here())
        bau_cipher_expand(cipher, key, key_len);
#endif
    cipher->slots = bau_aes_slots_open(key, key_len);
    return cipher->slots != NULL;
}

void bau_cipher_release(struct bau_cipher *cipher)
{
    if (!cipher)
        return;
    bau_aes_slots_close(cipher->slots);
    OPENSSL_cleanse(cipher, sizeof *cipher);
}

/* x = x * by + add */
static void multiply_add(struct number *x, uint32_t by, uint32_t add)
{
    uint64_t carry = add;
    for (uint32_t i = 0; i < x->n; i++) {
        carry += (uint64_t)x->limb[i] * by;
        x->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        x->limb[x->n++] = (uint32_t)carry;
}

/* x = x div by; returns the remainder */
static uint32_t divide(struct number *x, uint32_t by)
{
    uint64_t rest = 0;
    for (uint32_t i = x->n; i-- > 0;) {
        rest = rest << 32 | x->limb[i];
        x->limb[i] = (uint32_t)(rest / by);
        rest %= by;
    }
    while (x->n && x->limb[x->n - 1] == 0)
        x->n--;
    return (uint32_t)rest;
}

/* Numerals that fit into 32 bits together, and radix to their number. */
static uint32_t chunk_of(uint32_t radix, uint32_t *out_power)
{
    uint32_t n = 0;
    uint64_t power = 1;
    for (; power * radix <= UINT32_MAX; n++)
        power *= radix;
    *out_power = (uint32_t)power;
    return n;
}

/* NUM_radix(numerals) */
static void from_numerals(struct number *x, uint32_t radix, const uint16_t *numerals, uint32_t n)
{
    uint32_t power;
    const uint32_t chunk = chunk_of(radix, &power);
    x->n = 0;
    for (uint32_t i = 0; i < n;) {
        const uint32_t now = i == 0 && n % chunk ? n % chunk : chunk;
        uint32_t word = 0;
        for (uint32_t k = 0; k < now; k++)
            word = word * radix + numerals[i++];
        multiply_add(x, power, word);
    }
}

/* STR(x mod radix^n); x is used up. */
static void to_numerals(struct number *x, uint32_t radix, uint16_t *numerals, uint32_t n)
{
    uint32_t power;
    const uint32_t chunk = chunk_of(radix, &power);
    while (n > 0) {
        uint32_t word = divide(x, power);
        for (uint32_t k = 0; k < chunk && n > 0; k++) {
            numerals[--n] = (uint16_t)(word % radix);
            word /= radix;
        }
    }
}

/* The last `len` bytes at p as a big-endian number, and back. */
static void from_bytes(struct number *x, const uint8_t *p, uint32_t len)
{
    memset(x->limb, 0, sizeof x->limb);
    for (uint32_t i = 0; i < len; i++)
        x->limb[i / 4] |= (uint32_t)p[len - 1 - i] << (8 * (i % 4));
    x->n = (len + 3) / 4;
}

static void to_bytes(const struct number *x, uint8_t *p, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        p[len - 1 - i] = (uint8_t)(i / 4 < x->n ? x->limb[i / 4] >> (8 * (i % 4)) : 0);
}

static uint64_t power_below(uint32_t radix, uint32_t n,
                            uint64_t limit) /* radix^n, or 0 when above the limit */
{
    uint64_t power = 1;
    for (uint32_t i = 0; i < n; i++) {
        if (power > limit / radix)
            return 0;
        power *= radix;
    }
    return power;
}

/* Bytes of the largest number of v numerals: the b of the standard, ceil(ceil(v * log2(radix)) / 8), without
 * a logarithm. */
static uint32_t bytes_of(uint32_t radix, uint32_t v)
{
    struct number x = { 0 };
    for (uint32_t i = 0; i < v; i++)
        multiply_add(&x, radix, radix - 1);
    uint32_t bits = 32 * (x.n - 1);
    for (uint32_t top = x.limb[x.n - 1]; top; top >>= 1)
        bits++;
    return (bits + 7) / 8;
}

static void absorb(const struct bau_cipher *key, uint8_t state[16], const uint8_t block[16])
{
    uint8_t in[16];
    for (unsigned i = 0; i < 16; i++)
        in[i] = (uint8_t)(state[i] ^ block[i]);
    bau_kernels_get()->cipher(key, in, state, 1);
}

static void store_be(uint8_t *p, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        p[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

/* CBC-MAC over P and what of Q stays the same; the last block touched also takes the number of the round. */
static void absorb_constant(struct bau_ff1 *f, const uint8_t *tweak, size_t tweak_len)
{
    uint8_t state[16] = { 0 }, block[16] = { 1, 2, 1 };
    store_be(block + 3, f->radix, 3);
    block[6] = BAU_FF1_ROUNDS;
    block[7] = (uint8_t)f->u;
    store_be(block + 8, f->n, 4);
    store_be(block + 12, tweak_len, 4);
    absorb(f->key, state, block);
    const uint64_t all = ((uint64_t)tweak_len + f->b + 1 + 15) / 16 * 16, constant = all - f->b - 1;
    for (uint64_t at = 0; at <= constant; at += 16) {
        memset(block, 0, 16);
        if (at < tweak_len)
            memcpy(block, tweak + at, tweak_len - at < 16 ? (size_t)(tweak_len - at) : 16);
        if (at + 16 <= constant)
            absorb(f->key, state, block);
    }
    for (unsigned i = 0; i < BAU_FF1_ROUNDS; i++) {
        for (unsigned k = 0; k < 16; k++)
            f->round[i][k] = (uint8_t)(state[k] ^ block[k]);
        f->round[i][constant % 16] ^= (uint8_t)i;
    }
}

bool bau_ff1_init(struct bau_ff1 *f, const struct bau_cipher *key, uint32_t radix, uint32_t n,
                  const uint8_t *tweak, size_t tweak_len)
{
    memset(f, 0, sizeof *f);
    if (radix < 2 || radix > 65536 || n < 2 || n > BAU_FF1_NUMERALS || tweak_len > UINT32_MAX)
        return false;
    const uint64_t size = power_below(radix, n, BAU_FF1_LEAST * (uint64_t)65536);
    if (size && size < BAU_FF1_LEAST)
        return false;
    f->key = key;
    f->radix = radix;
    f->n = n;
    f->u = n / 2;
    f->v = n - f->u;
    f->b = bytes_of(radix, f->v);
    f->d = (f->b + 3) / 4 * 4 + 4;
    f->modulus[0] = power_below(radix, f->u, UINT64_MAX);
    f->modulus[1] = power_below(radix, f->v, UINT64_MAX);
    for (unsigned i = 0; i < 2 && f->modulus[1]; i++)
        f->inverse[i] = (uint64_t)(((bau_u128)1 << 64) / f->modulus[i]);
    absorb_constant(f, tweak, tweak_len);
    return true;
}

/* y = NUM(S) for the half `numerals` in round i. */
static void round_number(const struct bau_ff1 *f, unsigned i, const uint16_t *numerals, uint32_t n,
                         struct number *y)
{
    uint8_t bytes[BAU_FF1_NUMERALS + 64] = { 0 }, state[16], in[16];
    const uint32_t first = (16 - (f->b + 1) % 16) % 16, len = first + 1 + f->b; /* whole blocks */
    from_numerals(y, f->radix, numerals, n);
    to_bytes(y, bytes + first + 1, f->b);
    memcpy(state, f->round[i], 16);
    for (uint32_t at = 0; at < len; at += 16) {
        for (uint32_t k = 0; k < 16; k++)
            in[k] = (uint8_t)(state[k] ^ bytes[at + k]);
        bau_kernels_get()->cipher(f->key, in, state, 1);
    }
    memcpy(bytes, state, 16);
    for (uint32_t at = 16, j = 1; at < f->d; at += 16, j++) {
        memcpy(in, state, 16);
        for (unsigned k = 0; k < 4; k++)
            in[12 + k] ^= (uint8_t)(j >> (24 - 8 * k));
        bau_kernels_get()->cipher(f->key, in, bytes + at, 1);
    }
    from_bytes(y, bytes, f->d);
}

/* half = (half + y) mod radix^m, or minus */
static void add_number(uint32_t radix, uint16_t *half, uint32_t m, struct number *y, bool subtract)
{
    uint16_t other[BAU_FF1_NUMERALS];
    uint32_t carry = 0;
    to_numerals(y, radix, other, m);
    for (uint32_t i = m; i-- > 0;) {
        const uint32_t sum =
            subtract ? radix + half[i] - other[i] - carry : (uint32_t)half[i] + other[i] + carry;
        half[i] = (uint16_t)(sum % radix);
        carry = subtract ? sum < radix : sum >= radix;
    }
}

void bau_ff1_numerals(const struct bau_ff1 *f, uint16_t *numerals, bool decrypt)
{
    /* The halves stay where they are; rounds 0, 2, 4 … change the left one. After ten rounds they are in
     * place again. */
    struct number y;
    uint16_t *const half[2] = { numerals, numerals + f->u };
    const uint32_t size[2] = { f->u, f->v };
    for (unsigned step = 0; step < BAU_FF1_ROUNDS; step++) {
        const unsigned i = decrypt ? BAU_FF1_ROUNDS - 1 - step : step, changes = i % 2, reads = 1 - changes;
        round_number(f, i, half[reads], size[reads], &y);
        add_number(f->radix, half[changes], size[changes], &y, decrypt);
    }
}

void bau_ff1_words(const struct bau_ff1 *ff1, uint64_t *left, uint64_t *right, uint32_t n_values,
                   bool decrypt)
{
    bau_kernels_get()->ff1(ff1, left, right, n_values, decrypt);
}

/* The words of the generic table: a block a value and round, ten rounds. */
void bau_ff1_words_generic(const struct bau_ff1 *f, uint64_t *left, uint64_t *right, uint32_t n, bool decrypt)
{
    enum { CHUNK = 64 };
    uint8_t in[CHUNK * 16], out[CHUNK * 16];
    for (uint32_t from = 0; from < n; from += CHUNK) {
        const uint32_t now = n - from < CHUNK ? n - from : CHUNK;
        for (unsigned step = 0; step < BAU_FF1_ROUNDS; step++) {
            const unsigned i = decrypt ? BAU_FF1_ROUNDS - 1 - step : step;
            uint64_t *changes = (i % 2 ? right : left) + from;
            const uint64_t *reads = (i % 2 ? left : right) + from, m = f->modulus[i % 2];
            for (uint32_t k = 0; k < now; k++) {
                uint8_t number[8];
                store_be(number, reads[k], 8);
                memcpy(in + 16 * (size_t)k, f->round[i], 16);
                for (unsigned at = 0; at < 8; at++)
                    in[16 * (size_t)k + 8 + at] ^= number[at];
            }
            bau_kernels_generic.cipher(f->key, in, out, now);
            for (uint32_t k = 0; k < now; k++) {
                bau_u128 y = 0;
                for (uint32_t at = 0; at < f->d; at++)
                    y = y << 8 | out[16 * (size_t)k + at];
                const uint64_t rest = (uint64_t)(y % m);
                const bau_u128 sum = decrypt ? (bau_u128)changes[k] + m - rest : (bau_u128)changes[k] + rest;
                changes[k] = (uint64_t)(sum % m);
            }
        }
    }
    OPENSSL_cleanse(in, sizeof in);
}
