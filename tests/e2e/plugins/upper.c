/* A masker from outside the tree, as the page in bauta/plugin.h says to write one: ASCII letters become upper case, digits '#'. */
#include <bauta/plugin.h>

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    (void)config;
    const struct bau_column from = *in;
    BAU_TRY(bau_column_like(out, &from, ctx->arena, err));
    const uint8_t *src = from.data;
    uint8_t *dst = out->data;
    for (uint32_t i = 0; i < from.offsets[from.n_values]; i++)
        dst[i] = src[i] >= 'a' && src[i] <= 'z'   ? (uint8_t)(src[i] - 32)
                 : src[i] >= '0' && src[i] <= '9' ? '#'
                                                  : src[i];
    return BAU_OK;
}

static const struct bau_masker upper = {
    .name = "upper",
    .summary = "Makes ASCII letters upper case and digits '#'.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_LENGTH | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_VALUE,
    .apply = apply,
    .example_in = "ada 12",
    .example_options = "",
};
static const struct bau_masker *const maskers[] = { &upper };
const struct bau_plugin bauta_plugin = BAU_PLUGIN(maskers);
