/* imei: identities of mobile devices (3GPP TS 23.003): fifteen digits, the last one by Luhn, computed.
 *
 *   tac=keep    the type allocation code (eight digits: maker and model) stays, the serial number changes
 *   tac=random  all changes but the first two digits, which name the body that allocated
 *
 * The digits that move are permuted as a number (maskers/rank.h) with those that stay as context: bijective.
 * A check digit that is wrong by k (invalid=mask) is wrong by k afterwards. The result may be somebody's
 * device: imei_reserved gives numbers of the test range. */
#include "maskers/id.h"

enum { KEEP, RANDOM };

struct config {
    uint32_t tac;
    uint32_t invalid;
    struct bau_rank rank;
};

static const struct bau_option options[] = {
    { "tac", BAU_OPTION_CHOICE, offsetof(struct config, tac), "keep", 0, 0,
      "Whether maker and model stay, or change with the serial number.", 0, "keep|random", NULL, 0 },
    { "invalid", BAU_OPTION_CHOICE, offsetof(struct config, invalid), "refuse", 0, 0, BAU_ID_INVALID_SENTENCE,
      0, BAU_ID_INVALID_WORDS, NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    return bau_rank_bind(&c->rank, with->key, "imei", err);
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_rank_release(&c->rank);
}

static uint32_t first_moving(const void *config)
{
    const struct config *c = config;
    return c->tac == KEEP ? 8 : 2;
}

static bau_id_verdict read(const void *config, const struct bau_id *id, struct bau_id_part *part)
{
    const uint32_t from = first_moving(config);
    if (id->n != 15 || !bau_id_digits(id, 0, 15))
        return BAU_ID_BAD;
    part->size = from == 8 ? UINT64_C(1000000) : UINT64_C(1000000000000);
    part->rank = bau_id_number(id, from, 14);
    bau_id_context(part, id->symbol, from);
    part->off = (uint32_t)(10 + id->symbol[14] - bau_id_luhn(id->symbol, 15, 14)) % 10;
    return part->off ? BAU_ID_INVALID : BAU_ID_GOOD;
}

static bool write(const void *config, struct bau_id *id, const struct bau_id_part *part)
{
    bau_id_put_number(id, first_moving(config), 14, (uint64_t)part->rank);
    const uint32_t right = bau_id_luhn(id->symbol, 15, 14) - (uint32_t)'0';
    id->symbol[14] = (uint8_t)('0' + (right + part->off) % 10);
    return true;
}

static const struct bau_id_masking masking = {
    .read = read,
    .write = write,
    .what = "is no IMEI (fifteen digits)",
    .check = "has a wrong check digit; invalid=mask masks such numbers too",
    .pad = 15,
};

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    return bau_id_apply(&masking, c, c->invalid, &c->rank, ctx, in, out, err);
}

const struct bau_masker bau_masker_imei = {
    .name = "imei",
    .summary = "Changes the serial number of a mobile device identity; model and a right check digit stay.",
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
    .example_in = "49-015420-323751-8",
    .example_options = "",
};
