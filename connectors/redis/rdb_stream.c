/* Entries of a stream out of its listpacks. Each listpack starts with a master entry,
 *   count, deleted, number of fields, the fields, 0
 * and holds entries
 *   flags, ms and sequence as differences to the node's id, [number of fields,] fields and values, elements so far
 * where the flag SAME leaves the master's fields out and DELETED marks what is gone. */
#include <string.h>

#include "rdb.h"

enum { DELETED = 1, SAME = 2, FIELDS_MOST = 1 << 20, STREAM_2 = 19, STREAM_3 = 21 };

struct node {
    struct redis_pack p;
    uint64_t ms, seq;
    int64_t n_master;
    struct redis_pack master; /* stands before the master's first field */
};

static bool number(struct redis_pack *p, int64_t *out)
{
    struct bau_slice s;
    if (!redis_listpack_next(p, &s) || !p->is_number)
        return false;
    *out = p->number;
    return true;
}

static bool skip(struct redis_pack *p, int64_t n)
{
    struct bau_slice s;
    for (; n > 0; n--)
        if (!redis_listpack_next(p, &s))
            return false;
    return true;
}

static bool open_node(struct node *n, struct bau_slice key, struct bau_slice pack, int64_t *out_entries)
{
    int64_t count, deleted, zero;
    if (key.len != 16 || !redis_listpack_open(&n->p, pack) || !number(&n->p, &count) ||
        !number(&n->p, &deleted) || !number(&n->p, &n->n_master) || n->n_master < 0 ||
        n->n_master > FIELDS_MOST || count < 0 || deleted < 0)
        return false;
    n->ms = redis_get_be64(key.data);
    n->seq = redis_get_be64(key.data + 8);
    n->master = n->p;
    *out_entries = count + deleted;
    return skip(&n->p, n->n_master) && number(&n->p, &zero) && zero == 0;
}

static bau_status pairs(struct node *n, bool same, int64_t n_pairs, const struct redis_sink *sink,
                        uint8_t type, struct bau_error *err)
{
    struct redis_pack fields = n->master;
    struct bau_slice s;
    for (int64_t i = 0; i < n_pairs; i++) {
        struct redis_pack *from = same ? &fields : &n->p;
        if (!redis_listpack_next(from, &s))
            return redis_rdb_broken(type, err);
        BAU_TRY(sink->item(sink->self, REDIS_ITEM_FIELD, s, err));
        if (!redis_listpack_next(&n->p, &s))
            return redis_rdb_broken(type, err);
        BAU_TRY(sink->item(sink->self, REDIS_ITEM_VALUE, s, err));
    }
    return BAU_OK;
}

static bau_status one_entry(struct node *n, const struct redis_sink *sink, uint8_t type,
                            struct bau_error *err)
{
    int64_t flags, ms, seq, n_pairs = n->n_master, elements;
    if (!number(&n->p, &flags) || !number(&n->p, &ms) || !number(&n->p, &seq))
        return redis_rdb_broken(type, err);
    const bool same = (flags & SAME) != 0;
    if (!same && (!number(&n->p, &n_pairs) || n_pairs < 0 || n_pairs > FIELDS_MOST))
        return redis_rdb_broken(type, err);
    if (flags & DELETED) {
        if (!skip(&n->p, same ? n_pairs : 2 * n_pairs) || !number(&n->p, &elements))
            return redis_rdb_broken(type, err);
        return BAU_OK;
    }
    uint8_t id[16];
    redis_put_be64(id, n->ms + (uint64_t)ms);
    redis_put_be64(id + 8, n->seq + (uint64_t)seq);
    BAU_TRY(sink->item(sink->self, REDIS_ITEM_ENTRY, (struct bau_slice){ id, sizeof id }, err));
    BAU_TRY(pairs(n, same, n_pairs, sink, type, err));
    return number(&n->p, &elements) ? BAU_OK : redis_rdb_broken(type, err);
}

static bau_status one_node(struct redis_cursor *c, uint8_t type, struct bau_text *key_room,
                           struct bau_text *pack_room, const struct redis_sink *sink, struct bau_error *err)
{
    struct bau_slice key, pack;
    struct node n;
    int64_t entries;
    if (!redis_cursor_string(c, key_room, &key) || !redis_cursor_string(c, pack_room, &pack) ||
        !open_node(&n, key, pack, &entries))
        return redis_rdb_broken(type, err);
    for (int64_t i = 0; i < entries; i++)
        BAU_TRY(one_entry(&n, sink, type, err));
    struct bau_slice rest;
    return redis_listpack_next(&n.p, &rest) || n.p.broken ? redis_rdb_broken(type, err) : BAU_OK;
}

static bau_status nodes(struct redis_cursor *c, uint8_t type, struct bau_text *key_room,
                        struct bau_text *pack_room, const struct redis_sink *sink, struct bau_error *err)
{
    uint64_t n;
    if (!redis_cursor_length(c, &n) || n > (uint64_t)(c->end - c->at))
        return redis_rdb_broken(type, err);
    for (uint64_t i = 0; i < n; i++)
        BAU_TRY(one_node(c, type, key_room, pack_room, sink, err));
    return BAU_OK;
}

/* ── behind the entries ── */

static bool raw(struct redis_cursor *c, size_t n)
{
    if ((size_t)(c->end - c->at) < n)
        return false;
    c->at += n;
    return true;
}

static bool lengths(struct redis_cursor *c, uint32_t n)
{
    uint64_t ignored;
    for (; n; n--)
        if (!redis_cursor_length(c, &ignored))
            return false;
    return true;
}

static bool consumer(struct redis_cursor *c, uint8_t type, struct bau_text *room)
{
    struct bau_slice name;
    uint64_t n;
    if (!redis_cursor_string(c, room, &name) || !raw(c, type >= STREAM_3 ? 16 : 8) ||
        !redis_cursor_length(c, &n))
        return false;
    return n <= (uint64_t)(c->end - c->at) / 16 && raw(c, (size_t)n * 16);
}

static bool group(struct redis_cursor *c, uint8_t type, struct bau_text *room)
{
    struct bau_slice name;
    uint64_t pending, consumers;
    if (!redis_cursor_string(c, room, &name) || !lengths(c, type >= STREAM_2 ? 3 : 2) ||
        !redis_cursor_length(c, &pending))
        return false;
    for (uint64_t i = 0; i < pending; i++)
        if (!raw(c, 24) || !lengths(c, 1))
            return false;
    if (!redis_cursor_length(c, &consumers))
        return false;
    for (uint64_t i = 0; i < consumers; i++)
        if (!consumer(c, type, room))
            return false;
    return true;
}

/* Moves behind length, last id, first id, largest deleted id, entries added and the groups. */
static bool tail_end(struct redis_cursor *c, uint8_t type, struct bau_text *room)
{
    uint64_t groups;
    if (!lengths(c, type >= STREAM_2 ? 8 : 3) || !redis_cursor_length(c, &groups))
        return false;
    for (uint64_t i = 0; i < groups; i++)
        if (!group(c, type, room))
            return false;
    return true;
}

/* STREAM_END is the type byte and the bytes behind the listpacks; what they hold does not depend on fields or values. */
bau_status redis_stream_decode(struct redis_cursor *c, uint8_t type, const struct redis_sink *sink,
                               struct bau_error *err)
{
    BAU_AUTO_TEXT key_room = { 0 };
    BAU_AUTO_TEXT pack_room = { 0 };
    BAU_AUTO_TEXT tail = { 0 };
    BAU_TRY(nodes(c, type, &key_room, &pack_room, sink, err));
    const uint8_t *start = c->at;
    if (!tail_end(c, type, &key_room))
        return redis_rdb_broken(type, err);
    bau_text_addn(&tail, &type, 1);
    bau_text_addn(&tail, start, (size_t)(c->at - start));
    if (tail.failed)
        return bau_error_set(err, BAU_E_NOMEM, "stream");
    return sink->item(sink->self, REDIS_ITEM_STREAM_END,
                      (struct bau_slice){ (const uint8_t *)tail.data, tail.len }, err);
}
