/* fpe with classes=true: the permutation over a mixed radix. fpe.c says what it computes. */
#include "maskers/fpe.h"

enum { ROUNDS = 10 };

static const struct { /* of the alphabet alnum */
    uint8_t base, radix;
} classes[3] = { { 0, 10 }, { 10, 26 }, { 36, 26 } };

static unsigned class_of(uint32_t index)
{
    return (unsigned)(index >= 10) + (unsigned)(index >= 36);
}

/* PRF(K1, the classes: one byte a position, 0 digit, 1 upper case, 2 lower case) */
static void tweak_of(const struct bau_rank *rank, const uint16_t *x, uint32_t n, uint8_t tweak[16])
{
    uint8_t bytes[BAU_FPE_SYMBOLS];
    const uint32_t offsets[2] = { 0, n };
    for (uint32_t k = 0; k < n; k++)
        bytes[k] = (uint8_t)class_of(x[k]);
    bau_prf_batch(&rank->tweak, bytes, offsets, 1, tweak);
}

bool bau_fpe_classes_rank(const struct bau_rank *rank, const uint16_t *x, uint32_t n,
                          struct bau_rank_item *item, struct bau_rank_shape *shape)
{
    bau_wide size = 1, value = 0;
    for (uint32_t k = 0; k < n; k++) {
        const unsigned class = class_of(x[k]);
        size *= classes[class].radix;
        value = value * classes[class].radix + (uint32_t)(x[k] - classes[class].base);
        if (size >> 120)
            return false;
    }
    bau_rank_shape_init(shape, size);
    item->shape = shape;
    item->value = value;
    tweak_of(rank, x, n, item->tweak);
    return true;
}

void bau_fpe_classes_unrank(uint16_t *x, uint32_t n, bau_wide value)
{
    for (uint32_t k = n; k-- > 0;) {
        const unsigned class = class_of(x[k]);
        x[k] = (uint16_t)(classes[class].base + (uint32_t)(value % classes[class].radix));
        value /= classes[class].radix;
    }
}

static void prf_block(const struct bau_rank *rank, const uint8_t in[16], uint8_t out[16])
{
    static const uint32_t offsets[2] = { 0, 16 };
    bau_prf_batch(&rank->round, in, offsets, 1, out);
}

/* state = a digest of the tweak, the round and the symbols [from, to) */
static void absorb(const struct bau_rank *rank, const uint16_t *x, uint32_t from, uint32_t to, unsigned round,
                   uint8_t state[16])
{
    uint8_t block[16] = { 0 };
    block[0] = (uint8_t)(round + 1);
    for (unsigned s = 0; s < 16; s++)
        block[s] ^= state[s];
    prf_block(rank, block, state);
    for (uint32_t k = from; k < to; k += 16) {
        for (uint32_t s = 0; s < 16; s++)
            block[s] = state[s] ^ (uint8_t)(k + s < to ? x[k + s] : 0);
        prf_block(rank, block, state);
    }
}

void bau_fpe_classes_mix(const struct bau_rank *rank, uint16_t *x, uint32_t n)
{
    const uint32_t from[2] = { 0, n / 2 }, to[2] = { n / 2, n };
    uint8_t tweak[16];
    tweak_of(rank, x, n, tweak);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint8_t state[16], block[16], digest[16];
        const unsigned changes = i % 2, reads = 1 - changes;
        memcpy(state, tweak, 16);
        absorb(rank, x, from[reads], to[reads], i, state);
        for (uint32_t k = from[changes]; k < to[changes]; k++) {
            const unsigned class = class_of(x[k]);
            memcpy(block, state, 16);
            for (unsigned b = 0; b < 4; b++)
                block[8 + b] ^= (uint8_t)((k + 1) >> (8 * b));
            prf_block(rank, block, digest);
            const uint64_t moved = x[k] - classes[class].base + bau_rank_scale(digest, classes[class].radix);
            x[k] = (uint16_t)(classes[class].base + moved % classes[class].radix);
        }
    }
}
