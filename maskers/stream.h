/* Many random bytes a value: the PRF in counter mode, several values at a time.
 *
 * Block k of value i is PRF(key, first 12 bytes of the value's digest || k as 4 bytes, little endian): 16
 * bytes. Frozen (M2). Blocks are made ahead, across values, so that the PRF has enough to do at once. */
#ifndef BAU_MASKERS_STREAM_H
#define BAU_MASKERS_STREAM_H

#include "maskers/common.h"
#include "src/kernel/kernels.h"

enum { BAU_STREAM_AHEAD = 64 };

struct bau_stream {
    const struct bau_prf *prf;
    const uint8_t (*digest)[16]; /* one a value */
    const uint32_t *offsets;     /* of the values */
    uint32_t n_values, unit;     /* a value of n bytes will ask for about n / unit blocks */
    uint32_t n, at;              /* blocks made, the one handed out last */
    uint32_t value[BAU_STREAM_AHEAD], index[BAU_STREAM_AHEAD];
    uint8_t message[BAU_STREAM_AHEAD][16], block[BAU_STREAM_AHEAD][16];
};

static inline void bau_stream_start(struct bau_stream *s, const struct bau_prf *prf,
                                    const uint8_t (*digest)[16], const struct bau_column *in, uint32_t unit)
{
    s->prf = prf;
    s->digest = digest;
    s->offsets = in->offsets;
    s->n_values = in->n_values;
    s->unit = unit;
    s->n = s->at = 0;
}

static inline void bau_stream_fill(struct bau_stream *s, uint32_t value, uint32_t k)
{
    uint32_t starts[BAU_STREAM_AHEAD + 1];
    s->n = s->at = 0;
    while (value < s->n_values && s->n < BAU_STREAM_AHEAD) {
        const uint32_t len = s->offsets[value + 1] - s->offsets[value];
        uint32_t blocks = (len + s->unit - 1) / s->unit;
        blocks = s->n == 0 && blocks <= k ? k + 1 : blocks; /* it asked for more than its length told */
        for (; k < blocks && s->n < BAU_STREAM_AHEAD; k++, s->n++) {
            s->value[s->n] = value;
            s->index[s->n] = k;
            memcpy(s->message[s->n], s->digest[value], 12);
            for (unsigned b = 0; b < 4; b++)
                s->message[s->n][12 + b] = (uint8_t)(k >> (8 * b));
        }
        if (k >= blocks) {
            value++;
            k = 0;
        }
    }
    for (uint32_t i = 0; i <= s->n; i++)
        starts[i] = 16 * i;
    bau_prf_batch(s->prf, s->message[0], starts, s->n, s->block[0]);
}

/* Block k of a value; values and blocks are asked for in order, none need be. */
static inline const uint8_t *bau_stream_block(struct bau_stream *s, uint32_t value, uint32_t k)
{
    while (s->at < s->n && (s->value[s->at] != value || s->index[s->at] != k))
        s->at++;
    if (s->at == s->n)
        bau_stream_fill(s, value, k);
    return s->block[s->at];
}

/* Number `i` of 16 bits out of a value's stream. */
static inline uint32_t bau_stream_u16(struct bau_stream *s, uint32_t value, uint32_t i)
{
    const uint8_t *p = bau_stream_block(s, value, i / 8) + 2 * (i % 8);
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

#endif
