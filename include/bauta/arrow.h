/* Batches of values between engines: the two structs of the Arrow C data interface, and a batch exported through them.
 *
 * The structs and what their members mean are Arrow's (https://arrow.apache.org/docs/format/CDataInterface.html), a binary
 * interface that does not change; the guard is the one that every copy of them shares.
 *
 * Ownership: whoever fills a struct sets `release`; whoever holds it last calls it, once, with the struct's address, and it
 * sets `release` to NULL. A struct is moved by copying its bytes and setting the old one's `release` to NULL. A child may be
 * moved out of its parent and then lives on its own.
 * Threads: a struct belongs to one thread at a time; different structs, also children moved out of one parent, to any. */
#ifndef BAUTA_ARROW_H
#define BAUTA_ARROW_H

#include <stdint.h>

#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema { /* what the values of an array are */
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray { /* the values */
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

struct bau_batch;

/* The typed columns of a batch as a struct array ("+s"), one child a column, repeated fields as lists ("+l"). Values and
 * offsets are not copied, validity bits and booleans are. Columns that were not decoded (FRAME, VIEW) are left out.
 *
 * out_schema  may be NULL
 * out_array   owns what the batch held: the batch is empty afterwards, as after bau_batch_release
 *
 * Formats: boolean b, int2 s, int4 i, int8 l, float4 f, float8 g, date tdD, time ttu, timestamp tsu:, timestamptz tsu:UTC,
 * uuid w:16, text, numeric and json u, bytes and other z. Errors: BAU_E_NOMEM; the batch then stays as it was. */
bau_status bau_batch_export(struct bau_batch *batch, struct ArrowSchema *out_schema,
                            struct ArrowArray *out_array, struct bau_error *err) BAU_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
