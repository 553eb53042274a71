/* Large values by windows: LRANGE, SSCAN, ZSCAN, HSCAN, XRANGE, GETRANGE. Each window is a row that repeats the key. The next
 * window is asked for before the one at hand is taken apart.
 *
 * A hash that is looked into: its named fields are read at the start and stand in every window, so that maskers that look at
 * another field of the row find it; they are written as often, which changes nothing.
 * Strings that are looked into have to be whole, since a masker sees all of one or none. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "throttle.h"

enum { WINDOW_BYTES = 256 * 1024, WINDOW_ITEMS = 2000, SEEN_MOST = 1 << 22 };

static struct bau_slice word(const char *s)
{
    return redis_slice(s, strlen(s));
}

static bau_status call(struct bau_reader *r, const char *command, uint32_t n, const struct bau_slice *words,
                       redisReply **out, struct bau_error *err)
{
    redis_add(r->link->client, n, words);
    BAU_TRY(redis_send(r->link->client, err));
    BAU_TRY(redis_next(r->link->client, out, err));
    return (*out)->type == REDIS_REPLY_ERROR ? redis_refused(r->link->client, command, *out, err) : BAU_OK;
}

/* ── elements that SCAN gives twice ──────────────────────────────────────────────────────────────────────────────── */

/* Told apart from two elements that a masker made one, which end the run. Only a hash of each is kept, in a table of at most 32 MiB:
 * what does not fit, and what hashes alike, counts as seen. */
static bau_status seen_open(struct redis_seen *s, uint64_t elements, struct bau_error *err)
{
    uint64_t room = 1024;
    while (room < SEEN_MOST && room < elements + elements / 2)
        room *= 2;
    if (room > s->room) {
        bau_free(s->slots);
        *s = (struct redis_seen){ .slots = bau_alloc_array((size_t)room, sizeof *s->slots) };
        if (!s->slots)
            return bau_error_set(err, BAU_E_NOMEM, "elements of a large value");
        s->room = room;
    } else
        memset(s->slots, 0, (size_t)s->room * sizeof *s->slots);
    s->n = 0;
    return BAU_OK;
}

static bool seen(struct redis_seen *s, const redisReply *element)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a, its bits mixed as splitmix64 does */
    for (size_t i = 0; i < element->len; i++)
        h = (h ^ (uint8_t)element->str[i]) * UINT64_C(1099511628211);
    h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
    h = (h ^ h >> 31) | 1;
    if (!s->room || s->n + s->n / 3 >= s->room)
        return true;
    for (uint64_t at = h >> 1 & (s->room - 1);; at = (at + 1) & (s->room - 1)) {
        if (s->slots[at] == h)
            return true;
        if (s->slots[at])
            continue;
        s->slots[at] = h;
        s->n++;
        return false;
    }
}

/* ── the start ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool cuts(const struct bau_reader *r, redis_type type)
{
    switch (type) {
    case REDIS_STRING:
        return !r->looks || r->set->value == REDIS_NONE || r->want[r->set->value] == BAU_WANT_FRAME;
    case REDIS_LIST:
    case REDIS_SET:
    case REDIS_ZSET:
    case REDIS_STREAM: return true;
    case REDIS_HASH: return !r->link->side->field_ttl; /* HSCAN tells of no field when it expires */
    case REDIS_OTHER:
    case REDIS_TYPES: break;
    }
    return false;
}

static bau_status length(struct bau_reader *r, uint64_t bytes, struct bau_error *err)
{
    static const char *const commands[] = { [REDIS_LIST] = "LLEN",
                                            [REDIS_SET] = "SCARD",
                                            [REDIS_ZSET] = "ZCARD",
                                            [REDIS_HASH] = "HLEN",
                                            [REDIS_STREAM] = "XLEN" };
    REDIS_AUTO_REPLY *answer = NULL;
    struct redis_big *b = &r->big;
    if (b->type == REDIS_STRING) {
        b->step = WINDOW_BYTES;
        return BAU_OK;
    }
    const char *command = commands[b->type];
    BAU_TRY(call(r, command, 2, (const struct bau_slice[]){ word(command), b->key }, &answer, err));
    const uint64_t n =
        answer->type == REDIS_REPLY_INTEGER && answer->integer > 0 ? (uint64_t)answer->integer : 1;
    const uint64_t each = bytes / n ? bytes / n : 1, fit = WINDOW_BYTES / each;
    b->step = fit < 1 ? 1 : fit > WINDOW_ITEMS ? WINDOW_ITEMS : fit;
    const bool scans = b->type == REDIS_SET || b->type == REDIS_ZSET || b->type == REDIS_HASH;
    return scans && r->looks ? seen_open(&b->seen, n, err) : BAU_OK;
}

/* HMGET of the named fields, into chunks. */
static bau_status named_fields(struct bau_reader *r, struct bau_error *err)
{
    REDIS_AUTO_REPLY *answer = NULL;
    struct redis_big *b = &r->big;
    const uint32_t n = r->set->n_named;
    b->n_named = 0;
    b->named.len = 0;
    if (b->type != REDIS_HASH || !r->looks || n == 0)
        return BAU_OK;
    struct bau_slice *words = bau_alloc_array((size_t)n + 2, sizeof *words);
    if (!words)
        return bau_error_set(err, BAU_E_NOMEM, "fields");
    words[0] = word("HMGET");
    words[1] = b->key;
    for (uint32_t i = 0; i < n; i++)
        words[2 + i] = word(r->set->names[i]);
    const bau_status status = call(r, "HMGET", n + 2, words, &answer, err);
    bau_free(words);
    BAU_TRY(status);
    BAU_TRY(redis_reader_begin(r, b->type, err));
    for (uint32_t i = 0; i < n && i < answer->elements; i++) {
        const redisReply *value = answer->element[i];
        if (value->type != REDIS_REPLY_STRING)
            continue;
        r->again = 1;
        BAU_TRY(redis_reader_item(r, REDIS_ITEM_FIELD, word(r->set->names[i]), err));
        BAU_TRY(redis_reader_item(r, REDIS_ITEM_VALUE, redis_slice(value->str, value->len), err));
        b->n_named += 2;
    }
    bau_text_addn(&b->named, r->frame.data ? r->frame.data : "", r->frame.len);
    return b->named.failed ? bau_error_set(err, BAU_E_NOMEM, "fields") : BAU_OK;
}

bau_status redis_big_begin(struct bau_reader *r, const struct redis_asked *k, struct bau_error *err)
{
    REDIS_AUTO_REPLY *type = NULL;
    struct redis_big *b = &r->big;
    b->on = false;
    BAU_TRY(call(r, "TYPE", 2, (const struct bau_slice[]){ word("TYPE"), k->key }, &type, err));
    if (type->type != REDIS_REPLY_STATUS)
        return bau_error_set(err, BAU_E_SOURCE, "TYPE gave no word");
    b->type = redis_type_named(type->str);
    if (!cuts(r, b->type))
        return BAU_OK;
    b->key = k->key;
    b->expires_ms = k->expires_ms;
    b->place = 0;
    b->first = true;
    b->last = b->asked = false;
    (void)snprintf(b->cursor, sizeof b->cursor, "%s", b->type == REDIS_STREAM ? "-" : "0");
    BAU_TRY(length(r, k->bytes, err));
    BAU_TRY(named_fields(r, err));
    b->on = true;
    return BAU_OK;
}

/* ── windows ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status ask(struct bau_reader *r, struct bau_error *err)
{
    static const char *const scans[] = {
        [REDIS_SET] = "SSCAN", [REDIS_ZSET] = "ZSCAN", [REDIS_HASH] = "HSCAN"
    };
    struct redis_big *b = &r->big;
    struct redis_client *c = r->link->client;
    char from[24], to[24], step[24];
    BAU_TRY(redis_throttle_wait(r->link->side->throttle, c, 0, WINDOW_BYTES, err));
    (void)snprintf(from, sizeof from, "%" PRIu64, b->place);
    (void)snprintf(to, sizeof to, "%" PRIu64, b->place + b->step - 1);
    (void)snprintf(step, sizeof step, "%" PRIu64, b->step);
    if (b->type == REDIS_STRING || b->type == REDIS_LIST)
        redis_add(c, 4,
                  (const struct bau_slice[]){ word(b->type == REDIS_LIST ? "LRANGE" : "GETRANGE"), b->key,
                                              word(from), word(to) });
    else if (b->type == REDIS_STREAM)
        redis_add(c, 6,
                  (const struct bau_slice[]){ word("XRANGE"), b->key, word(b->cursor), word("+"),
                                              word("COUNT"), word(step) });
    else
        redis_add(c, 5,
                  (const struct bau_slice[]){ word(scans[b->type]), b->key, word(b->cursor), word("COUNT"),
                                              word(step) });
    b->place += b->step;
    b->asked = true;
    r->pending++;
    return redis_send(c, err);
}

static bau_status shape(struct bau_error *err)
{
    return bau_error_set(err, BAU_E_SOURCE, "a window of a large value has another shape");
}

/* Where the next window starts; `last` when there is none. */
static bau_status move_on(struct redis_big *b, const redisReply *reply, struct bau_error *err)
{
    const bool array = reply->type == REDIS_REPLY_ARRAY;
    switch (b->type) {
    case REDIS_STRING: b->last = reply->len < b->step; return array ? shape(err) : BAU_OK;
    case REDIS_LIST: b->last = reply->elements < b->step; return array ? BAU_OK : shape(err);
    case REDIS_STREAM: {
        b->last = reply->elements < b->step;
        const redisReply *entry = array && reply->elements ? reply->element[reply->elements - 1] : NULL;
        if (!array || (entry && (entry->elements != 2 || !entry->element[0]->str)))
            return shape(err);
        if (entry)
            (void)snprintf(b->cursor, sizeof b->cursor, "(%s", entry->element[0]->str);
        return BAU_OK;
    }
    case REDIS_SET:
    case REDIS_ZSET:
    case REDIS_HASH:
    case REDIS_OTHER:
    case REDIS_TYPES: break;
    }
    if (!array || reply->elements != 2 || reply->element[0]->type != REDIS_REPLY_STRING ||
        reply->element[1]->type != REDIS_REPLY_ARRAY)
        return shape(err);
    (void)snprintf(b->cursor, sizeof b->cursor, "%s", reply->element[0]->str);
    b->last = strcmp(b->cursor, "0") == 0;
    return BAU_OK;
}

static bau_status add(struct bau_reader *r, redis_item item, const redisReply *from, struct bau_error *err)
{
    return redis_reader_item(r, item, redis_slice(from->str, from->len), err);
}

static bau_status add_score(struct bau_reader *r, const redisReply *from, struct bau_error *err)
{
    const double score = strtod(from->str, NULL);
    return redis_reader_item(r, REDIS_ITEM_SCORE, (struct bau_slice){ (const uint8_t *)&score, sizeof score },
                             err);
}

/* Members, pairs of a sorted set, pairs of a hash but for the named fields, which stand there already. */
static bau_status add_elements(struct bau_reader *r, const redisReply *all, struct bau_error *err)
{
    const redis_type type = r->big.type;
    const bool pairs = type == REDIS_ZSET || type == REDIS_HASH;
    for (size_t i = 0; i + pairs < all->elements; i += pairs ? 2 : 1) {
        const redisReply *first = all->element[i];
        if (type == REDIS_HASH && r->big.n_named &&
            redis_named_column(r->set, redis_slice(first->str, first->len)) != REDIS_NONE)
            continue;
        r->again = type != REDIS_LIST && (!r->looks || seen(&r->big.seen, first));
        BAU_TRY(add(r, type == REDIS_HASH ? REDIS_ITEM_FIELD : REDIS_ITEM_MEMBER, first, err));
        if (type == REDIS_ZSET)
            BAU_TRY(add_score(r, all->element[i + 1], err));
        else if (pairs)
            BAU_TRY(add(r, REDIS_ITEM_VALUE, all->element[i + 1], err));
    }
    return BAU_OK;
}

static bau_status add_entries(struct bau_reader *r, const redisReply *all, struct bau_error *err)
{
    for (size_t i = 0; i < all->elements; i++) {
        const redisReply *entry = all->element[i];
        uint64_t ms = 0, seq = 0;
        uint8_t id[16];
        if (entry->elements != 2 || !entry->element[0]->str || entry->element[1]->type != REDIS_REPLY_ARRAY ||
            sscanf(entry->element[0]->str, "%" SCNu64 "-%" SCNu64, &ms, &seq) != 2)
            return shape(err);
        redis_put_be64(id, ms);
        redis_put_be64(id + 8, seq);
        BAU_TRY(redis_reader_item(r, REDIS_ITEM_ENTRY, (struct bau_slice){ id, sizeof id }, err));
        for (size_t f = 0; f < entry->element[1]->elements; f++)
            BAU_TRY(add(r, f % 2 ? REDIS_ITEM_VALUE : REDIS_ITEM_FIELD, entry->element[1]->element[f], err));
    }
    return BAU_OK;
}

static bau_status add_window(struct bau_reader *r, const redisReply *reply, struct bau_error *err)
{
    struct redis_big *b = &r->big;
    BAU_TRY(redis_reader_begin(r, b->type, err));
    bau_text_addn(&r->frame, b->named.data ? b->named.data : "", b->named.len);
    r->n_items = b->n_named;
    if (b->type == REDIS_STRING)
        return add(r, REDIS_ITEM_VALUE, reply, err);
    if (b->type != REDIS_STREAM)
        return add_elements(r, b->type == REDIS_LIST ? reply : reply->element[1], err);
    BAU_TRY(add_entries(r, reply, err));
    if (!b->last)
        return BAU_OK;
    BAU_TRY(redis_stream_end_read(r->link->client, b->key, &b->end, err));
    return redis_reader_item(r, REDIS_ITEM_STREAM_END,
                             (struct bau_slice){ (const uint8_t *)b->end.data, b->end.len }, err);
}

/* The type is another one by now. */
static bau_status changed(struct bau_reader *r, struct bau_error *err)
{
    (void)bau_error_set(err, BAU_E_SOURCE, "%s: a large key changed its type while it was read",
                        r->set->template.text);
    err->retry = BAU_RETRY_BACKOFF;
    return BAU_E_SOURCE;
}

bau_status redis_big_window(struct bau_reader *r, bool *out_row, struct bau_error *err)
{
    REDIS_AUTO_REPLY *reply = NULL;
    struct redis_big *b = &r->big;
    if (!b->asked)
        BAU_TRY(ask(r, err));
    BAU_TRY(redis_reader_take(r, &reply, err));
    b->asked = false;
    if (redis_is_error(reply, "WRONGTYPE"))
        return changed(r, err);
    if (reply->type == REDIS_REPLY_ERROR)
        return redis_refused(r->link->client, "a window", reply, err);
    BAU_TRY(move_on(b, reply, err));
    if (!b->last)
        BAU_TRY(ask(r, err));
    BAU_TRY(add_window(r, reply, err));
    const uint8_t window =
        (uint8_t)(REDIS_WINDOW | (b->first ? REDIS_WINDOW_FIRST : 0) | (b->last ? REDIS_WINDOW_LAST : 0));
    BAU_TRY(redis_reader_row(r, b->key, b->expires_ms, b->type, window, err));
    b->first = false;
    b->on = !b->last;
    *out_row = true;
    return BAU_OK;
}

static void drop(struct bau_text *t)
{
    if (t->data)
        bau_wipe(t->data, t->room);
    bau_text_release(t);
}

void redis_big_release(struct redis_big *b)
{
    drop(&b->named);
    drop(&b->end);
    bau_free(b->seen.slots);
}
