/* date_shift: moves dates by a secret amount of time, the same for everything of one entity (`by`), never by none.
 *
 * Intervals and order inside one entity stay; under `grain: day` time of day stays too. The shift is a whole number of grains,
 * uniform over -days..-1 and 1..days (counted in grains), drawn from the PRF of the canonical form of the `by` field.
 * keep_weekday: whole weeks, so that a Monday stays a Monday. Rows whose `by` is null share one shift. Infinities stay; a
 * date that is or would come to lie outside 0001-01-01..9999-12-31 is BAU_E_DATA. Timestamps with time zone move by 24 hours
 * a day in UTC.
 *
 * not_before and not_after bound what comes out: a date inside that would leave moves the same distance the other way (so
 * order and intervals may break near a bound, and only there), one that lies outside already becomes the bound. */
#include "maskers/calendar.h"
#include "maskers/common.h"

enum { DAY, HOUR, MINUTE, SECOND };

struct config {
    uint32_t days;
    const char *by;
    uint32_t grain;
    bool keep_weekday;
    const char *not_before, *not_after;
    uint64_t most; /* largest shift, in steps */
    int64_t step;  /* days for dates, else microseconds */
    bool bounded;
    int64_t first, last; /* what may come out, in days or microseconds */
    const struct bau_mask_key *key;
};

static const struct bau_option options[] = {
    { "days", BAU_OPTION_U32, offsetof(struct config, days), "30", 1, 3650, "Largest shift, in days.", 0,
      NULL, NULL, 0 },
    { "by", BAU_OPTION_TEXT, offsetof(struct config, by), NULL, 0, 0,
      "The field that says whose date it is; equal values shift equally.",
      BAU_OPTION_FIELD | BAU_OPTION_REQUIRED, NULL, "FIELD", 0 },
    { "grain", BAU_OPTION_CHOICE, offsetof(struct config, grain), "day", 0, 0,
      "The shift is a whole number of these.", 0, "day|hour|minute|second", NULL, 0 },
    { "keep_weekday", BAU_OPTION_BOOL, offsetof(struct config, keep_weekday), "false", 0, 0,
      "Shifts by whole weeks, so that the day of the week stays.", 0, NULL, NULL, 0 },
    { "not_before", BAU_OPTION_TEXT, offsetof(struct config, not_before), NULL, 0, 0,
      "The earliest date that may come out.", 0, NULL, "DATE", 0 },
    { "not_after", BAU_OPTION_TEXT, offsetof(struct config, not_after), NULL, 0, 0,
      "The latest date that may come out.", 0, NULL, "DATE", 0 },
    { 0 },
};

/* `end`: a day of a timestamp counts to its last microsecond. */
static bau_status read_bound(const char *name, const char *text, bau_type type, bool end, int64_t *out,
                             struct bau_error *err)
{
    int64_t day;
    if (!text)
        return BAU_OK;
    if (bau_read_instant(text, strlen(text), BAU_DATE, &day) && day >= BAU_FIRST_DAY && day <= BAU_LAST_DAY) {
        *out = type == BAU_DATE ? day : (day + end) * BAU_DAY_US - end;
        return BAU_OK;
    }
    if (type != BAU_DATE && bau_read_instant(text, strlen(text), type, out) && *out != INT64_MIN &&
        *out != INT64_MAX)
        return BAU_OK;
    return bau_error_set(err, BAU_E_USAGE, "%s: '%.40s' is no date; write it as 2026-01-31", name, text);
}

static bau_status bind_bounds(struct config *c, bau_type type, struct bau_error *err)
{
    const int64_t unit = type == BAU_DATE ? 1 : BAU_DAY_US;
    c->first = BAU_FIRST_DAY * unit;
    c->last = (BAU_LAST_DAY + 1) * unit - 1;
    c->bounded = c->not_before || c->not_after;
    BAU_TRY(read_bound("not_before", c->not_before, type, false, &c->first, err));
    BAU_TRY(read_bound("not_after", c->not_after, type, true, &c->last, err));
    if (c->bounded && c->last - c->first < 2 * (int64_t)c->most * c->step)
        return bau_error_set(err, BAU_E_USAGE,
                             "not_before and not_after must lie at least twice the largest shift apart");
    return BAU_OK;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    static const int64_t grain_us[] = { BAU_DAY_US, INT64_C(3600000000), INT64_C(60000000),
                                        INT64_C(1000000) };
    struct config *c = config;
    c->key = with->key;
    if (with->type == BAU_DATE && c->grain != DAY)
        return bau_error_set(err, BAU_E_USAGE, "a date moves by whole days only; leave out grain");
    if (c->keep_weekday && (c->grain != DAY || c->days < 7))
        return bau_error_set(err, BAU_E_USAGE,
                             "keep_weekday moves by whole weeks: days must be 7 or more, grain day");
    c->step = with->type == BAU_DATE ? 1 : grain_us[c->grain];
    c->most = (uint64_t)c->days * (uint64_t)(BAU_DAY_US / grain_us[c->grain]);
    if (c->keep_weekday) {
        c->step *= 7;
        c->most /= 7;
    }
    return bind_bounds(c, with->type, err);
}

static inline int64_t shift_of(const uint8_t digest[16], int64_t most, int64_t step)
{
    const int64_t drawn = (int64_t)bau_draw(bau_bits64(digest), 2 * (uint64_t)most) - most;
    return (drawn + (drawn >= 0)) * step;
}

/* The shift of every value, in days or microseconds, before any value is looked at: one short loop. */
static bau_status draw_shifts(const struct config *c, struct bau_mask_ctx *ctx, uint32_t n, int64_t **out,
                              struct bau_error *err)
{
    const int64_t most = (int64_t)c->most, step = c->step;
    uint8_t(*digest)[16];
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, ctx->fields[0], &digest, err));
    int64_t *shift = bau_arena_buffer(ctx->arena, (size_t)n * sizeof *shift);
    if (!shift)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    if (ctx->rows)
        for (uint32_t i = 0; i < n; i++)
            shift[i] = shift_of(digest[ctx->rows[i]], most, step);
    else
        for (uint32_t i = 0; i < n; i++)
            shift[i] = shift_of(digest[i], most, step);
    *out = shift;
    return BAU_OK;
}

/* Where `v`, a date within the years 1 to 9999, comes to lie under not_before and not_after. */
static int64_t bounded(const struct config *c, int64_t v, int64_t shift)
{
    if (v < c->first || v > c->last)
        return v < c->first ? c->first : c->last;
    return v + shift < c->first || v + shift > c->last ? v - shift : v + shift;
}

/* All values, into out; whether every one was and is within the years 1 to 9999. Without a branch, so that compilers take
 * several at a time. */
static bool move_dates(const int32_t *src, const int64_t *shift, int32_t *dst, uint32_t n)
{
    const int32_t first = (int32_t)BAU_FIRST_DAY, last = (int32_t)BAU_LAST_DAY;
    bool odd = false;
    for (uint32_t i = 0; i < n; i++) { /* a sum that wraps comes from one that is odd */
        const int32_t to = (int32_t)((uint32_t)src[i] + (uint32_t)shift[i]);
        odd |= (src[i] < first) | (src[i] > last) | (to < first) | (to > last);
        dst[i] = to;
    }
    return !odd;
}

static bool move_instants(const int64_t *src, const int64_t *shift, int64_t *dst, uint32_t n)
{
    const int64_t first = BAU_FIRST_DAY * BAU_DAY_US, last = (BAU_LAST_DAY + 1) * BAU_DAY_US - 1;
    bool odd = false;
    for (uint32_t i = 0; i < n; i++) {
        const int64_t to = (int64_t)((uint64_t)src[i] + (uint64_t)shift[i]);
        odd |= (src[i] < first) | (src[i] > last) | (to < first) | (to > last);
        dst[i] = to;
    }
    return !odd;
}

/* One value that the loops above may not have moved rightly: bounds, infinities, dates out of range. */
static bau_status move_one(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                           uint32_t i, int64_t shift, struct bau_column *out, struct bau_error *err)
{
    const bool date = in->type == BAU_DATE;
    const int64_t unit = date ? 1 : BAU_DAY_US;
    const int64_t first = BAU_FIRST_DAY * unit, last = (BAU_LAST_DAY + 1) * unit - 1;
    const int64_t v = date ? ((const int32_t *)in->data)[i] : ((const int64_t *)in->data)[i];
    const bool infinite = date ? v == INT32_MIN || v == INT32_MAX : v == INT64_MIN || v == INT64_MAX;
    const bool inside = v >= first && v <= last;
    const int64_t to = !inside ? v : c->bounded ? bounded(c, v, shift) : v + shift;
    if (!infinite && (!inside || to < first || to > last))
        return bau_mask_refuse(ctx, in, i, "leaves the years 1 to 9999 when shifted", err);
    if (date)
        ((int32_t *)out->data)[i] = (int32_t)to;
    else
        ((int64_t *)out->data)[i] = to;
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    int64_t *shift = NULL;
    BAU_TRY(draw_shifts(c, ctx, in->n_values, &shift, err));
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    const bool done =
        !c->bounded && (in->type == BAU_DATE ? move_dates(in->data, shift, out->data, in->n_values)
                                             : move_instants(in->data, shift, out->data, in->n_values));
    for (uint32_t i = 0; !done && i < in->n_values; i++)
        BAU_TRY(move_one(c, ctx, in, i, shift[i], out, err));
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
