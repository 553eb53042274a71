/* Batches → chunks → packs. A part's rows are gathered column by column until the group is cut; then each column becomes a
 * chunk: its payload's keyed hash says whether it is there already, else it is compressed, sealed and put into the link's pack.
 *
 * Groups are cut by content: at a row whose hash is small for its size, so that the same rows are cut at the same places
 * whatever stands before them, and chunks of rows that did not change stay the same from night to night. */
#include <string.h>

#include "src/archive/bytes.h"
#include "src/archive/write.h"

enum { GROUP_ROWS_MOST = 1 << 17, GROUP_LEAST_PART = 4, GROUP_MOST_TIMES = 4 };

struct bau_link {
    struct bau_side *side;
    struct bau_packer *packer;
    struct bau_open_pack *pack;
    struct bau_text payload, squeezed;
};

struct new_chunk {
    uint8_t id[BAU_SUM_BYTES];
    struct bau_chunk_at at;
};

struct bau_writer {
    struct bau_link *link;
    struct bau_archive_writer *w;
    const struct bau_dataset *dataset;
    const struct bau_part *part;
    const bool *replaced;
    const struct bau_frames *frames;
    uint32_t n_columns, *columns; /* fields that travel */
    struct bau_values *values;    /* n_columns */
    uint64_t group_bytes, rows, bytes;
    uint32_t group_rows;
    uint32_t *groups, n_groups, room_groups;
    struct bau_chunk_at *chunks;
    uint64_t n_chunks, room_chunks;
    struct new_chunk *fresh; /* known to others once the part is committed */
    size_t n_fresh, room_fresh;
    uint64_t again, again_bytes, stored_bytes;
    uint32_t mark_number;
    size_t mark_len; /* of the link's pack when the part began */
    bool committed;
    struct bau_text masked;
};

/* ── links ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static struct bau_open_pack *idle_pack(struct bau_archive_writer *w)
{
    pthread_mutex_lock(&w->lock);
    struct bau_open_pack *pack = w->idle;
    if (pack)
        w->idle = pack->next;
    pthread_mutex_unlock(&w->lock);
    return pack ? pack : bau_alloc(sizeof *pack);
}

bau_status bau_archive_link_open(struct bau_side *side, struct bau_link **out, struct bau_error *err)
{
    struct bau_link *link = bau_alloc(sizeof *link);
    if (!link)
        return bau_error_set(err, BAU_E_NOMEM, "archive");
    link->side = side;
    link->pack = idle_pack(side->w);
    const bau_status status = link->pack ? bau_packer_new(side->w->with.level, &link->packer, err)
                                         : bau_error_set(err, BAU_E_NOMEM, "archive");
    if (status != BAU_OK) {
        bau_archive_link_close(link);
        return status;
    }
    *out = link;
    return BAU_OK;
}

void bau_archive_link_close(struct bau_link *link)
{
    if (!link)
        return;
    if (link->pack) {
        struct bau_archive_writer *w = link->side->w;
        pthread_mutex_lock(&w->lock);
        link->pack->next = w->idle;
        w->idle = link->pack;
        pthread_mutex_unlock(&w->lock);
    }
    bau_packer_free(link->packer);
    bau_text_release(&link->payload);
    bau_text_release(&link->squeezed);
    bau_free(link);
}

/* A put asks the run's stop between its bytes. */
void bau_archive_link_interrupt(struct bau_link *link)
{
    (void)link;
}

/* ── packs ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status pack_begin(struct bau_archive_writer *w, struct bau_open_pack *pack, struct bau_error *err)
{
    uint8_t head[BAU_PACK_HEAD];
    if (pack->begun)
        return BAU_OK;
    pack->number = atomic_fetch_add(&w->next_pack, 1);
    pack->index = 0;
    pack->bytes.len = 0;
    pthread_mutex_lock(&w->lock);
    const bau_status status = bau_writer_pack(w, w->m->id, pack->number, NULL, &pack->ref, err);
    pthread_mutex_unlock(&w->lock);
    BAU_TRY(status);
    bau_pack_head(w->m->id, pack->number, head);
    bau_text_addn(&pack->bytes, head, sizeof head);
    pack->begun = true;
    return pack->bytes.failed ? bau_error_set(err, BAU_E_NOMEM, "pack") : BAU_OK;
}

bau_status bau_open_pack_put(struct bau_archive_writer *w, struct bau_open_pack *pack, struct bau_error *err)
{
    char name[64];
    if (!pack->begun)
        return BAU_OK;
    bau_pack_name(w->m->id, pack->number, name);
    BAU_TRY(bau_place_put(&w->place, name, pack->bytes.data, pack->bytes.len, err));
    pthread_mutex_lock(&w->lock);
    w->objects++;
    w->m->own_bytes += pack->bytes.len;
    pthread_mutex_unlock(&w->lock);
    pack->begun = false;
    return BAU_OK;
}

/* ── one chunk ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status room_for(void **at, uint64_t n, uint64_t *room, size_t each, struct bau_error *err)
{
    if (n < *room)
        return BAU_OK;
    const uint64_t more = *room ? *room * 2 : 64;
    void *grown = bau_realloc(*at, (size_t)more * each);
    if (!grown)
        return bau_error_set(err, BAU_E_NOMEM, "archive");
    *at = grown;
    *room = more;
    return BAU_OK;
}

/* Compresses link->payload into the pack. */
static bau_status store(struct bau_writer *w, struct bau_chunk_at *out, struct bau_error *err)
{
    struct bau_archive_writer *a = w->w;
    struct bau_link *link = w->link;
    struct bau_open_pack *pack = link->pack;
    BAU_TRY(pack_begin(a, pack, err));
    const size_t at = pack->bytes.len;
    BAU_TRY(bau_chunk_compress(link->packer, link->payload.data, link->payload.len, &pack->bytes, err));
    size_t n = pack->bytes.len - at;
    if (n > UINT32_MAX - BAU_TAG_BYTES || pack->index == UINT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "a chunk of %zu bytes", n);
    if (a->m->sealed) {
        uint8_t nonce[BAU_NONCE_BYTES], aad[40];
        if (!bau_text_reserve(&pack->bytes, BAU_TAG_BYTES))
            return bau_error_set(err, BAU_E_NOMEM, "pack");
        bau_chunk_seal_of(a->m->id, pack->number, pack->index, nonce, aad);
        uint8_t *p = (uint8_t *)pack->bytes.data + at;
        BAU_TRY(bau_gcm_seal(a->chunk_key, nonce, aad, sizeof aad, p, n, p, err));
        n += BAU_TAG_BYTES;
        pack->bytes.len = at + n;
    }
    *out = (struct bau_chunk_at){
        .pack = pack->ref, .index = pack->index++, .at = at, .stored = (uint32_t)n, .raw = link->payload.len
    };
    w->stored_bytes += n;
    return bau_sum(pack->bytes.data + at, n, out->sum, err);
}

static bau_status keep_fresh(struct bau_writer *w, const uint8_t id[BAU_SUM_BYTES],
                             const struct bau_chunk_at *at, struct bau_error *err)
{
    uint64_t room = w->room_fresh;
    void *grown = w->fresh;
    BAU_TRY(room_for(&grown, w->n_fresh, &room, sizeof *w->fresh, err));
    w->fresh = grown;
    w->room_fresh = (size_t)room;
    struct new_chunk *c = &w->fresh[w->n_fresh++];
    memcpy(c->id, id, BAU_SUM_BYTES);
    c->at = *at;
    return BAU_OK;
}

static bau_status add_chunk(struct bau_writer *w, const struct bau_values *values, struct bau_error *err)
{
    uint8_t id[BAU_SUM_BYTES];
    struct bau_chunk_at at;
    bool there = false;
    struct bau_link *link = w->link;
    BAU_TRY(bau_chunk_payload(values, &link->payload, err));
    BAU_TRY(bau_mac(w->w->with.keys.chunk_id, link->payload.data, link->payload.len, id, err));
    pthread_mutex_lock(&w->w->lock);
    const bau_status found = bau_writer_find(w->w, id, &there, &at, err);
    pthread_mutex_unlock(&w->w->lock);
    BAU_TRY(found);
    if (there) {
        w->again++;
        w->again_bytes += at.stored;
    } else {
        BAU_TRY(store(w, &at, err));
        BAU_TRY(keep_fresh(w, id, &at, err));
    }
    void *grown = w->chunks;
    BAU_TRY(room_for(&grown, w->n_chunks, &w->room_chunks, sizeof *w->chunks, err));
    w->chunks = grown;
    w->chunks[w->n_chunks++] = at;
    if (link->pack->begun && link->pack->bytes.len >= BAU_PACK_BYTES)
        return bau_open_pack_put(w->w, link->pack, err);
    return BAU_OK;
}

/* ── groups ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status end_group(struct bau_writer *w, struct bau_error *err)
{
    if (w->group_rows == 0)
        return BAU_OK;
    for (uint32_t i = 0; i < w->n_columns; i++) {
        BAU_TRY_NOTE(add_chunk(w, &w->values[i], err), err, "column %s",
                     w->dataset->fields[w->columns[i]].name);
        bau_values_clear(&w->values[i]);
    }
    uint64_t room = w->room_groups;
    void *grown = w->groups;
    BAU_TRY(room_for(&grown, w->n_groups, &room, sizeof *w->groups, err));
    w->groups = grown;
    w->room_groups = (uint32_t)room;
    w->groups[w->n_groups++] = w->group_rows;
    w->bytes += w->group_bytes;
    w->group_rows = 0;
    w->group_bytes = 0;
    return BAU_OK;
}

/* `p` is NULL for a value without bytes. */
static uint64_t mix(uint64_t h, const uint8_t *p, uint32_t len)
{
    uint64_t v = 0;
    if (p)
        memcpy(&v, p, len < sizeof v ? len : sizeof v);
    h = (h ^ le64toh(v) ^ ((uint64_t)len << 32)) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

/* Whether the group ends behind a row of `bytes` bytes. */
static bool cuts(const struct bau_writer *w, uint64_t hash, uint64_t bytes)
{
    const uint64_t aim = w->w->with.chunk_bytes;
    if (w->group_rows >= GROUP_ROWS_MOST || w->group_bytes >= aim * GROUP_MOST_TIMES)
        return true;
    if (w->group_bytes < aim / GROUP_LEAST_PART)
        return false;
    const uint64_t weight = bytes < aim ? bytes + 1 : aim;
    return hash >> 24 < weight * ((UINT64_C(1) << 40) / aim);
}

struct gathered {         /* one batch: where each value lies */
    const uint8_t **base; /* a column: the batch's raw or the masked text */
    struct bau_span **spans;
};

static bau_status encode_column(struct bau_writer *w, const struct bau_batch *batch, uint32_t field,
                                struct bau_span *spans, struct bau_error *err)
{
    const struct bau_column *column = &batch->columns[field];
    for (uint32_t row = 0; row < batch->n_rows; row++) {
        bool null = false;
        const size_t at = w->masked.len;
        BAU_TRY(w->frames->encode(batch, column, row, &w->masked, &null, err));
        if (w->masked.failed || w->masked.len > UINT32_MAX - 1)
            return bau_error_set(err, BAU_E_LIMIT, "masked values of %zu bytes in one batch", w->masked.len);
        spans[row] = (struct bau_span){ (uint32_t)at, null ? BAU_SPAN_NULL : (uint32_t)(w->masked.len - at) };
    }
    return BAU_OK;
}

static bau_status gather(struct bau_writer *w, const struct bau_batch *batch, struct gathered *g,
                         struct bau_error *err)
{
    g->base = bau_arena_take(batch->arena, ((size_t)w->n_columns + 1) * sizeof *g->base);
    g->spans = bau_arena_take(batch->arena, ((size_t)w->n_columns + 1) * sizeof *g->spans);
    if (!g->base || !g->spans)
        return bau_error_set(err, BAU_E_NOMEM, "archive");
    for (uint32_t i = 0; i < w->n_columns; i++) {
        g->spans[i] = bau_arena_take(batch->arena, (size_t)batch->n_rows * sizeof **g->spans);
        if (!g->spans[i])
            return bau_error_set(err, BAU_E_NOMEM, "archive");
    }
    BAU_TRY(w->frames->cut(batch, w->n_columns, g->spans, err));
    w->masked.len = 0;
    for (uint32_t i = 0; i < w->n_columns; i++)
        if (w->replaced && w->replaced[w->columns[i]])
            BAU_TRY_NOTE(encode_column(w, batch, w->columns[i], g->spans[i], err), err, "column %s",
                         w->dataset->fields[w->columns[i]].name);
    for (uint32_t i = 0; i < w->n_columns; i++) /* now the text does not move any more */
        g->base[i] = w->replaced && w->replaced[w->columns[i]] ? (const uint8_t *)w->masked.data : batch->raw;
    return BAU_OK;
}

static bau_status add_rows(struct bau_writer *w, const struct gathered *g, uint32_t n_rows,
                           struct bau_error *err)
{
    for (uint32_t row = 0; row < n_rows; row++) {
        uint64_t hash = w->w->cut_seed, bytes = 0;
        for (uint32_t i = 0; i < w->n_columns; i++) {
            const struct bau_span s = g->spans[i][row];
            const uint8_t *p = s.len == BAU_SPAN_NULL || s.len == 0 ? NULL : g->base[i] + s.at;
            if (s.len != BAU_SPAN_NULL)
                bytes += s.len;
            hash = mix(hash, p, p || s.len == BAU_SPAN_NULL ? s.len : 0);
            BAU_TRY(bau_values_add(&w->values[i], p, s.len, err));
        }
        w->group_rows++;
        w->group_bytes += bytes;
        if (cuts(w, hash, bytes))
            BAU_TRY(end_group(w, err));
    }
    w->rows += n_rows;
    return BAU_OK;
}

/* ── a part ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

bau_status bau_archive_write_open(struct bau_link *link, const struct bau_write *what,
                                  struct bau_writer **out, struct bau_error *err)
{
    struct bau_writer *w = bau_alloc(sizeof *w);
    if (!w)
        return bau_error_set(err, BAU_E_NOMEM, "archive");
    w->link = link;
    w->w = link->side->w;
    w->dataset = what->dataset;
    w->part = what->part;
    w->replaced = what->replaced;
    w->columns = bau_alloc_array((size_t)what->dataset->n_fields + 1, sizeof *w->columns);
    w->values = bau_alloc_array((size_t)what->dataset->n_fields + 1, sizeof *w->values);
    if (!w->columns || !w->values) {
        bau_archive_write_close(w);
        return bau_error_set(err, BAU_E_NOMEM, "archive");
    }
    for (uint32_t f = 0; f < what->dataset->n_fields; f++)
        if (!what->dataset->fields[f].generated)
            w->columns[w->n_columns++] = f;
    w->mark_number = link->pack->begun ? link->pack->number : UINT32_MAX;
    w->mark_len = link->pack->bytes.len;
    *out = w;
    return BAU_OK;
}

bau_status bau_archive_write_next(struct bau_writer *w, const struct bau_batch *batch, struct bau_error *err)
{
    struct gathered g;
    if (batch->n_rows == 0)
        return BAU_OK;
    if (!w->frames)
        w->frames = batch->format ? bau_frames_find(batch->format) : NULL;
    if (!w->frames || strcmp(w->frames->format, batch->format) != 0)
        return bau_error_set(err, BAU_E_BUG, "rows in a form that no connector takes apart");
    bau_status status = gather(w, batch, &g, err);
    if (status == BAU_OK)
        status = add_rows(w, &g, batch->n_rows, err);
    if (status != BAU_OK)
        bau_error_note(err, "archive: %s", w->dataset->name);
    return status;
}

/* Chunks of one payload that were written at the same time, by two lanes or as two columns of a group, become one: the part
 * refers to the one that the index will name, so that the next night's refers to the same. The other's bytes are lost. */
static bau_status hand_in_fresh(struct bau_writer *w, struct bau_error *err)
{
    struct bau_archive_writer *a = w->w;
    uint64_t chunk = 0;
    for (size_t i = 0; i < w->n_fresh; i++) {
        const struct new_chunk *fresh = &w->fresh[i];
        const struct bau_known_chunk *known = bau_known_find(&a->known, fresh->id);
        while (chunk < w->n_chunks &&
               (w->chunks[chunk].pack != fresh->at.pack || w->chunks[chunk].index != fresh->at.index))
            chunk++;
        if (chunk == w->n_chunks)
            return bau_error_set(err, BAU_E_BUG, "a new chunk that no part has");
        if (known && known->own)
            w->chunks[chunk] = known->at;
        else
            BAU_TRY(bau_known_add(&a->known, fresh->id, &fresh->at, true, err));
    }
    return BAU_OK;
}

static bau_status hand_in(struct bau_writer *w, struct bau_error *err)
{
    struct bau_archive_writer *a = w->w;
    uint64_t room = a->room_parts;
    void *grown = a->parts;
    BAU_TRY(room_for(&grown, a->n_parts, &room, sizeof *a->parts, err));
    a->parts = grown;
    a->room_parts = (uint32_t)room;
    BAU_TRY(hand_in_fresh(w, err));
    a->parts[a->n_parts++] = (struct bau_grown_part){ .part = { .store = w->link->side->store,
                                                                .dataset = w->part->dataset,
                                                                .number = w->part->number,
                                                                .of = w->part->of,
                                                                .rows = w->rows,
                                                                .format = w->frames ? w->frames->format : "",
                                                                .n_columns = w->n_columns,
                                                                .n_groups = w->n_groups },
                                                      .group_rows = w->groups,
                                                      .chunks = w->chunks,
                                                      .n_chunks = w->n_chunks };
    w->groups = NULL;
    w->chunks = NULL;
    a->chunks += w->n_chunks;
    a->chunks_again += w->again;
    a->again_bytes += w->again_bytes;
    a->stored_bytes += w->stored_bytes;
    a->rows += w->rows;
    a->bytes += w->bytes;
    return BAU_OK;
}

bau_status bau_archive_write_commit(struct bau_writer *w, uint64_t *out_rows, struct bau_error *err)
{
    BAU_TRY_NOTE(end_group(w, err), err, "archive: %s", w->dataset->name);
    pthread_mutex_lock(&w->w->lock);
    const bau_status status = hand_in(w, err);
    pthread_mutex_unlock(&w->w->lock);
    BAU_TRY(status);
    w->committed = true;
    *out_rows = w->rows;
    return BAU_OK;
}

void bau_archive_write_close(struct bau_writer *w)
{
    if (!w)
        return;
    struct bau_open_pack *pack = w->link->pack;
    if (!w->committed && pack->begun &&
        pack->number == w->mark_number) /* the numbers of its chunks are spent */
        pack->bytes.len = w->mark_len;
    else if (!w->committed && pack->begun && pack->index > 0)
        pack->bytes.len = BAU_PACK_HEAD;
    for (uint32_t i = 0; w->values && i < w->n_columns; i++)
        bau_values_release(&w->values[i]);
    if (w->masked.data)
        bau_wipe(w->masked.data, w->masked.room);
    bau_text_release(&w->masked);
    bau_free(w->values);
    bau_free(w->columns);
    bau_free(w->groups);
    bau_free(w->chunks);
    bau_free(w->fresh);
    bau_free(w);
}
