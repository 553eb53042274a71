/* Reads a part: pipelined PEXPIRETIME (PTTL before 7.0) and DUMP of the keys of a stretch of the list. While one group of
 * keys is taken apart, the next one is on its way. A key that is gone meanwhile is left out. */
#include "redis.h"

#include <string.h>
#include <time.h>

struct bau_reader {
    struct bau_link *link;
    const struct redis_set *set;
    const struct bau_dataset *dataset;
    const bau_want *want;
    size_t ask, take, end; /* places in the list: next key to ask for, next answer's key, end of the part */
    uint32_t asked;        /* keys whose answers have not come */
    uint64_t given;        /* rows */
    uint32_t most_rows;
    bool looks;              /* into values */
    struct bau_text raw;     /* frames of the batch under way */
    struct bau_text frame;   /* items of one value */
    struct bau_text payload; /* out of a file */
    uint32_t n_items;
    uint16_t column; /* of the next VALUE */
    bool named_field;
};

/* ── asking ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status ask(struct bau_reader *r, struct bau_error *err)
{
    const struct bau_side *side = r->link->side;
    const struct bau_slice ttl = side->major >= 7 ? redis_slice("PEXPIRETIME", 11) : redis_slice("PTTL", 4),
                           dump = redis_slice("DUMP", 4);
    const uint32_t most = side->config->pipeline;
    if (r->asked > most || r->ask >= r->end)
        return BAU_OK;
    for (uint32_t i = 0; i < most && r->ask < r->end; i++) {
        const struct bau_slice key = redis_key_at(r->set, r->ask, &r->ask, NULL);
        redis_add(r->link->client, 2, (const struct bau_slice[]){ ttl, key });
        redis_add(r->link->client, 2, (const struct bau_slice[]){ dump, key });
        r->asked++;
    }
    return redis_send(r->link->client, err);
}

/* ── frames ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void add_chunk(struct bau_text *to, uint8_t item, uint16_t column, struct bau_slice bytes)
{
    const struct redis_chunk chunk = { .len = (uint32_t)bytes.len, .column = column, .item = item };
    bau_text_addn(to, &chunk, sizeof chunk);
    bau_text_addn(to, bytes.data, bytes.len);
}

static uint32_t add_key(struct bau_reader *r, struct bau_slice key)
{
    struct bau_slice captures[REDIS_CAPTURES_MOST];
    const struct redis_template *t = &r->set->template;
    uint16_t capture = 0;
    if (!redis_template_match(t, key, captures))
        return 0;
    for (uint32_t i = 0; i < t->n_parts; i++) {
        const struct redis_part *p = &t->parts[i];
        if (p->capture) {
            add_chunk(&r->raw, 0, capture, captures[capture]);
            capture++;
        } else
            add_chunk(&r->raw, 0, REDIS_NONE, redis_slice(p->text, p->len));
    }
    return t->n_parts;
}

static uint16_t named_column(const struct redis_set *set, struct bau_slice name)
{
    for (uint16_t i = 0; i < set->n_named; i++)
        if (strlen(set->names[i]) == name.len && memcmp(set->names[i], name.data, name.len) == 0)
            return (uint16_t)(set->named + i);
    return REDIS_NONE;
}

static bau_status on_item(void *self, redis_item item, struct bau_slice bytes, struct bau_error *err)
{
    struct bau_reader *r = self;
    const struct redis_set *set = r->set;
    uint16_t column = REDIS_NONE;
    if (bytes.len > BAU_VALUE_BYTES_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "a value of %zu bytes", bytes.len);
    switch (item) {
    case REDIS_ITEM_VALUE:
        column = r->named_field ? r->column : set->value;
        r->named_field = false;
        break;
    case REDIS_ITEM_MEMBER: column = set->member; break;
    case REDIS_ITEM_SCORE: column = set->score; break;
    case REDIS_ITEM_FIELD:
        r->column = named_column(set, bytes);
        column = r->column == REDIS_NONE ? set->fields : REDIS_NONE;
        r->column = r->column == REDIS_NONE ? set->values : r->column;
        r->named_field = true;
        break;
    case REDIS_ITEM_ENTRY:
    case REDIS_ITEM_STREAM_END: break;
    }
    add_chunk(&r->frame, (uint8_t)item, column, bytes);
    r->n_items++;
    return BAU_OK;
}

static bau_status unknown_type(const struct bau_reader *r, struct bau_error *err)
{
    return bau_error_set(
        err, BAU_E_POLICY,
        "%s: a key of a type that no sampled key of this template had; the rules say nothing of it. "
        "Run again, or name its fields in a rule",
        r->set->template.text);
}

/* A field of the dataset stands for what the type holds. */
static bool covered(const struct redis_set *set, redis_type type)
{
    switch (type) {
    case REDIS_STRING: return set->value != REDIS_NONE;
    case REDIS_LIST:
    case REDIS_SET: return set->member != REDIS_NONE;
    case REDIS_ZSET: return set->member != REDIS_NONE && set->score != REDIS_NONE;
    case REDIS_HASH: return set->values != REDIS_NONE;
    case REDIS_STREAM:
        return set->values != REDIS_NONE && (!set->n_named || (set->types >> REDIS_STREAM & 1u));
    case REDIS_OTHER:
    case REDIS_TYPES: break;
    }
    return set->opaque != REDIS_NONE;
}

static bau_status add_value(struct bau_reader *r, struct bau_slice payload, redis_type type,
                            struct bau_error *err)
{
    const struct redis_sink sink = { r, on_item };
    r->frame.len = 0;
    r->n_items = 0;
    r->named_field = false;
    if (!covered(r->set, type))
        return unknown_type(r, err);
    if (r->looks && type != REDIS_OTHER)
        return redis_rdb_decode(payload, &sink, err);
    add_chunk(&r->frame, REDIS_ITEM_DUMP, REDIS_NONE, payload);
    r->n_items = 1;
    return BAU_OK;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t expiry(const struct bau_reader *r, int64_t answer)
{
    return answer < 0 ? -1 : r->link->side->major >= 7 ? answer : now_ms() + answer;
}

static bau_status add_row(struct bau_reader *r, struct bau_slice key, int64_t expires_ms,
                          struct bau_slice payload, struct bau_error *err)
{
    struct redis_head head = { .expires_ms = expires_ms, .type = (uint8_t)redis_rdb_type(payload) };
    BAU_TRY(add_value(r, payload, (redis_type)head.type, err));
    const size_t at = r->raw.len;
    bau_text_addn(&r->raw, &head, sizeof head);
    head.n_parts = add_key(r, key);
    head.n_items = r->n_items;
    bau_text_addn(&r->raw, r->frame.data ? r->frame.data : "", r->frame.len);
    if (r->raw.failed || r->frame.failed || r->raw.len > UINT32_MAX)
        return bau_error_set(err, r->raw.len > UINT32_MAX ? BAU_E_LIMIT : BAU_E_NOMEM, "a value of %zu bytes",
                             payload.len);
    memcpy(r->raw.data + at, &head, sizeof head);
    return BAU_OK;
}

/* ── batches ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status take(struct bau_reader *r, bool *out_row, struct bau_error *err)
{
    REDIS_AUTO_REPLY *ttl = NULL;
    REDIS_AUTO_REPLY *dump = NULL;
    struct redis_client *c = r->link->client;
    size_t next;
    const struct bau_slice key = redis_key_at(r->set, r->take, &next, NULL);
    BAU_TRY(redis_next(c, &ttl, err));
    BAU_TRY(redis_next(c, &dump, err));
    r->asked--;
    r->take = next;
    if (ttl->type == REDIS_REPLY_ERROR)
        return redis_refused(c, r->link->side->major >= 7 ? "PEXPIRETIME" : "PTTL", ttl, err);
    if (dump->type == REDIS_REPLY_ERROR)
        return redis_refused(c, "DUMP", dump, err);
    *out_row = dump->type == REDIS_REPLY_STRING && ttl->type == REDIS_REPLY_INTEGER && ttl->integer != -2;
    return *out_row ? add_row(r, key, expiry(r, ttl->integer), redis_slice(dump->str, dump->len), err)
                    : BAU_OK;
}

static bau_status take_from_file(struct bau_reader *r, struct bau_error *err)
{
    struct redis_place place;
    const struct bau_slice key = redis_key_at(r->set, r->take, &r->take, &place);
    r->ask = r->take;
    BAU_TRY(redis_file_dump(r->link->side, &r->link->crc, &place, &r->payload, err));
    return add_row(r, key, place.expires_ms, redis_slice(r->payload.data, r->payload.len), err);
}

static bau_status give(struct bau_reader *r, struct bau_batch *b, uint32_t *row_at, uint32_t n,
                       struct bau_error *err)
{
    if (n == 0)
        return BAU_OK;
    uint8_t *raw = bau_arena_buffer(b->arena, r->raw.len);
    if (!raw)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    memcpy(raw, r->raw.data, r->raw.len);
    b->raw = raw;
    b->raw_len = b->bytes = r->raw.len;
    b->row_at = row_at;
    b->n_rows = n;
    r->given += n;
    return redis_fill_columns(r->set, r->want, b, err);
}

static bau_status next_batch(struct bau_reader *r, struct bau_batch *b, struct bau_error *err)
{
    const uint32_t set_rows = r->link->side->with.batch_rows, most = set_rows ? set_rows : BAU_BATCH_ROWS;
    uint32_t n = 0;
    BAU_TRY(bau_batch_reset(b, r->dataset, err));
    b->format = REDIS_FORMAT;
    uint32_t *row_at = bau_arena_buffer(b->arena, ((size_t)most + 1) * sizeof *row_at);
    if (!row_at)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    r->raw.len = 0;
    row_at[0] = 0;
    while (n < most && r->raw.len < BAU_BATCH_BYTES && r->take < r->end &&
           !(r->most_rows && r->given + n >= r->most_rows)) {
        bool row = r->link->side->address.file;
        if (row)
            BAU_TRY(take_from_file(r, err));
        else {
            BAU_TRY(ask(r, err));
            BAU_TRY(take(r, &row, err));
        }
        if (row)
            row_at[++n] = (uint32_t)r->raw.len;
    }
    return give(r, b, row_at, n, err);
}

bau_status redis_read_next(struct bau_reader *r, struct bau_batch *into, struct bau_error *err)
{
    return next_batch(r, into, err);
}

bau_status redis_read_open(struct bau_link *link, const struct bau_read *what, struct bau_reader **out,
                           struct bau_error *err)
{
    if (what->where)
        return bau_error_set(err, BAU_E_USAGE, "keys have no condition that the server could test");
    struct bau_reader *r = bau_alloc(sizeof *r);
    if (!r)
        return bau_error_set(err, BAU_E_NOMEM, "reader");
    r->link = link;
    r->dataset = what->dataset;
    r->set = &link->side->sets[what->part->dataset];
    r->want = what->want;
    r->most_rows = what->most_rows;
    r->ask = r->take = (size_t)what->part->from;
    r->end = what->part->to == UINT64_MAX ? r->set->keys.len : (size_t)what->part->to;
    for (uint32_t f = r->set->template.n_captures; f < what->dataset->n_fields; f++)
        r->looks = r->looks || what->want[f] != BAU_WANT_FRAME;
    *out = r;
    return BAU_OK;
}

static void drop(struct bau_text *t)
{
    if (t->data)
        bau_wipe(t->data, t->room);
    bau_text_release(t);
}

void redis_read_close(struct bau_reader *r)
{
    if (!r)
        return;
    for (uint32_t left = 2 * r->asked; left; left--) { /* answers nobody waits for */
        REDIS_AUTO_REPLY *reply = NULL;
        if (redis_next(r->link->client, &reply, NULL) != BAU_OK)
            break; /* the link is lost, and whoever uses it next learns so */
    }
    drop(&r->raw);
    drop(&r->frame);
    drop(&r->payload);
    bau_free(r);
}
