/* geo_jitter and geo_grid: distances measured on the sphere with libm, the same way for one entity, poles and
 * antimeridian, types, decimals, refusals. */
#include <math.h>

#include "tests/support/masker.h"

enum { POINTS = 400 };

static const double radius = 6371008.8;
static struct bau_arena *arena;
static struct bau_error err;

static void setup(void)
{
    arena = bau_arena_new(1 << 20, 0);
}

static void teardown(void)
{
    bau_arena_free(arena);
}

TestSuite(masker_geo, .init = setup, .fini = teardown);

static double haversine(double lat1, double lon1, double lat2, double lon2)
{
    const double rad = 3.14159265358979323846 / 180;
    const double a = sin((lat2 - lat1) * rad / 2), b = sin((lon2 - lon1) * rad / 2);
    return 2 * radius * asin(sqrt(a * a + cos(lat1 * rad) * cos(lat2 * rad) * b * b));
}

static struct bau_column doubles(const double *values, uint32_t n)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_F64, .n_values = n };
    struct bau_column c;
    cr_assert_eq(bau_column_make(&c, &shape, BAU_F64, 0, arena, &err), BAU_OK);
    memcpy(c.data, values, n * sizeof *values);
    return c;
}

static struct bau_column entities(uint32_t n, uint32_t each)
{
    struct bau_column c = owners(0, n, arena);
    for (uint32_t i = 0; i < n; i++)
        ((int32_t *)c.data)[i] = (int32_t)(i / each);
    return c;
}

static bau_status mask_with(const char *name, const char *options, bau_type type, const struct bau_column *in,
                            const struct bau_column *const *fields, struct bau_column *out)
{
    struct bound b = bind_with(bau_masker_find(name), type, options, NULL, 0);
    struct bau_mask_ctx ctx = { .arena = arena, .fields = fields };
    err = b.err;
    const bau_status status = b.status == BAU_OK ? b.masker->apply(b.config, &ctx, in, out, &err) : b.status;
    release(&b);
    return status;
}

static void some_points(double *lat, double *lon, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        lat[i] = -89.5 + 179.0 * ((double)(i * 7919 % 1000) / 1000);
        lon[i] = -179.9 + 359.8 * ((double)(i * 104729 % 997) / 997);
    }
}

Test(masker_geo, jitter_moves_as_far_as_it_says)
{
    static const unsigned metres[] = { 10, 1000, 100000 };
    double lat[POINTS], lon[POINTS];
    some_points(lat, lon, POINTS);
    const struct bau_column by = entities(POINTS, 1), lats = doubles(lat, POINTS),
                            lons = doubles(lon, POINTS);
    const struct bau_column *const one[] = { &by }, *const both[] = { &by, &lats };
    for (size_t k = 0; k < BAU_COUNT(metres); k++) {
        struct bau_column lat_out, lon_out;
        char options[64];
        uint32_t east = 0, north = 0;
        double sum = 0;
        snprintf(options, sizeof options, "metres=%u axis=lat by=id", metres[k]);
        cr_assert_eq(mask_with("geo_jitter", options, BAU_F64, &lats, one, &lat_out), BAU_OK, "%s", err.text);
        snprintf(options, sizeof options, "metres=%u axis=lon by=id other=lat", metres[k]);
        cr_assert_eq(mask_with("geo_jitter", options, BAU_F64, &lons, both, &lon_out), BAU_OK, "%s",
                     err.text);
        for (uint32_t i = 0; i < POINTS; i++) {
            const double a = ((double *)lat_out.data)[i], o = ((double *)lon_out.data)[i];
            const double way = haversine(lat[i], lon[i], a, o);
            cr_assert(a >= -90 && a <= 90 && o >= -180 && o <= 180);
            if (fabs(lat[i]) < 80) /* nearer to a pole a straight way is no way along the parallel */
                cr_assert(way >= 0.0985 * metres[k] && way <= 1.015 * metres[k], "%f %f: %f of %u", lat[i],
                          lon[i], way, metres[k]);
            cr_assert(way <= 3 * (double)metres[k], "%f %f: %f", lat[i], lon[i], way);
            north += a > lat[i];
            east += o > lon[i];
            sum += way;
        }
        cr_expect(north > POINTS * 4 / 10 && north < POINTS * 6 / 10, "%u", north);
        cr_expect(east > POINTS * 4 / 10 && east < POINTS * 6 / 10, "%u", east);
        cr_expect(sum / POINTS > 0.6 * metres[k] && sum / POINTS < 0.74 * metres[k], "%f", sum / POINTS);
    }
}

Test(masker_geo, points_of_one_entity_move_alike)
{
    double lat[POINTS];
    for (uint32_t i = 0; i < POINTS; i++)
        lat[i] = 48 + (double)(i % 20) / 1000;
    const struct bau_column by = entities(POINTS, 20), lats = doubles(lat, POINTS), *const fields[] = { &by };
    struct bau_column out;
    cr_assert_eq(mask_with("geo_jitter", "axis=lat by=id", BAU_F64, &lats, fields, &out), BAU_OK);
    for (uint32_t i = 0; i < POINTS; i++) {
        const double *to = out.data;
        cr_assert(fabs((to[i] - lat[i]) - (to[i / 20 * 20] - lat[i / 20 * 20])) < 1e-8);
    }
    cr_expect(fabs((((double *)out.data)[0] - lat[0]) - (((double *)out.data)[20] - lat[20])) > 1e-6);
}

Test(masker_geo, poles_and_antimeridian)
{
    double lat[POINTS], lon[POINTS];
    for (uint32_t i = 0; i < POINTS; i++) {
        lat[i] = i % 4 == 0 ? 90 : i % 4 == 1 ? -90 : i % 4 == 2 ? 0 : 89.9999;
        lon[i] = i % 3 == 0 ? 180 : i % 3 == 1 ? -180 : 179.9999;
    }
    const struct bau_column by = entities(POINTS, 1), lats = doubles(lat, POINTS),
                            lons = doubles(lon, POINTS);
    const struct bau_column *const one[] = { &by }, *const both[] = { &by, &lats };
    struct bau_column lat_out, lon_out;
    cr_assert_eq(mask_with("geo_jitter", "metres=5000 axis=lat by=id", BAU_F64, &lats, one, &lat_out),
                 BAU_OK);
    cr_assert_eq(
        mask_with("geo_jitter", "metres=5000 axis=lon by=id other=lat", BAU_F64, &lons, both, &lon_out),
        BAU_OK);
    uint32_t west = 0, crossed = 0;
    for (uint32_t i = 0; i < POINTS; i++) {
        const double a = ((double *)lat_out.data)[i], o = ((double *)lon_out.data)[i];
        cr_assert(a >= -90 && a <= 90 && o >= -180 && o <= 180, "%f %f", a, o);
        cr_assert(haversine(lat[i], lon[i], a, o) < 12000, "%f %f", a, o);
        west += i % 4 == 2 && o < -179;
        crossed += i % 4 == 3 && a > 89.9 && fabs(o) < 90;
    }
    cr_expect(west > 10);
    cr_expect(crossed > 0);
}

Test(masker_geo, grid_snaps_within_half_a_cell_and_twice_is_once)
{
    static const unsigned metres[] = { 10, 5000, 1000000 };
    double lat[POINTS], lon[POINTS];
    some_points(lat, lon, POINTS);
    lat[0] = 90;
    lat[1] = -90;
    lon[2] = 180;
    lon[3] = -180;
    for (size_t k = 0; k < BAU_COUNT(metres); k++) {
        const struct bau_column lats = doubles(lat, POINTS),
                                lons = doubles(lon, POINTS), *const fields[] = { &lats };
        struct bau_column a, o, a2, o2;
        char options[2][64];
        snprintf(options[0], 64, "metres=%u axis=lat", metres[k]);
        snprintf(options[1], 64, "metres=%u axis=lon other=lat", metres[k]);
        cr_assert_eq(mask_with("geo_grid", options[0], BAU_F64, &lats, NULL, &a), BAU_OK, "%s", err.text);
        cr_assert_eq(mask_with("geo_grid", options[1], BAU_F64, &lons, fields, &o), BAU_OK, "%s", err.text);
        const struct bau_column *const again[] = { &a };
        cr_assert_eq(mask_with("geo_grid", options[0], BAU_F64, &a, NULL, &a2), BAU_OK);
        cr_assert_eq(mask_with("geo_grid", options[1], BAU_F64, &o, again, &o2), BAU_OK);
        for (uint32_t i = 0; i < POINTS; i++) {
            const double x = ((double *)a.data)[i], y = ((double *)o.data)[i];
            cr_assert(x >= -90 && x <= 90 && y >= -180 && y <= 180, "%f %f", x, y);
            cr_assert(fabs(x - lat[i]) * 111195.08 <= 0.51 * metres[k], "%f %f", lat[i], x);
            if (fabs(x) < 60 && metres[k] < 1000000)
                cr_assert(fabs(y - lon[i]) * 111195.08 * cos(x * 3.14159265358979323846 / 180) <=
                              0.52 * metres[k],
                          "%f %f", lon[i], y);
            cr_assert(fabs(x - ((double *)a2.data)[i]) < 1e-12 && fabs(y - ((double *)o2.data)[i]) < 1e-12,
                      "%f %f", x, y);
        }
    }
}

static const char *mask_text(const char *name, const char *options, const char *text)
{
    const struct bau_column by = entities(1, 1), in = one_text(BAU_TEXT, text, strlen(text), arena);
    const struct bau_column *const fields[] = { &by, &by };
    struct bau_column out;
    if (mask_with(name, options, BAU_TEXT, &in, fields, &out) != BAU_OK)
        return NULL;
    return bau_arena_textn(arena, out.data, out.offsets[1]);
}

Test(masker_geo, texts_keep_their_form)
{
    double lat = 0, lon = 0;
    int n = 0;
    const char *got = mask_text("geo_jitter", "by=id", "52.52,13.405");
    cr_assert_eq(sscanf(got, "%lf,%lf%n", &lat, &lon, &n), 2);
    cr_expect_eq(strlen(got), (size_t)n);
    cr_expect(haversine(52.52, 13.405, lat, lon) > 95 && haversine(52.52, 13.405, lat, lon) < 1015);
    cr_expect_eq(strlen(strchr(got, '.')), strlen(".123456,13.123456"), "%s", got);
    cr_expect(strstr(mask_text("geo_jitter", "by=id", "52.52, 13.405"), ", ") != NULL);
    cr_expect_eq(strlen(mask_text("geo_jitter", "axis=lat by=id", "52.5201234567")), strlen("52.520123456"));
    cr_expect_str_eq(mask_text("geo_grid", "axis=lat metres=1000000", "0"),
                     "4.428638"); /* the eleventh row of 8.99320... degrees */
    cr_expect(strncmp(mask_text("geo_jitter", "axis=lat by=id", "-0.000001"), "0.", 2) == 0 ||
              mask_text("geo_jitter", "axis=lat by=id", "-0.000001")[0] == '-');
}

Test(masker_geo, a_pair_and_two_columns_agree)
{
    double lat = 0, lon = 0;
    const double start[] = { 52.52 }, other[] = { 13.405 };
    const struct bau_column by = entities(1, 1), lats = doubles(start, 1), lons = doubles(other, 1);
    const struct bau_column *const one[] = { &by }, *const both[] = { &by, &lats };
    struct bau_column a, o;
    cr_assert_eq(mask_with("geo_jitter", "axis=lat by=id", BAU_F64, &lats, one, &a), BAU_OK);
    cr_assert_eq(mask_with("geo_jitter", "axis=lon by=id other=lat", BAU_F64, &lons, both, &o), BAU_OK);
    cr_assert_eq(sscanf(mask_text("geo_jitter", "by=id", "52.520000000,13.405000000"), "%lf,%lf", &lat, &lon),
                 2);
    cr_expect(fabs(lat - *(double *)a.data) < 2e-9 && fabs(lon - *(double *)o.data) < 2e-9);
}

Test(masker_geo, what_is_no_coordinate_is_refused)
{
    static const char *const wrong[] = { "",     "x",   "91",     "-90.0000001", "52.", ".5",  "1e1", "+5",
                                         "52,5", " 52", "0052.5", "52.5N",       "NaN", "--5", "-",   "5 2" };
    static const char *const pairs[] = { "",      "52.5",  "52.5,", ",13",       "91,0",       "0,181",
                                         "1,2,3", "(1,2)", "1;2",   "52.5 13.4", " 52.5,13.4", "52.5,13.4 " };
    for (size_t i = 0; i < BAU_COUNT(wrong); i++) {
        cr_expect(mask_text("geo_jitter", "axis=lat by=id", wrong[i]) == NULL, "'%s' passed", wrong[i]);
        cr_expect_eq(err.code, BAU_E_DATA);
    }
    for (size_t i = 0; i < BAU_COUNT(pairs); i++) {
        cr_expect(mask_text("geo_grid", "", pairs[i]) == NULL, "'%s' passed", pairs[i]);
        cr_expect_eq(err.code, BAU_E_DATA);
    }
    const double nan_value[] = { nan("") }, far[] = { 180.1 };
    const struct bau_column by = entities(1, 1), bad = doubles(nan_value, 1), out_of = doubles(far, 1);
    const struct bau_column *const fields[] = { &by, &bad };
    struct bau_column out;
    cr_expect_eq(mask_with("geo_grid", "axis=lat", BAU_F64, &bad, NULL, &out), BAU_E_DATA);
    cr_expect_eq(mask_with("geo_grid", "axis=lat", BAU_F64, &out_of, NULL, &out), BAU_E_DATA);
    cr_expect_eq(mask_with("geo_jitter", "axis=lon by=id other=lat", BAU_F64, &by, fields, &out), BAU_E_DATA);
}

Test(masker_geo, what_cannot_work_is_refused_at_bind)
{
    const struct bau_field coarse = { .name = "f", .type = BAU_NUMERIC, .max_digits = 4, .scale = 1 },
                           fine = { .name = "f", .type = BAU_NUMERIC, .max_digits = 8, .scale = 5 };
    static const struct {
        const char *options;
        bau_type type;
        bool with_coarse, good;
        uint32_t max_chars;
    } cases[] = {
        { "axis=lat by=id", BAU_F64, false, true, 0 },     { "by=id", BAU_F64, false, false, 0 },
        { "axis=lon by=id", BAU_F64, false, false, 0 },    { "axis=lat by=id", BAU_NUMERIC, true, false, 0 },
        { "axis=lat by=id", BAU_NUMERIC, false, true, 0 }, { "axis=lat by=id", BAU_TEXT, false, false, 6 },
        { "axis=lat by=id", BAU_TEXT, false, true, 9 },    { "by=id", BAU_TEXT, false, true, 20 },
    };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        const bool numeric = cases[i].type == BAU_NUMERIC;
        struct bound b = bind_with(bau_masker_find("geo_jitter"), cases[i].type, cases[i].options,
                                   !numeric               ? NULL
                                   : cases[i].with_coarse ? &coarse
                                                          : &fine,
                                   cases[i].max_chars);
        cr_expect_eq(b.status == BAU_OK, cases[i].good, "case %zu: %s", i, b.err.text);
        if (b.status == BAU_OK && cases[i].max_chars)
            cr_expect_leq(b.masker->widest(b.config, BAU_TEXT), cases[i].max_chars);
        release(&b);
    }
}
