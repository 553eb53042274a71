/* Between Arrow's arrays and our columns. take.c copies in, give.c hands out, treatment.c is the public door. */
#ifndef BAU_ARROW_ARROW_H
#define BAU_ARROW_ARROW_H

#include "bauta/arrow.h"
#include "bauta/batch.h"

struct bau_arrow_type {
    const char *format; /* of the values, Arrow's */
    bau_type type;
    bool list, wide; /* wide: 64-bit offsets */
};

/* `word` says what UTF-8 values are, NULL: text. BAU_E_USAGE names the format that is not taken. */
bau_status bau_arrow_type_of(const struct ArrowSchema *schema, const char *word, struct bau_arrow_type *out,
                             struct bau_error *err) BAU_MUST_CHECK;

struct bau_arrow_rows { /* a run of rows of an array */
    const struct ArrowArray *array;
    int64_t at; /* first row, array->offset counted in */
    uint32_t n;
    const uint8_t *outer; /* validity bits of the struct around, or NULL … */
    int64_t outer_at;     /* … and its bit of the first row */
};
/* A copy of the rows as a TYPED column in `arena` (B1–B4). Lists: list_offsets count the elements, and `row_valid` gets the
 * bits of rows that are lists at all (NULL when all are). BAU_E_USAGE when the array is not what `type` says. */
bau_status bau_arrow_take(const struct bau_arrow_rows *rows, const struct bau_arrow_type *type,
                          struct bau_arena *arena, struct bau_column *out, uint64_t **row_valid,
                          struct bau_error *err) BAU_MUST_CHECK;

/* What the nodes of one exported tree share: counted, since children may be moved away. */
struct bau_arrow_owner;
struct bau_arrow_owner *bau_arrow_owner_new(size_t bytes) BAU_MUST_CHECK; /* about as many will be needed */
/* Before anything of it was handed out. */
void bau_arrow_owner_drop(struct bau_arrow_owner *owner);

struct bau_arrow_gift { /* a column on its way out */
    const struct bau_column *column;
    const struct bau_arrow_type *type;
    uint32_t n_rows;
    const uint64_t *row_valid; /* lists: as bau_arrow_take gives it */
    bool copy;                 /* values and offsets too: the column's arena goes before the array does */
};
bau_status bau_arrow_give(struct bau_arrow_owner *owner, const struct bau_arrow_gift *gift,
                          struct ArrowArray *out, struct bau_error *err) BAU_MUST_CHECK;
bau_status bau_arrow_give_schema(struct bau_arrow_owner *owner, const struct bau_arrow_type *type,
                                 const char *name, struct ArrowSchema *out, struct bau_error *err)
    BAU_MUST_CHECK;

#endif
