/* pan_reserved: a card number out of the ranges that card networks and processors publish for tests; brand,
 * length and separators stay.
 *
 * No standard sets ranges apart. These issuer numbers are those of the test cards that the acquirers document
 * (such as 4111 1111 1111 1111, 5555 5555 5555 4444, 3782 822463 10005, 6011 1111 1111 1117, 3056 9309 0259
 * 04, 3530 1113 3330 0000, 6200 0000 0000 0005, 6759 6498 2643 8453, 2200 0000 … of Mir); no promise by an
 * issuer backs them, luhn=invalid is what nobody can issue.
 * The other digits are drawn from the PRF of all digits (n values of one brand collide with a chance of about
 * n^2 / (2 * 10^(length - 7))); the Luhn digit is computed, or wrong by one. */
#include "maskers/id.h"

enum { VALID, INVALID };

struct config {
    uint32_t luhn;
    const struct bau_mask_key *key;
};

static const struct bau_option options[] = {
    { "luhn", BAU_OPTION_CHOICE, offsetof(struct config, luhn), "valid", 0, 0,
      "Whether the check digit is right or always wrong.", 0, "valid|invalid", NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    (void)err;
    c->key = with->key;
    return BAU_OK;
}

/* First and last issuer number of four digits, and the test range of that brand. The first row that fits
 * counts. */
static const struct {
    uint16_t first, last;
    const char *test;
} ranges[] = {
    { 2200, 2204, "220000" }, { 2221, 2720, "222300" }, { 3000, 3059, "305693" }, { 3400, 3499, "378282" },
    { 3528, 3589, "353011" }, { 3600, 3699, "305693" }, { 3700, 3799, "378282" }, { 3800, 3999, "305693" },
    { 4000, 4999, "411111" }, { 5100, 5599, "555555" }, { 6011, 6011, "601111" }, { 6200, 6299, "620000" },
    { 6440, 6599, "601111" }, { 5000, 6999, "675964" }, { 0, 9999, "411111" },
};

static const char *test_range(const struct bau_id *id)
{
    const uint64_t four = bau_id_number(id, 0, 4);
    size_t i = 0;
    while (four < ranges[i].first || four > ranges[i].last)
        i++;
    return ranges[i].test;
}

static bool fill(const void *config, struct bau_id *id, const uint8_t digest[16])
{
    const struct config *c = config;
    if (id->n < 12 || id->n > 19 || !bau_id_digits(id, 0, id->n))
        return false;
    memcpy(id->symbol, test_range(id), 6);
    bau_id_put_number(id, 6, id->n - 1, bau_draw(bau_bits64(digest), UINT64_C(1000000000000)));
    const uint8_t right = bau_id_luhn(id->symbol, id->n, id->n - 1);
    id->symbol[id->n - 1] = (uint8_t)('0' + (right - '0' + (c->luhn == INVALID)) % 10);
    return true;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    return bau_id_replace(fill, "is no card number (12 to 19 digits)", c, c->key, ctx, in, out, err);
}

const struct bau_masker bau_masker_pan_reserved = {
    .name = "pan_reserved",
    .summary = "Replaces a payment card number by one of the same brand out of test ranges.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_LENGTH | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_FORMAT,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_DIGITS,
    .bind = bind,
    .apply = apply,
    .example_in = "4929 3813 3266 4295",
    .example_options = "",
};
