/* objectid: MongoDB's ObjectId: four bytes of seconds since 1970, five random ones, a counter of three. As 24
 * hexadecimal digits or 12 bytes.
 *
 *   time=shift  a secret number of days (1 to 3650, one for the domain) is taken off the time, modulo 2^32
 *   seconds, so that
 *               order and distances stay
 *   time=keep   the time stays
 *
 * The eight bytes behind the time are permuted as a number (maskers/rank.h) with the time as context:
 * bijective. */
#include "maskers/id.h"

enum { SHIFT, KEEP, DIGITS = 24, BYTES = 12 };

struct config {
    uint32_t time, seconds;
    struct bau_rank rank;
};

static const struct bau_option options[] = {
    { "time", BAU_OPTION_CHOICE, offsetof(struct config, time), "shift", 0, 0,
      "Whether the time inside moves by a secret number of days, or stays.", 0, "shift|keep", NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    uint8_t subkey[32];
    BAU_TRY(bau_mask_subkey(with->key, "objectid-time", subkey, err));
    c->seconds = c->time == KEEP ? 0 : (uint32_t)(1 + bau_draw(bau_bits64(subkey), 3650)) * 86400u;
    bau_wipe(subkey, sizeof subkey);
    return bau_rank_bind(&c->rank, with->key, "objectid", err);
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_rank_release(&c->rank);
    c->seconds = 0;
}

static uint64_t hex_number(const struct bau_id *id, uint32_t from, uint32_t to)
{
    uint64_t v = 0;
    for (uint32_t i = from; i < to; i++) {
        const uint8_t c = id->symbol[i];
        v = v << 4 | (uint64_t)(bau_is_digit(c) ? c - '0' : c - 'A' + 10);
    }
    return v;
}

static void put_hex(struct bau_id *id, uint32_t from, uint32_t to, uint64_t v)
{
    for (uint32_t i = to; i-- > from; v >>= 4)
        id->symbol[i] = (uint8_t) "0123456789ABCDEF"[v & 15];
}

static bau_id_verdict read(const void *config, const struct bau_id *id, struct bau_id_part *part)
{
    (void)config;
    if (id->n != DIGITS || id->at[DIGITS - 1] - id->at[0] != DIGITS - 1)
        return BAU_ID_BAD;
    for (uint32_t i = 0; i < DIGITS; i++)
        if (id->symbol[i] > 'F')
            return BAU_ID_BAD;
    part->size = (bau_wide)1 << 64;
    part->rank = hex_number(id, 8, DIGITS);
    bau_id_context(part, id->symbol, 8);
    return BAU_ID_GOOD;
}

static bool write(const void *config, struct bau_id *id, const struct bau_id_part *part)
{
    const struct config *c = config;
    bool letters = false;
    for (uint32_t i = 0; i < DIGITS; i++)
        letters |= id->symbol[i] >= 'A';
    id->lower = id->lower || !letters; /* as every driver writes it, unless the input was upper case */
    put_hex(id, 0, 8, (uint32_t)(hex_number(id, 0, 8) - c->seconds));
    put_hex(id, 8, DIGITS, (uint64_t)part->rank);
    return true;
}

static const struct bau_id_masking masking = {
    .read = read,
    .write = write,
    .what = "is no ObjectId (24 hexadecimal digits, or 12 bytes)",
};

static bau_status apply_bytes(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                              struct bau_column *out, struct bau_error *err)
{
    struct bau_column text, masked;
    BAU_TRY(bau_column_make(&text, in, BAU_TEXT, 2 * (size_t)in->offsets[in->n_values], ctx->arena, err));
    const uint8_t *src = in->data;
    uint8_t *hex = text.data;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const uint32_t len = in->offsets[i + 1] - in->offsets[i];
        if (bau_column_present(in, i) && len != BYTES)
            return bau_mask_refuse(ctx, in, i, masking.what, err);
        text.offsets[i + 1] = 2 * in->offsets[i + 1];
    }
    for (uint32_t at = 0; at < in->offsets[in->n_values]; at += 4)
        bau_hex(hex + 2 * (size_t)at, src + at);
    BAU_TRY(bau_id_apply(&masking, c, BAU_ID_REFUSE, &c->rank, ctx, &text, &masked, err));
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    uint8_t *dst = out->data;
    const uint8_t *from = masked.data;
    for (uint32_t at = 0; at < in->offsets[in->n_values]; at++, from += 2) {
        const uint32_t high = (uint32_t)(from[0] >= 'a' ? from[0] - 'a' + 10 : from[0] - '0');
        const uint32_t low = (uint32_t)(from[1] >= 'a' ? from[1] - 'a' + 10 : from[1] - '0');
        dst[at] = (uint8_t)(high << 4 | low);
    }
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    if (in->type == BAU_BYTES)
        return apply_bytes(c, ctx, in, out, err);
    return bau_id_apply(&masking, c, BAU_ID_REFUSE, &c->rank, ctx, in, out, err);
}

const struct bau_masker bau_masker_objectid = {
    .name = "objectid",
    .summary = "Swaps MongoDB ObjectIds among themselves; the order of their times stays.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT) | BAU_TYPE_BIT(BAU_BYTES),
    .traits = BAU_DETERMINISTIC | BAU_BIJECTIVE | BAU_KEEPS_LENGTH | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_ORDER | BAU_LEAKS_PREFIX | BAU_LEAKS_FORMAT,
    .options = options,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct bau_id_work),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .unbind = unbind,
    .example_in = "65a1f0c27b3e9d0012345678",
    .example_options = "",
};
