/* bucket: a number becomes the range it lies in. Ranges are closed below and open above: [10,20).
 *
 * width: ranges of one width, counted from `origin`. edges: ranges between the given numbers; what lies below the first edge
 * counts to the first range, what is not below the last edge to an open one.
 * Shown is the lower edge, the middle (rounded down to what the type holds; of an open range its edge), or in text columns
 * the range itself: "[10,20)", "<10", ">=100".
 *
 * Integers and numerics are placed exactly; floats after one multiplication by a power of ten, so that 0.3 lies in [0.3,0.4).
 * A date counts in days, a timestamp in days from 1970-01-01 too: with width only. NaN and infinities stay. The lowest range of
 * a type may be cut by its least value. */
#include <math.h>

#include "maskers/decimal.h"

__extension__ typedef __int128 wide_signed;

enum { LOWER, MIDDLE, RANGE };
enum { LABEL_CHARS = 48 };

struct config {
    const char *width_text, *origin_text;
    struct bau_texts edge_texts;
    uint32_t show;
    uint32_t places;       /* of edges, width and origin together */
    uint32_t shown_places; /* of the output: one more for the middle */
    int64_t width, origin; /* units; width 0: edges */
    uint32_t n_edges;
    int64_t *edges;
    struct bau_room room; /* in units of shown_places */
    uint32_t widest;
};

static const struct bau_option options[] = {
    { "width", BAU_OPTION_TEXT, offsetof(struct config, width_text), NULL, 0, 0,
      "The width of every range, a decimal number; of dates in days.", 0, NULL, "NUMBER", 0 },
    { "origin", BAU_OPTION_TEXT, offsetof(struct config, origin_text), "0", 0, 0,
      "An edge that ranges of one width are counted from.", 0, NULL, "NUMBER", 0 },
    { "edges", BAU_OPTION_TEXTS, offsetof(struct config, edge_texts), NULL, 0, 0,
      "The edges of the ranges, rising; several in one text are separated by |.", 0, NULL, "NUMBER", 0 },
    { "show", BAU_OPTION_CHOICE, offsetof(struct config, show), "lower", 0, 0,
      "What a number becomes: the lower edge, the middle, or the range as text.", 0, "lower|middle|range",
      NULL, 0 },
    { 0 },
};

/* ---- bind ---- */

static bau_status read_number(const char *name, const char *text, size_t len, struct bau_decimal *out,
                              struct bau_error *err)
{
    if (bau_decimal_read(text, len, out))
        return BAU_OK;
    return bau_error_set(err, BAU_E_USAGE,
                         "%s: '%.*s' is no decimal number of at most 18 digits and %u places", name,
                         len > 40 ? 40 : (int)len, text, BAU_PLACES_MAX);
}

/* Every number of `edges`, in order; `out` NULL: counts them. */
static bau_status read_edges(const struct config *c, struct bau_decimal *out, uint32_t *out_n,
                             struct bau_error *err)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->edge_texts.n; i++)
        for (const char *at = c->edge_texts.at[i];; at++) {
            const size_t len = strcspn(at, "|");
            struct bau_decimal d;
            BAU_TRY(read_number("edges", at, len, &d, err));
            if (out)
                out[n] = d;
            n++;
            at += len;
            if (!*at)
                break;
        }
    *out_n = n;
    return BAU_OK;
}

static bau_status too_long(const char *name, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_USAGE, "%s: the numbers have too many digits together", name);
}

static bau_status bind_edges(struct config *c, struct bau_arena *arena, struct bau_error *err)
{
    BAU_TRY(read_edges(c, NULL, &c->n_edges, err));
    struct bau_decimal *read = bau_arena_take(arena, (c->n_edges + 1) * sizeof *read);
    c->edges = bau_arena_take(arena, (c->n_edges + 1) * sizeof *c->edges);
    if (!read || !c->edges)
        return bau_error_set(err, BAU_E_NOMEM, "edges");
    BAU_TRY(read_edges(c, read, &c->n_edges, err));
    for (uint32_t i = 0; i < c->n_edges; i++)
        c->places = read[i].places > c->places ? read[i].places : c->places;
    for (uint32_t i = 0; i < c->n_edges; i++) {
        if (!bau_decimal_scale(read[i], c->places, &c->edges[i]))
            return too_long("edges", err);
        if (i && c->edges[i] <= c->edges[i - 1])
            return bau_error_set(err, BAU_E_USAGE, "edges must rise");
    }
    return BAU_OK;
}

static bau_status bind_width(struct config *c, bau_type type, struct bau_error *err)
{
    struct bau_decimal width, origin;
    BAU_TRY(read_number("width", c->width_text, strlen(c->width_text), &width, err));
    BAU_TRY(read_number("origin", c->origin_text, strlen(c->origin_text), &origin, err));
    if (width.units <= 0)
        return bau_error_set(err, BAU_E_USAGE, "width must be above 0");
    c->places = width.places > origin.places ? width.places : origin.places;
    if (!bau_decimal_scale(width, c->places, &c->width) || !bau_decimal_scale(origin, c->places, &c->origin))
        return too_long("width", err);
    if (type != BAU_TIMESTAMP && type != BAU_TIMESTAMPTZ)
        return BAU_OK;
    const int64_t day_us = INT64_C(86400000000);
    if (c->width > INT64_C(10000000) || c->origin > INT64_C(10000000) || c->origin < -INT64_C(10000000))
        return bau_error_set(err, BAU_E_USAGE, "width and origin of timestamps are days, at most 10000000");
    c->width *= day_us;
    c->origin *= day_us;
    return BAU_OK;
}

static bau_status bind_text(struct config *c, const struct bau_mask_bind *with, struct bau_error *err)
{
    uint8_t text[24];
    if (c->show != RANGE && with->type != BAU_TEXT)
        return BAU_OK;
    if (with->type != BAU_TEXT)
        return bau_error_set(err, BAU_E_USAGE, "a range is text; %s can show lower or middle",
                             with->field ? with->field->native : bau_type_word(with->type));
    c->widest = c->show == RANGE ? LABEL_CHARS : 21; /* of any number, when ranges go on for ever */
    if (c->n_edges) {
        uint32_t most = 0;
        for (uint32_t i = 0; i < c->n_edges; i++) {
            const uint32_t n = (uint32_t)bau_decimal_write(c->edges[i], c->places, text);
            most = n > most ? n : most;
        }
        c->widest = c->show == RANGE ? 2 * most + 3 : most + 3; /* a middle has a place more */
    }
    if (with->max_chars && c->widest > with->max_chars)
        return bau_error_set(
            err, BAU_E_USAGE,
            "a range takes up to %u characters, the narrowest column of the domain %u; give edges, or "
            "show lower",
            c->widest, with->max_chars);
    return BAU_OK;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    const bool instant = (BAU_TYPE_BIT(with->type) & BAU_TYPES_INSTANT) != 0;
    if (!c->width_text == !c->edge_texts.n)
        return bau_error_set(err, BAU_E_USAGE, "give width or edges, one of them");
    if (instant && c->edge_texts.n)
        return bau_error_set(err, BAU_E_USAGE, "dates are put into ranges by width, in days");
    if (c->edge_texts.n)
        BAU_TRY(bind_edges(c, with->arena, err));
    else
        BAU_TRY(bind_width(c, with->type, err));
    BAU_TRY(bau_room_of(with, c->places, &c->room, err));
    c->shown_places = c->places;
    struct bau_room finer;
    struct bau_error ignored;
    if (c->show == MIDDLE && c->places < BAU_PLACES_MAX &&
        bau_room_of(with, c->places + 1, &finer, &ignored) == BAU_OK) {
        c->shown_places++;
        c->room = finer;
    }
    return bind_text(c, with, err);
}

/* ---- ranges ---- */

struct range {
    wide_signed from, to; /* units */
    bool below, above;    /* open on that side */
};

static struct range range_of(const struct config *c, int64_t v)
{
    if (c->width) {
        const wide_signed far = (wide_signed)v - c->origin;
        const wide_signed rest = far % c->width;
        const wide_signed from = v - (rest < 0 ? rest + c->width : rest);
        return (struct range){ from, from + c->width, false, false };
    }
    uint32_t low = 0, high = c->n_edges; /* how many edges are <= v */
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (c->edges[middle] <= v)
            low = middle + 1;
        else
            high = middle;
    }
    return (struct range){ .from = c->edges[low ? low - 1 : 0],
                           .to = c->edges[low < c->n_edges ? low : c->n_edges - 1],
                           .below = low == 0,
                           .above = low == c->n_edges };
}

static int64_t shown(const struct config *c, struct range r)
{
    const int ten = c->shown_places > c->places ? 10 : 1;
    if (r.below && c->n_edges > 1) /* counts to the first range */
        r = (struct range){ c->edges[0], c->edges[1], false, false };
    wide_signed v = r.from * ten;
    if (c->show == MIDDLE && !r.above && !r.below) {
        const wide_signed sum = (r.from + r.to) * ten;
        v = sum / 2 - (sum % 2 < 0);
    }
    return v < c->room.least ? c->room.least : v > c->room.most ? c->room.most : (int64_t)v;
}

/* ---- values ---- */

/* NaN and infinities: nothing that has a range. */
static bool is_endless(const struct bau_column *in, uint32_t i)
{
    const struct bau_slice v = bau_column_value(in, i);
    if (in->type == BAU_F32)
        return !isfinite(((const float *)in->data)[i]);
    if (in->type == BAU_F64)
        return !isfinite(((const double *)in->data)[i]);
    if (in->type == BAU_DATE)
        return ((const int32_t *)in->data)[i] == INT32_MIN || ((const int32_t *)in->data)[i] == INT32_MAX;
    if (in->type == BAU_TIMESTAMP || in->type == BAU_TIMESTAMPTZ)
        return ((const int64_t *)in->data)[i] == INT64_MIN || ((const int64_t *)in->data)[i] == INT64_MAX;
    return in->type == BAU_NUMERIC && v.len && !bau_is_digit(v.data[v.len - 1]);
}

/* Counts that were too large to hold have a range between edges, none of a width. An integer always counts. */
static bool has_range(const struct config *c, const struct bau_column *in, int64_t units)
{
    if (BAU_TYPE_BIT(in->type) & (BAU_TYPES_INT | BAU_TYPES_INSTANT))
        return true;
    return c->n_edges ? units != BAU_UNITS_NONE : bau_units_plain(units);
}

static const char *const no_range = "is too large to be put into ranges by width";

static bau_status put_fixed(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                            const int64_t *units, struct bau_column *out, struct bau_error *err)
{
    const size_t width = bau_type_width(in->type);
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (is_endless(in, i))
            memcpy((uint8_t *)out->data + width * i, (const uint8_t *)in->data + width * i, width);
        else if (has_range(c, in, units[i]))
            bau_units_store(out, i, shown(c, range_of(c, units[i])), c->shown_places);
        else
            return bau_mask_refuse(ctx, in, i, no_range, err);
    }
    bau_mask_clear_nulls(in, out);
    return BAU_OK;
}

static uint8_t *put_range(const struct config *c, struct range r, uint8_t *dst)
{
    if (r.below || r.above) {
        *dst++ = r.below ? '<' : '>';
        if (r.above)
            *dst++ = '=';
        return dst + bau_decimal_write((int64_t)(r.below ? r.to : r.from), c->places, dst);
    }
    *dst++ = '[';
    dst += bau_decimal_write((int64_t)r.from, c->places, dst);
    *dst++ = ',';
    dst += bau_decimal_write((int64_t)r.to, c->places, dst);
    *dst++ = ')';
    return dst;
}

static bau_status put_spelled(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                              const int64_t *units, struct bau_column *out, struct bau_error *err)
{
    BAU_TRY(bau_mask_text_out(out, in, in->type, LABEL_CHARS, ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const struct bau_slice v = bau_column_value(in, i);
        if (bau_column_present(in, i) && is_endless(in, i)) {
            memcpy(dst, v.data, v.len);
            dst += v.len;
        } else if (bau_column_present(in, i)) {
            const struct range r = has_range(c, in, units[i]) ? range_of(c, units[i]) : (struct range){ 0 };
            if (r.from == r.to && !r.below && !r.above)
                return bau_mask_refuse(ctx, in, i, no_range, err);
            if (r.from < BAU_UNITS_LOW || r.to > BAU_UNITS_HIGH)
                return bau_mask_refuse(ctx, in, i, no_range, err);
            dst = c->show == RANGE ? put_range(c, r, dst)
                                   : dst + bau_decimal_write(shown(c, r), c->shown_places, dst);
        }
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    int64_t *units;
    BAU_TRY(bau_units_of(ctx, in, c->places, &units, NULL, err));
    if (bau_type_width(in->type) == 0)
        return put_spelled(c, ctx, in, units, out, err);
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    return put_fixed(c, ctx, in, units, out, err);
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    return type == BAU_TEXT ? c->widest : 0;
}

const struct bau_masker bau_masker_bucket = {
    .name = "bucket",
    .summary = "Replaces a number by the range it lies in: its lower edge, its middle or a label.",
    .accepts = BAU_TYPES_INT | BAU_TYPES_FLOAT | BAU_TYPES_INSTANT | BAU_TYPE_BIT(BAU_NUMERIC) |
               BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_ORDER | BAU_LEAKS_PREFIX | BAU_LEAKS_FREQUENCY | BAU_LEAKS_RANGE |
             BAU_LEAKS_VALUE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "1234.50",
    .example_options = "width=100",
};
