/* isin: securities (ISO 6166): two letters, nine letters or digits, a check digit, which is computed.
 *
 * Country and which places are letters stay; the nine symbols are a number in mixed radix (26 for a letter,
 * 10 for a digit), permuted as maskers/rank.h says with the country and the places of the letters as context:
 * bijective. A check digit that is wrong by k (invalid=mask) is wrong by k afterwards. No range is reserved
 * for tests: the result may be some security's. Source: ISO 6166 annex A: Luhn over the digits, a letter
 * being 10 to 35. */
#include "maskers/id.h"

struct config {
    uint32_t invalid;
    struct bau_rank rank;
};

static const struct bau_option options[] = {
    { "invalid", BAU_OPTION_CHOICE, offsetof(struct config, invalid), "refuse", 0, 0, BAU_ID_INVALID_SENTENCE,
      0, BAU_ID_INVALID_WORDS, NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    return bau_rank_bind(&c->rank, with->key, "isin", err);
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_rank_release(&c->rank);
}

static const uint8_t places[9] = { 2, 3, 4, 5, 6, 7, 8, 9, 10 };

static uint32_t right_digit(const struct bau_id *id)
{
    uint8_t digits[24];
    uint32_t n = 0;
    for (uint32_t i = 0; i < 11; i++) {
        const uint32_t v = (uint32_t)(id->symbol[i] - 'A') + 10;
        if (bau_is_digit(id->symbol[i])) {
            digits[n++] = id->symbol[i];
        } else {
            digits[n++] = (uint8_t)('0' + v / 10);
            digits[n++] = (uint8_t)('0' + v % 10);
        }
    }
    digits[n++] = '0';
    return bau_id_luhn(digits, n, n - 1) - (uint32_t)'0';
}

static bau_id_verdict read(const void *config, const struct bau_id *id, struct bau_id_part *part)
{
    (void)config;
    if (id->n != 12 || bau_is_digit(id->symbol[0]) || bau_is_digit(id->symbol[1]) ||
        !bau_is_digit(id->symbol[11]))
        return BAU_ID_BAD;
    bau_id_context(part, id->symbol, 2);
    bau_id_rank(id, places, sizeof places, part);
    part->off = ((uint32_t)(id->symbol[11] - '0') + 10 - right_digit(id)) % 10;
    return part->off ? BAU_ID_INVALID : BAU_ID_GOOD;
}

static bool write(const void *config, struct bau_id *id, const struct bau_id_part *part)
{
    (void)config;
    bau_id_unrank(id, places, sizeof places, part->rank);
    id->symbol[11] = (uint8_t)('0' + (right_digit(id) + part->off) % 10);
    return true;
}

static const struct bau_id_masking masking = {
    .read = read,
    .write = write,
    .what = "is no ISIN (two letters, nine letters or digits, a digit)",
    .check = "has a wrong check digit; invalid=mask masks such numbers too",
};

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    return bau_id_apply(&masking, c, c->invalid, &c->rank, ctx, in, out, err);
}

const struct bau_masker bau_masker_isin = {
    .name = "isin",
    .summary = "Changes the number of a security (ISIN); country, form and a right check digit stay.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_BIJECTIVE | BAU_KEEPS_LENGTH | BAU_KEYED,
    .leaks =
        BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_FORMAT | BAU_LEAKS_PREFIX,
    .options = options,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct bau_id_work),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .unbind = unbind,
    .example_in = "US0378331005",
    .example_options = "",
};
