/* imei_reserved: an IMEI of the test range: type allocation codes that begin with 00 are no device's on the
 * market (GSMA TS.06, reporting body 00: test IMEI). The next twelve digits are drawn from the PRF of all
 * digits, the last one is right by Luhn: n devices collide with a chance of about n^2 / (2 * 10^12). */
#include "maskers/id.h"

struct config {
    const struct bau_mask_key *key;
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    (void)err;
    c->key = with->key;
    return BAU_OK;
}

static bool fill(const void *config, struct bau_id *id, const uint8_t digest[16])
{
    (void)config;
    if (id->n != 15 || !bau_id_digits(id, 0, 15))
        return false;
    bau_id_put_number(id, 0, 14, bau_draw(bau_bits64(digest), UINT64_C(1000000000000)));
    id->symbol[14] = bau_id_luhn(id->symbol, 15, 14);
    return true;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    return bau_id_replace(fill, "is no IMEI (fifteen digits)", c, c->key, ctx, in, out, err);
}

const struct bau_masker bau_masker_imei_reserved = {
    .name = "imei_reserved",
    .summary = "Replaces a mobile device identity by one of the range for tests.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_LENGTH | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_FORMAT,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_DIGITS,
    .bind = bind,
    .apply = apply,
    .example_in = "49-015420-323751-8",
    .example_options = "",
};
