/* The closure, in two sweeps over what is stored.
 *
 * Down: datasets in the order of the edges that are followed down, parents first. A row is a dependant when it starts or when
 * a followed edge leads to a key of a dependant; its keys go into the sets that its children look into. Up: children first.
 * A row is kept when it is a dependant or a kept row refers to one of its keys; its references go into the sets that its
 * parents look into. A row needed as a parent never makes dependants, so the second sweep cannot change the first.
 * Components with a cycle are seeded by a scan, spread in memory (cycle.c), then published; without room for that they
 * are scanned until nothing changes. */
#include "src/subset/internal.h"

#include <string.h>

typedef enum { SEED, SEED_AND_PUBLISH, PUBLISH_ALL } scan_kind;

/* ── levels and columns ──────────────────────────────────────────────────────────────────────────────────────────── */

bau_status bau_load(struct bau_subset *s, uint32_t slot, size_t chunk, struct bau_ids *out,
                    struct bau_error *err)
{
    const struct bau_slot *const of = &s->slots[slot];
    if (s->options.stopped && s->options.stopped(s->options.self))
        return bau_error_set(err, BAU_E_CANCELLED, "stopped");
    return bau_pack_get(&s->spill, &s->rows[of->dataset].chunks[chunk]->packs[of->place], out, err);
}

uint8_t bau_slot_level(const struct bau_subset *s, const struct bau_slot *slot, uint64_t id)
{
    for (uint8_t level = 0; level < s->n_levels; level++)
        if (bau_idset_has(&slot->down[level], id))
            return level;
    return BAU_LEVEL_NONE;
}

uint8_t bau_row_level(const struct bau_subset *s, uint32_t dataset, uint64_t row)
{
    for (uint8_t level = 0; level < s->n_levels; level++)
        if (bau_bit(s->rows[dataset].down[level], row))
            return level;
    return BAU_LEVEL_NONE;
}

void bau_row_level_set(struct bau_subset *s, uint32_t dataset, uint64_t row, uint8_t level)
{
    for (uint32_t k = 0; k < s->n_levels; k++)
        s->rows[dataset].down[k][row / 64] &= ~((uint64_t)1 << (row % 64));
    bau_bit_set(s->rows[dataset].down[level], row);
}

static bool any_level(const struct bau_subset *s, const struct bau_slot *slot)
{
    for (uint32_t k = 0; k < s->n_levels; k++)
        if (slot->down[k].n_chunks || slot->down[k].n)
            return true;
    return false;
}

/* ── down ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status levels_by_edge(struct bau_subset *s, uint32_t edge, size_t chunk, uint8_t *levels,
                                 struct bau_error *err)
{
    const struct bau_subset_edge *const e = &s->graph->edges[edge];
    const struct bau_slot *const parent = &s->slots[s->edges[edge].parent_slot];
    const struct bau_ids *const ids = s->work[0];
    if (!any_level(s, parent))
        return BAU_OK;
    BAU_TRY(bau_load(s, s->edges[edge].child_slot, chunk, s->work[0], err));
    const uint32_t n = s->rows[e->child].chunks[chunk]->n;
    for (uint32_t i = 0; i < n; i++) {
        if (!levels[i] || !bau_bit(ids->present, i))
            continue;
        const uint8_t level = bau_slot_level(s, parent, ids->id[i]);
        if (!bau_level_passes(e, level) ||
            (e->limit && !bau_bit(s->edges[edge].chosen, (uint64_t)chunk * BAU_PACK_ROWS + i)))
            continue;
        const uint8_t below = bau_level_below(s, level);
        levels[i] = below < levels[i] ? below : levels[i];
    }
    return BAU_OK;
}

static bau_status publish_level(struct bau_subset *s, uint32_t slot, uint8_t level, const uint8_t *levels,
                                uint32_t n, struct bau_error *err)
{
    uint64_t *const some = s->work[1]->id;
    uint32_t k = 0;
    for (uint32_t i = 0; i < n; i++)
        if (levels[i] == level && bau_bit(s->work[0]->present, i))
            some[k++] = s->work[0]->id[i];
    return bau_idset_add(&s->slots[slot].down[level], some, k, err);
}

static bau_status publish_down(struct bau_subset *s, uint32_t d, size_t chunk, const uint8_t *levels,
                               struct bau_error *err)
{
    const struct bau_rows *const rows = &s->rows[d];
    for (uint32_t k = 0; k < rows->n_slots; k++) {
        if (!s->slots[rows->slots[k]].leads_down)
            continue;
        BAU_TRY(bau_load(s, rows->slots[k], chunk, s->work[0], err));
        for (uint8_t level = 0; level < s->n_levels; level++)
            BAU_TRY(publish_level(s, rows->slots[k], level, levels, rows->chunks[chunk]->n, err));
    }
    return BAU_OK;
}

/* Levels of a chunk's rows are in s->levels; leaves there only what must be published. */
static bool levels_store(struct bau_subset *s, uint32_t d, size_t chunk, scan_kind kind)
{
    bool any = false;
    const uint32_t n = s->rows[d].chunks[chunk]->n;
    for (uint32_t i = 0; i < n; i++) {
        if (s->levels[i] == BAU_LEVEL_NONE)
            continue;
        const uint64_t row = (uint64_t)chunk * BAU_PACK_ROWS + i;
        const bool changed = bau_row_level(s, d, row) != s->levels[i];
        if (changed)
            bau_row_level_set(s, d, row, s->levels[i]);
        else if (kind != PUBLISH_ALL)
            s->levels[i] = BAU_LEVEL_NONE;
        any |= changed || kind == PUBLISH_ALL;
    }
    return any;
}

static bau_status scan_down(struct bau_subset *s, uint32_t d, scan_kind kind, bool *changed,
                            struct bau_error *err)
{
    const struct bau_rows *const rows = &s->rows[d];
    const bool starts = s->graph->datasets[d].start != BAU_SUBSET_FULL;
    for (size_t c = 0; c < rows->n_chunks; c++) {
        const uint64_t first = (uint64_t)c * BAU_PACK_ROWS;
        for (uint32_t i = 0; i < rows->chunks[c]->n; i++)
            s->levels[i] = starts && bau_bit(rows->start, first + i) ? 0 : bau_row_level(s, d, first + i);
        for (uint32_t k = 0; k < s->graph->n_edges && kind != PUBLISH_ALL; k++)
            if (s->graph->edges[k].child == d && s->graph->edges[k].down)
                BAU_TRY(levels_by_edge(s, k, c, s->levels, err));
        if (!levels_store(s, d, c, kind))
            continue;
        *changed = true;
        if (kind != SEED)
            BAU_TRY(publish_down(s, d, c, s->levels, err));
    }
    for (uint32_t k = 0; k < rows->n_slots; k++)
        for (uint32_t level = 0; level < s->n_levels; level++)
            bau_idset_rest(&s->slots[rows->slots[k]].down[level]);
    return BAU_OK;
}

/* ── up ──────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* New rows of a chunk: 1 in s->levels. */
static bau_status kept_of(struct bau_subset *s, uint32_t d, size_t chunk, bool *any, struct bau_error *err)
{
    struct bau_rows *const rows = &s->rows[d];
    const uint64_t at = (uint64_t)chunk * BAU_PACK_WORDS;
    const uint32_t n = rows->chunks[chunk]->n;
    uint64_t keep[BAU_PACK_WORDS];
    for (uint32_t w = 0; w < BAU_PACK_WORDS; w++) {
        keep[w] = rows->start[at + w];
        for (uint32_t level = 0; level < s->n_levels; level++)
            keep[w] |= rows->down[level][at + w];
    }
    for (uint32_t k = 0; k < rows->n_slots; k++) {
        const struct bau_slot *const slot = &s->slots[rows->slots[k]];
        if (!slot->leads_up || !(slot->up.n_chunks || slot->up.n))
            continue;
        BAU_TRY(bau_load(s, rows->slots[k], chunk, s->work[0], err));
        for (uint32_t i = 0; i < n; i++)
            if (!bau_bit(keep, i) && bau_bit(s->work[0]->present, i) &&
                bau_idset_has(&slot->up, s->work[0]->id[i]))
                bau_bit_set(keep, i);
    }
    *any = false;
    for (uint32_t i = 0; i < n; i++) {
        s->levels[i] = bau_bit(keep, i) && !bau_bit(rows->keep + at, i);
        *any |= s->levels[i] != 0;
    }
    for (uint32_t w = 0; w < BAU_PACK_WORDS; w++)
        rows->keep[at + w] |= keep[w];
    return BAU_OK;
}

static bau_status publish_up(struct bau_subset *s, uint32_t d, size_t chunk, struct bau_error *err)
{
    const uint32_t n = s->rows[d].chunks[chunk]->n;
    for (uint32_t e = 0; e < s->graph->n_edges; e++) {
        if (s->graph->edges[e].child != d || s->graph->edges[e].up != BAU_SUBSET_UP_FOLLOW)
            continue;
        uint64_t *const some = s->work[1]->id;
        uint32_t k = 0;
        BAU_TRY(bau_load(s, s->edges[e].child_slot, chunk, s->work[0], err));
        for (uint32_t i = 0; i < n; i++)
            if (s->levels[i] && bau_bit(s->work[0]->present, i))
                some[k++] = s->work[0]->id[i];
        BAU_TRY(bau_idset_add(&s->slots[s->edges[e].parent_slot].up, some, k, err));
    }
    return BAU_OK;
}

static bau_status scan_up(struct bau_subset *s, uint32_t d, scan_kind kind, bool *changed,
                          struct bau_error *err)
{
    const struct bau_rows *const rows = &s->rows[d];
    for (size_t c = 0; c < rows->n_chunks; c++) {
        bool any = false;
        if (kind == PUBLISH_ALL) {
            for (uint32_t i = 0; i < rows->chunks[c]->n; i++) {
                s->levels[i] = bau_bit(rows->keep, (uint64_t)c * BAU_PACK_ROWS + i);
                any |= s->levels[i] != 0;
            }
        } else {
            BAU_TRY(kept_of(s, d, c, &any, err));
        }
        *changed |= any;
        if (any && kind != SEED)
            BAU_TRY(publish_up(s, d, c, err));
    }
    for (uint32_t e = 0; e < s->graph->n_edges; e++)
        if (s->graph->edges[e].child == d)
            bau_idset_rest(&s->slots[s->edges[e].parent_slot].up);
    return BAU_OK;
}

/* ── components ──────────────────────────────────────────────────────────────────────────────────────────────────── */

typedef bau_status (*scan_do)(struct bau_subset *s, uint32_t d, scan_kind kind, bool *changed,
                              struct bau_error *err);
typedef bau_status (*spread_do)(struct bau_subset *s, uint32_t group, bool *out_done, struct bau_error *err);

static bau_status scan_group(struct bau_subset *s, const struct bau_groups *g, uint32_t group, scan_do scan,
                             scan_kind kind, bool *changed, struct bau_error *err)
{
    for (uint32_t k = g->first[group]; k < g->first[group + 1]; k++)
        BAU_TRY_NOTE(scan(s, g->datasets[k], kind, changed, err), err, "subset of %s",
                     s->graph->datasets[g->datasets[k]].name);
    return BAU_OK;
}

static bau_status close_group(struct bau_subset *s, const struct bau_groups *g, uint32_t group, scan_do scan,
                              spread_do spread, struct bau_error *err)
{
    bool changed = false, done = false;
    if (!g->cyclic[group])
        return scan_group(s, g, group, scan, SEED_AND_PUBLISH, &changed, err);
    BAU_TRY(scan_group(s, g, group, scan, SEED, &changed, err));
    if (!changed)
        return BAU_OK;
    if (!s->options.scan_cycles)
        BAU_TRY(spread(s, group, &done, err));
    BAU_TRY(scan_group(s, g, group, scan, PUBLISH_ALL, &changed, err));
    while (!done && changed) {
        changed = false;
        BAU_TRY(scan_group(s, g, group, scan, SEED_AND_PUBLISH, &changed, err));
    }
    return BAU_OK;
}

static bau_status marks_reset(struct bau_subset *s, struct bau_error *err)
{
    for (uint32_t d = 0; d < s->graph->n_datasets; d++) {
        struct bau_rows *const rows = &s->rows[d];
        const size_t bytes = rows->n_chunks * BAU_PACK_WORDS * sizeof(uint64_t);
        uint64_t **const bits[] = { &rows->start, &rows->keep };
        for (uint32_t k = 0; k < BAU_COUNT(bits) + s->n_levels; k++) {
            uint64_t **const one = k < BAU_COUNT(bits) ? bits[k] : &rows->down[k - BAU_COUNT(bits)];
            if (!*one && !(*one = bau_spill_alloc(&s->spill, bytes)))
                return bau_error_set(err, BAU_E_NOMEM, "subset");
            memset(*one, 0, bytes);
        }
    }
    return BAU_OK;
}

static void sets_drop(struct bau_subset *s)
{
    for (uint32_t i = 0; i < s->n_slots; i++) {
        for (uint32_t level = 0; level < s->n_levels; level++)
            bau_idset_release(&s->slots[i].down[level]);
        bau_idset_release(&s->slots[i].up);
    }
}

bau_status bau_closure(struct bau_subset *s, struct bau_error *err)
{
    BAU_TRY(marks_reset(s, err));
    BAU_TRY(bau_choose_starts(s, err));
    for (uint32_t g = 0; g < s->down.n; g++)
        BAU_TRY(close_group(s, &s->down, g, scan_down, bau_cycle_down, err));
    for (uint32_t g = s->up.n; g-- > 0;)
        BAU_TRY(close_group(s, &s->up, g, scan_up, bau_cycle_up, err));
    sets_drop(s);
    return BAU_OK;
}
