/* person_email: an address in a reserved domain that shows the names which `person` gives the same identity.
 *
 *     given.family.SUFFIX@host     SUFFIX: 80 bits of the PRF of the address itself in base32
 *
 * Names are spelled in a to z (maskers/identity.h). n distinct addresses collide with a chance below n^2 / 2^81, whoever
 * they belong to. Where there is no `by`, the address is the identity: then `person` with `by: email` beside it agrees. */
#include "maskers/identity.h"
#include "maskers/reserved_host.h"

struct config {
    struct bau_identity id;
    const char *host;
    struct bau_local local;
    uint8_t tail[BAU_HOST_BYTES + 16];
    uint32_t tail_len;
};

static const struct bau_option options[] = {
    BAU_IDENTITY_OPTIONS,
    { "host", BAU_OPTION_TEXT, offsetof(struct config, host), "example.com", 0, 0,
      "A reserved domain: example.com, example.net, example.org, or one below .invalid, .test or .example.",
      0, NULL, NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    c->id.key = with->key;
    BAU_TRY(bau_reserved_tail(c->host, c->tail, &c->tail_len, err));
    const uint32_t room = with->max_chars > c->tail_len ? with->max_chars - c->tail_len : 1;
    if (with->max_chars && !bau_local_fits(room, true))
        return bau_error_set(err, BAU_E_USAGE,
                             "an address has at least %u characters, the narrowest column of the domain %u",
                             BAU_LOCAL_SUFFIX + 4 + c->tail_len, with->max_chars);
    return bau_local_make(&c->local, c->id.people.locale, with->max_chars ? room : 0, '.', with->arena, err);
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct bau_identity_rows rows;
    BAU_TRY(bau_identity_rows(&c->id, ctx, in, true, &rows, err));
    BAU_TRY(bau_mask_text_out(out, in, BAU_TEXT, c->local.widest + c->tail_len, ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i)) {
            const struct bau_who who = bau_identity_who(&c->id, ctx, &rows, in, i);
            dst = bau_local_put(dst, &c->local, &who, rows.own[i]);
            memcpy(dst, c->tail, c->tail_len);
            dst += c->tail_len;
        }
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    (void)type;
    return c->local.widest + c->tail_len;
}

const struct bau_masker bau_masker_person_email = {
    .name = "person_email",
    .summary = "Replaces an e-mail address by a reserved one that shows the person's masked name.",
    .kin = BAU_IDENTITY_KIN,
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_COLLISION_BOUND | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_EMAIL,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "ada.lovelace@analytical.co.uk",
    .example_options = "",
};
