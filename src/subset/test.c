/* Membership: is the identity of a row among those of kept rows, does its reference lead to one. */
#include "src/subset/internal.h"

#include <string.h>

struct bau_subset_test {
    struct bau_subset *s;
    uint32_t dataset;
    struct bau_text tuples;
    uint32_t ends[BAU_PACK_ROWS + 1];
    uint8_t digests[BAU_PACK_ROWS * 16];
    uint8_t *buffer; /* a block of any table */
    uint32_t buffer_room;
};

bau_status bau_subset_test_new(struct bau_subset *s, uint32_t dataset, struct bau_subset_test **out,
                               struct bau_error *err)
{
    struct bau_subset_test *const t = bau_spill_alloc(&s->spill, sizeof(*t));
    if (!t)
        return bau_error_set(err, BAU_E_NOMEM, "membership test");
    t->s = s;
    t->dataset = dataset;
    for (uint32_t i = 0; i < s->n_spaces; i++)
        if (s->spaces[i].table.most > t->buffer_room)
            t->buffer_room = s->spaces[i].table.most;
    if (!(t->buffer = bau_spill_alloc(&s->spill, t->buffer_room))) {
        bau_subset_test_free(t);
        return bau_error_set(err, BAU_E_NOMEM, "membership test");
    }
    *out = t;
    return BAU_OK;
}

void bau_subset_test_free(struct bau_subset_test *t)
{
    if (!t)
        return;
    struct bau_spill *const spill = &t->s->spill;
    bau_text_release(&t->tuples);
    bau_spill_free(spill, t->buffer, t->buffer_room);
    bau_spill_free(spill, t, sizeof(*t));
}

/* Up to BAU_PACK_ROWS rows from `from`: bit set where the slot's tuple is in the table, or where it is there and is not. */
static bau_status in_table(struct bau_subset_test *t, const struct bau_slot *slot,
                           const struct bau_column *const *columns, uint32_t from, uint32_t n, bool want,
                           uint64_t *out, struct bau_error *err)
{
    static const uint8_t none[1];
    const struct bau_table *const table = &t->s->spaces[slot->space].table;
    uint64_t here[BAU_PACK_WORDS] = { 0 };
    t->tuples.len = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (bau_slot_tuple(t->s, slot, columns, from + i, &t->tuples))
            bau_bit_set(here, i);
        if (t->tuples.failed || t->tuples.len > UINT32_MAX)
            return bau_error_set(err, BAU_E_NOMEM, "membership test");
        t->ends[i + 1] = (uint32_t)t->tuples.len;
    }
    const uint8_t *const bytes = t->tuples.data ? (const uint8_t *)t->tuples.data : none;
    bau_prf_batch(&t->s->hash, bytes, t->ends, n, t->digests);
    for (uint32_t i = 0; i < n; i++) {
        const struct bau_slice tuple = { bytes + t->ends[i], t->ends[i + 1] - t->ends[i] };
        bool has;
        if (!bau_bit(here, i))
            continue;
        BAU_TRY(bau_table_has(t->s, table, bau_tuple_hash(t->digests + (size_t)i * 16), tuple, t->buffer,
                              &has, err));
        if (has == want)
            bau_bit_set(out, from + i);
    }
    return BAU_OK;
}

static bau_status test(struct bau_subset_test *t, uint32_t slot_at, uint32_t parent_slot,
                       const struct bau_column *const *columns, uint32_t n_rows, bool want, uint64_t *out,
                       struct bau_error *err)
{
    const struct bau_slot *const slot = &t->s->slots[slot_at];
    memset(out, 0, (n_rows + 63) / 64 * sizeof(*out));
    if (t->s->spaces[slot->space].direct) {
        const struct bau_idset *const kept = &t->s->slots[parent_slot].kept;
        for (uint32_t i = 0; i < n_rows; i++) {
            uint64_t id;
            if (bau_slot_integer(t->s, slot, columns, i, &id) && bau_idset_has(kept, id) == want)
                bau_bit_set(out, i);
        }
        return BAU_OK;
    }
    for (uint32_t from = 0; from < n_rows; from += BAU_PACK_ROWS) {
        const uint32_t left = n_rows - from;
        BAU_TRY(
            in_table(t, slot, columns, from, left < BAU_PACK_ROWS ? left : BAU_PACK_ROWS, want, out, err));
    }
    return BAU_OK;
}

bau_status bau_subset_test_rows(struct bau_subset_test *t, const struct bau_column *const *columns,
                                uint32_t n_rows, uint64_t *out_keep, struct bau_error *err)
{
    const uint32_t slot = t->s->rows[t->dataset].identity;
    return test(t, slot, slot, columns, n_rows, true, out_keep, err);
}

bau_status bau_subset_test_orphans(struct bau_subset_test *t, uint32_t edge,
                                   const struct bau_column *const *columns, uint32_t n_rows,
                                   uint64_t *out_orphans, struct bau_error *err)
{
    if (t->s->graph->edges[edge].child != t->dataset || t->s->graph->edges[edge].up != BAU_SUBSET_UP_NULL)
        return bau_error_set(err, BAU_E_BUG, "edge %s has no orphans to look for here",
                             t->s->graph->edges[edge].name);
    const struct bau_edge_state *const e = &t->s->edges[edge];
    return test(t, e->child_slot, e->parent_slot, columns, n_rows, false, out_orphans, err);
}
