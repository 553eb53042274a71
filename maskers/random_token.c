/* random_token: a new token for every value, from the system's random numbers. It depends on nothing: equal values get
 * different tokens, the next run makes others, and nothing of the value can be found out from it. Not for what other
 * columns or stores refer to: hash_token gives equal values equal tokens.
 *
 * A token has at least 80 random bits, so n of them collide with a chance below n^2 / 2^81; the default, 24 of 62
 * characters, has 142. */
#include "maskers/common.h"

#include <openssl/rand.h>

enum { ALNUM, LOWER, HEX, BASE32, LETTERS, DIGITS, ALPHABETS };
enum { LONGEST = 4096, BUFFER = 4096, LEAST_BITS = 80 };

/* Millibits of one character, rounded down. */
static const struct {
    const char *set;
    uint32_t millibits;
} alphabets[ALPHABETS] = {
    [ALNUM] = { "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 5954 },
    [LOWER] = { "0123456789abcdefghijklmnopqrstuvwxyz", 5169 },
    [HEX] = { "0123456789abcdef", 4000 },
    [BASE32] = { "abcdefghijklmnopqrstuvwxyz234567", 5000 },
    [LETTERS] = { "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 5700 },
    [DIGITS] = { "0123456789", 3321 },
};

struct config {
    uint32_t length, alphabet;
    const char *prefix;
    uint32_t prefix_len, prefix_chars;
    uint8_t
        from_byte[256]; /* the character a random byte becomes; 0: draw another, so that all are as likely */
};

struct work {
    uint8_t random[BUFFER];
    uint32_t at;
};

static const struct bau_option options[] = {
    { "length", BAU_OPTION_U32, offsetof(struct config, length), "24", 1, LONGEST, "Characters of the token.",
      0, NULL, NULL, 0 },
    { "alphabet", BAU_OPTION_CHOICE, offsetof(struct config, alphabet), "alnum", 0, 0,
      "The characters: letters and digits, small ones, hexadecimal digits and so on.", 0,
      "alnum|lower|hex|base32|letters|digits", NULL, 0 },
    { "prefix", BAU_OPTION_TEXT, offsetof(struct config, prefix), "", 0, 0, "Text before the token.", 0, NULL,
      "TEXT", 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    const char *set = alphabets[c->alphabet].set;
    const uint32_t n = (uint32_t)strlen(set), millibits = alphabets[c->alphabet].millibits;
    const uint32_t least = (LEAST_BITS * 1000 + millibits - 1) / millibits;
    c->prefix_len = (uint32_t)strlen(c->prefix);
    for (const char *p = c->prefix; *p; p++)
        c->prefix_chars += ((unsigned char)*p & 0xC0u) != 0x80u;
    if (c->prefix_len > 256)
        return bau_error_set(err, BAU_E_USAGE, "prefix may have up to 256 bytes, not %u", c->prefix_len);
    if (c->length < least)
        return bau_error_set(err, BAU_E_USAGE,
                             "length must be at least %u with this alphabet: shorter tokens collide", least);
    if (with->max_chars && c->prefix_chars + c->length > with->max_chars)
        return bau_error_set(
            err, BAU_E_USAGE,
            "the token has %u characters, the narrowest column of the domain %u; set length (at least "
            "%u with this alphabet)",
            c->prefix_chars + c->length, with->max_chars, least);
    for (uint32_t byte = 0; byte < 256 / n * n; byte++)
        c->from_byte[byte] = (uint8_t)set[byte % n];
    return BAU_OK;
}

static bau_status put_token(const struct config *c, struct work *w, uint8_t *dst, struct bau_error *err)
{
    for (uint32_t n = 0; n < c->length;) {
        if (w->at == BUFFER) {
            if (RAND_bytes(w->random, BUFFER) != 1)
                return bau_error_set(err, BAU_E_IO, "the system gives no random numbers");
            w->at = 0;
        }
        dst[n] = c->from_byte[w->random[w->at++]];
        n += dst[n] != 0;
    }
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct work *w = ctx->scratch;
    BAU_TRY(bau_mask_text_out(out, in, BAU_TEXT, (size_t)c->prefix_len + c->length, ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    w->at = BUFFER;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i)) {
            memcpy(dst, c->prefix, c->prefix_len);
            BAU_TRY(put_token(c, w, dst + c->prefix_len, err));
            dst += c->prefix_len + c->length;
        }
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    bau_wipe(w, sizeof *w);
    return BAU_OK;
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    (void)type;
    return c->prefix_chars + c->length;
}

const struct bau_masker bau_masker_random_token = {
    .name = "random_token",
    .summary = "Replaces a text by a random token, another one every time.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_COLLISION_BOUND,
    .leaks = 0,
    .options = options,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct work),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "d7f0a9c2-5b41-4e8b-93d1-02c67a88",
    .example_options = "",
};
