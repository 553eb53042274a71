/* ean: article numbers (GTIN-8, -12, -13, -14 of GS1: EAN, UPC) whose last digit, computed, checks the
 * others.
 *
 * The first keep_first digits stay (three: the GS1 prefix of a GTIN-13), the others are permuted as a number
 * (maskers/rank.h); what stays and the length are the context: bijective. A check digit that is wrong by k
 * (invalid=mask) is wrong by k afterwards. In columns of integers a leading zero is not seen: the number has
 * as many digits as are written, and the first one stays. No range is reserved for tests: the result may be
 * an article of somebody's. Source: GS1 General Specifications, 7.9: weights 3 1 3 1 … from the right. */
#include "maskers/id.h"

struct config {
    uint32_t keep_first;
    uint32_t invalid;
    struct bau_rank rank;
};

static const struct bau_option options[] = {
    { "keep_first", BAU_OPTION_U32, offsetof(struct config, keep_first), "3", 1, 6,
      "Digits that stay at the beginning.", 0, NULL, NULL, 0 },
    { "invalid", BAU_OPTION_CHOICE, offsetof(struct config, invalid), "refuse", 0, 0, BAU_ID_INVALID_SENTENCE,
      0, BAU_ID_INVALID_WORDS, NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    return bau_rank_bind(&c->rank, with->key, "ean", err);
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_rank_release(&c->rank);
}

static uint32_t right_digit(const struct bau_id *id)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i + 1 < id->n; i++)
        sum += (uint32_t)(id->symbol[i] - '0') * ((id->n - i) % 2 ? 1 : 3);
    return (10 - sum % 10) % 10;
}

static bau_id_verdict read(const void *config, const struct bau_id *id, struct bau_id_part *part)
{
    const struct config *c = config;
    const uint8_t length = (uint8_t)id->n;
    if ((id->n != 8 && (id->n < 12 || id->n > 14)) || !bau_id_digits(id, 0, id->n))
        return BAU_ID_BAD;
    part->size = 1;
    for (uint32_t i = c->keep_first; i + 1 < id->n; i++)
        part->size *= 10;
    part->rank = bau_id_number(id, c->keep_first, id->n - 1);
    bau_id_context(part, &length, 1);
    bau_id_context(part, id->symbol, c->keep_first);
    part->off = ((uint32_t)(id->symbol[id->n - 1] - '0') + 10 - right_digit(id)) % 10;
    return part->off ? BAU_ID_INVALID : BAU_ID_GOOD;
}

static bool write(const void *config, struct bau_id *id, const struct bau_id_part *part)
{
    const struct config *c = config;
    bau_id_put_number(id, c->keep_first, id->n - 1, (uint64_t)part->rank);
    id->symbol[id->n - 1] = (uint8_t)('0' + (right_digit(id) + part->off) % 10);
    return true;
}

static const struct bau_id_masking masking = {
    .read = read,
    .write = write,
    .what = "is no article number (8, 12, 13 or 14 digits)",
    .check = "has a wrong check digit; invalid=mask masks such numbers too",
};

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    return bau_id_apply(&masking, c, c->invalid, &c->rank, ctx, in, out, err);
}

const struct bau_masker bau_masker_ean = {
    .name = "ean",
    .summary =
        "Changes the digits of an article number (EAN, UPC, GTIN); prefix and a right check digit stay.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT) | BAU_TYPE_BIT(BAU_I64),
    .traits = BAU_DETERMINISTIC | BAU_BIJECTIVE | BAU_KEEPS_LENGTH | BAU_KEYED,
    .leaks =
        BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_FORMAT | BAU_LEAKS_PREFIX,
    .options = options,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct bau_id_work),
    .canon = BAU_CANON_DIGITS,
    .bind = bind,
    .apply = apply,
    .unbind = unbind,
    .example_in = "4006381333931",
    .example_options = "",
};
