/* sequence: dense numbers start, start + 1, … for the distinct values of a domain, in the order of their PRF: small keys without
 * gaps. A text gets a prefix and leading zeros.
 *
 * It looks at all values of the domain first (keys and everything that refers to them, of any type, in one store), at 32 bytes
 * for each distinct one. New values shift numbers: they are stable for one set of values, not from run to run. Two values
 * meet with a chance below n^2 / 2^129. */
#include "maskers/decimal.h"
#include "maskers/digests.h"

enum { PREFIX_MAX = 64 };

struct config {
    int64_t start;
    const char *prefix;
    uint32_t digits;
    uint64_t memory;
    bau_type type;
    struct bau_room room;
    uint32_t prefix_len, prefix_chars;
    const struct bau_mask_key *key;
    const struct bau_digests *seen;
};

static const struct bau_option options[] = {
    { "start", BAU_OPTION_I64, offsetof(struct config, start), "1", 0, INT64_C(1000000000000000000),
      "The first number.", 0, NULL, NULL, 0 },
    { "prefix", BAU_OPTION_TEXT, offsetof(struct config, prefix), "", 0, 0,
      "What stands before the number of a text.", 0, NULL, NULL, 0 },
    { "digits", BAU_OPTION_U32, offsetof(struct config, digits), "10", 1, 19,
      "How many digits the number of a text has, with zeros in front.", 0, NULL, NULL, 0 },
    { "memory", BAU_OPTION_BYTES, offsetof(struct config, memory), "256MiB", 65536, INT64_C(1) << 40,
      "The most memory that the first pass takes, 32 bytes a distinct value.", 0, NULL, NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    c->key = with->key;
    c->seen = with->seen;
    c->type = with->type;
    c->prefix_len = (uint32_t)strlen(c->prefix);
    for (uint32_t i = 0; i < c->prefix_len; i++)
        c->prefix_chars += ((uint8_t)c->prefix[i] & 0xC0u) != 0x80u;
    if (c->prefix_len > PREFIX_MAX || (c->prefix_len && with->type != BAU_TEXT))
        return bau_error_set(err, BAU_E_USAGE, "a prefix is for text, at most %d bytes", PREFIX_MAX);
    if (with->type != BAU_TEXT)
        return bau_room_of(with, 0, &c->room, err);
    c->room.most = c->digits < 19 ? bau_power_of_ten(c->digits) - 1 : INT64_MAX;
    if (with->max_chars && c->prefix_chars + c->digits > with->max_chars)
        return bau_error_set(
            err, BAU_E_USAGE,
            "a number has %u characters with its prefix, the narrowest column of the domain %u",
            c->prefix_chars + c->digits, with->max_chars);
    return BAU_OK;
}

static bau_status observe(const void *config, void *seen, struct bau_mask_ctx *ctx,
                          const struct bau_column *in, struct bau_error *err)
{
    const struct config *c = config;
    uint8_t(*digest)[16];
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, in, &digest, err));
    return bau_digests_add(seen, (const uint8_t(*)[16])digest, in, c->memory, err);
}

static bau_status settle(const void *config, void *seen, struct bau_error *err)
{
    const struct config *c = config;
    struct bau_digests *d = seen;
    BAU_TRY(bau_digests_settle(d, err));
    if (d->n && c->start > c->room.most - (int64_t)(d->n - 1))
        return bau_error_set(err, BAU_E_LIMIT, "%u distinct values do not fit between start and %" PRId64,
                             d->n, c->room.most);
    return BAU_OK;
}

static void forget(void *seen)
{
    bau_digests_release(seen);
}

static void put_digits(uint8_t *dst, int64_t v, uint32_t digits)
{
    for (uint32_t k = digits; k-- > 0; v /= 10)
        dst[k] = (uint8_t)('0' + v % 10);
}

static bau_status put_texts(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                            const int64_t *numbers, struct bau_column *out, struct bau_error *err)
{
    BAU_TRY(bau_mask_text_out(out, in, BAU_TEXT, c->prefix_len + c->digits, ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i)) {
            memcpy(dst, c->prefix, c->prefix_len);
            put_digits(dst + c->prefix_len, numbers[i], c->digits);
            dst += c->prefix_len + c->digits;
        }
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    uint8_t(*digest)[16];
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, in, &digest, err));
    int64_t *numbers = bau_arena_buffer(ctx->arena, (size_t)in->n_values * sizeof *numbers);
    if (!numbers)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t i = 0; i < in->n_values; i++) {
        const uint32_t place = bau_column_present(in, i) ? bau_digests_place(c->seen, digest[i]) : 0;
        if (place == c->seen->n && bau_column_present(in, i))
            return bau_mask_refuse(ctx, in, i, "was not there in the first pass", err);
        numbers[i] = c->start + place;
    }
    if (in->type == BAU_TEXT)
        return put_texts(c, ctx, in, numbers, out, err);
    return bau_mask_from_integers(in, numbers, ctx->arena, out, err);
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    return type == BAU_TEXT ? c->prefix_chars + c->digits : 0;
}

const struct bau_masker bau_masker_sequence = {
    .name = "sequence",
    .summary = "Numbers the distinct values of a domain without gaps, in a keyed order.",
    .accepts =
        BAU_TYPE_BIT(BAU_I32) | BAU_TYPE_BIT(BAU_I64) | BAU_TYPE_BIT(BAU_NUMERIC) | BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_BIJECTIVE | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .seen_bytes = sizeof(struct bau_digests),
    .observe = observe,
    .settle = settle,
    .forget = forget,
    .example_in = "user-10421",
    .example_options = "",
};
