/* date_truncate: the first moment of the year, quarter, month, ISO week (Monday), day, hour or minute that a date lies in.
 *
 * Timestamps with time zone are cut in UTC. Text is an ISO 8601 date or timestamp and is cut on its own wall clock: the
 * spelling and the zone stay, only digits change. Infinities stay. A date outside 0001-01-01..9999-12-31 is BAU_E_DATA. */
#include "maskers/calendar.h"
#include "maskers/common.h"

enum { YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE };
enum { DATE_CHARS = 10 };

struct config {
    uint32_t unit;
};

static const struct bau_option options[] = {
    { "unit", BAU_OPTION_CHOICE, offsetof(struct config, unit), "month", 0, 0,
      "What is kept of the date; weeks begin on Monday.", 0, "year|quarter|month|week|day|hour|minute", NULL,
      0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    const struct config *c = config;
    if (with->type == BAU_DATE && c->unit >= DAY)
        return bau_error_set(err, BAU_E_USAGE,
                             "a date has no parts below the day: day, hour and minute would change nothing");
    return BAU_OK;
}

static int64_t first_day(uint32_t unit, int64_t day)
{
    if (unit >= DAY)
        return day;
    if (unit == WEEK) /* 0001-01-01 is a Monday */
        return day - (day - BAU_FIRST_DAY) % 7;
    const struct bau_civil at = bau_civil_of(day);
    const uint32_t month = unit == YEAR ? 1 : unit == QUARTER ? at.month - (at.month - 1) % 3 : at.month;
    return bau_days_of(at.year, month, 1);
}

static int64_t first_moment(uint32_t unit, int64_t us)
{
    const int64_t day = bau_day_of_us(us);
    const int64_t step = unit == HOUR ? INT64_C(3600000000) : unit == MINUTE ? INT64_C(60000000) : BAU_DAY_US;
    const int64_t rest = us - day * BAU_DAY_US;
    return first_day(unit, day) * BAU_DAY_US + rest - rest % step;
}

static bau_status cut_dates(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                            struct bau_column *out, struct bau_error *err)
{
    const int32_t *src = in->data;
    int32_t *dst = out->data;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const bool inside = src[i] >= BAU_FIRST_DAY && src[i] <= BAU_LAST_DAY;
        if (!inside && src[i] != INT32_MIN && src[i] != INT32_MAX)
            return bau_mask_refuse(ctx, in, i, "lies outside the years 1 to 9999", err);
        dst[i] = inside ? (int32_t)first_day(c->unit, src[i]) : src[i];
    }
    return BAU_OK;
}

static bau_status cut_instants(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                               struct bau_column *out, struct bau_error *err)
{
    const int64_t first = BAU_FIRST_DAY * BAU_DAY_US, last = (BAU_LAST_DAY + 1) * BAU_DAY_US - 1;
    const int64_t *src = in->data;
    int64_t *dst = out->data;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const bool inside = src[i] >= first && src[i] <= last;
        if (!inside && src[i] != INT64_MIN && src[i] != INT64_MAX)
            return bau_mask_refuse(ctx, in, i, "lies outside the years 1 to 9999", err);
        dst[i] = inside ? first_moment(c->unit, src[i]) : src[i];
    }
    return BAU_OK;
}

/* The digits of a clock in [from, to) become zeros, but those of the hour and minute that are kept. */
static void clear_clock(uint32_t unit, uint8_t *from, const uint8_t *to)
{
    const unsigned keep = unit == HOUR ? 2 : unit == MINUTE ? 5 : 0; /* "13:45" */
    for (uint8_t *p = from; p < to; p++)
        if (p >= from + keep && bau_is_digit(*p))
            *p = '0';
}

static void put_date(uint8_t *dst, int64_t day)
{
    const struct bau_civil at = bau_civil_of(day);
    const uint32_t four[] = { (uint32_t)at.year / 1000, (uint32_t)at.year / 100, (uint32_t)at.year / 10,
                              (uint32_t)at.year };
    for (unsigned k = 0; k < 4; k++)
        dst[k] = (uint8_t)('0' + four[k] % 10);
    dst[5] = (uint8_t)('0' + at.month / 10);
    dst[6] = (uint8_t)('0' + at.month % 10);
    dst[8] = (uint8_t)('0' + at.day / 10);
    dst[9] = (uint8_t)('0' + at.day % 10);
}

/* Cuts the copy of a value in place; false when it is no ISO 8601 date. */
static bool cut_text(uint32_t unit, uint8_t *text, size_t len)
{
    int64_t ignored, day;
    const char *chars = (const char *)text;
    if (len == 0 || (chars[0] == 'i' || chars[0] == '-'))
        return bau_read_instant(chars, len, BAU_DATE, &ignored);
    struct bau_scan s = { chars, chars + len };
    if (!bau_scan_date(&s, &day))
        return false;
    if (bau_scan_char(&s, 'T') || bau_scan_char(&s, ' ')) {
        uint8_t *clock = text + DATE_CHARS + 1;
        if (!bau_scan_time(&s, &ignored))
            return false;
        const uint8_t *end = text + (s.at - chars);
        if (!bau_scan_zone(&s, &ignored))
            return false;
        clear_clock(unit, clock, end);
    }
    put_date(text, first_day(unit, day));
    return s.at == s.end;
}

static bau_status cut_texts(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                            struct bau_column *out, struct bau_error *err)
{
    uint8_t *dst = out->data;
    if (in->offsets[in->n_values])
        memcpy(dst, in->data, in->offsets[in->n_values]);
    for (uint32_t i = 0; i < in->n_values; i++)
        if (bau_column_present(in, i) &&
            !cut_text(c->unit, dst + in->offsets[i], in->offsets[i + 1] - in->offsets[i]))
            return bau_mask_refuse(ctx, in, i, "is no ISO 8601 date or timestamp", err);
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    if (in->type == BAU_TEXT)
        return cut_texts(c, ctx, in, out, err);
    if (in->type == BAU_DATE)
        BAU_TRY(cut_dates(c, ctx, in, out, err));
    else
        BAU_TRY(cut_instants(c, ctx, in, out, err));
    bau_mask_clear_nulls(in, out);
    return BAU_OK;
}

const struct bau_masker bau_masker_date_truncate = {
    .name = "date_truncate",
    .summary = "Cuts a date to its year, quarter, month, week, day, hour or minute.",
    .accepts = BAU_TYPES_INSTANT | BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_SOME | BAU_KEEPS_LENGTH,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_ORDER | BAU_LEAKS_LENGTH | BAU_LEAKS_PREFIX |
             BAU_LEAKS_FREQUENCY | BAU_LEAKS_FORMAT | BAU_LEAKS_RANGE | BAU_LEAKS_VALUE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .example_in = "1987-04-12",
    .example_options = "unit=month",
};
