/* `subset:` of the project file + the catalogs of a run → the graph that src/subset walks, and per dataset what readers must
 * give so that its rows can be told apart.
 *
 * A node of the graph is a dataset, or a partitioned one with all its partitions. Its columns are those that references
 * use, those that tell rows apart, and expressions. A dataset without a usable key is told apart by the bytes of its fields as
 * they arrive: rows that are equal in those share one fate.
 *
 * Ownership: everything lies in the selection's arena, which borrows project and catalogs. Threads: const once made. */
#ifndef BAU_SELECTION_H
#define BAU_SELECTION_H

#include "src/plan/plan.h"
#include "src/subset/subset.h"

#define BAU_NO_NODE UINT32_MAX
#define BAU_MADE UINT32_MAX /* in `fields`: made out of the bytes of `made` */

struct bau_nulling { /* a reference that becomes null where its parent is not kept */
    uint32_t edge, n_fields;
    const uint32_t *fields; /* of the dataset; these become null */
};

struct bau_selected {               /* one dataset of one store */
    uint32_t node;                  /* BAU_NO_NODE: `outside:` says what becomes of it */
    bool empty;                     /* outside: none of its rows, else all */
    uint32_t n_columns;             /* of the node */
    const uint32_t *fields;         /* n_columns: which field of `read` */
    const struct bau_dataset *read; /* for narrow reads: the dataset with expressions behind its fields */
    uint32_t flag;                  /* field of `read` that says "true" for start rows; UINT32_MAX: none */
    uint32_t n_made;
    const uint32_t *made; /* fields whose bytes tell rows apart; n_made 0: the node's identity is a key */
    uint32_t n_nullings;
    const struct bau_nulling *nullings;
    const bau_want *want; /* n_fields; the plan's and what choosing needs; NULL before bau_selection_wants */
    const bool *replaced; /* n_fields */
};

struct bau_selected_node {
    uint32_t store, dataset;          /* the dataset, or the partitioned one; index into the run's stores */
    const struct bau_from_rule *from; /* NULL: not where it starts */
    const struct bau_outside_rule *outside;
};
struct bau_selected_edge {
    uint32_t store;       /* of the child */
    const char *declared; /* name of the foreign key; NULL: a link */
    struct bau_at at;     /* of the link */
};

struct bau_selection {
    struct bau_arena *arena; /* private */
    struct bau_subset_graph graph;
    const struct bau_selected_node *nodes; /* graph.n_datasets */
    const struct bau_selected_edge *edges; /* graph.n_edges */
    uint32_t n_stores;
    struct bau_selected *const *of; /* [store][dataset] */
};

struct bau_selection_store {
    const struct bau_store *store;
    const struct bau_catalog *catalog;
};

/* All findings at once, as bau_plan_compile gives them: datasets that the references do not reach and that `outside:` does not
 * name are BAU_E_POLICY, names that are not there BAU_E_USAGE. */
bau_status bau_selection_new(const struct bau_project *project, const struct bau_selection_store *stores,
                             uint32_t n_stores, struct bau_arena *findings_arena,
                             struct bau_findings *findings, struct bau_selection **out, struct bau_error *err)
    BAU_MUST_CHECK;
void bau_selection_free(struct bau_selection *selection); /* takes NULL */
/* What readers and writers of whole rows must do, given the plan of a store. Before lanes. */
bau_status bau_selection_wants(struct bau_selection *selection, uint32_t store, const struct bau_plan *plan,
                               struct bau_error *err) BAU_MUST_CHECK;

/* A batch's rows as the subset takes them: `out` has n_columns entries, NULL where `needed` is false. What must be made lies in
 * the batch's arena. */
bau_status bau_selected_columns(const struct bau_selected *selected, struct bau_batch *batch,
                                const bool *needed, const struct bau_column **out, struct bau_error *err)
    BAU_MUST_CHECK;

#endif
