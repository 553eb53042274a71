/* Elements of listpacks and ziplists: see rdb.h. Strings come as they lie, integers as digits. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rdb.h"

enum { END = 0xFF };

static uint64_t get_le(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = n; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

/* `bits` wide, two's complement. */
static int64_t sign(uint64_t v, uint32_t bits)
{
    const uint64_t top = 1ull << (bits - 1);
    return bits == 64 ? (int64_t)v : (int64_t)(v ^ top) - (int64_t)top;
}

static bool stop(struct redis_pack *p)
{
    p->broken = true;
    return false;
}

static bool give_number(struct redis_pack *p, int64_t v, struct bau_slice *out)
{
    p->is_number = true;
    p->number = v;
    const int n = snprintf(p->digits, sizeof p->digits, "%" PRId64, v);
    *out = (struct bau_slice){ (const uint8_t *)p->digits, (size_t)n };
    return true;
}

static bool give_bytes(struct redis_pack *p, const uint8_t *at, size_t n, struct bau_slice *out)
{
    p->is_number = false;
    *out = (struct bau_slice){ at, n };
    return true;
}

/* ── listpack ────────────────────────────────────────────────────────────────────────────────────────────────────── */

bool redis_listpack_open(struct redis_pack *p, struct bau_slice bytes)
{
    if (bytes.len < 7 || get_le(bytes.data, 4) != bytes.len)
        return false;
    p->at = bytes.data + 6;
    p->end = bytes.data + bytes.len;
    p->broken = false;
    return true;
}

static size_t back_bytes(size_t entry)
{
    return entry <= 127 ? 1 : entry < 16383 ? 2 : entry < 2097151 ? 3 : entry < 268435455 ? 4 : 5;
}

struct shape { /* of one element: head, then bytes of a string or an integer */
    size_t head, bytes;
    bool number;
    int64_t small; /* value when bytes is 0 */
};

/* False when the element is none or is cut. */
static bool listpack_shape(const uint8_t *at, size_t left, struct shape *s)
{
    static const uint8_t widths[] = { 2, 3, 4, 8 };
    const uint8_t b = at[0];
    *s = (struct shape){ .head = 1, .number = true };
    if (!(b & 0x80))
        s->small = b;
    else if ((b & 0xC0) == 0x80)
        *s = (struct shape){ .head = 1, .bytes = b & 0x3Fu };
    else if ((b & 0xE0) == 0xC0) {
        s->head = 2;
        s->small = left > 1 ? sign((uint64_t)(b & 0x1F) << 8 | at[1], 13) : 0;
    } else if ((b & 0xF0) == 0xE0)
        *s = (struct shape){ .head = 2, .bytes = left > 1 ? (size_t)(b & 0x0F) << 8 | at[1] : 0 };
    else if (b == 0xF0)
        *s = (struct shape){ .head = 5, .bytes = left > 4 ? (size_t)get_le(at + 1, 4) : 0 };
    else if (b >= 0xF1 && b <= 0xF4)
        s->bytes = widths[b - 0xF1];
    else
        return false;
    return s->head <= left && s->bytes <= left - s->head;
}

bool redis_listpack_next(struct redis_pack *p, struct bau_slice *out)
{
    struct shape s;
    if (p->at >= p->end)
        return stop(p);
    if (*p->at == END)
        return p->at + 1 == p->end ? false : stop(p);
    if (!listpack_shape(p->at, (size_t)(p->end - p->at), &s))
        return stop(p);
    const uint8_t *value = p->at + s.head;
    const size_t whole = s.head + s.bytes, step = whole + back_bytes(whole);
    if (step > (size_t)(p->end - p->at))
        return stop(p);
    p->at += step;
    if (!s.number)
        return give_bytes(p, value, s.bytes, out);
    return give_number(p, s.bytes ? sign(get_le(value, s.bytes), (uint32_t)s.bytes * 8) : s.small, out);
}

/* ── ziplist ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

bool redis_ziplist_open(struct redis_pack *p, struct bau_slice bytes)
{
    if (bytes.len < 11 || get_le(bytes.data, 4) != bytes.len)
        return false;
    p->at = bytes.data + 10;
    p->end = bytes.data + bytes.len;
    p->broken = false;
    return true;
}

static bool ziplist_shape(const uint8_t *at, size_t left, struct shape *s)
{
    const uint8_t b = at[0];
    *s = (struct shape){ .head = 1, .number = b >= 0xC0 };
    if (b < 0x40)
        s->bytes = b;
    else if (b < 0x80) {
        s->head = 2;
        s->bytes = left > 1 ? (size_t)(b & 0x3F) << 8 | at[1] : 0;
    } else if (b < 0xC0) {
        s->head = 5;
        for (size_t i = 1; i < 5 && left > 4; i++)
            s->bytes = s->bytes << 8 | at[i];
    } else if (b == 0xC0)
        s->bytes = 2;
    else if (b == 0xD0)
        s->bytes = 4;
    else if (b == 0xE0)
        s->bytes = 8;
    else if (b == 0xF0)
        s->bytes = 3;
    else if (b == 0xFE)
        s->bytes = 1;
    else if (b >= 0xF1 && b <= 0xFD)
        s->small = b - 0xF1;
    else
        return false;
    return s->head <= left && s->bytes <= left - s->head;
}

bool redis_ziplist_next(struct redis_pack *p, struct bau_slice *out)
{
    struct shape s;
    if (p->at >= p->end)
        return stop(p);
    if (*p->at == END)
        return p->at + 1 == p->end ? false : stop(p);
    const size_t before = *p->at == 254 ? 5 : 1;
    if (before >= (size_t)(p->end - p->at))
        return stop(p);
    const uint8_t *at = p->at + before;
    if (!ziplist_shape(at, (size_t)(p->end - at), &s))
        return stop(p);
    p->at = at + s.head + s.bytes;
    if (!s.number)
        return give_bytes(p, at + s.head, s.bytes, out);
    return give_number(p, s.bytes ? sign(get_le(at + s.head, s.bytes), (uint32_t)s.bytes * 8) : s.small, out);
}
