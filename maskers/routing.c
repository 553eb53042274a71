/* routing: routing numbers of banks in the USA (ABA): nine digits, the last one a check digit, which is
 * computed.
 *
 *   target=reserved   the first two digits become ones that the American Bankers Association never assigned:
 *   13-20, 33-60,
 *                     73-79, 81-99; so no bank has the number
 *   target=realistic  they are 00-12, 21-32, 61-72 or 80, as in the input; the number may be some bank's
 *
 * A number in the input is place * 10^6 + the next six digits, place being the rank of its first two digits
 * among the 38 assigned ones. It is permuted (maskers/rank.h, no context); `reserved` takes the place-th of
 * the 62 others: injective. A check digit that is wrong by k (invalid=mask) is wrong by k afterwards. Source:
 * ABA Routing Number Policy; the check is 3 7 1 3 7 1 3 7 1, modulo 10. */
#include "maskers/id.h"

enum { RESERVED, REALISTIC, SPAN = 1000000 };

struct config {
    uint32_t target;
    uint32_t invalid;
    struct bau_rank rank;
};

static const struct bau_option options[] = {
    { "target", BAU_OPTION_CHOICE, offsetof(struct config, target), "reserved", 0, 0,
      "Whether the result lies in ranges that are assigned to no bank, or in the assigned ones.", 0,
      "reserved|realistic", NULL, 0 },
    { "invalid", BAU_OPTION_CHOICE, offsetof(struct config, invalid), "refuse", 0, 0, BAU_ID_INVALID_SENTENCE,
      0, BAU_ID_INVALID_WORDS, NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    return bau_rank_bind(&c->rank, with->key, "routing", err);
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_rank_release(&c->rank);
}

/* Ranges of the first two digits, ascending: assigned ones and the gaps between them. */
static const struct range {
    uint8_t first, last;
} assigned[] = { { 0, 12 }, { 21, 32 }, { 61, 72 }, { 80, 80 } },
  gaps[] = { { 13, 20 }, { 33, 60 }, { 73, 79 }, { 81, 99 } };
enum { RANGES = 4, PLACES = 38 };

static uint32_t place_of(uint32_t two) /* PLACES: not assigned */
{
    uint32_t before = 0;
    for (uint32_t i = 0; i < RANGES; i++) {
        if (two >= assigned[i].first && two <= assigned[i].last)
            return before + two - assigned[i].first;
        before += (uint32_t)(assigned[i].last - assigned[i].first) + 1;
    }
    return PLACES;
}

static uint32_t two_of(const struct range *ranges, uint32_t place)
{
    uint32_t i = 0;
    while (place > (uint32_t)(ranges[i].last - ranges[i].first)) {
        place -= (uint32_t)(ranges[i].last - ranges[i].first) + 1;
        i++;
    }
    return ranges[i].first + place;
}

static uint32_t right_digit(const struct bau_id *id)
{
    static const uint8_t weights[8] = { 3, 7, 1, 3, 7, 1, 3, 7 };
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 8; i++)
        sum += weights[i] * (uint32_t)(id->symbol[i] - '0');
    return (10 - sum % 10) % 10;
}

static bau_id_verdict read(const void *config, const struct bau_id *id, struct bau_id_part *part)
{
    (void)config;
    if (id->n != 9 || !bau_id_digits(id, 0, 9))
        return BAU_ID_BAD;
    const uint32_t place = place_of((uint32_t)bau_id_number(id, 0, 2));
    if (place == PLACES)
        return BAU_ID_BAD;
    part->size = (bau_wide)PLACES * SPAN;
    part->rank = (bau_wide)place * SPAN + bau_id_number(id, 2, 8);
    part->off = ((uint32_t)(id->symbol[8] - '0') + 10 - right_digit(id)) % 10;
    return part->off ? BAU_ID_INVALID : BAU_ID_GOOD;
}

static bool write(const void *config, struct bau_id *id, const struct bau_id_part *part)
{
    const struct config *c = config;
    const uint64_t rank = (uint64_t)part->rank;
    bau_id_put_number(id, 0, 2, two_of(c->target == RESERVED ? gaps : assigned, (uint32_t)(rank / SPAN)));
    bau_id_put_number(id, 2, 8, rank % SPAN);
    id->symbol[8] = (uint8_t)('0' + (right_digit(id) + part->off) % 10);
    return true;
}

static const struct bau_id_masking masking = {
    .read = read,
    .write = write,
    .what = "is no routing number (nine digits, the first two assigned)",
    .check = "has a wrong check digit; invalid=mask masks such numbers too",
    .pad = 9,
};

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    return bau_id_apply(&masking, c, c->invalid, &c->rank, ctx, in, out, err);
}

const struct bau_masker bau_masker_routing = {
    .name = "routing",
    .summary =
        "Replaces a US bank routing number by one that is assigned to no bank, with a right check digit.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT) | BAU_TYPE_BIT(BAU_I32) | BAU_TYPE_BIT(BAU_I64),
    .traits = BAU_DETERMINISTIC | BAU_BIJECTIVE | BAU_KEEPS_LENGTH | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_FORMAT,
    .options = options,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct bau_id_work),
    .canon = BAU_CANON_DIGITS,
    .bind = bind,
    .apply = apply,
    .unbind = unbind,
    .example_in = "0260-0959-3",
    .example_options = "",
};
