/* What the steps of making a selection share: nodes and edges as found (graph.c), rules about them
 * (rules.c), what is left of them for the engine (selection.c). */
#ifndef BAU_SELECT_BUILD_H
#define BAU_SELECT_BUILD_H

#include "src/plan/build.h"
#include "src/select/selection.h"

struct bau_raw_node { /* a dataset, or a partitioned one */
    uint32_t store, dataset;
    const struct bau_from_rule *from;
    const struct bau_outside_rule *outside;
    bool dependants, kept; /* rows of it may be kept as dependants of start rows; kept for any reason */
    bool left; /* nothing leads to it but references that `children:` says not to follow: it stays empty */
    uint32_t node; /* in the graph; BAU_NO_NODE: not in it */
};

struct bau_raw_edge {
    uint32_t child, parent; /* raw nodes */
    uint32_t n;
    const char *const *child_columns, *const *parent_columns; /* names; child NULL: expression */
    const char *expression, *when_column, *when;
    const char *declared; /* name of the foreign key, NULL: a link */
    struct bau_at at;
    const struct bau_child_rule *children;
    const struct bau_parent_rule *parents;
    bool down;
    bau_subset_up up;
};

struct bau_select {
    const struct bau_project *project;
    const struct bau_subset_rules *rules;
    const struct bau_selection_store *stores;
    uint32_t n_stores;
    struct bau_arena *arena;
    struct bau_findings_list *findings;
    struct bau_raw_node *nodes;
    uint32_t n_nodes;
    struct bau_raw_edge *edges;
    uint32_t n_edges;
    uint32_t **node_of; /* [store][dataset]: raw node, BAU_NO_NODE for what holds no rows */
};

static inline const struct bau_dataset *bau_raw_dataset(const struct bau_select *x, uint32_t node)
{
    return &x->stores[x->nodes[node].store].catalog->datasets[x->nodes[node].dataset];
}
const char *bau_raw_name(const struct bau_select *x, uint32_t node); /* "shop.public.orders", for messages */
/* The selector names a store of the project that takes no part in this run. */
bool bau_raw_absent(const struct bau_select *x, const struct bau_pattern *pattern);
bool bau_raw_matches(const struct bau_select *x, const struct bau_pattern *pattern, uint32_t node);

/* graph.c: nodes of every dataset that has rows; edges of foreign keys and links. */
bau_status bau_select_graph(struct bau_select *x, struct bau_error *err) BAU_MUST_CHECK;
/* rules.c: from, outside, children and parents found their nodes and edges; what is reached. */
bau_status bau_select_rules(struct bau_select *x, struct bau_error *err) BAU_MUST_CHECK;

#endif
