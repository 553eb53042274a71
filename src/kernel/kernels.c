/* Chooses the table of kernels, and holds what is the same for all of them: setting up keys and permutations.
 */
#include "src/kernel/internal.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const struct bau_kernels *chosen;
static pthread_once_t once = PTHREAD_ONCE_INIT;

size_t bau_kernels_list(const struct bau_kernels *out[], size_t capacity)
{
    const struct bau_kernels *have[4];
    size_t n = 0;
    have[n++] = &bau_kernels_generic;
#if defined(__x86_64__)
    if (bau_aesni_here())
        have[n++] = &bau_kernels_aesni;
    if (bau_vaes_here())
        have[n++] = &bau_kernels_vaes;
#endif
    if (n > capacity)
        n = capacity;
    for (size_t i = 0; i < n; i++)
        out[i] = have[i];
    return n;
}

static void choose(void)
{
    const struct bau_kernels *have[4];
    const size_t n = bau_kernels_list(have, BAU_COUNT(have));
    const char *wanted = getenv("BAU_KERNELS");
    chosen = have[n - 1]; /* slowest first in the list */
    for (size_t i = 0; wanted && i < n; i++) {
        if (strcmp(wanted, have[i]->name) == 0)
            chosen = have[i];
    }
}

const struct bau_kernels *bau_kernels_get(void)
{
    pthread_once(&once, choose);
    return chosen;
}

bool bau_aes_init(struct bau_aes *aes, const uint8_t key[16])
{
    memset(aes, 0, sizeof *aes);
#if defined(__x86_64__)
    if (bau_aesni_here())
        bau_aesni_expand(aes, key);
#endif
    aes->slots = bau_aes_slots_open(key, 16);
    return aes->slots != NULL;
}

void bau_aes_release(struct bau_aes *aes)
{
    bau_aes_slots_close(aes->slots);
    OPENSSL_cleanse(aes, sizeof *aes);
}

/* Doubling in GF(2^128), RFC 4493 section 2.3. */
static void twice(uint8_t out[16], const uint8_t in[16])
{
    const uint8_t top = (uint8_t)(in[0] >> 7);
    for (unsigned i = 0; i < 15; i++)
        out[i] = (uint8_t)(in[i] << 1 | in[i + 1] >> 7);
    out[15] = (uint8_t)(in[15] << 1 ^ (top ? 0x87 : 0));
}

bool bau_prf_init(struct bau_prf *prf, const uint8_t key[16])
{
    memset(prf, 0, sizeof *prf);
    if (!bau_aes_init(&prf->aes, key))
        return false;
    uint8_t zero[16] = { 0 }, l[16], k1[16], k2[16];
    bau_kernels_get()->aes(&prf->aes, zero, l, 1);
    twice(k1, l);
    twice(k2, k1);
    for (unsigned r = 0; r < 16; r++) {
        memcpy(prf->last[r], k2, 16);
        prf->last[r][r] ^= 0x80;
    }
    memcpy(prf->last[16], k1, 16);
    OPENSSL_cleanse(l, sizeof l);
    OPENSSL_cleanse(k1, sizeof k1);
    OPENSSL_cleanse(k2, sizeof k2);
    return true;
}

void bau_prf_release(struct bau_prf *prf)
{
    if (!prf)
        return;
    bau_aes_release(&prf->aes);
    OPENSSL_cleanse(prf, sizeof *prf);
}

void bau_prf_batch(const struct bau_prf *prf, const uint8_t *data, const uint32_t *offsets, uint32_t n,
                   uint8_t *out)
{
    bau_kernels_get()->prf(prf, data, offsets, n, out);
}

size_t bau_perm_table_entries(uint64_t n)
{
    return n < BAU_PERM_TABLE_BELOW ? 2 * (size_t)n : 0;
}

/* The smallest a with a * a >= n. */
static uint64_t root_up(uint64_t n)
{
    uint64_t low = 1, high = (uint64_t)1 << 32;
    while (low < high) {
        const uint64_t mid = low + (high - low) / 2;
        if ((bau_u128)mid * mid >= n)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

/* The words of the stream E(B(255, 0)) || E(B(255, 1)) || …, made 64 blocks at a time. */
struct stream {
    const struct bau_aes *aes;
    uint64_t n;
    uint32_t next_block, word;
    uint8_t bytes[64 * 16];
};

static uint32_t stream_next(struct stream *s)
{
    if (s->word == sizeof s->bytes / 4) {
        uint8_t blocks[sizeof s->bytes];
        for (uint32_t i = 0; i < 64; i++)
            bau_perm_block(blocks + 16 * (size_t)i, s->n, BAU_PERM_STREAM, s->next_block++);
        bau_kernels_get()->aes(s->aes, blocks, s->bytes, 64);
        s->word = 0;
    }
    return bau_load32(s->bytes + 4 * (size_t)s->word++);
}

static void fill_table(struct bau_perm *p)
{
    const uint32_t n = (uint32_t)p->n;
    struct stream s = { .aes = &p->aes, .n = p->n, .word = sizeof s.bytes / 4 };
    for (uint32_t i = 0; i < n; i++)
        p->forward[i] = i;
    for (uint32_t i = n - 1; i > 0; i--) {
        const uint32_t bound = i + 1, refuse = (0u - bound) % bound; /* 2^32 mod bound */
        uint64_t m;
        do
            m = (uint64_t)stream_next(&s) * bound;
        while ((uint32_t)m < refuse);
        const uint32_t j = (uint32_t)(m >> 32), kept = p->forward[i];
        p->forward[i] = p->forward[j];
        p->forward[j] = kept;
    }
    for (uint32_t i = 0; i < n; i++)
        p->backward[p->forward[i]] = i;
    OPENSSL_cleanse(&s, sizeof s);
}

bool bau_perm_init(struct bau_perm *perm, const uint8_t key[16], uint64_t n, uint32_t *table)
{
    memset(perm, 0, sizeof *perm);
    if (n == 0 || !bau_aes_init(&perm->aes, key))
        return false;
    perm->n = n;
    if (n < BAU_PERM_TABLE_BELOW) {
        perm->forward = table;
        perm->backward = table + n;
        fill_table(perm);
    } else {
        perm->a = root_up(n);
        perm->b = n / perm->a + (n % perm->a != 0);
    }
    return true;
}

void bau_perm_release(struct bau_perm *perm)
{
    if (!perm)
        return;
    if (perm->forward)
        OPENSSL_cleanse(perm->forward, 2 * (size_t)perm->n * sizeof *perm->forward);
    bau_aes_release(&perm->aes);
    OPENSSL_cleanse(perm, sizeof *perm);
}

static void look_up(const uint32_t *table, uint64_t *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        values[i] = table[values[i]];
}

void bau_perm_permute(const struct bau_perm *perm, uint64_t *values, uint32_t n_values)
{
    if (perm->forward)
        look_up(perm->forward, values, n_values);
    else
        bau_kernels_get()->feistel(perm, values, n_values);
}

void bau_perm_unpermute(const struct bau_perm *perm, uint64_t *values, uint32_t n_values)
{
    if (perm->backward)
        look_up(perm->backward, values, n_values);
    else
        bau_kernels_get()->unfeistel(perm, values, n_values);
}
