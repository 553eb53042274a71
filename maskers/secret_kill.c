/* secret_kill: secrets in a text become constants of their kind that open nothing (secret.h): JSON web tokens, PEM
 * blocks, keys with an issuer's prefix, passwords in URIs, and tokens that look random. The rest stays.
 *
 * For settings, logs and headers. Found by marks: a password that stands alone in a column is none of them; use
 * `redact` or `password` there. */
#include "maskers/prose.h"
#include "maskers/secret.h"

struct config {
    uint32_t random_from;
    struct bau_prose prose;
};

static const struct bau_option options[] = {
    { "random_from", BAU_OPTION_U32, offsetof(struct config, random_from), "32", 0, 4096,
      "Characters from which on a token that mixes letters and digits as only a machine does counts as "
      "secret; 0 for "
      "never.",
      0, NULL, NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    (void)with;
    if (c->random_from > 0 && c->random_from < 16)
        return bau_error_set(err, BAU_E_USAGE,
                             "random_from: below 16 characters a token does not tell; 16 to 4096, or 0");
    c->prose = (struct bau_prose){
        .wanted = BAU_FIND_BIT(BAU_FIND_JWT) | BAU_FIND_BIT(BAU_FIND_PEM) | BAU_FIND_BIT(BAU_FIND_KEY) |
                  BAU_FIND_BIT(BAU_FIND_CREDENTIALS) | BAU_FIND_BIT(BAU_FIND_ENTROPY),
        .entropy_least = c->random_from,
    };
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct bau_prose_hit *hits;
    size_t n, h = 0;
    BAU_TRY(bau_prose_find(&c->prose, in, ctx->arena, &hits, &n, err));
    BAU_TRY(bau_column_make(out, in, BAU_TEXT, in->offsets[in->n_values], ctx->arena, err));
    uint8_t *dst = out->data, *const start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const struct bau_slice v = bau_column_value(in, i);
        size_t from = 0;
        for (; h < n && hits[h].value == i; h++) {
            memcpy(dst, v.data + from, hits[h].at - from);
            dst += hits[h].at - from;
            dst += bau_secret_dead(hits[h].find, v.data + hits[h].at, hits[h].len, dst);
            from = (size_t)hits[h].at + hits[h].len;
        }
        memcpy(dst, v.data + from, v.len - from);
        dst += v.len - from;
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

const struct bau_masker bau_masker_secret_kill = {
    .name = "secret_kill",
    .summary = "Replaces tokens, keys and passwords of URIs in a text by constants that open nothing.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_FORMAT |
             BAU_LEAKS_PREFIX | BAU_LEAKS_VALUE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .example_in = "DATABASE_URL=postgres://shop:s3cr3t@db.example.com/shop",
    .example_options = "",
};
