/* pan_truncate: a card number cut as PCI DSS allows for what is no longer cardholder data; the removed digits
 * are filled, so length and separators stay.
 *
 * PCI DSS 4.0.1, requirement 3.4.1, and FAQ 1091 of the PCI Security Standards Council (acceptable formats
 * for truncation): 16 digits and more: the first 6 (8 where the issuer number has 8 digits) and 4 others; 15
 * digits (American Express), and shorter ones: the first 6 and the last 4. At least four digits go; where a
 * number is too short for that, fewer of the first ones stay. Equal truncations of different cards are equal:
 * distinct values do not stay distinct. One dataset must not hold two truncations of one card, nor a
 * truncation beside a hash of it. */
#include "maskers/id.h"

enum { TAIL = 4, GONE = 4 };

struct config {
    uint32_t bin_digits;
    const char *fill;
};

static const struct bau_option options[] = {
    { "bin_digits", BAU_OPTION_U32, offsetof(struct config, bin_digits), "6", 0, 8,
      "Digits that stay at the beginning of a number of 16 digits or more; shorter ones keep 6 at most.", 0,
      NULL, NULL, 0 },
    { "fill", BAU_OPTION_TEXT, offsetof(struct config, fill), "*", 0, 0,
      "The character in place of each removed digit.", 0, NULL, "CHAR", 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    const struct config *c = config;
    (void)with;
    if (strlen(c->fill) != 1 || *c->fill < 0x20 || *c->fill > 0x7E || (*c->fill >= '1' && *c->fill <= '9'))
        return bau_error_set(err, BAU_E_USAGE,
                             "fill must be one printable ASCII character, and no digit but 0");
    return BAU_OK;
}

static uint32_t head_of(const struct config *c, uint32_t n)
{
    const uint32_t wanted = n < 16 && c->bin_digits > 6 ? 6 : c->bin_digits;
    return wanted + TAIL + GONE <= n ? wanted : n - TAIL - GONE;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    const uint8_t *src = in->data;
    uint8_t *dst = out->data;
    memcpy(dst, src, in->offsets[in->n_values]);
    for (uint32_t i = 0; i < in->n_values; i++) {
        struct bau_id id;
        const uint32_t at = in->offsets[i], len = in->offsets[i + 1] - at;
        if (!bau_column_present(in, i))
            continue;
        if (!bau_id_read(src + at, len, &id) || id.n < 12 || id.n > 19 || !bau_id_digits(&id, 0, id.n))
            return bau_mask_refuse(ctx, in, i, "is no card number (12 to 19 digits)", err);
        for (uint32_t k = head_of(c, id.n); k < id.n - TAIL; k++)
            dst[at + id.at[k]] = (uint8_t)*c->fill;
    }
    return BAU_OK;
}

const struct bau_masker bau_masker_pan_truncate = {
    .name = "pan_truncate",
    .summary = "Cuts a payment card number to the first and last digits that PCI DSS lets stay.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_LENGTH,
    .leaks =
        BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_PREFIX | BAU_LEAKS_FORMAT,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_DIGITS,
    .bind = bind,
    .apply = apply,
    .example_in = "4111 1111 1111 1111",
    .example_options = "",
};
