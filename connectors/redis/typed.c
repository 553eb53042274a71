/* See typed.h. */
#include "typed.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BODY_BYTES = 128 * 1024, BODY_WORDS = 1000 };

/* ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct question {
    const char *command;
    int64_t least;
};

void redis_wait_for(struct redis_waiting *w, const char *command, int64_t least)
{
    const struct question q = { command, least };
    bau_text_addn(&w->questions, &q, sizeof q);
    w->n++;
}

static struct question question(const struct redis_waiting *w, size_t i)
{
    struct question q;
    memcpy(&q, w->questions.data + i * sizeof q, sizeof q);
    return q;
}

static bool fewer(const struct question *q, const redisReply *reply)
{
    return reply->type == REDIS_REPLY_INTEGER && reply->integer < q->least;
}

/* The answer of EXEC: one element a command since MULTI. NULL: none of them is an error. */
static redisReply *look_inside(const struct redis_waiting *w, redisReply *exec, bool *out_fewer,
                               const char **out_command)
{
    for (size_t e = 0; e < exec->elements && exec->elements <= w->answered; e++) {
        const struct question q = question(w, w->answered - exec->elements + e);
        *out_fewer = *out_fewer || fewer(&q, exec->element[e]);
        if (exec->element[e]->type != REDIS_REPLY_ERROR)
            continue;
        redisReply *found = exec->element[e];
        exec->element[e] = NULL;
        *out_command = q.command;
        return found;
    }
    return NULL;
}

bau_status redis_wait_all(struct redis_waiting *w, struct redis_client *client, bool *out_fewer,
                          redisReply **out_refused, const char **out_command, struct bau_error *err)
{
    *out_fewer = false;
    *out_refused = NULL;
    if (w->questions.failed)
        return bau_error_set(err, BAU_E_NOMEM, "answers");
    for (; w->answered < w->n; w->answered++) {
        redisReply *reply = NULL;
        const struct question q = question(w, w->answered);
        BAU_TRY(redis_next(client, &reply, err));
        *out_fewer = *out_fewer || fewer(&q, reply);
        if (reply->type == REDIS_REPLY_ERROR) {
            *out_refused = reply;
            *out_command = q.command;
        } else {
            if (reply->type == REDIS_REPLY_ARRAY)
                *out_refused = look_inside(w, reply, out_fewer, out_command);
            freeReplyObject(reply);
        }
        if (*out_refused || *out_fewer) {
            w->answered++;
            return BAU_OK;
        }
    }
    w->n = w->answered = w->questions.len = 0;
    return BAU_OK;
}

void redis_wait_release(struct redis_waiting *w)
{
    bau_text_release(&w->questions);
}

/* ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void ask(struct redis_typed *t, const char *command, uint32_t n, const struct bau_slice *words,
                int64_t least)
{
    redis_add(t->client, n, words);
    redis_wait_for(t->waiting, command, least);
}

static struct bau_slice text(const char *s)
{
    return redis_slice(s, strlen(s));
}

void redis_typed_say(struct redis_typed *t, const char *command, const char *sub, uint32_t n,
                     const struct bau_slice *words)
{
    struct bau_slice all[16] = { text(command) };
    uint32_t at = 1;
    if (sub)
        all[at++] = text(sub);
    all[at++] = t->key;
    for (uint32_t i = 0; i < n && at < BAU_COUNT(all); i++)
        all[at++] = words[i];
    ask(t, command, at, all, 0);
}

static void add_word(struct redis_typed *t, struct bau_slice bytes)
{
    bau_text_addn(&t->body, bytes.data, bytes.len);
    t->lens[t->n_words++] = bytes.len;
}

static const char *command_of(const struct redis_typed *t)
{
    switch (t->type) {
    case REDIS_STRING: return t->started ? "APPEND" : "SET";
    case REDIS_LIST: return "RPUSH";
    case REDIS_SET: return "SADD";
    case REDIS_ZSET: return "ZADD";
    case REDIS_HASH: return "HSET";
    case REDIS_STREAM: return "XADD";
    case REDIS_OTHER:
    case REDIS_TYPES: break;
    }
    return "";
}

/* An entry that a masker left no field is left out: XADD takes none without. */
static void flush(struct redis_typed *t)
{
    struct bau_slice words[REDIS_TYPED_WORDS + 4];
    const char *at = t->body.data, *command = command_of(t);
    const bool counts = t->type == REDIS_SET || t->type == REDIS_ZSET || t->type == REDIS_HASH;
    const uint32_t least_words = t->type == REDIS_STREAM ? 2 : 1;
    if (t->n_words >= least_words) {
        words[0] = text(command);
        words[1] = t->key;
        for (uint32_t i = 0; i < t->n_words; i++) {
            words[2 + i] = redis_slice(at, t->lens[i]);
            at += t->lens[i];
        }
        ask(t, command, t->n_words + 2, words, counts ? t->fresh : 0);
        t->started = true;
    }
    t->body.len = 0;
    t->n_words = t->fresh = 0;
}

/* ── a value ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

void redis_typed_begin(struct redis_typed *t, redis_type type, struct bau_slice key, uint8_t window)
{
    t->type = type;
    t->key = key;
    t->atomic = !window;
    t->started = window && !(window & REDIS_WINDOW_FIRST);
    t->n_words = t->fresh = 0;
    t->body.len = t->held.len = 0;
    t->again = false;
    if (t->atomic)
        ask(t, "MULTI", 1, (const struct bau_slice[]){ text("MULTI") }, 0);
    if (!t->started && type != REDIS_STRING)
        redis_typed_say(t, "DEL", NULL, 0, NULL);
}

static void add_score(struct redis_typed *t, struct bau_slice bytes)
{
    char digits[40];
    double score = 0;
    if (bytes.len == sizeof score)
        memcpy(&score, bytes.data, sizeof score);
    const int n = snprintf(digits, sizeof digits, "%.17g", score);
    add_word(t, redis_slice(digits, (size_t)n));
    add_word(t, redis_slice(t->held.data ? t->held.data : "", t->held.len));
}

static void begin_entry(struct redis_typed *t, struct bau_slice id)
{
    char digits[48];
    flush(t);
    if (id.len != 16)
        return;
    const int n = snprintf(digits, sizeof digits, "%" PRIu64 "-%" PRIu64, redis_get_be64(id.data),
                           redis_get_be64(id.data + 8));
    add_word(t, redis_slice(digits, (size_t)n));
}

bau_status redis_typed_item(struct redis_typed *t, redis_item item, struct bau_slice bytes,
                            struct bau_error *err)
{
    bool whole = true; /* an element is complete */
    switch (item) {
    case REDIS_ITEM_ENTRY: begin_entry(t, bytes); return BAU_OK;
    case REDIS_ITEM_STREAM_END: flush(t); return redis_stream_end_write(t, bytes, err);
    case REDIS_ITEM_SCORE: add_score(t, bytes); break;
    case REDIS_ITEM_FIELD:
        add_word(t, bytes);
        whole = false;
        break;
    case REDIS_ITEM_MEMBER:
        whole = t->type != REDIS_ZSET;
        if (whole)
            add_word(t, bytes);
        else {
            t->held.len = 0;
            bau_text_addn(&t->held, bytes.data, bytes.len);
        }
        break;
    case REDIS_ITEM_VALUE: add_word(t, bytes); break;
    }
    t->fresh += whole && !t->again;
    if (t->n_words + 2 > REDIS_TYPED_WORDS && t->type == REDIS_STREAM)
        return bau_error_set(err, BAU_E_LIMIT, "an entry of a stream has more than %d fields",
                             (REDIS_TYPED_WORDS - 2) / 2);
    if (whole && t->type != REDIS_STREAM && (t->n_words + 2 > BODY_WORDS || t->body.len >= BODY_BYTES))
        flush(t);
    return t->body.failed || t->held.failed ? bau_error_set(err, BAU_E_NOMEM, "command") : BAU_OK;
}

bau_status redis_typed_end(struct redis_typed *t, uint8_t window, int64_t expires_ms, struct bau_error *err)
{
    char digits[24];
    flush(t);
    if (expires_ms > 0 && (!window || (window & REDIS_WINDOW_LAST))) {
        const int n = snprintf(digits, sizeof digits, "%" PRId64, expires_ms);
        const struct bau_slice when = redis_slice(digits, (size_t)n);
        redis_typed_say(t, "PEXPIREAT", NULL, 1, &when);
    }
    if (t->atomic)
        ask(t, "EXEC", 1, (const struct bau_slice[]){ text("EXEC") }, 0);
    return t->waiting->questions.failed ? bau_error_set(err, BAU_E_NOMEM, "command") : BAU_OK;
}

static void drop(struct bau_text *t)
{
    if (t->data)
        bau_wipe(t->data, t->room);
    bau_text_release(t);
}

void redis_typed_release(struct redis_typed *t)
{
    drop(&t->body);
    drop(&t->held);
}
