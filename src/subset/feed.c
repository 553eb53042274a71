/* Rows on their way in: a feed gathers a chunk of ids in buffers of its own, reserves the next chunk of the dataset and
 * packs into it. Tuples go to their space's log, with the row they came from, and get their ids later (intern.c). */
#include "src/subset/internal.h"

#include <string.h>

#define LOG_BYTES 4096u
#define TEXT_MOST (64u << 20) /* bytes of tuples at which a chunk ends early */

struct log_buffer {
    uint8_t *bytes; /* LOG_BYTES, NULL until the first record */
    uint32_t len;
};

struct slot_feed {
    struct bau_ids *ids;
    bool bytes;              /* tuples are gathered: an interned space, or a rank */
    struct bau_text text;    /* of them … */
    uint32_t *ends;          /* … and where each ends: BAU_PACK_ROWS + 1 entries, the first is 0 */
    struct log_buffer *logs; /* BAU_INTERN_PARTS, interned */
};

struct bau_subset_feed {
    struct bau_subset *s;
    struct bau_rows *rows;
    uint32_t dataset, n;
    struct slot_feed *slots;
    uint64_t *flags; /* BAU_PACK_WORDS */
    bool flagged;
    uint8_t *digests; /* 16 a row */
    uint8_t *record;
    size_t record_room;
    struct bau_chunk **chunks; /* made by this feed */
    size_t n_chunks, room;
};

/* ── one value ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool when_holds(const struct bau_slot *slot, const struct bau_column *const *columns, uint32_t i)
{
    if (slot->when_column == BAU_SUBSET_NONE)
        return true;
    const struct bau_column *const c = columns[slot->when_column];
    if (!bau_column_present(c, i))
        return false;
    const struct bau_slice v = bau_column_value(c, i);
    return v.len == slot->when.len && (!v.len || memcmp(v.data, slot->when.data, v.len) == 0);
}

bool bau_slot_tuple(const struct bau_subset *s, const struct bau_slot *slot,
                    const struct bau_column *const *columns, uint32_t i, struct bau_text *out)
{
    const struct bau_space *const space = &s->spaces[slot->space];
    const struct bau_subset_column *const like = s->graph->datasets[space->dataset].columns;
    const size_t head = out->len;
    uint32_t n_nulls = 0;
    bool match = true;
    if (!when_holds(slot, columns, i))
        return false;
    for (uint32_t k = 0; k < slot->n_columns; k++)
        n_nulls += !bau_column_present(columns[slot->columns[k]], i);
    if (n_nulls && (!slot->full || n_nulls == slot->n_columns))
        return false;
    bau_text_addn(out, "\1", 1);
    for (uint32_t k = 0; k < slot->n_columns && !n_nulls && match; k++)
        bau_tuple_add(out, &like[space->columns[k]], columns[slot->columns[k]], i, &match);
    if ((n_nulls || !match) && !out->failed) {
        out->len = head;
        bau_text_addn(out, "\0", 1);
    }
    return true;
}

bool bau_slot_integer(const struct bau_subset *s, const struct bau_slot *slot,
                      const struct bau_column *const *columns, uint32_t i, uint64_t *out_id)
{
    (void)s;
    int64_t v;
    const struct bau_column *const c = columns[slot->columns[0]];
    if (!bau_column_present(c, i) || !when_holds(slot, columns, i) || !bau_tuple_integer(c, i, &v))
        return false;
    *out_id = bau_tuple_bias(v);
    return true;
}

uint64_t bau_tuple_hash(const uint8_t *digest)
{
    uint64_t hash = 0;
    for (uint32_t k = 0; k < 8; k++)
        hash |= (uint64_t)digest[k] << (8 * k);
    return hash;
}

/* ── a run of values into the buffers ────────────────────────────────────────────────────────────────────────────── */

static void integers(const struct bau_column *c, uint32_t from, uint32_t n, uint64_t *out)
{
    const int16_t *const narrow = c->data;
    const int32_t *const middle = c->data;
    const int64_t *const wide = c->data;
    const uint32_t width = bau_type_width(c->type);
    for (uint32_t i = 0; i < n; i++) {
        const int64_t v = width == 8 ? wide[from + i] : width == 4 ? middle[from + i] : narrow[from + i];
        out[i] = bau_tuple_bias(v);
    }
}

static void run_integers(const struct bau_subset_feed *f, const struct bau_slot *slot, struct bau_ids *ids,
                         const struct bau_column *const *columns, uint32_t from, uint32_t n)
{
    const struct bau_column *const c = columns[slot->columns[0]];
    integers(c, from, n, ids->id + f->n);
    for (uint32_t i = 0; i < n; i++) {
        if (bau_column_present(c, from + i) && when_holds(slot, columns, from + i))
            bau_bit_set(ids->present, f->n + i);
        else
            ids->id[f->n + i] = 0;
    }
}

static bau_status run_tuples(const struct bau_subset_feed *f, const struct bau_slot *slot,
                             struct slot_feed *to, const struct bau_column *const *columns, uint32_t from,
                             uint32_t n, struct bau_error *err)
{
    const char *const name = f->s->graph->datasets[f->dataset].name;
    for (uint32_t i = 0; i < n; i++) {
        if (slot->kind == BAU_SLOT_RANK)
            bau_text_addn(&to->text, name, strlen(name) + 1);
        if (bau_slot_tuple(f->s, slot, columns, from + i, &to->text))
            bau_bit_set(to->ids->present, f->n + i);
        if (to->text.failed)
            return bau_error_set(err, BAU_E_NOMEM, "key tuples");
        if (to->text.len > UINT32_MAX)
            return bau_error_set(err, BAU_E_LIMIT, "a key of %s is too long", name);
        to->ends[f->n + i + 1] = (uint32_t)to->text.len;
    }
    return BAU_OK;
}

static bau_status run(struct bau_subset_feed *f, const struct bau_column *const *columns, uint32_t from,
                      uint32_t n, const uint64_t *starts, struct bau_error *err)
{
    for (uint32_t k = 0; k < f->rows->n_slots; k++) {
        const struct bau_slot *const slot = &f->s->slots[f->rows->slots[k]];
        if (f->slots[k].bytes)
            BAU_TRY(run_tuples(f, slot, &f->slots[k], columns, from, n, err));
        else
            run_integers(f, slot, f->slots[k].ids, columns, from, n);
    }
    for (uint32_t i = 0; starts && i < n; i++)
        if (bau_bit(starts, from + i)) {
            bau_bit_set(f->flags, f->n + i);
            f->flagged = true;
        }
    f->n += n;
    return BAU_OK;
}

/* ── a chunk ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status chunk_reserve(struct bau_subset_feed *f, struct bau_chunk *chunk, uint64_t *out_at,
                                struct bau_error *err)
{
    struct bau_rows *const rows = f->rows;
    bau_status status = BAU_OK;
    pthread_mutex_lock(&rows->lock);
    if (rows->n_chunks >= UINT32_MAX / BAU_PACK_ROWS) {
        status = bau_error_set(err, BAU_E_LIMIT, "more than four thousand million rows in one dataset");
    } else {
        void *chunks = rows->chunks;
        status = bau_spill_grow(&f->s->spill, &chunks, &rows->room, rows->n_chunks + 1, sizeof(chunk), err);
        rows->chunks = chunks;
    }
    if (status == BAU_OK) {
        *out_at = rows->n_chunks;
        rows->chunks[rows->n_chunks++] = chunk;
    }
    pthread_mutex_unlock(&rows->lock);
    return status;
}

static bau_status chunk_new(struct bau_subset_feed *f, struct bau_chunk **out, uint64_t *out_at,
                            struct bau_error *err)
{
    struct bau_spill *const spill = &f->s->spill;
    const size_t packs = f->rows->n_slots * sizeof(struct bau_pack),
                 flags = BAU_PACK_WORDS * sizeof(uint64_t);
    struct bau_chunk *const chunk = bau_spill_alloc(spill, sizeof(*chunk));
    struct bau_pack *const at = bau_spill_alloc(spill, packs);
    uint64_t *const bits = f->flagged ? bau_spill_alloc(spill, flags) : NULL;
    void *mine = f->chunks;
    bau_status status = bau_spill_grow(spill, &mine, &f->room, f->n_chunks + 1, sizeof(*f->chunks), err);
    f->chunks = mine;
    if (status == BAU_OK && (!chunk || !at || (f->flagged && !bits)))
        status = bau_error_set(err, BAU_E_NOMEM, "key columns");
    if (status == BAU_OK)
        status = chunk_reserve(f, chunk, out_at, err);
    if (status != BAU_OK) {
        bau_spill_free(spill, chunk, sizeof(*chunk));
        bau_spill_free(spill, at, packs);
        bau_spill_free(spill, bits, flags);
        return status;
    }
    if (bits)
        memcpy(bits, f->flags, flags);
    *chunk = (struct bau_chunk){ .n = f->n, .flags = bits, .packs = at };
    f->chunks[f->n_chunks++] = *out = chunk;
    return BAU_OK;
}

static bau_status log_flush(struct bau_subset_feed *f, struct bau_space *space, uint32_t part,
                            const uint8_t *bytes, uint32_t len, struct bau_error *err)
{
    struct bau_blob blob;
    BAU_TRY(bau_blob_put(&f->s->spill, bytes, len, &blob, err)); /* outside the lock: it may write */
    pthread_mutex_lock(&space->lock);
    struct bau_blobs *const list = &space->part[part];
    void *at = list->at;
    const bau_status status =
        bau_spill_grow(&f->s->spill, &at, &list->room, list->n + 1, sizeof(*list->at), err);
    list->at = at;
    if (status == BAU_OK) {
        list->at[list->n++] = blob;
        list->bytes += len;
    }
    pthread_mutex_unlock(&space->lock);
    if (status != BAU_OK)
        bau_blob_drop(&f->s->spill, &blob);
    return status;
}

static bau_status log_record(struct bau_subset_feed *f, struct bau_space *space, struct slot_feed *slot,
                             const struct bau_record *record, const char *tuple, struct bau_error *err)
{
    const uint32_t part = (uint32_t)(record->hash >> 57), bytes = BAU_RECORD_BYTES + record->len;
    struct log_buffer *const log = &slot->logs[part];
    if (log->len && log->len + bytes > LOG_BYTES) {
        BAU_TRY(log_flush(f, space, part, log->bytes, log->len, err));
        log->len = 0;
    }
    if (bytes > LOG_BYTES) {
        void *room = f->record;
        const bau_status status = bau_spill_grow(&f->s->spill, &room, &f->record_room, bytes, 1, err);
        f->record = room;
        BAU_TRY(status);
        bau_record_write(f->record, record);
        memcpy(f->record + BAU_RECORD_BYTES, tuple, record->len);
        return log_flush(f, space, part, f->record, bytes, err);
    }
    if (!log->bytes && !(log->bytes = bau_spill_alloc(&f->s->spill, LOG_BYTES)))
        return bau_error_set(err, BAU_E_NOMEM, "key tuples");
    bau_record_write(log->bytes + log->len, record);
    memcpy(log->bytes + log->len + BAU_RECORD_BYTES, tuple, record->len);
    log->len += bytes;
    return BAU_OK;
}

static bau_status log_tuples(struct bau_subset_feed *f, uint32_t k, uint64_t first_row, struct bau_error *err)
{
    struct slot_feed *const from = &f->slots[k];
    const uint32_t slot = f->rows->slots[k];
    for (uint32_t i = 0; i < f->n; i++) {
        if (!bau_bit(from->ids->present, i))
            continue;
        const struct bau_record record = { .hash = bau_tuple_hash(f->digests + (size_t)i * 16),
                                           .slot = slot,
                                           .row = (uint32_t)(first_row + i),
                                           .len = from->ends[i + 1] - from->ends[i] };
        BAU_TRY(log_record(f, &f->s->spaces[f->s->slots[slot].space], from, &record,
                           from->text.data + from->ends[i], err));
    }
    return BAU_OK;
}

static void digest(struct bau_subset_feed *f, const struct bau_prf *prf, const struct slot_feed *slot)
{
    static const uint8_t none[1];
    const uint8_t *const data = slot->text.data ? (const uint8_t *)slot->text.data : none;
    bau_prf_batch(prf, data, slot->ends, f->n, f->digests);
}

/* What was gathered becomes a chunk of the dataset. */
static bau_status flush(struct bau_subset_feed *f, struct bau_error *err)
{
    struct bau_chunk *chunk;
    uint64_t at;
    if (!f->n)
        return BAU_OK;
    BAU_TRY(chunk_new(f, &chunk, &at, err));
    for (uint32_t k = 0; k < f->rows->n_slots; k++) {
        struct slot_feed *const slot = &f->slots[k];
        const bool rank = f->s->slots[f->rows->slots[k]].kind == BAU_SLOT_RANK;
        if (slot->bytes)
            digest(f, rank ? &f->s->rank : &f->s->hash, slot);
        for (uint32_t i = 0; rank && i < f->n; i++)
            slot->ids->id[i] = bau_tuple_hash(f->digests + (size_t)i * 16);
        if (slot->bytes && !rank)
            BAU_TRY(log_tuples(f, k, at * BAU_PACK_ROWS, err));
        else
            BAU_TRY(bau_pack_put(&f->s->spill, slot->ids, f->n, &chunk->packs[k], err));
        memset(slot->ids->present, 0, sizeof(slot->ids->present));
        slot->text.len = 0;
    }
    memset(f->flags, 0, BAU_PACK_WORDS * sizeof(*f->flags));
    f->flagged = false;
    f->n = 0;
    return BAU_OK;
}

/* ── the feed ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status slots_new(struct bau_subset_feed *f, struct bau_error *err)
{
    struct bau_spill *const spill = &f->s->spill;
    f->slots = bau_spill_alloc(spill, f->rows->n_slots * sizeof(*f->slots));
    f->flags = bau_spill_alloc(spill, BAU_PACK_WORDS * sizeof(*f->flags));
    f->digests = bau_spill_alloc(spill, (size_t)BAU_PACK_ROWS * 16);
    bool good = f->slots && f->flags && f->digests;
    for (uint32_t k = 0; good && k < f->rows->n_slots; k++) {
        struct slot_feed *const to = &f->slots[k];
        const struct bau_slot *const slot = &f->s->slots[f->rows->slots[k]];
        to->bytes =
            slot->kind == BAU_SLOT_RANK || (slot->kind == BAU_SLOT_KEY && !f->s->spaces[slot->space].direct);
        to->ids = bau_spill_alloc(spill, sizeof(*to->ids));
        if (to->bytes) {
            to->ends = bau_spill_alloc(spill, (BAU_PACK_ROWS + 1) * sizeof(*to->ends));
            to->logs = bau_spill_alloc(spill, BAU_INTERN_PARTS * sizeof(*to->logs));
        }
        good = to->ids && (!to->bytes || (to->ends && to->logs));
    }
    return good ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "key columns");
}

bau_status bau_subset_feed_new(struct bau_subset *s, uint32_t dataset, struct bau_subset_feed **out,
                               struct bau_error *err)
{
    if (s->settled)
        return bau_error_set(err, BAU_E_BUG, "a subset was fed after its run");
    struct bau_subset_feed *const f = bau_spill_alloc(&s->spill, sizeof(*f));
    if (!f)
        return bau_error_set(err, BAU_E_NOMEM, "key columns");
    f->s = s;
    f->dataset = dataset;
    f->rows = &s->rows[dataset];
    const bau_status status = slots_new(f, err);
    if (status == BAU_OK)
        *out = f;
    else
        bau_subset_feed_free(f);
    return status;
}

static bool too_long(const struct bau_subset_feed *f)
{
    for (uint32_t k = 0; k < f->rows->n_slots; k++)
        if (f->slots[k].text.len > TEXT_MOST)
            return true;
    return false;
}

bau_status bau_subset_feed_rows(struct bau_subset_feed *f, const struct bau_column *const *columns,
                                uint32_t n_rows, const uint64_t *starts, struct bau_error *err)
{
    if (!f->rows->read)
        return BAU_OK;
    for (uint32_t from = 0; from < n_rows;) {
        const uint32_t room = BAU_PACK_ROWS - f->n, left = n_rows - from, n = left < room ? left : room;
        BAU_TRY(run(f, columns, from, n, starts, err));
        from += n;
        if (f->n == BAU_PACK_ROWS || too_long(f))
            BAU_TRY(flush(f, err));
    }
    return BAU_OK;
}

bau_status bau_subset_feed_commit(struct bau_subset_feed *f, struct bau_error *err)
{
    BAU_TRY(flush(f, err));
    for (uint32_t k = 0; k < f->rows->n_slots; k++)
        for (uint32_t p = 0; f->slots[k].logs && p < BAU_INTERN_PARTS; p++) {
            struct log_buffer *const log = &f->slots[k].logs[p];
            if (log->len)
                BAU_TRY(log_flush(f, &f->s->spaces[f->s->slots[f->rows->slots[k]].space], p, log->bytes,
                                  log->len, err));
            log->len = 0;
        }
    for (size_t i = 0; i < f->n_chunks; i++)
        f->chunks[i]->live = true;
    f->n_chunks = 0;
    return BAU_OK;
}

void bau_subset_feed_free(struct bau_subset_feed *f)
{
    if (!f)
        return;
    struct bau_spill *const spill = &f->s->spill;
    for (uint32_t k = 0; f->slots && k < f->rows->n_slots; k++) {
        struct slot_feed *const slot = &f->slots[k];
        bau_spill_free(spill, slot->ids, sizeof(*slot->ids));
        bau_text_release(&slot->text);
        bau_spill_free(spill, slot->ends, (BAU_PACK_ROWS + 1) * sizeof(*slot->ends));
        for (uint32_t p = 0; slot->logs && p < BAU_INTERN_PARTS; p++)
            bau_spill_free(spill, slot->logs[p].bytes, LOG_BYTES);
        bau_spill_free(spill, slot->logs, BAU_INTERN_PARTS * sizeof(*slot->logs));
    }
    bau_spill_free(spill, f->slots, f->rows->n_slots * sizeof(*f->slots));
    bau_spill_free(spill, f->flags, BAU_PACK_WORDS * sizeof(*f->flags));
    bau_spill_free(spill, f->digests, (size_t)BAU_PACK_ROWS * 16);
    bau_spill_free(spill, f->record, f->record_room);
    bau_spill_free(spill, f->chunks, f->room * sizeof(*f->chunks));
    bau_spill_free(spill, f, sizeof(*f));
}
