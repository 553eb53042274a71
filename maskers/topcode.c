/* topcode: what lies below min becomes min, what lies above max becomes max; the rest stays.
 *
 * Numbers are compared exactly (floats as the decimal they are nearest to). A date is compared with a date, 2010-05-01, or a
 * year: min 2010 is its first moment, max 2010 its last day. Infinities are clamped where there is a bound, NaN stays. */
#include "maskers/calendar.h"
#include "maskers/decimal.h"

struct config {
    const char *min_text, *max_text;
    struct bau_clamp clamp;   /* numbers */
    int64_t earliest, latest; /* days or microseconds */
};

static const struct bau_option options[] = {
    { "min", BAU_OPTION_TEXT, offsetof(struct config, min_text), NULL, 0, 0,
      "The least number or earliest date that stays.", 0, NULL, "NUMBER", 0 },
    { "max", BAU_OPTION_TEXT, offsetof(struct config, max_text), NULL, 0, 0,
      "The greatest number or latest date that stays.", 0, NULL, "NUMBER", 0 },
    { 0 },
};

/* A year, a date, and for timestamps a date and time. */
static bool read_when(const char *text, bau_type type, bool last, int64_t *out)
{
    char day[] = "0000-12-31";
    if (strlen(text) == 4) {
        memcpy(day, text, 4);
        if (!last)
            memcpy(day + 5, "01-01", 5);
        text = day;
    }
    if (!bau_read_instant(text, strlen(text), type, out))
        return false;
    if (type == BAU_DATE)
        return *out != INT32_MIN && *out != INT32_MAX;
    if (last && text == day)
        *out += BAU_DAY_US - 1;
    return *out != INT64_MIN && *out != INT64_MAX;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    if (!c->min_text && !c->max_text)
        return bau_error_set(err, BAU_E_USAGE, "give min or max, or both");
    if (!(BAU_TYPE_BIT(with->type) & BAU_TYPES_INSTANT))
        return bau_clamp_bind(&c->clamp, c->min_text, c->max_text, with, err);
    c->earliest = INT64_MIN;
    c->latest = INT64_MAX;
    if ((c->min_text && !read_when(c->min_text, with->type, false, &c->earliest)) ||
        (c->max_text && !read_when(c->max_text, with->type, true, &c->latest)))
        return bau_error_set(err, BAU_E_USAGE,
                             "min and max of a date are years or dates, such as 2010 or 2010-05-01");
    if (c->earliest > c->latest)
        return bau_error_set(err, BAU_E_USAGE, "min must not be above max");
    return BAU_OK;
}

static int64_t clamped(const struct config *c, int64_t v)
{
    return v < c->earliest ? c->earliest : v > c->latest ? c->latest : v;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    if (!(BAU_TYPE_BIT(in->type) & BAU_TYPES_INSTANT))
        return bau_clamp_column(&c->clamp, ctx, in, out, err);
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    for (uint32_t i = 0; i < in->n_values; i++)
        if (in->type == BAU_DATE)
            ((int32_t *)out->data)[i] = (int32_t)clamped(c, ((const int32_t *)in->data)[i]);
        else
            ((int64_t *)out->data)[i] = clamped(c, ((const int64_t *)in->data)[i]);
    bau_mask_clear_nulls(in, out);
    return BAU_OK;
}

const struct bau_masker bau_masker_topcode = {
    .name = "topcode",
    .summary = "Replaces numbers and dates below min or above max by that bound.",
    .accepts = BAU_TYPES_INT | BAU_TYPES_FLOAT | BAU_TYPES_INSTANT | BAU_TYPE_BIT(BAU_NUMERIC),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_ORDER | BAU_LEAKS_LENGTH | BAU_LEAKS_PREFIX |
             BAU_LEAKS_FREQUENCY | BAU_LEAKS_FORMAT | BAU_LEAKS_RANGE | BAU_LEAKS_VALUE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .example_in = "2024.50",
    .example_options = "max=2000",
};
