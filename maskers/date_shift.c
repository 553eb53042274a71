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

static int32_t shift_of(const struct config *c, const uint8_t digest[16])
{
    const int32_t drawn = (int32_t)bau_draw(bau_bits64(digest), 2 * (uint64_t)c->days) - (int32_t)c->days;
    return drawn + (drawn >= 0);
}

/* Why a value that the loops below found outside cannot move: infinities may stay. */
static bau_status outside(struct bau_mask_ctx *ctx, const struct bau_column *in, uint32_t i, bool infinite,
                          struct bau_error *err)
{
    return infinite ? BAU_OK : bau_mask_refuse(ctx, in, i, "leaves the years 1 to 9999 when shifted", err);
}

static bau_status shift_dates(struct bau_mask_ctx *ctx, const struct bau_column *in, const int32_t *shift,
                              struct bau_column *out, struct bau_error *err)
{
    const int32_t *src = in->data;
    int32_t *dst = out->data;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const int64_t to = (int64_t)src[i] + shift[i];
        dst[i] = (int32_t)to;
        if (src[i] >= FIRST_DAY && src[i] <= LAST_DAY && to >= FIRST_DAY && to <= LAST_DAY)
            continue;
        BAU_TRY(outside(ctx, in, i, src[i] == INT32_MIN || src[i] == INT32_MAX, err));
        dst[i] = src[i];
    }
    return BAU_OK;
}

static bau_status shift_instants(struct bau_mask_ctx *ctx, const struct bau_column *in, const int32_t *shift,
                                 struct bau_column *out, struct bau_error *err)
{
    const int64_t first = FIRST_DAY * DAY_US, last = (LAST_DAY + 1) * DAY_US - 1;
    const int64_t *src = in->data;
    int64_t *dst = out->data;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const bool inside = src[i] >= first && src[i] <= last;
        const int64_t to = (inside ? src[i] : 0) + shift[i] * DAY_US;
        dst[i] = to;
        if (inside && to >= first && to <= last)
            continue;
        BAU_TRY(outside(ctx, in, i, src[i] == INT64_MIN || src[i] == INT64_MAX, err));
        dst[i] = src[i];
    }
    return BAU_OK;
}

/* The shift of every value, in days: up to 3650. */
static bau_status draw_shifts(const struct config *c, struct bau_mask_ctx *ctx, uint32_t n, int32_t **out,
                              struct bau_error *err)
{
    uint8_t(*digest)[16];
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, ctx->fields[0], &digest, err));
    int32_t *shift = bau_arena_buffer(ctx->arena, (size_t)n * sizeof *shift);
    if (!shift)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    if (ctx->rows)
        for (uint32_t i = 0; i < n; i++)
            shift[i] = shift_of(c, digest[ctx->rows[i]]);
    else
        for (uint32_t i = 0; i < n; i++)
            shift[i] = shift_of(c, digest[i]);
    *out = shift;
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    int32_t *shift = NULL;
    BAU_TRY(draw_shifts(c, ctx, in->n_values, &shift, err));
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    if (in->type == BAU_DATE)
        BAU_TRY(shift_dates(ctx, in, shift, out, err));
    else
        BAU_TRY(shift_instants(ctx, in, shift, out, err));
    const size_t width = bau_type_width(in->type);
    for (uint32_t i = 0; in->valid && i < in->n_values; i++)
        if (!bau_column_present(in, i))
            memset((uint8_t *)out->data + width * i, 0, width);
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
