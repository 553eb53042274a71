/* Items put together to a payload for RESTORE: see rdb.h. */
#include <string.h>

#include "rdb.h"

enum { VERSION_PLAIN = 9, VERSION_STREAM_2 = 10, VERSION_STREAM_3 = 11 };
enum { STREAM_2 = 19, STREAM_3 = 21, NODE_ENTRIES = 100, NODE_BYTES = 4096, PACK_HEAD = 6 };

/* ── CRC ─────────────────────────────────────────────────────────────────────────────────────────────────────────── */

void redis_crc_init(struct redis_crc *crc)
{
    for (uint64_t i = 0; i < 256; i++) {
        uint64_t v = i;
        for (int bit = 0; bit < 8; bit++)
            v = v & 1 ? v >> 1 ^ UINT64_C(0x95ac9329ac4bc9b5) : v >> 1;
        crc->table[0][i] = v;
    }
    for (size_t k = 1; k < 8; k++)
        for (size_t i = 0; i < 256; i++)
            crc->table[k][i] = crc->table[0][crc->table[k - 1][i] & 0xFF] ^ crc->table[k - 1][i] >> 8;
}

uint64_t redis_crc64(const struct redis_crc *crc, const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t next = 0;
        for (size_t i = 8; i-- > 0;)
            next = next << 8 | p[i];
        next ^= v;
        v = crc->table[7][next & 0xFF] ^ crc->table[6][next >> 8 & 0xFF] ^ crc->table[5][next >> 16 & 0xFF] ^
            crc->table[4][next >> 24 & 0xFF] ^ crc->table[3][next >> 32 & 0xFF] ^
            crc->table[2][next >> 40 & 0xFF] ^ crc->table[1][next >> 48 & 0xFF] ^ crc->table[0][next >> 56];
    }
    for (; n; n--)
        v = crc->table[0][(v ^ *p++) & 0xFF] ^ v >> 8;
    return v;
}

/* ── bytes ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void add_byte(struct bau_text *t, uint64_t b)
{
    const uint8_t byte = (uint8_t)b;
    bau_text_addn(t, &byte, 1);
}

static void add_le(struct bau_text *t, uint64_t v, size_t n)
{
    for (; n; n--, v >>= 8)
        add_byte(t, v);
}

static void add_length(struct bau_text *t, uint64_t n)
{
    uint8_t be[8];
    if (n < 64)
        add_byte(t, n);
    else if (n < 16384) {
        add_byte(t, 0x40 | n >> 8);
        add_byte(t, n);
    } else {
        redis_put_be64(be, n);
        add_byte(t, n > UINT32_MAX ? 0x81 : 0x80);
        bau_text_addn(t, n > UINT32_MAX ? be : be + 4, n > UINT32_MAX ? 8 : 4);
    }
}

static void add_string(struct bau_text *t, struct bau_slice s)
{
    add_length(t, s.len);
    bau_text_addn(t, s.data, s.len);
}

/* ── listpacks, for streams ──────────────────────────────────────────────────────────────────────────────────────── */

/* How many bytes the element took, as listpacks want it behind each: seven bits a byte, the last byte first. */
static void add_back(struct bau_text *t, size_t n)
{
    const size_t bytes = n <= 127 ? 1 : n < 16383 ? 2 : n < 2097151 ? 3 : n < 268435455 ? 4 : 5;
    for (size_t i = bytes; i-- > 0;)
        add_byte(t, (n >> 7 * i & 127) | (i + 1 == bytes ? 0 : 128));
}

static void pack_string(struct redis_encode *e, struct bau_text *t, struct bau_slice s)
{
    size_t head = 1;
    if (s.len < 64)
        add_byte(t, 0x80 | s.len);
    else if (s.len < 4096) {
        head = 2;
        add_byte(t, 0xE0 | s.len >> 8);
        add_byte(t, s.len);
    } else {
        head = 5;
        add_byte(t, 0xF0);
        add_le(t, s.len, 4);
    }
    bau_text_addn(t, s.data, s.len);
    add_back(t, head + s.len);
    e->n_elements++;
}

static void pack_number(struct redis_encode *e, struct bau_text *t, int64_t v)
{
    if (v >= 0 && v < 128) {
        add_byte(t, (uint64_t)v);
        add_back(t, 1);
    } else {
        add_byte(t, 0xF4);
        add_le(t, (uint64_t)v, 8);
        add_back(t, 9);
    }
    e->n_elements++;
}

/* ── streams ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void close_entry(struct redis_encode *e)
{
    if (!e->in_entry)
        return;
    e->in_entry = false;
    const uint64_t ms = redis_get_be64(e->entry_id), seq = redis_get_be64(e->entry_id + 8);
    pack_number(e, &e->node, 0);
    pack_number(e, &e->node, (int64_t)(ms - e->first_ms));
    pack_number(e, &e->node, (int64_t)(seq - e->first_seq));
    pack_number(e, &e->node, (int64_t)e->n_pairs);
    bau_text_addn(&e->node, e->entry.data, e->entry.len);
    pack_number(e, &e->node, (int64_t)(4 + 2 * e->n_pairs));
    e->n_entries++;
}

static void close_node(struct redis_encode *e)
{
    if (!e->n_entries)
        return;
    BAU_AUTO_TEXT master = { 0 };
    pack_number(e, &master, (int64_t)e->n_entries);
    pack_number(e, &master, 0);
    pack_number(e, &master, 0);
    pack_number(e, &master, 0);
    uint8_t key[16];
    redis_put_be64(key, e->first_ms);
    redis_put_be64(key + 8, e->first_seq);
    const size_t bytes = PACK_HEAD + master.len + e->node.len + 1;
    add_string(&e->body, (struct bau_slice){ key, sizeof key });
    add_length(&e->body, bytes);
    add_le(&e->body, bytes, 4);
    add_le(&e->body, e->n_elements < 65535 ? e->n_elements : 65535, 2);
    bau_text_addn(&e->body, master.data, master.len);
    bau_text_addn(&e->body, e->node.data, e->node.len);
    add_byte(&e->body, 0xFF);
    e->body.failed = e->body.failed || master.failed || e->node.failed || e->entry.failed;
    e->n_nodes++;
    e->node.len = 0;
    e->n_entries = e->n_elements = 0;
}

static void open_entry(struct redis_encode *e, struct bau_slice id)
{
    close_entry(e);
    if (e->n_entries >= NODE_ENTRIES || e->node.len >= NODE_BYTES)
        close_node(e);
    memcpy(e->entry_id, id.data, sizeof e->entry_id);
    if (!e->n_entries) {
        e->first_ms = redis_get_be64(id.data);
        e->first_seq = redis_get_be64(id.data + 8);
    }
    e->entry.len = 0;
    e->n_pairs = 0;
    e->in_entry = true;
}

static bau_status stream_item(struct redis_encode *e, redis_item item, struct bau_slice bytes,
                              struct bau_error *err)
{
    switch (item) {
    case REDIS_ITEM_ENTRY:
        if (bytes.len != sizeof e->entry_id)
            break;
        open_entry(e, bytes);
        return BAU_OK;
    case REDIS_ITEM_FIELD: e->n_pairs++; /* fall through */
    case REDIS_ITEM_VALUE:
        if (!e->in_entry)
            break;
        pack_string(e, &e->entry, bytes);
        return BAU_OK;
    case REDIS_ITEM_STREAM_END:
        if (bytes.len < 2)
            break;
        close_entry(e);
        close_node(e);
        e->stream_type = bytes.data[0];
        bau_text_addn(&e->body, bytes.data + 1, bytes.len - 1);
        return BAU_OK;
    case REDIS_ITEM_MEMBER:
    case REDIS_ITEM_SCORE: break;
    }
    return bau_error_set(err, BAU_E_BUG, "item %d in a stream", (int)item);
}

/* ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

void redis_encode_begin(struct redis_encode *e, const struct redis_crc *crc, redis_type type)
{
    e->crc = crc;
    e->type = type;
    e->out.len = e->body.len = e->node.len = e->entry.len = 0;
    e->n_items = e->n_nodes = e->n_entries = e->n_pairs = e->n_elements = 0;
    e->in_entry = false;
    e->stream_type = 0;
}

bau_status redis_encode_item(struct redis_encode *e, redis_item item, struct bau_slice bytes,
                             struct bau_error *err)
{
    if (e->type == REDIS_STREAM)
        return stream_item(e, item, bytes, err);
    if (item == REDIS_ITEM_SCORE) {
        uint64_t bits;
        if (bytes.len != sizeof bits)
            return bau_error_set(err, BAU_E_BUG, "a score of %zu bytes", bytes.len);
        memcpy(&bits, bytes.data, sizeof bits);
        add_le(&e->body, bits, 8);
        return BAU_OK;
    }
    add_string(&e->body, bytes);
    if (item == REDIS_ITEM_MEMBER || item == REDIS_ITEM_FIELD)
        e->n_items++;
    return BAU_OK;
}

bau_status redis_encode_finish(struct redis_encode *e, struct bau_error *err)
{
    static const uint8_t plain[REDIS_TYPES] = {
        [REDIS_STRING] = 0, [REDIS_LIST] = 1, [REDIS_SET] = 2, [REDIS_ZSET] = 5, [REDIS_HASH] = 4
    };
    const bool stream = e->type == REDIS_STREAM;
    add_byte(&e->out, stream ? e->stream_type : plain[e->type]);
    if (e->type != REDIS_STRING)
        add_length(&e->out, stream ? e->n_nodes : e->n_items);
    bau_text_addn(&e->out, e->body.data, e->body.len);
    add_le(&e->out,
           e->stream_type == STREAM_3   ? VERSION_STREAM_3
           : e->stream_type == STREAM_2 ? VERSION_STREAM_2
                                        : VERSION_PLAIN,
           2);
    if (e->out.failed || e->body.failed)
        return bau_error_set(err, BAU_E_NOMEM, "a value of %zu bytes", e->body.len);
    add_le(&e->out, redis_crc64(e->crc, (const uint8_t *)e->out.data, e->out.len), 8);
    return e->out.failed ? bau_error_set(err, BAU_E_NOMEM, "a value of %zu bytes", e->body.len) : BAU_OK;
}

static void drop(struct bau_text *t)
{
    if (t->data)
        bau_wipe(t->data, t->room);
    bau_text_release(t);
}

void redis_encode_release(struct redis_encode *e)
{
    drop(&e->out);
    drop(&e->body);
    drop(&e->node);
    drop(&e->entry);
}
