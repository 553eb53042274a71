/* Payloads: 16 bytes of head, lengths unless all are the same, bits of the values that are there, then the bytes.
 *
 * Values of 2, 4 or 8 bytes are often numbers in network order. Their bytes are then laid out plane by plane (the first byte of
 * every value, the second, …), as they are or as differences from the value before, whichever a quick compression of the
 * first few thousand likes best. */
#include "src/archive/chunk.h"

#include <string.h>
#include <zstd.h>

#include "src/archive/bytes.h"

enum { HEAD = 16, SAMPLE = 2048, SAMPLE_LEVEL = 1 };
typedef enum { FORM_PLAIN, FORM_PLANES, FORM_STEPS } form;

/* ── growing ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

bau_status bau_values_add(struct bau_values *v, const void *bytes, uint32_t len, struct bau_error *err)
{
    const size_t n = len == BAU_SPAN_NULL ? 0 : len;
    if (v->n == v->room) {
        const uint32_t room = v->room ? v->room * 2 : 1024;
        uint32_t *lens = bau_realloc(v->lens, (size_t)room * sizeof *lens);
        if (!lens)
            return bau_error_set(err, BAU_E_NOMEM, "rows for the archive");
        v->lens = lens;
        v->room = room;
    }
    if (n > v->data_room - v->bytes) {
        size_t room = v->data_room ? v->data_room * 2 : 16384;
        while (room - v->bytes < n)
            room *= 2;
        uint8_t *data = bau_realloc(v->data, room);
        if (!data)
            return bau_error_set(err, BAU_E_NOMEM, "rows for the archive");
        v->data = data;
        v->data_room = room;
    }
    if (n)
        memcpy(v->data + v->bytes, bytes, n);
    v->bytes += n;
    v->lens[v->n++] = len;
    v->n_nulls += len == BAU_SPAN_NULL;
    return BAU_OK;
}

void bau_values_clear(struct bau_values *v)
{
    if (v->bytes)
        bau_wipe(v->data, v->bytes);
    v->n = v->n_nulls = 0;
    v->bytes = 0;
}

void bau_values_release(struct bau_values *v)
{
    bau_values_clear(v);
    bau_free(v->lens);
    bau_free(v->data);
    *v = (struct bau_values){ 0 };
}

/* ── planes ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static uint64_t number(const uint8_t *p, uint32_t width)
{
    uint64_t v = 0;
    for (uint32_t i = 0; i < width; i++)
        v = v << 8 | p[i];
    return v;
}

static void to_planes(const uint8_t *in, size_t n, uint32_t width, bool steps, uint8_t *out)
{
    uint64_t before = 0;
    for (size_t i = 0; i < n; i++) {
        const uint64_t v = number(in + i * width, width), put = steps ? v - before : v;
        before = v;
        for (uint32_t b = 0; b < width; b++)
            out[b * n + i] = (uint8_t)(put >> (8 * (width - 1 - b)));
    }
}

static void from_planes(const uint8_t *in, size_t n, uint32_t width, bool steps, uint8_t *out)
{
    uint64_t before = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t v = 0;
        for (uint32_t b = 0; b < width; b++)
            v = v << 8 | in[b * n + i];
        v = steps ? v + before : v;
        before = v;
        for (uint32_t b = 0; b < width; b++)
            out[i * width + b] = (uint8_t)(v >> (8 * (width - 1 - b)));
    }
}

static form best_form(const struct bau_values *v, uint32_t width)
{
    uint8_t planes[SAMPLE * 8], squeezed[ZSTD_COMPRESSBOUND(SAMPLE * 8)];
    if (width != 2 && width != 4 && width != 8)
        return FORM_PLAIN;
    const size_t all = v->bytes / width, n = all < SAMPLE ? all : SAMPLE;
    form best = FORM_PLAIN;
    size_t least = ZSTD_compress(squeezed, sizeof squeezed, v->data, n * width, SAMPLE_LEVEL);
    for (int steps = 0; steps < 2; steps++) {
        to_planes(v->data, n, width, steps, planes);
        const size_t size = ZSTD_compress(squeezed, sizeof squeezed, planes, n * width, SAMPLE_LEVEL);
        if (!ZSTD_isError(size) && size < least) {
            least = size;
            best = steps ? FORM_STEPS : FORM_PLANES;
        }
    }
    bau_wipe(planes, sizeof planes);
    return best;
}

/* ── payload ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct shape {
    uint32_t width;     /* of every value that is there; 0 with len_bytes: they differ */
    uint32_t len_bytes; /* 0, 1, 2, 4 */
};

static struct shape shape_of(const struct bau_values *v)
{
    uint32_t first = BAU_SPAN_NULL, most = 0;
    bool same = true;
    for (uint32_t i = 0; i < v->n; i++) {
        if (v->lens[i] == BAU_SPAN_NULL)
            continue;
        if (first == BAU_SPAN_NULL)
            first = v->lens[i];
        same = same && v->lens[i] == first;
        most = v->lens[i] > most ? v->lens[i] : most;
    }
    if (same)
        return (struct shape){ first == BAU_SPAN_NULL ? 0 : first, 0 };
    return (struct shape){ 0, most < 256 ? 1 : most < 65536 ? 2 : 4 };
}

static uint8_t *put_lens(const struct bau_values *v, uint32_t len_bytes, uint8_t *p)
{
    for (uint32_t i = 0; i < v->n && len_bytes; i++) {
        if (v->lens[i] == BAU_SPAN_NULL)
            continue;
        for (uint32_t b = 0; b < len_bytes; b++)
            *p++ = (uint8_t)(v->lens[i] >> (8 * b));
    }
    return p;
}

static uint8_t *put_valid(const struct bau_values *v, uint8_t *p)
{
    const size_t n = ((size_t)v->n + 7) / 8;
    memset(p, 0, n);
    for (uint32_t i = 0; i < v->n; i++)
        if (v->lens[i] != BAU_SPAN_NULL)
            p[i / 8] |= (uint8_t)(1u << (i % 8));
    return p + n;
}

bau_status bau_chunk_payload(const struct bau_values *v, struct bau_text *out, struct bau_error *err)
{
    const struct shape shape = shape_of(v);
    const form f = shape.len_bytes ? FORM_PLAIN : best_form(v, shape.width);
    const size_t lens = (size_t)(v->n - v->n_nulls) * shape.len_bytes,
                 valid = v->n_nulls ? ((size_t)v->n + 7) / 8 : 0, len = HEAD + lens + valid + v->bytes;
    out->len = 0;
    if (len > BAU_CHUNK_PAYLOAD_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "a chunk of %zu bytes", len);
    if (!bau_text_reserve(out, len))
        return bau_error_set(err, BAU_E_NOMEM, "chunk");
    uint8_t *p = (uint8_t *)out->data;
    bau_put32(p, (uint32_t)f | shape.len_bytes << 8);
    bau_put32(p + 4, v->n);
    bau_put32(p + 8, v->n_nulls);
    bau_put32(p + 12, shape.width);
    p = put_lens(v, shape.len_bytes, p + HEAD);
    if (v->n_nulls)
        p = put_valid(v, p);
    if (f != FORM_PLAIN)
        to_planes(v->data, v->bytes / shape.width, shape.width, f == FORM_STEPS, p);
    else if (v->bytes)
        memcpy(p, v->data, v->bytes);
    out->len = len;
    return BAU_OK;
}

/* ── reading a payload ───────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status odd(const char *what, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_INTEGRITY, "a chunk's contents are malformed: %s", what);
}

static uint32_t len_at(const uint8_t *p, uint32_t len_bytes)
{
    uint32_t v = 0;
    for (uint32_t b = 0; b < len_bytes; b++)
        v |= (uint32_t)p[b] << (8 * b);
    return v;
}

static bau_status place_values(struct bau_values_run *run, const uint8_t *lens, struct shape shape,
                               size_t bytes, struct bau_error *err)
{
    uint64_t at = 0;
    for (uint32_t i = 0; i < run->n; i++) {
        run->at[i] = (uint32_t)at;
        if (!bau_values_present(run, i))
            continue;
        at += shape.len_bytes ? len_at(lens, shape.len_bytes) : shape.width;
        lens += shape.len_bytes;
        if (at > bytes)
            return odd("a value lies outside", err);
    }
    run->at[run->n] = (uint32_t)at;
    return at == bytes ? BAU_OK : odd("bytes that belong to no value", err);
}

static uint32_t count_valid(const uint8_t *valid, uint32_t n)
{
    uint32_t there = 0;
    for (uint32_t i = 0; i < n; i++)
        there += (valid[i / 8] >> (i % 8)) & 1u;
    return there;
}

static bau_status settle_form(struct bau_values_run *run, uint32_t f, uint32_t width, size_t bytes,
                              size_t there, struct bau_arena *arena, struct bau_error *err)
{
    if (f == FORM_PLAIN)
        return BAU_OK;
    if (f > FORM_STEPS || (width != 2 && width != 4 && width != 8) || bytes != there * width)
        return odd("planes of no number", err);
    uint8_t *data = bau_arena_take(arena, bytes + 1);
    if (!data)
        return bau_error_set(err, BAU_E_NOMEM, "chunk");
    from_planes(run->data, there, width, f == FORM_STEPS, data);
    run->data = data;
    return BAU_OK;
}

bau_status bau_chunk_values(uint8_t *payload, size_t len, uint32_t n, struct bau_arena *arena,
                            struct bau_values_run *out, struct bau_error *err)
{
    struct bau_cursor c = { payload, len, false };
    const uint32_t head = bau_cursor_u32(&c), rows = bau_cursor_u32(&c), nulls = bau_cursor_u32(&c),
                   width = bau_cursor_u32(&c);
    const uint32_t f = head & 255u, len_bytes = head >> 8;
    if (c.bad || rows != n || nulls > n || len_bytes > 4 || len_bytes == 3 || (len_bytes && (width || f)))
        return odd("its head", err);
    struct bau_values_run run = { .n = n, .at = NULL };
    const uint8_t *lens = bau_cursor_take(&c, (size_t)(n - nulls) * len_bytes);
    if (nulls)
        run.valid = bau_cursor_take(&c, ((size_t)n + 7) / 8);
    if (c.bad || (nulls && count_valid(run.valid, n) != n - nulls))
        return odd("its lengths", err);
    run.data = c.at;
    run.at = bau_arena_take(arena, ((size_t)n + 1) * sizeof *run.at);
    if (!run.at)
        return bau_error_set(err, BAU_E_NOMEM, "chunk");
    BAU_TRY(place_values(&run, lens, (struct shape){ width, len_bytes }, c.left, err));
    BAU_TRY(settle_form(&run, f, width, c.left, n - nulls, arena, err));
    *out = run;
    return BAU_OK;
}

/* ── zstd ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct bau_packer {
    int level;
    ZSTD_CCtx *to; /* made when first used */
    ZSTD_DCtx *from;
};

bau_status bau_packer_new(int level, struct bau_packer **out, struct bau_error *err)
{
    struct bau_packer *p = bau_alloc(sizeof *p);
    if (!p)
        return bau_error_set(err, BAU_E_NOMEM, "compressor");
    p->level = level;
    *out = p;
    return BAU_OK;
}

void bau_packer_free(struct bau_packer *packer)
{
    if (!packer)
        return;
    ZSTD_freeCCtx(packer->to);
    ZSTD_freeDCtx(packer->from);
    bau_free(packer);
}

bau_status bau_chunk_compress(struct bau_packer *packer, const void *payload, size_t n, struct bau_text *out,
                              struct bau_error *err)
{
    if (!packer->to)
        packer->to = ZSTD_createCCtx();
    const size_t most = ZSTD_compressBound(n);
    if (!packer->to || !bau_text_reserve(out, most))
        return bau_error_set(err, BAU_E_NOMEM, "compressor");
    const size_t size = ZSTD_compressCCtx(packer->to, out->data + out->len, most, payload, n, packer->level);
    if (ZSTD_isError(size))
        return bau_error_set(err, BAU_E_NOMEM, "compressor: %s", ZSTD_getErrorName(size));
    out->len += size;
    return BAU_OK;
}

bau_status bau_chunk_expand(struct bau_packer *packer, const void *bytes, size_t n, void *out, size_t raw,
                            struct bau_error *err)
{
    if (!packer->from)
        packer->from = ZSTD_createDCtx();
    if (!packer->from)
        return bau_error_set(err, BAU_E_NOMEM, "decompressor");
    const size_t size = ZSTD_decompressDCtx(packer->from, out, raw, bytes, n);
    return !ZSTD_isError(size) && size == raw
               ? BAU_OK
               : bau_error_set(err, BAU_E_INTEGRITY, "compressed bytes do not come to what was compressed");
}
