/* last_name: a surname of the same script and case, in the form that the gender of the row or the rule asks for.
 *
 * Names are drawn from the dictionary of the value's script (or of `locale`) by their frequency, never the value itself.
 * Names that the narrowest column of the domain cannot hold are not drawn. */
#include "maskers/people.h"

struct config {
    struct bau_people_options options;
    const struct bau_mask_key *key;
    struct bau_name_part part;
};

static const struct bau_option options[] = { BAU_PEOPLE_OPTIONS, { 0 } };

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    c->key = with->key;
    return bau_name_part_make(&c->part, true, c->options.locale, with->max_chars, with, err);
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    return bau_name_part_apply(&c->part, &c->options, c->key, ctx, in, out, err);
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    (void)type;
    return c->part.widest;
}

const struct bau_masker bau_masker_last_name = {
    .name = "last_name",
    .summary = "Replaces a surname by another of the same script.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_FORMAT,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_TRIM,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "Lovelace",
    .example_options = "",
};
