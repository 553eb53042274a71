/* What `plan` says of a subset: rows kept per dataset and how they are read, references per edge. All of it was counted. */
#include "src/refresh/choose.h"

static const struct bau_selected *selected_of(const struct bau_run_store *s, uint32_t dataset)
{
    return s->chosen ? &s->chosen->selection->of[s->chosen->store][dataset] : NULL;
}

/* How the kept rows come out of the store. */
static const char *reading(const struct bau_run_store *s, const struct bau_selected *one, uint32_t dataset)
{
    const struct bau_subset_count c = bau_subset_count_of(s->chosen->subset, one->node);
    if (c.kept == 0)
        return "not read";
    if (c.kept == c.seen)
        return "all rows";
    return s->chosen->keys[dataset].n ? "read by key" : "read whole and filtered";
}

void bau_plan_subset_dataset(const struct bau_run_store *s, uint32_t dataset, struct bau_text *out)
{
    const struct bau_selected *one = selected_of(s, dataset);
    char kept[32], seen[32], starts[32];
    if (!one)
        return;
    bau_text_add(out, "    subset: ");
    if (one->node == BAU_NO_NODE) {
        bau_text_addf(out, "outside, %s\n", one->empty ? "left empty" : "kept in full");
        return;
    }
    const struct bau_subset_count c = bau_subset_count_of(s->chosen->subset, one->node);
    const bool partition = s->catalog->datasets[dataset].parent != BAU_NO_DATASET;
    bau_text_addf(out, "%s of %s rows%s, %s", bau_count_text(c.kept, kept), bau_count_text(c.seen, seen),
                  partition ? " of all partitions" : "", reading(s, one, dataset));
    if (c.starts)
        bau_text_addf(out, "; %s start rows", bau_count_text(c.starts, starts));
    bau_text_add(out, "\n");
}

void bau_plan_subset_edges(const struct bau_run_store *s, struct bau_text *out)
{
    char n[32], broken[32];
    bool first = true;
    for (uint32_t k = 0; s->chosen && k < s->chosen->selection->graph.n_edges; k++) {
        const struct bau_subset_edge *e = &s->chosen->selection->graph.edges[k];
        if (s->chosen->selection->edges[k].store != s->chosen->store)
            continue;
        const struct bau_subset_edge_count c = bau_subset_edge_count_of(s->chosen->subset, k);
        bau_text_add(out, first ? "\n  references of kept rows\n    " : "    ");
        bau_text_add(out, e->name);
        bau_text_addf(out, "\n      %s%s", bau_count_text(c.references, n),
                      bau_subset_count_of(s->chosen->subset, e->parent).dependants && e->down
                          ? ", followed to dependants"
                          : "");
        if (c.broken)
            bau_text_addf(out, ", %s %s", bau_count_text(c.broken, broken),
                          e->up == BAU_SUBSET_UP_NULL   ? "become null"
                          : e->up == BAU_SUBSET_UP_KEEP ? "lead to rows that stay behind"
                                                        : "lead nowhere in the source");
        bau_text_add(out, "\n");
        first = false;
    }
}

void bau_plan_subset_dataset_json(const struct bau_run_store *s, uint32_t dataset, struct bau_text *out)
{
    const struct bau_selected *one = selected_of(s, dataset);
    if (!one)
        return;
    if (one->node == BAU_NO_NODE) {
        bau_text_addf(out, ",\"subset\":{\"outside\":\"%s\"}", one->empty ? "empty" : "full");
        return;
    }
    const struct bau_subset_count c = bau_subset_count_of(s->chosen->subset, one->node);
    bau_text_addf(out,
                  ",\"subset\":{\"seen\":%" PRIu64 ",\"starts\":%" PRIu64 ",\"dependants\":%" PRIu64
                  ",\"kept\":%" PRIu64 ",\"reading\":\"%s\"}",
                  c.seen, c.starts, c.dependants, c.kept, reading(s, one, dataset));
}

void bau_plan_subset_edges_json(const struct bau_run_store *s, struct bau_text *out)
{
    bool first = true;
    if (!s->chosen)
        return;
    bau_text_add(out, ",\"references\":[");
    for (uint32_t k = 0; k < s->chosen->selection->graph.n_edges; k++) {
        const struct bau_subset_edge *e = &s->chosen->selection->graph.edges[k];
        if (s->chosen->selection->edges[k].store != s->chosen->store)
            continue;
        const struct bau_subset_edge_count c = bau_subset_edge_count_of(s->chosen->subset, k);
        bau_text_add(out, first ? "{\"edge\":" : ",{\"edge\":");
        bau_text_add_json(out, e->name);
        bau_text_addf(out, ",\"down\":%s,\"references\":%" PRIu64 ",\"broken\":%" PRIu64 "}",
                      e->down ? "true" : "false", c.references, c.broken);
        first = false;
    }
    bau_text_add(out, "]");
}
