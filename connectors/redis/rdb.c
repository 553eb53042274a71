/* DUMP payloads taken apart: see rdb.h. Layout: one type byte, the value, two bytes RDB version, eight bytes CRC-64. */
#include "rdb.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOOTER = 10 };
enum { /* type bytes */
       T_STRING = 0,
       T_LIST = 1,
       T_SET = 2,
       T_ZSET = 3,
       T_HASH = 4,
       T_ZSET_2 = 5,
       T_HASH_ZIPMAP = 9,
       T_LIST_ZIPLIST = 10,
       T_SET_INTSET = 11,
       T_ZSET_ZIPLIST = 12,
       T_HASH_ZIPLIST = 13,
       T_QUICKLIST = 14,
       T_STREAM = 15,
       T_HASH_LISTPACK = 16,
       T_ZSET_LISTPACK = 17,
       T_QUICKLIST_2 = 18,
       T_STREAM_2 = 19,
       T_SET_LISTPACK = 20,
       T_STREAM_3 = 21,
       N_T = 22
};

static const uint8_t types[N_T] = {
    [T_STRING] = REDIS_STRING,
    [T_LIST] = REDIS_LIST,
    [T_SET] = REDIS_SET,
    [T_ZSET] = REDIS_ZSET,
    [T_HASH] = REDIS_HASH,
    [T_ZSET_2] = REDIS_ZSET,
    [6] = REDIS_OTHER,
    [7] = REDIS_OTHER,
    [8] = REDIS_OTHER,
    [T_HASH_ZIPMAP] = REDIS_HASH,
    [T_LIST_ZIPLIST] = REDIS_LIST,
    [T_SET_INTSET] = REDIS_SET,
    [T_ZSET_ZIPLIST] = REDIS_ZSET,
    [T_HASH_ZIPLIST] = REDIS_HASH,
    [T_QUICKLIST] = REDIS_LIST,
    [T_STREAM] = REDIS_STREAM,
    [T_HASH_LISTPACK] = REDIS_HASH,
    [T_ZSET_LISTPACK] = REDIS_ZSET,
    [T_QUICKLIST_2] = REDIS_LIST,
    [T_STREAM_2] = REDIS_STREAM,
    [T_SET_LISTPACK] = REDIS_SET,
    [T_STREAM_3] = REDIS_STREAM,
};

redis_type redis_rdb_type_of(uint8_t type)
{
    return type < N_T ? (redis_type)types[type] : REDIS_OTHER;
}

redis_type redis_rdb_type(struct bau_slice payload)
{
    return payload.len > FOOTER ? redis_rdb_type_of(payload.data[0]) : REDIS_OTHER;
}

bau_status redis_rdb_broken(uint8_t type, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_DATA, "a value's dump (type %u) is cut or malformed", type);
}

uint64_t redis_get_be64(const uint8_t *p)
{
    uint64_t v = 0;
    for (size_t i = 0; i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

void redis_put_be64(uint8_t *p, uint64_t v)
{
    for (size_t i = 8; i-- > 0; v >>= 8)
        p[i] = (uint8_t)v;
}

/* ── lengths and strings ─────────────────────────────────────────────────────────────────────────────────────────── */

static size_t left(const struct redis_cursor *c)
{
    return (size_t)(c->end - c->at);
}

/* `encoded`: NULL refuses special encodings. */
static bool length(struct redis_cursor *c, uint64_t *out, bool *encoded)
{
    if (left(c) < 1)
        return false;
    const uint8_t b = *c->at++;
    if (encoded)
        *encoded = false;
    switch (b >> 6) {
    case 0: *out = b & 0x3F; return true;
    case 1:
        if (left(c) < 1)
            return false;
        *out = (uint64_t)(b & 0x3F) << 8 | *c->at++;
        return true;
    case 2: {
        const size_t n = b == 0x80 ? 4 : b == 0x81 ? 8 : 0;
        if (!n || left(c) < n)
            return false;
        *out = 0;
        for (size_t i = 0; i < n; i++)
            *out = *out << 8 | *c->at++;
        return true;
    }
    default: break;
    }
    *out = b & 0x3F;
    if (encoded)
        *encoded = true;
    return encoded != NULL;
}

bool redis_cursor_length(struct redis_cursor *c, uint64_t *out)
{
    return length(c, out, NULL);
}

static bool unpack_lzf(const uint8_t *in, size_t n, uint8_t *out, size_t room)
{
    size_t o = 0;
    for (size_t i = 0; i < n;) {
        size_t run = in[i++];
        if (run < 32) {
            run++;
            if (run > n - i || run > room - o)
                return false;
            memcpy(out + o, in + i, run);
            i += run;
            o += run;
            continue;
        }
        size_t back = (run & 31u) << 8;
        run >>= 5;
        if (run == 7) {
            if (i >= n)
                return false;
            run += in[i++];
        }
        if (i >= n)
            return false;
        back += in[i++] + 1u;
        run += 2;
        if (back > o || run > room - o)
            return false;
        for (; run; run--, o++) /* the source may run into what is being written */
            out[o] = out[o - back];
    }
    return o == room;
}

static bool lzf_string(struct redis_cursor *c, struct bau_text *scratch, struct bau_slice *out)
{
    uint64_t packed, whole;
    if (!redis_cursor_length(c, &packed) || !redis_cursor_length(c, &whole) || packed > left(c) ||
        whole > BAU_VALUE_BYTES_MAX || whole > (packed + 1) * 264)
        return false;
    scratch->len = 0;
    if (!bau_text_reserve(scratch, (size_t)whole + 1) ||
        !unpack_lzf(c->at, (size_t)packed, (uint8_t *)scratch->data, (size_t)whole))
        return false;
    scratch->len = (size_t)whole;
    scratch->data[whole] = '\0';
    c->at += packed;
    *out = (struct bau_slice){ (const uint8_t *)scratch->data, scratch->len };
    return true;
}

static bool integer_string(struct redis_cursor *c, uint64_t kind, struct bau_text *scratch,
                           struct bau_slice *out)
{
    const size_t n = (size_t)1 << kind;
    if (left(c) < n)
        return false;
    uint32_t v = 0;
    for (size_t i = n; i-- > 0;)
        v = v << 8 | c->at[i];
    c->at += n;
    const int32_t value = n == 1 ? (int8_t)v : n == 2 ? (int16_t)v : (int32_t)v;
    scratch->len = 0;
    bau_text_addf(scratch, "%" PRId32, value);
    *out = (struct bau_slice){ (const uint8_t *)scratch->data, scratch->len };
    return !scratch->failed;
}

bool redis_cursor_string(struct redis_cursor *c, struct bau_text *scratch, struct bau_slice *out)
{
    uint64_t n;
    bool encoded;
    if (!length(c, &n, &encoded))
        return false;
    if (encoded)
        return n == 3 ? lzf_string(c, scratch, out) : n < 3 && integer_string(c, n, scratch, out);
    if (n > left(c))
        return false;
    *out = (struct bau_slice){ c->at, (size_t)n };
    c->at += n;
    return true;
}

/* ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct decode {
    struct redis_cursor c;
    uint8_t type;
    const struct redis_sink *sink;
    struct bau_text scratch; /* what the last string unpacked into */
};

static bau_status give(const struct decode *d, redis_item item, struct bau_slice bytes, struct bau_error *err)
{
    return d->sink->item(d->sink->self, item, bytes, err);
}

static bau_status give_score(const struct decode *d, double score, struct bau_error *err)
{
    uint8_t bytes[8];
    memcpy(bytes, &score, sizeof bytes);
    return give(d, REDIS_ITEM_SCORE, (struct bau_slice){ bytes, sizeof bytes }, err);
}

static bau_status score_of_text(const struct decode *d, struct bau_slice text, struct bau_error *err)
{
    char copy[128];
    char *end;
    if (text.len == 0 || text.len >= sizeof copy)
        return redis_rdb_broken(d->type, err);
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    const double score = strtod(copy, &end);
    return *end ? redis_rdb_broken(d->type, err) : give_score(d, score, err);
}

static bau_status next_string(struct decode *d, redis_item item, struct bau_error *err)
{
    struct bau_slice s;
    if (!redis_cursor_string(&d->c, &d->scratch, &s))
        return redis_rdb_broken(d->type, err);
    return give(d, item, s, err);
}

/* A score of type 3: one length byte, digits. */
static bau_status old_score(struct decode *d, struct bau_error *err)
{
    if (left(&d->c) < 1)
        return redis_rdb_broken(d->type, err);
    const uint8_t n = *d->c.at++;
    if (n >= 253)
        return give_score(d, n == 254 ? HUGE_VAL : n == 255 ? -HUGE_VAL : (double)NAN, err);
    if (left(&d->c) < n)
        return redis_rdb_broken(d->type, err);
    const struct bau_slice text = { d->c.at, n };
    d->c.at += n;
    return score_of_text(d, text, err);
}

static bau_status new_score(struct decode *d, struct bau_error *err)
{
    if (left(&d->c) < 8)
        return redis_rdb_broken(d->type, err);
    uint64_t bits = 0;
    for (size_t i = 8; i-- > 0;)
        bits = bits << 8 | d->c.at[i];
    double score;
    memcpy(&score, &bits, sizeof score);
    d->c.at += 8;
    return give_score(d, score, err);
}

/* Types 1 to 5. */
static bau_status plain(struct decode *d, struct bau_error *err)
{
    uint64_t n;
    if (!redis_cursor_length(&d->c, &n) || n > left(&d->c))
        return redis_rdb_broken(d->type, err);
    for (uint64_t i = 0; i < n; i++) {
        BAU_TRY(next_string(d, d->type == T_HASH ? REDIS_ITEM_FIELD : REDIS_ITEM_MEMBER, err));
        if (d->type == T_HASH)
            BAU_TRY(next_string(d, REDIS_ITEM_VALUE, err));
        else if (d->type == T_ZSET)
            BAU_TRY(old_score(d, err));
        else if (d->type == T_ZSET_2)
            BAU_TRY(new_score(d, err));
    }
    return BAU_OK;
}

/* Elements of a listpack or ziplist as members, pairs of field and value, or pairs of member and score. */
static bau_status packed(struct decode *d, struct bau_slice bytes, bool listpack, struct bau_error *err)
{
    const redis_type type = (redis_type)types[d->type];
    struct redis_pack p;
    struct bau_slice s;
    if (!(listpack ? redis_listpack_open(&p, bytes) : redis_ziplist_open(&p, bytes)))
        return redis_rdb_broken(d->type, err);
    bool second = false;
    while (listpack ? redis_listpack_next(&p, &s) : redis_ziplist_next(&p, &s)) {
        if (type == REDIS_ZSET && second)
            BAU_TRY(p.is_number ? give_score(d, (double)p.number, err) : score_of_text(d, s, err));
        else
            BAU_TRY(give(d,
                         type != REDIS_HASH ? REDIS_ITEM_MEMBER
                         : second           ? REDIS_ITEM_VALUE
                                            : REDIS_ITEM_FIELD,
                         s, err));
        second = !second && (type == REDIS_HASH || type == REDIS_ZSET);
    }
    return p.broken || second ? redis_rdb_broken(d->type, err) : BAU_OK;
}

static bau_status packed_string(struct decode *d, bool listpack, struct bau_error *err)
{
    struct bau_slice s;
    if (!redis_cursor_string(&d->c, &d->scratch, &s))
        return redis_rdb_broken(d->type, err);
    return packed(d, s, listpack, err);
}

static bau_status quicklist(struct decode *d, struct bau_error *err)
{
    uint64_t n, container = 2;
    if (!redis_cursor_length(&d->c, &n) || n > left(&d->c))
        return redis_rdb_broken(d->type, err);
    for (uint64_t i = 0; i < n; i++) {
        if (d->type == T_QUICKLIST_2 && !redis_cursor_length(&d->c, &container))
            return redis_rdb_broken(d->type, err);
        if (container == 1)
            BAU_TRY(next_string(d, REDIS_ITEM_MEMBER, err));
        else
            BAU_TRY(packed_string(d, d->type == T_QUICKLIST_2, err));
    }
    return BAU_OK;
}

static bau_status intset(struct decode *d, struct bau_error *err)
{
    struct bau_slice s;
    if (!redis_cursor_string(&d->c, &d->scratch, &s) || s.len < 8)
        return redis_rdb_broken(d->type, err);
    const size_t width = s.data[0];
    uint64_t n = 0;
    for (size_t i = 8; i-- > 4;)
        n = n << 8 | s.data[i];
    if ((width != 2 && width != 4 && width != 8) || s.len != 8 + n * width)
        return redis_rdb_broken(d->type, err);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t v = 0;
        for (size_t b = width; b-- > 0;)
            v = v << 8 | s.data[8 + i * width + b];
        const int64_t value = width == 2 ? (int16_t)v : width == 4 ? (int32_t)v : (int64_t)v;
        char digits[24];
        const int len = snprintf(digits, sizeof digits, "%" PRId64, value);
        BAU_TRY(give(d, REDIS_ITEM_MEMBER, (struct bau_slice){ (const uint8_t *)digits, (size_t)len }, err));
    }
    return BAU_OK;
}

static bool zipmap_length(const struct bau_slice *s, size_t *at, size_t *out)
{
    if (*at >= s->len || s->data[*at] == 255)
        return false;
    if (s->data[*at] < 254) {
        *out = s->data[(*at)++];
        return *out <= s->len - *at;
    }
    if (s->len - *at < 5)
        return false;
    *out = 0;
    for (size_t i = 4; i > 0; i--)
        *out = *out << 8 | s->data[*at + i];
    *at += 5;
    return *out <= s->len - *at;
}

static bau_status zipmap(struct decode *d, struct bau_error *err)
{
    struct bau_slice s;
    if (!redis_cursor_string(&d->c, &d->scratch, &s) || s.len < 2)
        return redis_rdb_broken(d->type, err);
    size_t at = 1, n;
    while (at < s.len && s.data[at] != 255) {
        if (!zipmap_length(&s, &at, &n))
            return redis_rdb_broken(d->type, err);
        BAU_TRY(give(d, REDIS_ITEM_FIELD, (struct bau_slice){ s.data + at, n }, err));
        at += n;
        if (!zipmap_length(&s, &at, &n) || at >= s.len)
            return redis_rdb_broken(d->type, err);
        const size_t unused = s.data[at++];
        if (n + unused > s.len - at)
            return redis_rdb_broken(d->type, err);
        BAU_TRY(give(d, REDIS_ITEM_VALUE, (struct bau_slice){ s.data + at, n }, err));
        at += n + unused;
    }
    return at + 1 == s.len ? BAU_OK : redis_rdb_broken(d->type, err);
}

static bau_status value(struct decode *d, struct bau_error *err)
{
    switch (d->type) {
    case T_STRING: return next_string(d, REDIS_ITEM_VALUE, err);
    case T_LIST:
    case T_SET:
    case T_ZSET:
    case T_HASH:
    case T_ZSET_2: return plain(d, err);
    case T_HASH_ZIPMAP: return zipmap(d, err);
    case T_LIST_ZIPLIST:
    case T_ZSET_ZIPLIST:
    case T_HASH_ZIPLIST: return packed_string(d, false, err);
    case T_SET_INTSET: return intset(d, err);
    case T_QUICKLIST:
    case T_QUICKLIST_2: return quicklist(d, err);
    case T_HASH_LISTPACK:
    case T_ZSET_LISTPACK:
    case T_SET_LISTPACK: return packed_string(d, true, err);
    case T_STREAM:
    case T_STREAM_2:
    case T_STREAM_3: return redis_stream_decode(&d->c, d->type, d->sink, err);
    default: break;
    }
    return bau_error_set(err, BAU_E_DATA,
                         "a value of type %u cannot be looked into: a module's, or a hash whose "
                         "fields expire",
                         d->type);
}

bau_status redis_rdb_value(struct redis_cursor *c, uint8_t type, const struct redis_sink *sink,
                           struct bau_error *err)
{
    struct decode d = { .c = *c, .type = type, .sink = sink };
    const bau_status status = value(&d, err);
    *c = d.c;
    if (d.scratch.data)
        bau_wipe(d.scratch.data, d.scratch.room);
    bau_text_release(&d.scratch);
    return status;
}

bau_status redis_rdb_decode(struct bau_slice payload, const struct redis_sink *sink, struct bau_error *err)
{
    if (payload.len <= FOOTER)
        return redis_rdb_broken(0, err);
    struct redis_cursor c = { payload.data + 1, payload.data + payload.len - FOOTER };
    bau_status status = redis_rdb_value(&c, payload.data[0], sink, err);
    if (status == BAU_OK && c.at != c.end)
        status = redis_rdb_broken(payload.data[0], err);
    return status;
}
