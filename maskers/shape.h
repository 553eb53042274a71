/* Tokens in the shape of what they replace: digits become digits, letters letters of the same case,
 * hexadecimal digits such; other characters stay. The length stays.
 *
 * Construction (frozen, M2): block 0 of a piece's stream is PRF(piece), block k is PRF(block 0 || k as 4
 * bytes, little endian). Character i takes byte i of the stream, b: digit floor(10 b / 256), letter floor(26
 * b / 256), hexadecimal digit b mod 16. */
#ifndef BAU_MASKERS_SHAPE_H
#define BAU_MASKERS_SHAPE_H

#include "maskers/common.h"
#include "src/kernel/kernels.h"

struct bau_piece {
    uint32_t at, len;
    bool hex; /* every letter is a hexadecimal digit and stays one */
};

/* Replaces the pieces of `data` in place. A "%41" and the bytes of other characters than ASCII become
 * lower-case letters. Errors: BAU_E_NOMEM. */
bau_status bau_shape_mask(const struct bau_prf *prf, uint8_t *data, const struct bau_piece *pieces,
                          uint32_t n, struct bau_arena *arena, struct bau_error *err) BAU_MUST_CHECK;

/* A PRF from the subkey `label`. */
bau_status bau_shape_key(struct bau_prf *prf, const struct bau_mask_key *key, const char *label,
                         struct bau_error *err) BAU_MUST_CHECK;

#endif
