/* date_shift: moves dates by a secret number of whole days, the same for everything of one entity (`by`),
 * never by none.
 *
 * Intervals and order inside one entity stay; time of day stays. The shift is uniform over -days..-1 and
 * 1..days, drawn
 * from the PRF of the canonical form of the `by` field. Rows whose `by` is null share one shift. Infinities
 * stay; a date
 * that is or would come to lie outside 0001-01-01..9999-12-31 is BAU_E_DATA. Timestamps with time zone move
 * by 24 hours a
 * day in UTC. */
#include "maskers/common.h"

#define FIRST_DAY INT64_C(-719162) /* 0001-01-01 */
#define LAST_DAY INT64_C(2932896)  /* 9999-12-31 */
#define DAY_US INT64_C(86400000000)

struct config {
    uint32_t days;
    const char *by;
    const struct bau_mask_key *key;
};

static const struct bau_option options[] = {
    { "days", BAU_OPTION_U32, offsetof(struct config, days), "30", 1, 3650, "Largest shift, in days.", 0,
      NULL, NULL, 0 },
    { "by", BAU_OPTION_TEXT, offsetof(struct config, by), NULL, 0, 0,
      "The field that says whose date it is; equal values shift equally.",
      BAU_OPTION_FIELD | BAU_OPTION_REQUIRED, NULL, "FIELD", 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    (void)err;
    c->key = with->key;
    return BAU_OK;
}

static int64_t shift_of(const struct config *c, const uint8_t digest[16])
{
    const int64_t drawn = (int64_t)bau_draw(bau_bits64(digest), 2 * (uint64_t)c->days) - (int64_t)c->days;
    return drawn < 0 ? drawn : drawn + 1;
}

static bau_status shift_dates(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                              const uint8_t (*digest)[16], struct bau_column *out, struct bau_error *err)
{
    const int32_t *src = in->data;
    int32_t *dst = out->data;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const int64_t to = src[i] + shift_of(c, digest[ctx->rows ? ctx->rows[i] : i]);
        dst[i] = (int32_t)to;
        if (src[i] >= FIRST_DAY && src[i] <= LAST_DAY && to >= FIRST_DAY && to <= LAST_DAY)
            continue;
        if (src[i] != INT32_MIN && src[i] != INT32_MAX)
            return bau_mask_refuse(ctx, in, i, "leaves the years 1 to 9999 when shifted", err);
        dst[i] = src[i];
    }
    return BAU_OK;
}

static bau_status shift_instants(const struct config *c, struct bau_mask_ctx *ctx,
                                 const struct bau_column *in, const uint8_t (*digest)[16],
                                 struct bau_column *out, struct bau_error *err)
{
    const int64_t first = FIRST_DAY * DAY_US, last = (LAST_DAY + 1) * DAY_US - 1;
    const int64_t *src = in->data;
    int64_t *dst = out->data;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const bool inside = src[i] >= first && src[i] <= last;
        const int64_t to = (inside ? src[i] : 0) + shift_of(c, digest[ctx->rows ? ctx->rows[i] : i]) * DAY_US;
        dst[i] = to;
        if (inside && to >= first && to <= last)
            continue;
        if (src[i] != INT64_MIN && src[i] != INT64_MAX)
            return bau_mask_refuse(ctx, in, i, "leaves the years 1 to 9999 when shifted", err);
        dst[i] = src[i];
    }
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    uint8_t(*digest)[16];
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, ctx->fields[0], &digest, err));
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    if (in->type == BAU_DATE)
        BAU_TRY(shift_dates(c, ctx, in, (const uint8_t(*)[16])digest, out, err));
    else
        BAU_TRY(shift_instants(c, ctx, in, (const uint8_t(*)[16])digest, out, err));
    bau_mask_clear_nulls(in, out);
    return BAU_OK;
}

const struct bau_masker bau_masker_date_shift = {
    .name = "date_shift",
    .summary = "Moves dates by a secret number of days, the same for one person everywhere.",
    .accepts = BAU_TYPES_INSTANT,
    .traits = BAU_DETERMINISTIC | BAU_KEYED,
    .leaks = BAU_LEAKS_ORDER | BAU_LEAKS_RANGE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .example_in = "1987-04-12",
    .example_options = "days=30 by=id",
};
