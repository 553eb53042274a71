/* What lies behind a stream's entries: last id, counters, groups, consumers, pending entries. See typed.h.
 *
 * Read by XINFO and XPENDING it is spelled as an RDB file of type 19 spells it, but that a group's pending entries stand in the
 * order of their consumers. Commands cannot make all of it: the moments a consumer was seen at are those of the writing, and a
 * pending entry whose message was deleted is lost. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "typed.h"

enum { STREAM_2 = 19, STREAM_3 = 21, PENDING_AT_ONCE = 1000 };

/* ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct reading {
    struct redis_client *client;
    struct bau_slice key;
    struct bau_text *out;
    struct bau_error *err;
};

static void put_length(struct bau_text *t, uint64_t n)
{
    uint8_t bytes[9] = { 0x81 };
    redis_put_be64(bytes + 1, n);
    bau_text_addn(t, bytes, sizeof bytes);
}

static void put_string(struct bau_text *t, struct bau_slice s)
{
    put_length(t, s.len);
    bau_text_addn(t, s.data, s.len);
}

struct id {
    uint64_t ms, seq;
};

static struct id id_of(const redisReply *reply)
{
    struct id id = { 0 };
    if (reply && reply->str && sscanf(reply->str, "%" SCNu64 "-%" SCNu64, &id.ms, &id.seq) < 1)
        id.ms = 0;
    return id;
}

static void put_id(struct bau_text *t, struct id id)
{
    put_length(t, id.ms);
    put_length(t, id.seq);
}

static void put_raw_id(struct bau_text *t, struct id id)
{
    uint8_t bytes[16];
    redis_put_be64(bytes, id.ms);
    redis_put_be64(bytes + 8, id.seq);
    bau_text_addn(t, bytes, sizeof bytes);
}

static void put_time(struct bau_text *t, int64_t ms)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)((uint64_t)ms >> (8 * i));
    bau_text_addn(t, bytes, sizeof bytes);
}

static const redisReply *member(const redisReply *map, const char *name)
{
    for (size_t i = 0; map->type == REDIS_REPLY_ARRAY && i + 1 < map->elements; i += 2)
        if (map->element[i]->str && strcmp(map->element[i]->str, name) == 0)
            return map->element[i + 1];
    return NULL;
}

static uint64_t number(const redisReply *map, const char *name, uint64_t otherwise)
{
    const redisReply *found = member(map, name);
    return found && found->type == REDIS_REPLY_INTEGER ? (uint64_t)found->integer : otherwise;
}

static struct bau_slice word(const char *s)
{
    return redis_slice(s, strlen(s));
}

/* An array, or NULL when key or group went meanwhile. */
static bau_status ask(struct reading *r, const char *command, uint32_t n, const struct bau_slice *words,
                      redisReply **out)
{
    redis_add(r->client, n, words);
    BAU_TRY(redis_send(r->client, r->err));
    BAU_TRY(redis_next(r->client, out, r->err));
    if ((*out)->type == REDIS_REPLY_ERROR && !redis_is_error(*out, "ERR") && !redis_is_error(*out, "NOGROUP"))
        return redis_refused(r->client, command, *out, r->err);
    if ((*out)->type == REDIS_REPLY_ARRAY)
        return BAU_OK;
    freeReplyObject(*out);
    *out = NULL;
    return BAU_OK;
}

/* One consumer's pending entries: ids, moments and counts into `all`, ids into `own`. */
static bau_status pending_of(struct reading *r, struct bau_slice group, struct bau_slice consumer,
                             struct bau_text *all, struct bau_text *own, uint64_t *out_n)
{
    char from[64] = "-", most[16];
    (void)snprintf(most, sizeof most, "%d", PENDING_AT_ONCE);
    for (*out_n = 0;;) {
        REDIS_AUTO_REPLY *some = NULL;
        const struct bau_slice words[] = { word("XPENDING"), r->key,     group,   word(from),
                                           word("+"),        word(most), consumer };
        struct timespec now;
        BAU_TRY(ask(r, "XPENDING", BAU_COUNT(words), words, &some));
        clock_gettime(CLOCK_REALTIME, &now);
        const int64_t ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
        for (size_t i = 0; some && i < some->elements; i++) {
            const redisReply *p = some->element[i];
            if (p->type != REDIS_REPLY_ARRAY || p->elements != 4)
                return bau_error_set(r->err, BAU_E_SOURCE, "XPENDING gave an answer of another shape");
            put_raw_id(all, id_of(p->element[0]));
            put_time(all, ms - p->element[2]->integer);
            put_length(all, (uint64_t)p->element[3]->integer);
            put_raw_id(own, id_of(p->element[0]));
            ++*out_n;
        }
        if (!some || some->elements < PENDING_AT_ONCE)
            return BAU_OK;
        (void)snprintf(from, sizeof from, "(%s", some->element[some->elements - 1]->element[0]->str);
    }
}

static bau_status put_consumers(struct reading *r, struct bau_slice group, const redisReply *consumers)
{
    BAU_AUTO_TEXT all = { 0 };
    BAU_AUTO_TEXT lists = { 0 };
    uint64_t n = 0, count = 0;
    for (size_t i = 0; consumers && i < consumers->elements; i++) {
        BAU_AUTO_TEXT own = { 0 };
        uint64_t of = 0;
        const redisReply *name = member(consumers->element[i], "name");
        if (!name || !name->str)
            continue;
        BAU_TRY(pending_of(r, group, redis_slice(name->str, name->len), &all, &own, &of));
        put_string(&lists, redis_slice(name->str, name->len));
        put_time(&lists, 0);
        put_length(&lists, of);
        bau_text_addn(&lists, own.data ? own.data : "", own.len);
        lists.failed = lists.failed || own.failed;
        n += of;
        count++;
    }
    put_length(r->out, n);
    bau_text_addn(r->out, all.data ? all.data : "", all.len);
    put_length(r->out, count);
    bau_text_addn(r->out, lists.data ? lists.data : "", lists.len);
    r->out->failed = r->out->failed || all.failed || lists.failed;
    return BAU_OK;
}

static bau_status put_group(struct reading *r, const redisReply *group)
{
    const redisReply *name = member(group, "name"), *last = member(group, "last-delivered-id");
    REDIS_AUTO_REPLY *consumers = NULL;
    if (!name || !name->str || !last)
        return bau_error_set(r->err, BAU_E_SOURCE, "XINFO GROUPS gave an answer of another shape");
    const struct bau_slice own = redis_slice(name->str, name->len);
    const struct bau_slice words[] = { word("XINFO"), word("CONSUMERS"), r->key, own };
    BAU_TRY(ask(r, "XINFO", BAU_COUNT(words), words, &consumers));
    put_string(r->out, own);
    put_id(r->out, id_of(last));
    if (r->out->data && r->out->data[0] == STREAM_2)
        put_length(r->out, number(group, "entries-read", UINT64_MAX));
    return put_consumers(r, own, consumers);
}

bau_status redis_stream_end_read(struct redis_client *client, struct bau_slice key, struct bau_text *out,
                                 struct bau_error *err)
{
    static const uint8_t modern = STREAM_2, old = 15;
    struct reading r = { client, key, out, err };
    REDIS_AUTO_REPLY *info = NULL;
    REDIS_AUTO_REPLY *groups = NULL;
    const struct bau_slice stream[] = { word("XINFO"), word("STREAM"), key },
                           all[] = { word("XINFO"), word("GROUPS"), key };
    out->len = 0;
    BAU_TRY(ask(&r, "XINFO", BAU_COUNT(stream), stream, &info));
    BAU_TRY(ask(&r, "XINFO", BAU_COUNT(all), all, &groups));
    if (!info || !groups)
        return BAU_OK;
    const bool counted = member(info, "entries-added") != NULL; /* from 7.0 on */
    if (!counted) { /* as 6.2 spells it, groups without the count of what they read */
        bau_text_addn(out, &old, 1);
        put_length(out, number(info, "length", 0));
        put_id(out, id_of(member(info, "last-generated-id")));
    } else {
        bau_text_addn(out, &modern, 1);
        put_length(out, number(info, "length", 0));
        put_id(out, id_of(member(info, "last-generated-id")));
        put_id(out, (struct id){ 0, 0 });
        put_id(out, id_of(member(info, "max-deleted-entry-id")));
        put_length(out, number(info, "entries-added", 0));
    }
    put_length(out, groups->elements);
    for (size_t i = 0; i < groups->elements; i++)
        BAU_TRY(put_group(&r, groups->element[i]));
    return out->failed ? bau_error_set(err, BAU_E_NOMEM, "stream") : BAU_OK;
}

/* ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct pending {
    uint8_t id[16];
    int64_t ms;
    uint64_t times;
};
struct writing {
    struct redis_typed *t;
    struct redis_cursor c;
    uint8_t type;
    bool counts; /* target and source count entries */
};

static int by_id(const void *left, const void *right)
{
    const struct pending *a = left, *b = right;
    return memcmp(a->id, b->id, sizeof a->id);
}

static bool raw(struct redis_cursor *c, void *out, size_t n)
{
    if ((size_t)(c->end - c->at) < n)
        return false;
    memcpy(out, c->at, n);
    c->at += n;
    return true;
}

static bool take_pending(struct redis_cursor *c, struct pending *p)
{
    uint8_t time[8];
    if (!raw(c, p->id, sizeof p->id) || !raw(c, time, sizeof time) || !redis_cursor_length(c, &p->times))
        return false;
    uint64_t ms = 0;
    for (size_t i = 0; i < sizeof time; i++)
        ms |= (uint64_t)time[i] << (8 * i);
    p->ms = (int64_t)ms;
    return true;
}

static void claim(struct writing *w, struct bau_slice group, struct bau_slice consumer,
                  const struct pending *p)
{
    char id[48], when[24], times[24];
    (void)snprintf(id, sizeof id, "%" PRIu64 "-%" PRIu64, redis_get_be64(p->id), redis_get_be64(p->id + 8));
    (void)snprintf(when, sizeof when, "%" PRId64, p->ms);
    (void)snprintf(times, sizeof times, "%" PRIu64, p->times);
    const struct bau_slice words[] = { group,         consumer,      word("0"),          word(id),
                                       word("TIME"),  word(when),    word("RETRYCOUNT"), word(times),
                                       word("FORCE"), word("JUSTID") };
    redis_typed_say(w->t, "XCLAIM", NULL, BAU_COUNT(words), words);
}

static bool write_consumer(struct writing *w, struct bau_slice group, const struct pending *pending, size_t n)
{
    BAU_AUTO_TEXT room = { 0 };
    struct bau_slice name;
    uint8_t seen[16];
    uint64_t of;
    if (!redis_cursor_string(&w->c, &room, &name) || !raw(&w->c, seen, w->type >= STREAM_3 ? 16 : 8) ||
        !redis_cursor_length(&w->c, &of))
        return false;
    redis_typed_say(w->t, "XGROUP", "CREATECONSUMER", 2, (const struct bau_slice[]){ group, name });
    for (uint64_t i = 0; i < of; i++) {
        struct pending key;
        if (!raw(&w->c, key.id, sizeof key.id))
            return false;
        const struct pending *p = n ? bsearch(&key, pending, n, sizeof *pending, by_id) : NULL;
        if (p)
            claim(w, group, name, p);
    }
    return true;
}

static bool create_group(struct writing *w, struct bau_slice name)
{
    char last[48], read[24];
    struct id id;
    uint64_t entries = UINT64_MAX;
    if (!redis_cursor_length(&w->c, &id.ms) || !redis_cursor_length(&w->c, &id.seq) ||
        (w->type >= STREAM_2 && !redis_cursor_length(&w->c, &entries)))
        return false;
    (void)snprintf(last, sizeof last, "%" PRIu64 "-%" PRIu64, id.ms, id.seq);
    (void)snprintf(read, sizeof read, "%" PRIu64, entries);
    const struct bau_slice words[] = { name, word(last), word("ENTRIESREAD"), word(read) };
    redis_typed_say(w->t, "XGROUP", "CREATE", w->counts && entries != UINT64_MAX ? 4 : 2, words);
    return true;
}

static bool write_group(struct writing *w)
{
    BAU_AUTO_TEXT room = { 0 };
    struct bau_slice name;
    uint64_t n, consumers;
    if (!redis_cursor_string(&w->c, &room, &name) || !create_group(w, name) ||
        !redis_cursor_length(&w->c, &n) || n > (uint64_t)(w->c.end - w->c.at) / 24)
        return false;
    struct pending *pending = bau_alloc_array((size_t)n + 1, sizeof *pending);
    bool fine = pending != NULL;
    for (uint64_t i = 0; i < n && fine; i++)
        fine = take_pending(&w->c, &pending[i]);
    if (fine)
        qsort(pending, (size_t)n, sizeof *pending, by_id);
    fine = fine && redis_cursor_length(&w->c, &consumers);
    for (uint64_t i = 0; fine && i < consumers; i++)
        fine = write_consumer(w, name, pending, (size_t)n);
    bau_free(pending);
    return fine;
}

static bool write_numbers(struct writing *w)
{
    uint64_t length, first, added = 0;
    struct id last, deleted = { 0 };
    char id[48], gone[48], count[24];
    struct redis_cursor *c = &w->c;
    if (!redis_cursor_length(c, &length) || !redis_cursor_length(c, &last.ms) ||
        !redis_cursor_length(c, &last.seq))
        return false;
    if (w->type >= STREAM_2 && (!redis_cursor_length(c, &first) || !redis_cursor_length(c, &first) ||
                                !redis_cursor_length(c, &deleted.ms) ||
                                !redis_cursor_length(c, &deleted.seq) || !redis_cursor_length(c, &added)))
        return false;
    (void)snprintf(id, sizeof id, "%" PRIu64 "-%" PRIu64, last.ms, last.seq);
    (void)snprintf(gone, sizeof gone, "%" PRIu64 "-%" PRIu64, deleted.ms, deleted.seq);
    (void)snprintf(count, sizeof count, "%" PRIu64, added);
    const struct bau_slice words[] = { word(id), word("ENTRIESADDED"), word(count), word("MAXDELETEDID"),
                                       word(gone) };
    redis_typed_say(w->t, "XSETID", NULL, w->counts ? 5 : 1, words);
    return true;
}

bau_status redis_stream_end_write(struct redis_typed *t, struct bau_slice end, struct bau_error *err)
{
    struct writing w = { .t = t };
    uint64_t groups;
    if (end.len == 0) /* the stream went while it was read */
        return BAU_OK;
    w.type = end.data[0];
    w.counts = w.type >= STREAM_2 && t->side->major >= 7;
    w.c = (struct redis_cursor){ end.data + 1, end.data + end.len };
    /* the stream is there even when it has no entry */
    redis_typed_say(t, "XGROUP", "CREATE", 3,
                    (const struct bau_slice[]){ word("bauta"), word("0"), word("MKSTREAM") });
    redis_typed_say(t, "XGROUP", "DESTROY", 1, (const struct bau_slice[]){ word("bauta") });
    if (!write_numbers(&w) || !redis_cursor_length(&w.c, &groups))
        return redis_rdb_broken(w.type, err);
    for (uint64_t i = 0; i < groups; i++)
        if (!write_group(&w))
            return redis_rdb_broken(w.type, err);
    return BAU_OK;
}
