/* age_topcode: ages over 89 become one category, as 45 CFR 164.514(b)(2)(i)(C) (HIPAA safe harbour) asks: an age of 89 stays,
 * 90 and every higher one becomes 90.
 *
 * A date is a birth date: whoever has completed 90 years on the day `as_of` gets 1 January of the year 90 before it, one
 * date for all of them. Born on 29 February, a year is completed on 1 March. `as_of` is a date that the rule fixes, since
 * outputs depend on nothing but key, options and value. Infinities, later dates and negative numbers stay. */
#include "maskers/calendar.h"
#include "maskers/common.h"

struct config {
    uint32_t over;
    const char *as_of;
    int32_t newest, category; /* dates: the last birthday of the category, what it becomes */
    char spelled[12];         /* over + 1 */
    uint32_t spelled_len;
};

static const struct bau_option options[] = {
    { "over", BAU_OPTION_U32, offsetof(struct config, over), "89", 1, 150,
      "The highest age that stays; every higher one becomes the next year.", 0, NULL, NULL, 0 },
    { "as_of", BAU_OPTION_TEXT, offsetof(struct config, as_of), NULL, 0, 0,
      "Birth dates: the day on which ages are counted, such as 2026-01-01.", 0, NULL, "DATE", 0 },
    { 0 },
};

static bau_status bind_dates(struct config *c, struct bau_error *err)
{
    int64_t day;
    if (!c->as_of)
        return bau_error_set(err, BAU_E_USAGE,
                             "birth dates need the option 'as_of', a date such as 2026-01-01");
    const struct bau_scan whole = { c->as_of, c->as_of + strlen(c->as_of) };
    struct bau_scan s = whole;
    if (!bau_scan_date(&s, &day) || s.at != s.end)
        return bau_error_set(err, BAU_E_USAGE, "as_of: '%.40s' is no date; write it as 2026-01-01", c->as_of);
    const struct bau_civil at = bau_civil_of(day);
    const int64_t year = at.year - (int64_t)c->over - 1;
    if (year < 1)
        return bau_error_set(err, BAU_E_USAGE, "as_of must be later than the year %u", c->over + 1);
    c->category = (int32_t)bau_days_of(year, 1, 1);
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    const bool absent = at.month == 2 && at.day == 29 && !leap; /* born by 28 February */
    c->newest = (int32_t)bau_days_of(year, at.month, absent ? 28 : at.day);
    return BAU_OK;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    char digits[12];
    unsigned n = 0;
    for (uint32_t v = c->over + 1; v; v /= 10)
        digits[n++] = (char)('0' + v % 10);
    for (unsigned i = 0; i < n; i++)
        c->spelled[i] = digits[n - 1 - i];
    c->spelled_len = n;
    if (with->type == BAU_NUMERIC && with->field && with->field->max_digits &&
        n + (with->field->scale > 0 ? (uint32_t)with->field->scale : 0) > with->field->max_digits)
        return bau_error_set(err, BAU_E_USAGE, "%s has no room for %u", with->field->native, c->over + 1);
    return with->type == BAU_DATE ? bind_dates(c, err) : BAU_OK;
}

static void top_fixed(const struct config *c, const struct bau_column *in, void *data)
{
    const uint32_t n = in->n_values;
    const int32_t top = (int32_t)c->over + 1;
    if (in->type == BAU_I16) {
        const int16_t *src = in->data;
        for (uint32_t i = 0; i < n; i++)
            ((int16_t *)data)[i] = src[i] > top ? (int16_t)top : src[i];
    } else if (in->type == BAU_I32) {
        const int32_t *src = in->data;
        for (uint32_t i = 0; i < n; i++)
            ((int32_t *)data)[i] = src[i] > top ? top : src[i];
    } else if (in->type == BAU_I64) {
        const int64_t *src = in->data;
        for (uint32_t i = 0; i < n; i++)
            ((int64_t *)data)[i] = src[i] > top ? top : src[i];
    } else {
        const int32_t *src = in->data;
        for (uint32_t i = 0; i < n; i++)
            ((int32_t *)data)[i] = src[i] != INT32_MIN && src[i] <= c->newest ? c->category : src[i];
    }
}

/* Whether -?digits[.digits] is over + 1 or more, fractions of a year cut; false in *out_number for anything else. */
static bool is_over(const struct config *c, const uint8_t *text, size_t len, bool *out_number)
{
    const bool negative = len > 0 && text[0] == '-';
    size_t i = negative;
    uint32_t age = 0;
    for (; i < len && bau_is_digit(text[i]); i++)
        age = age > 1000 ? age : age * 10 + (text[i] - '0');
    *out_number = i > negative;
    if (i < len && text[i] == '.' && *out_number) {
        const size_t point = i++;
        while (i < len && bau_is_digit(text[i]))
            i++;
        *out_number = i > point + 1;
    }
    *out_number = *out_number && i == len;
    return !negative && age > c->over;
}

static bau_status top_spelled(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                              struct bau_column *out, struct bau_error *err)
{
    const uint8_t *src = in->data;
    BAU_TRY(bau_column_make(out, in, in->type, in->offsets[in->n_values], ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const uint8_t *text = src + in->offsets[i];
        size_t len = in->offsets[i + 1] - in->offsets[i];
        if (bau_column_present(in, i)) {
            bool number;
            const bool over = is_over(c, text, len, &number);
            if (!number)
                return bau_mask_refuse(ctx, in, i, "is no decimal number", err);
            if (over) { /* has at least as many digits */
                text = (const uint8_t *)c->spelled;
                len = c->spelled_len;
            }
            memcpy(dst, text, len);
            dst += len;
        }
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    if (bau_type_width(in->type) == 0)
        return top_spelled(c, ctx, in, out, err);
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    top_fixed(c, in, out->data);
    bau_mask_clear_nulls(in, out);
    return BAU_OK;
}

const struct bau_masker bau_masker_age_topcode = {
    .name = "age_topcode",
    .summary = "Puts ages over 89, or birth dates of people that old, into one category.",
    .accepts = BAU_TYPES_INT | BAU_TYPE_BIT(BAU_NUMERIC) | BAU_TYPE_BIT(BAU_TEXT) | BAU_TYPE_BIT(BAU_DATE),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_ORDER | BAU_LEAKS_LENGTH | BAU_LEAKS_PREFIX |
             BAU_LEAKS_FREQUENCY | BAU_LEAKS_FORMAT | BAU_LEAKS_RANGE | BAU_LEAKS_VALUE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .example_in = "97",
    .example_options = "as_of=2026-01-01",
};
