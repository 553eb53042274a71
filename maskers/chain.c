/* chain: several maskers one after the other; each sees what the one before it made. */
#include "maskers/inside.h"

struct config {
    struct bau_subs steps;
};

static const struct bau_option options[] = {
    { "steps", BAU_OPTION_MASKERS, offsetof(struct config, steps), NULL, 0, 0,
      "The maskers, a list in the order in which they run.", BAU_OPTION_REQUIRED, NULL, NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    const struct config *c = config;
    (void)with;
    for (uint32_t i = 0; i < c->steps.n; i++)
        if (*c->steps.at[i].label)
            return bau_error_set(err, BAU_E_USAGE,
                                 "steps is a plain list of maskers; '%.60s' is no place in it",
                                 c->steps.at[i].label);
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct bau_column from = *in, to = *in;
    for (uint32_t i = 0; i < c->steps.n; i++) {
        BAU_TRY_NOTE(bau_sub_apply(&c->steps.at[i], ctx, &from, &to, err), err, "step %u", i + 1);
        from = to;
    }
    *out = to;
    return BAU_OK;
}

/* The last step that says how wide its output is; what follows it says "never longer than my input". */
static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    uint32_t wide = 0;
    (void)type;
    for (uint32_t i = 0; i < c->steps.n; i++)
        wide = bau_sub_widest(&c->steps.at[i], wide);
    return wide;
}

static void promises(const void *config, uint32_t *traits, uint32_t *leaks)
{
    const struct config *c = config;
    const uint32_t distinct = BAU_BIJECTIVE | BAU_COLLISION_BOUND;
    const struct bau_subs *steps = &c->steps;
    uint32_t constant = 0, flat = 0, nulls = 0, apart = BAU_BIJECTIVE, labels = BAU_KEEPS_LABELS;
    bau_subs_promise(steps->at, steps->n, traits, leaks);
    *traits &= ~(uint32_t)(BAU_KEEPS_LABELS | BAU_KEEPS_SOME);
    *leaks &= ~(uint32_t)BAU_LEAKS_VALUE;
    uint32_t stays = BAU_LEAKS_VALUE; /* only when every step may leave it */
    for (uint32_t i = 0; i < steps->n; i++) {
        const uint32_t own = steps->at[i].traits;
        if (!(own & distinct))
            apart = 0;
        else if (apart)
            apart = own & apart & BAU_BIJECTIVE ? BAU_BIJECTIVE : BAU_COLLISION_BOUND;
        if (!(own & BAU_KEEPS_ALL)) {
            flat = own & BAU_CONSTANT;
            constant = nulls && !(own & BAU_MAKES_NULLS) ? 0 : own & BAU_CONSTANT; /* some stay null */
            labels = own & BAU_KEEPS_LABELS;
        }
        nulls |= own & BAU_MAKES_NULLS;
        stays &= steps->at[i].leaks;
    }
    *traits |= constant | apart | labels;
    if (stays && !(*traits & BAU_KEEPS_ALL))
        *traits |= BAU_KEEPS_SOME;
    *leaks = constant ? 0 : flat ? BAU_LEAKS_FORMAT : *leaks | stays;
}

const struct bau_masker bau_masker_chain = {
    .name = "chain",
    .summary = "Runs several maskers one after the other.",
    .accepts = BAU_TYPES_ALL,
    .traits = BAU_DETERMINISTIC,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .promises = promises,
    .example_in = "Ada Lovelace",
    .example_options = "steps=[person_name, {mask: redact, keep_first: 2}]",
};
