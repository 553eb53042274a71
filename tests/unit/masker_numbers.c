/* Maskers of numbers against vectors that Python's decimal module made, and edges by hand. */
#include <criterion/criterion.h>
#include <math.h>

#include "src/core/canon.h"
#include "tests/support/single.h"

static const struct single vectors[] = {
#include "tests/support/samples/number_vectors.h"
    { "round", "to=10", BAU_I16, "32767", "32760" }, /* 32770 is no int2 */
    { "round", "to=10", BAU_I16, "-32768", "-32760" },
    { "round", "to=32768", BAU_I16, "-32768", "-32768" },
    { "round", "to=10", BAU_I64, "9223372036854775807", "9223372036854775800" },
    { "round", "digits=1", BAU_I64, "-9223372036854775808", "-9000000000000000000" },
    { "round", "to=5", BAU_I32, "0", "0" },
    { "round", "to=0.05", BAU_F64, "1.225", "1.25" },
    { "round", "to=0.1", BAU_F64, "0.26", "0.3" },
    { "round", "to=0.05", BAU_F32, "-2.31", "-2.3" },
    { "round", "to=100", BAU_F64, "-0.0", "-0.0" },
    { "round", "to=100", BAU_F64, "inf", "inf" },
    { "round", "to=7", BAU_F64, "1e300", "1e300" },
    { "round", "digits=3", BAU_F64, "0.00123456", "0.00123" },
    { "round", "digits=2", BAU_F64, "1.7976931348623157e308", "1.7e308" },
    { "round", "digits=2", BAU_F32, "3.4028234663852886e38", "3.4e38" },
    { "round", "to=1", BAU_NUMERIC, "NaN", "NaN" },
    { "round", "to=1", BAU_NUMERIC, "-Infinity", "-Infinity" },
    { "round", "to=1", BAU_NUMERIC, "1e5", NULL },
    { "round", "to=1", BAU_NUMERIC, ".5", NULL },
    { "round", "to=1", BAU_NUMERIC, "5.", NULL },
    { "round", "to=1", BAU_NUMERIC, "-", NULL },
    { "bucket", "width=10", BAU_I16, "-32768", "-32768" }, /* -32770 is no int2 */
    { "bucket", "width=10", BAU_I32, "19", "10" },
    { "bucket", "width=10", BAU_I32, "20", "20" },
    { "bucket", "width=10", BAU_I32, "-1", "-10" },
    { "bucket", "width=10 show=middle", BAU_I32, "19", "15" },
    { "bucket", "width=5 show=middle", BAU_I32, "-3", "-3" }, /* -2.5, rounded down */
    { "bucket", "width=10 origin=3", BAU_I64, "12", "3" },
    { "bucket", "width=10", BAU_I64, "9223372036854775807", "9223372036854775800" },
    { "bucket", "edges=18|30|65", BAU_I16, "64", "30" },
    { "bucket", "edges=18|30|65", BAU_I16, "65", "65" },
    { "bucket", "edges=18|30|65", BAU_I16, "3", "18" },
    { "bucket", "edges=18 edges=30 edges=65 show=middle", BAU_I16, "3", "24" },
    { "bucket", "edges=18|30|65 show=middle", BAU_I16, "99", "65" },
    { "bucket", "width=0.1", BAU_F64, "0.3", "0.3" },
    { "bucket", "width=0.25", BAU_F32, "-0.1", "-0.25" },
    { "bucket", "width=1", BAU_F64, "inf", "inf" },
    { "bucket", "width=1", BAU_F64, "1e30", NULL },
    { "bucket", "edges=0|10", BAU_F64, "1e30", "10" },
    { "bucket", "edges=0|10", BAU_F64, "-1e30", "0" },
    { "bucket", "width=7", BAU_DATE, "1970-01-13", "1970-01-08" },
    { "bucket", "width=7", BAU_DATE, "infinity", "infinity" },
    { "bucket", "width=7 show=middle", BAU_DATE, "1970-01-08", "1970-01-11" },
    { "bucket", "width=1", BAU_TIMESTAMP, "1969-12-31T23:00:00", "1969-12-31" },
    { "bucket", "width=1 show=middle", BAU_TIMESTAMP, "1969-12-31T23:00:00", "1969-12-31T12:00:00" },
    { "bucket", "width=1", BAU_TIMESTAMPTZ, "-infinity", "-infinity" },
    { "bucket", "width=10 show=range", BAU_TEXT, "17", "[10,20)" },
    { "bucket", "width=10", BAU_TEXT, "-17.5", "-20" },
    { "bucket", "width=10", BAU_TEXT, "old", NULL },
    { "bucket", "width=10", BAU_TEXT, "NaN", NULL },
    { "bucket", "edges=10 show=range", BAU_TEXT, "-Infinity", "<10" },
    { "bucket", "width=10", BAU_TEXT, "", NULL },
    { "bucket", "width=10", BAU_TEXT, "99999999999999999999", NULL },
    { "bucket", "width=10", BAU_NUMERIC, "NaN", "NaN" },
    { "bucket", "width=10", BAU_NUMERIC, "99999999999999999999", NULL },
    { "topcode", "min=0 max=100", BAU_I16, "-3", "0" },
    { "topcode", "min=0 max=100", BAU_I64, "9223372036854775807", "100" },
    { "topcode", "min=0 max=100", BAU_I64, "-9223372036854775808", "0" },
    { "topcode", "min=0 max=100", BAU_F64, "100.0000001", "100" },
    { "topcode", "min=0 max=100", BAU_F64, "99.5", "99.5" },
    { "topcode", "min=0.5", BAU_F32, "-inf", "0.5" },
    { "topcode", "max=100", BAU_NUMERIC, "Infinity", "100" },
    { "topcode", "max=100", BAU_NUMERIC, "NaN", "NaN" },
    { "topcode", "max=100", BAU_NUMERIC, "100.00000000000000000001", "100" },
    { "topcode", "max=100", BAU_NUMERIC, "1.2.3", NULL },
    { "topcode", "min=1930 max=2010", BAU_DATE, "1929-12-31", "1930-01-01" },
    { "topcode", "min=1930 max=2010", BAU_DATE, "2011-01-01", "2010-12-31" },
    { "topcode", "min=1930 max=2010", BAU_DATE, "2010-12-31", "2010-12-31" },
    { "topcode", "max=2010", BAU_TIMESTAMP, "2010-12-31T23:59:59.5", "2010-12-31T23:59:59.5" },
    { "topcode", "max=2010-05-01", BAU_TIMESTAMP, "2010-05-01T00:00:01", "2010-05-01" },
    { "topcode", "max=2010", BAU_DATE, "infinity", "2010-12-31" },
};

Test(numbers, vectors)
{
    for (size_t i = 0; i < BAU_COUNT(vectors); i++)
        single_check(&vectors[i], i);
}

static const struct bau_field money = {
    .name = "m", .native = "numeric(4,2)", .type = BAU_NUMERIC, .max_digits = 4, .scale = 2
};
static const struct refusal refused[] = {
    { "round", "", BAU_I32, NULL, 0 },
    { "round", "to=5 digits=2", BAU_I32, NULL, 0 },
    { "round", "to=0", BAU_I32, NULL, 0 },
    { "round", "to=-5", BAU_I32, NULL, 0 },
    { "round", "to=x", BAU_NUMERIC, NULL, 0 },
    { "round", "to=0.5", BAU_I32, NULL, 0 },
    { "round", "to=0.125", BAU_NUMERIC, &money, 0 },
    { "round", "to=0.0000000001", BAU_NUMERIC, NULL, 0 },
    { "bucket", "", BAU_I32, NULL, 0 },
    { "bucket", "width=5 edges=1|2", BAU_I32, NULL, 0 },
    { "bucket", "width=0", BAU_I32, NULL, 0 },
    { "bucket", "width=2.5", BAU_I32, NULL, 0 },
    { "bucket", "width=5 show=range", BAU_I32, NULL, 0 },
    { "bucket", "width=5 show=range", BAU_TEXT, NULL, 20 },
    { "bucket", "edges=1000|2000 show=range", BAU_TEXT, NULL, 10 },
    { "bucket", "edges=2|2", BAU_I32, NULL, 0 },
    { "bucket", "edges=2|1", BAU_I32, NULL, 0 },
    { "bucket", "edges=1|", BAU_I32, NULL, 0 },
    { "bucket", "edges=1|2", BAU_DATE, NULL, 0 },
    { "bucket", "width=0.5", BAU_DATE, NULL, 0 },
    { "bucket", "width=99999999", BAU_TIMESTAMP, NULL, 0 },
    { "bucket", "width=1000000000000000000 origin=0.000000001", BAU_NUMERIC, NULL, 0 },
    { "topcode", "", BAU_I32, NULL, 0 },
    { "topcode", "min=5 max=4", BAU_I32, NULL, 0 },
    { "topcode", "max=40000", BAU_I16, NULL, 0 },
    { "topcode", "max=100", BAU_NUMERIC, &money, 0 },
    { "topcode", "max=1.125", BAU_NUMERIC, &money, 0 },
    { "topcode", "max=soon", BAU_DATE, NULL, 0 },
    { "topcode", "max=infinity", BAU_DATE, NULL, 0 },
    { "noise", "min=3 max=2", BAU_I32, NULL, 0 },
    { "noise", "max=40000", BAU_I16, NULL, 0 },
};

Test(numbers, bind_refuses)
{
    for (size_t i = 0; i < BAU_COUNT(refused); i++)
        refusal_check(&refused[i], i);
}

static const struct {
    const char *masker, *options, *in, *want;
} narrow[] = {
    { "round", "to=1", "99.96", "99.00" }, /* 100.00 does not fit numeric(4,2) */
    { "round", "digits=3", "99.96", "99.90" },
    { "round", "digits=2", "-12.34", "-12.00" },
    { "bucket", "width=7", "-99.50", "-99" }, /* -105 does not fit */
};

Test(numbers, results_stay_inside_the_column)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    for (size_t i = 0; i < BAU_COUNT(narrow); i++) {
        struct bound b =
            bind_with(bau_masker_find(narrow[i].masker), BAU_NUMERIC, narrow[i].options, &money, 0);
        cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
        const struct bau_column in = one_text(BAU_NUMERIC, narrow[i].in, strlen(narrow[i].in), arena),
                                out = run_fine(&b, &in, 0, arena);
        const struct bau_slice got = bau_column_value(&out, 0);
        cr_expect(got.len == strlen(narrow[i].want) && memcmp(got.data, narrow[i].want, got.len) == 0,
                  "%zu: %.*s", i, (int)got.len, (const char *)got.data);
        release(&b);
    }
    bau_arena_free(arena);
}

/* ---- noise: what its numbers should look like, by the textbook ---- */

enum { DRAWS = 200000 };

static struct bau_column counting(bau_type type, int64_t from, struct bau_arena *arena)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = type, .n_values = DRAWS };
    struct bau_column c;
    struct bau_error err;
    cr_assert_eq(bau_column_make(&c, &shape, type, 0, arena, &err), BAU_OK);
    for (int64_t i = 0; i < DRAWS; i++)
        if (type == BAU_I64)
            ((int64_t *)c.data)[i] = from + i;
        else
            ((double *)c.data)[i] = (double)(from + i);
    return c;
}

/* Mean of d and |d|, of d^2, and the share of |d| above 1, 2 and 3 (in units of the option). */
struct moments {
    double mean, size, square, above[3];
};

static struct moments measure(bau_type type, const char *options, double unit)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b = bind_with(bau_masker_find("noise"), type, options, NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    const struct bau_column in = counting(type, INT64_C(1000000000000), arena),
                            out = run_fine(&b, &in, 0, arena);
    struct moments m = { 0 };
    for (uint32_t i = 0; i < DRAWS; i++) {
        const double d =
            (type == BAU_I64 ? (double)(((const int64_t *)out.data)[i] - ((const int64_t *)in.data)[i])
                             : ((const double *)out.data)[i] - ((const double *)in.data)[i]) /
            unit;
        m.mean += d / DRAWS;
        m.size += fabs(d) / DRAWS;
        m.square += d * d / DRAWS;
        for (unsigned k = 0; k < 3; k++)
            m.above[k] += (fabs(d) > k + 1) / (double)DRAWS;
    }
    release(&b);
    bau_arena_free(arena);
    return m;
}

Test(numbers, gaussian_noise_is_normal)
{
    static const bau_type types[] = { BAU_I64, BAU_F64 };
    for (size_t k = 0; k < 2; k++) {
        const struct moments m = measure(types[k], "distribution=gaussian absolute=5000", 5000);
        cr_expect(fabs(m.mean) < 0.01 && fabs(m.square - 1) < 0.02, "%f %f", m.mean, m.square);
        cr_expect(fabs(m.size - 0.79788) < 0.01, "%f", m.size); /* sqrt(2 / pi) */
        cr_expect(fabs(m.above[0] - 0.31731) < 0.005 && fabs(m.above[1] - 0.0455) < 0.002 &&
                  fabs(m.above[2] - 0.0027) < 0.0006);
    }
    const struct moments relative = measure(BAU_I64, "distribution=gaussian relative=0.001", 1e9);
    cr_expect(fabs(relative.square - 1) < 0.02, "%f", relative.square);
}

Test(numbers, laplace_noise_is_exponential_on_both_sides)
{
    const struct moments m = measure(BAU_I64, "distribution=laplace absolute=5000", 5000);
    cr_expect(fabs(m.mean) < 0.02 && fabs(m.size - 1) < 0.01 && fabs(m.square - 2) < 0.06, "%f %f %f", m.mean,
              m.size, m.square);
    cr_expect(fabs(m.above[0] - 0.36788) < 0.005 && fabs(m.above[1] - 0.13534) < 0.004 &&
              fabs(m.above[2] - 0.04979) < 0.002);
}

Test(numbers, noise_stays_between_min_and_max)
{
    static const bau_type types[] = { BAU_I16, BAU_I32, BAU_I64, BAU_F32, BAU_F64, BAU_NUMERIC };
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    for (size_t k = 0; k < BAU_COUNT(types); k++) {
        struct bound b = bind_with(bau_masker_find("noise"), types[k],
                                   "distribution=laplace absolute=50 min=-20 max=120", NULL, 0);
        cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
        for (int v = 0; v <= 100; v++) {
            char text[8];
            snprintf(text, sizeof text, "%d", v);
            const struct bau_column in = single_column(types[k], text, arena),
                                    out = run_fine(&b, &in, 0, arena);
            struct bau_column spelled;
            struct bau_error err;
            cr_assert_eq(bau_canon_column(BAU_CANON_NONE, arena, &out, &spelled, &err), BAU_OK);
            char read[40] = "";
            memcpy(read, spelled.data, spelled.offsets[1]);
            const double to = strtod(read, NULL);
            cr_assert(to >= -20 && to <= 120, "%s", read);
        }
        release(&b);
    }
    bau_arena_free(arena);
}
