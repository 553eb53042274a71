/* Who starts, and which children of one parent come first: by keyed rank, so that the same key takes the same rows whatever
 * order they come in. */
#include "src/subset/internal.h"

#include <stdlib.h>
#include <string.h>

#define DIGITS 65536u
#define ONE_MILLIONTH 18446744073709u /* of 2^64 */

/* ── starts ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct bound { /* ranks up to `last` start, or none */
    bool none;
    uint64_t last;
};

static bool is_base(const struct bau_subset_dataset *d, const struct bau_chunk *chunk, uint32_t i)
{
    return d->start != BAU_SUBSET_START_FLAGGED || (chunk->flags && bau_bit(chunk->flags, i));
}

/* The n-th smallest rank of the base rows within `bound`, digit by digit; the bound stays where there are no more than n. */
static bau_status bound_nth(struct bau_subset *s, uint32_t d, uint64_t n, struct bound *bound,
                            struct bau_error *err)
{
    const struct bau_subset_dataset *const dataset = &s->graph->datasets[d];
    const struct bau_rows *const rows = &s->rows[d];
    uint64_t *const counts = bau_spill_alloc(&s->spill, DIGITS * sizeof(*counts));
    if (!counts)
        return bau_error_set(err, BAU_E_NOMEM, "sample");
    bau_status status = BAU_OK;
    uint64_t prefix = 0, left = n;
    bool fewer = false;
    for (uint32_t shift = 48; status == BAU_OK && !fewer; shift -= 16) {
        memset(counts, 0, DIGITS * sizeof(*counts));
        for (size_t c = 0; c < rows->n_chunks && status == BAU_OK; c++) {
            status = bau_load(s, rows->rank, c, s->work[0], err);
            for (uint32_t i = 0; status == BAU_OK && i < rows->chunks[c]->n; i++) {
                const uint64_t rank = s->work[0]->id[i];
                if (is_base(dataset, rows->chunks[c], i) && rank <= bound->last &&
                    (shift == 48 || rank >> (shift + 16) == prefix >> (shift + 16)))
                    counts[(rank >> shift) % DIGITS]++;
            }
        }
        uint64_t digit = 0;
        while (digit < DIGITS && counts[digit] < left)
            left -= counts[digit++];
        fewer = digit == DIGITS;
        prefix |= fewer ? 0 : digit << shift;
        if (shift == 0)
            break;
    }
    bau_spill_free(&s->spill, counts, DIGITS * sizeof(*counts));
    if (status == BAU_OK && !fewer)
        bound->last = prefix;
    return status;
}

static bau_status bound_of(struct bau_subset *s, uint32_t d, struct bound *out, struct bau_error *err)
{
    const struct bau_subset_dataset *const dataset = &s->graph->datasets[d];
    *out = (struct bound){ .last = UINT64_MAX };
    if (dataset->start == BAU_SUBSET_FULL)
        return BAU_OK;
    if (dataset->sample < BAU_SUBSET_WHOLE) {
        out->none = dataset->sample == 0;
        out->last = out->none ? 0 : dataset->sample * ONE_MILLIONTH - 1;
    }
    if (dataset->limit && !out->none)
        BAU_TRY(bound_nth(s, d, dataset->limit, out, err));
    if (s->share < BAU_SHARE_ALL) {
        out->none |= s->share == 0;
        out->last = (out->last >> 32) * s->share + (((out->last & UINT32_MAX) * s->share) >> 32);
    }
    return BAU_OK;
}

static bau_status starts_of(struct bau_subset *s, uint32_t d, struct bau_error *err)
{
    const struct bau_subset_dataset *const dataset = &s->graph->datasets[d];
    struct bau_rows *const rows = &s->rows[d];
    struct bound bound;
    BAU_TRY(bound_of(s, d, &bound, err));
    if (bound.none)
        return BAU_OK;
    for (size_t c = 0; c < rows->n_chunks; c++) {
        const struct bau_chunk *const chunk = rows->chunks[c];
        const bool ranked = bound.last != UINT64_MAX;
        if (ranked)
            BAU_TRY(bau_load(s, rows->rank, c, s->work[0], err));
        for (uint32_t i = 0; i < chunk->n; i++)
            if (is_base(dataset, chunk, i) && (!ranked || s->work[0]->id[i] <= bound.last))
                bau_bit_set(rows->start, (uint64_t)c * BAU_PACK_ROWS + i);
    }
    return BAU_OK;
}

bau_status bau_choose_starts(struct bau_subset *s, struct bau_error *err)
{
    for (uint32_t d = 0; d < s->graph->n_datasets; d++)
        if (s->graph->datasets[d].start != BAU_SUBSET_START_NO)
            BAU_TRY(starts_of(s, d, err));
    return BAU_OK;
}

/* ── the first children of each parent ───────────────────────────────────────────────────────────────────────────── */

struct sibling {
    uint64_t parent, order, rank; /* order: smaller is newer */
    uint32_t row, none;           /* none: no order at all, last */
};

static int order_of(const struct sibling *x, const struct sibling *y)
{
    if (x->none != y->none)
        return x->none < y->none ? -1 : 1;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static int by_parent(const void *a, const void *b)
{
    const struct sibling *const x = a, *const y = b;
    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    return order_of(x, y);
}

static uint32_t share_of(uint64_t parent, uint32_t n)
{
    return (uint32_t)((parent * 0x9E3779B97F4A7C15u >> 32) % n);
}

/* Those of one share of the parents. */
static bau_status siblings(struct bau_subset *s, uint32_t edge, uint32_t turn, uint32_t turns,
                           struct sibling **list, size_t *room, size_t *n, struct bau_error *err)
{
    const struct bau_edge_state *const e = &s->edges[edge];
    const struct bau_rows *const rows = &s->rows[s->graph->edges[edge].child];
    *n = 0;
    for (size_t c = 0; c < rows->n_chunks; c++) {
        BAU_TRY(bau_load(s, e->child_slot, c, s->work[0], err));
        BAU_TRY(bau_load(s, rows->rank, c, s->work[1], err));
        if (e->order_slot != BAU_SUBSET_NONE)
            BAU_TRY(bau_load(s, e->order_slot, c, s->work[2], err));
        void *grown = *list;
        const bau_status status =
            bau_spill_grow(&s->spill, &grown, room, *n + rows->chunks[c]->n, sizeof(**list), err);
        *list = grown;
        BAU_TRY(status);
        for (uint32_t i = 0; i < rows->chunks[c]->n; i++) {
            if (!bau_bit(s->work[0]->present, i) || share_of(s->work[0]->id[i], turns) != turn)
                continue;
            const bool ordered = e->order_slot != BAU_SUBSET_NONE;
            const bool none = ordered && !bau_bit(s->work[2]->present, i);
            (*list)[(*n)++] = (struct sibling){ .parent = s->work[0]->id[i],
                                                .rank = s->work[1]->id[i],
                                                .order = ordered && !none ? ~s->work[2]->id[i] : 0,
                                                .none = none,
                                                .row = (uint32_t)(c * BAU_PACK_ROWS + i) };
        }
    }
    return BAU_OK;
}

static void mark_first(const struct sibling *list, size_t n, uint32_t limit, uint64_t *chosen)
{
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from; to < n && list[to].parent == list[from].parent; to++)
            if (to - from < limit || order_of(&list[to], &list[from + limit - 1]) == 0)
                bau_bit_set(chosen, list[to].row);
    }
}

static bau_status edge_choose(struct bau_subset *s, uint32_t edge, struct bau_error *err)
{
    const struct bau_rows *const rows = &s->rows[s->graph->edges[edge].child];
    const uint64_t most = rows->n_chunks * BAU_PACK_ROWS * sizeof(struct sibling) * 2;
    const uint64_t used = atomic_load(&s->spill.used),
                   left = used < s->spill.limit ? s->spill.limit - used : 0;
    const uint64_t room_for = left > (1u << 20) ? left : 1u << 20;
    const uint32_t turns = (uint32_t)(most / room_for) + 1; /* the list doubles when it grows */
    struct sibling *list = NULL;
    size_t room = 0, n;
    bau_status status = BAU_OK;
    uint64_t **const chosen = &s->edges[edge].chosen;
    if (!(*chosen = bau_spill_alloc(&s->spill, rows->n_chunks * BAU_PACK_WORDS * sizeof(**chosen))))
        return bau_error_set(err, BAU_E_NOMEM, "limits");
    for (uint32_t turn = 0; turn < turns && status == BAU_OK; turn++) {
        status = siblings(s, edge, turn, turns, &list, &room, &n, err);
        if (status != BAU_OK || !n)
            continue;
        qsort(list, n, sizeof(*list), by_parent);
        mark_first(list, n, s->graph->edges[edge].limit, *chosen);
    }
    bau_spill_free(&s->spill, list, room * sizeof(*list));
    return status;
}

bau_status bau_choose_children(struct bau_subset *s, struct bau_error *err)
{
    for (uint32_t i = 0; i < s->graph->n_edges; i++)
        if (s->graph->edges[i].limit && s->graph->edges[i].down)
            BAU_TRY(edge_choose(s, i, err));
    return BAU_OK;
}
