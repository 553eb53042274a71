/* Rows of a subset on their way through a lane: which stay, and which references become null. */
#ifndef BAU_LANE_PICK_H
#define BAU_LANE_PICK_H

#include "src/select/selection.h"

struct bau_chosen { /* one store's share of a subset that has run. Threads: any */
    const struct bau_selection *selection;
    struct bau_subset *subset;
    uint32_t store;
    const struct bau_key_list
        *keys; /* n_datasets: rows are asked for by these; n 0: all are read and filtered */
};
/* As the plan has them when `chosen` is NULL. */
const bau_want *bau_chosen_want(const struct bau_chosen *chosen, const struct bau_dataset_plan *plan,
                                uint32_t dataset);
const bool *bau_chosen_replaced(const struct bau_chosen *chosen, const struct bau_dataset_plan *plan,
                                uint32_t dataset);
const struct bau_key_list *bau_chosen_keys(const struct bau_chosen *chosen, uint32_t dataset);
/* Rows that stay of a dataset that belongs to a node alone; of a partition: of all its like. UINT64_MAX: all. */
uint64_t bau_chosen_rows(const struct bau_chosen *chosen, uint32_t dataset);

/* For one part; belongs to one thread. *out is NULL where every row goes as it is. */
struct bau_picker;
bau_status bau_picker_new(const struct bau_chosen *chosen, uint32_t dataset, struct bau_picker **out,
                          struct bau_error *err) BAU_MUST_CHECK;
void bau_picker_free(struct bau_picker *picker); /* takes NULL */
/* Takes the rows out that do not stay; before masking. */
bau_status bau_picker_rows(struct bau_picker *picker, struct bau_batch *batch, struct bau_error *err)
    BAU_MUST_CHECK;
/* References to rows that do not stay become null; the same batch, after masking. */
bau_status bau_picker_nulls(struct bau_picker *picker, struct bau_batch *batch, struct bau_error *err)
    BAU_MUST_CHECK;

#endif
