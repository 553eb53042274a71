/* The only thing that travels: a batch of rows of one dataset.
 *
 * A batch keeps the bytes as they arrived (`raw`). A field that no rule touches is never decoded: it lies in `raw`,
 * between fields that are. Only fields a masker needs become typed columns in the Arrow layout.
 *
 * Invariants (HOUSE-STYLE names them B1–B7): bits LSB first and zero past n_values; offsets start at 0, never decrease,
 * stay <= INT32_MAX; every buffer non-NULL, 64-byte aligned, readable 64 bytes past its end; a null has length 0 or
 * all-zero bytes; repetition lives in list_offsets only.
 *
 * Threads: a batch belongs to one thread at a time. */
#ifndef BAUTA_BATCH_H
#define BAUTA_BATCH_H

#include "schema.h"

#define BAU_BATCH_ROWS 4096u                        /* a reader stops filling at this many rows … */
#define BAU_BATCH_BYTES (512u * 1024u)              /* … or this many bytes, whichever comes first */
#define BAU_VALUE_BYTES_MAX (1024u * 1024u * 1024u) /* a larger value is BAU_E_LIMIT */

/* What a reader must give of a field. */
typedef enum {
    BAU_WANT_FRAME, /* nothing: it stays inside raw, between the fields that are wanted */
    BAU_WANT_VIEW,  /* spans */
    BAU_WANT_TYPED, /* spans and typed buffers */
} bau_want;

#define BAU_SPAN_NULL UINT32_MAX
struct bau_span { /* bytes of one value inside batch->raw, without the framing around them */
    uint32_t at;  /* for a null: where its bytes would start */
    uint32_t len; /* BAU_SPAN_NULL: null */
};

typedef enum { BAU_FORM_FRAME, BAU_FORM_VIEW, BAU_FORM_TYPED } bau_form;

struct bau_column {                /* a run of values of one field */
    const struct bau_field *field; /* borrowed from the dataset; NULL for values out of a document */
    bau_form form;
    bau_type type; /* of the values in data */
    uint32_t n_values, n_nulls;
    uint64_t *valid;              /* bit i set: value i present. NULL when n_nulls == 0 */
    uint32_t *offsets;            /* variable width: n_values + 1 entries. NULL for fixed width */
    void *data;                   /* fixed: n_values * width bytes; variable: offsets[n_values] bytes */
    uint32_t *list_offsets;       /* repeated field: n_rows + 1 entries. NULL: one value a row */
    const struct bau_span *spans; /* VIEW and TYPED: one a row, as it arrived; NULL for FRAME */
};

struct bau_batch {
    const struct bau_dataset *dataset; /* borrowed; outlives every batch of its part */
    struct bau_arena *arena;           /* owns every buffer below; reset when the batch is reused */
    const char *format; /* how raw is framed, e.g. "pgcopy": a writer of the same format copies runs */
    const uint8_t *raw; /* the bytes as they arrived, BAU_ALIGN readable bytes behind */
    size_t raw_len;
    const uint32_t *row_at; /* n_rows + 1 entries: where each row's frame starts in raw */
    uint64_t seq, bytes;    /* place in the part; bytes of rows held */
    uint32_t n_rows;        /* 0 from a reader means: end of part */
    uint32_t n_columns;     /* dataset->n_fields */
    struct bau_column *columns;
    void *adopted;                /* foreign block that raw lies in, when one value was too big to copy … */
    void (*adopted_free)(void *); /* … and how to give it back */
};

bau_status bau_batch_init(struct bau_batch *batch, struct bau_error *err) BAU_MUST_CHECK;
void bau_batch_release(struct bau_batch *batch);
/* Empties the batch for the next turn and binds it to a dataset (columns all FRAME). */
bau_status bau_batch_reset(struct bau_batch *batch, const struct bau_dataset *dataset, struct bau_error *err)
    BAU_MUST_CHECK;

/* Keeps the rows whose bit in `keep` (n_rows bits, LSB first) is set. A batch that is left with none is not the end of its
 * part. */
bau_status bau_batch_filter(struct bau_batch *batch, const uint64_t *keep, struct bau_error *err)
    BAU_MUST_CHECK;

/* Gives back what a batch that has been written holds; the next reset takes anew. For batches too big to keep around. */
void bau_batch_drop(struct bau_batch *batch);

typedef enum { BAU_VALIDATE_SHAPE, BAU_VALIDATE_OFFSETS, BAU_VALIDATE_CONTENTS } bau_validate_level;
/* Checks B1–B7; BAU_E_BUG names the first broken one. */
bau_status bau_batch_validate(const struct bau_batch *batch, bau_validate_level level, struct bau_error *err)
    BAU_MUST_CHECK;
bau_status bau_column_validate(const struct bau_column *column, uint32_t n_rows, bau_validate_level level,
                               struct bau_error *err) BAU_MUST_CHECK;

static inline bool bau_column_present(const struct bau_column *column, uint32_t i)
{
    return !column->valid || ((column->valid[i / 64] >> (i % 64)) & 1u);
}

/* Makes `out` a TYPED column of `n` values: validity and nulls shared with `in`, fresh data of `data_bytes` (fixed
 * width: ignored, computed). Variable width: offsets of n + 1 entries, offsets[0] = 0, the rest for the caller.
 * `in` may be another type; field, list_offsets and spans are taken over. */
bau_status bau_column_make(struct bau_column *out, const struct bau_column *in, bau_type type,
                           size_t data_bytes, struct bau_arena *arena, struct bau_error *err) BAU_MUST_CHECK;
/* Same type, nulls and offsets as `in`, new bytes. */
bau_status bau_column_like(struct bau_column *out, const struct bau_column *in, struct bau_arena *arena,
                           struct bau_error *err) BAU_MUST_CHECK;
/* Every value of `out` is null. */
bau_status bau_column_nulls(struct bau_column *out, const struct bau_column *in, struct bau_arena *arena,
                            struct bau_error *err) BAU_MUST_CHECK;
/* The values of `in`, those whose bit in `rows` (n_values bits, LSB first) is set null. Not for lists. */
bau_status bau_column_null_some(struct bau_column *out, const struct bau_column *in, const uint64_t *rows,
                                struct bau_arena *arena, struct bau_error *err) BAU_MUST_CHECK;
/* The n values of `in` that `index` names, in that order, in buffers of their own; spans and list_offsets are left out. */
bau_status bau_column_take(struct bau_column *out, const struct bau_column *in, const uint32_t *index,
                           uint32_t n, struct bau_arena *arena, struct bau_error *err);
/* The opposite: value i is value at[i] of parts[which[i]], all of one type; shape (field, lists, spans) from `like`. */
bau_status bau_column_merge(struct bau_column *out, const struct bau_column *like,
                            const struct bau_column *const *parts, const uint32_t *which, const uint32_t *at,
                            struct bau_arena *arena, struct bau_error *err);
/* Value i as bytes (variable or fixed width). */
static inline struct bau_slice bau_column_value(const struct bau_column *column, uint32_t i)
{
    const uint32_t width = bau_type_width(column->type);
    const uint8_t *data = (const uint8_t *)column->data;
    if (width)
        return (struct bau_slice){ data + (size_t)i * width, width };
    return (struct bau_slice){ data + column->offsets[i], column->offsets[i + 1] - column->offsets[i] };
}

#endif
