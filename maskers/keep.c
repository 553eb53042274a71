/* keep: the value itself. The plan never runs it for a field with `keep: reason` (that field stays a view);
 * it exists for
 * paths inside documents, for `bauta maskers` and as the trivial case of the contract tests. */
#include "bauta/masker.h"

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    (void)config;
    (void)ctx;
    (void)err;
    *out = *in;
    return BAU_OK;
}

const struct bau_masker bau_masker_keep = {
    .name = "keep",
    .summary = "Leaves the value as it is; needs a reason.",
    .accepts = BAU_TYPES_ALL,
    .traits = BAU_DETERMINISTIC | BAU_BIJECTIVE | BAU_KEEPS_LENGTH | BAU_KEEPS_ALL | BAU_KEEPS_LABELS,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_ORDER | BAU_LEAKS_LENGTH | BAU_LEAKS_PREFIX |
             BAU_LEAKS_FREQUENCY | BAU_LEAKS_FORMAT | BAU_LEAKS_RANGE | BAU_LEAKS_VALUE,
    .canon = BAU_CANON_NONE,
    .apply = apply,
    .example_in = "blue, size M",
    .example_options = "",
};
