/* The common columns of the binary form, many values at a time: text, JSON and bytes, numbers of a fixed width, dates.
 * What is not common goes through codec.h, value by value, to the same result. Threads: any. */
#ifndef BAU_PG_QUICK_H
#define BAU_PG_QUICK_H

#include "bytes.h"
#include "pg.h"

/* Typed buffers of `column` from its spans. False: not a common one, or memory ran out; nothing was done. */
bool pg_quick_decode(const struct bau_batch *batch, struct bau_column *column);

/* How a replaced column is written. */
typedef enum {
    PG_QUICK_NONE,
    PG_QUICK_BYTES,
    PG_QUICK_JSONB,
    PG_QUICK_FIXED,
    PG_QUICK_DATE,
    PG_QUICK_INSTANT
} pg_quick;
pg_quick pg_quick_kind(const struct bau_batch *batch, const struct bau_column *column);

enum { PG_QUICK_MOST = 4096, PG_QUICK_SLACK = 64 }; /* longest value; bytes that may be written behind it */

/* Copies n bytes, n <= PG_QUICK_MOST; up to PG_QUICK_SLACK bytes more are read and written. */
static inline void pg_quick_copy(uint8_t *to, const uint8_t *from, size_t n)
{
    if (n <= 32)
        memcpy(to, from, 32);
    else if (n <= 64)
        memcpy(to, from, 64);
    else
        memcpy(to, from, n);
}

/* Length word and bytes of value `row`; `to` has room for PG_QUICK_MOST + 5 + PG_QUICK_SLACK bytes. Returns the bytes written,
 * 0 when pg_encode_value must do it. */
size_t pg_quick_encode(pg_quick kind, const struct bau_column *column, uint32_t row, uint8_t *to);

#endif
