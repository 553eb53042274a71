/* Reads, moves and writes coordinates for the maskers of them. */
#include "maskers/geo.h"

#include <math.h>

enum { LEAST_DECIMALS = 6, MOST_DECIMALS = 9, ONE_BYTES = 4 + 1 + MOST_DECIMALS };

int64_t bau_geo_cos(int64_t lat)
{
    static const int32_t cosines[] = {
        1073741824, 1073578288, 1073087729, 1072270298, 1071126243, 1069655912, 1067859754, 1065738315,
        1063292242, 1060522280, 1057429273, 1054014162, 1050277989, 1046221891, 1041847103, 1037154959,
        1032146887, 1026824413, 1021189159, 1015242840, 1008987269, 1002424350, 995556083,  988384560,
        980911966,  973140576,  965072759,  956710970,  948057759,  939115760,  929887697,  920376381,
        910584710,  900515665,  890172315,  879557810,  868675383,  857528349,  846120104,  834454122,
        822533958,  810363241,  797945680,  785285058,  772385229,  759250125,  745883746,  732290163,
        718473518,  704438018,  690187940,  675727625,  661061475,  646193961,  631129609,  615873009,
        600428808,  584801711,  568996477,  553017922,  536870912,  520560366,  504091252,  487468587,
        470697435,  453782903,  436730145,  419544355,  402230767,  384794656,  367241333,  349576144,
        331804471,  313931728,  295963357,  277904834,  259761657,  241539355,  223243478,  204879599,
        186453311,  167970228,  149435979,  130856211,  112236583,  93582766,   74900443,   56195305,
        37473049,   18739379,   0
    };
    const int64_t size = lat < 0 ? -lat : lat, degree = size / BAU_GEO_DEGREE, part = size % BAU_GEO_DEGREE;
    const int64_t here = cosines[degree], next = degree < 90 ? cosines[degree + 1] : 0;
    const int64_t cosine = here - (here - next) * part / BAU_GEO_DEGREE;
    return cosine > (1 << 20) ? cosine : 1 << 20;
}

/* ---- reading ---- */

/* -?digits[.digits], at most three digits before the point; what is finer than a unit is cut off. */
static bool read_decimal(const uint8_t *p, size_t len, int64_t *out, uint32_t *decimals)
{
    const bool minus = len && p[0] == '-';
    size_t i = minus, first = i;
    int64_t v = 0, unit = BAU_GEO_DEGREE / 10;
    for (; i < len && bau_is_digit(p[i]) && i - first < 3; i++)
        v = v * 10 + (p[i] - '0') * BAU_GEO_DEGREE;
    if (i == first)
        return false;
    *decimals = 0;
    if (i < len && p[i] == '.') {
        for (i++; i < len && bau_is_digit(p[i]); i++, unit /= 10) {
            v += (p[i] - '0') * unit;
            ++*decimals;
        }
        if (*decimals == 0)
            return false;
    }
    *out = minus ? -v : v;
    return i == len;
}

static bool read_double(double v, int64_t *out)
{
    if (!(v >= -180 && v <= 180))
        return false;
    const double units = v * 1e9;
    *out = llround(units);
    return true;
}

static bool read_one(const struct bau_column *c, uint32_t i, int64_t *out, uint32_t *decimals)
{
    const struct bau_slice v = bau_column_value(c, i);
    int64_t whole = 0;
    float single;
    double twice;
    *decimals = 0;
    switch (c->type) {
    case BAU_F32: memcpy(&single, v.data, sizeof single); return read_double((double)single, out);
    case BAU_F64: memcpy(&twice, v.data, sizeof twice); return read_double(twice, out);
    case BAU_I16: whole = ((const int16_t *)c->data)[i]; break;
    case BAU_I32: whole = ((const int32_t *)c->data)[i]; break;
    case BAU_I64: whole = ((const int64_t *)c->data)[i]; break;
    case BAU_TEXT:
    case BAU_NUMERIC: return read_decimal(v.data, v.len, out, decimals);
    case BAU_BOOL:
    case BAU_DATE:
    case BAU_TIME:
    case BAU_TIMESTAMP:
    case BAU_TIMESTAMPTZ:
    case BAU_UUID:
    case BAU_JSON:
    case BAU_BYTES:
    case BAU_OTHER:
    case BAU_TYPE_COUNT: return false;
    }
    *out = whole * BAU_GEO_DEGREE;
    return whole >= -180 && whole <= 180;
}

static bool within(int64_t v, int64_t degrees)
{
    return v >= -degrees * BAU_GEO_DEGREE && v <= degrees * BAU_GEO_DEGREE;
}

/* A text "latitude,longitude", with blanks around the comma or without. */
static bool read_pair(struct bau_slice v, struct bau_geo_point *p, uint32_t *decimals)
{
    const uint8_t *comma = v.len ? memchr(v.data, ',', v.len) : NULL;
    uint32_t more = 0;
    if (!comma)
        return false;
    size_t lat = (size_t)(comma - v.data), lon = lat + 1;
    while (lat > 0 && v.data[lat - 1] == ' ')
        lat--;
    while (lon < v.len && v.data[lon] == ' ')
        lon++;
    const bool good = read_decimal(v.data, lat, &p->lat, decimals) &&
                      read_decimal(v.data + lon, v.len - lon, &p->lon, &more);
    *decimals = more > *decimals ? more : *decimals;
    return good;
}

/* ---- writing ---- */

static uint8_t *write_decimal(uint8_t *dst, int64_t units, uint32_t decimals)
{
    int64_t step = 1;
    for (uint32_t i = decimals; i < MOST_DECIMALS; i++)
        step *= 10;
    uint64_t v = ((uint64_t)(units < 0 ? -units : units) + (uint64_t)step / 2) / (uint64_t)step;
    uint8_t digits[24];
    uint32_t n = 0;
    if (units < 0 && v > 0)
        *dst++ = '-';
    for (; v > 0 || n <= decimals; v /= 10)
        digits[n++] = (uint8_t)('0' + v % 10);
    while (n > 0) {
        if (n == decimals)
            *dst++ = '.';
        *dst++ = digits[--n];
    }
    return dst;
}

/* ---- columns ---- */

static uint32_t widest_with(const struct bau_geo *g, uint32_t decimals)
{
    return g->axis == BAU_GEO_PAIR ? 4 + 4 + 2 * decimals + 2 : (g->axis == BAU_GEO_LAT ? 4u : 5u) + decimals;
}

bau_status bau_geo_bind(struct bau_geo *g, const struct bau_mask_bind *with, uint64_t step_mm,
                        struct bau_error *err)
{
    const bool pair = g->axis == BAU_GEO_PAIR;
    const struct bau_field *f = with->field;
    int64_t unit = BAU_GEO_DEGREE;
    if (pair && with->type != BAU_TEXT)
        return bau_error_set(err, BAU_E_USAGE,
                             "one number is no pair of coordinates: say axis: lat or axis: lon");
    if (g->axis == BAU_GEO_LON && !g->other)
        return bau_error_set(err, BAU_E_USAGE, "axis lon needs the latitude: name its field with other");
    g->max_decimals = MOST_DECIMALS;
    if (with->type == BAU_NUMERIC && f && f->max_digits && f->scale >= 0 && f->scale < MOST_DECIMALS)
        g->max_decimals = (uint32_t)f->scale;
    while (with->type == BAU_TEXT && with->max_chars && g->max_decimals > 0 &&
           widest_with(g, g->max_decimals) + pair > with->max_chars)
        g->max_decimals--;
    for (uint32_t i = 0; i < g->max_decimals; i++)
        unit /= 10;
    if (g->max_decimals == 0 || (uint64_t)(unit * BAU_GEO_MM_PER_DEGREE / BAU_GEO_DEGREE) > step_mm)
        return bau_error_set(err, BAU_E_USAGE,
                             "the column has room for %u decimals of a degree, which is too coarse",
                             g->max_decimals);
    return BAU_OK;
}

static uint32_t decimals_of(const struct bau_geo *g, uint32_t arrived)
{
    const uint32_t wanted = arrived > LEAST_DECIMALS ? arrived : LEAST_DECIMALS;
    return wanted < g->max_decimals ? wanted : g->max_decimals;
}

static bau_status read_point(const struct bau_geo *g, struct bau_mask_ctx *ctx, const struct bau_column *in,
                             const struct bau_column *other, uint32_t i, struct bau_geo_point *p,
                             uint32_t *decimals, struct bau_error *err)
{
    *p = (struct bau_geo_point){ 0 };
    bool good;
    if (g->axis == BAU_GEO_PAIR)
        good = read_pair(bau_column_value(in, i), p, decimals);
    else
        good = read_one(in, i, g->axis == BAU_GEO_LAT ? &p->lat : &p->lon, decimals);
    if (!good || !within(p->lat, 90) || !within(p->lon, 180))
        return bau_mask_refuse(ctx, in, i, "is no coordinate in degrees (-90 to 90, -180 to 180)", err);
    if (g->axis == BAU_GEO_LON) {
        const uint32_t row = ctx->rows ? ctx->rows[i] : i;
        uint32_t ignored;
        if (!bau_column_present(other, row) || !read_one(other, row, &p->lat, &ignored) ||
            !within(p->lat, 90))
            return bau_mask_refuse(ctx, in, i, "is a longitude without a latitude beside it", err);
    }
    return BAU_OK;
}

static uint8_t *write_point(const struct bau_geo *g, bau_type type, uint8_t *dst,
                            const struct bau_geo_point *p, uint32_t decimals, bool blank)
{
    const int64_t one = g->axis == BAU_GEO_LON ? p->lon : p->lat;
    const double twice = (double)one / 1e9;
    const float single = (float)twice;
    if (type == BAU_F64) {
        memcpy(dst, &twice, sizeof twice);
        return dst + sizeof twice;
    }
    if (type == BAU_F32) {
        memcpy(dst, &single, sizeof single);
        return dst + sizeof single;
    }
    dst = write_decimal(dst, one, decimals);
    if (g->axis != BAU_GEO_PAIR)
        return dst;
    *dst++ = ',';
    if (blank)
        *dst++ = ' ';
    return write_decimal(dst, p->lon, decimals);
}

bau_status bau_geo_apply(const struct bau_geo *g, bau_geo_move *move, const void *config,
                         struct bau_mask_ctx *ctx, const struct bau_column *in,
                         const struct bau_column *other, const uint8_t (*digest)[16], struct bau_column *out,
                         struct bau_error *err)
{
    BAU_TRY(bau_mask_text_out(out, in, in->type, 2 * ONE_BYTES + 2, ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    const uint32_t width = bau_type_width(in->type);
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i)) {
            const struct bau_slice v = bau_column_value(in, i);
            struct bau_geo_point p;
            uint32_t decimals = 0;
            BAU_TRY(read_point(g, ctx, in, other, i, &p, &decimals, err));
            move(config, digest ? digest[ctx->rows ? ctx->rows[i] : i] : NULL, &p);
            const bool blank = g->axis == BAU_GEO_PAIR && memchr(v.data, ' ', v.len);
            dst = write_point(g, in->type, dst, &p, decimals_of(g, decimals), blank);
        } else {
            memset(dst, 0, width);
            dst += width;
        }
        if (!width)
            out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

uint32_t bau_geo_widest(const struct bau_geo *g, bau_type type)
{
    return type == BAU_TEXT ? widest_with(g, g->max_decimals) + (g->axis == BAU_GEO_PAIR) : 0;
}
