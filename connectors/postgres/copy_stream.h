/* Frames of a COPY TO stream: where rows begin and which bytes are the wanted values. Knows nothing of libpq, so that a
 * fuzz target can feed it any bytes. Message borders mean nothing here: the first message of a binary COPY holds the
 * header and a row.
 *
 * Threads: a stream belongs to one reader. */
#ifndef BAU_PG_COPY_STREAM_H
#define BAU_PG_COPY_STREAM_H

#include "pg.h"

struct pg_stream {
    pg_transport transport;
    uint32_t n_wire;
    bool ended; /* binary: the trailer was seen */
    uint32_t header_got,
        extension; /* binary: bytes of the fixed header seen; bytes of its extension left to skip */
    uint8_t header[19];
};

struct pg_frames { /* of one batch; all arrays the caller's */
    uint32_t n_rows, max_rows;
    uint32_t *row_at;        /* max_rows + 1; row_at[0] set by the caller */
    struct bau_span **spans; /* n_wire: max_rows spans, NULL: not wanted */
};

void pg_stream_init(struct pg_stream *stream, pg_transport transport, uint32_t n_wire);
bool pg_stream_in_rows(const struct pg_stream *stream); /* the header is behind us */
/* Takes header bytes off the front of a message. BAU_E_BUG when it is no COPY header, or rows hold OIDs. */
bau_status pg_stream_header(struct pg_stream *stream, const uint8_t **bytes, size_t *len,
                            struct bau_error *err) BAU_MUST_CHECK;
/* Frames whole rows of raw[*at … len) until rows run out, max_rows or max_bytes (of rows from row_at[0]) is reached or the
 * trailer was read; *at moves behind the last whole row. len <= UINT32_MAX.
 * BAU_E_BUG on a malformed stream, BAU_E_LIMIT on a value above BAU_VALUE_BYTES_MAX. */
bau_status pg_stream_rows(struct pg_stream *stream, const uint8_t *raw, size_t len, size_t *at,
                          size_t max_bytes, struct pg_frames *frames, struct bau_error *err) BAU_MUST_CHECK;
/* Nothing more comes: was the stream whole? `left`: bytes that belong to no row. */
bau_status pg_stream_end(const struct pg_stream *stream, size_t left, struct bau_error *err) BAU_MUST_CHECK;

#endif
