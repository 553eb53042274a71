/* The first pass: what maskers that observe are shown, before any row is masked. */
#include "src/plan/document.h"
#include "src/plan/plan.h"

static bool looks(const struct bau_action *a)
{
    return a->kind == BAU_ACT_MASK && a->mask.masker && a->mask.masker->observe;
}

bau_status bau_plan_observe(const struct bau_plan *plan, uint32_t dataset, uint64_t first_row,
                            const struct bau_batch *batch, struct bau_mask_state *state,
                            struct bau_error *err)
{
    const struct bau_dataset_plan *p = &plan->datasets[dataset];
    for (uint32_t f = 0; p->look && f < p->dataset->n_fields; f++) {
        const struct bau_action *a = &p->actions[f];
        if (!looks(a))
            continue;
        const struct bau_column *by[BAU_BY_MOST];
        struct bau_mask_ctx ctx;
        BAU_TRY(bau_mask_state_ctx(state, &a->mask, first_row, batch, f, by, &ctx, err));
        BAU_TRY_NOTE(a->mask.masker->observe(a->mask.config, a->mask.seen, &ctx, &batch->columns[f], err),
                     err, "%s.%s.%s", plan->store->name, p->dataset->name, p->dataset->fields[f].name);
    }
    return BAU_OK;
}

bau_status bau_plan_settle(const struct bau_plan *plan, struct bau_error *err)
{
    for (uint32_t d = 0; d < plan->n_datasets; d++) {
        const struct bau_dataset_plan *p = &plan->datasets[d];
        for (uint32_t f = 0; p->look && f < p->dataset->n_fields; f++) {
            const struct bau_action *a = &p->actions[f];
            if (looks(a))
                BAU_TRY_NOTE(a->mask.masker->settle(a->mask.config, a->mask.seen, err), err, "%s.%s.%s",
                             plan->store->name, p->dataset->name, p->dataset->fields[f].name);
        }
    }
    return BAU_OK;
}
