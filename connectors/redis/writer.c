/* Writes a part into the shadow: one RESTORE a key, with a payload of our own where the value is masked and the source's
 * DUMP where it is not. Large values, which come in windows, and all where RESTORE is denied are written by typed commands.
 * Answers of a batch are awaited when the next one is sent. All of it is idempotent, so a part that is tried again leaves the
 * same keys; what a part that was given up leaves lies in the shadow alone. */
#include "rename.h"
#include "typed.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SEND_BYTES = 256 * 1024, ANSWERS_MOST = 4096 };

struct bau_writer {
    struct bau_link *link;
    const struct bau_dataset *dataset;
    const bool *replaced;
    uint32_t *next; /* of each column: the list element that comes next */
    uint64_t rows;
    struct redis_waiting waiting;
    struct redis_typed typed;
    bool by_types; /* the row at hand goes by typed commands */
    struct bau_text key, staged;
    bool masked_members; /* of sets, sorted sets or hashes: two may have become one */
};

/* ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status same_members(const struct bau_writer *w, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_DATA,
                         "%s: two members or fields of one key became the same under their masker; use one "
                         "that keeps values apart",
                         w->dataset->name);
}

static bau_status await(struct bau_writer *w, struct bau_error *err)
{
    REDIS_AUTO_REPLY *reply = NULL;
    const char *command = "";
    bool fewer;
    BAU_TRY(redis_wait_all(&w->waiting, w->link->client, &fewer, &reply, &command, err));
    if (fewer)
        return same_members(w, err);
    if (!reply)
        return BAU_OK;
    if (reply->str && strstr(reply->str, "Bad data format") && w->masked_members)
        return same_members(w, err);
    if (reply->str && strstr(reply->str, "version or checksum"))
        return bau_error_set(
            err, BAU_E_TARGET,
            "%s: the target's server is older than the source's and does not read this value",
            w->dataset->name);
    return redis_refused(w->link->client, command, reply, err);
}

/* ── one row ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* The bytes that are written for a chunk. False: the masker made a null of it. */
static bool written(struct bau_writer *w, const struct bau_batch *batch, uint32_t row,
                    const struct redis_chunk *chunk, const uint8_t *bytes, struct bau_slice *out)
{
    *out = (struct bau_slice){ bytes, chunk->len };
    if (chunk->column == REDIS_NONE || !w->replaced[chunk->column])
        return true;
    const struct bau_column *column = &batch->columns[chunk->column];
    const uint32_t at = column->list_offsets ? w->next[chunk->column]++ : row;
    if (!bau_column_present(column, at))
        return false;
    *out = bau_column_value(column, at);
    return true;
}

static const uint8_t *add_key(struct bau_writer *w, const struct bau_batch *batch, uint32_t row,
                              const struct redis_head *head, const uint8_t *at, bool *out_there)
{
    w->key.len = 0;
    bau_text_addn(&w->key, "", 0);
    for (uint32_t i = 0; i < head->n_parts; i++) {
        struct redis_chunk chunk;
        struct bau_slice bytes;
        at = redis_take_chunk(at, &chunk);
        *out_there = written(w, batch, row, &chunk, at, &bytes) && *out_there;
        bau_text_addn(&w->key, bytes.data, bytes.len);
        at += chunk.len;
    }
    return at;
}

static bau_status put(struct bau_writer *w, redis_item item, struct bau_slice bytes, struct bau_error *err)
{
    return w->by_types ? redis_typed_item(&w->typed, item, bytes, err)
                       : redis_encode_item(&w->link->encode, item, bytes, err);
}

/* Items of the value into payload or commands. A pair of which one half became null is left out. */
static bau_status add_items(struct bau_writer *w, const struct bau_batch *batch, uint32_t row,
                            const struct redis_head *head, const uint8_t *at, struct bau_error *err)
{
    struct bau_slice first = { 0 };
    bool have_first = false, first_there = false;
    redis_item first_item = REDIS_ITEM_FIELD;
    const bool pairs = head->type == REDIS_HASH || head->type == REDIS_ZSET || head->type == REDIS_STREAM;
    for (uint32_t i = 0; i < head->n_items; i++) {
        struct redis_chunk chunk;
        struct bau_slice bytes;
        at = redis_take_chunk(at, &chunk);
        const bool there = written(w, batch, row, &chunk, at, &bytes);
        at += chunk.len;
        const redis_item item = (redis_item)chunk.item;
        w->typed.again = chunk.again != 0;
        if (pairs && (item == REDIS_ITEM_FIELD || item == REDIS_ITEM_MEMBER)) {
            first = bytes;
            first_item = item;
            first_there = there;
            have_first = true;
            continue;
        }
        if (have_first) {
            have_first = false;
            if (!first_there || !there)
                continue;
            BAU_TRY(put(w, first_item, first, err));
        }
        if (there)
            BAU_TRY(put(w, item, bytes, err));
    }
    return BAU_OK;
}

static int64_t expires(const struct redis_config *config, int64_t at)
{
    if (at < 0 || config->ttl == REDIS_TTL_STRIP)
        return 0;
    return config->ttl == REDIS_TTL_EXTEND ? at + (int64_t)config->ttl_extend_ms : at;
}

static void restore(struct bau_writer *w, const struct redis_head *head, struct bau_slice payload)
{
    char ttl[24];
    const int n = snprintf(ttl, sizeof ttl, "%" PRId64, expires(w->link->side->config, head->expires_ms));
    const struct bau_slice words[] = { redis_slice("RESTORE", 7),   redis_slice(w->key.data, w->key.len),
                                       redis_slice(ttl, (size_t)n), payload,
                                       redis_slice("REPLACE", 7),   redis_slice("ABSTTL", 6) };
    redis_add(w->link->client, BAU_COUNT(words), words);
    redis_wait_for(&w->waiting, "RESTORE", 0);
}

/* Nothing is left of it: a server holds no empty list, set or hash. */
static bool empty(const struct redis_encode *e)
{
    return e->type == REDIS_STRING ? e->body.len == 0 : e->type != REDIS_STREAM && e->n_items == 0;
}

static void begin_typed(struct bau_writer *w, redis_type type, uint8_t window)
{
    w->by_types = true;
    w->typed.client = w->link->client;
    w->typed.waiting = &w->waiting;
    w->typed.side = w->link->side;
    redis_typed_begin(&w->typed, type, redis_slice(w->key.data, w->key.len), window);
}

static bau_status on_item(void *self, redis_item item, struct bau_slice bytes, struct bau_error *err)
{
    return redis_typed_item(self, item, bytes, err);
}

/* A value that nobody looked into. */
static bau_status write_dump(struct bau_writer *w, const struct redis_head *head, struct bau_slice payload,
                             struct bau_error *err)
{
    const struct redis_sink sink = { &w->typed, on_item };
    if (!w->link->side->typed) {
        restore(w, head, payload);
        return BAU_OK;
    }
    if (head->type == REDIS_OTHER)
        return bau_error_set(err, BAU_E_TARGET,
                             "%s: values of modules and hashes whose fields expire need RESTORE, which the "
                             "target denies",
                             w->dataset->name);
    begin_typed(w, (redis_type)head->type, 0);
    BAU_TRY(redis_rdb_decode(payload, &sink, err));
    return redis_typed_end(&w->typed, 0, expires(w->link->side->config, head->expires_ms), err);
}

static bau_status write_typed(struct bau_writer *w, const struct bau_batch *batch, uint32_t row,
                              const struct redis_head *head, const uint8_t *at, struct bau_error *err)
{
    begin_typed(w, (redis_type)head->type, head->window);
    BAU_TRY(add_items(w, batch, row, head, at, err));
    return redis_typed_end(&w->typed, head->window, expires(w->link->side->config, head->expires_ms), err);
}

static bau_status write_row(struct bau_writer *w, const struct bau_batch *batch, uint32_t row,
                            struct bau_error *err)
{
    struct redis_encode *e = &w->link->encode;
    struct redis_head head;
    struct redis_chunk chunk = { 0 };
    bool there = true;
    const uint8_t *at = redis_take_head(batch->raw + batch->row_at[row], &head);
    at = add_key(w, batch, row, &head, at, &there);
    if (w->link->side->config->switch_by == REDIS_SWITCH_RENAME) {
        redis_staged_name(redis_slice(w->key.data, w->key.len), &w->staged);
        w->key.len = 0;
        bau_text_addn(&w->key, w->staged.data, w->staged.len);
    }
    if (w->key.failed || w->staged.failed)
        return bau_error_set(err, BAU_E_NOMEM, "key");
    if (head.n_items == 1)
        (void)redis_take_chunk(at, &chunk);
    if (chunk.item == REDIS_ITEM_DUMP)
        return there ? write_dump(w, &head, (struct bau_slice){ at + sizeof chunk, chunk.len }, err) : BAU_OK;
    if (there && (head.window || w->link->side->typed))
        return write_typed(w, batch, row, &head, at, err);
    w->by_types = false;
    redis_encode_begin(e, &w->link->crc, (redis_type)head.type);
    BAU_TRY(add_items(w, batch, row, &head, at, err));
    if (!there || empty(e) || head.window)
        return BAU_OK;
    BAU_TRY(redis_encode_finish(e, err));
    restore(w, &head, (struct bau_slice){ (const uint8_t *)e->out.data, e->out.len });
    return BAU_OK;
}

/* ── parts ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

bau_status redis_write_open(struct bau_link *link, const struct bau_write *what, struct bau_writer **out,
                            struct bau_error *err)
{
    struct bau_writer *w = bau_alloc(sizeof *w);
    if (w)
        w->next = bau_alloc_array((size_t)what->dataset->n_fields + 1, sizeof *w->next);
    if (!w || !w->next) {
        redis_write_close(w);
        return bau_error_set(err, BAU_E_NOMEM, "writer");
    }
    w->link = link;
    w->dataset = what->dataset;
    w->replaced = what->replaced;
    for (uint32_t f = 0; f < what->dataset->n_fields; f++)
        w->masked_members = w->masked_members || (what->replaced[f] && what->dataset->fields[f].list);
    *out = w;
    return BAU_OK;
}

bau_status redis_write_next(struct bau_writer *w, const struct bau_batch *batch, struct bau_error *err)
{
    if (!batch->format || strcmp(batch->format, REDIS_FORMAT) != 0)
        return bau_error_set(err, BAU_E_USAGE, "only what was read from Redis can be written to Redis");
    memset(w->next, 0, batch->n_columns * sizeof *w->next);
    for (uint32_t row = 0; row < batch->n_rows; row++) {
        BAU_TRY(write_row(w, batch, row, err));
        if (redis_unsent(w->link->client) < SEND_BYTES)
            continue;
        BAU_TRY(redis_send(w->link->client, err));
        if (w->waiting.n > ANSWERS_MOST)
            BAU_TRY(await(w, err));
    }
    w->rows += batch->n_rows;
    BAU_TRY(redis_send(w->link->client, err));
    return await(w, err);
}

bau_status redis_write_commit(struct bau_writer *w, uint64_t *out_rows, struct bau_error *err)
{
    BAU_TRY(await(w, err));
    *out_rows = w->rows;
    return BAU_OK;
}

void redis_write_close(struct bau_writer *w)
{
    if (!w)
        return;
    for (size_t left = w->waiting.n - w->waiting.answered; left; left--) {
        REDIS_AUTO_REPLY *reply = NULL;
        if (redis_next(w->link->client, &reply, NULL) != BAU_OK)
            break;
    }
    redis_wait_release(&w->waiting);
    redis_typed_release(&w->typed);
    if (w->key.data)
        bau_wipe(w->key.data, w->key.room);
    bau_text_release(&w->key);
    if (w->staged.data)
        bau_wipe(w->staged.data, w->staged.room);
    bau_text_release(&w->staged);
    bau_free(w->next);
    bau_free(w);
}
