/* hostname: a name that no resolver answers for, below the top-level names example, invalid and test that RFC
 * 6761 reserves. The number of labels stays, names in one domain stay in one domain. Construction:
 * host_name.h.
 *
 * n names collide with a chance below n^2 / 2^81. */
#include "maskers/host_name.h"
#include "maskers/shape.h"

enum { LEAST_ROOM = BAU_HOST_TOKEN + 8 };

struct config {
    struct bau_prf prf;
    const struct bau_mask_key *key;
    uint32_t room; /* characters */
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    c->key = with->key;
    c->room = with->max_chars && with->max_chars < BAU_HOST_CHARS ? with->max_chars : BAU_HOST_CHARS;
    if (c->room < LEAST_ROOM)
        return bau_error_set(
            err, BAU_E_USAGE,
            "a host name of two labels has %d characters, the narrowest column of the domain %u", LEAST_ROOM,
            c->room);
    return bau_shape_key(&c->prf, with->key, "hostname", err);
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_prf_release(&c->prf);
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct bau_column names;
    BAU_TRY(bau_mask_canonical(c->key, ctx->arena, in, &names, err));
    for (uint32_t i = 0; i < in->n_values; i++)
        if (bau_column_present(in, i) && names.offsets[i] == names.offsets[i + 1])
            return bau_mask_refuse(ctx, in, i, "is no host name", err);
    BAU_TRY(bau_host_mask(&c->prf, ctx, in, &names, out, err));
    for (uint32_t i = 0; i < in->n_values; i++)
        if (out->offsets[i + 1] - out->offsets[i] > c->room)
            return bau_mask_refuse(
                ctx, in, i, "has more labels than the narrowest column of the domain has room for", err);
    return BAU_OK;
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    (void)type;
    return c->room;
}

const struct bau_masker bau_masker_hostname = {
    .name = "hostname",
    .summary = "Replaces a host name by one in a reserved domain; the number of labels stays.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_COLLISION_BOUND | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_PREFIX | BAU_LEAKS_FORMAT,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_FOLD,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .unbind = unbind,
    .example_in = "db-1000001.shop.analytical.co.uk",
    .example_options = "",
};
