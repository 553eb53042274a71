/* One run: ids for tuples, limits, the closure, what it came to; and the search for a start that fits a budget. */
#include "src/subset/internal.h"

#include <string.h>

uint32_t bau_space_slot(const struct bau_subset *s, uint32_t space)
{
    const struct bau_space *const of = &s->spaces[space];
    const struct bau_rows *const rows = &s->rows[of->dataset];
    for (uint32_t i = 0; i < rows->n_slots; i++) {
        const struct bau_slot *const slot = &s->slots[rows->slots[i]];
        if (slot->kind == BAU_SLOT_KEY && slot->space == space && slot->when_column == BAU_SUBSET_NONE &&
            !slot->full && slot->n_columns == of->n_columns &&
            memcmp(slot->columns, of->columns, of->n_columns * sizeof(*of->columns)) == 0)
            return rows->slots[i];
    }
    return BAU_SUBSET_NONE;
}

/* ── counts ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static uint64_t ones(const uint64_t *bits, uint64_t words)
{
    uint64_t n = 0;
    for (uint64_t w = 0; w < words; w++)
        n += (uint64_t)__builtin_popcountll(bits[w]);
    return n;
}

static void count(struct bau_subset *s, uint32_t d)
{
    struct bau_rows *const rows = &s->rows[d];
    const uint64_t words = rows->n_chunks * BAU_PACK_WORDS;
    const bool starts = s->graph->datasets[d].start != BAU_SUBSET_FULL;
    rows->count = (struct bau_subset_count){ .kept = ones(rows->keep, words),
                                             .starts = starts ? ones(rows->start, words) : 0 };
    for (uint32_t level = 0; level < s->n_levels; level++)
        rows->count.dependants += ones(rows->down[level], words);
    for (size_t c = 0; c < rows->n_chunks; c++)
        rows->count.seen += rows->chunks[c]->n;
}

/* A chunk's ids of kept rows in work[0]: `out` says which there are. A chunk without kept rows is not read. */
static bau_status kept_ids(struct bau_subset *s, uint32_t slot, size_t chunk, uint64_t out[BAU_PACK_WORDS],
                           struct bau_error *err)
{
    const uint64_t *const keep = s->rows[s->slots[slot].dataset].keep + (uint64_t)chunk * BAU_PACK_WORDS;
    memset(out, 0, BAU_PACK_WORDS * sizeof(*out));
    if (!ones(keep, BAU_PACK_WORDS))
        return BAU_OK;
    BAU_TRY(bau_load(s, slot, chunk, s->work[0], err));
    for (uint32_t w = 0; w < BAU_PACK_WORDS; w++)
        out[w] = keep[w] & s->work[0]->present[w];
    return BAU_OK;
}

/* Keys of kept rows, for tests and for counts of broken references. */
static bau_status keys_of_kept(struct bau_subset *s, uint32_t slot, struct bau_error *err)
{
    struct bau_slot *const to = &s->slots[slot];
    const struct bau_rows *const rows = &s->rows[to->dataset];
    uint64_t *const some = s->work[1]->id;
    bau_idset_release(&to->kept);
    for (size_t c = 0; c < rows->n_chunks; c++) {
        uint32_t k = 0;
        uint64_t here[BAU_PACK_WORDS];
        BAU_TRY(kept_ids(s, slot, c, here, err));
        for (uint32_t w = 0; w < BAU_PACK_WORDS; w++)
            for (uint64_t rest = here[w]; rest; rest &= rest - 1)
                some[k++] = s->work[0]->id[w * 64 + (uint32_t)__builtin_ctzll(rest)];
        BAU_TRY(bau_idset_add(&to->kept, some, k, err));
    }
    bau_idset_rest(&to->kept);
    return BAU_OK;
}

static bau_status edge_count(struct bau_subset *s, uint32_t edge, struct bau_error *err)
{
    struct bau_edge_state *const e = &s->edges[edge];
    const struct bau_rows *const rows = &s->rows[s->graph->edges[edge].child];
    const struct bau_idset *const kept = &s->slots[e->parent_slot].kept;
    e->count = (struct bau_subset_edge_count){ 0 };
    for (size_t c = 0; c < rows->n_chunks; c++) {
        uint64_t here[BAU_PACK_WORDS];
        BAU_TRY(kept_ids(s, e->child_slot, c, here, err));
        e->count.references += ones(here, BAU_PACK_WORDS);
        for (uint32_t w = 0; w < BAU_PACK_WORDS; w++)
            for (uint64_t rest = here[w]; rest; rest &= rest - 1)
                e->count.broken +=
                    !bau_idset_has(kept, s->work[0]->id[w * 64 + (uint32_t)__builtin_ctzll(rest)]);
    }
    return BAU_OK;
}

static bau_status finish(struct bau_subset *s, struct bau_error *err)
{
    for (uint32_t d = 0; d < s->graph->n_datasets; d++)
        count(s, d);
    for (uint32_t i = 0; i < s->n_slots; i++) {
        const struct bau_slot *const slot = &s->slots[i];
        if (slot->kind == BAU_SLOT_KEY && (slot->referred || s->rows[slot->dataset].identity == i))
            BAU_TRY(keys_of_kept(s, i, err));
    }
    for (uint32_t i = 0; i < s->graph->n_edges; i++)
        BAU_TRY(edge_count(s, i, err));
    for (uint32_t i = 0; i < s->n_spaces; i++) {
        struct bau_space *const space = &s->spaces[i];
        if (!space->direct && space->lookup)
            BAU_TRY(bau_table_make(s, space, &s->slots[bau_space_slot(s, i)].kept, err));
    }
    return BAU_OK;
}

static bau_status settle(struct bau_subset *s, struct bau_error *err)
{
    if (s->settled)
        return BAU_OK;
    s->settled = true;
    BAU_TRY(bau_intern_settle(s, err));
    return bau_choose_children(s, err);
}

bau_status bau_subset_run(struct bau_subset *s, struct bau_error *err)
{
    BAU_TRY(settle(s, err));
    BAU_TRY(bau_closure(s, err));
    return finish(s, err);
}

/* ── a budget ────────────────────────────────────────────────────────────────────────────────────────────────────── */

#define SHARE_STEPS 20u /* closures tried: a millionth of the start is near enough */

static bau_status fits(struct bau_subset *s, uint64_t share, uint64_t bytes, uint64_t rows, bool *out,
                       struct bau_error *err)
{
    uint64_t n_rows = 0;
    double n_bytes = 0; /* sums may pass 2^64; the same sum in the same order every time */
    s->share = share;
    BAU_TRY(bau_closure(s, err));
    for (uint32_t d = 0; d < s->graph->n_datasets; d++) {
        const uint64_t kept = ones(s->rows[d].keep, s->rows[d].n_chunks * BAU_PACK_WORDS);
        n_rows += kept;
        n_bytes += (double)kept * (double)s->graph->datasets[d].bytes_a_row;
    }
    *out = (!rows || n_rows <= rows) && (!bytes || n_bytes <= (double)bytes);
    return BAU_OK;
}

bau_status bau_subset_fit(struct bau_subset *s, uint64_t bytes, uint64_t rows, uint64_t *out_share,
                          struct bau_error *err)
{
    bool good;
    if (!s->options.fit)
        return bau_error_set(err, BAU_E_BUG, "a subset was set up without a budget");
    BAU_TRY(settle(s, err));
    BAU_TRY(fits(s, BAU_SHARE_ALL, bytes, rows, &good, err));
    if (!good) {
        uint64_t best = 0;
        BAU_TRY(fits(s, 0, bytes, rows, &good, err));
        if (!good)
            return bau_error_set(err, BAU_E_LIMIT,
                                 "the datasets that are kept in full are larger than the budget");
        for (uint64_t step = BAU_SHARE_ALL / 2; step >= BAU_SHARE_ALL >> SHARE_STEPS; step /= 2) {
            BAU_TRY(fits(s, best + step, bytes, rows, &good, err));
            best += good ? step : 0;
        }
        BAU_TRY(fits(s, best, bytes, rows, &good, err));
    }
    *out_share = s->share;
    return finish(s, err);
}

/* ── afterwards ──────────────────────────────────────────────────────────────────────────────────────────────────── */

struct bau_subset_count bau_subset_count_of(const struct bau_subset *s, uint32_t dataset)
{
    return s->rows[dataset].count;
}

struct bau_subset_edge_count bau_subset_edge_count_of(const struct bau_subset *s, uint32_t edge)
{
    return s->edges[edge].count;
}

size_t bau_subset_kept_integers(const struct bau_subset *s, uint32_t dataset, int64_t *out, size_t most)
{
    const struct bau_slot *const slot = &s->slots[s->rows[dataset].identity];
    if (!s->spaces[slot->space].direct)
        return SIZE_MAX;
    const uint64_t n = bau_idset_count(&slot->kept);
    const size_t listed =
        bau_idset_list(&slot->kept, (uint64_t *)out, most); /* same width: unbiased in place */
    for (size_t i = 0; i < listed; i++)
        out[i] = (int64_t)bau_tuple_bias(out[i]);
    return (size_t)n;
}
