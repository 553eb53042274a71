/* username: an account name in a to z, digits and one separator, in which a letter stands first.
 *
 *   person   given.family.SUFFIX   the names that `person` gives the same identity, 80 bits of the PRF of the value
 *   token    uSUFFIX
 *
 * n distinct values collide with a chance below n^2 / 2^81. Where the narrowest column of the domain has no room for
 * `person`, all of it gets tokens; below their 17 characters the rule is refused. */
#include "maskers/identity.h"

enum { PERSON, TOKEN };
enum { TOKEN_CHARS = BAU_LOCAL_SUFFIX + 1 };

struct config {
    struct bau_identity id;
    uint32_t style, separator;
    struct bau_local local;
};

static const struct bau_option options[] = {
    BAU_IDENTITY_OPTIONS,
    { "style", BAU_OPTION_CHOICE, offsetof(struct config, style), "person", 0, 0,
      "The person's masked name and a token, or a token only.", 0, "person|token", NULL, 0 },
    { "separator", BAU_OPTION_CHOICE, offsetof(struct config, separator), "dot", 0, 0,
      "What stands between names and token.", 0, "dot|underscore|hyphen|none", NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    static const char separators[] = { '.', '_', '-', 0 };
    struct config *c = config;
    const char separator = separators[c->separator];
    c->id.key = with->key;
    if (with->max_chars && with->max_chars < TOKEN_CHARS)
        return bau_error_set(err, BAU_E_USAGE,
                             "a user name has at least %d characters, the narrowest column of the domain %u",
                             TOKEN_CHARS, with->max_chars);
    if (!bau_local_fits(with->max_chars, separator != 0))
        c->style = TOKEN;
    return c->style == TOKEN
               ? BAU_OK
               : bau_local_make(&c->local, c->id.people.locale, with->max_chars, separator, with->arena, err);
}

static uint32_t wide_of(const struct config *c)
{
    return c->style == TOKEN ? TOKEN_CHARS : c->local.widest;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct bau_identity_rows rows;
    BAU_TRY(bau_identity_rows(&c->id, ctx, in, true, &rows, err));
    BAU_TRY(bau_mask_text_out(out, in, BAU_TEXT, wide_of(c), ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i) && c->style == TOKEN) {
            *dst = 'u';
            dst = bau_local_suffix(dst + 1, rows.own[i]);
        } else if (bau_column_present(in, i)) {
            const struct bau_who who = bau_identity_who(&c->id, ctx, &rows, in, i);
            dst = bau_local_put(dst, &c->local, &who, rows.own[i]);
        }
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

static uint32_t widest(const void *config, bau_type type)
{
    (void)type;
    return wide_of(config);
}

const struct bau_masker bau_masker_username = {
    .name = "username",
    .summary = "Replaces an account name by one that shows the person's masked name, or by a token.",
    .kin = BAU_IDENTITY_KIN,
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_COLLISION_BOUND | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_FOLD,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "ada.lovelace",
    .example_options = "",
};
