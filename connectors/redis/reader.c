/* Reads a part. The keys of a stretch of the list are asked for in groups: first PEXPIRETIME (PTTL before 7.0) and MEMORY USAGE
 * of each, then DUMP of those that are not large. While one group is taken apart, the next one's values and the sizes of the
 * one behind it are on their way. Large values come last in their group, by windows (big.c), while nothing else is on the wire.
 * A key that is gone meanwhile is left out. */
#include "reader.h"
#include "throttle.h"

#include <string.h>
#include <time.h>

#include "bauta/log.h"

enum { GROUP_BYTES = 4 * 1024 * 1024 }; /* of values asked for at once, as the source counts them */

/* ── asking ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool absolute(const struct bau_reader *r)
{
    return r->link->side->major >= 7;
}

/* The next group of the list; it has no key when the part is over. */
static void ask_sizes(struct bau_reader *r, struct redis_group *g)
{
    const struct bau_slice ttl = absolute(r) ? redis_slice("PEXPIRETIME", 11) : redis_slice("PTTL", 4),
                           memory = redis_slice("MEMORY", 6), usage = redis_slice("USAGE", 5);
    const struct bau_side *side = r->link->side;
    const uint32_t most = redis_throttle_group(side->throttle, side->config->pipeline);
    g->n = 0;
    g->sized = g->asked = false;
    g->sizes = !r->link->no_sizes;
    while (g->n < most && r->ask < r->end) {
        struct redis_asked *k = &g->keys[g->n++];
        k->key = redis_key_at(r->set, r->ask, &r->ask, NULL);
        redis_add(r->link->client, 2, (const struct bau_slice[]){ ttl, k->key });
        if (g->sizes)
            redis_add(r->link->client, 3, (const struct bau_slice[]){ memory, usage, k->key });
        r->pending += g->sizes ? 2 : 1;
    }
}

static bau_status ask_values(struct bau_reader *r, struct redis_group *g, struct bau_error *err)
{
    const struct bau_side *side = r->link->side;
    uint64_t bytes = 0;
    g->later = false;
    g->asked = true;
    for (uint32_t i = 0; i < g->n; i++) {
        struct redis_asked *k = &g->keys[i];
        k->later = k->there && (k->bytes > side->config->big_value || bytes + k->bytes > GROUP_BYTES);
        g->later = g->later || k->later;
        bytes += k->there && !k->later ? k->bytes : 0;
    }
    BAU_TRY(redis_throttle_wait(side->throttle, r->link->client, g->n, bytes, err));
    for (uint32_t i = 0; i < g->n; i++) {
        const struct redis_asked *k = &g->keys[i];
        if (!k->there || k->later)
            continue;
        redis_add(r->link->client, 2, (const struct bau_slice[]){ redis_slice("DUMP", 4), k->key });
        r->pending++;
    }
    return BAU_OK;
}

bau_status redis_reader_take(struct bau_reader *r, redisReply **out, struct bau_error *err)
{
    BAU_TRY(redis_next(r->link->client, out, err));
    r->pending--;
    return BAU_OK;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* An account or a server that has no MEMORY USAGE: all values are read as a whole. */
static bau_status take_size(struct bau_reader *r, struct redis_asked *k, struct bau_error *err)
{
    REDIS_AUTO_REPLY *size = NULL;
    BAU_TRY(redis_reader_take(r, &size, err));
    if (redis_is_error(size, "NOPERM") || redis_is_error(size, "ERR")) {
        if (!r->link->no_sizes)
            bau_log(BAU_WARN, "the source denies MEMORY USAGE: large values are held in memory as a whole",
                    BAU_NAME("store", r->link->side->with.store));
        r->link->no_sizes = true;
        return BAU_OK;
    }
    if (size->type == REDIS_REPLY_ERROR)
        return redis_refused(r->link->client, "MEMORY USAGE", size, err);
    k->there = k->there && size->type == REDIS_REPLY_INTEGER;
    k->bytes = k->there ? (uint64_t)size->integer : 0;
    return BAU_OK;
}

static bau_status take_sizes(struct bau_reader *r, struct redis_group *g, struct bau_error *err)
{
    for (uint32_t i = 0; i < g->n; i++) {
        REDIS_AUTO_REPLY *ttl = NULL;
        struct redis_asked *k = &g->keys[i];
        BAU_TRY(redis_reader_take(r, &ttl, err));
        if (ttl->type == REDIS_REPLY_ERROR)
            return redis_refused(r->link->client, absolute(r) ? "PEXPIRETIME" : "PTTL", ttl, err);
        k->there = ttl->type == REDIS_REPLY_INTEGER && ttl->integer != -2;
        k->bytes = 0;
        k->expires_ms = ttl->integer < 0 ? -1 : absolute(r) ? ttl->integer : now_ms() + ttl->integer;
        if (g->sizes)
            BAU_TRY(take_size(r, k, err));
    }
    g->sized = true;
    return BAU_OK;
}

/* Order on the wire: sizes of 1 | sizes of 2, values of 1 | sizes of 3, values of 2 | … */
static bau_status ask_group(struct bau_reader *r, uint64_t g, struct bau_error *err)
{
    ask_sizes(r, redis_reader_group(r, g + 1));
    BAU_TRY(ask_values(r, redis_reader_group(r, g), err));
    return redis_send(r->link->client, err);
}

/* Makes a group the one that rows are taken from. */
static bau_status enter(struct bau_reader *r, uint64_t g, struct bau_error *err)
{
    struct redis_group *now = redis_reader_group(r, g), *next = redis_reader_group(r, g + 1);
    r->at = g;
    r->row = r->row_later = 0;
    if (!now->sized) {
        ask_sizes(r, now);
        BAU_TRY(redis_send(r->link->client, err));
        BAU_TRY(take_sizes(r, now, err));
    }
    if (!now->asked)
        BAU_TRY(ask_group(r, g, err));
    BAU_TRY(take_sizes(r, next, err));
    return now->later ? BAU_OK : ask_group(r, g + 1, err);
}

/* ── frames ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void add_chunk(struct bau_text *to, uint8_t item, uint16_t column, uint8_t again,
                      struct bau_slice bytes)
{
    const struct redis_chunk chunk = {
        .len = (uint32_t)bytes.len, .column = column, .item = item, .again = again
    };
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
            add_chunk(&r->raw, 0, capture, 0, captures[capture]);
            capture++;
        } else
            add_chunk(&r->raw, 0, REDIS_NONE, 0, redis_slice(p->text, p->len));
    }
    return t->n_parts;
}

uint16_t redis_named_column(const struct redis_set *set, struct bau_slice name)
{
    for (uint16_t i = 0; i < set->n_named; i++)
        if (strlen(set->names[i]) == name.len && memcmp(set->names[i], name.data, name.len) == 0)
            return (uint16_t)(set->named + i);
    return REDIS_NONE;
}

bau_status redis_reader_item(void *self, redis_item item, struct bau_slice bytes, struct bau_error *err)
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
        r->column = redis_named_column(set, bytes);
        column = r->column == REDIS_NONE ? set->fields : REDIS_NONE;
        r->column = r->column == REDIS_NONE ? set->values : r->column;
        r->named_field = true;
        break;
    case REDIS_ITEM_ENTRY:
    case REDIS_ITEM_STREAM_END: break;
    }
    add_chunk(&r->frame, (uint8_t)item, column, r->again, bytes);
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

bau_status redis_reader_begin(struct bau_reader *r, redis_type type, struct bau_error *err)
{
    r->frame.len = 0;
    r->n_items = 0;
    r->named_field = false;
    r->again = 0;
    return covered(r->set, type) ? BAU_OK : unknown_type(r, err);
}

bau_status redis_reader_row(struct bau_reader *r, struct bau_slice key, int64_t expires_ms, redis_type type,
                            uint8_t window, struct bau_error *err)
{
    struct redis_head head = { .expires_ms = expires_ms, .type = (uint8_t)type, .window = window };
    const size_t at = r->raw.len;
    bau_text_addn(&r->raw, &head, sizeof head);
    head.n_parts = add_key(r, key);
    head.n_items = r->n_items;
    bau_text_addn(&r->raw, r->frame.data ? r->frame.data : "", r->frame.len);
    if (r->raw.failed || r->frame.failed || r->raw.len > UINT32_MAX)
        return bau_error_set(err, r->raw.len > UINT32_MAX ? BAU_E_LIMIT : BAU_E_NOMEM, "a value of %zu bytes",
                             r->frame.len);
    memcpy(r->raw.data + at, &head, sizeof head);
    return BAU_OK;
}

/* A value that DUMP gave. */
static bau_status add_row(struct bau_reader *r, struct bau_slice key, int64_t expires_ms,
                          struct bau_slice payload, struct bau_error *err)
{
    const struct redis_sink sink = { r, redis_reader_item };
    const redis_type type = redis_rdb_type(payload);
    BAU_TRY(redis_reader_begin(r, type, err));
    if (r->looks && type != REDIS_OTHER)
        BAU_TRY(redis_rdb_decode(payload, &sink, err));
    else {
        add_chunk(&r->frame, REDIS_ITEM_DUMP, REDIS_NONE, 0, payload);
        r->n_items = 1;
    }
    return redis_reader_row(r, key, expires_ms, type, 0, err);
}

/* ── batches ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status take_value(struct bau_reader *r, const struct redis_asked *k, bool *out_row,
                             struct bau_error *err)
{
    REDIS_AUTO_REPLY *dump = NULL;
    BAU_TRY(redis_reader_take(r, &dump, err));
    if (dump->type == REDIS_REPLY_ERROR)
        return redis_refused(r->link->client, "DUMP", dump, err);
    *out_row = dump->type == REDIS_REPLY_STRING;
    return *out_row ? add_row(r, k->key, k->expires_ms, redis_slice(dump->str, dump->len), err) : BAU_OK;
}

/* One that was left for later: by windows, or as a whole when it is not that large or cannot be cut. */
static bau_status take_later(struct bau_reader *r, const struct redis_asked *k, bool *out_row,
                             struct bau_error *err)
{
    if (k->bytes > r->link->side->config->big_value) {
        BAU_TRY(redis_big_begin(r, k, err));
        if (r->big.on)
            return BAU_OK;
    }
    BAU_TRY(redis_throttle_wait(r->link->side->throttle, r->link->client, 0, k->bytes, err));
    redis_add(r->link->client, 2, (const struct bau_slice[]){ redis_slice("DUMP", 4), k->key });
    r->pending++;
    BAU_TRY(redis_send(r->link->client, err));
    return take_value(r, k, out_row, err);
}

/* At most one row; *out_over: the part has no more. */
static bau_status step(struct bau_reader *r, bool *out_row, bool *out_over, struct bau_error *err)
{
    struct redis_group *g = redis_reader_group(r, r->at);
    if (r->big.on)
        return redis_big_window(r, out_row, err);
    if (r->row < g->n) {
        const struct redis_asked *k = &g->keys[r->row++];
        return k->there && !k->later ? take_value(r, k, out_row, err) : BAU_OK;
    }
    if (r->row_later < g->n) {
        const struct redis_asked *k = &g->keys[r->row_later++];
        return k->there && k->later ? take_later(r, k, out_row, err) : BAU_OK;
    }
    BAU_TRY(enter(r, r->at + 1, err));
    *out_over = redis_reader_group(r, r->at)->n == 0;
    return BAU_OK;
}

static bau_status take_from_file(struct bau_reader *r, bool *out_row, bool *out_over, struct bau_error *err)
{
    struct redis_place place;
    *out_row = r->ask < r->end;
    *out_over = !*out_row;
    if (*out_over)
        return BAU_OK;
    const struct bau_slice key = redis_key_at(r->set, r->ask, &r->ask, &place);
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
    while (n < most && r->raw.len < BAU_BATCH_BYTES && !r->over &&
           !(r->most_rows && r->given + n >= r->most_rows)) {
        bool row = false;
        if (r->link->side->address.file)
            BAU_TRY(take_from_file(r, &row, &r->over, err));
        else
            BAU_TRY(step(r, &row, &r->over, err));
        if (row)
            row_at[++n] = (uint32_t)r->raw.len;
    }
    return give(r, b, row_at, n, err);
}

bau_status redis_read_next(struct bau_reader *r, struct bau_batch *into, struct bau_error *err)
{
    return next_batch(r, into, err);
}

static bau_status make_groups(struct bau_reader *r, struct bau_error *err)
{
    const size_t each = r->link->side->config->pipeline;
    struct redis_asked *keys = bau_alloc_array(BAU_COUNT(r->groups) * each, sizeof *keys);
    if (!keys)
        return bau_error_set(err, BAU_E_NOMEM, "reader");
    for (size_t i = 0; i < BAU_COUNT(r->groups); i++)
        r->groups[i].keys = keys + i * each;
    return BAU_OK; /* the first group has no key: what is behind it is entered at the first step */
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
    r->ask = (size_t)what->part->from;
    r->end = what->part->to == UINT64_MAX ? r->set->keys.len : (size_t)what->part->to;
    for (uint32_t f = r->set->template.n_captures; f < what->dataset->n_fields; f++)
        r->looks = r->looks || what->want[f] != BAU_WANT_FRAME;
    const bau_status status = link->side->address.file ? BAU_OK : make_groups(r, err);
    if (status != BAU_OK) {
        redis_read_close(r);
        return status;
    }
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
    for (; r->pending; r->pending--) { /* answers nobody waits for */
        REDIS_AUTO_REPLY *reply = NULL;
        if (redis_next(r->link->client, &reply, NULL) != BAU_OK)
            break; /* the link is lost, and whoever uses it next learns so */
    }
    drop(&r->raw);
    drop(&r->frame);
    drop(&r->payload);
    redis_big_release(&r->big);
    bau_free(r->groups[0].keys);
    bau_free(r);
}
