/* iban: bank account numbers (ISO 13616) that stay such: country, length, separators, which places are digits
 * and which letters, and all check digits right: those of the IBAN and, in the countries of
 * maskers/iban_country.c, those inside it (BA BE CZ EE ES FI FR HR HU IT MC ME MK MR NL NO PL PT RS SI SK SM
 * TL TN).
 *
 *   bank=keep   bank and branch stay, the account changes
 *   bank=fake   all of the BBAN changes (in MU, SC, BR what is no number stays: currency, kind of account)
 *
 * The places that move are a number in mixed radix (10 for a digit, 26 for a letter; more than 2^126 of them,
 * which only 27 letters in Saint Lucia are, is refused), permuted as maskers/rank.h says; the context is the
 * country, what stays, and which places are letters: bijective. Check digits are computed, never searched;
 * where a country's modulus 11 leaves a number without any check digit, that number is none of the domain,
 * and is stepped over. The Dutch check is optional: numbers that pass it become such, others become others.
 * The checks that each German bank chooses for itself, and the Icelandic person's number in its IBAN, are not
 * kept. With invalid=mask each check that is wrong by k is wrong by k afterwards. No IBAN is reserved for
 * tests: the result may be somebody's. */
#include "maskers/iban_country.h"
#include "maskers/id.h"

enum { KEEP, FAKE };

struct config {
    uint32_t bank, invalid;
    struct bau_rank rank;
};

static const struct bau_option options[] = {
    { "bank", BAU_OPTION_CHOICE, offsetof(struct config, bank), "keep", 0, 0,
      "Whether bank and branch stay, or change with the account.", 0, "keep|fake", NULL, 0 },
    { "invalid", BAU_OPTION_CHOICE, offsetof(struct config, invalid), "refuse", 0, 0, BAU_ID_INVALID_SENTENCE,
      0, BAU_ID_INVALID_WORDS, NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    return bau_rank_bind(&c->rank, with->key, "iban", err);
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_rank_release(&c->rank);
}

/* Checks symbols from `*at` on against runs of "count type"; moves *at behind them. */
static bool fits(const struct bau_id *id, const char *runs, uint32_t *at)
{
    while (*runs) {
        uint32_t n = 0;
        for (; *runs >= '0' && *runs <= '9'; runs++)
            n = n * 10 + (uint32_t)(*runs - '0');
        const char type = *runs++;
        for (; n > 0; n--, ++*at) {
            if (*at == id->n)
                return false;
            const bool digit = bau_is_digit(id->symbol[*at]);
            if ((type == 'n' && !digit) || (type == 'a' && digit))
                return false;
        }
    }
    return true;
}

enum {
    WITHOUT = 1
}; /* an optional check is wrong: its digit is like any other, but may not come out right */

struct plan { /* of one IBAN: what moves, what is computed */
    const struct bau_bban_check *check;
    uint32_t n_checks, n_places, n_kept;
    bool active[2];
    uint8_t place[BAU_ID_SYMBOLS], kept[BAU_ID_SYMBOLS];
};

static bool plan_of(const struct config *c, const struct bau_id *id, bool without, struct plan *p)
{
    uint32_t bank, tail, end;
    const struct bau_iban_country *country = id->n > 4 ? bau_iban_country(id->symbol) : NULL;
    bool computed[BAU_ID_SYMBOLS] = { false };
    *p = (struct plan){ 0 };
    bank = 4;
    if (!country || !bau_id_digits(id, 2, 4) || !fits(id, country->kept, &bank))
        return false;
    tail = bank;
    if (!fits(id, country->moved, &tail))
        return false;
    end = tail;
    if (!fits(id, country->tail, &end) || end != id->n)
        return false;
    p->check = bau_bban_checks(id->symbol, &p->n_checks);
    for (uint32_t i = 0; i < p->n_checks; i++) {
        const struct bau_bban_check *k = &p->check[i];
        p->active[i] = !(without && k->optional) &&
                       (c->bank == FAKE || 4u + k->from + k->len > bank || 4u + k->at >= bank);
        computed[4 + k->at] = p->active[i];
        if (bau_bban_modulus(k) == 100)
            computed[5 + k->at] = p->active[i];
    }
    for (uint32_t i = 4; i < id->n; i++) {
        const bool moves = i < tail && (i >= bank || c->bank == FAKE);
        if (computed[i])
            continue;
        if (moves)
            p->place[p->n_places++] = (uint8_t)i;
        else
            p->kept[p->n_kept++] = (uint8_t)i;
    }
    return true;
}

/* What stands where the check is. */
static uint32_t check_given(const struct bau_id *id, const struct bau_bban_check *k)
{
    const uint8_t *p = id->symbol + 4 + k->at;
    const uint32_t modulus = bau_bban_modulus(k);
    return modulus == 100 ? (uint32_t)(p[0] - '0') * 10 + (uint32_t)(p[1] - '0')
                          : (uint32_t)(modulus == 26 ? p[0] - 'A' : p[0] - '0');
}

static void put_check(struct bau_id *id, const struct bau_bban_check *k, uint32_t v)
{
    uint8_t *p = id->symbol + 4 + k->at;
    if (bau_bban_modulus(k) == 100) {
        p[0] = (uint8_t)('0' + v / 10);
        p[1] = (uint8_t)('0' + v % 10);
    } else {
        p[0] = (uint8_t)((bau_bban_modulus(k) == 26 ? 'A' : '0') + v);
    }
}

static bool optional_right(const struct bau_id *id)
{
    uint32_t n;
    const struct bau_bban_check *k = bau_bban_checks(id->symbol, &n);
    for (uint32_t i = 0; i < n; i++)
        if (k[i].optional && bau_bban_right(&k[i], id->symbol + 4) != check_given(id, &k[i]))
            return false;
    return true;
}

/* ISO 13616: 98 less the remainder, with 00 in place of the check digits. */
static uint32_t iban_right(const struct bau_id *id)
{
    uint32_t rest = 0;
    for (uint32_t i = 4; i < id->n + 4; i++) {
        const uint8_t c = i < id->n ? id->symbol[i] : i < id->n + 2 ? id->symbol[i - id->n] : '0';
        rest = bau_is_digit(c) ? (rest * 10 + (uint32_t)(c - '0')) % 97
                               : (rest * 100 + (uint32_t)(c - 'A') + 10) % 97;
    }
    return 98 - rest;
}

static bau_id_verdict read(const void *config, const struct bau_id *id, struct bau_id_part *part)
{
    struct plan p;
    uint32_t letters = 0;
    if (!plan_of(config, id, false, &p))
        return BAU_ID_BAD;
    const bool without = !optional_right(id);
    if (without && !plan_of(config, id, true, &p))
        return BAU_ID_BAD;
    for (uint32_t i = 0; i < p.n_places; i++)
        letters += !bau_is_digit(id->symbol[p.place[i]]);
    if (letters * 4701 + (p.n_places - letters) * 3322 > 126000) /* bits * 1000 */
        return BAU_ID_BAD;
    for (uint32_t i = 0; i < p.n_checks; i++) {
        if (!p.active[i])
            continue;
        const uint32_t right = bau_bban_right(&p.check[i], id->symbol + 4),
                       modulus = bau_bban_modulus(&p.check[i]);
        if (right == UINT32_MAX)
            return BAU_ID_BAD;
        part->more = part->more * modulus + (check_given(id, &p.check[i]) + modulus - right) % modulus;
    }
    const bau_id_verdict verdict = part->more ? BAU_ID_INVALID : BAU_ID_GOOD;
    part->more = without ? part->more << 1 | WITHOUT : part->more << 1;
    part->off = (uint32_t)(bau_id_number(id, 2, 4) + 100 - iban_right(id)) % 100;
    const uint8_t kind = without ? WITHOUT : 0;
    bau_id_context(part, &kind, 1);
    bau_id_context(part, id->symbol, 2);
    for (uint32_t i = 0; i < p.n_kept; i++)
        bau_id_context(part, id->symbol + p.kept[i], 1);
    bau_id_rank(id, p.place, p.n_places, part);
    return part->off ? BAU_ID_INVALID : verdict;
}

static bool write(const void *config, struct bau_id *id, const struct bau_id_part *part)
{
    struct plan p;
    uint32_t more = part->more >> 1;
    const bool without = part->more & WITHOUT;
    if (!plan_of(config, id, without, &p))
        return true; /* read has seen that it fits */
    bau_id_unrank(id, p.place, p.n_places, part->rank);
    for (uint32_t i = p.n_checks; i-- > 0;) {
        if (!p.active[i])
            continue;
        const uint32_t right = bau_bban_right(&p.check[i], id->symbol + 4),
                       modulus = bau_bban_modulus(&p.check[i]);
        if (right == UINT32_MAX)
            return false;
        put_check(id, &p.check[i], (right + more % modulus) % modulus);
        more /= modulus;
    }
    if (without && optional_right(id))
        return false;
    bau_id_put_number(id, 2, 4, (iban_right(id) + part->off) % 100);
    return true;
}

static const struct bau_id_masking masking = {
    .read = read,
    .write = write,
    .what = "is no IBAN: not the country's length and form",
    .check = "is an IBAN with a wrong check digit; invalid=mask masks such numbers too",
};

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    return bau_id_apply(&masking, c, c->invalid, &c->rank, ctx, in, out, err);
}

const struct bau_masker bau_masker_iban = {
    .name = "iban",
    .summary = "Changes the account in an IBAN; country, form and right check digits stay.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_BIJECTIVE | BAU_KEEPS_LENGTH | BAU_KEYED,
    .leaks =
        BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_PREFIX | BAU_LEAKS_FORMAT,
    .options = options,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct bau_id_work),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .unbind = unbind,
    .example_in = "DE89 3704 0044 0532 0130 00",
    .example_options = "",
};
