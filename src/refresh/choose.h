/* Choosing rows, and looking for one of them on the way. */
#ifndef BAU_REFRESH_CHOOSE_H
#define BAU_REFRESH_CHOOSE_H

#include "src/refresh/run.h"

struct bau_seek { /* a row that an explanation asks for */
    uint32_t node;
    const char *key; /* as bau_key_text spells it */
    size_t key_len;
    bool *found;
    struct bau_column **columns; /* of the node; the identity's are copied into the run's arena when found */
};
/* Looks for the row among those of a batch. Under the caller's lock. */
bau_status bau_seek_row(const struct bau_seek *seek, struct bau_run *run, const struct bau_selected *one,
                        uint32_t dataset, const struct bau_column *const *columns, uint32_t n_rows,
                        struct bau_error *err) BAU_MUST_CHECK;
/* plan_subset.c ─ what `plan` says of a subset; nothing when there is none. */
void bau_plan_subset_dataset(const struct bau_run_store *s, uint32_t dataset, struct bau_text *out);
void bau_plan_subset_edges(const struct bau_run_store *s, struct bau_text *out);
void bau_plan_subset_dataset_json(const struct bau_run_store *s, uint32_t dataset, struct bau_text *out);
void bau_plan_subset_edges_json(const struct bau_run_store *s, struct bau_text *out);
bau_status bau_run_choose_seeking(struct bau_run *run, const struct bau_seek *seek, struct bau_error *err)
    BAU_MUST_CHECK;

#endif
