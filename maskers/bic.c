/* bic: bank identifier codes (ISO 9362): four letters or digits (bank), country, two (place), and maybe three
 * (branch).
 *
 * Country and which places are letters stay, as does the branch XXX (head office) and an eighth symbol of 0
 * (test code) or 1 (passive participant); the others are a number in mixed radix (26 for a letter, 10 for a
 * digit), permuted as maskers/rank.h says with what stays as context: bijective. A result that would be a
 * head office, a test code or a passive one though the input is none is stepped over. The result may be some
 * bank's: bic_reserved gives test codes. */
#include "maskers/id.h"

struct config {
    struct bau_rank rank;
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    return bau_rank_bind(&c->rank, with->key, "bic", err);
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_rank_release(&c->rank);
}

enum { SPECIAL = 1, BRANCH = 2 }; /* the eighth symbol is 0 or 1; there is a branch other than XXX */

static uint32_t kind_of(const struct bau_id *id)
{
    const bool special = id->symbol[7] == '0' || id->symbol[7] == '1';
    const bool branch = id->n == 11 && memcmp(id->symbol + 8, "XXX", 3) != 0;
    return (special ? SPECIAL : 0u) | (branch ? BRANCH : 0u);
}

/* The places that move; returns their number. */
static uint32_t moving(uint32_t kind, uint8_t place[9])
{
    static const uint8_t all[] = { 0, 1, 2, 3, 6, 7, 8, 9, 10 };
    uint32_t n = 0;
    for (uint32_t i = 0; i < sizeof all; i++)
        if (all[i] < 7 || (all[i] == 7 && !(kind & SPECIAL)) || (all[i] > 7 && (kind & BRANCH)))
            place[n++] = all[i];
    return n;
}

static bau_id_verdict read(const void *config, const struct bau_id *id, struct bau_id_part *part)
{
    uint8_t place[9];
    (void)config;
    if ((id->n != 8 && id->n != 11) || bau_is_digit(id->symbol[4]) || bau_is_digit(id->symbol[5]))
        return BAU_ID_BAD;
    part->more = kind_of(id);
    const uint8_t form[3] = { (uint8_t)id->n, (uint8_t)part->more, part->more & SPECIAL ? id->symbol[7] : 0 };
    bau_id_context(part, form, sizeof form);
    bau_id_context(part, id->symbol + 4, 2);
    const uint32_t n = moving(part->more, place);
    bau_id_rank(id, place, n, part);
    return BAU_ID_GOOD;
}

static bool write(const void *config, struct bau_id *id, const struct bau_id_part *part)
{
    uint8_t place[9];
    (void)config;
    const uint32_t n = moving(part->more, place);
    bau_id_unrank(id, place, n, part->rank);
    return kind_of(id) == part->more;
}

static const struct bau_id_masking masking = {
    .read = read,
    .write = write,
    .what = "is no BIC (four, two letters, two, and maybe three)",
};

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    return bau_id_apply(&masking, c, BAU_ID_REFUSE, &c->rank, ctx, in, out, err);
}

const struct bau_masker bau_masker_bic = {
    .name = "bic",
    .summary = "Changes bank, place and branch of a bank identifier code; the country stays.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_BIJECTIVE | BAU_KEEPS_LENGTH | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_FORMAT,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct bau_id_work),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .unbind = unbind,
    .example_in = "COBADEFF370",
    .example_options = "",
};
