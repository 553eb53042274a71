/* Nodes and edges: every dataset with rows, every foreign key, every link of the project file. */
#include <string.h>

#include "src/select/build.h"

const char *bau_raw_name(const struct bau_select *x, uint32_t node)
{
    const char *name =
        bau_arena_printf(x->findings->arena, "%s.%s", x->stores[x->nodes[node].store].store->name,
                         bau_raw_dataset(x, node)->name);
    return name ? name : "";
}

static bool matches(const struct bau_select *x, const struct bau_pattern *pattern, uint32_t store,
                    const struct bau_dataset *d)
{
    const char *segments[3];
    return bau_pattern_matches(pattern, segments,
                               bau_dataset_segments(d, x->stores[store].store->name, segments));
}

bool bau_raw_matches(const struct bau_select *x, const struct bau_pattern *pattern, uint32_t node)
{
    return matches(x, pattern, x->nodes[node].store, bau_raw_dataset(x, node));
}

bool bau_raw_absent(const struct bau_select *x, const struct bau_pattern *pattern)
{
    const char *store = pattern->segments[0].text;
    for (uint32_t s = 0; s < x->n_stores; s++)
        if (strcmp(x->stores[s].store->name, store) == 0)
            return false;
    return bau_project_store(x->project, store) != NULL;
}

/* ── nodes ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static uint32_t root_of(const struct bau_catalog *c, uint32_t d)
{
    while (c->datasets[d].parent != BAU_NO_DATASET)
        d = c->datasets[d].parent;
    return d;
}

static bau_status nodes_of(struct bau_select *x, uint32_t store, struct bau_error *err)
{
    const struct bau_catalog *c = x->stores[store].catalog;
    uint32_t *of = bau_arena_take(x->arena, ((size_t)c->n_datasets + 1) * sizeof *of);
    if (!of)
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    for (uint32_t d = 0; d < c->n_datasets; d++)
        of[d] = BAU_NO_NODE;
    for (uint32_t d = 0; d < c->n_datasets; d++) {
        if (c->datasets[d].kind == BAU_DATASET_SCHEMA)
            continue;
        const uint32_t root = root_of(c, d);
        if (of[root] == BAU_NO_NODE) {
            of[root] = x->n_nodes;
            x->nodes[x->n_nodes++] =
                (struct bau_raw_node){ .store = store, .dataset = root, .node = BAU_NO_NODE };
        }
        of[d] = of[root];
    }
    x->node_of[store] = of;
    return BAU_OK;
}

/* ── edges ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool same_names(uint32_t n, const char *const *a, const char *const *b)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(a[i], b[i]) != 0)
            return false;
    return true;
}

/* Two foreign keys over the same columns to the same columns are one edge. */
static bool is_there(const struct bau_select *x, const struct bau_raw_edge *e)
{
    for (uint32_t i = 0; i < x->n_edges; i++) {
        const struct bau_raw_edge *o = &x->edges[i];
        if (o->child == e->child && o->parent == e->parent && o->n == e->n && o->child_columns &&
            e->child_columns && !o->when_column && !e->when_column &&
            same_names(e->n, o->child_columns, e->child_columns) &&
            same_names(e->n, o->parent_columns, e->parent_columns))
            return true;
    }
    return false;
}

static const char **names_of(const struct bau_select *x, const struct bau_dataset *d, uint32_t n,
                             const uint32_t *fields)
{
    const char **names = bau_arena_take(x->arena, (n + 1) * sizeof *names);
    for (uint32_t i = 0; names && i < n; i++)
        names[i] = d->fields[fields[i]].name;
    return names;
}

static bau_status foreign_keys(struct bau_select *x, uint32_t store, struct bau_error *err)
{
    const struct bau_catalog *c = x->stores[store].catalog;
    for (uint32_t r = 0; r < c->n_references; r++) {
        const struct bau_reference *ref = &c->references[r];
        struct bau_raw_edge e = { .child = x->node_of[store][ref->from],
                                  .parent = x->node_of[store][ref->to],
                                  .n = ref->n_fields,
                                  .declared = ref->name };
        if (e.child == BAU_NO_NODE || e.parent == BAU_NO_NODE)
            continue;
        e.child_columns = names_of(x, &c->datasets[ref->from], ref->n_fields, ref->from_fields);
        e.parent_columns = names_of(x, &c->datasets[ref->to], ref->n_fields, ref->to_fields);
        if (!e.child_columns || !e.parent_columns)
            return bau_error_set(err, BAU_E_NOMEM, "subset");
        if (!is_there(x, &e))
            x->edges[x->n_edges++] = e;
    }
    return BAU_OK;
}

/* The node that a selector names; a finding when there is none or several. */
static uint32_t find_node(struct bau_select *x, const struct bau_pattern *pattern)
{
    uint32_t found = BAU_NO_NODE, n = 0;
    for (uint32_t s = 0; s < x->n_stores; s++)
        for (uint32_t d = 0; d < x->stores[s].catalog->n_datasets; d++) {
            const uint32_t node = x->node_of[s][d];
            if (node == BAU_NO_NODE || node == found ||
                !matches(x, pattern, s, &x->stores[s].catalog->datasets[d]))
                continue;
            found = node;
            n++;
        }
    if (n == 1)
        return found;
    bau_find_add(x->findings, BAU_E_USAGE, pattern->at, NULL, pattern->text,
                 n ? "names %u datasets; a link joins two" : "there is no such dataset with rows in this run",
                 n);
    return BAU_NO_NODE;
}

static bool has_fields(struct bau_select *x, const struct bau_pattern *pattern, uint32_t node, uint32_t n,
                       const char *const *names)
{
    const struct bau_dataset *d = bau_raw_dataset(x, node);
    bool all = true;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t f = bau_dataset_find(d, names[i]);
        if (f == UINT32_MAX)
            bau_find_add(x->findings, BAU_E_USAGE, pattern->at, NULL, bau_raw_name(x, node),
                         "there is no field '%.60s'", names[i]);
        else if (d->fields[f].list)
            bau_find_add(x->findings, BAU_E_USAGE, pattern->at, NULL, bau_raw_name(x, node),
                         "'%.60s' is an array; a reference is one value", names[i]);
        else
            continue;
        all = false;
    }
    return all;
}

static void links(struct bau_select *x)
{
    for (uint32_t i = 0; i < x->rules->n_links; i++) {
        const struct bau_link_rule *l = &x->rules->links[i];
        struct bau_raw_edge e = { .n = l->n_columns,
                                  .child_columns = l->child_columns,
                                  .parent_columns = l->parent_columns,
                                  .expression = l->expression,
                                  .when_column = l->when_column,
                                  .when = l->when,
                                  .at = l->at };
        if (bau_raw_absent(x, &l->child) || bau_raw_absent(x, &l->parent)) {
            bau_find_add(x->findings, BAU_OK, l->at, NULL,
                         bau_raw_absent(x, &l->child) ? l->child.text : l->parent.text,
                         "its store takes no part in this run; the link is not followed");
            continue;
        }
        e.child = find_node(x, &l->child);
        e.parent = find_node(x, &l->parent);
        if (e.child == BAU_NO_NODE || e.parent == BAU_NO_NODE)
            continue;
        bool good = has_fields(x, &l->parent, e.parent, e.n, e.parent_columns);
        if (!e.expression)
            good = has_fields(x, &l->child, e.child, e.n, e.child_columns) && good;
        if (e.when_column)
            good = has_fields(x, &l->child, e.child, 1, &e.when_column) && good;
        if (good && !is_there(x, &e))
            x->edges[x->n_edges++] = e;
    }
}

bau_status bau_select_graph(struct bau_select *x, struct bau_error *err)
{
    size_t n_datasets = 1, n_edges = (size_t)x->rules->n_links + 1;
    for (uint32_t s = 0; s < x->n_stores; s++) {
        n_datasets += x->stores[s].catalog->n_datasets;
        n_edges += x->stores[s].catalog->n_references;
    }
    x->nodes = bau_arena_zero(x->arena, n_datasets * sizeof *x->nodes);
    x->edges = bau_arena_zero(x->arena, n_edges * sizeof *x->edges);
    x->node_of = bau_arena_zero(x->arena, ((size_t)x->n_stores + 1) * sizeof *x->node_of);
    if (!x->nodes || !x->edges || !x->node_of)
        return bau_error_set(err, BAU_E_NOMEM, "subset");
    for (uint32_t s = 0; s < x->n_stores; s++)
        BAU_TRY(nodes_of(x, s, err));
    for (uint32_t s = 0; s < x->n_stores; s++)
        BAU_TRY(foreign_keys(x, s, err));
    links(x);
    return BAU_OK;
}
