/* The portable kernels: OpenSSL's AES, 64 blocks a call, and plain C around it. Slow, short, the reference of
 * the tests.
 *
 * An EVP context may be used by one thread at a time, a key by many. So a key holds a few contexts, each with
 * a flag that says it is in use; a call takes the first free one. They are made at init: the kernels allocate
 * nothing and cannot fail. (EVP_EncryptUpdate of whole blocks in ECB mode without padding has no error but a
 * misuse.)
 */
#include "src/kernel/ff1.h"
#include "src/kernel/internal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#define SLOTS 8
#define CHUNK 64u /* values or blocks handled together */

/* Lives in OpenSSL's heap, as its contexts do. */
struct bau_aes_slots {
    struct {
        EVP_CIPHER_CTX *context;
        atomic_flag busy;
    } slot[SLOTS];
};

struct bau_aes_slots *bau_aes_slots_open(const uint8_t *key, size_t key_len)
{
    struct bau_aes_slots *slots = OPENSSL_zalloc(sizeof *slots);
    const EVP_CIPHER *cipher = key_len == 16   ? EVP_aes_128_ecb()
                               : key_len == 24 ? EVP_aes_192_ecb()
                                               : EVP_aes_256_ecb();
    for (unsigned i = 0; slots && i < SLOTS; i++) {
        EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
        slots->slot[i].context = c;
        atomic_flag_clear(&slots->slot[i].busy);
        if (!c || EVP_EncryptInit_ex(c, cipher, NULL, key, NULL) != 1 ||
            EVP_CIPHER_CTX_set_padding(c, 0) != 1) {
            bau_aes_slots_close(slots);
            return NULL;
        }
    }
    return slots;
}

void bau_aes_slots_close(struct bau_aes_slots *slots)
{
    for (unsigned i = 0; slots && i < SLOTS; i++)
        EVP_CIPHER_CTX_free(slots->slot[i].context); /* wipes the key */
    OPENSSL_free(slots);
}

static unsigned take(struct bau_aes_slots *slots)
{
    for (unsigned i = 0;; i = (i + 1) % SLOTS) {
        if (!atomic_flag_test_and_set_explicit(&slots->slot[i].busy, memory_order_acquire))
            return i;
        if (i == SLOTS - 1)
            sched_yield();
    }
}

static void give(struct bau_aes_slots *slots, unsigned i)
{
    atomic_flag_clear_explicit(&slots->slot[i].busy, memory_order_release);
}

static void encrypt(EVP_CIPHER_CTX *context, const uint8_t *in, uint8_t *out, uint32_t n_blocks)
{
    int written = 0;
    const int wanted = (int)(n_blocks * BAU_AES_BLOCK);
    if (EVP_EncryptUpdate(context, out, &written, in, wanted) != 1 || written != wanted)
        memset(out, 0, (size_t)wanted); /* uncovered: needs a broken OpenSSL; never let the input through */
}

static void ecb(struct bau_aes_slots *slots, const uint8_t *in, uint8_t *out, uint32_t n_blocks)
{
    const unsigned slot = take(slots);
    for (uint32_t done = 0; done < n_blocks; done += CHUNK) {
        const uint32_t now = n_blocks - done < CHUNK ? n_blocks - done : CHUNK;
        encrypt(slots->slot[slot].context, in + 16 * (size_t)done, out + 16 * (size_t)done, now);
    }
    give(slots, slot);
}

static void aes(const struct bau_aes *key, const uint8_t *in, uint8_t *out, uint32_t n_blocks)
{
    ecb(key->slots, in, out, n_blocks);
}

static void cipher(const struct bau_cipher *key, const uint8_t *in, uint8_t *out, uint32_t n_blocks)
{
    ecb(key->slots, in, out, n_blocks);
}

/* Xor block `step` of a message of `len` bytes, padded and keyed when it is the last one, into `state`. */
static void absorb(const struct bau_prf *prf, uint8_t state[16], const uint8_t *message, size_t len,
                   size_t step)
{
    const size_t left = len - 16 * step, here = left < 16 ? left : 16;
    for (size_t i = 0; i < here; i++)
        state[i] ^= message[16 * step + i];
    for (size_t i = 0; i < 16; i++)
        state[i] ^= prf->last[left > 16 ? BAU_PRF_MORE : left][i];
}

static size_t blocks_of(size_t len)
{
    return len == 0 ? 1 : (len + 15) / 16;
}

/* Up to CHUNK messages side by side: block 0 of all, block 1 of those that have one, … */
static void prf_chunk(EVP_CIPHER_CTX *context, const struct bau_prf *prf, const uint8_t *data,
                      const uint32_t *offsets, uint32_t n, uint8_t *out)
{
    uint8_t in[CHUNK * 16], got[CHUNK * 16];
    uint32_t who[CHUNK], active = n;
    for (uint32_t i = 0; i < n; i++)
        who[i] = i;
    memset(out, 0, 16 * (size_t)n);
    for (size_t step = 0; active > 0; step++) {
        uint32_t still = 0;
        for (uint32_t k = 0; k < active; k++) {
            const uint32_t i = who[k], len = offsets[i + 1] - offsets[i];
            memcpy(in + 16 * (size_t)k, out + 16 * (size_t)i, 16);
            absorb(prf, in + 16 * (size_t)k, len ? data + offsets[i] : data, len, step);
        }
        encrypt(context, in, got, active);
        for (uint32_t k = 0; k < active; k++) {
            const uint32_t i = who[k];
            memcpy(out + 16 * (size_t)i, got + 16 * (size_t)k, 16);
            if (step + 1 < blocks_of(offsets[i + 1] - offsets[i]))
                who[still++] = i;
        }
        active = still;
    }
    OPENSSL_cleanse(in, sizeof in);
}

static void prf(const struct bau_prf *key, const uint8_t *data, const uint32_t *offsets, uint32_t n,
                uint8_t *out)
{
    const unsigned slot = take(key->aes.slots);
    for (uint32_t done = 0; done < n; done += CHUNK) {
        const uint32_t now = n - done < CHUNK ? n - done : CHUNK;
        prf_chunk(key->aes.slots->slot[slot].context, key, data, offsets + done, now,
                  out + 16 * (size_t)done);
    }
    give(key->aes.slots, slot);
}

/* One walk step of values[who[0..n]]. */
static void feistel_chunk(EVP_CIPHER_CTX *context, const struct bau_perm *p, uint64_t *values,
                          const uint32_t *who, uint32_t n, bool backward)
{
    uint8_t in[CHUNK * 16], got[CHUNK * 16];
    uint64_t left[CHUNK], right[CHUNK];
    for (uint32_t k = 0; k < n; k++) {
        left[k] = values[who[k]] % p->a;
        right[k] = values[who[k]] / p->a;
    }
    for (uint32_t round = 0; round < BAU_PERM_ROUNDS; round++) {
        const uint8_t t = (uint8_t)(backward ? BAU_PERM_ROUNDS - 1 - round : round);
        const uint64_t m = t % 2 == 0 ? p->a : p->b;
        for (uint32_t k = 0; k < n; k++)
            bau_perm_block(in + 16 * (size_t)k, p->n, t, (uint32_t)(backward ? left[k] : right[k]));
        encrypt(context, in, got, n);
        for (uint32_t k = 0; k < n; k++) {
            const uint64_t f = bau_scale(bau_load64(got + 16 * (size_t)k), m);
            const uint64_t l = left[k], r = right[k];
            left[k] = backward ? (r + m - f) % m : r;
            right[k] = backward ? l : (l + f) % m;
        }
    }
    for (uint32_t k = 0; k < n; k++)
        values[who[k]] = p->a * right[k] + left[k];
}

static void walk(const struct bau_perm *p, uint64_t *values, uint32_t n, bool backward)
{
    const unsigned slot = take(p->aes.slots);
    for (uint32_t done = 0; done < n; done += CHUNK) {
        uint32_t who[CHUNK], active = n - done < CHUNK ? n - done : CHUNK;
        for (uint32_t k = 0; k < active; k++)
            who[k] = done + k;
        while (active > 0) {
            uint32_t still = 0;
            feistel_chunk(p->aes.slots->slot[slot].context, p, values, who, active, backward);
            for (uint32_t k = 0; k < active; k++) {
                if (values[who[k]] >= p->n)
                    who[still++] = who[k];
            }
            active = still;
        }
    }
    give(p->aes.slots, slot);
}

static void feistel(const struct bau_perm *perm, uint64_t *values, uint32_t n)
{
    walk(perm, values, n, false);
}

static void unfeistel(const struct bau_perm *perm, uint64_t *values, uint32_t n)
{
    walk(perm, values, n, true);
}

const struct bau_kernels bau_kernels_generic = {
    .name = "generic",
    .aes = aes,
    .prf = prf,
    .feistel = feistel,
    .unfeistel = unfeistel,
    .cipher = cipher,
    .ff1 = bau_ff1_words_generic,
};
