/* pan: payment card numbers (ISO/IEC 7812) that stay such: length, brand and separators stay, the Luhn digit
 * is computed anew, never searched for.
 *
 *   bin=keep    the first bin_digits digits stay
 *   bin=random  the digits that name the brand stay: 4 Visa; 51-55, 2221-2720 (four digits) Mastercard; 34,
 *   37 American
 *               Express; 36, 38, 39, 300-305 Diners Club; 6011, 644-649, 65 Discover; 62 UnionPay; of any
 *               other the first four
 *   keep_last4  the last four digits stay; then the digit before them makes the number right, instead of the
 *   last one
 *
 * The digits between are permuted as a number (maskers/rank.h), the kept ones and the length being the
 * context: bijective within them. A digit that is wrong by k (invalid=mask) is wrong by k afterwards.
 * luhn=invalid adds one: no issuer can have such a number. The result with luhn=valid may be somebody's card:
 * pan_reserved gives numbers out of test ranges. */
#include "maskers/id.h"

enum { KEEP, RANDOM };
enum { VALID, INVALID };

struct config {
    uint32_t bin, bin_digits, luhn, invalid;
    bool keep_last4;
    struct bau_rank rank;
};

static const struct bau_option options[] = {
    { "bin", BAU_OPTION_CHOICE, offsetof(struct config, bin), "keep", 0, 0,
      "Whether the issuer's number stays, or becomes another one of the same brand.", 0, "keep|random", NULL,
      0 },
    { "bin_digits", BAU_OPTION_U32, offsetof(struct config, bin_digits), "6", 6, 8,
      "Digits of the issuer's number, where it stays.", 0, NULL, NULL, 0 },
    { "keep_last4", BAU_OPTION_BOOL, offsetof(struct config, keep_last4), "false", 0, 0,
      "The last four digits stay.", 0, NULL, NULL, 0 },
    { "luhn", BAU_OPTION_CHOICE, offsetof(struct config, luhn), "valid", 0, 0,
      "Whether the check digit of a right number is right, or always wrong.", 0, "valid|invalid", NULL, 0 },
    { "invalid", BAU_OPTION_CHOICE, offsetof(struct config, invalid), "refuse", 0, 0, BAU_ID_INVALID_SENTENCE,
      0, BAU_ID_INVALID_WORDS, NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    if (c->luhn == INVALID && c->invalid == BAU_ID_MASK)
        return bau_error_set(err, BAU_E_USAGE, "luhn=invalid and invalid=mask exclude each other");
    return bau_rank_bind(&c->rank, with->key, "pan", err);
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_rank_release(&c->rank);
}

/* Digits that name the brand; what they are decides how many they are, so a kept prefix keeps its length. */
static uint32_t brand_digits(const struct bau_id *id)
{
    const uint64_t two = bau_id_number(id, 0, 2), three = bau_id_number(id, 0, 3);
    if (id->symbol[0] == '4')
        return 1;
    if ((two >= 51 && two <= 55) || two == 34 || two == 37 || two == 36 || two == 38 || two == 39 ||
        two == 62 || two == 65)
        return 2;
    return three >= 300 && three <= 305 ? 3 : three >= 644 && three <= 649 ? 3 : 4;
}

struct cut { /* digits [from, to) move; `check` is the one that is computed */
    uint32_t from, to, check;
};

static struct cut cut(const struct config *c, const struct bau_id *id)
{
    const uint32_t tail = c->keep_last4 ? 4 : 0, from = c->bin == KEEP ? c->bin_digits : brand_digits(id);
    return (struct cut){ from, id->n - tail - 1, id->n - tail - 1 };
}

static bau_id_verdict read(const void *config, const struct bau_id *id, struct bau_id_part *part)
{
    const struct config *c = config;
    if (id->n < 12 || id->n > 19 || !bau_id_digits(id, 0, id->n))
        return BAU_ID_BAD;
    const struct cut at = cut(c, id);
    if (at.to < at.from + 3)
        return BAU_ID_BAD;
    part->rank = bau_id_number(id, at.from, at.to);
    part->size = 1;
    for (uint32_t i = at.from; i < at.to; i++)
        part->size *= 10;
    const uint8_t right = bau_id_luhn(id->symbol, id->n, at.check), length = (uint8_t)id->n;
    part->off = (uint32_t)(10 + id->symbol[at.check] - right) % 10;
    bau_id_context(part, &length, 1);
    bau_id_context(part, id->symbol, at.from);
    bau_id_context(part, id->symbol + at.check + 1, id->n - at.check - 1);
    return part->off ? BAU_ID_INVALID : BAU_ID_GOOD;
}

static bool write(const void *config, struct bau_id *id, const struct bau_id_part *part)
{
    const struct config *c = config;
    const struct cut at = cut(c, id);
    bau_id_put_number(id, at.from, at.to, (uint64_t)part->rank);
    const uint32_t right = bau_id_luhn(id->symbol, id->n, at.check) - (uint32_t)'0';
    id->symbol[at.check] = (uint8_t)('0' + (right + part->off + (c->luhn == INVALID)) % 10);
    return true;
}

static const struct bau_id_masking masking = {
    .read = read,
    .write = write,
    .what = "is no card number (12 to 19 digits, three of them at least between those that stay)",
    .check = "has a wrong check digit; invalid=mask masks such numbers too",
};

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    return bau_id_apply(&masking, c, c->invalid, &c->rank, ctx, in, out, err);
}

const struct bau_masker bau_masker_pan = {
    .name = "pan",
    .summary = "Changes the digits of a payment card number; brand, length and a right check digit stay.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT) | BAU_TYPE_BIT(BAU_I64) | BAU_TYPE_BIT(BAU_NUMERIC),
    .traits = BAU_DETERMINISTIC | BAU_BIJECTIVE | BAU_KEEPS_LENGTH | BAU_KEYED,
    .leaks =
        BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_PREFIX | BAU_LEAKS_FORMAT,
    .options = options,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct bau_id_work),
    .canon = BAU_CANON_DIGITS,
    .bind = bind,
    .apply = apply,
    .unbind = unbind,
    .example_in = "4111 1111 1111 1111",
    .example_options = "",
};
