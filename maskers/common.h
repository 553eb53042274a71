/* What several maskers share: row numbers for messages, random numbers out of a digest, text output, base32
 * and hex.
 *
 * Everything here is frozen with the outputs of the maskers (M2): the same bytes on any CPU. */
#ifndef BAU_MASKERS_COMMON_H
#define BAU_MASKERS_COMMON_H

#include <string.h>

#include "bauta/masker.h"

__extension__ typedef unsigned __int128 bau_wide;

#define BAU_TEXT_SLACK                                                                                       \
    64u /* writable bytes behind the text of bau_mask_text_out: short names are copied 16 at a time */

/* The row's number in its part, from 1, as messages show it. */
static inline uint64_t bau_mask_row(const struct bau_mask_ctx *ctx, uint32_t i)
{
    return ctx->first_row + (ctx->rows ? ctx->rows[i] : i) + 1;
}

/* BAU_E_DATA for value i: where and how long, never what. */
static inline bau_status bau_mask_refuse(const struct bau_mask_ctx *ctx, const struct bau_column *in,
                                         uint32_t i, const char *what, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_DATA, "row %" PRIu64 ": a value of %zu bytes %s", bau_mask_row(ctx, i),
                         bau_column_value(in, i).len, what);
}

/* Eight bytes as a little-endian integer, whatever the CPU. */
static inline uint64_t bau_bits64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return BAU_LITTLE_ENDIAN ? v : __builtin_bswap64(v);
}

/* A number below `bound` from 64 random bits: floor(random * bound / 2^64). */
static inline uint64_t bau_draw(uint64_t random, uint64_t bound)
{
    return (uint64_t)(((bau_wide)random * bound) >> 64);
}

/* A text column for values of at most `each` bytes, with BAU_TEXT_SLACK to write past the last one; the
 * caller fills
 * offsets from 1 on. */
static inline bau_status bau_mask_text_out(struct bau_column *out, const struct bau_column *in, bau_type type,
                                           size_t each, struct bau_arena *arena, struct bau_error *err)
{
    const uint64_t bytes = (uint64_t)each * in->n_values;
    if (bytes > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "%u values of up to %zu bytes do not fit into one batch",
                             in->n_values, each);
    return bau_column_make(out, in, type, (size_t)bytes + BAU_TEXT_SLACK, arena, err);
}

static inline void bau_store_be(uint8_t *p, uint64_t v)
{
    const uint64_t stored = BAU_LITTLE_ENDIAN ? __builtin_bswap64(v) : v;
    memcpy(p, &stored, sizeof stored);
}

static inline uint32_t bau_load_be32(const uint8_t p[4])
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return BAU_LITTLE_ENDIAN ? __builtin_bswap32(v) : v;
}

/* Five bytes as eight characters of RFC 4648 base32 in lower case: all eight groups of five bits at a time.
 * */
static inline void bau_base32(uint8_t out[8], const uint8_t in[5])
{
    uint64_t x = (uint64_t)bau_load_be32(in) << 8 | in[4];
    x = (x & UINT64_C(0xFFFFF00000)) << 12 | (x & UINT64_C(0xFFFFF));
    x = (x & UINT64_C(0x000FFC00000FFC00)) << 6 | (x & UINT64_C(0x000003FF000003FF));
    x = (x & UINT64_C(0x03E003E003E003E0)) << 3 | (x & UINT64_C(0x001F001F001F001F));
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t digit = ((x + 6 * ones) >> 5) & ones; /* 26..31 are the digits 2..7 */
    bau_store_be(out, x + 'a' * ones - digit * ('a' + 26 - '2'));
}

/* Four bytes as eight lower-case hexadecimal digits. */
static inline void bau_hex(uint8_t out[8], const uint8_t in[4])
{
    uint64_t x = bau_load_be32(in);
    x = (x & UINT64_C(0xFFFF0000)) << 16 | (x & UINT64_C(0xFFFF));
    x = (x & UINT64_C(0x0000FF000000FF00)) << 8 | (x & UINT64_C(0x000000FF000000FF));
    x = (x & UINT64_C(0x00F000F000F000F0)) << 4 | (x & UINT64_C(0x000F000F000F000F));
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t letter = ((x + 6 * ones) >> 4) & ones; /* 10..15 are the letters */
    bau_store_be(out, x + '0' * ones + letter * ('a' - 10 - '0'));
}

/* A fixed-width column as the format wants it: all-zero bytes where a value is null. */
static inline void bau_mask_clear_nulls(const struct bau_column *in, struct bau_column *out)
{
    const size_t width = bau_type_width(out->type);
    for (uint32_t i = 0; in->valid && i < in->n_values; i++)
        if (!bau_column_present(in, i))
            memset((uint8_t *)out->data + width * i, 0, width);
}

static inline bool bau_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

#endif
