/* Why a row is kept: a search backwards, nearest first, over what can have asked for a row, until a start row is met. */
#include "src/subset/internal.h"

#include <string.h>

struct step {
    uint32_t dataset, row, edge;
    bau_subset_why why; /* how the previous one came to this one */
    size_t previous;    /* SIZE_MAX: the row that was asked for */
};

struct search {
    struct bau_subset *s;
    struct step *steps;
    size_t n, room;
    uint64_t **seen; /* a bitmap a dataset, NULL until needed */
    struct by_slot {
        bool tried, made;
        struct bau_index index;
    } * slots;
};

static void search_release(struct search *x)
{
    struct bau_subset *const s = x->s;
    for (uint32_t i = 0; x->slots && i < s->n_slots; i++)
        bau_index_release(s, &x->slots[i].index);
    for (uint32_t d = 0; x->seen && d < s->graph->n_datasets; d++)
        bau_spill_free(&s->spill, x->seen[d], s->rows[d].n_chunks * BAU_PACK_WORDS * sizeof(uint64_t));
    bau_spill_free(&s->spill, x->slots, s->n_slots * sizeof(*x->slots));
    bau_spill_free(&s->spill, x->seen, s->graph->n_datasets * sizeof(*x->seen));
    bau_spill_free(&s->spill, x->steps, x->room * sizeof(*x->steps));
}

static bau_status value_at(struct bau_subset *s, uint32_t slot, uint32_t row, uint64_t *out_id,
                           bool *out_here, struct bau_error *err)
{
    const struct bau_slot *const of = &s->slots[slot];
    const struct bau_chunk *const chunk = s->rows[of->dataset].chunks[row / BAU_PACK_ROWS];
    if (chunk->packs[of->place].blob.data) {
        *out_here = bau_slot_at(s, slot, row, out_id);
        return BAU_OK;
    }
    BAU_TRY(bau_load(s, slot, row / BAU_PACK_ROWS, s->work[2], err));
    *out_id = s->work[2]->id[row % BAU_PACK_ROWS];
    *out_here = bau_bit(s->work[2]->present, row % BAU_PACK_ROWS);
    return BAU_OK;
}

static bau_status step_add(struct search *x, struct step step, struct bau_error *err)
{
    struct bau_subset *const s = x->s;
    if (!x->seen[step.dataset]) {
        const size_t bytes = s->rows[step.dataset].n_chunks * BAU_PACK_WORDS * sizeof(uint64_t);
        if (!(x->seen[step.dataset] = bau_spill_alloc(&s->spill, bytes)))
            return bau_error_set(err, BAU_E_NOMEM, "explanation");
    }
    if (bau_bit(x->seen[step.dataset], step.row))
        return BAU_OK;
    bau_bit_set(x->seen[step.dataset], step.row);
    void *steps = x->steps;
    const bau_status status = bau_spill_grow(&s->spill, &steps, &x->room, x->n + 1, sizeof(*x->steps), err);
    x->steps = steps;
    BAU_TRY(status);
    x->steps[x->n++] = step;
    return BAU_OK;
}

/* Whether `row` of the slot's dataset can have asked for step `at` along the edge. */
static bool asked(const struct bau_subset *s, const struct step *step, uint32_t row)
{
    const struct bau_subset_edge *const e = &s->graph->edges[step->edge];
    if (step->why == BAU_SUBSET_WHY_PARENT)
        return bau_bit(s->rows[e->child].keep, row);
    return bau_level_passes(e, bau_row_level(s, e->parent, row));
}

/* Every row with this id in the slot that can have asked: `like` says how. */
static bau_status steps_add(struct search *x, uint32_t slot, uint64_t id, struct step like,
                            struct bau_error *err)
{
    struct bau_subset *const s = x->s;
    struct by_slot *const by = &x->slots[slot];
    const struct bau_rows *const rows = &s->rows[like.dataset];
    if (!by->tried) {
        by->tried = true;
        BAU_TRY(bau_index_make(s, slot, &by->index, &by->made, err));
    }
    if (by->made) {
        uint64_t n;
        const uint32_t *const at = bau_index_rows(&by->index, id, &n);
        for (uint64_t i = 0; i < n; i++) {
            like.row = at[i];
            if (asked(s, &like, like.row))
                BAU_TRY(step_add(x, like, err));
        }
        return BAU_OK;
    }
    for (size_t c = 0; c < rows->n_chunks; c++) {
        BAU_TRY(bau_load(s, slot, c, s->work[0], err));
        for (uint32_t i = 0; i < rows->chunks[c]->n; i++) {
            like.row = (uint32_t)(c * BAU_PACK_ROWS + i);
            if (bau_bit(s->work[0]->present, i) && s->work[0]->id[i] == id && asked(s, &like, like.row))
                BAU_TRY(step_add(x, like, err));
        }
    }
    return BAU_OK;
}

static bau_status expand(struct search *x, size_t at, struct bau_error *err)
{
    struct bau_subset *const s = x->s;
    const struct step here = x->steps[at];
    const bool down = bau_row_level(s, here.dataset, here.row) != BAU_LEVEL_NONE;
    for (uint32_t k = 0; k < s->graph->n_edges; k++) {
        const struct bau_subset_edge *const e = &s->graph->edges[k];
        struct step like = { .edge = k, .previous = at };
        uint64_t id;
        bool is_here;
        if (down && e->down && e->child == here.dataset &&
            (!e->limit || bau_bit(s->edges[k].chosen, here.row))) {
            like.why = BAU_SUBSET_WHY_CHILD;
            like.dataset = e->parent;
            BAU_TRY(value_at(s, s->edges[k].child_slot, here.row, &id, &is_here, err));
            if (is_here)
                BAU_TRY(steps_add(x, s->edges[k].parent_slot, id, like, err));
        }
        if (e->up == BAU_SUBSET_UP_FOLLOW && e->parent == here.dataset) {
            like.why = BAU_SUBSET_WHY_PARENT;
            like.dataset = e->child;
            BAU_TRY(value_at(s, s->edges[k].parent_slot, here.row, &id, &is_here, err));
            if (is_here)
                BAU_TRY(steps_add(x, s->edges[k].child_slot, id, like, err));
        }
    }
    return BAU_OK;
}

/* ── rows and identities ─────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status row_of_integer(struct bau_subset *s, uint32_t slot, uint64_t id, uint32_t *out_row,
                                 bool *out_found, struct bau_error *err)
{
    const struct bau_rows *const rows = &s->rows[s->slots[slot].dataset];
    *out_found = false;
    for (size_t c = 0; c < rows->n_chunks && !*out_found; c++) {
        BAU_TRY(bau_load(s, slot, c, s->work[0], err));
        for (uint32_t i = 0; i < rows->chunks[c]->n && !*out_found; i++) {
            *out_found = bau_bit(s->work[0]->present, i) && s->work[0]->id[i] == id;
            *out_row = (uint32_t)(c * BAU_PACK_ROWS + i);
        }
    }
    return BAU_OK;
}

static bau_status row_of(struct bau_subset *s, uint32_t dataset, const struct bau_column *const *columns,
                         struct bau_slice *out_tuple, struct bau_arena *arena, uint32_t *out_row,
                         bool *out_found, struct bau_error *err)
{
    const uint32_t slot = s->rows[dataset].identity;
    BAU_AUTO_TEXT tuple = { 0 };
    uint8_t digest[16];
    *out_found = false;
    if (!bau_slot_tuple(s, &s->slots[slot], columns, 0, &tuple))
        return BAU_OK;
    char *const copy = tuple.failed ? NULL : bau_arena_textn(arena, tuple.data, tuple.len);
    if (!copy)
        return bau_error_set(err, BAU_E_NOMEM, "explanation");
    *out_tuple = (struct bau_slice){ (const uint8_t *)copy, tuple.len };
    uint64_t id;
    if (s->spaces[s->slots[slot].space].direct)
        return bau_slot_integer(s, &s->slots[slot], columns, 0, &id)
                   ? row_of_integer(s, slot, id, out_row, out_found, err)
                   : BAU_OK;
    const uint32_t offsets[2] = { 0, (uint32_t)tuple.len };
    bau_prf_batch(&s->hash, out_tuple->data, offsets, 1, digest);
    return bau_intern_find(s, slot, bau_tuple_hash(digest), *out_tuple, out_row, out_found, err);
}

static bau_status identity_of(struct bau_subset *s, uint32_t dataset, uint32_t row, struct bau_arena *arena,
                              struct bau_slice *out, struct bau_error *err)
{
    const uint32_t slot = s->rows[dataset].identity;
    if (!s->spaces[s->slots[slot].space].direct) {
        BAU_TRY(bau_intern_tuple(s, slot, row, arena, out, err));
    } else {
        uint64_t id;
        bool here;
        uint8_t *const bytes = bau_arena_take(arena, 9);
        if (!bytes)
            return bau_error_set(err, BAU_E_NOMEM, "explanation");
        BAU_TRY(value_at(s, slot, row, &id, &here, err));
        for (uint32_t k = 0; k < 8; k++)
            bytes[k + 1] = (uint8_t)(id >> (56 - 8 * k));
        *out = (struct bau_slice){ bytes, 9 };
    }
    if (out->len) { /* the mark that says that it can match */
        out->data++;
        out->len--;
    }
    return BAU_OK;
}

/* ── the chain ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status chain(struct search *x, size_t last, uint32_t most, struct bau_arena *arena,
                        struct bau_subset_link **out, uint32_t *out_n, struct bau_error *err)
{
    uint32_t n = 1;
    for (size_t at = last; x->steps[at].previous != SIZE_MAX; at = x->steps[at].previous)
        n++;
    if (n > most)
        return bau_error_set(err, BAU_E_LIMIT, "the chain to a start row has %u links", n);
    struct bau_subset_link *const links = bau_arena_zero(arena, n * sizeof(*links));
    if (!links)
        return bau_error_set(err, BAU_E_NOMEM, "explanation");
    bau_subset_why why = BAU_SUBSET_WHY_START;
    uint32_t edge = BAU_SUBSET_NONE;
    for (size_t at = last, i = n; i-- > 0; at = x->steps[at].previous) {
        links[i] = (struct bau_subset_link){ .why = why, .edge = edge, .dataset = x->steps[at].dataset };
        BAU_TRY(identity_of(x->s, x->steps[at].dataset, x->steps[at].row, arena, &links[i].identity, err));
        why = x->steps[at].why;
        edge = x->steps[at].edge;
    }
    *out = links;
    *out_n = n;
    return BAU_OK;
}

static bau_status search(struct search *x, uint32_t dataset, uint32_t row, uint32_t most,
                         struct bau_arena *arena, struct bau_subset_link **out, uint32_t *out_n,
                         struct bau_error *err)
{
    struct bau_subset *const s = x->s;
    x->seen = bau_spill_alloc(&s->spill, s->graph->n_datasets * sizeof(*x->seen));
    x->slots = bau_spill_alloc(&s->spill, s->n_slots * sizeof(*x->slots));
    if (!x->seen || !x->slots)
        return bau_error_set(err, BAU_E_NOMEM, "explanation");
    BAU_TRY(step_add(x, (struct step){ .dataset = dataset, .row = row, .previous = SIZE_MAX }, err));
    for (size_t at = 0; at < x->n; at++) {
        if (bau_bit(s->rows[x->steps[at].dataset].start, x->steps[at].row))
            return chain(x, at, most, arena, out, out_n, err);
        BAU_TRY(expand(x, at, err));
    }
    return bau_error_set(err, BAU_E_BUG, "a kept row of %s has no way to a start",
                         s->graph->datasets[dataset].name);
}

bau_status bau_subset_explain(struct bau_subset *s, uint32_t dataset, const struct bau_column *const *columns,
                              uint32_t most, struct bau_arena *arena, struct bau_subset_link **out,
                              uint32_t *out_n, struct bau_error *err)
{
    struct bau_slice tuple = { 0 };
    uint32_t row = 0;
    bool found;
    BAU_TRY(row_of(s, dataset, columns, &tuple, arena, &row, &found, err));
    if (found && bau_bit(s->rows[dataset].keep, row)) {
        struct search x = { .s = s };
        const bau_status status = search(&x, dataset, row, most, arena, out, out_n, err);
        search_release(&x);
        return status;
    }
    struct bau_subset_link *const link = bau_arena_zero(arena, sizeof(*link));
    if (!link)
        return bau_error_set(err, BAU_E_NOMEM, "explanation");
    *link = (struct bau_subset_link){ .why = found ? BAU_SUBSET_WHY_ABSENT : BAU_SUBSET_WHY_UNKNOWN,
                                      .dataset = dataset,
                                      .edge = BAU_SUBSET_NONE };
    if (tuple.len)
        link->identity = (struct bau_slice){ tuple.data + 1, tuple.len - 1 };
    *out = link;
    *out_n = 1;
    return BAU_OK;
}
