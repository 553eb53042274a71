/* topcode: what lies below min becomes min, what lies above max becomes max; the rest stays.
 *
 * Numbers are compared exactly (floats as the decimal they are nearest to). A date is compared with a date, 2010-05-01, or a
 * year: min 2010 is its first moment, max 2010 its last day. Infinities are clamped where there is a bound, NaN stays. */
#include "maskers/calendar.h"
#include "maskers/decimal.h"

struct config {
    const char *min_text, *max_text;
    uint32_t places;
    bool has_min, has_max;
    int64_t min, max; /* units; days or microseconds of dates */
    struct bau_decimal shown[2];
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

static bau_status bind_dates(struct config *c, bau_type type, struct bau_error *err)
{
    if ((c->has_min && !read_when(c->min_text, type, false, &c->min)) ||
        (c->has_max && !read_when(c->max_text, type, true, &c->max)))
        return bau_error_set(err, BAU_E_USAGE,
                             "min and max of a date are years or dates, such as 2010 or 2010-05-01");
    return BAU_OK;
}

static bau_status bind_numbers(struct config *c, const struct bau_mask_bind *with, struct bau_error *err)
{
    const char *const text[] = { c->min_text, c->max_text };
    int64_t *const units[] = { &c->min, &c->max };
    struct bau_room room;
    for (unsigned k = 0; k < 2; k++) {
        if (!text[k])
            continue;
        if (!bau_decimal_read(text[k], strlen(text[k]), &c->shown[k]))
            return bau_error_set(err, BAU_E_USAGE,
                                 "'%.40s' is no decimal number of at most 18 digits and %u places", text[k],
                                 BAU_PLACES_MAX);
        c->places = c->shown[k].places > c->places ? c->shown[k].places : c->places;
    }
    BAU_TRY(bau_room_of(with, c->places, &room, err));
    for (unsigned k = 0; k < 2; k++) {
        if (text[k] && !bau_decimal_scale(c->shown[k], c->places, units[k]))
            return bau_error_set(err, BAU_E_USAGE, "min and max have too many digits together");
        if (text[k] && (*units[k] < room.least || *units[k] > room.most))
            return bau_error_set(err, BAU_E_USAGE, "%s cannot hold %.40s",
                                 with->field ? with->field->native : bau_type_word(with->type), text[k]);
    }
    return BAU_OK;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    c->has_min = c->min_text != NULL;
    c->has_max = c->max_text != NULL;
    if (!c->has_min && !c->has_max)
        return bau_error_set(err, BAU_E_USAGE, "give min or max, or both");
    if (BAU_TYPE_BIT(with->type) & BAU_TYPES_INSTANT)
        BAU_TRY(bind_dates(c, with->type, err));
    else
        BAU_TRY(bind_numbers(c, with, err));
    if (c->has_min && c->has_max && c->min > c->max)
        return bau_error_set(err, BAU_E_USAGE, "min must not be above max");
    return BAU_OK;
}

/* -1: below min, 1: above max. `more`: a little above `units`. */
static int side_of(const struct config *c, int64_t units, bool more)
{
    if (units == BAU_UNITS_NONE)
        return 0;
    if (c->has_min && units < c->min)
        return -1;
    return c->has_max && (units > c->max || (units == c->max && more));
}

static bau_status clamp_texts(const struct config *c, const struct bau_mask_ctx *ctx,
                              const struct bau_column *in, const int64_t *units, const bool *more,
                              struct bau_column *out, struct bau_error *err)
{
    uint8_t edge[2][24];
    const size_t len[2] = { bau_decimal_write(c->shown[0].units, c->shown[0].places, edge[0]),
                            bau_decimal_write(c->shown[1].units, c->shown[1].places, edge[1]) };
    const size_t bytes = in->offsets[in->n_values] + (size_t)in->n_values * 24;
    if (bytes > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "the numbers of a batch grow past 2 GiB");
    BAU_TRY(bau_column_make(out, in, in->type, bytes, ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        struct bau_slice v = bau_column_value(in, i);
        const int side = side_of(c, units[i], more[i]);
        if (side)
            v = (struct bau_slice){ edge[side > 0], len[side > 0] };
        if (bau_column_present(in, i)) {
            memcpy(dst, v.data, v.len);
            dst += v.len;
        }
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

/* Dates and timestamps: the raw number is the count, infinities included. */
static void clamp_instants(const struct config *c, const struct bau_column *in, void *data)
{
    for (uint32_t i = 0; i < in->n_values; i++) {
        const int64_t v =
            in->type == BAU_DATE ? ((const int32_t *)in->data)[i] : ((const int64_t *)in->data)[i];
        const int64_t to = c->has_min && v < c->min ? c->min : c->has_max && v > c->max ? c->max : v;
        if (in->type == BAU_DATE)
            ((int32_t *)data)[i] = (int32_t)to;
        else
            ((int64_t *)data)[i] = to;
    }
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    const size_t width = bau_type_width(in->type);
    if (BAU_TYPE_BIT(in->type) & BAU_TYPES_INSTANT) {
        BAU_TRY(bau_column_like(out, in, ctx->arena, err));
        clamp_instants(c, in, out->data);
        bau_mask_clear_nulls(in, out);
        return BAU_OK;
    }
    int64_t *units;
    bool *more;
    BAU_TRY(bau_units_of(ctx, in, c->places, &units, &more, err));
    if (width == 0)
        return clamp_texts(c, ctx, in, units, more, out, err);
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    for (uint32_t i = 0; i < in->n_values; i++) {
        const int side = side_of(c, units[i], more[i]);
        if (side)
            bau_units_store(out, i, side < 0 ? c->min : c->max, c->places);
        else
            memcpy((uint8_t *)out->data + width * i, (const uint8_t *)in->data + width * i, width);
    }
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
