/* Redis values as RDB spells them (DUMP payloads), taken apart into items and put together again.
 *
 * A value is a flat run of items in the order the server holds them:
 *   string  VALUE                         set   MEMBER …             hash    (FIELD VALUE) …
 *   list    MEMBER …                      zset  (MEMBER SCORE) …     stream  (ENTRY (FIELD VALUE) …) … STREAM_END
 * SCORE is a double in host order; ENTRY 16 bytes, milliseconds and sequence number, big-endian; STREAM_END what lies
 * behind the entries (last id, groups, pending lists) as the server spelled it.
 * Reads the encodings of RDB versions 6 to 12 but for modules and hashes whose fields expire. Writes only the plain
 * encodings that every server since 5.0 takes, streams as they came.
 * Bytes are foreign: whatever they are, nothing outside them is read. Threads: any. */
#ifndef BAU_REDIS_RDB_H
#define BAU_REDIS_RDB_H

#include "bauta/batch.h"

typedef enum {
    REDIS_STRING,
    REDIS_LIST,
    REDIS_SET,
    REDIS_ZSET,
    REDIS_HASH,
    REDIS_STREAM,
    REDIS_OTHER,
    REDIS_TYPES
} redis_type;

typedef enum {
    REDIS_ITEM_VALUE,
    REDIS_ITEM_MEMBER,
    REDIS_ITEM_SCORE,
    REDIS_ITEM_FIELD,
    REDIS_ITEM_ENTRY,
    REDIS_ITEM_STREAM_END,
} redis_item;

/* `bytes` are borrowed until the call returns. */
typedef bau_status (*redis_item_fn)(void *self, redis_item item, struct bau_slice bytes,
                                    struct bau_error *err);

struct redis_sink {
    void *self;
    redis_item_fn item;
};

/* Type of a DUMP payload, REDIS_OTHER for what cannot be taken apart. */
redis_type redis_rdb_type_of(uint8_t type);
redis_type redis_rdb_type(struct bau_slice payload);
/* BAU_E_DATA when the payload is malformed or of a kind that is not read; the text names type byte and length. */
bau_status redis_rdb_decode(struct bau_slice payload, const struct redis_sink *sink, struct bau_error *err)
    BAU_MUST_CHECK;

/* ── writing ── */

struct redis_crc { /* CRC-64 of Jones, reflected, as payloads end with */
    uint64_t table[8][256];
};
void redis_crc_init(struct redis_crc *crc);
uint64_t redis_crc64(const struct redis_crc *crc, const uint8_t *bytes, size_t n);

struct redis_encode { /* zeroed is ready; reused over values */
    const struct redis_crc *crc;
    redis_type type;
    struct bau_text out, body, node; /* out: the payload once finished */
    uint64_t n_items;
    uint64_t first_ms, first_seq; /* of the node under way */
    uint64_t n_nodes, n_entries, n_pairs, n_elements;
    struct bau_text entry;
    uint8_t entry_id[16];
    bool in_entry;
    uint8_t stream_type;
};
void redis_encode_begin(struct redis_encode *e, const struct redis_crc *crc, redis_type type);
bau_status redis_encode_item(struct redis_encode *e, redis_item item, struct bau_slice bytes,
                             struct bau_error *err) BAU_MUST_CHECK;
/* `e->out` holds the payload, footer included. */
bau_status redis_encode_finish(struct redis_encode *e, struct bau_error *err) BAU_MUST_CHECK;
void redis_encode_release(struct redis_encode *e);

/* ── inside ── */

struct redis_cursor {
    const uint8_t *at, *end;
};
/* One value of a known type; moves the cursor behind it. */
bau_status redis_rdb_value(struct redis_cursor *c, uint8_t type, const struct redis_sink *sink,
                           struct bau_error *err) BAU_MUST_CHECK;
bool redis_cursor_length(struct redis_cursor *c, uint64_t *out);
/* A string; ints and LZF undone into `scratch`. */
bool redis_cursor_string(struct redis_cursor *c, struct bau_text *scratch, struct bau_slice *out);
/* Elements of the packed encodings, one call an element: false at the end or when broken (then *out_broken). */
struct redis_pack {
    const uint8_t *at, *end;
    char digits[24];
    int64_t number; /* of an integer element */
    bool is_number, broken;
};
bool redis_listpack_open(struct redis_pack *p, struct bau_slice bytes);
bool redis_listpack_next(struct redis_pack *p, struct bau_slice *out);
bool redis_ziplist_open(struct redis_pack *p, struct bau_slice bytes);
bool redis_ziplist_next(struct redis_pack *p, struct bau_slice *out);
bau_status redis_stream_decode(struct redis_cursor *c, uint8_t type, const struct redis_sink *sink,
                               struct bau_error *err) BAU_MUST_CHECK;
bau_status redis_rdb_broken(uint8_t type, struct bau_error *err);
uint64_t redis_get_be64(const uint8_t *p);
void redis_put_be64(uint8_t *p, uint64_t v);

#endif
