/* How the rows of a batch lie in its raw bytes, for those who store values and give them back elsewhere: the archive. A
 * connector that frames rows has one of these a format; the format's name travels with the rows.
 *
 * The fields that travel are the dataset's, without generated ones, in order; a narrow read has the wanted ones only. A
 * value's bytes are what stands between the frames, unchanged, so that rows put together again are those that were taken apart.
 * Threads: any; nothing is shared. */
#ifndef BAUTA_FRAMES_H
#define BAUTA_FRAMES_H

#include "batch.h"

struct bau_frames {
    const char *format;  /* batch->format */
    uint32_t row, value; /* most bytes of framing a row and a value */
    /* Spans of every value: out[i] has room for n_rows spans of field i of `n` that travel. BAU_E_BUG when rows are framed
     * otherwise. */
    bau_status (*cut)(const struct bau_batch *batch, uint32_t n, struct bau_span *const *out,
                      struct bau_error *err);
    /* Value `row` of a masked column as it would lie in raw, at the end of `out`; *out_null: none does. */
    bau_status (*encode)(const struct bau_batch *batch, const struct bau_column *column, uint32_t row,
                         struct bau_text *out, bool *out_null, struct bau_error *err);
    /* One row of `n` values (data NULL: null) at `to`; at[i]: where value i lies, counted from `to`. Returns bytes used. */
    size_t (*join)(const struct bau_slice *values, uint32_t n, uint8_t *to, uint32_t *at);
    /* Fills the typed buffers of a VIEW column from its spans. */
    bau_status (*decode)(const struct bau_batch *batch, struct bau_column *column, struct bau_error *err);
};

#endif
