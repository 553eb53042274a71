/* address: one part of an invented address, in a real city. All parts that one `by` draws fit each other: the
 * city lies in the region, the postal code starts as the city's do, street and number are written as the
 * country writes them. Street and number are common ones and not looked up: an address can exist by chance.
 *
 * Frozen (M2), with the gazetteer (rules/places/): from the two halves of the PRF of `by`, h and l, numbers
 * below n are drawn as (h, h') = (floor(h n / 2^64), h n mod 2^64): city (of the region, if one is kept),
 * street, house number from h; each open place of the postal code from l. */
#include "maskers/common.h"
#include "src/kernel/places.h"

struct config {
    uint32_t part;
    const char *by, *country_from, *region_from, *country;
    const struct bau_place_country *fixed; /* of `country`, or NULL */
    const struct bau_mask_key *key;
    uint32_t widest, most_bytes;
};

static const struct bau_option options[] = {
    { "part", BAU_OPTION_CHOICE, offsetof(struct config, part), "full", 0, 0,
      "What the field holds: street, number, line (both), postal_code, city, region, region_code, country, "
      "full.",
      0, BAU_PLACE_WORDS, NULL, 0 },
    { "by", BAU_OPTION_TEXT, offsetof(struct config, by), NULL, 0, 0,
      "The field that says whose address it is; equal values get one address.",
      BAU_OPTION_FIELD | BAU_OPTION_REQUIRED, NULL, "FIELD", 0 },
    { "country_from", BAU_OPTION_TEXT, offsetof(struct config, country_from), NULL, 0, 0,
      "The field of the same row that says the country, which stays: DE, DEU or a name.", BAU_OPTION_FIELD,
      NULL, "FIELD", 0 },
    { "region_from", BAU_OPTION_TEXT, offsetof(struct config, region_from), NULL, 0, 0,
      "The field of the same row that says the region, which stays where it is known: a code or a name.",
      BAU_OPTION_FIELD, NULL, "FIELD", 0 },
    { "country", BAU_OPTION_TEXT, offsetof(struct config, country), NULL, 0, 0,
      "The country of all addresses, or of those whose country_from is empty or has no gazetteer.", 0, NULL,
      "CODE", 0 },
    { 0 },
};

/* ---- who is meant ---- */

static bool same_word(const uint8_t *p, size_t len, const char *word)
{
    if (strlen(word) != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        const uint8_t a = p[i], b = (uint8_t)word[i];
        const bool letter = (a | 0x20) >= 'a' && (a | 0x20) <= 'z';
        if (a != b && !(letter && (a | 0x20) == (b | 0x20)))
            return false;
    }
    return true;
}

static const struct bau_place_country *find_country(const uint8_t *p, size_t len)
{
    while (len && p[len - 1] == ' ') /* char(n) */
        len--;
    for (uint32_t i = 0; i < bau_n_places; i++) {
        const struct bau_place_country *c = &bau_places[i];
        if (same_word(p, len, c->code.text) || same_word(p, len, c->alpha3))
            return c;
        for (size_t k = 0; c->names[k]; k++)
            if (same_word(p, len, c->names[k]))
                return c;
    }
    return NULL;
}

static const struct bau_place_region *find_region(const struct bau_place_country *c, const uint8_t *p,
                                                  size_t len)
{
    while (len && p[len - 1] == ' ')
        len--;
    for (uint32_t i = 0; i < c->n_regions; i++)
        if (same_word(p, len, c->regions[i].code.text) || same_word(p, len, c->regions[i].name.text))
            return &c->regions[i];
    return NULL;
}

/* ---- bind: how long an address can be ---- */

struct size {
    uint32_t chars, bytes;
};

static struct size larger(struct size a, struct bau_place_word w)
{
    return (struct size){ w.chars > a.chars ? w.chars : a.chars, w.bytes > a.bytes ? w.bytes : a.bytes };
}

static struct size size_of(const struct bau_place_country *c, enum bau_place_part part);

static struct size size_of_steps(const struct bau_place_country *c, const struct bau_place_step *step)
{
    struct size sum = { 0 };
    for (; step->part != BAU_PLACE_END; step++) {
        const struct size s =
            step->part == BAU_PLACE_TEXT ? larger((struct size){ 0 }, step->text) : size_of(c, step->part);
        sum.chars += s.chars;
        sum.bytes += s.bytes;
    }
    return sum;
}

static struct size size_of(const struct bau_place_country *c, enum bau_place_part part)
{
    struct size s = { 0 };
    uint32_t digits = 1;
    switch (part) {
    case BAU_PLACE_STREET:
        for (uint32_t i = 0; i < c->n_streets; i++)
            s = larger(s, c->streets[i]);
        return s;
    case BAU_PLACE_NUMBER:
        for (uint32_t v = c->most_number; v >= 10; v /= 10)
            digits++;
        return (struct size){ digits, digits };
    case BAU_PLACE_LINE: return size_of_steps(c, c->line);
    case BAU_PLACE_FULL: return size_of_steps(c, c->full);
    case BAU_PLACE_POSTAL_CODE:
        for (uint32_t i = 0; i < c->n_cities; i++)
            s = larger(s, c->cities[i].postal);
        return s;
    case BAU_PLACE_CITY:
        for (uint32_t i = 0; i < c->n_cities; i++)
            s = larger(s, c->cities[i].name);
        return s;
    case BAU_PLACE_REGION:
        for (uint32_t i = 0; i < c->n_regions; i++)
            s = larger(s, c->regions[i].name);
        return s;
    case BAU_PLACE_REGION_CODE:
        for (uint32_t i = 0; i < c->n_regions; i++)
            s = larger(s, c->regions[i].code);
        return s;
    case BAU_PLACE_COUNTRY: return larger(s, c->code);
    case BAU_PLACE_TEXT:
    case BAU_PLACE_END: break;
    }
    return s;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    /* the parts of an address are one domain, but a column of postal codes is no measure for one of
     * streets */
    const uint32_t room = with->field ? with->field->max_chars : with->max_chars;
    c->key = with->key;
    c->fixed = c->country ? find_country((const uint8_t *)c->country, strlen(c->country)) : NULL;
    if (c->country && !c->fixed) {
        BAU_AUTO_TEXT known = { 0 };
        for (uint32_t i = 0; i < bau_n_places; i++)
            bau_text_addf(&known, "%s%s", i ? ", " : "", bau_places[i].code.text);
        return bau_error_set(err, BAU_E_USAGE, "there are no places of country '%.40s'; there are: %s",
                             c->country, known.data ? known.data : "none");
    }
    if (!c->country && !c->country_from)
        return bau_error_set(err, BAU_E_USAGE, "say which country: give country or country_from");
    c->widest = c->most_bytes = 0;
    for (uint32_t i = 0; i < bau_n_places; i++) {
        const struct size s = size_of(&bau_places[i], (enum bau_place_part)c->part);
        if (c->fixed && !c->country_from && c->fixed != &bau_places[i])
            continue;
        c->widest = s.chars > c->widest ? s.chars : c->widest;
        c->most_bytes = s.bytes > c->most_bytes ? s.bytes : c->most_bytes;
    }
    if (room && c->widest > room)
        return bau_error_set(err, BAU_E_USAGE,
                             "this part of an address has up to %u characters, the column %u", c->widest,
                             room);
    return BAU_OK;
}

/* ---- one address ---- */

struct place {
    const struct bau_place_country *country;
    const struct bau_place_city *city;
    struct bau_place_word street;
    uint32_t number;
    uint64_t postal; /* random bits for the open places */
};

static uint32_t draw(uint64_t *random, uint32_t n)
{
    const bau_wide product = (bau_wide)*random * n;
    *random = (uint64_t)product;
    return (uint32_t)(product >> 64);
}

static struct place draw_place(const uint8_t digest[16], const struct bau_place_country *country,
                               struct bau_slice region)
{
    uint64_t random = bau_bits64(digest);
    struct place p = { .postal = bau_bits64(digest + 8) };
    p.country = country;
    const struct bau_place_region *r = region.len ? find_region(p.country, region.data, region.len) : NULL;
    p.city = &p.country->cities[r ? r->first + draw(&random, r->n) : draw(&random, p.country->n_cities)];
    p.street = p.country->streets[draw(&random, p.country->n_streets)];
    p.number = p.country->least_number + draw(&random, p.country->most_number - p.country->least_number + 1);
    return p;
}

static uint8_t *put_word(uint8_t *dst, struct bau_place_word w)
{
    memcpy(dst, w.text, w.bytes);
    return dst + w.bytes;
}

static uint8_t *put_number(uint8_t *dst, uint32_t v)
{
    uint8_t digits[10];
    uint32_t n = 0;
    do
        digits[n++] = (uint8_t)('0' + v % 10);
    while (v /= 10);
    while (n)
        *dst++ = digits[--n];
    return dst;
}

static uint8_t *put_postal(uint8_t *dst, const struct place *p)
{
    uint64_t random = p->postal;
    for (uint32_t i = 0; i < p->city->postal.bytes; i++) {
        const char c = p->city->postal.text[i];
        if (c == '#')
            *dst++ = (uint8_t)('0' + draw(&random, 10));
        else
            *dst++ = (uint8_t)(c == '@' ? p->country->letters[draw(&random, p->country->n_letters)] : c);
    }
    return dst;
}

static uint8_t *put_part(uint8_t *dst, const struct place *p, enum bau_place_part part);

static uint8_t *put_steps(uint8_t *dst, const struct place *p, const struct bau_place_step *step)
{
    for (; step->part != BAU_PLACE_END; step++)
        dst = step->part == BAU_PLACE_TEXT ? put_word(dst, step->text) : put_part(dst, p, step->part);
    return dst;
}

static uint8_t *put_part(uint8_t *dst, const struct place *p, enum bau_place_part part)
{
    switch (part) {
    case BAU_PLACE_STREET: return put_word(dst, p->street);
    case BAU_PLACE_NUMBER: return put_number(dst, p->number);
    case BAU_PLACE_LINE: return put_steps(dst, p, p->country->line);
    case BAU_PLACE_POSTAL_CODE: return put_postal(dst, p);
    case BAU_PLACE_CITY: return put_word(dst, p->city->name);
    case BAU_PLACE_REGION: return put_word(dst, p->country->regions[p->city->region].name);
    case BAU_PLACE_REGION_CODE: return put_word(dst, p->country->regions[p->city->region].code);
    case BAU_PLACE_COUNTRY: return put_word(dst, p->country->code);
    case BAU_PLACE_FULL: return put_steps(dst, p, p->country->full);
    case BAU_PLACE_TEXT:
    case BAU_PLACE_END: break;
    }
    return dst;
}

/* ---- columns ---- */

struct rows { /* of the batch, by row */
    uint8_t (*digest)[16];
    struct bau_column country, region; /* n_values 0: the option is not set */
};

static bau_status read_rows(const struct config *c, struct bau_mask_ctx *ctx, struct rows *out,
                            struct bau_error *err)
{
    uint32_t k = 0;
    *out = (struct rows){ 0 };
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, ctx->fields[k++], &out->digest, err));
    if (c->country_from)
        BAU_TRY(bau_mask_canonical(c->key, ctx->arena, ctx->fields[k++], &out->country, err));
    if (c->region_from)
        BAU_TRY(bau_mask_canonical(c->key, ctx->arena, ctx->fields[k], &out->region, err));
    return BAU_OK;
}

static bau_status place_of(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                           const struct rows *rows, uint32_t i, struct place *out, struct bau_error *err)
{
    const uint32_t row = ctx->rows ? ctx->rows[i] : i;
    const struct bau_place_country *country = c->fixed;
    struct bau_slice region = { 0 };
    if (c->country_from) {
        const struct bau_slice v = bau_column_value(&rows->country, row);
        const struct bau_place_country *found = find_country(v.data, v.len);
        country = found ? found : c->fixed;
        if (!country)
            return bau_mask_refuse(ctx, in, i,
                                   "is of a country without a gazetteer; the option country can say which "
                                   "one to take",
                                   err);
    }
    if (c->region_from)
        region = bau_column_value(&rows->region, row);
    *out = draw_place(rows->digest[row], country, region);
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct rows rows;
    BAU_TRY(read_rows(c, ctx, &rows, err));
    BAU_TRY(bau_mask_text_out(out, in, BAU_TEXT, c->most_bytes, ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i)) {
            struct place place;
            BAU_TRY(place_of(c, ctx, in, &rows, i, &place, err));
            dst = put_part(dst, &place, (enum bau_place_part)c->part);
        }
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    (void)type;
    return c->widest;
}

const struct bau_masker bau_masker_address = {
    .name = "address",
    .summary = "Replaces a part of an address by one of an invented address; all parts fit each other.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEYED,
    .leaks = 0,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "12 Main Street, Springfield, IL 62701",
    .example_options = "part=full by=id country=US",
};
