/* null: no value at all. Says only that a row exists. */
#include "bauta/masker.h"

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    (void)config;
    return bau_column_nulls(out, in, ctx->arena, err);
}

const struct bau_masker bau_masker_null = {
    .name = "null",
    .summary = "Replaces every value by null.",
    .accepts = BAU_TYPES_ALL,
    .traits = BAU_DETERMINISTIC | BAU_CONSTANT | BAU_MAKES_NULLS | BAU_KEEPS_LABELS,
    .canon = BAU_CANON_NONE,
    .apply = apply,
    .example_in = "likes long walks",
    .example_options = "",
};
