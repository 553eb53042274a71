/* COPY's byte stream, binary and text: no bytes may crash the framing or the codecs behind it, and whatever the cut into
 * messages, the same rows come out. The first two bytes choose form, number of columns and where the stream is cut. */
#include <stdlib.h>
#include <string.h>

#include "connectors/postgres/codec.h"
#include "connectors/postgres/copy_stream.h"

enum { MAX_ROWS = 64, MAX_COLUMNS = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run { /* what came out of one way of cutting */
    bau_status status;
    uint32_t n_rows;
    uint32_t row_at[MAX_ROWS + 1];
    struct bau_span spans[MAX_COLUMNS][MAX_ROWS];
    size_t raw_len;
};

static void feed(pg_transport transport, uint32_t n_wire, const uint8_t *data, size_t size, size_t step,
                 uint8_t *raw, struct run *out)
{
    struct bau_span *spans[MAX_COLUMNS];
    struct bau_error err;
    struct pg_stream stream;
    size_t at = 0, len = 0;
    *out = (struct run){ .status = BAU_OK };
    for (uint32_t i = 0; i < MAX_COLUMNS; i++)
        spans[i] = out->spans[i];
    struct pg_frames frames = { .max_rows = MAX_ROWS, .row_at = out->row_at, .spans = spans };
    pg_stream_init(&stream, transport, n_wire);
    for (size_t from = 0; from < size && out->status == BAU_OK && frames.n_rows < MAX_ROWS; from += step) {
        const uint8_t *bytes = data + from;
        size_t n = size - from < step ? size - from : step;
        if (!pg_stream_in_rows(&stream))
            out->status = pg_stream_header(&stream, &bytes, &n, &err);
        if (out->status != BAU_OK)
            break;
        if (n > 0)
            memcpy(raw + len, bytes, n);
        len += n;
        out->status = pg_stream_rows(&stream, raw, len, &at, SIZE_MAX, &frames, &err);
    }
    out->n_rows = frames.n_rows;
    out->raw_len = at;
}

static void decode_all(const struct run *run, pg_transport transport, const uint8_t *raw)
{
    static const bau_type types[] = { BAU_TEXT,  BAU_NUMERIC, BAU_I32,  BAU_TIMESTAMP,
                                      BAU_BYTES, BAU_JSON,    BAU_UUID, BAU_F64 };
    struct bau_error err;
    for (size_t t = 0; t < 2 * BAU_COUNT(types); t++) {
        const struct bau_field field = { .name = "c", .type = types[t / 2], .list = t % 2 };
        const struct bau_dataset dataset = { .name = "s.t", .n_fields = 1, .fields = &field };
        struct bau_batch batch = { 0 };
        BAU_AUTO_TEXT out = { 0 };
        if (bau_batch_init(&batch, &err) != BAU_OK || bau_batch_reset(&batch, &dataset, &err) != BAU_OK)
            abort();
        batch.raw = raw;
        batch.raw_len = run->raw_len;
        batch.n_rows = run->n_rows;
        batch.row_at = run->row_at;
        batch.format = transport == PG_COPY_TEXT ? PG_FORMAT_TEXT : PG_FORMAT_BINARY;
        batch.columns[0].spans = run->spans[0];
        if (pg_decode_column(&batch, &batch.columns[0], &err) == BAU_OK) {
            if (bau_batch_validate(&batch, BAU_VALIDATE_CONTENTS, &err) != BAU_OK)
                abort();
            for (uint32_t r = 0; r < batch.n_rows; r++)
                if (pg_encode_value(&batch, &batch.columns[0], r, &out, &err) == BAU_E_NOMEM)
                    abort();
        }
        bau_batch_release(&batch);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 65536)
        return 0;
    const pg_transport transport = data[0] & 1 ? PG_COPY_TEXT : PG_COPY_BINARY;
    const uint32_t n_wire = (data[0] >> 1) % (MAX_COLUMNS + 1u);
    static struct run whole, cut;
    uint8_t *raw = bau_alloc(size + BAU_ALIGN), *raw_cut = bau_alloc(size + BAU_ALIGN);
    if (!raw || !raw_cut)
        abort();
    feed(transport, n_wire, data + 2, size - 2, size, raw, &whole);
    feed(transport, n_wire, data + 2, size - 2, 1u + data[1] % 32u, raw_cut, &cut);
    /* bytes behind the trailer are only seen when they come in the same message */
    if (whole.status == BAU_OK && cut.status == BAU_OK &&
        (whole.n_rows != cut.n_rows || whole.raw_len != cut.raw_len ||
         memcmp(whole.row_at, cut.row_at, (whole.n_rows + 1) * sizeof *whole.row_at) != 0))
        abort();
    if (whole.status == BAU_OK && n_wire > 0)
        decode_all(&whole, transport, raw);
    bau_free(raw);
    bau_free(raw_cut);
    return 0;
}
