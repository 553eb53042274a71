/* now_anchor: moves all dates of a field by one number of whole days, so that the latest one (or the latest one of the field
 * `of`) falls on the day `to`: data as fresh as it was in production. Intervals, order and time of day stay; whoever knows the
 * number of days knows the dates, so this is no protection.
 *
 * It looks at all values first. `to` is a date; without it, it is the day the run began, in UTC: then outputs differ from day to
 * day. A field and its partitions share one anchor; give fields that belong together the same `of`. Infinities stay and are no
 * anchor. Leaving 0001-01-01..9999-12-31 is BAU_E_DATA. */
#include "maskers/calendar.h"
#include "maskers/common.h"

struct seen {
    int64_t latest; /* microseconds */
    bool any;
};

struct config {
    const char *to, *of;
    int64_t to_day;
    const struct seen *seen;
};

static const struct bau_option options[] = {
    { "to", BAU_OPTION_TEXT, offsetof(struct config, to), NULL, 0, 0,
      "The day that the latest date comes to lie on; default: the day the run began.", 0, NULL, "DATE", 0 },
    { "of", BAU_OPTION_TEXT, offsetof(struct config, of), NULL, 0, 0,
      "The field whose latest date counts; default: the field itself.", BAU_OPTION_FIELD, NULL,
      BAU_DATE_FIELD, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    c->seen = with->seen;
    c->to_day = bau_day_of_us(with->run_us);
    if (!c->to && !with->run_us)
        return bau_error_set(err, BAU_E_USAGE, "outside a run now_anchor needs the option 'to', a date");
    if (c->to && (!bau_read_instant(c->to, strlen(c->to), BAU_DATE, &c->to_day) ||
                  c->to_day < BAU_FIRST_DAY || c->to_day > BAU_LAST_DAY))
        return bau_error_set(err, BAU_E_USAGE, "to: '%.40s' is no date; write it as 2026-01-31", c->to);
    return BAU_OK;
}

static bool within(bau_type type, int64_t v)
{
    const int64_t unit = type == BAU_DATE ? 1 : BAU_DAY_US;
    return v >= BAU_FIRST_DAY * unit && v < (BAU_LAST_DAY + 1) * unit;
}

static int64_t instant(const struct bau_column *c, uint32_t i)
{
    return c->type == BAU_DATE ? ((const int32_t *)c->data)[i] : ((const int64_t *)c->data)[i];
}

static bau_status observe(const void *config, void *seen, struct bau_mask_ctx *ctx,
                          const struct bau_column *in, struct bau_error *err)
{
    const struct config *c = config;
    struct seen *s = seen;
    const struct bau_column *from = c->of ? ctx->fields[0] : in;
    if (!(BAU_TYPE_BIT(from->type) & BAU_TYPES_INSTANT))
        return bau_error_set(err, BAU_E_USAGE, "the field '%s' is %s, not a date", c->of,
                             bau_type_word(from->type));
    for (uint32_t i = 0; i < from->n_values; i++) {
        int64_t v = instant(from, i);
        if (!bau_column_present(from, i) || !within(from->type, v))
            continue;
        if (from->type == BAU_DATE)
            v *= BAU_DAY_US;
        s->latest = s->any && s->latest > v ? s->latest : v;
        s->any = true;
    }
    return BAU_OK;
}

static bau_status settle(const void *config, void *seen, struct bau_error *err)
{
    (void)config;
    (void)seen;
    (void)err;
    return BAU_OK;
}

static void forget(void *seen)
{
    *(struct seen *)seen = (struct seen){ 0 };
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    const int64_t days = c->seen->any ? c->to_day - bau_day_of_us(c->seen->latest) : 0;
    const int64_t shift = in->type == BAU_DATE ? days : days * BAU_DAY_US;
    const int64_t low = in->type == BAU_DATE ? INT32_MIN : INT64_MIN,
                  high = in->type == BAU_DATE ? INT32_MAX : INT64_MAX;
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    for (uint32_t i = 0; i < in->n_values; i++) {
        const int64_t v = instant(in, i);
        const int64_t to = within(in->type, v) ? v + shift : v;
        if (v != low && v != high && bau_column_present(in, i) && !within(in->type, to))
            return bau_mask_refuse(ctx, in, i, "leaves the years 1 to 9999", err);
        if (in->type == BAU_DATE)
            ((int32_t *)out->data)[i] = (int32_t)to;
        else
            ((int64_t *)out->data)[i] = to;
    }
    bau_mask_clear_nulls(in, out);
    return BAU_OK;
}

const struct bau_masker bau_masker_now_anchor = {
    .name = "now_anchor",
    .summary = "Moves all dates of a field so that the latest one is today, or a given day.",
    .accepts = BAU_TYPES_INSTANT,
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_ORDER | BAU_LEAKS_FREQUENCY | BAU_LEAKS_RANGE | BAU_LEAKS_VALUE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .seen_bytes = sizeof(struct seen),
    .observe = observe,
    .settle = settle,
    .forget = forget,
    .example_in = "1987-04-12",
    .example_options = "to=2026-01-01",
};
