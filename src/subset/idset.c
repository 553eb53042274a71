/* Bitmaps by the upper half, until more than CHUNKS_MOST halves hold fewer than CHUNK_LEAST ids each: random 64-bit
 * numbers would cost a bitmap apiece. */
#include "src/subset/idset.h"

#include <roaring/roaring.h>
#include <string.h>

#define CHUNKS_MOST 4096u
#define CHUNK_LEAST 128u
#define RUN 1024u
#define FLAT_MOST (1u << 27) /* bits */
#define CHUNK_BYTES 64u      /* of the bitmap's own struct and its block */

void bau_idset_init(struct bau_idset *set, struct bau_spill *spill)
{
    *set = (struct bau_idset){ .spill = spill };
}

static void drop_chunks(struct bau_idset *set)
{
    for (uint32_t i = 0; i < set->n_chunks; i++)
        roaring_bitmap_free(set->chunks[i].low);
    bau_spill_free(set->spill, set->chunks, set->room * sizeof(*set->chunks));
    set->chunks = NULL;
    set->n_chunks = 0;
    set->room = 0;
}

static void drop_flat(struct bau_idset *set)
{
    bau_spill_free(set->spill, set->flat, (set->flat_bits / 64 + 1) * sizeof(*set->flat));
    set->flat = NULL;
    set->flat_bits = 0;
}

void bau_idset_release(struct bau_idset *set)
{
    if (!set->spill)
        return;
    drop_flat(set);
    drop_chunks(set);
    if (set->table)
        bau_spill_free(set->spill, set->table, (set->mask + 1) * sizeof(*set->table));
    bau_spill_count(set->spill, -(int64_t)set->counted);
    bau_idset_init(set, set->spill);
}

/* Index of the chunk, or of the place where it belongs. */
static uint32_t chunk_at(const struct bau_idset *set, uint32_t high)
{
    uint32_t from = 0, to = set->n_chunks;
    while (from < to) {
        const uint32_t mid = from + (to - from) / 2;
        if (set->chunks[mid].high < high)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

static uint64_t mix(uint64_t id)
{
    id ^= id >> 32;
    id *= 0x9E3779B97F4A7C15u;
    return id ^ (id >> 29);
}

static void table_put(struct bau_idset *set, uint64_t id)
{
    if (!id) {
        set->n += !set->zero;
        set->zero = true;
        return;
    }
    uint64_t at = mix(id) & set->mask;
    while (set->table[at] && set->table[at] != id)
        at = (at + 1) & set->mask;
    set->n_table += !set->table[at];
    set->n += !set->table[at];
    set->table[at] = id;
}

/* Room for `n` ids more at most 5/8 full. */
static bau_status table_room(struct bau_idset *set, uint64_t n, struct bau_error *err)
{
    uint64_t slots = set->table ? set->mask + 1 : 1024;
    while ((set->n_table + n) * 8 > slots * 5)
        slots *= 2;
    if (set->table && slots == set->mask + 1)
        return BAU_OK;
    uint64_t *const old = set->table, n_old = old ? set->mask + 1 : 0;
    uint64_t *const table = bau_spill_alloc(set->spill, slots * sizeof(*table));
    if (!table)
        return bau_error_set(err, BAU_E_NOMEM, "key sets");
    set->table = table;
    set->mask = slots - 1;
    const uint64_t count = set->n;
    set->n_table = 0;
    for (uint64_t i = 0; i < n_old; i++)
        if (old[i])
            table_put(set, old[i]);
    set->n = count;
    bau_spill_free(set->spill, old, n_old * sizeof(*old));
    return BAU_OK;
}

static bau_status scatter(struct bau_idset *set, struct bau_error *err)
{
    BAU_TRY(table_room(set, bau_idset_count(set), err));
    set->n = 0;
    for (uint32_t i = 0; i < set->n_chunks; i++) {
        roaring_uint32_iterator_t it;
        const uint64_t high = (uint64_t)set->chunks[i].high << 32;
        for (roaring_init_iterator(set->chunks[i].low, &it); it.has_value;
             roaring_advance_uint32_iterator(&it))
            table_put(set, high | it.current_value);
    }
    drop_chunks(set);
    bau_spill_count(set->spill, -(int64_t)set->counted);
    set->counted = 0;
    return BAU_OK;
}

static bau_status chunk_new(struct bau_idset *set, uint32_t at, uint32_t high, struct bau_error *err)
{
    void *chunks = set->chunks;
    const bau_status status =
        bau_spill_grow(set->spill, &chunks, &set->room, (size_t)set->n_chunks + 1, sizeof(*set->chunks), err);
    set->chunks = chunks;
    BAU_TRY(status);
    roaring_bitmap_t *const low = roaring_bitmap_create();
    if (!low)
        return bau_error_set(err, BAU_E_NOMEM, "key sets");
    memmove(set->chunks + at + 1, set->chunks + at, (set->n_chunks - at) * sizeof(*set->chunks));
    set->chunks[at] = (struct bau_idset_chunk){ high, low };
    set->n_chunks++;
    return BAU_OK;
}

static bau_status add_run(struct bau_idset *set, uint32_t high, const uint32_t *low, size_t n,
                          struct bau_error *err)
{
    const uint32_t at = chunk_at(set, high);
    if (at == set->n_chunks || set->chunks[at].high != high)
        BAU_TRY(chunk_new(set, at, high, err));
    roaring_bitmap_add_many(set->chunks[at].low, n, low);
    return BAU_OK;
}

bau_status bau_idset_add(struct bau_idset *set, const uint64_t *ids, size_t n, struct bau_error *err)
{
    uint32_t low[RUN];
    size_t i = 0;
    if (n)
        drop_flat(set);
    while (i < n && !set->table) {
        const uint32_t high = (uint32_t)(ids[i] >> 32);
        size_t k = 0;
        while (i < n && k < RUN && (uint32_t)(ids[i] >> 32) == high)
            low[k++] = (uint32_t)ids[i++];
        BAU_TRY(add_run(set, high, low, k, err));
        if (set->n_chunks > CHUNKS_MOST && set->n_chunks % CHUNKS_MOST == 1 &&
            bau_idset_count(set) < (uint64_t)set->n_chunks * CHUNK_LEAST)
            BAU_TRY(scatter(set, err));
    }
    if (i < n)
        BAU_TRY(table_room(set, n - i, err));
    for (; i < n; i++)
        table_put(set, ids[i]);
    return BAU_OK;
}

bool bau_idset_has(const struct bau_idset *set, uint64_t id)
{
    if (set->flat) {
        const uint64_t bit = id - set->flat_base; /* ids below the base wrap around */
        return bit < set->flat_bits && ((set->flat[bit / 64] >> (bit % 64)) & 1u);
    }
    if (set->table) {
        if (!id)
            return set->zero;
        uint64_t at = mix(id) & set->mask;
        while (set->table[at] && set->table[at] != id)
            at = (at + 1) & set->mask;
        return set->table[at] == id;
    }
    const uint32_t at = chunk_at(set, (uint32_t)(id >> 32));
    return at < set->n_chunks && set->chunks[at].high == (uint32_t)(id >> 32) &&
           roaring_bitmap_contains(set->chunks[at].low, (uint32_t)id);
}

uint64_t bau_idset_count(const struct bau_idset *set)
{
    uint64_t n = set->n;
    for (uint32_t i = 0; i < set->n_chunks; i++)
        n += roaring_bitmap_get_cardinality(set->chunks[i].low);
    return n;
}

size_t bau_idset_list(const struct bau_idset *set, uint64_t *out, size_t most)
{
    size_t n = 0;
    if (set->zero && most)
        out[n++] = 0;
    for (uint64_t i = 0; set->table && i <= set->mask && n < most; i++)
        if (set->table[i])
            out[n++] = set->table[i];
    for (uint32_t i = 0; i < set->n_chunks && n < most; i++) {
        roaring_uint32_iterator_t it;
        const uint64_t high = (uint64_t)set->chunks[i].high << 32;
        for (roaring_init_iterator(set->chunks[i].low, &it); it.has_value && n < most;
             roaring_advance_uint32_iterator(&it))
            out[n++] = high | it.current_value;
    }
    return n;
}

/* One bit an id between the first and the last where that is little memory: a bitmap of a hundredth of the ids is
 * searched by halves otherwise. */
static void make_flat(struct bau_idset *set)
{
    if (set->flat || set->table || !set->n_chunks)
        return;
    const struct bau_idset_chunk *const first = set->chunks, *const last = first + set->n_chunks - 1;
    const uint64_t least = (uint64_t)first->high << 32 | roaring_bitmap_minimum(first->low);
    const uint64_t most = (uint64_t)last->high << 32 | roaring_bitmap_maximum(last->low);
    const uint64_t words = (most - least) / 64 + 2;
    if (most - least >= FLAT_MOST || !bau_spill_fits(set->spill, words * 2 * sizeof(*set->flat)))
        return;
    set->flat_bits = most - least + 1;
    set->flat_base = least;
    if (!(set->flat = bau_spill_alloc(set->spill, (set->flat_bits / 64 + 1) * sizeof(*set->flat)))) {
        set->flat_bits = 0;
        return;
    }
    for (uint32_t i = 0; i < set->n_chunks; i++) {
        roaring_uint32_iterator_t it;
        const uint64_t high = (uint64_t)set->chunks[i].high << 32;
        for (roaring_init_iterator(set->chunks[i].low, &it); it.has_value;
             roaring_advance_uint32_iterator(&it)) {
            const uint64_t bit = (high | it.current_value) - least;
            set->flat[bit / 64] |= (uint64_t)1 << (bit % 64);
        }
    }
}

void bau_idset_rest(struct bau_idset *set)
{
    uint64_t now = 0;
    for (uint32_t i = 0; i < set->n_chunks; i++)
        now += CHUNK_BYTES + roaring_bitmap_size_in_bytes(set->chunks[i].low);
    bau_spill_count(set->spill, (int64_t)(now - set->counted));
    set->counted = now;
    make_flat(set);
}
