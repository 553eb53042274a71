/* Sets a subset up: spaces and slots out of the graph, and takes it down again. */
#include "src/subset/internal.h"

#include <openssl/rand.h>
#include <string.h>

#define MEMORY_LEAST (1u << 20)

/* ── spaces and slots ────────────────────────────────────────────────────────────────────────────────────────────── */

static bool same_columns(uint32_t n, const uint32_t *a, uint32_t m, const uint32_t *b)
{
    return n == m && memcmp(a, b, n * sizeof(*a)) == 0;
}

static uint32_t space_of(struct bau_subset *s, uint32_t dataset, uint32_t n, const uint32_t *columns,
                         bool direct)
{
    for (uint32_t i = 0; i < s->n_spaces; i++) {
        const struct bau_space *const one = &s->spaces[i];
        if (one->dataset == dataset && one->direct == direct &&
            same_columns(n, columns, one->n_columns, one->columns))
            return i;
    }
    struct bau_space *const made = &s->spaces[s->n_spaces];
    *made = (struct bau_space){ .dataset = dataset, .n_columns = n, .columns = columns, .direct = direct };
    pthread_mutex_init(&made->lock, NULL);
    return s->n_spaces++;
}

static uint32_t slot_of(struct bau_subset *s, const struct bau_slot *like)
{
    struct bau_rows *const rows = &s->rows[like->dataset];
    for (uint32_t i = 0; i < rows->n_slots; i++) {
        const struct bau_slot *const one = &s->slots[rows->slots[i]];
        if (one->kind == like->kind && one->space == like->space && one->when_column == like->when_column &&
            one->full == like->full && one->when.len == like->when.len &&
            (!one->when.len || memcmp(one->when.data, like->when.data, one->when.len) == 0) &&
            same_columns(like->n_columns, like->columns, one->n_columns, one->columns))
            return rows->slots[i];
    }
    struct bau_slot *const made = &s->slots[s->n_slots];
    *made = *like;
    made->place = rows->n_slots;
    rows->slots[rows->n_slots++] = s->n_slots;
    return s->n_slots++;
}

/* One integer column compared with integers only. */
static bool is_direct(const struct bau_subset_graph *g, uint32_t parent, uint32_t n, const uint32_t *columns)
{
    if (n != 1 || !bau_tuple_is_integer(g->datasets[parent].columns[columns[0]].type))
        return false;
    for (uint32_t i = 0; i < g->n_edges; i++) {
        const struct bau_subset_edge *const e = &g->edges[i];
        if (e->parent == parent && same_columns(n, columns, e->n_columns, e->parent_columns) &&
            !bau_tuple_is_integer(g->datasets[e->child].columns[e->child_columns[0]].type))
            return false;
    }
    return true;
}

static void edge_slots(struct bau_subset *s, uint32_t i)
{
    const struct bau_subset_edge *const e = &s->graph->edges[i];
    struct bau_edge_state *const state = &s->edges[i];
    const bool direct = is_direct(s->graph, e->parent, e->n_columns, e->parent_columns);
    struct bau_slot slot = { .kind = BAU_SLOT_KEY,
                             .when_column = BAU_SUBSET_NONE,
                             .n_columns = e->n_columns,
                             .space = space_of(s, e->parent, e->n_columns, e->parent_columns, direct) };
    slot.dataset = e->parent;
    slot.columns = e->parent_columns;
    state->parent_slot = slot_of(s, &slot);
    slot.dataset = e->child;
    slot.columns = e->child_columns;
    slot.when_column = e->when_column;
    if (e->when_column != BAU_SUBSET_NONE)
        slot.when = e->when;
    slot.full = e->full;
    state->child_slot = slot_of(s, &slot);
    state->order_slot = BAU_SUBSET_NONE;
    if (e->limit && e->newest_column != BAU_SUBSET_NONE) {
        const struct bau_slot order = { .kind = BAU_SLOT_ORDER,
                                        .dataset = e->child,
                                        .n_columns = 1,
                                        .columns = &e->newest_column,
                                        .space = BAU_NO_SPACE,
                                        .when_column = BAU_SUBSET_NONE };
        state->order_slot = slot_of(s, &order);
    }
    struct bau_slot *const parent = &s->slots[state->parent_slot];
    parent->leads_down |= e->down;
    parent->leads_up |= e->up == BAU_SUBSET_UP_FOLLOW;
    parent->referred = true;
    s->spaces[parent->space].lookup |= e->up == BAU_SUBSET_UP_NULL;
}

static bool needs_rank(const struct bau_subset *s, uint32_t d)
{
    const struct bau_subset_dataset *const dataset = &s->graph->datasets[d];
    const bool starts = dataset->start == BAU_SUBSET_START_FLAGGED || dataset->start == BAU_SUBSET_START_ALL;
    bool needs = starts && (dataset->sample != BAU_SUBSET_WHOLE || dataset->limit || s->options.fit);
    for (uint32_t i = 0; i < s->graph->n_edges; i++)
        needs |= s->graph->edges[i].child == d && s->graph->edges[i].limit;
    return needs;
}

static void dataset_slots(struct bau_subset *s, uint32_t d)
{
    const struct bau_subset_dataset *const dataset = &s->graph->datasets[d];
    struct bau_slot slot = { .kind = BAU_SLOT_KEY,
                             .dataset = d,
                             .when_column = BAU_SUBSET_NONE,
                             .n_columns = dataset->n_identity,
                             .columns = dataset->identity };
    const bool direct =
        dataset->n_identity == 1 && bau_tuple_is_integer(dataset->columns[dataset->identity[0]].type);
    slot.space = space_of(s, d, dataset->n_identity, dataset->identity, direct);
    s->spaces[slot.space].lookup = true;
    s->rows[d].identity = slot_of(s, &slot);
    s->rows[d].rank = BAU_SUBSET_NONE;
    if (!needs_rank(s, d))
        return;
    slot.kind = BAU_SLOT_RANK;
    s->rows[d].rank = slot_of(s, &slot);
}

static bau_status sets_make(struct bau_subset *s, struct bau_error *err)
{
    for (uint32_t i = 0; i < s->n_slots; i++) {
        struct bau_slot *const slot = &s->slots[i];
        slot->down = bau_arena_zero(s->arena, s->n_levels * sizeof(*slot->down));
        if (!slot->down)
            return bau_error_set(err, BAU_E_NOMEM, "subset");
        for (uint32_t k = 0; k < s->n_levels; k++)
            bau_idset_init(&slot->down[k], &s->spill);
        bau_idset_init(&slot->up, &s->spill);
        bau_idset_init(&slot->kept, &s->spill);
    }
    for (size_t i = 0; i < BAU_COUNT(s->work); i++)
        if (!(s->work[i] = bau_spill_alloc(&s->spill, sizeof(*s->work[i]))))
            return bau_error_set(err, BAU_E_NOMEM, "subset");
    if (!(s->levels = bau_arena_zero(s->arena, BAU_PACK_ROWS)))
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    return BAU_OK;
}

static bau_status arrays_make(struct bau_subset *s, struct bau_error *err)
{
    const struct bau_subset_graph *const g = s->graph;
    const size_t n_slots = (size_t)g->n_datasets * 2 + (size_t)g->n_edges * 3;
    s->spaces = bau_arena_zero(s->arena, ((size_t)g->n_datasets + g->n_edges) * sizeof(*s->spaces));
    s->slots = bau_arena_zero(s->arena, n_slots * sizeof(*s->slots));
    s->rows = bau_arena_zero(s->arena, g->n_datasets * sizeof(*s->rows));
    s->edges = bau_arena_zero(s->arena, g->n_edges * sizeof(*s->edges));
    if (!s->spaces || !s->slots || !s->rows || !s->edges)
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    for (uint32_t i = 0; i < g->n_datasets; i++) {
        uint32_t most = 2;
        for (uint32_t k = 0; k < g->n_edges; k++)
            most += (g->edges[k].child == i ? 2u : 0u) + (g->edges[k].parent == i ? 1u : 0u);
        s->rows[i].slots = bau_arena_zero(s->arena, most * sizeof(*s->rows[i].slots));
        s->rows[i].down = bau_arena_zero(s->arena, s->n_levels * sizeof(*s->rows[i].down));
        if (!s->rows[i].slots || !s->rows[i].down)
            return bau_error_set(err, BAU_E_NOMEM, "subset");
        pthread_mutex_init(&s->rows[i].lock, NULL);
    }
    return BAU_OK;
}

static bau_status set_up(struct bau_subset *s, struct bau_error *err)
{
    uint8_t random[16];
    s->n_levels = 1;
    for (uint32_t i = 0; i < s->graph->n_edges; i++)
        if (s->graph->edges[i].depth + 1 > s->n_levels)
            s->n_levels = s->graph->edges[i].depth + 1;
    BAU_TRY(arrays_make(s, err));
    if (RAND_priv_bytes(random, sizeof(random)) != 1 || !bau_prf_init(&s->hash, random) ||
        !bau_prf_init(&s->rank, s->options.key))
        return bau_error_set(err, BAU_E_BUG, "subset: the cipher's key");
    bau_wipe(random, sizeof(random));
    for (uint32_t i = 0; i < s->graph->n_edges; i++)
        edge_slots(s, i);
    for (uint32_t i = 0; i < s->graph->n_datasets; i++)
        dataset_slots(s, i);
    BAU_TRY(sets_make(s, err));
    return bau_subset_graph_order(s, err);
}

bau_status bau_subset_new(const struct bau_subset_graph *graph, const struct bau_subset_options *options,
                          struct bau_subset **out, struct bau_error *err)
{
    if (options->memory < MEMORY_LEAST)
        return bau_error_set(err, BAU_E_USAGE, "a subset needs at least 1 MiB of memory");
    BAU_TRY(bau_subset_graph_check(graph, err));
    struct bau_arena *const arena = bau_arena_new(1u << 16, BAU_ARENA_PRIVATE);
    struct bau_subset *const s = arena ? bau_arena_zero(arena, sizeof(*s)) : NULL;
    if (!s) {
        bau_arena_free(arena);
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    }
    s->arena = arena;
    s->graph = graph;
    s->options = *options;
    s->share = BAU_SHARE_ALL;
    bau_status status =
        bau_spill_init(&s->spill, options->folder ? options->folder : "/tmp", options->memory, err);
    if (status != BAU_OK) {
        bau_arena_free(arena);
        return status;
    }
    status = set_up(s, err);
    if (status == BAU_OK)
        *out = s;
    else
        bau_subset_free(s);
    return status;
}

bool bau_subset_reads(const struct bau_subset *s, uint32_t dataset, bool *out_columns)
{
    const struct bau_rows *const rows = &s->rows[dataset];
    memset(out_columns, 0, s->graph->datasets[dataset].n_columns * sizeof(*out_columns));
    for (uint32_t i = 0; rows->read && i < rows->n_slots; i++) {
        const struct bau_slot *const slot = &s->slots[rows->slots[i]];
        for (uint32_t k = 0; k < slot->n_columns; k++)
            out_columns[slot->columns[k]] = true;
        if (slot->when_column != BAU_SUBSET_NONE)
            out_columns[slot->when_column] = true;
    }
    return rows->read;
}

/* ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void rows_release(struct bau_subset *s, struct bau_rows *rows)
{
    const size_t bits = rows->n_chunks * BAU_PACK_WORDS * sizeof(uint64_t);
    for (size_t i = 0; i < rows->n_chunks; i++) {
        struct bau_chunk *const chunk = rows->chunks[i];
        for (uint32_t k = 0; k < rows->n_slots; k++)
            bau_blob_drop(&s->spill, &chunk->packs[k].blob);
        bau_spill_free(&s->spill, chunk->flags, BAU_PACK_WORDS * sizeof(*chunk->flags));
        bau_spill_free(&s->spill, chunk->packs, rows->n_slots * sizeof(*chunk->packs));
        bau_spill_free(&s->spill, chunk, sizeof(*chunk));
    }
    bau_spill_free(&s->spill, rows->start, bits);
    bau_spill_free(&s->spill, rows->keep, bits);
    for (uint32_t i = 0; rows->down && i < s->n_levels; i++)
        bau_spill_free(&s->spill, rows->down[i], bits);
    bau_spill_free(&s->spill, rows->chunks, rows->room * sizeof(*rows->chunks));
    if (rows->down)
        pthread_mutex_destroy(&rows->lock);
}

void bau_subset_free(struct bau_subset *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; s->edges && i < s->graph->n_edges; i++) {
        const struct bau_rows *const rows = &s->rows[s->graph->edges[i].child];
        bau_spill_free(&s->spill, s->edges[i].chosen, rows->n_chunks * BAU_PACK_WORDS * sizeof(uint64_t));
    }
    for (uint32_t i = 0; i < s->n_slots; i++) {
        for (uint32_t k = 0; s->slots[i].down && k < s->n_levels; k++)
            bau_idset_release(&s->slots[i].down[k]);
        bau_idset_release(&s->slots[i].up);
        bau_idset_release(&s->slots[i].kept);
    }
    for (uint32_t i = 0; i < s->n_spaces; i++) {
        for (uint32_t k = 0; k < BAU_INTERN_PARTS; k++)
            bau_blobs_drop(&s->spill, &s->spaces[i].part[k]);
        bau_table_release(s, &s->spaces[i].table);
        pthread_mutex_destroy(&s->spaces[i].lock);
    }
    for (uint32_t i = 0; s->rows && i < s->graph->n_datasets; i++)
        rows_release(s, &s->rows[i]);
    for (size_t i = 0; i < BAU_COUNT(s->work); i++)
        bau_spill_free(&s->spill, s->work[i], sizeof(*s->work[i]));
    bau_prf_release(&s->hash);
    bau_prf_release(&s->rank);
    bau_spill_release(&s->spill);
    bau_arena_free(s->arena);
}

uint64_t bau_subset_memory_peak(const struct bau_subset *s)
{
    return atomic_load(&s->spill.peak);
}

uint64_t bau_subset_scratch(const struct bau_subset *s)
{
    return atomic_load(&s->spill.end);
}
