/* Marks spread inside a component with a cycle: a list of rows to look at, and for each edge an index from key to rows. One
 * step a reference, however deep the chain. */
#include "src/subset/internal.h"

struct todo {
    struct bau_subset *s;
    uint64_t *rows; /* dataset << 32 | row */
    size_t n, room;
    struct bau_index *indexes; /* n_edges */
};

static bau_status push(struct todo *t, uint32_t dataset, uint32_t row, struct bau_error *err)
{
    void *rows = t->rows;
    const bau_status status = bau_spill_grow(&t->s->spill, &rows, &t->room, t->n + 1, sizeof(*t->rows), err);
    t->rows = rows;
    BAU_TRY(status);
    t->rows[t->n++] = (uint64_t)dataset << 32 | row;
    return BAU_OK;
}

static void todo_release(struct todo *t)
{
    for (uint32_t e = 0; t->indexes && e < t->s->graph->n_edges; e++)
        bau_index_release(t->s, &t->indexes[e]);
    bau_spill_free(&t->s->spill, t->indexes, t->s->graph->n_edges * sizeof(*t->indexes));
    bau_spill_free(&t->s->spill, t->rows, t->room * sizeof(*t->rows));
}

static bool is_inside(const struct bau_subset *s, const struct bau_subset_edge *e, uint32_t group, bool down)
{
    const struct bau_rows *const child = &s->rows[e->child], *const parent = &s->rows[e->parent];
    if (down)
        return e->down && child->down_group == group && parent->down_group == group;
    return e->up == BAU_SUBSET_UP_FOLLOW && child->up_group == group && parent->up_group == group;
}

/* What a spread reads: one side of each inside edge by its place, the other by its key. *out_done false: no room. */
static bau_status todo_init(struct todo *t, uint32_t group, bool down, bool *out_done, struct bau_error *err)
{
    struct bau_subset *const s = t->s;
    if (!(t->indexes = bau_spill_alloc(&s->spill, s->graph->n_edges * sizeof(*t->indexes))))
        return bau_error_set(err, BAU_E_NOMEM, "cycle");
    *out_done = true;
    for (uint32_t e = 0; e < s->graph->n_edges && *out_done; e++) {
        if (!is_inside(s, &s->graph->edges[e], group, down))
            continue;
        const uint32_t child = s->edges[e].child_slot, parent = s->edges[e].parent_slot;
        BAU_TRY(bau_slot_pin(s, down ? parent : child, out_done, err));
        if (*out_done)
            BAU_TRY(bau_index_make(s, down ? child : parent, &t->indexes[e], out_done, err));
    }
    return BAU_OK;
}

static bau_status seed(struct todo *t, const uint64_t *bits, uint32_t dataset, struct bau_error *err)
{
    const uint64_t words = t->s->rows[dataset].n_chunks * BAU_PACK_WORDS;
    for (uint64_t w = 0; w < words; w++)
        for (uint64_t rest = bits[w]; rest; rest &= rest - 1)
            BAU_TRY(push(t, dataset, (uint32_t)(w * 64 + (uint32_t)__builtin_ctzll(rest)), err));
    return BAU_OK;
}

static bau_status seed_all(struct todo *t, uint32_t group, bool down, struct bau_error *err)
{
    const struct bau_groups *const g = down ? &t->s->down : &t->s->up;
    for (uint32_t k = g->first[group]; k < g->first[group + 1]; k++) {
        const struct bau_rows *const rows = &t->s->rows[g->datasets[k]];
        for (uint32_t level = 0; down && level < t->s->n_levels; level++)
            BAU_TRY(seed(t, rows->down[level], g->datasets[k], err));
        if (!down)
            BAU_TRY(seed(t, rows->keep, g->datasets[k], err));
    }
    return BAU_OK;
}

/* Rows below this one along one edge that get a smaller level by it. */
static bau_status below(struct todo *t, uint32_t edge, uint32_t row, uint8_t level, struct bau_error *err)
{
    struct bau_subset *const s = t->s;
    const struct bau_subset_edge *const e = &s->graph->edges[edge];
    uint64_t id, n;
    if (!bau_level_passes(e, level) || !bau_slot_at(s, s->edges[edge].parent_slot, row, &id))
        return BAU_OK;
    const uint8_t next = bau_level_below(s, level);
    const uint32_t *const rows = bau_index_rows(&t->indexes[edge], id, &n);
    for (uint64_t i = 0; i < n; i++) {
        if ((e->limit && !bau_bit(s->edges[edge].chosen, rows[i])) ||
            bau_row_level(s, e->child, rows[i]) <= next)
            continue;
        bau_row_level_set(s, e->child, rows[i], next);
        BAU_TRY(push(t, e->child, rows[i], err));
    }
    return BAU_OK;
}

static bau_status above(struct todo *t, uint32_t edge, uint32_t row, struct bau_error *err)
{
    struct bau_subset *const s = t->s;
    const uint32_t parent = s->graph->edges[edge].parent;
    uint64_t id, n;
    if (!bau_slot_at(s, s->edges[edge].child_slot, row, &id))
        return BAU_OK;
    const uint32_t *const rows = bau_index_rows(&t->indexes[edge], id, &n);
    for (uint64_t i = 0; i < n; i++) {
        if (bau_bit(s->rows[parent].keep, rows[i]))
            continue;
        bau_bit_set(s->rows[parent].keep, rows[i]);
        BAU_TRY(push(t, parent, rows[i], err));
    }
    return BAU_OK;
}

static bau_status spread(struct todo *t, uint32_t group, bool down, struct bau_error *err)
{
    struct bau_subset *const s = t->s;
    BAU_TRY(seed_all(t, group, down, err));
    while (t->n) {
        const uint64_t one = t->rows[--t->n];
        const uint32_t dataset = (uint32_t)(one >> 32), row = (uint32_t)one;
        const uint8_t level = down ? bau_row_level(s, dataset, row) : 0;
        for (uint32_t e = 0; e < s->graph->n_edges; e++) {
            const struct bau_subset_edge *const edge = &s->graph->edges[e];
            if ((down ? edge->parent : edge->child) != dataset || !is_inside(s, edge, group, down))
                continue;
            BAU_TRY(down ? below(t, e, row, level, err) : above(t, e, row, err));
        }
    }
    return BAU_OK;
}

static bau_status cycle(struct bau_subset *s, uint32_t group, bool down, bool *out_done,
                        struct bau_error *err)
{
    struct todo t = { .s = s };
    bau_status status = todo_init(&t, group, down, out_done, err);
    if (status == BAU_OK && *out_done)
        status = spread(&t, group, down, err);
    todo_release(&t);
    return status;
}

bau_status bau_cycle_down(struct bau_subset *s, uint32_t group, bool *out_done, struct bau_error *err)
{
    return cycle(s, group, true, out_done, err);
}

bau_status bau_cycle_up(struct bau_subset *s, uint32_t group, bool *out_done, struct bau_error *err)
{
    return cycle(s, group, false, out_done, err);
}
