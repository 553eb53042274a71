/* The tuples of kept rows, for tests while rows are read again: records in order of their hash, cut into blocks that may lie
 * in the scratch file; which block can hold a hash is known in memory. */
#include "src/subset/internal.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 8192u
#define HEAD 12u /* hash, length */

struct gather {
    struct bau_table *table;
    struct bau_subset *s;
    const struct bau_idset *kept;
    struct bau_text tuples; /* of one partition: hash, length, bytes */
    struct entry {
        uint64_t hash, at;
    } * entries;
    size_t n, room;
};

static bau_status gather_one(void *self, const struct bau_record *record, const uint8_t *tuple, uint64_t id,
                             bool is_new, struct bau_error *err)
{
    struct gather *const g = self;
    if (!is_new || !bau_idset_has(g->kept, id))
        return BAU_OK;
    void *entries = g->entries;
    const bau_status status =
        bau_spill_grow(&g->s->spill, &entries, &g->room, g->n + 1, sizeof(*g->entries), err);
    g->entries = entries;
    BAU_TRY(status);
    g->entries[g->n++] = (struct entry){ record->hash, g->tuples.len };
    if (g->table->filter) {
        bau_bit_set(g->table->filter, record->hash & g->table->filter_mask);
        bau_bit_set(g->table->filter, (record->hash >> 25) & g->table->filter_mask);
    }
    bau_text_addn(&g->tuples, &record->hash, 8);
    bau_text_addn(&g->tuples, &record->len, 4);
    bau_text_addn(&g->tuples, tuple, record->len);
    return g->tuples.failed ? bau_error_set(err, BAU_E_NOMEM, "kept keys") : BAU_OK;
}

static int by_hash(const void *a, const void *b)
{
    const struct entry *const x = a, *const y = b;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

static bau_status block_put(struct bau_subset *s, struct bau_table *table, uint64_t first,
                            struct bau_text *block, struct bau_error *err)
{
    if (!block->len)
        return BAU_OK;
    if (block->failed)
        return bau_error_set(err, BAU_E_NOMEM, "kept keys");
    if (block->len > UINT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "a key is too long");
    void *firsts = table->first;
    const bau_status status = bau_spill_grow(&s->spill, &firsts, &table->first_room, table->blocks.n + 1,
                                             sizeof(*table->first), err);
    table->first = firsts;
    BAU_TRY(status);
    table->first[table->blocks.n] = first;
    BAU_TRY(bau_blobs_add(&s->spill, &table->blocks, block->data, (uint32_t)block->len, err));
    if (block->len > table->most)
        table->most = (uint32_t)block->len;
    block->len = 0;
    return BAU_OK;
}

/* Cuts only between different hashes, so that one block has all of a hash. */
static bau_status blocks_put(struct gather *g, struct bau_table *table, struct bau_error *err)
{
    struct bau_text block = { 0 };
    bau_status status = BAU_OK;
    uint64_t first = 0;
    qsort(g->entries, g->n, sizeof(*g->entries), by_hash);
    for (size_t i = 0; i < g->n && status == BAU_OK; i++) {
        uint32_t len;
        const char *const record = g->tuples.data + g->entries[i].at;
        if (block.len > BLOCK_BYTES && g->entries[i].hash != g->entries[i - 1].hash)
            status = block_put(g->s, table, first, &block, err);
        if (!block.len)
            first = g->entries[i].hash;
        memcpy(&len, record + 8, sizeof(len));
        bau_text_addn(&block, record, HEAD + len);
    }
    if (status == BAU_OK)
        status = block_put(g->s, table, first, &block, err);
    bau_text_release(&block);
    return status;
}

/* Bloom, "Space/time trade-offs in hash coding with allowable errors", CACM 13(7), 1970. */
static void filter_make(struct bau_subset *s, struct bau_table *table, uint64_t n)
{
    uint64_t bits = 1024;
    while (bits < n * 16)
        bits *= 2;
    if (!bau_spill_fits(&s->spill, bits / 8))
        return;
    table->filter = bau_spill_alloc(&s->spill, bits / 8);
    table->filter_mask = bits - 1;
}

bau_status bau_table_make(struct bau_subset *s, struct bau_space *space, const struct bau_idset *kept,
                          struct bau_error *err)
{
    struct gather g = { .s = s, .kept = kept, .table = &space->table };
    uint64_t next = 0;
    bau_status status = BAU_OK;
    bau_table_release(s, &space->table);
    filter_make(s, &space->table, bau_idset_count(kept));
    for (uint32_t part = 0; part < BAU_INTERN_PARTS && status == BAU_OK; part++) {
        g.n = 0;
        g.tuples.len = 0;
        status = bau_intern_walk(s, space, part, &next, gather_one, &g, err);
        if (status == BAU_OK && g.n)
            status = blocks_put(&g, &space->table, err);
    }
    bau_spill_free(&s->spill, g.entries, g.room * sizeof(*g.entries));
    bau_text_release(&g.tuples);
    space->table.made = true;
    return status;
}

bau_status bau_table_has(struct bau_subset *s, const struct bau_table *table, uint64_t hash,
                         struct bau_slice tuple, uint8_t *buffer, bool *out, struct bau_error *err)
{
    size_t from = 0, to = table->blocks.n;
    const uint8_t *bytes;
    *out = false;
    if (table->filter && !(bau_bit(table->filter, hash & table->filter_mask) &&
                           bau_bit(table->filter, (hash >> 25) & table->filter_mask)))
        return BAU_OK;
    while (from < to) { /* the last block that starts at or before the hash */
        const size_t mid = from + (to - from) / 2;
        if (table->first[mid] <= hash)
            from = mid + 1;
        else
            to = mid;
    }
    if (!from)
        return BAU_OK;
    const struct bau_blob *const blob = &table->blocks.at[from - 1];
    BAU_TRY(bau_blob_get(&s->spill, blob, buffer, &bytes, err));
    for (uint32_t at = 0; at < blob->len;) {
        uint64_t known;
        uint32_t len;
        memcpy(&known, bytes + at, sizeof(known));
        memcpy(&len, bytes + at + 8, sizeof(len));
        if (known > hash)
            break;
        if (known == hash && len == tuple.len && memcmp(bytes + at + HEAD, tuple.data, len) == 0) {
            *out = true;
            break;
        }
        at += HEAD + len;
    }
    return BAU_OK;
}

void bau_table_release(struct bau_subset *s, struct bau_table *table)
{
    bau_blobs_drop(&s->spill, &table->blocks);
    if (table->filter)
        bau_spill_free(&s->spill, table->filter, (table->filter_mask + 1) / 8);
    bau_spill_free(&s->spill, table->first, table->first_room * sizeof(*table->first));
    *table = (struct bau_table){ 0 };
}
