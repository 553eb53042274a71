/* Conditions: what PostgreSQL answers to them, what is refused and at which character, and switch, which runs by them. */
#include <math.h>

#include "maskers/expr.h"
#include "tests/support/masker.h"
#include "tests/unit/expr_vectors.h"

enum { ROWS = 9, FIELDS = 12, NONE = INT32_MIN + 1 };

static const struct bau_field columns[FIELDS] = {
    { .name = "a", .type = BAU_I32 },         { .name = "b", .type = BAU_I64 },
    { .name = "n", .type = BAU_NUMERIC },     { .name = "f", .type = BAU_F64 },
    { .name = "t", .type = BAU_TEXT },        { .name = "d", .type = BAU_DATE },
    { .name = "ts", .type = BAU_TIMESTAMP },  { .name = "ok", .type = BAU_BOOL },
    { .name = "u", .type = BAU_UUID },        { .name = "value", .type = BAU_TEXT },
    { .name = "odd name", .type = BAU_TEXT }, { .name = "ODD", .type = BAU_I32 },
};

#define INF INFINITY
static const int32_t a[ROWS] = { 18, 40, -19, NONE, 0, 1, 17, 19, INT32_MIN };
static const int64_t b[ROWS] = { 9007199254740993, 9007199254740992, INT64_MIN, 0, INT64_MAX, 1, 17, 18, 0 };
static const char *const n[ROWS] = { "12.50",     "-12.5",    "NaN",   NULL,   "9223372036854775807.5",
                                     "-Infinity", "Infinity", "18.00", "-0.00" };
static const double f[ROWS] = { 0.5, -0.0, NAN, 0, 18, -INF, INF, 19, 1e300 };
static const char *const t[ROWS] = { "DE",
                                     "AT",
                                     "a_b",
                                     NULL,
                                     "",
                                     "it's",
                                     "100%",
                                     "\xc3\xa4"
                                     "E",
                                     "xxaxxbx" };
/* Days from 1970-01-01: `date -u -d 2020-02-29 +%s` divided by 86400, and so on. */
static const int32_t d[ROWS] = { 18321, -1, INT32_MAX, NONE, INT32_MIN, 10957, 18628, 18320, 0 };
/* Microseconds: `date -u -d '2020-01-31 12:30:00' +%s` and so on. */
static const int64_t ts[ROWS] = { 1580473800250001, 1580428800000000, INT64_MAX,        0, INT64_MIN,
                                  946684799999999,  1582934400000000, 1582934401000000, 0 };
static const int8_t ok[ROWS] = { 1, 0, -1, -1, 1, 0, 1, -1, 0 };
static const char *const value[ROWS] = { "+49 1",
                                         "AT",
                                         NULL,
                                         "1",
                                         "",
                                         "x",
                                         "100%",
                                         "1\xc3\xa4"
                                         "b",
                                         "null" };
static const char *const odd[ROWS] = { "x", "y", NULL, "", "x", "xx", "x", "X", "x" };
static const int32_t upper[ROWS] = { 1, 2, NONE, 1, -1, 0, 1, 1, 1 };
static const uint8_t uuids[3][16] = {
    { 0x8f, 0x14, 0xe4, 0x5f, 0xce, 0xea, 0x46, 0x7f, 0xa0, 0xe6, 0xb5, 0xa1, 0xb4, 0xb5, 0xc6, 0xd7 },
    { 0x90 },
    { 0 },
};

static struct bau_arena *arena;

static void open_arena(void)
{
    arena = bau_arena_new(1 << 16, 0);
    cr_assert(arena != NULL);
}

static void close_arena(void)
{
    bau_arena_free(arena);
}
TestSuite(expr, .init = open_arena, .fini = close_arena);

/* A column of ROWS values; `nulls` has the bit of each null. */
static struct bau_column fixed(bau_type type, const void *data, uint32_t nulls)
{
    struct bau_column c = { .form = BAU_FORM_TYPED, .type = type, .n_values = ROWS };
    const size_t bytes = (size_t)ROWS * bau_type_width(type);
    c.data = bau_arena_buffer(arena, bytes);
    c.valid = bau_arena_buffer(arena, 8);
    memcpy(c.data, data, bytes);
    *c.valid = ((1u << ROWS) - 1u) & ~nulls;
    for (uint32_t i = 0; i < ROWS; i++)
        if (nulls >> i & 1) {
            memset((uint8_t *)c.data + (size_t)i * bau_type_width(type), 0, bau_type_width(type));
            c.n_nulls++;
        }
    return c;
}

static struct bau_column texts(bau_type type, const char *const *list)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = type, .n_values = ROWS };
    struct bau_column c;
    struct bau_error err;
    cr_assert_eq(bau_column_make(&c, &shape, type, 512, arena, &err), BAU_OK);
    c.valid = bau_arena_buffer(arena, 8);
    *c.valid = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        const uint32_t len = list[i] ? (uint32_t)strlen(list[i]) : 0;
        memcpy((uint8_t *)c.data + c.offsets[i], list[i] ? list[i] : "", len);
        c.offsets[i + 1] = c.offsets[i] + len;
        *c.valid |= (uint64_t)(list[i] != NULL) << i;
        c.n_nulls += list[i] == NULL;
    }
    return c;
}

static void make_row_columns(struct bau_column out[FIELDS])
{
    uint8_t bools[ROWS], u[ROWS][16];
    uint32_t null_bools = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        bools[i] = ok[i] == 1;
        null_bools |= (uint32_t)(ok[i] < 0) << i;
    }
    memset(u, 0, sizeof u);
    memcpy(u[0], uuids[0], 16);
    memcpy(u[1], uuids[1], 16);
    memset(u[5], 0xff, 16);
    memcpy(u[6], uuids[0], 16);
    u[6][15] = 0xd6;
    const struct bau_column all[FIELDS] = { fixed(BAU_I32, a, 8),
                                            fixed(BAU_I64, b, 8),
                                            texts(BAU_NUMERIC, n),
                                            fixed(BAU_F64, f, 8),
                                            texts(BAU_TEXT, t),
                                            fixed(BAU_DATE, d, 8),
                                            fixed(BAU_TIMESTAMP, ts, 8),
                                            fixed(BAU_BOOL, bools, null_bools),
                                            fixed(BAU_UUID, u, 1u << 2 | 1u << 3 | 1u << 7 | 1u << 8),
                                            texts(BAU_TEXT, value),
                                            texts(BAU_TEXT, odd),
                                            fixed(BAU_I32, upper, 4) };
    memcpy(out, all, sizeof all);
}

static bau_status prepare(const char *text, bau_type value_type, struct bau_texts *names,
                          struct bau_expr **out, struct bau_error *err)
{
    const struct bau_field *fields[FIELDS];
    *names = (struct bau_texts){ .at = bau_arena_take(arena, FIELDS * sizeof *names->at) };
    BAU_TRY(bau_expr_parse(text, names, FIELDS, arena, out, err));
    for (uint32_t i = 0; i < names->n; i++)
        for (uint32_t k = 0; k < FIELDS; k++)
            if (strcmp(columns[k].name, names->at[i]) == 0)
                fields[i] = &columns[k];
    return bau_expr_bind(*out, value_type, NULL, fields, arena, err);
}

Test(expr, answers_what_postgresql_answers)
{
    struct bau_column all[FIELDS];
    make_row_columns(all);
    for (size_t c = 0; c < BAU_COUNT(answers); c++) {
        struct bau_texts names;
        struct bau_expr *expr = NULL;
        struct bau_error err;
        const struct bau_column *fields[FIELDS];
        uint8_t truth[ROWS];
        cr_assert_eq(prepare(answers[c].condition, BAU_TEXT, &names, &expr, &err), BAU_OK, "%s: %s",
                     answers[c].condition, err.text);
        for (uint32_t i = 0; i < names.n; i++)
            for (uint32_t k = 0; k < FIELDS; k++)
                if (strcmp(columns[k].name, names.at[i]) == 0)
                    fields[i] = &all[k];
        cr_assert_eq(bau_expr_eval(expr, &all[9], fields, NULL, arena, truth, &err), BAU_OK);
        for (uint32_t i = 0; i < ROWS; i++)
            cr_expect_eq("fnt"[truth[i]], answers[c].want[i], "%s, row %u: %c", answers[c].condition, i,
                         "fnt"[truth[i]]);
    }
}

/* Types that the vectors do not have: int2, float4; and a list longer than its first room. */
Test(expr, narrow_numbers_and_long_lists)
{
    static const struct bau_field two[] = { { .name = "s", .type = BAU_I16 },
                                            { .name = "r", .type = BAU_F32 } };
    static const int16_t shorts[ROWS] = { -32768, -1, 0, 1, 2, 9, 10, 32767, 7 };
    static const float singles[ROWS] = { 0.5f, -1.5f, 0, 1, 2, 9, 10, 1e30f, 0.1f };
    static const struct {
        const char *condition, *want;
    } cases[] = {
        { "s in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)", "fffttttft" },
        { "s >= 32767 or s = -32768", "tfffffftf" },
        { "r = 0.5 or r < -1", "ttfffffff" },
        { "r = s", "fftttttff" },
        { "r = 0.1", "fffffffff" }, /* the nearest float is not the decimal, nor its double */
    };
    const struct bau_column columns_of[] = { fixed(BAU_I16, shorts, 0), fixed(BAU_F32, singles, 0) };
    for (size_t c = 0; c < BAU_COUNT(cases); c++) {
        const char *room[2];
        struct bau_texts names = { .at = room };
        struct bau_expr *expr = NULL;
        struct bau_error err;
        const struct bau_field *of[2];
        const struct bau_column *fields[2];
        uint8_t truth[ROWS];
        cr_assert_eq(bau_expr_parse(cases[c].condition, &names, 2, arena, &expr, &err), BAU_OK, "%s",
                     err.text);
        for (uint32_t i = 0; i < names.n; i++) {
            const uint32_t k = strcmp(names.at[i], "s") != 0;
            of[i] = &two[k];
            fields[i] = &columns_of[k];
        }
        cr_assert_eq(bau_expr_bind(expr, BAU_I16, NULL, of, arena, &err), BAU_OK, "%s", err.text);
        cr_assert_eq(bau_expr_eval(expr, &columns_of[0], fields, NULL, arena, truth, &err), BAU_OK);
        for (uint32_t i = 0; i < ROWS; i++)
            cr_expect_eq("fnt"[truth[i]], cases[c].want[i], "%s, row %u", cases[c].condition, i);
    }
}

/* Rows looked up through an index, as elements of an array are. */
Test(expr, fields_are_read_by_row)
{
    struct bau_column all[FIELDS], three;
    struct bau_texts names;
    struct bau_expr *expr = NULL;
    struct bau_error err;
    const uint32_t rows[] = { 1, 0, 1 }, first[] = { 5, 5, 5 };
    uint8_t truth[3];
    make_row_columns(all);
    cr_assert_eq(prepare("t = 'DE' and value = 'x'", BAU_TEXT, &names, &expr, &err), BAU_OK, "%s", err.text);
    cr_assert_eq(bau_column_take(&three, &all[9], first, 3, arena, &err), BAU_OK);
    const struct bau_column *const fields[] = { &all[4] };
    cr_assert_eq(bau_expr_eval(expr, &three, fields, rows, arena, truth, &err), BAU_OK);
    cr_assert(truth[0] == BAU_EXPR_FALSE && truth[1] == BAU_EXPR_TRUE && truth[2] == BAU_EXPR_FALSE);
}

Test(expr, refusals_say_the_character)
{
    static const struct {
        const char *condition;
        unsigned at; /* 0: any */
        const char *word;
    } cases[] = {
        { "", 1, "expected a field" },
        { "a =", 4, "expected a field" },
        { "a = 1 b", 7, "expected and, or" },
        { "t = 'x", 5, "does not close" },
        { "\"t = 1", 1, "does not close" },
        { "a ~ 1", 3, "expected and, or" },
        { "a = 1 and", 10, "expected a field" },
        { "(a = 1", 7, "expected )" },
        { "a in 1", 6, "expected (" },
        { "a in (1", 8, "expected , or )" },
        { "a is 1", 6, "expected null" },
        { "a not = 1", 7, "expected in or like" },
        { "t like t", 8, "expected a pattern" },
        { "t like '\\'", 8, "ends with \\" },
        { "a = 't'", 1, "a (int4) cannot be compared with a text" },
        { "t = 1", 1, "t (text) cannot be compared with a whole number" },
        { "t = 'ä' and ok = 1", 13, "ok (boolean) cannot be compared with a whole number" },
        { "f = n", 1, "f (float8) cannot be compared with n (numeric)" },
        { "d = '2020-01-01'", 1, "d (date) cannot be compared with a text" },
        { "d = date '2020-02-30'", 10, "expected a date" },
        { "ts = timestamp '2020-02-01 24:00'", 16, "expected a timestamp" },
        { "ts = timestamp '2020-02-01 23:00:00.1234567'", 16, "expected a timestamp" },
        { "u = 'x'", 1, "u (uuid) cannot be compared with a text" },
        { "a", 1, "a (int4) is no condition" },
        { "a and ok", 1, "is no condition" },
        { "value", 1, "value (text) is no condition" },
        { "a like '1%'", 1, "like is for texts" },
        { "and = 1", 1, "expected a field" },
        { "\"\" = 1", 1, "empty" },
        { "a = 1234567890123456789012345678901234567890123456789012345678901", 5, "too many digits" },
        { "((((((((((((((((((((((((((((((((( a = 1 )))))))))))))))))))))))))))))))))", 0, "too deeply" },
        { "a=1;", 4, "expected and, or" },
        { "d = date '20-1-1'", 10, "expected a date" },
        { "ts = timestamp '2020-01-01 1:00'", 16, "expected a timestamp" },
        { "ts = timestamp '2020-01-01 01:00:61'", 16, "expected a timestamp" },
        { "c1 = c2 or c3 = c4 or c5 = c6 or c7 = c8 or c9 = c10 or c11 = c12 or c13 = c14", 70,
          "too many fields" },
    };
    for (size_t c = 0; c < BAU_COUNT(cases); c++) {
        struct bau_texts names;
        struct bau_expr *expr = NULL;
        struct bau_error err = { 0 };
        char place[40];
        cr_expect_eq(prepare(cases[c].condition, BAU_TEXT, &names, &expr, &err), BAU_E_USAGE, "%s",
                     cases[c].condition);
        snprintf(place, sizeof place, "character %u of", cases[c].at);
        cr_expect(cases[c].at == 0 || strstr(err.text, place), "%s: %s", cases[c].condition, err.text);
        cr_expect(strstr(err.text, cases[c].word), "%s: %s", cases[c].condition, err.text);
    }
    BAU_AUTO_TEXT large = { 0 };
    struct bau_texts names;
    struct bau_expr *expr;
    struct bau_error err;
    for (int i = 0; i < 300; i++)
        bau_text_add(&large, i ? " or a = 1" : "a = 1");
    cr_expect_eq(prepare(large.data, BAU_TEXT, &names, &expr, &err), BAU_E_USAGE);
    cr_expect(strstr(err.text, "too long"), "%s", err.text);
}

/* ---- switch ---- */

static void expect_text(const struct bau_column *c, uint32_t i, const char *want)
{
    const struct bau_slice got = bau_column_value(c, i);
    cr_expect_eq(bau_column_present(c, i), want != NULL, "value %u", i);
    cr_expect(!want || (got.len == strlen(want) && memcmp(got.data, want, got.len) == 0),
              "value %u: %.*s, not %s", i, (int)got.len, (const char *)got.data, want);
}

/* The field `who` of the helper's rows is the row number modulo nine. */
Test(expr, switch_takes_the_first_case_that_holds)
{
    struct bound s =
        bind_with(bau_masker_find("switch"), BAU_TEXT,
                  "cases=[{when: 'who in (1, 2)', mask: constant, value: low}, {when: value like 'k%', "
                  "keep: test data}, {when: who = 2, mask: constant, value: never}, {when: who = 8, "
                  "mask: 'null'}] else={mask: redact, keep_last: 1}",
                  NULL, 0);
    static const char *const want[ROWS] = { "****1", "low", NULL, "*", "", "*", "***%", "**b", NULL };
    cr_assert_eq(s.status, BAU_OK, "%s", s.err.text);
    const struct bau_column in = texts(BAU_TEXT, value), out = run_fine(&s, &in, 0, arena);
    for (uint32_t i = 0; i < ROWS; i++)
        expect_text(&out, i, want[i]);
    const uint32_t traits = s.single->bound.run.traits;
    cr_expect((traits & BAU_MAKES_NULLS) && (traits & BAU_KEEPS_SOME) && !(traits & BAU_CONSTANT) &&
              !(traits & BAU_DETERMINISTIC));
    cr_expect(s.single->bound.run.leaks & BAU_LEAKS_VALUE);
    cr_expect_eq(s.masker->widest(s.config, BAU_TEXT), 5);
    release(&s);
}

Test(expr, switch_refuses_what_no_case_takes)
{
    struct bound s =
        bind_with(bau_masker_find("switch"), BAU_TEXT, "cases=[{when: who <> 6, mask: redact}]", NULL, 0);
    cr_assert_eq(s.status, BAU_OK, "%s", s.err.text);
    const struct bau_column in = texts(BAU_TEXT, value);
    struct bau_column out;
    struct bau_error err;
    cr_assert_eq(run(&s, &in, 0, 500, arena, &out, &err), BAU_E_DATA);
    cr_assert(strstr(err.text, "row 507") && strstr(err.text, "none of the cases") &&
                  !strstr(err.text, "100%"),
              "%s", err.text);
    release(&s);
}

/* Fields of maskers inside: the case's own `by` stands behind the fields of the conditions. */
Test(expr, maskers_inside_see_their_own_fields)
{
    struct bound inner = bind_with(bau_masker_find("date_shift"), BAU_DATE, "by=who", NULL, 0);
    struct bound s =
        bind_with(bau_masker_find("switch"), BAU_DATE,
                  "cases=[{when: other >= 0 and third >= 0, mask: chain, steps: [{mask: switch, cases: "
                  "[{when: other < 0, keep: never}], else: {mask: date_shift, by: who, domain: "
                  "test}}]}]",
                  NULL, 0);
    cr_assert_eq(s.status, BAU_OK, "%s", s.err.text);
    cr_assert_eq(s.single->n_by, 4);
    cr_assert_str_eq(s.single->by[0], "other");
    cr_assert_str_eq(s.single->by[1], "third");
    cr_assert_str_eq(s.single->by[2], "other");
    cr_assert_str_eq(s.single->by[3], "who");
    const struct bau_column in = fixed(BAU_DATE, d, 8);
    struct bau_column want = run_fine(&inner, &in, 0, arena);
    /* `who` differs from the other fields: only then the place matters */
    int32_t numbers[ROWS], zeros[ROWS] = { 0 };
    for (int32_t i = 0; i < ROWS; i++)
        numbers[i] = i % 9;
    const struct bau_column who = fixed(BAU_I32, numbers, 0),
                            zero = fixed(BAU_I32, zeros, 0), *const fields[] = { &zero, &zero, &zero, &who };
    struct bau_mask_ctx ctx = { .arena = arena, .scratch = s.scratch, .fields = fields };
    struct bau_column out;
    struct bau_error err;
    cr_assert_eq(bau_sub_apply(&s.single->bound.run, &ctx, &in, &out, &err), BAU_OK, "%s", err.text);
    for (uint32_t i = 0; i < ROWS; i++)
        cr_expect(same_value(&want, i, &out, i), "value %u", i);
    release(&inner);
    release(&s);
}

Test(expr, what_switch_and_chain_refuse)
{
    static const struct {
        const char *masker, *options, *word;
    } cases[] = {
        { "switch", "cases=[{when: 'who >', mask: redact}]", "case 1: character 6" },
        { "switch", "cases=[{when: who > 1, mask: redact}, {when: \"value > 1\", mask: redact}]",
          "case 2: character 1 of the condition: value (text)" },
        { "switch", "cases=[redact]", "case 1 says no condition" },
        { "switch", "cases={who > 1: redact} else=[redact, redact]", "else takes one masker" },
        { "switch", "else=redact", "needs the option 'cases'" },
        { "switch", "cases=[{when: who > 1, mask: permute, min: 5}]", "max" },
        { "chain", "steps={a: redact}", "plain list" },
        { "chain", "steps=[]", "needs the option 'steps'" },
        { "chain", "steps=[redact, {when: a = 1, mask: redact}]", "plain list" },
    };
    for (size_t c = 0; c < BAU_COUNT(cases); c++) {
        struct bound s = bind_with(bau_masker_find(cases[c].masker), BAU_TEXT, cases[c].options, NULL, 0);
        cr_expect_eq(s.status, BAU_E_USAGE, "%s", cases[c].options);
        cr_expect(strstr(s.err.text, cases[c].word), "%s: %s", cases[c].options, s.err.text);
        release(&s);
    }
}

Test(expr, chain_runs_in_order_and_promises_what_is_left)
{
    static const struct {
        const char *options;
        uint32_t traits, not_traits, leaks, widest;
    } cases[] = {
        { "steps=[{mask: redact, keep_last: 2}]", BAU_DETERMINISTIC, BAU_KEYED | BAU_CONSTANT,
          BAU_LEAKS_LENGTH, 0 },
        { "steps=[hash_token, {mask: redact, keep_last: 2}]", BAU_DETERMINISTIC | BAU_KEYED,
          BAU_COLLISION_BOUND, BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH, 32 },
        { "steps=[hash_token, {keep: as it is}]", BAU_COLLISION_BOUND | BAU_KEYED,
          BAU_KEEPS_SOME | BAU_CONSTANT, BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY, 32 },
        { "steps=[{mask: phone, fallback: 'null'}, {mask: constant, value: xyz}]", BAU_MAKES_NULLS,
          BAU_CONSTANT, BAU_LEAKS_FORMAT, 3 },
        { "steps=[redact, {mask: constant, value: xyz}]", BAU_CONSTANT | BAU_KEEPS_LABELS, BAU_KEYED, 0, 3 },
        { "steps=[{mask: constant, value: xyz}, redact]", BAU_DETERMINISTIC, BAU_CONSTANT | BAU_KEEPS_LABELS,
          BAU_LEAKS_LENGTH, 3 },
        { "steps=[redact, 'null']", BAU_CONSTANT | BAU_MAKES_NULLS, BAU_KEYED, 0, 0 },
    };
    for (size_t c = 0; c < BAU_COUNT(cases); c++) {
        struct bound s = bind_with(bau_masker_find("chain"), BAU_TEXT, cases[c].options, NULL, 0);
        cr_assert_eq(s.status, BAU_OK, "%s: %s", cases[c].options, s.err.text);
        const struct bau_sub *run_by = &s.single->bound.run;
        cr_expect_eq(run_by->traits & cases[c].traits, cases[c].traits, "%s: %u", cases[c].options,
                     run_by->traits);
        cr_expect_eq(run_by->traits & cases[c].not_traits, 0, "%s: %u", cases[c].options, run_by->traits);
        cr_expect_eq(run_by->leaks, cases[c].leaks, "%s: %u", cases[c].options, run_by->leaks);
        cr_expect_eq(s.masker->widest(s.config, BAU_TEXT), cases[c].widest, "%s", cases[c].options);
        release(&s);
    }
    struct bound s =
        bind_with(bau_masker_find("chain"), BAU_TEXT,
                  "steps=[{mask: redact, keep_first: 2, keep_last: 1}, {mask: redact, keep_first: 1, "
                  "fill: '#'}, {keep: done}]",
                  NULL, 0);
    cr_assert_eq(s.status, BAU_OK, "%s", s.err.text);
    static const char *const want[ROWS] = { "+####", "*#", NULL, "#", "", "#", "1###", "*##", "n###" };
    const struct bau_column in = texts(BAU_TEXT, value), out = run_fine(&s, &in, 0, arena);
    for (uint32_t i = 0; i < ROWS; i++)
        expect_text(&out, i, want[i]);
    release(&s);
}
