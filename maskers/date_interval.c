/* date_interval: dates of one entity told from a common anchor, another date field of the row (order date → shipping date →
 * delivery date, each with the order date as anchor).
 *
 *     out = anchor + shift(by) + gap * factor(by)         gap = value - anchor
 *
 * shift is a whole number of days, uniform over -days..-1 and 1..days; factor is uniform over 1 - jitter .. 1 + jitter in
 * steps of 10^-6, both drawn from the PRF of the canonical form of `by`. A gap keeps its sign, zero stays zero, and one that
 * is not zero stays at least one unit (a day, or a microsecond): so all dates of an entity with one anchor keep their order.
 * The anchor itself, masked with itself as anchor, only shifts and fits the others. Where the anchor is null or infinite the
 * value only shifts. Infinities stay. Leaving 0001-01-01..9999-12-31 is BAU_E_DATA. */
#include "maskers/calendar.h"
#include "maskers/common.h"

#define MILLION INT64_C(1000000)

struct config {
    const char *anchor, *by;
    uint32_t days, jitter;
    const struct bau_mask_key *key;
};

static const struct bau_option options[] = {
    { "anchor", BAU_OPTION_TEXT, offsetof(struct config, anchor), NULL, 0, 0,
      "The date field that intervals are counted from.", BAU_OPTION_FIELD | BAU_OPTION_REQUIRED, NULL,
      BAU_DATE_FIELD, 0 },
    { "by", BAU_OPTION_TEXT, offsetof(struct config, by), NULL, 0, 0,
      "The field that says whose dates they are; equal values shift and stretch equally.",
      BAU_OPTION_FIELD | BAU_OPTION_REQUIRED, NULL, "FIELD", 0 },
    { "days", BAU_OPTION_U32, offsetof(struct config, days), "30", 1, 3650,
      "Largest shift of the anchor, in days.", 0, NULL, NULL, 0 },
    { "jitter", BAU_OPTION_U32, offsetof(struct config, jitter), "20", 0, 90,
      "Largest change of an interval, in percent.", 0, NULL, NULL, 0 },
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

/* |gap| below 2^59, the factor in millionths below two. */
static int64_t stretched(const struct config *c, int64_t gap, const uint8_t digest[16])
{
    const uint64_t wide = UINT64_C(10000) * c->jitter;
    const uint64_t factor = (uint64_t)MILLION - wide + bau_draw(bau_bits64(digest + 8), 2 * wide + 1);
    const uint64_t size = gap < 0 ? -(uint64_t)gap : (uint64_t)gap;
    int64_t to = (int64_t)((bau_wide)size * factor / (uint64_t)MILLION);
    if (to == 0 && gap != 0)
        to = 1;
    return gap < 0 ? -to : to;
}

static bool within(bau_type type, int64_t v)
{
    const int64_t unit = type == BAU_DATE ? 1 : BAU_DAY_US;
    return v >= BAU_FIRST_DAY * unit && v < (BAU_LAST_DAY + 1) * unit;
}

static bool is_infinite(bau_type type, int64_t v)
{
    return type == BAU_DATE ? v == INT32_MIN || v == INT32_MAX : v == INT64_MIN || v == INT64_MAX;
}

static int64_t instant(const struct bau_column *c, uint32_t i)
{
    return c->type == BAU_DATE ? ((const int32_t *)c->data)[i] : ((const int64_t *)c->data)[i];
}

/* The anchor of row `at` in the unit of `type`; false when there is none. Text is read as ISO 8601. */
static bool anchor_of(const struct bau_column *anchor, uint32_t at, bau_type type, int64_t *out)
{
    int64_t v;
    if (!bau_column_present(anchor, at))
        return false;
    bau_type own = anchor->type;
    if (own == BAU_TEXT) {
        const struct bau_slice text = bau_column_value(anchor, at);
        own = BAU_TIMESTAMPTZ;
        if (!bau_read_instant((const char *)text.data, text.len, own, &v))
            return false;
    } else
        v = instant(anchor, at);
    if (!within(own, v))
        return false;
    if (own == BAU_DATE && type != BAU_DATE)
        v *= BAU_DAY_US;
    else if (own != BAU_DATE && type == BAU_DATE)
        v = bau_day_of_us(v);
    *out = v;
    return true;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    const struct bau_column *anchors = ctx->fields[0];
    if (!(BAU_TYPE_BIT(anchors->type) & (BAU_TYPES_INSTANT | BAU_TYPE_BIT(BAU_TEXT))))
        return bau_error_set(err, BAU_E_DATA, "the anchor '%s' is %s, not a date", c->anchor,
                             bau_type_word(anchors->type));
    uint8_t(*digest)[16];
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, ctx->fields[1], &digest, err));
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    const int64_t day = in->type == BAU_DATE ? 1 : BAU_DAY_US;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const uint32_t row = ctx->rows ? ctx->rows[i] : i;
        const int64_t v = instant(in, i);
        int64_t anchor, to = v;
        if (within(in->type, v)) {
            if (!anchor_of(anchors, row, in->type, &anchor))
                anchor = v;
            to = anchor + shift_of(c, digest[row]) * day + stretched(c, v - anchor, digest[row]);
        }
        if (!is_infinite(in->type, v) && !within(in->type, to))
            return bau_mask_refuse(ctx, in, i, "leaves the years 1 to 9999", err);
        if (in->type == BAU_DATE)
            ((int32_t *)out->data)[i] = (int32_t)to;
        else
            ((int64_t *)out->data)[i] = to;
    }
    bau_mask_clear_nulls(in, out);
    return BAU_OK;
}

const struct bau_masker bau_masker_date_interval = {
    .name = "date_interval",
    .summary = "Shifts dates of one person together and stretches their distance from an anchor date.",
    .accepts = BAU_TYPES_INSTANT,
    .traits = BAU_DETERMINISTIC | BAU_KEYED,
    .leaks = BAU_LEAKS_ORDER | BAU_LEAKS_RANGE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .example_in = "1987-04-12",
    .example_options = "anchor=ordered by=id",
};
