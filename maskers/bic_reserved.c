/* bic_reserved: a bank identifier code for tests: ISO 9362 and SWIFT mark those by 0 as the eighth symbol,
 * and no payment goes to them. Country and length stay, a branch becomes XXX (head office); bank and place
 * are letters drawn from the PRF of the code in one case: banks of one country collide with a chance of about
 * n^2 / (2 * 26^5). */
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
    static const uint8_t places[5] = { 0, 1, 2, 3, 6 };
    (void)config;
    if ((id->n != 8 && id->n != 11) || bau_is_digit(id->symbol[4]) || bau_is_digit(id->symbol[5]))
        return false;
    uint64_t v = bau_draw(bau_bits64(digest), 26 * 26 * 26 * 26 * 26);
    for (uint32_t i = 0; i < 5; i++, v /= 26)
        id->symbol[places[i]] = (uint8_t)('A' + v % 26);
    id->symbol[7] = '0';
    if (id->n == 11)
        memcpy(id->symbol + 8, "XXX", 3);
    return true;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    return bau_id_replace(fill, "is no BIC (four, two letters, two, and maybe three)", c, c->key, ctx, in,
                          out, err);
}

const struct bau_masker bau_masker_bic_reserved = {
    .name = "bic_reserved",
    .summary = "Replaces a bank identifier code by a test code of the same country.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_LENGTH | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_FORMAT,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_FOLD,
    .bind = bind,
    .apply = apply,
    .example_in = "COBADEFF370",
    .example_options = "",
};
