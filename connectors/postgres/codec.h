/* Values as they lie in a COPY stream ↔ values as maskers see them. codec.c walks columns and dispatches by transport.
 *
 * Errors name the type and lengths, never bytes. Threads: any; nothing is shared. */
#ifndef BAU_PG_CODEC_H
#define BAU_PG_CODEC_H

#include "bytes.h"
#include "pg.h"

/* A typed column while it grows; buffers come from the arena, B1 to B3 hold when it is sealed. */
struct pg_build {
    struct bau_arena *arena;
    bau_type type;
    uint32_t width;            /* 0: variable */
    uint32_t n, n_nulls, room; /* values; room: values that fit */
    size_t bytes, bytes_room;  /* of data */
    uint8_t *data;
    uint32_t *offsets;
    uint64_t *valid;
};
bau_status pg_build_init(struct pg_build *b, bau_type type, uint32_t values, size_t bytes,
                         struct bau_arena *arena, struct bau_error *err) BAU_MUST_CHECK;
/* A new value of `bytes` bytes (fixed width: of the width); NULL when it does not fit, then err is set. */
uint8_t *pg_build_add(struct pg_build *b, size_t bytes, struct bau_error *err);
/* The same for a value whose size is only known afterwards: room for `most`, then the size it came to. */
uint8_t *pg_build_open(struct pg_build *b, size_t most, struct bau_error *err);
void pg_build_shut(struct pg_build *b, size_t bytes);
bau_status pg_build_null(struct pg_build *b, struct bau_error *err) BAU_MUST_CHECK;

bau_status pg_malformed(const char *what, size_t len, struct bau_error *err); /* BAU_E_BUG */

/* One value, without its length word, onto the column. `blank_padded`: char(n). */
bau_status pg_binary_decode(struct pg_build *b, const uint8_t *p, size_t len, bool blank_padded,
                            struct bau_error *err) BAU_MUST_CHECK;
/* Length word and bytes. `jsonb`: the value is to carry jsonb's version byte. */
bau_status pg_binary_encode(bau_type type, struct bau_slice value, bool jsonb, struct bau_text *out,
                            struct bau_error *err) BAU_MUST_CHECK;
/* `p`: the value as the type's output function spells it, COPY's escapes removed. */
bau_status pg_text_decode(struct pg_build *b, const uint8_t *p, size_t len, bool blank_padded,
                          struct bau_error *err) BAU_MUST_CHECK;
/* The type's spelling, without COPY's escapes. */
bau_status pg_text_encode(bau_type type, struct bau_slice value, struct bau_text *out, struct bau_error *err)
    BAU_MUST_CHECK;
size_t pg_copy_unescape(const uint8_t *p, size_t len,
                        uint8_t *out); /* out: len bytes; returns how many came out */
void pg_copy_escape(const uint8_t *p, size_t len, struct bau_text *out);

/* network.c ─ inet, cidr, macaddr, macaddr8: text to maskers. `oid`: of the type or of an array of it. Encoding a text that
 * is no such value is BAU_E_DATA. */
bau_status pg_network_decode(struct pg_build *b, const uint8_t *p, size_t len, uint32_t oid,
                             struct bau_error *err) BAU_MUST_CHECK;
bau_status pg_network_encode(struct bau_slice value, uint32_t oid, struct bau_text *out,
                             struct bau_error *err) BAU_MUST_CHECK;

/* array.c ─ walks the value of an array. */
struct pg_array { /* binary */
    uint32_t n, element_oid;
    size_t elements_at; /* the first element's length word */
};
bau_status pg_array_header(const uint8_t *p, size_t len, struct pg_array *out, struct bau_error *err)
    BAU_MUST_CHECK;
/* Next piece of an array's text: 0 at its end, 'e' an element (unquoted into `out`, which holds len bytes), 'n' a null
 * element, 's' structure to copy. -1: malformed. [*from, *at) is the piece as it stands. */
int pg_array_piece(const uint8_t *p, size_t len, size_t *from, size_t *at, uint8_t *out, size_t *out_len);
void pg_array_quote(struct bau_slice element, struct bau_text *out);

/* numeric.c */
bau_status pg_numeric_decode(struct pg_build *b, const uint8_t *p, size_t len, struct bau_error *err)
    BAU_MUST_CHECK;
bau_status pg_numeric_encode(struct bau_slice ascii, struct bau_text *out, struct bau_error *err)
    BAU_MUST_CHECK;
bool pg_numeric_valid(struct bau_slice ascii); /* -?digits[.digits], NaN, Infinity, -Infinity */

/* instant.c ─ text of DateStyle ISO, TimeZone UTC; the epoch is 1970. */
bool pg_instant_parse(bau_type type, const uint8_t *p, size_t len, int64_t *out);
/* NUL-terminated; returns the length. */
size_t pg_instant_format(bau_type type, int64_t value, char out[64]);

#endif
