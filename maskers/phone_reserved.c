/* phone_reserved: numbers that belong to nobody, from blocks kept for films and examples.
 *
 * blocks us_gb
 *   +44...   +44 7700 900xxx              Ofcom, telephone numbers for drama use
 *   others   +1, area code, 555-01xx      NANPA, 555 line numbers; the area code is drawn: 2xx to 9xx, no x11
 *
 * blocks national: numbers with the country code of Australia, France, Germany, Ireland or Sweden too get one
 * of that country, all numbers of its blocks alike (the table below says whose rule they are); others as
 * above.
 *
 * They are written as + and digits: length and punctuation of the original do not show. There are few of
 * them, so two people may get the same one: this masker cannot serve a unique column. */
#include "maskers/common.h"
#include "maskers/phone_number.h"

enum { WIDEST = 13 };

enum { US_GB, NATIONAL };

struct config {
    uint32_t blocks;
    const struct bau_mask_key *key;
};

static const struct bau_option options[] = {
    { "blocks", BAU_OPTION_CHOICE, offsetof(struct config, blocks), "us_gb", 0, 0,
      "us_gb: British numbers stay British, all others become American; national: further countries keep "
      "theirs.",
      0, "us_gb|national", NULL, 0 },
    { 0 },
};

/* Numbers +CODE START and `digits` more, from `first` on. */
static const struct block {
    const char *code, *start;
    uint32_t digits, first, n;
} national[] = {
    /* France, ARCEP: numbers for audiovisual works */
    { "33", "19900", 4, 0, 10000 },
    { "33", "26191", 4, 0, 10000 },
    { "33", "35301", 4, 0, 10000 },
    { "33", "46571", 4, 0, 10000 },
    { "33", "53649", 4, 0, 10000 },
    { "33", "63998", 4, 0, 10000 },
    /* Ireland, ComReg: 020 91 for drama */
    { "353", "2091", 5, 0, 100000 },
    /* Sweden, PTS: numbers for books and films, in Göteborg, Malmö, Stockholm, Kiruna and mobile */
    { "46", "3139006", 2, 0, 100 },
    { "46", "406280", 3, 400, 100 },
    { "46", "8465004", 2, 0, 100 },
    { "46", "980319", 3, 200, 100 },
    { "46", "701740", 3, 605, 95 },
    /* Germany, Bundesnetzagentur, notice 148/2021: media productions, in Berlin, Hamburg, Frankfurt,
     * München, Köln */
    { "49", "3023125", 3, 0, 1000 },
    { "49", "4066969", 3, 0, 1000 },
    { "49", "6990009", 3, 0, 1000 },
    { "49", "8999998", 3, 0, 1000 },
    { "49", "2214710", 3, 0, 1000 },
    /* Australia, ACMA: numbers for creative works, in the four regions */
    { "61", "25550", 4, 0, 10000 },
    { "61", "35550", 4, 0, 10000 },
    { "61", "75550", 4, 0, 10000 },
    { "61", "85550", 4, 0, 10000 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    (void)err;
    c->key = with->key;
    return BAU_OK;
}

static uint8_t *put_digits(uint8_t *dst, uint32_t v, unsigned n)
{
    for (unsigned i = n; i > 0; i--, v /= 10)
        dst[i - 1] = (uint8_t)('0' + v % 10);
    return dst + n;
}

static bool has_code(const struct bau_phone *p, const char *code)
{
    uint32_t i = 0;
    while (i < p->code_len && code[i] == (char)('0' + p->digit[p->code_from + i]))
        i++;
    return i == p->code_len && code[i] == '\0';
}

/* A number of the same country, or NULL where it has no blocks. */
static uint8_t *write_national(uint8_t *dst, const struct bau_phone *p, uint64_t random)
{
    uint32_t all = 0;
    for (size_t i = 0; i < BAU_COUNT(national); i++)
        all += has_code(p, national[i].code) ? national[i].n : 0;
    if (all == 0)
        return NULL;
    uint32_t left = (uint32_t)bau_draw(random, all);
    const struct block *b = national;
    while (!has_code(p, b->code) || left >= b->n) {
        left -= has_code(p, b->code) ? b->n : 0;
        b++;
    }
    *dst++ = '+';
    memcpy(dst, b->code, strlen(b->code));
    dst += strlen(b->code);
    memcpy(dst, b->start, strlen(b->start));
    return put_digits(dst + strlen(b->start), b->first + left, b->digits);
}

static uint8_t *write_number(uint8_t *dst, const struct config *c, const struct bau_phone *p,
                             const uint8_t digest[16])
{
    const uint64_t random = bau_bits64(digest), more = bau_bits64(digest + 8);
    const uint8_t *code = p->digit + p->code_from;
    uint8_t *end = c->blocks == NATIONAL ? write_national(dst, p, random) : NULL;
    if (end)
        return end;
    if (p->code_len == 2 && code[0] == 4 && code[1] == 4) {
        memcpy(dst, "+447700900", 10);
        return put_digits(dst + 10, (uint32_t)bau_draw(random, 1000), 3);
    }
    const uint32_t area = (uint32_t)bau_draw(more, 8 * 99), last = area % 99;
    memcpy(dst, "+1", 2);
    dst = put_digits(dst + 2, (area / 99 + 2) * 100 + last + (last >= 11), 3);
    memcpy(dst, "55501", 5);
    return put_digits(dst + 5, (uint32_t)bau_draw(random, 100), 2);
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    uint8_t(*digest)[16];
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, in, &digest, err));
    BAU_TRY(bau_mask_text_out(out, in, BAU_TEXT, WIDEST, ctx->arena, err));
    const uint8_t *src = in->data;
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i)) {
            struct bau_phone phone;
            if (!bau_phone_read(src + in->offsets[i], in->offsets[i + 1] - in->offsets[i], &phone))
                return bau_mask_refuse(ctx, in, i, "is no telephone number (5 to 18 digits, no letters)",
                                       err);
            dst = write_number(dst, c, &phone, digest[i]);
        }
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

static uint32_t widest(const void *config, bau_type type)
{
    (void)config;
    (void)type;
    return WIDEST;
}

const struct bau_masker bau_masker_phone_reserved = {
    .name = "phone_reserved",
    .summary = "Replaces a telephone number by one that is reserved for fiction.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_E164,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "+49 (30) 1234-567",
    .example_options = "",
};
