/* vin: vehicle identification numbers (ISO 3779): seventeen letters and digits without I, O and Q.
 *
 * The first keep_first symbols stay (three: maker and country), place 9 is the check digit and computed, the
 * others are permuted: letters stay letters, digits digits, so that serial numbers stay such. They are a
 * number in mixed radix (23 for a letter, 10 for a digit; the model year in place 10 has no U, Z and 0: 21
 * and 9; one that is U, Z or 0 stays), permuted as maskers/rank.h says with what stays and the places of the
 * letters as context: bijective.
 *
 * A check digit that is wrong by k modulo 11 (invalid=mask) is wrong by k afterwards; a letter in its place,
 * as makers outside North America and China write, stays. No range is reserved for tests: the result may be
 * somebody's car. Source: 49 CFR 565.15; a separator does not belong in it but is borne. */
#include "maskers/id.h"

struct config {
    uint32_t keep_first;
    uint32_t invalid;
    struct bau_rank rank;
};

static const struct bau_option options[] = {
    { "keep_first", BAU_OPTION_U32, offsetof(struct config, keep_first), "3", 0, 8,
      "Symbols that stay at the beginning; three name the maker.", 0, NULL, NULL, 0 },
    { "invalid", BAU_OPTION_CHOICE, offsetof(struct config, invalid), "refuse", 0, 0, BAU_ID_INVALID_SENTENCE,
      0, BAU_ID_INVALID_WORDS, NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    return bau_rank_bind(&c->rank, with->key, "vin", err);
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_rank_release(&c->rank);
}

enum { LENGTH = 17, CHECK = 8, YEAR = 9 };

static const char letters[] = "ABCDEFGHJKLMNPRSTUVWXYZ", years[] = "ABCDEFGHJKLMNPRSTVWXY";

/* The symbols that symbol i may become, or NULL: it stays. */
static const char *set_of(const struct bau_id *id, uint32_t i, uint32_t keep)
{
    const uint8_t c = id->symbol[i];
    if (i < keep || i == CHECK || (i == YEAR && (c == 'U' || c == 'Z' || c == '0')))
        return NULL;
    if (i == YEAR)
        return bau_is_digit(c) ? "123456789" : years;
    return bau_is_digit(c) ? "0123456789" : letters;
}

static uint32_t value_of(uint8_t c) /* 49 CFR 565.15, table III */
{
    static const uint8_t values[26] = { 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4,
                                        5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9 };
    return bau_is_digit(c) ? (uint32_t)(c - '0') : values[c - 'A'];
}

static uint32_t right_digit(const struct bau_id *id) /* 10: X */
{
    static const uint8_t weights[LENGTH] = { 8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2 };
    uint32_t sum = 0;
    for (uint32_t i = 0; i < LENGTH; i++)
        sum += weights[i] * value_of(id->symbol[i]);
    return sum % 11;
}

static bau_id_verdict read(const void *config, const struct bau_id *id, struct bau_id_part *part)
{
    const struct config *c = config;
    uint8_t bits[3] = { 0 };
    if (id->n != LENGTH)
        return BAU_ID_BAD;
    part->rank = 0;
    part->size = 1;
    for (uint32_t i = 0; i < LENGTH; i++) {
        const uint8_t s = id->symbol[i];
        const char *set = set_of(id, i, c->keep_first);
        if (s == 'I' || s == 'O' || s == 'Q')
            return BAU_ID_BAD;
        if (set) {
            const size_t radix = strlen(set);
            part->rank = part->rank * radix + (uint32_t)(strchr(set, s) - set);
            part->size *= radix;
            bits[i / 8] |= (uint8_t)(!bau_is_digit(s) << (i % 8));
        } else if (i != CHECK) {
            bau_id_context(part, &s, 1);
        }
    }
    bau_id_context(part, bits, sizeof bits);
    const uint8_t check = id->symbol[CHECK];
    const bool some = bau_is_digit(check) || check == 'X';
    const uint32_t given = check == 'X' ? 10 : value_of(check);
    part->more = !some;
    part->off = some ? (given + 11 - right_digit(id)) % 11 : 0;
    return part->off || part->more ? BAU_ID_INVALID : BAU_ID_GOOD;
}

static bool write(const void *config, struct bau_id *id, const struct bau_id_part *part)
{
    const struct config *c = config;
    bau_wide rank = part->rank;
    for (uint32_t i = LENGTH; i-- > 0;) {
        const char *set = set_of(id, i, c->keep_first);
        if (!set)
            continue;
        const size_t radix = strlen(set);
        id->symbol[i] = (uint8_t)set[(size_t)(rank % radix)];
        rank /= radix;
    }
    if (part->more)
        return true;
    const uint32_t digit = (right_digit(id) + part->off) % 11;
    id->symbol[CHECK] = (uint8_t)(digit == 10 ? 'X' : '0' + digit);
    return true;
}

static const struct bau_id_masking masking = {
    .read = read,
    .write = write,
    .what = "is no VIN (seventeen letters and digits without I, O, Q)",
    .check = "has no or a wrong check digit in place 9; invalid=mask masks such numbers too",
};

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    return bau_id_apply(&masking, c, c->invalid, &c->rank, ctx, in, out, err);
}

const struct bau_masker bau_masker_vin = {
    .name = "vin",
    .summary = "Changes a vehicle identification number; maker, form and a right check digit stay.",
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
    .example_in = "1HGCM82633A004352",
    .example_options = "",
};
