/* What `from:`, `outside:`, `children:` and `parents:` say of nodes and edges, and which datasets are reached. */
#include <string.h>

#include "src/select/build.h"

/* Of two rules that match, the more specific one; equally specific ones are a finding. */
static bool better(struct bau_select *x, const struct bau_pattern *old, const struct bau_pattern *fresh,
                   const char *object)
{
    const int order = old ? bau_pattern_compare(fresh, old) : 1;
    if (order == 0)
        bau_find_add(x->findings, BAU_E_USAGE, fresh->at, NULL, object,
                     "is named equally well at " BAU_AT_FORMAT, BAU_AT_ARGS(old->at));
    return order > 0;
}

static void unused(struct bau_select *x, const struct bau_pattern *pattern, const char *what)
{
    if (bau_raw_absent(x, pattern))
        return;
    bau_find_add(x->findings, BAU_E_USAGE, pattern->at, NULL, pattern->text,
                 "there is no such %s in this run", what);
}

/* A rule may name the dataset, or a partition of it. */
static bool names_node(const struct bau_select *x, const struct bau_pattern *pattern, uint32_t node)
{
    if (bau_raw_matches(x, pattern, node))
        return true;
    const uint32_t s = x->nodes[node].store;
    const struct bau_catalog *c = x->stores[s].catalog;
    for (uint32_t d = 0; d < c->n_datasets; d++) {
        const char *segments[3];
        const uint32_t n = bau_dataset_segments(&c->datasets[d], x->stores[s].store->name, segments);
        if (x->node_of[s][d] == node && bau_pattern_matches(pattern, segments, n))
            return true;
    }
    return false;
}

static bool starts(struct bau_select *x)
{
    bool any = false;
    for (uint32_t i = 0; i < x->rules->n_from; i++) {
        const struct bau_from_rule *r = &x->rules->from[i];
        bool found = false;
        for (uint32_t n = 0; n < x->n_nodes; n++) {
            if (!bau_raw_matches(x, &r->dataset, n))
                continue;
            found = true;
            if (x->nodes[n].from)
                bau_find_add(x->findings, BAU_E_USAGE, r->at, NULL, bau_raw_name(x, n),
                             "starts at " BAU_AT_FORMAT " already; join the conditions",
                             BAU_AT_ARGS(x->nodes[n].from->at));
            x->nodes[n].from = r;
        }
        if (!found)
            unused(x, &r->dataset, "dataset with rows");
        any = any || found;
    }
    if (!any)
        bau_find_add(x->findings, BAU_E_USAGE, x->rules->at, NULL, "subset",
                     "starts nowhere in the stores of this run");
    return any;
}

static void outside(struct bau_select *x)
{
    for (uint32_t i = 0; i < x->rules->n_outside; i++) {
        const struct bau_outside_rule *r = &x->rules->outside[i];
        bool found = false;
        for (uint32_t n = 0; n < x->n_nodes; n++) {
            const struct bau_outside_rule *old = x->nodes[n].outside;
            if (!names_node(x, &r->dataset, n))
                continue;
            found = true;
            if (better(x, old ? &old->dataset : NULL, &r->dataset, bau_raw_name(x, n)))
                x->nodes[n].outside = r;
        }
        if (!found)
            unused(x, &r->dataset, "dataset with rows");
    }
    for (uint32_t n = 0; n < x->n_nodes; n++)
        if (x->nodes[n].outside && x->nodes[n].from)
            bau_find_add(x->findings, BAU_E_USAGE, x->nodes[n].outside->at, NULL, bau_raw_name(x, n),
                         "is where the subset starts; it cannot be outside as well");
}

/* A selector names an edge by the child's dataset or by a column that refers. */
static bool names_edge(const struct bau_select *x, const struct bau_pattern *pattern,
                       const struct bau_raw_edge *e)
{
    if (names_node(x, pattern, e->child))
        return true;
    const struct bau_dataset *d = bau_raw_dataset(x, e->child);
    for (uint32_t i = 0; e->child_columns && i < e->n; i++) {
        const char *segments[4];
        const uint32_t n = bau_dataset_segments(d, x->stores[x->nodes[e->child].store].store->name, segments);
        segments[n] = e->child_columns[i];
        if (bau_pattern_matches(pattern, segments, n + 1))
            return true;
    }
    return false;
}

static void children(struct bau_select *x)
{
    for (uint32_t i = 0; i < x->rules->n_children; i++) {
        const struct bau_child_rule *r = &x->rules->children[i];
        bool found = false;
        for (uint32_t k = 0; k < x->n_edges; k++) {
            struct bau_raw_edge *e = &x->edges[k];
            if (!names_edge(x, &r->edge, e))
                continue;
            found = true;
            if (better(x, e->children ? &e->children->edge : NULL, &r->edge, bau_raw_name(x, e->child)))
                e->children = r;
        }
        if (!found)
            unused(x, &r->edge, "dataset or field that refers to another");
    }
}

static void parents(struct bau_select *x)
{
    for (uint32_t i = 0; i < x->rules->n_parents; i++) {
        const struct bau_parent_rule *r = &x->rules->parents[i];
        bool found = false;
        for (uint32_t k = 0; k < x->n_edges; k++) {
            struct bau_raw_edge *e = &x->edges[k];
            if (!names_edge(x, &r->edge, e))
                continue;
            found = true;
            if (better(x, e->parents ? &e->parents->edge : NULL, &r->edge, bau_raw_name(x, e->child)))
                e->parents = r;
        }
        if (!found)
            unused(x, &r->edge, "dataset or field that refers to another");
    }
}

static bool is_empty(const struct bau_raw_node *n)
{
    return n->outside && !n->outside->full;
}

static bool is_full(const struct bau_raw_node *n)
{
    return n->outside && n->outside->full;
}

/* `keep` leaves references that the target would refuse, unless its foreign key is waived. */
static bool waived(const struct bau_select *x, const struct bau_raw_edge *e)
{
    const struct bau_store *store = x->stores[x->nodes[e->child].store].store;
    for (uint32_t i = 0; i < store->n_settings; i++)
        if (strcmp(store->settings[i].name, "waive") == 0 && strstr(store->settings[i].text, e->declared))
            return true;
    return false;
}

static void directions(struct bau_select *x)
{
    static const bau_subset_up ups[] = { [BAU_PARENTS_FOLLOW] = BAU_SUBSET_UP_FOLLOW,
                                         [BAU_PARENTS_NULL] = BAU_SUBSET_UP_NULL,
                                         [BAU_PARENTS_KEEP] = BAU_SUBSET_UP_KEEP };
    for (uint32_t k = 0; k < x->n_edges; k++) {
        struct bau_raw_edge *e = &x->edges[k];
        e->down = (!e->children || e->children->follow) && !is_empty(&x->nodes[e->child]) &&
                  !is_full(&x->nodes[e->child]);
        e->up = e->parents ? ups[e->parents->kind] : BAU_SUBSET_UP_FOLLOW;
        if (e->up == BAU_SUBSET_UP_KEEP && e->declared && !waived(x, e))
            bau_find_add(x->findings, BAU_E_USAGE, e->parents->at, NULL, bau_raw_name(x, e->child),
                         "foreign key %.63s would refuse references to rows that stay behind; follow it, set "
                         "them null, or waive it by name",
                         e->declared);
    }
}

/* Down from the start, then up from everything. */
static void reach(struct bau_select *x)
{
    for (uint32_t n = 0; n < x->n_nodes; n++) {
        x->nodes[n].dependants = x->nodes[n].from != NULL;
        x->nodes[n].kept = x->nodes[n].from || is_full(&x->nodes[n]);
    }
    for (bool more = true; more;) {
        more = false;
        for (uint32_t k = 0; k < x->n_edges; k++) {
            struct bau_raw_node *child = &x->nodes[x->edges[k].child],
                                *parent = &x->nodes[x->edges[k].parent];
            if (x->edges[k].down && parent->dependants && !child->dependants)
                more = child->dependants = child->kept = true;
            if (x->edges[k].up == BAU_SUBSET_UP_FOLLOW && child->kept && !parent->kept)
                more = parent->kept = true;
        }
    }
}

static void leave(struct bau_select *x)
{
    for (uint32_t k = 0; k < x->n_edges; k++) {
        const struct bau_raw_edge *e = &x->edges[k];
        struct bau_raw_node *child = &x->nodes[e->child];
        child->left = child->left || (e->children && !e->children->follow && x->nodes[e->parent].dependants &&
                                      !child->kept && !child->outside);
    }
}

static void uncovered(struct bau_select *x)
{
    for (uint32_t n = 0; n < x->n_nodes; n++) {
        const struct bau_raw_node *node = &x->nodes[n];
        if (node->kept || node->outside || node->left)
            continue;
        const char *segments[3];
        const uint32_t n_segments =
            bau_dataset_segments(bau_raw_dataset(x, n), x->stores[node->store].store->name, segments);
        BAU_AUTO_TEXT line = { 0 };
        bau_text_add(&line, "outside: { ");
        bau_spell_selector(&line, segments, n_segments);
        bau_text_add(&line, ": full } # or empty");
        bau_find_add(x->findings, BAU_E_POLICY, (struct bau_at){ 0 },
                     line.data ? bau_arena_text(x->findings->arena, line.data) : NULL, bau_raw_name(x, n),
                     "no reference leads to it from where the subset starts");
    }
    for (uint32_t k = 0; k < x->n_edges; k++) {
        const struct bau_raw_edge *e = &x->edges[k];
        if (e->up == BAU_SUBSET_UP_FOLLOW && x->nodes[e->child].kept && is_empty(&x->nodes[e->parent]))
            bau_find_add(
                x->findings, BAU_E_USAGE, x->nodes[e->parent].outside->at, NULL, bau_raw_name(x, e->parent),
                "shall be empty, but rows of %.120s that are kept refer to it", bau_raw_name(x, e->child));
    }
}

bau_status bau_select_rules(struct bau_select *x, struct bau_error *err)
{
    if (starts(x)) { /* else nothing is reached, and saying so of every dataset helps nobody */
        outside(x);
        children(x);
        parents(x);
        directions(x);
        reach(x);
        leave(x);
        uncovered(x);
    }
    return x->findings->failed ? bau_error_set(err, BAU_E_NOMEM, "subset") : BAU_OK;
}
