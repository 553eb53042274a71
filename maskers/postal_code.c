/* postal_code: what names a small area is cut off a postal code; length, blanks and dashes stay.
 *
 *   zip3   US ZIP codes (5 or 9 digits) by HIPAA Safe Harbor, 45 CFR 164.514(b)(2)(i)(B): the first three
 *          digits stay, others become 0; all become 0 where the three-digit area has 20,000 people or fewer
 *          by the census
 *   first  the first `keep` letters and digits stay, further digits become 0, letters A or a; a code that has
 *          no more than `keep` is hidden whole. How many people an area then has is not known here: choose
 *          `keep` for the country
 *
 * Tabulations by the census: of 2000 from the guidance of the Office for Civil Rights of 26 November 2012, of
 * 2010 counted over ZCTAs in the same way. `both` hides what either does. The lists are frozen; a later
 * census is another word. */
#include "maskers/common.h"

enum { ZIP3, FIRST };
enum { BOTH, CENSUS_2000, CENSUS_2010 };
enum { IN_2000 = 1, IN_2010 = 2, MOST_BYTES = 16 };

struct config {
    uint32_t rule, census, keep;
};

static const struct bau_option options[] = {
    { "rule", BAU_OPTION_CHOICE, offsetof(struct config, rule), "zip3", 0, 0,
      "zip3: US ZIP codes as HIPAA Safe Harbor says; first: keep the first characters.", 0, "zip3|first",
      NULL, 0 },
    { "census", BAU_OPTION_CHOICE, offsetof(struct config, census), "both", 0, 0,
      "The census that says which three-digit areas are too small.", 0, "both|2000|2010", NULL, 0 },
    { "keep_first", BAU_OPTION_U32, offsetof(struct config, keep), "2", 0, 8,
      "Letters and digits that stay with rule first.", 0, NULL, NULL, 0 },
    { 0 },
};

static const struct {
    uint16_t zip3;
    uint8_t in;
} small[] = {
    { 36, IN_2000 | IN_2010 },  { 59, IN_2000 | IN_2010 },  { 63, IN_2000 },
    { 102, IN_2000 | IN_2010 }, { 202, IN_2010 },           { 203, IN_2000 | IN_2010 },
    { 204, IN_2010 },           { 205, IN_2010 },           { 369, IN_2010 },
    { 556, IN_2000 | IN_2010 }, { 692, IN_2000 | IN_2010 }, { 753, IN_2010 },
    { 772, IN_2010 },           { 790, IN_2000 },           { 821, IN_2000 | IN_2010 },
    { 823, IN_2000 | IN_2010 }, { 830, IN_2000 },           { 831, IN_2000 },
    { 878, IN_2000 | IN_2010 }, { 879, IN_2000 | IN_2010 }, { 884, IN_2000 | IN_2010 },
    { 890, IN_2000 },           { 893, IN_2000 | IN_2010 },
};

static bool is_small(const struct config *c, const uint8_t *digits)
{
    const uint32_t zip3 = (uint32_t)((digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0'));
    const uint32_t asks = c->census == CENSUS_2000   ? IN_2000
                          : c->census == CENSUS_2010 ? IN_2010
                                                     : IN_2000 | IN_2010;
    for (size_t i = 0; i < BAU_COUNT(small); i++)
        if (small[i].zip3 == zip3)
            return (small[i].in & asks) != 0;
    return false;
}

static bool is_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Five digits, and four more behind a dash, a blank or nothing. */
static bool is_zip(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!bau_is_digit(p[i]) && !(len == 10 && i == 5 && (p[i] == '-' || p[i] == ' ')))
            return false;
    return len == 5 || len == 9 || (len == 10 && !bau_is_digit(p[5]));
}

/* Letters and digits of a code; 0: it is none. */
static uint32_t count_signs(const uint8_t *p, size_t len)
{
    uint32_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (bau_is_digit(p[i]) || is_letter(p[i]))
            n++;
        else if (p[i] != ' ' && p[i] != '-')
            return 0;
    }
    return len <= MOST_BYTES ? n : 0;
}

static void hide(uint8_t *dst, const uint8_t *src, size_t len, uint32_t keep)
{
    for (size_t i = 0; i < len; i++) {
        const bool digit = bau_is_digit(src[i]), sign = digit || is_letter(src[i]);
        const uint8_t zero = digit ? '0' : src[i] >= 'a' ? 'a' : 'A';
        dst[i] = sign && keep == 0 ? zero : src[i];
        keep -= sign && keep > 0;
    }
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    for (uint32_t i = 0; i < in->n_values; i++) {
        const struct bau_slice v = bau_column_value(in, i);
        uint32_t keep = c->keep;
        if (!bau_column_present(in, i))
            continue;
        if (c->rule == ZIP3) {
            if (!is_zip(v.data, v.len))
                return bau_mask_refuse(ctx, in, i, "is no ZIP code of 5 or 9 digits", err);
            keep = is_small(c, v.data) ? 0 : 3;
        } else {
            const uint32_t signs = count_signs(v.data, v.len);
            if (signs == 0)
                return bau_mask_refuse(ctx, in, i, "is no postal code", err);
            keep = signs > keep ? keep : 0;
        }
        hide((uint8_t *)out->data + in->offsets[i], v.data, v.len, keep);
    }
    return BAU_OK;
}

const struct bau_masker bau_masker_postal_code = {
    .name = "postal_code",
    .summary = "Cuts a postal code down to a large area, ZIP codes as HIPAA Safe Harbor says.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_LENGTH | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_VALUE | BAU_LEAKS_PREFIX | BAU_LEAKS_LENGTH | BAU_LEAKS_FORMAT,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .apply = apply,
    .example_in = "02139-4307",
    .example_options = "",
};
