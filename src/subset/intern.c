/* Tuples become dense ids, partition by partition of their hash, so that one partition at a time is in memory. Equal tuples
 * are found by hash and told apart by their bytes. The ids go back to their columns by way of buckets of rows. */
#include "src/subset/internal.h"

#include <string.h>

#define BUCKET_CHUNKS 128u /* chunks of one bucket: 2^20 rows */
#define BUCKET_BYTES 4096u
#define PLACED 12u /* bytes of one (row within the bucket, id) */

void bau_record_write(uint8_t *to, const struct bau_record *record)
{
    memcpy(to, &record->hash, 8);
    memcpy(to + 8, &record->slot, 4);
    memcpy(to + 12, &record->row, 4);
    memcpy(to + 16, &record->len, 4);
}

void bau_record_read(const uint8_t *from, struct bau_record *record)
{
    memcpy(&record->hash, from, 8);
    memcpy(&record->slot, from + 8, 4);
    memcpy(&record->row, from + 12, 4);
    memcpy(&record->len, from + 16, 4);
}

/* ── one partition ───────────────────────────────────────────────────────────────────────────────────────────────── */

struct part { /* its log, and the distinct tuples in it: open addressing */
    struct bau_subset *s;
    uint8_t *log;
    size_t len, room;
    struct known {
        uint64_t at; /* of its first record in the log, plus 1; 0: empty */
        uint64_t id;
    } * table;
    uint64_t mask, n;
};

static void part_close(struct part *p)
{
    bau_spill_free(&p->s->spill, p->log, p->room);
    bau_spill_free(&p->s->spill, p->table, (p->mask + 1) * sizeof(*p->table));
}

static bau_status table_grow(struct part *p, struct bau_error *err)
{
    struct known *const old = p->table;
    const uint64_t n_old = old ? p->mask + 1 : 0, slots = old ? n_old * 2 : 1024;
    struct known *const table = bau_spill_alloc(&p->s->spill, slots * sizeof(*table));
    if (!table)
        return bau_error_set(err, BAU_E_NOMEM, "key tuples");
    p->table = table;
    p->mask = slots - 1;
    for (uint64_t i = 0; i < n_old; i++) {
        uint64_t hash;
        if (!old[i].at)
            continue;
        memcpy(&hash, p->log + old[i].at - 1, sizeof(hash));
        uint64_t at = hash & p->mask;
        while (table[at].at)
            at = (at + 1) & p->mask;
        table[at] = old[i];
    }
    bau_spill_free(&p->s->spill, old, n_old * sizeof(*old));
    return BAU_OK;
}

/* The record at `at` of the log: its tuple's id, a new one from *next when it is the first of its kind. */
static bau_status part_id(struct part *p, size_t at, const struct bau_record *record, uint64_t *next,
                          uint64_t *out, bool *out_new, struct bau_error *err)
{
    if (!p->table || (p->n + 1) * 8 > (p->mask + 1) * 5)
        BAU_TRY(table_grow(p, err));
    uint64_t i = record->hash & p->mask;
    for (; p->table[i].at; i = (i + 1) & p->mask) {
        struct bau_record other;
        const uint8_t *const known = p->log + p->table[i].at - 1;
        bau_record_read(known, &other);
        if (other.hash == record->hash && other.len == record->len &&
            memcmp(known + BAU_RECORD_BYTES, p->log + at + BAU_RECORD_BYTES, record->len) == 0) {
            *out = p->table[i].id;
            *out_new = false;
            return BAU_OK;
        }
    }
    p->table[i] = (struct known){ at + 1, *next };
    p->n++;
    *out = (*next)++;
    *out_new = true;
    return BAU_OK;
}

static bool is_live(const struct bau_subset *s, const struct bau_record *record)
{
    const struct bau_rows *const rows = &s->rows[s->slots[record->slot].dataset];
    return rows->chunks[record->row / BAU_PACK_ROWS]->live;
}

bau_status bau_intern_walk(struct bau_subset *s, const struct bau_space *space, uint32_t part, uint64_t *next,
                           bau_record_do each, void *self, struct bau_error *err)
{
    struct part p = { .s = s, .len = space->part[part].bytes };
    p.room = p.len ? p.len : 1;
    BAU_TRY(bau_blobs_join(&s->spill, &space->part[part], &p.log, err));
    bau_status status = BAU_OK;
    for (size_t at = 0; at < p.len && status == BAU_OK;) {
        struct bau_record record;
        uint64_t id = 0;
        bool is_new = false;
        bau_record_read(p.log + at, &record);
        if (is_live(s, &record)) {
            status = part_id(&p, at, &record, next, &id, &is_new, err);
            if (status == BAU_OK)
                status = each(self, &record, p.log + at + BAU_RECORD_BYTES, id, is_new, err);
        }
        at += BAU_RECORD_BYTES + record.len;
    }
    part_close(&p);
    return status;
}

/* ── ids back to their columns ───────────────────────────────────────────────────────────────────────────────────── */

struct bucket {
    uint8_t *bytes; /* BUCKET_BYTES */
    uint32_t len;
    struct bau_blobs full;
};

struct place { /* of one space */
    struct bau_subset *s;
    struct slot_buckets {
        uint32_t n;
        struct bucket *at;
    } * slots; /* n_slots */
};

static bau_status place_one(void *self, const struct bau_record *record, const uint8_t *tuple, uint64_t id,
                            bool is_new, struct bau_error *err)
{
    struct place *const to = self;
    (void)tuple;
    (void)is_new;
    const uint32_t per = BUCKET_CHUNKS * BAU_PACK_ROWS, row = record->row % per;
    struct bucket *const b = &to->slots[record->slot].at[record->row / per];
    if (b->len + PLACED > BUCKET_BYTES) {
        BAU_TRY(bau_blobs_add(&to->s->spill, &b->full, b->bytes, b->len, err));
        b->len = 0;
    }
    if (!b->bytes && !(b->bytes = bau_spill_alloc(&to->s->spill, BUCKET_BYTES)))
        return bau_error_set(err, BAU_E_NOMEM, "key columns");
    memcpy(b->bytes + b->len, &row, 4);
    memcpy(b->bytes + b->len + 4, &id, 8);
    b->len += PLACED;
    return BAU_OK;
}

static void spread(const uint8_t *bytes, size_t len, uint64_t *ids, uint64_t *present)
{
    for (size_t at = 0; at + PLACED <= len; at += PLACED) {
        uint32_t row;
        memcpy(&row, bytes + at, 4);
        memcpy(&ids[row], bytes + at + 4, 8);
        bau_bit_set(present, row);
    }
}

static bau_status bucket_pack(struct bau_subset *s, const struct bau_slot *slot, struct bucket *b,
                              size_t first_chunk, uint64_t *ids, uint64_t *present, struct bau_error *err)
{
    struct bau_rows *const rows = &s->rows[slot->dataset];
    const uint8_t *bytes;
    uint8_t buffer[BUCKET_BYTES];
    memset(present, 0, (size_t)BUCKET_CHUNKS * BAU_PACK_WORDS * sizeof(*present));
    for (size_t i = 0; i < b->full.n; i++) {
        BAU_TRY(bau_blob_get(&s->spill, &b->full.at[i], buffer, &bytes, err));
        spread(bytes, b->full.at[i].len, ids, present);
    }
    if (b->len)
        spread(b->bytes, b->len, ids, present);
    bau_blobs_drop(&s->spill, &b->full);
    for (size_t c = 0; c < BUCKET_CHUNKS && first_chunk + c < rows->n_chunks; c++) {
        struct bau_chunk *const chunk = rows->chunks[first_chunk + c];
        struct bau_ids *const work = s->work[0];
        memcpy(work->id, ids + c * BAU_PACK_ROWS, sizeof(work->id));
        memcpy(work->present, present + c * BAU_PACK_WORDS, sizeof(work->present));
        BAU_TRY(bau_pack_put(&s->spill, work, chunk->n, &chunk->packs[slot->place], err));
    }
    return BAU_OK;
}

static bau_status slot_pack(struct bau_subset *s, const struct bau_slot *slot, struct slot_buckets *from,
                            struct bau_error *err)
{
    const size_t rows = (size_t)BUCKET_CHUNKS * BAU_PACK_ROWS;
    uint64_t *const ids = bau_spill_alloc(&s->spill, rows * sizeof(*ids));
    uint64_t *const present = bau_spill_alloc(&s->spill, rows / 8);
    bau_status status = ids && present ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "key columns");
    for (uint32_t i = 0; i < from->n && status == BAU_OK; i++)
        status = bucket_pack(s, slot, &from->at[i], (size_t)i * BUCKET_CHUNKS, ids, present, err);
    bau_spill_free(&s->spill, ids, rows * sizeof(*ids));
    bau_spill_free(&s->spill, present, rows / 8);
    return status;
}

static void place_release(struct place *p)
{
    for (uint32_t i = 0; p->slots && i < p->s->n_slots; i++) {
        for (uint32_t k = 0; k < p->slots[i].n && p->slots[i].at; k++) {
            bau_spill_free(&p->s->spill, p->slots[i].at[k].bytes, BUCKET_BYTES);
            bau_blobs_drop(&p->s->spill, &p->slots[i].at[k].full);
        }
        bau_spill_free(&p->s->spill, p->slots[i].at, p->slots[i].n * sizeof(struct bucket));
    }
    bau_spill_free(&p->s->spill, p->slots, p->s->n_slots * sizeof(*p->slots));
}

static bau_status place_init(struct place *p, uint32_t space, struct bau_error *err)
{
    struct bau_subset *const s = p->s;
    if (!(p->slots = bau_spill_alloc(&s->spill, s->n_slots * sizeof(*p->slots))))
        return bau_error_set(err, BAU_E_NOMEM, "key columns");
    for (uint32_t i = 0; i < s->n_slots; i++) {
        const struct bau_slot *const slot = &s->slots[i];
        if (slot->kind != BAU_SLOT_KEY || slot->space != space)
            continue;
        p->slots[i].n = (uint32_t)((s->rows[slot->dataset].n_chunks + BUCKET_CHUNKS - 1) / BUCKET_CHUNKS);
        if (!(p->slots[i].at = bau_spill_alloc(&s->spill, p->slots[i].n * sizeof(struct bucket))))
            return bau_error_set(err, BAU_E_NOMEM, "key columns");
    }
    return BAU_OK;
}

static bau_status space_settle(struct bau_subset *s, uint32_t i, struct bau_error *err)
{
    struct bau_space *const space = &s->spaces[i];
    struct place p = { .s = s };
    bau_status status = place_init(&p, i, err);
    for (uint32_t part = 0; part < BAU_INTERN_PARTS && status == BAU_OK; part++) {
        status = bau_intern_walk(s, space, part, &space->n_ids, place_one, &p, err);
        if (!space->lookup)
            bau_blobs_drop(&s->spill, &space->part[part]);
    }
    for (uint32_t k = 0; k < s->n_slots && status == BAU_OK; k++)
        if (p.slots[k].n)
            status = slot_pack(s, &s->slots[k], &p.slots[k], err);
    place_release(&p);
    return status;
}

/* Its feed failed: no rows. */
static void chunk_empty(struct bau_subset *s, const struct bau_rows *rows, struct bau_chunk *chunk)
{
    chunk->n = 0;
    for (uint32_t k = 0; k < rows->n_slots; k++) {
        bau_blob_drop(&s->spill, &chunk->packs[k].blob);
        chunk->packs[k] = (struct bau_pack){ 0 };
    }
}

bau_status bau_intern_settle(struct bau_subset *s, struct bau_error *err)
{
    for (uint32_t d = 0; d < s->graph->n_datasets; d++)
        for (size_t c = 0; c < s->rows[d].n_chunks; c++)
            if (!s->rows[d].chunks[c]->live)
                chunk_empty(s, &s->rows[d], s->rows[d].chunks[c]);
    for (uint32_t i = 0; i < s->n_spaces; i++)
        if (!s->spaces[i].direct)
            BAU_TRY(space_settle(s, i, err));
    return BAU_OK;
}

/* ── finding a tuple or a row again ──────────────────────────────────────────────────────────────────────────────── */

struct wanted {
    uint32_t slot, row;
    uint64_t hash;
    struct bau_slice tuple; /* NULL data: the row is known, the tuple is wanted */
    struct bau_arena *arena;
    bool found;
};

static bau_status look(void *self, const struct bau_record *record, const uint8_t *tuple, uint64_t id,
                       bool is_new, struct bau_error *err)
{
    struct wanted *const w = self;
    (void)id;
    (void)is_new;
    if (w->found || record->slot != w->slot)
        return BAU_OK;
    if (w->arena) {
        if (record->row != w->row)
            return BAU_OK;
        uint8_t *const copy = bau_arena_take(w->arena, record->len);
        if (!copy)
            return bau_error_set(err, BAU_E_NOMEM, "explanation");
        memcpy(copy, tuple, record->len);
        w->tuple = (struct bau_slice){ copy, record->len };
        w->found = true;
    } else if (record->hash == w->hash && record->len == w->tuple.len &&
               memcmp(tuple, w->tuple.data, record->len) == 0) {
        w->row = record->row;
        w->found = true;
    }
    return BAU_OK;
}

bau_status bau_intern_find(struct bau_subset *s, uint32_t slot, uint64_t hash, struct bau_slice tuple,
                           uint32_t *out_row, bool *out_found, struct bau_error *err)
{
    struct wanted w = { .slot = slot, .hash = hash, .tuple = tuple };
    uint64_t next = 0;
    BAU_TRY(
        bau_intern_walk(s, &s->spaces[s->slots[slot].space], (uint32_t)(hash >> 57), &next, look, &w, err));
    *out_row = w.row;
    *out_found = w.found;
    return BAU_OK;
}

bau_status bau_intern_tuple(struct bau_subset *s, uint32_t slot, uint32_t row, struct bau_arena *arena,
                            struct bau_slice *out, struct bau_error *err)
{
    struct wanted w = { .slot = slot, .row = row, .arena = arena };
    for (uint32_t part = 0; part < BAU_INTERN_PARTS && !w.found; part++) {
        uint64_t next = 0;
        BAU_TRY(bau_intern_walk(s, &s->spaces[s->slots[slot].space], part, &next, look, &w, err));
    }
    *out = w.tuple;
    return BAU_OK;
}
