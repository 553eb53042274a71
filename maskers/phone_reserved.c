/* phone_reserved: numbers that belong to nobody, from blocks kept for films and examples.
 *
 *   +44...   +44 7700 900xxx              Ofcom, telephone numbers for drama use
 *   others   +1, area code, 555-01xx      NANPA, 555 line numbers; the area code is drawn: 2xx to 9xx, no x11
 *
 * They are written as + and digits: length and punctuation of the original do not show. There are few of
 * them, so two
 * people may get the same one: this masker cannot serve a unique column. */
#include "maskers/common.h"
#include "maskers/phone_number.h"

enum { WIDEST = 13 };

struct config {
    const struct bau_mask_key *key;
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

static uint8_t *write_number(uint8_t *dst, const struct bau_phone *p, const uint8_t digest[16])
{
    const uint64_t random = bau_bits64(digest), more = bau_bits64(digest + 8);
    const uint8_t *code = p->digit + p->code_from;
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
            dst = write_number(dst, &phone, digest[i]);
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
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_E164,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "+49 (30) 1234-567",
    .example_options = "",
};
