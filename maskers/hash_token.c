/* hash_token: a keyed token of fixed length. The first 16 bytes are the PRF of the value, further ones the
 * PRF of those
 * under a subkey: they make a longer token, not a less likely collision.
 *
 * n values collide with a chance of about n^2 / 2^(8 * bytes + 1), never below n^2 / 2^129. */
#include "maskers/common.h"
#include "src/kernel/kernels.h"
#include "src/kernel/text.h"

enum { HEX, BASE32 };

struct config {
    const struct bau_mask_key *key;
    uint32_t bytes, encoding;
    const char *prefix;
    uint8_t prefix_start[16];
    uint32_t prefix_len, prefix_chars, digits; /* digits: of the encoded bytes */
    struct bau_prf more;                       /* bytes 16..31 */
};

static const struct bau_option options[] = {
    { "bytes", BAU_OPTION_U32, offsetof(struct config, bytes), "16", 10, 32,
      "Bytes of the token before encoding.", 0, NULL, NULL, 0 },
    { "encoding", BAU_OPTION_CHOICE, offsetof(struct config, encoding), "hex", 0, 0,
      "How the bytes are written.", 0, "hex|base32", NULL, 0 },
    { "prefix", BAU_OPTION_TEXT, offsetof(struct config, prefix), "", 0, 0, "Text before the token.", 0, NULL,
      "TEXT", 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    uint8_t subkey[32];
    c->key = with->key;
    c->prefix_len = (uint32_t)strlen(c->prefix);
    for (const char *p = c->prefix; *p; p++)
        c->prefix_chars += ((unsigned char)*p & 0xC0u) != 0x80u;
    if (c->prefix_len > 256)
        return bau_error_set(err, BAU_E_USAGE, "prefix may have up to 256 bytes, not %u", c->prefix_len);
    memcpy(c->prefix_start, c->prefix, c->prefix_len < 16 ? c->prefix_len : 16);
    c->digits = c->encoding == HEX ? 2 * c->bytes : (8 * c->bytes + 4) / 5;
    if (with->max_chars && c->prefix_chars + c->digits > with->max_chars)
        return bau_error_set(err, BAU_E_USAGE,
                             "the token has %u characters, the narrowest column of the domain %u; set "
                             "bytes (at least 10) or encoding: base32",
                             c->prefix_chars + c->digits, with->max_chars);
    BAU_TRY(bau_mask_subkey(with->key, "token-more", subkey, err));
    const bool made = bau_prf_init(&c->more, subkey);
    bau_wipe(subkey, sizeof subkey);
    return made ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "AES");
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_prf_release(&c->more);
}

/* Bytes 16..31 of every token, or NULL when none is needed. */
static bau_status second_half(const struct config *c, const uint8_t (*digest)[16], uint32_t n,
                              struct bau_arena *arena, uint8_t (**out)[16], struct bau_error *err)
{
    *out = NULL;
    if (c->bytes <= 16)
        return BAU_OK;
    uint8_t(*more)[16] = bau_arena_buffer(arena, 16 * ((size_t)n + 1));
    uint32_t *offsets = bau_arena_buffer(arena, 4 * ((size_t)n + 1));
    if (!more || !offsets)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    if (n > UINT32_MAX / 16 - 1)
        return bau_error_set(err, BAU_E_LIMIT, "%u values are too many for one batch", n);
    for (uint32_t i = 0; i <= n; i++)
        offsets[i] = 16 * i;
    bau_prf_batch(&c->more, digest[0], offsets, n, more[0]);
    *out = more;
    return BAU_OK;
}

/* Whole groups: more characters than needed, into the slack. */
static void encode_hex(uint8_t *dst, const struct config *c, const uint8_t digest[16], const uint8_t *more)
{
    bau_hex16(dst, digest);
    if (c->bytes > 16)
        bau_hex16(dst + 32, more);
}

static void encode_base32(uint8_t *dst, const struct config *c, const uint8_t digest[16], const uint8_t *more)
{
    uint8_t bytes[40] = { 0 };
    if (c->bytes == 10) {
        bau_base32(dst, digest);
        bau_base32(dst + 8, digest + 5);
        return;
    }
    memcpy(bytes, digest, 16);
    if (c->bytes > 16)
        memcpy(bytes + 16, more, 16);
    for (uint32_t at = c->bytes; at % 5; at++) /* the last character's spare bits are 0 */
        bytes[at] = 0;
    for (uint32_t at = 0; at < c->bytes; at += 5, dst += 8)
        bau_base32(dst, bytes + at);
}

/* Prefixes are short: 16 bytes are copied, as many count as there are. */
static uint8_t *put_prefix(uint8_t *dst, const struct config *c)
{
    if (c->prefix_len <= sizeof c->prefix_start)
        memcpy(dst, c->prefix_start, sizeof c->prefix_start);
    else
        memcpy(dst, c->prefix, c->prefix_len);
    return dst + c->prefix_len;
}

/* The usual rule: sixteen bytes in hexadecimal, nothing before them, no nulls. */
static void put_plain(const struct config *c, const uint8_t (*digest)[16], struct bau_column *out)
{
    uint8_t *dst = out->data;
    const uint32_t n = out->n_values, digits = c->digits;
    for (uint32_t i = 0; i < n; i++)
        bau_hex16(dst + (size_t)digits * i, digest[i]);
    for (uint32_t i = 0; i <= n; i++)
        out->offsets[i] = digits * i;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    uint8_t(*digest)[16], (*more)[16];
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, in, &digest, err));
    BAU_TRY(second_half(c, (const uint8_t(*)[16])digest, in->n_values, ctx->arena, &more, err));
    BAU_TRY(bau_mask_text_out(out, in, in->type, c->prefix_len + c->digits, ctx->arena, err));
    if (c->encoding == HEX && !c->prefix_len && !more && !in->valid) {
        put_plain(c, (const uint8_t(*)[16])digest, out);
        return BAU_OK;
    }
    uint8_t *start = out->data;
    uint32_t at = 0;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i)) {
            uint8_t *dst = put_prefix(start + at, c);
            if (c->encoding == HEX)
                encode_hex(dst, c, digest[i], more ? more[i] : NULL);
            else
                encode_base32(dst, c, digest[i], more ? more[i] : NULL);
            at += c->prefix_len + c->digits;
        }
        out->offsets[i + 1] = at;
    }
    return BAU_OK;
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    (void)type;
    return c->prefix_chars + c->digits;
}

const struct bau_masker bau_masker_hash_token = {
    .name = "hash_token",
    .summary = "Replaces a text by a keyed token; equal texts get equal tokens.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT) | BAU_TYPE_BIT(BAU_BYTES),
    .traits = BAU_DETERMINISTIC | BAU_COLLISION_BOUND | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .unbind = unbind,
    .example_in = "sess-81a7-0001",
    .example_options = "bytes=10 encoding=base32 prefix=tok_",
};
