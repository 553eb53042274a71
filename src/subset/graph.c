/* Checks a graph, and orders its datasets: strongly connected components of the edges that are followed, parents first. */
#include "src/subset/internal.h"

#include <string.h>

/* ── checks ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status columns_check(const struct bau_subset_dataset *d, uint32_t n, const uint32_t *columns,
                                const char *what, struct bau_error *err)
{
    if (!n)
        return bau_error_set(err, BAU_E_USAGE, "%s of %s has no columns", what, d->name);
    for (uint32_t i = 0; i < n; i++)
        if (columns[i] >= d->n_columns)
            return bau_error_set(err, BAU_E_USAGE, "%s of %s names column %u of %u", what, d->name,
                                 columns[i], d->n_columns);
    return BAU_OK;
}

static bool has_order(bau_type type)
{
    return (BAU_TYPE_BIT(type) & (BAU_TYPES_INT | BAU_TYPES_INSTANT)) != 0;
}

static bau_status edge_check(const struct bau_subset_graph *g, const struct bau_subset_edge *e,
                             struct bau_error *err)
{
    if (e->child >= g->n_datasets || e->parent >= g->n_datasets)
        return bau_error_set(err, BAU_E_USAGE, "edge %s names a dataset that is not there", e->name);
    const struct bau_subset_dataset *const child = &g->datasets[e->child], *const parent =
                                                                               &g->datasets[e->parent];
    BAU_TRY_NOTE(columns_check(child, e->n_columns, e->child_columns, "the child's side", err), err,
                 "edge %s", e->name);
    BAU_TRY_NOTE(columns_check(parent, e->n_columns, e->parent_columns, "the parent's side", err), err,
                 "edge %s", e->name);
    for (uint32_t i = 0; i < e->n_columns; i++) {
        const struct bau_subset_column *const from = &child->columns[e->child_columns[i]];
        const struct bau_subset_column *const to = &parent->columns[e->parent_columns[i]];
        if (!bau_tuple_fits(to->type, from->type))
            return bau_error_set(err, BAU_E_USAGE, "edge %s: %s (%s) and %s (%s) cannot be compared", e->name,
                                 from->name, bau_type_word(from->type), to->name, bau_type_word(to->type));
    }
    if (e->when_column != BAU_SUBSET_NONE &&
        (e->when_column >= child->n_columns || child->columns[e->when_column].type != BAU_TEXT))
        return bau_error_set(err, BAU_E_USAGE,
                             "edge %s: the column that chooses the parent is no text column of %s", e->name,
                             child->name);
    if (e->newest_column != BAU_SUBSET_NONE &&
        (e->newest_column >= child->n_columns || !has_order(child->columns[e->newest_column].type)))
        return bau_error_set(err, BAU_E_USAGE, "edge %s: newest first needs an integer or an instant of %s",
                             e->name, child->name);
    if (e->depth > BAU_SUBSET_DEPTH_MOST)
        return bau_error_set(err, BAU_E_USAGE, "edge %s: a depth is at most %u", e->name,
                             BAU_SUBSET_DEPTH_MOST);
    return BAU_OK;
}

bau_status bau_subset_graph_check(const struct bau_subset_graph *g, struct bau_error *err)
{
    bool starts = false;
    for (uint32_t i = 0; i < g->n_datasets; i++) {
        const struct bau_subset_dataset *const d = &g->datasets[i];
        BAU_TRY(columns_check(d, d->n_identity, d->identity, "the identity", err));
        if (d->sample > BAU_SUBSET_WHOLE)
            return bau_error_set(err, BAU_E_USAGE, "a sample of %s above 100 %%", d->name);
        starts |= d->start != BAU_SUBSET_START_NO;
    }
    if (!starts)
        return bau_error_set(err, BAU_E_USAGE, "the subset has no start: nothing would be kept");
    for (uint32_t i = 0; i < g->n_edges; i++)
        BAU_TRY(edge_check(g, &g->edges[i], err));
    return BAU_OK;
}

/* ── order ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1(2), 1972, without recursion. Arcs go from child to
 * parent, so a component is complete after those of its parents. */
struct tarjan {
    const struct bau_subset_graph *graph;
    bool down;
    uint32_t *index, *low, *stack, *path, *next; /* next: the edge to look at */
    bool *on;
    uint32_t n_index, n_stack, n_path;
    struct bau_groups *out;
};

static bool follows(const struct tarjan *t, const struct bau_subset_edge *e)
{
    return t->down ? e->down : e->up == BAU_SUBSET_UP_FOLLOW;
}

static void enter(struct tarjan *t, uint32_t v)
{
    t->index[v] = t->low[v] = ++t->n_index;
    t->stack[t->n_stack++] = v;
    t->on[v] = true;
    t->path[t->n_path++] = v;
}

static void leave(struct tarjan *t, uint32_t v)
{
    struct bau_groups *const g = t->out;
    t->n_path--;
    if (t->n_path) {
        const uint32_t above = t->path[t->n_path - 1];
        t->low[above] = t->low[v] < t->low[above] ? t->low[v] : t->low[above];
    }
    if (t->low[v] != t->index[v])
        return;
    uint32_t at = g->first[g->n], w;
    do {
        w = t->stack[--t->n_stack];
        t->on[w] = false;
        g->datasets[at++] = w;
    } while (w != v);
    g->cyclic[g->n] = at - g->first[g->n] > 1;
    g->first[++g->n] = at;
}

static void visit(struct tarjan *t, uint32_t root)
{
    enter(t, root);
    while (t->n_path) {
        const uint32_t v = t->path[t->n_path - 1];
        if (t->next[v] == t->graph->n_edges) {
            leave(t, v);
            continue;
        }
        const struct bau_subset_edge *const e = &t->graph->edges[t->next[v]++];
        if (e->child != v || !follows(t, e))
            continue;
        if (!t->index[e->parent])
            enter(t, e->parent);
        else if (t->on[e->parent] && t->index[e->parent] < t->low[v])
            t->low[v] = t->index[e->parent];
    }
}

static bau_status groups_make(struct bau_subset *s, bool down, struct bau_groups *out, struct bau_error *err)
{
    const uint32_t n = s->graph->n_datasets;
    uint32_t *const words = bau_arena_zero(s->arena, ((size_t)n * 7 + 1) * sizeof(*words));
    bool *const flags = bau_arena_zero(s->arena, (size_t)n * 2 + 1);
    if (!words || !flags)
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    *out = (struct bau_groups){ .datasets = words, .first = words + n, .cyclic = flags };
    uint32_t *const rest = words + 2 * (size_t)n + 1;
    struct tarjan t = { .graph = s->graph,
                        .down = down,
                        .out = out,
                        .on = flags + n,
                        .index = rest,
                        .low = rest + n,
                        .stack = rest + 2 * (size_t)n,
                        .path = rest + 3 * (size_t)n,
                        .next = rest + 4 * (size_t)n };
    for (uint32_t v = 0; v < n; v++)
        if (!t.index[v])
            visit(&t, v);
    for (uint32_t i = 0; i < out->n; i++)
        for (uint32_t k = out->first[i]; k < out->first[i + 1]; k++)
            *(down ? &s->rows[out->datasets[k]].down_group : &s->rows[out->datasets[k]].up_group) = i;
    for (uint32_t i = 0; i < s->graph->n_edges; i++) {
        const struct bau_subset_edge *const e = &s->graph->edges[i];
        if (e->child == e->parent && follows(&t, e))
            out->cyclic[down ? s->rows[e->child].down_group : s->rows[e->child].up_group] = true;
    }
    return BAU_OK;
}

/* Which datasets a row can be kept of: those reached from the starts going down, and from there going up. */
static void reads_mark(struct bau_subset *s)
{
    const struct bau_subset_graph *const g = s->graph;
    for (uint32_t i = 0; i < g->n_datasets; i++) {
        const bau_subset_start start = g->datasets[i].start;
        s->rows[i].read = start == BAU_SUBSET_START_FLAGGED || start == BAU_SUBSET_START_ALL;
    }
    for (bool again = true; again;) {
        again = false;
        for (uint32_t i = 0; i < g->n_edges; i++) {
            const struct bau_subset_edge *const e = &g->edges[i];
            if (e->down && s->rows[e->parent].read && !s->rows[e->child].read)
                s->rows[e->child].read = again = true;
        }
    }
    for (uint32_t i = 0; i < g->n_datasets; i++)
        s->rows[i].read |= g->datasets[i].start == BAU_SUBSET_FULL;
    for (bool again = true; again;) {
        again = false;
        for (uint32_t i = 0; i < g->n_edges; i++) {
            const struct bau_subset_edge *const e = &g->edges[i];
            if (e->up == BAU_SUBSET_UP_FOLLOW && s->rows[e->child].read && !s->rows[e->parent].read)
                s->rows[e->parent].read = again = true;
        }
    }
}

bau_status bau_subset_graph_order(struct bau_subset *s, struct bau_error *err)
{
    reads_mark(s);
    BAU_TRY(groups_make(s, true, &s->down, err));
    return groups_make(s, false, &s->up, err);
}
