/* Counts of 10^-places: see decimal.h. */
#include "maskers/decimal.h"

#include <math.h>

__extension__ typedef __int128 wide_signed;

int64_t bau_power_of_ten(uint32_t n)
{
    int64_t p = 1;
    while (n--)
        p *= 10;
    return p;
}

static bool is_word(const uint8_t *text, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(text, word, len) == 0;
}

/* Digits of |text| as a count, saturated above INT64_MAX - 1. False when it is no decimal number. */
static bool read_size(const uint8_t *text, size_t len, uint32_t places, uint64_t *out, bool *out_more)
{
    const uint64_t most = INT64_MAX;
    uint64_t v = 0;
    uint32_t behind = 0;
    size_t digits = 0, point = SIZE_MAX;
    *out_more = false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '.' && point == SIZE_MAX && digits) {
            point = i;
            continue;
        }
        if (!bau_is_digit(text[i]))
            return false;
        const uint64_t digit = (uint64_t)(text[i] - '0');
        digits++;
        if (point != SIZE_MAX && behind++ >= places) {
            *out_more = *out_more || digit != 0;
            continue;
        }
        v = v > (most - digit) / 10 ? most : v * 10 + digit;
    }
    for (; behind < places; behind++)
        v = v > most / 10 ? most : v * 10;
    *out = v;
    return digits && point != len - 1;
}

bool bau_units_read(const uint8_t *text, size_t len, uint32_t places, int64_t *out, bool *out_more)
{
    *out_more = false;
    if (is_word(text, len, "NaN")) {
        *out = BAU_UNITS_NONE;
        return true;
    }
    const bool negative = len > 0 && text[0] == '-';
    uint64_t size = INT64_MAX;
    if (!is_word(text + negative, len - negative, "Infinity") &&
        !read_size(text + negative, len - negative, places, &size, out_more))
        return false;
    if (size == INT64_MAX)
        *out = negative ? BAU_UNITS_LOW : BAU_UNITS_HIGH;
    else
        *out = negative ? -(int64_t)size - *out_more : (int64_t)size;
    return true;
}

bool bau_decimal_read(const char *text, size_t len, struct bau_decimal *out)
{
    const uint8_t *bytes = (const uint8_t *)text;
    const char *point = memchr(text, '.', len);
    if (point) {
        if (point + 1 == text + len)
            return false;
        while (text[len - 1] == '0')
            len--;
        if (point + 1 == text + len)
            len--;
    }
    const size_t places = point && point < text + len ? (size_t)(text + len - point - 1) : 0;
    bool more;
    if (places > BAU_PLACES_MAX || !bau_units_read(bytes, len, (uint32_t)places, &out->units, &more))
        return false;
    out->places = (uint32_t)places;
    const int64_t limit = INT64_C(1000000000000000000);
    return bau_units_plain(out->units) && out->units < limit && out->units > -limit;
}

bool bau_decimal_scale(struct bau_decimal d, uint32_t places, int64_t *out_units)
{
    const wide_signed v = (wide_signed)d.units * bau_power_of_ten(places - d.places);
    if (v >= INT64_MAX || v <= BAU_UNITS_LOW)
        return false;
    *out_units = (int64_t)v;
    return true;
}

size_t bau_decimal_write(int64_t units, uint32_t places, uint8_t out[24])
{
    uint8_t reversed[24];
    size_t n = 0, at = 0;
    uint64_t v = units < 0 ? 0 - (uint64_t)units : (uint64_t)units;
    for (uint32_t k = 0; v || k <= places; v /= 10, k++) {
        if (k == places && places)
            reversed[n++] = '.';
        reversed[n++] = (uint8_t)('0' + v % 10);
    }
    if (units < 0)
        out[at++] = '-';
    while (n)
        out[at++] = reversed[--n];
    return at;
}

/* One multiplication, rounded once: 0.3 is 3 tenths. */
static int64_t units_of_double(double v, uint32_t places, bool *out_more)
{
    *out_more = false;
    if (isnan(v))
        return BAU_UNITS_NONE;
    const double ten = (double)bau_power_of_ten(places);
    const double scaled = v * ten;
    const double low = floor(scaled);
    if (low >= 9.2e18 || low <= -9.2e18)
        return v > 0 ? BAU_UNITS_HIGH : BAU_UNITS_LOW;
    *out_more = low < scaled;
    return (int64_t)low;
}

static int64_t units_of_integer(int64_t v, int64_t ten)
{
    const wide_signed scaled = (wide_signed)v * ten;
    if (scaled >= INT64_MAX || scaled <= BAU_UNITS_LOW)
        return v > 0 ? BAU_UNITS_HIGH : BAU_UNITS_LOW;
    return (int64_t)scaled;
}

bau_status bau_units_of(const struct bau_mask_ctx *ctx, const struct bau_column *in, uint32_t places,
                        int64_t **out, bool **out_more, struct bau_error *err)
{
    const int64_t ten = bau_power_of_ten(places);
    int64_t *units = bau_arena_buffer(ctx->arena, (size_t)in->n_values * sizeof *units);
    bool *rest = bau_arena_buffer(ctx->arena, in->n_values);
    if (!units || !rest)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t i = 0; i < in->n_values; i++) {
        rest[i] = false;
        units[i] = 0;
        if (in->type == BAU_I16)
            units[i] = units_of_integer(((const int16_t *)in->data)[i], ten);
        else if (in->type == BAU_I32 || in->type == BAU_DATE)
            units[i] = units_of_integer(((const int32_t *)in->data)[i], ten);
        else if (in->type == BAU_F32)
            units[i] = units_of_double((double)((const float *)in->data)[i], places, &rest[i]);
        else if (in->type == BAU_F64)
            units[i] = units_of_double(((const double *)in->data)[i], places, &rest[i]);
        else if (bau_type_width(in->type))
            units[i] = units_of_integer(((const int64_t *)in->data)[i], ten);
        else if (bau_column_present(in, i)) {
            const struct bau_slice v = bau_column_value(in, i);
            if (!bau_units_read(v.data, v.len, places, &units[i], &rest[i]))
                return bau_mask_refuse(ctx, in, i, "is no decimal number", err);
        }
    }
    *out = units;
    if (out_more)
        *out_more = rest;
    return BAU_OK;
}

bau_status bau_room_of(const struct bau_mask_bind *with, uint32_t places, struct bau_room *out,
                       struct bau_error *err)
{
    const bool whole = (BAU_TYPE_BIT(with->type) & (BAU_TYPES_INT | BAU_TYPES_INSTANT)) != 0;
    const struct bau_field *f = with->type == BAU_NUMERIC ? with->field : NULL;
    const uint32_t scale = whole                                 ? 0
                           : f && f->max_digits && f->scale >= 0 ? (uint32_t)f->scale
                                                                 : BAU_PLACES_MAX;
    if (places > scale)
        return bau_error_set(err, BAU_E_USAGE, "%s has no room for a number with %u places",
                             with->field ? with->field->native : bau_type_word(with->type), places);
    *out = (struct bau_room){ BAU_UNITS_LOW + 1, BAU_UNITS_HIGH - 1 };
    if (with->type == BAU_I16)
        *out = (struct bau_room){ INT16_MIN, INT16_MAX };
    else if (with->type == BAU_I32)
        *out = (struct bau_room){ INT32_MIN, INT32_MAX };
    else if (with->type == BAU_DATE)
        *out = (struct bau_room){ -719162, 2932896 };
    else if (f && f->max_digits && f->max_digits - scale + places <= 18) {
        out->most = bau_power_of_ten(f->max_digits - scale + places) - 1;
        out->least = -out->most;
    }
    return BAU_OK;
}

void bau_units_store(struct bau_column *out, uint32_t i, int64_t units, uint32_t places)
{
    const double ten = (double)bau_power_of_ten(places);
    if (out->type == BAU_I16)
        ((int16_t *)out->data)[i] = (int16_t)units;
    else if (out->type == BAU_I32 || out->type == BAU_DATE)
        ((int32_t *)out->data)[i] = (int32_t)units;
    else if (out->type == BAU_F32)
        ((float *)out->data)[i] = (float)((double)units / ten);
    else if (out->type == BAU_F64)
        ((double *)out->data)[i] = (double)units / ten;
    else
        ((int64_t *)out->data)[i] = units;
}

bau_status bau_clamp_bind(struct bau_clamp *c, const char *min, const char *max,
                          const struct bau_mask_bind *with, struct bau_error *err)
{
    const char *const text[] = { min, max };
    int64_t *const units[] = { &c->min, &c->max };
    struct bau_room room;
    *c = (struct bau_clamp){ .has_min = min != NULL, .has_max = max != NULL };
    for (unsigned k = 0; k < 2; k++) {
        if (text[k] && !bau_decimal_read(text[k], strlen(text[k]), &c->edge[k]))
            return bau_error_set(err, BAU_E_USAGE,
                                 "'%.40s' is no decimal number of at most 18 digits and %u places", text[k],
                                 BAU_PLACES_MAX);
        c->places = c->edge[k].places > c->places ? c->edge[k].places : c->places;
    }
    BAU_TRY(bau_room_of(with, c->places, &room, err));
    for (unsigned k = 0; k < 2; k++) {
        if (text[k] && !bau_decimal_scale(c->edge[k], c->places, units[k]))
            return bau_error_set(err, BAU_E_USAGE, "min and max have too many digits together");
        if (text[k] && (*units[k] < room.least || *units[k] > room.most))
            return bau_error_set(err, BAU_E_USAGE, "%s cannot hold %.40s",
                                 with->field ? with->field->native : bau_type_word(with->type), text[k]);
    }
    if (min && max && c->min > c->max)
        return bau_error_set(err, BAU_E_USAGE, "min must not be above max");
    return BAU_OK;
}

/* -1: below min, 1: above max. `more`: a little above `units`. */
static int side_of(const struct bau_clamp *c, int64_t units, bool more)
{
    if (units == BAU_UNITS_NONE)
        return 0;
    if (c->has_min && units < c->min)
        return -1;
    return c->has_max && (units > c->max || (units == c->max && more));
}

static bau_status clamp_texts(const struct bau_clamp *c, const struct bau_mask_ctx *ctx,
                              const struct bau_column *in, const int64_t *units, const bool *more,
                              struct bau_column *out, struct bau_error *err)
{
    uint8_t edge[2][24];
    const size_t len[2] = { bau_decimal_write(c->edge[0].units, c->edge[0].places, edge[0]),
                            bau_decimal_write(c->edge[1].units, c->edge[1].places, edge[1]) };
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

bau_status bau_clamp_column(const struct bau_clamp *c, const struct bau_mask_ctx *ctx,
                            const struct bau_column *in, struct bau_column *out, struct bau_error *err)
{
    const size_t width = bau_type_width(in->type);
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
